"""The question `connect`: what a new plant would meet at a bus, and what it would do to the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studies.execution.workers import Progress
from studies.experiments.questions.question import Question, Row
from studies.study.added_plants import BATTERY_HOURS, above_rating, area_of_bus
from studies.study.file.input_names import ADDED, added_problems
from studies.study.file.members import BASE, Member, middle_point, resolved
from studies.study.file.schema import Study
from studies.study.grids import member_grids
from studies.study.islands import island_of, tables_of
from twin.core.dotted_keys import with_values
from twin.core.errors import InputError, Problem, raise_if_any
from twin.metrics.questions.connection import (
    all_months,
    by_month,
    inter_trip,
    of_units,
    short_circuit_mva,
    voltages,
    worst_loadings,
)
from twin.metrics.series import MemberSeries
from twin.network.model import GridModel

PLANT = "new_plant"
BEFORE, AFTER, WITH_BATTERY, INTER_TRIP = "before", "after", "with_battery", "intertrip"
TITLES = {
    BEFORE: ("Today's plants", "接続前"),
    AFTER: ("With the new plant", "接続後"),
    WITH_BATTERY: ("With the new plant and its battery", "接続後（蓄電池併設）"),
    INTER_TRIP: ("With the new plant, N-1 inter-trip", "接続後（N-1電制）"),
}
SHOWN_PLANTS = 12
"""Existing plants that are named, those with the largest change first."""


@dataclass(frozen=True)
class NewPlant:
    """What is asked: a plant of a kind at a bus."""

    bus: str
    mw: float
    kind: str
    firm: bool = False
    battery_mwh: float = 0.0


class Connect(Question):
    """A plant that is not there yet, in the uncontrolled scenario of a study and at the middle of its sweep."""

    judges_outages = True
    kpis = (
        "curtailed_congestion_mwh", "congested_hours", "curtailed_area_balance_mwh", "curtailed_voltage_mwh",
        "criterion_broken_hours", "link_n0_max_loading_percent", "link_n1_max_loading_percent",
        "all_outage_violation_hours", "losses_mwh", "delivered_mwh", "available_mwh", "vm_min_pu", "vm_max_pu",
        "intertrip_max_shed_mw",
    )  # fmt: skip

    def __init__(
        self, study: Study, asked: NewPlant, data: Path | None = None, days: tuple[int, int] | None = None
    ) -> None:
        raise_if_any([*_problems(study, asked)])
        super().__init__(_with_plant(study, asked), data, days)
        self.asked, self.base = asked, study.name

    @property
    def folder_name(self) -> str:
        """What is asked, as a folder's name."""
        firm = "_firm" if self.asked.firm else ""
        battery = f"_{self.asked.battery_mwh:g}mwh" if self.asked.battery_mwh else ""
        return f"connect_{self.asked.bus}_{self.asked.mw:g}mw_{self.asked.kind}{firm}{battery}"

    def members(self) -> list[Member]:
        """Return the grid before and after, with a battery where one is asked for, and with inter-trip."""
        return resolved(self.study, [(name, BASE, {}) for name in self.study.scenario])

    def facts(self) -> dict[str, Any]:
        """Return what is asked."""
        return {"connect": vars(self.asked)}

    def prepare(self, progress: Progress) -> None:
        """Check the plant against what its bus can carry, and make the case."""
        model = member_grids(self.members()[:1]).models[0]
        plant = {PLANT: self.members()[1].study.fleet.added_plants[PLANT]}
        plant[PLANT] = plant[PLANT].model_copy(update={"battery_mwh": self.asked.battery_mwh})
        raise_if_any(_of_option(problem) for problem in above_rating(model, plant))
        self.strength_mva = short_circuit_mva(model.net, _bus(model, self.bus_name))
        super().prepare(progress)

    @property
    def bus_name(self) -> str:
        """Name of the bus in the network."""
        return str(tables_of(self.study)["buses"].set_index("bus_id")["name"][self.asked.bus])

    def measured(self, rows: list[Row], series: Sequence[MemberSeries], folders: Sequence[Path]) -> None:
        """Add the new plant by month, the others, voltages and loadings."""
        hours = self.case.step_hours
        for row, folder in zip(rows, folders, strict=True):
            row["plant"] = [] if row["scenario"] == BEFORE else by_month(folder, PLANT, hours)
            row["total"] = all_months(row["plant"])
            row["units"] = of_units(folder, hours)
            row["voltages"], row["loadings"] = voltages(folder), worst_loadings(folder)
            row["intertrip"] = inter_trip(folder, hours)

    def answered(self, rows: list[Row]) -> dict[str, Any]:
        """Return what is asked, names, and the strength of the bus."""
        bus = tables_of(self.study)["buses"].set_index("bus_id").loc[self.asked.bus]
        plants, groups = self.case.model.plants, self.case.sites.groups
        areas = self.case.model.areas
        names = {str(name): {"name_en": row.name_en, "name_ja": row.name_ja} for name, row in plants.iterrows()}
        for name, row in groups.iterrows():
            names[str(name)] = {f"name_{lang}": f"{areas[f'name_{lang}'][row.area]} ({row.kind})"
                                for lang in ("en", "ja")}  # fmt: skip
        return {
            "asked": vars(self.asked) | {"bus_en": str(bus["name"]), "bus_ja": str(bus["name_ja"])},
            "battery_hours": BATTERY_HOURS,
            "base_study": self.base,
            "units": names,
            "short_circuit_mva": self.strength_mva,
            "limits_pu": [self.case.model.limits.vm_min_pu, self.case.model.limits.vm_max_pu],
        }

    def command(self) -> str:
        """Return the command that repeats it."""
        words = [
            "goto-twin",
            "connect",
            "--bus",
            self.asked.bus,
            "--mw",
            f"{self.asked.mw:g}",
            "--kind",
            self.asked.kind,
        ]
        words += ["--firm"] if self.asked.firm else []
        words += ["--battery", f"{self.asked.battery_mwh:g}"] if self.asked.battery_mwh else []
        words += ["--study", self.base]
        return " ".join(words + (["--days", f"{self.days[0]}:{self.days[1]}"] if self.days else []))


def _problems(study: Study, asked: NewPlant) -> list[Problem]:
    """Return everything that is wrong with the question itself."""
    if not study.grid.is_island:
        repair = "choose a study of an island, e.g. --study goto_2030"
        return [Problem("a plant can be added to an island's tables only", "--study", study.name, repair=repair)]
    given = [(f"{ADDED}{PLANT}.bus", asked.bus, "--bus"), (f"{ADDED}{PLANT}.kind", asked.kind, "--kind")]
    found = list(added_problems(island_of(study), given))
    if not 0.0 < asked.mw < float("inf"):
        accepted, repair = "a number above 0, in MW", "write the contract power, e.g. --mw 10"
        found.append(Problem("this is no power of a plant", "--mw", f"{asked.mw:g}", accepted, repair))
    if not 0.0 <= asked.battery_mwh < float("inf"):
        accepted, repair = "0 or more, in MWh", "write its energy, or leave --battery out"
        found.append(Problem("this is no battery", "--battery", f"{asked.battery_mwh:g}", accepted, repair))
    if asked.battery_mwh and "plant_batteries" not in tables_of(study):
        repair = "leave --battery out, or add the table plant_batteries"
        found.append(Problem("the island says nothing of batteries beside plants", "--battery",
                             f"{asked.battery_mwh:g}", repair=repair))  # fmt: skip
    return found


def _of_option(problem: Problem) -> Problem:
    """Return the problem of the added plant with the option that the value came from."""
    return Problem(
        problem.what, f"--{problem.where.rpartition(', ')[2]}", problem.seen, problem.accepted, problem.repair
    )


def _bus(model: GridModel, name: str) -> int:
    found = model.net.bus.index[model.net.bus["name"] == name]
    if not len(found):
        built = ", ".join(map(str, model.net.bus["name"]))
        raise InputError([Problem("this bus is not built in the study's year", "--bus", name, built)])
    return int(found[0])


def _with_plant(study: Study, asked: NewPlant) -> Study:
    """Return the study of the question: a study's uncontrolled scenario as its base, the new plant in scenarios."""
    tables = tables_of(study)
    names = list(study.scenario)
    scenario = study.compare.uncontrolled or (names[0] if names else None)
    point = (study.scenario[scenario].overrides if scenario else {}) | middle_point(study)
    values = study.model_dump(mode="json", exclude_unset=True)
    dropped = ("scenario", "sweep", "onset", "compare", "uncertainty", "question")
    base = with_values({key: value for key, value in values.items() if key not in dropped}, point)
    bus = tables["buses"].set_index("bus_id").loc[asked.bus]
    area = area_of_bus(tables, asked.bus)
    what = f"{asked.mw:g} MW"
    key = f"{ADDED}{PLANT}."
    plant = {
        "bus": asked.bus, "kind": asked.kind, "mw": float(asked.mw), "firm": asked.firm,
        "title_en": f"New {asked.kind} plant, {what}", "title_ja": f"新規{KINDS_JA.get(asked.kind, asked.kind)}{what}",
    }  # fmt: skip
    policy = {"operation.policy": "congestion_aware"} if asked.battery_mwh else {}
    base = with_values(base, {f"{key}{name}": value for name, value in plant.items()} | policy)
    of_scenarios: dict[str, dict[str, Any]] = {BEFORE: {f"{key}mw": 0.0}, AFTER: {}}
    if asked.battery_mwh:
        of_scenarios[WITH_BATTERY] = {f"{key}battery_mwh": float(asked.battery_mwh)}
    of_scenarios[INTER_TRIP] = {f"{key}trippable": True, "operation.criterion": "n-1-intertrip"}
    kind_ja = KINDS_JA.get(asked.kind, asked.kind)
    firm = ("firm", "ファーム型") if asked.firm else ("non-firm", "ノンファーム型")
    question = {
        "kind": "connect", "topic": "connection",
        "asks_en": f"What would a {firm[0]} {asked.kind} plant of {what} meet at {bus['name']} (area "
                   f"{area['name_en']}), and what would it do to the plants that are there?",
        "asks_ja": f"{bus['name_ja']}（{area['name_ja']}地区）に{firm[1]}接続の{kind_ja}{what}を接続すると、"
                   "どれだけ制御され、既設電源にどう影響するか。",
    }  # fmt: skip
    made = base | {
        "name": "connect",
        "title_en": f"Pre-check of connection: {asked.kind}, {what}, {bus['name']}, {firm[0]}",
        "title_ja": f"接続の事前検討：{kind_ja}{what}・{bus['name_ja']}・{firm[1]}接続",
        "question": question,
        "scenario": {
            name: {"title_en": TITLES[name][0], "title_ja": TITLES[name][1], **overrides}
            for name, overrides in of_scenarios.items()
        },
        "compare": {"reference": BEFORE, "counterfactuals": False},
    }
    return Study.model_validate(made).placed_in(study.folder)


KINDS_JA = {"pv": "太陽光", "wind": "風力", "tidal": "潮流"}
