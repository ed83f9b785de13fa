"""The security of a study's grid before any management: all outages, headroom of buses, inter-trip (N-1電制)."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from network_models.outage_rates import outage_rates
from reports import write_sections
from reports.document.texts import LANGUAGES, Words
from reports.sections.security import sections
from studies.execution.folders import SECURITY_FILE
from studies.execution.workers import Progress
from studies.experiments.runner import Experiment, Work
from studies.study.cases import day_steps
from studies.study.file.members import BASE, Member, middle_point, resolved
from studies.study.file.names import nearest
from studies.study.file.schema import Study
from studies.study.grids import member_grids
from studies.study.inputs import read_sources, study_inputs
from studies.study.islands import tables_of
from twin.core.clock import step_hours
from twin.core.errors import Problem, raise_if_any
from twin.network.model import GridModel
from twin.network.monitored import element_names
from twin.network.profiles import checked
from twin.resources.profiles import Profiles
from twin.resources.sites import SiteFleet
from twin.security.analysis import SecurityAnalysis
from twin.security.contingencies import OutageClass, highest_output_mw
from twin.security.headroom.buses import headroom, model_profiles
from twin.security.headroom.result import HeadroomResult
from twin.security.intertrip import InterTripResult, intertrip
from twin.security.result import SecurityResult
from twin.security.tally import Tally

EVERY_BUS = "all"
BLOCK_STEPS = 512
MOST_OUTAGES = 15
MOST_BRANCHES = 12


@dataclass(frozen=True)
class Question:
    """What is asked beside the outages: buses whose headroom is wanted (names, or `EVERY_BUS`), and inter-trip."""

    headroom: tuple[str, ...] = ()
    intertrip: bool = False


@dataclass(frozen=True)
class Operation:
    """The grid and its operating points: what plants can give and areas ask for, before any management; T steps.

    Attributes
    ----------
    model : GridModel
    index : pandas.DatetimeIndex, (T,)
    profiles : dict of str to numpy.ndarray, (T, L)
        As for `twin.BatchPowerFlow.solve`.
    """

    model: GridModel
    index: pd.DatetimeIndex
    profiles: dict[str, np.ndarray]


class GridSecurity(Experiment):
    """All outages of a study's grid before any management; headroom of buses and inter-trip where asked for.

    The first scenario of the study counts, swept keys in the middle of their values.

    Parameters
    ----------
    study : Study
    question : Question
    data : pathlib.Path, optional
    days : tuple of int, optional
    """

    record_file = SECURITY_FILE
    scratch = ()

    def __init__(
        self, study: Study, question: Question, data: Path | None = None, days: tuple[int, int] | None = None
    ) -> None:
        super().__init__(study, data, days)
        self.question = question

    def members(self) -> list[Member]:
        """Return the one member whose grid and operating points count."""
        return resolved(self.study, [(next(iter(self.study.scenario), BASE), BASE, middle_point(self.study))])

    def facts(self) -> dict[str, Any]:
        """Return what is asked beside the outages."""
        return {"headroom": list(self.question.headroom), "intertrip": self.question.intertrip}

    def prepare(self, progress: Progress) -> None:
        """Make the operating points.

        Raises
        ------
        InputError
            With all problems of the study's inputs; a bus that the grid does not have.
        """
        self.member = self.members()[0]
        self.buses = buses_of(member_grids([self.member]).models[0], self.question.headroom)
        self.operation = operation_of(self.member, self.data, self.days)

    def simulate(self, work: Work) -> None:
        """Solve everything that is asked and write its tables."""
        operation = self.operation
        with work.timed("outages"):
            self.found = outages(operation, work.folder, work.workers.here.count, work.progress)
        with work.timed("headroom"):
            self.found["headroom"] = (
                headroom_of(operation, self.buses, work.folder, work.workers.here.count) if self.buses else []
            )
        with work.timed("inter-trip"):
            asked = self.question.intertrip
            self.found["intertrip"] = intertrip_of(operation, self.member.study, work.folder) if asked else []

    def reduce(self, work: Work) -> dict[str, Any]:
        """Return what the report tells."""
        return _title(self.study, self.member, self.operation) | self.found

    def report(self, folder: Path, record: dict[str, Any]) -> None:
        """Write the report in both languages."""
        titles = {one: Words(one)("security.title", study=Words(one).of(record, "title")) for one in LANGUAGES}
        write_sections(folder, titles, partial(sections, record))


def operation_of(member: Member, data: Path | None, days: tuple[int, int] | None) -> Operation:
    """Return the operating points of a member: plants give what they can, sites feed in without their batteries."""
    study = member.study
    grids = member_grids([member])
    inputs = study_inputs(study, [member], grids, read_sources(study, data))
    model, whole = grids.models[0], inputs.series[0][0]
    truth = whole.window(*day_steps(days, len(whole.index), inputs.clock.steps_of_day))
    plant_mw = truth.plant_available_mw - truth.plant_unavailable_mw
    net_mw = truth.area_demand_mw - site_infeed_mw(inputs.fleet, truth, inputs.fleet.with_pv(**study.fleet.which_pv))
    profiles = model_profiles(model, plant_mw, net_mw)
    q_per_p = np.tan(np.arccos(model.areas.power_factor.to_numpy(float)))
    return Operation(model, truth.index, profiles | {"load_q_mvar": truth.area_demand_mw * q_per_p})


def site_infeed_mw(fleet: SiteFleet, truth: Profiles, with_pv: np.ndarray) -> np.ndarray:
    """Return what the sites' PV gives in each area after clipping at the inverters, (T, A) MW."""
    infeed = np.zeros_like(truth.area_demand_mw)
    for site in np.flatnonzero(with_pv & (fleet.pv_dc_kw > 0.0)):
        ac_kw = np.minimum(fleet.pv_dc_kw[site] * truth.site_pv_per_kw[:, fleet.pv_shape[site]], fleet.pv_ac_kw[site])
        infeed[:, fleet.area[site]] += ac_kw / 1000.0
    return infeed


def buses_of(model: GridModel, asked: Sequence[str]) -> list[int]:
    """Return the pandapower buses of some names; `EVERY_BUS` stands for all whose voltage is watched.

    Raises
    ------
    InputError
        With every name that no bus has, and the nearest ones.
    """
    if EVERY_BUS in asked:
        return [int(bus) for bus in model.roles.voltage_buses]
    buses = [int(bus) for bus in model.net.bus.index]
    by_name = dict(zip(element_names(model.net, [("bus", bus) for bus in buses]), buses, strict=True))
    watched = element_names(model.net, [("bus", int(bus)) for bus in model.roles.voltage_buses])
    raise_if_any(
        Problem("there is no such bus", "--headroom", name, ", ".join((EVERY_BUS, *watched)), nearest(name, by_name))
        for name in asked
        if name not in by_name
    )
    return [by_name[name] for name in asked]


def outages(operation: Operation, folder: Path, jobs: int, progress: Progress) -> dict[str, Any]:
    """Assess every outage at every step, write the tables, and return what the report tells of them."""
    analysis = SecurityAnalysis(operation.model)
    of_steps = checked(analysis.grid.net, operation.profiles)
    rows, given = of_steps.rows, of_steps.values
    prepared = analysis.prepare(highest_output_mw(analysis.grid.net, analysis.grid.network, given))
    months = operation.index.year * 12 + operation.index.month - 1
    edges = np.flatnonzero(np.diff(months, prepend=-1, append=-1))
    blocks = [
        (number, first, min(first + BLOCK_STEPS, end))
        for number, (start, end) in enumerate(pairwise(edges))
        for first in range(int(start), int(end), BLOCK_STEPS)
    ]
    tallies: list[Tally] = []

    def assessed(block: tuple[int, int, int]) -> Tally:
        _, first, end = block
        part = {key: values[first:end] for key, values in given.items()}
        return prepared.assess(prepared.power(end - first, part), first)

    with ThreadPoolExecutor(jobs) as pool:
        for done, tally in enumerate(pool.map(assessed, blocks), start=1):
            tallies.append(tally)
            progress("outages", done, len(blocks))
    hours = step_hours(operation.index) if rows > 1 else 0.5
    whole = prepared.result(tallies, hours, operation.index)
    by_month = []
    for number, start in enumerate(edges[:-1]):
        of_month = [tally for tally, block in zip(tallies, blocks, strict=True) if block[0] == number]
        month = prepared.result(of_month, hours, operation.index[start : edges[number + 1]])
        by_month.append(month.branches().assign(month=operation.index[start].strftime("%Y-%m")))
    branches = pd.concat(by_month, ignore_index=True)
    listed = whole.outages().assign(elements=lambda table: table["elements"].map(_element_text))
    _write(folder, "security_steps", whole.steps().rename_axis("time").reset_index())
    _write(folder, "security_outages", listed, csv=True)
    _write(folder, "security_branches", branches, csv=True)
    _write(folder, "security_buses", whole.buses().rename_axis("bus").reset_index(), csv=True)
    return _facts(whole) | {"outages": _worst_outages(listed), "branches": _worst_branches(branches)}


def headroom_of(operation: Operation, buses: Sequence[int], folder: Path, jobs: int) -> list[dict[str, Any]]:
    """Search the headroom of buses for infeed at every step, write the tables, and return a record a bus."""
    found = headroom(operation.model, operation.profiles, operation.index, buses=buses, threads=jobs)
    summary = found.summary()
    by_hour = {name: found.by_month_and_hour(at) for at, name in enumerate(found.bus_names)}
    _write(folder, "headroom", found.to_frame().reset_index())
    _write(folder, "headroom_summary", summary.reset_index(), csv=True)
    _write(folder, "headroom_by_month_and_hour", _long(by_hour), csv=True)
    return [
        {"bus": name, **_plain(summary.loc[name].to_dict()), "median_by_month_mw": _by_month(found, at)}
        | {"by_month_and_hour": _matrix(by_hour[name])}
        for at, name in enumerate(found.bus_names)
    ]


def intertrip_of(operation: Operation, study: Study, folder: Path) -> list[dict[str, Any]]:
    """Find what inter-trip sheds after each outage, write the tables, and return a record an outage."""
    found = intertrip(operation.model, operation.profiles, operation.index, cap_mw=_cap_mw(study))
    table = found.summary()
    tables = tables_of(study)
    if study.grid.is_island and "outage_rates" in tables:
        table = table.join(found.expected_energy(outage_rates(tables, operation.model)).drop(columns="mean_shed_mw"))
    table = table.reset_index()
    _write(folder, "intertrip_summary", table, csv=True)
    _write(folder, "intertrip", _shed_frame(found))
    return [_plain(row) for row in table.to_dict("records")]


def _cap_mw(study: Study) -> float:
    cap = study.operation.intertrip_cap_mw
    return np.inf if cap is None else float(cap)


def _title(study: Study, member: Member, operation: Operation) -> dict[str, Any]:
    index = operation.index
    return {
        "name": study.name,
        "title_en": study.title("en"),
        "title_ja": study.title("ja"),
        "fiscal_year": study.period.fiscal_year,
        "scenario_en": study.scenario_title(member.scenario, "en"),
        "scenario_ja": study.scenario_title(member.scenario, "ja"),
        "first": index[0].strftime("%Y-%m-%d"),
        "last": index[-1].strftime("%Y-%m-%d"),
        "steps": len(index),
        "step_hours": step_hours(index) if len(index) > 1 else 0.5,
    }


def _facts(result: SecurityResult) -> dict[str, Any]:
    """Return how many steps are secure against each class of contingencies, and how many cases are unsolved."""
    unsolved = result.unsolved().sum(axis=1)
    return {
        "classes": [
            {
                "class": kind.label,
                "contingencies": sum(case.outage_class == kind for case in result.cases),
                "hours_violated": float((~result.secure(kind)).sum() * result.step_hours),
                "unsolved": int(unsolved[kind.label]),
            }
            for kind in OutageClass
        ]
    }


def _worst_outages(table: pd.DataFrame) -> list[dict[str, Any]]:
    single = table[table["class"] == OutageClass.SINGLE.label]
    worst = single.sort_values(["hours_violated", "loading_percent"], ascending=False, kind="stable").head(MOST_OUTAGES)
    columns = ["outage", "loading_percent", "element", "low_vm_pu", "high_vm_pu", "hours_violated", "demand_lost_mw"]
    return [_plain(row) for row in worst[[*columns, "infeed_lost_mw", "steps_unsolved"]].to_dict("records")]


def _worst_branches(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the branches with the highest loading after a single outage, month by month."""
    worst = table.groupby("name", sort=False)["loading_percent"].max().nlargest(MOST_BRANCHES).index
    wide = table.pivot_table(index="name", columns="month", values="loading_percent", aggfunc="max").loc[worst]
    hours = table.groupby("name")["hours_over_continuous"].sum().to_dict()
    return [
        {"branch": name, "months": _plain(row.to_dict()), "hours_over_continuous": float(hours[name])}
        for name, row in wide.iterrows()
    ]


def _by_month(found: HeadroomResult, bus: int) -> dict[str, float | None]:
    values = pd.Series(found.headroom_mw[:, bus], index=found.index)
    return _plain(values.groupby(pd.DatetimeIndex(found.index).strftime("%Y-%m")).median().to_dict())


def _matrix(table: pd.DataFrame) -> dict[str, Any]:
    values = [[_number(value) for value in row] for row in table.to_numpy()]
    return {"months": [int(m) for m in table.index], "hours": [int(h) for h in table.columns], "median_mw": values}


def _long(by_hour: dict[str, pd.DataFrame]) -> pd.DataFrame:
    tables = [
        table.reset_index().melt("month", var_name="hour", value_name="median_mw").assign(bus=name)
        for name, table in by_hour.items()
    ]
    return pd.concat(tables, ignore_index=True)[["bus", "month", "hour", "median_mw"]]


def _shed_frame(found: InterTripResult) -> pd.DataFrame:
    """Return a row a step and outage: what is shed, and whether it suffices."""
    return pd.DataFrame(
        {"shed_mw": found.shed_mw.ravel(), "suffices": found.suffices.ravel()},
        index=pd.MultiIndex.from_product([found.index, found.outages], names=["time", "outage"]),
    ).reset_index()


def _element_text(elements: Sequence[tuple[str, int]]) -> str:
    return " + ".join(f"{table} {index}" for table, index in elements)


def _write(folder: Path, name: str, table: pd.DataFrame, *, csv: bool = False) -> None:
    table.to_parquet(folder / f"{name}.parquet", index=False)
    if csv:
        table.to_csv(folder / f"{name}.csv", index=False, lineterminator="\n")


def _plain(row: dict[Any, Any]) -> dict[str, Any]:
    return {str(key): _number(value) for key, value in row.items()}


def _number(value: Any) -> Any:  # noqa: ANN401 - a cell of a table
    """Return a cell as JSON holds it; None where it is not a finite number."""
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not np.isfinite(value) else value
