"""The questions `onset` and `hosting`: where congestion begins, and how large a plant each bus can host."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from studies.execution.workers import Progress
from studies.experiments.questions.question import Question, Row, row_of
from studies.experiments.runner import Work
from studies.study.added_plants import area_of_bus
from studies.study.cases import ONSET, study_case
from studies.study.file.members import BASE, Member, members, onset_members, onset_tries, resolved
from studies.study.islands import tables_of
from twin.core.errors import InputError, Problem
from twin.metrics.questions.congestion_share import largest_size_mw, of_plants_percent
from twin.metrics.questions.connection import binding_elements, of_units
from twin.metrics.series import MemberSeries, series_of_folder
from twin.operation.member import Member as LoopMember

RATING = "grid.parameters.link_rating_factor"
PERCENT_LINES = (1.0, 3.0, 5.0)


class Onset(Question):
    """Congestion over rating and added power; only sums are kept, but of the member that the tries start from."""

    kpis = ("curtailed_congestion_mwh", "congested_hours", "criterion_broken_hours", "congestion_percent")

    def members(self) -> list[Member]:
        """Return every scenario at every rating, then what is tried alone."""
        return [*members(self.study), *onset_members(self.study)]

    def prepare(self, progress: Progress) -> None:
        """Make the case of all members."""
        everyone = self.members()
        self.start = self._start(everyone)
        self.case = study_case(self.study, everyone, self.data, self.days, self._sums_only)
        of_profiles = [profiles.plant_available_mw.sum(axis=1) for profiles, _ in self.case.profiles]
        self.plants_mw = [of_profiles[int(number)] for number in self.case.profile]

    def folders(self, place: Path) -> list[Path]:
        """Return the members' folders: what is tried alone lies apart."""
        own, found = len(members(self.study)), super().folders(place)
        return found[:own] + [place / ONSET / folder.name for folder in found[own:]]

    def _start(self, everyone: list[Member]) -> int:
        """Return the position of the member with all values in the middle."""
        tried = everyone[len(members(self.study)) :]
        if not tried or RATING not in self.study.sweep_values:
            where, repair = f"{self.study.name}, [sweep] and [onset]", f"sweep {RATING} and give values in [onset]"
            raise InputError([Problem("there is nothing to draw", where, repair=repair)])
        middle = tried[0]
        return next(
            k
            for k, one in enumerate(everyone)
            if one.scenario == middle.scenario and one.sweep[RATING] == middle.sweep[RATING]
        )

    def _sums_only(self, settled: list[LoopMember]) -> list[LoopMember]:
        return [one if m == self.start else replace(one, twin=ONSET) for m, one in enumerate(settled)]

    def reduce(self, work: Work) -> dict[str, Any]:
        """Return congestion of every member, the axes of the maps, and what binds at the start."""
        rows: list[Row] = []
        folders = self.folders(work.folder)
        for m, (member, folder) in enumerate(zip(self.members(), folders, strict=True)):
            row = row_of(member, of_plants_percent(self.plants_mw[m], series_of_folder(folder, self.case.step_hours)))
            added = member.study.fleet.added_plants.values()
            rows.append(
                row
                | {"mw": {plant.kind: plant.mw for plant in added if plant.mw > 0.0}, "rating": member.sweep[RATING]}
            )
        own, tries = len(members(self.study)), onset_tries(self.study)
        for row, (key, value) in zip(rows[own:], tries, strict=True):
            row["tried"] = [key, value]
        return self.about() | {
            "rows": rows,
            "differences": [],
            "lines": list(PERCENT_LINES),
            "binding": binding_elements(folders[self.start], self.case.step_hours),
            "start_rating": rows[self.start]["rating"],
        }


SIZES_MW = (10.0, 30.0)
KINDS = ("pv", "wind")
OWN_MOST_PERCENT, OTHERS_MOST_PERCENT = 5.0, 1.0


class Hosting(Question):
    """A plant of each size and kind at each bus of the network's main voltage that supplies demand or has a plant."""

    kpis = ("curtailed_congestion_mwh",)

    def members(self) -> list[Member]:
        """Return the grid without the plant, then bus by bus, kind by kind, size by size."""
        base = next(iter(self.study.scenario))
        plants = [(bus, kind) for bus in self.buses() for kind in KINDS]
        nothing = {
            f"fleet.added_plants.{_id(bus, kind)}.{name}": value
            for bus, kind in plants
            for name, value in (("bus", bus), ("kind", kind), ("mw", 0.0))
        }
        found: list[tuple[str, str, dict[str, Any]]] = [(base, BASE, nothing)]
        for bus, kind in plants:
            for mw in SIZES_MW:
                size = {f"fleet.added_plants.{_id(bus, kind)}.mw": mw}
                found.append((base, f"{bus},{kind},{mw:g}", nothing | size))
        return resolved(self.study, found)

    def buses(self) -> list[str]:
        """Return the stations: buses at the voltage that is watched, with a transformer to an area's demand."""
        tables = tables_of(self.study)
        kv = tables["buses"].set_index("bus_id")["vn_kv"]
        areas = set(tables["areas"]["bus"])
        trafos = tables["transformers"]
        found = [hv for hv, lv in zip(trafos["hv_bus"], trafos["lv_bus"], strict=True) if lv in areas]
        main = max(kv[bus] for bus in found)
        return [bus for bus in dict.fromkeys(found) if kv[bus] == main]

    def measured(self, rows: list[Row], series: Sequence[MemberSeries], folders: Sequence[Path]) -> None:
        """Add each unit's share of congestion."""
        for row, folder in zip(rows, folders, strict=True):
            row["units"] = of_units(folder, self.case.step_hours)

    def answered(self, rows: list[Row]) -> dict[str, Any]:
        """Return the hosting capacity of each bus and kind, and what was tried; the rows themselves are long."""
        base, *tried = rows
        names = tables_of(self.study)["buses"].set_index("bus_id")
        found, number = [], 0
        for bus in self.buses():
            for kind in KINDS:
                mine = tried[number : number + len(SIZES_MW)]
                number += len(SIZES_MW)
                own = np.array([_percent(row["units"][_id(bus, kind)]) for row in mine])
                others = np.array([_rise_of_others(base, row) for row in mine])
                mw, is_found = largest_size_mw(np.array(SIZES_MW), own, others, OWN_MOST_PERCENT, OTHERS_MOST_PERCENT)
                found.append({
                    "bus": bus, "bus_en": str(names["name"][bus]), "bus_ja": str(names["name_ja"][bus]),
                    "longitude": float(names["longitude"][bus]), "latitude": float(names["latitude"][bus]),
                    "area": str(area_of_bus(tables_of(self.study), bus)["area_id"]), "kind": kind, "mw": mw,
                    "is_limited": is_found, "own_percent": own.tolist(), "others_percent": others.tolist(),
                })  # fmt: skip
        for row in rows:
            row.pop("units")
        return {"hosting": found, "sizes_mw": list(SIZES_MW),
                "most": {"own": OWN_MOST_PERCENT, "others": OTHERS_MOST_PERCENT}}  # fmt: skip


def _id(bus: str, kind: str) -> str:
    return f"hosted_{bus}_{kind}"


def _percent(unit: dict[str, float]) -> float:
    could = unit["available_mwh"]
    return 100.0 * unit["link_mwh"] / could if could > 0.0 else 0.0


def _rise_of_others(base: Row, row: Row) -> float:
    """Return the largest rise of another unit's share of congestion, in points."""
    return max(
        (_percent(unit) - _percent(base["units"][name]) for name, unit in row["units"].items()
         if name in base["units"]),
        default=0.0,
    )  # fmt: skip
