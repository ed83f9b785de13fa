"""What page one tells: both directions of the link by sweep point, what control takes back, and who pays for it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reports.reading.detail import Focus
from reports.reading.run_folder import controlled_scenarios
from twin.core.units import MONEY_PER_MILLION
from twin.metrics.comparisons import TakenBack, taken_back, worst_by_direction
from twin.metrics.run_folder import Member, Run

CRITERION = "criterion"
"""Last part of the key that is chosen by an operator; all other swept keys are not known."""
SURVIVOR, EXPORT = "n1_before_loading_percent", "export_mw"
PARTY_KPIS = {
    "customers": ("cash_sites_jpy", "cash_homes_jpy"),
    "owners": ("cash_plant_owners_jpy",),
    "aggregator": ("cash_aggregator_jpy",),
    "retailer": ("cash_retailer_jpy",),
    "network": ("cash_network_jpy",),
    "outside": ("cash_outside_jpy",),
}
"""Parties of the one statement of money, and the key figures that they are the sum of."""
NO_MONEY_MILLION = 0.005
"""Below it a party neither gains nor loses."""


@dataclass(frozen=True)
class Matrix:
    """Members of one scenario: criteria (chosen) down, values of all other swept keys (not known) across.

    Attributes
    ----------
    criterion_key : str or None
    criteria : list
        Values of it; one None where it is not swept.
    columns : list of dict
        Values of the other swept keys; one empty dict where nothing else is swept.
    members : dict
        By position (row, column); a study may leave one out.
    """

    criterion_key: str | None
    criteria: list[Any]
    columns: list[dict[str, Any]]
    members: dict[tuple[int, int], Member]

    def row(self, number: int) -> list[Member]:
        """Return the members of one criterion, in the order of the columns."""
        return [self.members[number, c] for c in range(len(self.columns)) if (number, c) in self.members]


def matrix(run: Run, scenario: str) -> Matrix:
    """Return the members of a scenario by criterion and by what is not known."""
    sweep = run.study["sweep"]
    key = next((name for name in sweep if name.rsplit(".", 1)[-1] == CRITERION), None)
    criteria: list[Any] = list(sweep[key]) if key else [None]
    columns: list[dict[str, Any]] = []
    members = {}
    for member in run.of(scenario):
        others = {name: value for name, value in member.sweep.items() if name != key}
        if others not in columns:
            columns.append(others)
        row = criteria.index(member.sweep[key]) if key else 0
        members[row, columns.index(others)] = member
    return Matrix(key, criteria, columns, members)


@dataclass(frozen=True)
class Way:
    """The survivor of the link before management in one direction, by sweep point; NaN where nothing flows that way."""

    worst_percent: dict[str, float]
    least_headroom_mw: dict[str, float]
    largest_mw: dict[str, float]


def both_ways(run: Run, scenario: str) -> dict[str, Way]:
    """Return ``export`` and ``import`` of a scenario at every sweep point."""
    worst = {}
    for member in run.of(scenario):
        link = member.table("link", [SURVIVOR, EXPORT])
        worst[member.point] = worst_by_direction(link[SURVIVOR].to_numpy(float), link[EXPORT].to_numpy(float))
    return {
        way: Way(
            {point: found[way] for point, found in worst.items()},
            {member.point: member.kpis[f"n1_{way}_headroom_before_min_mw"] for member in run.of(scenario)},
            {member.point: member.kpis[f"link_max_{way}_mw"] for member in run.of(scenario)},
        )
        for way in ("export", "import")
    }


def what_control_takes_back(run: Run, focus: Focus) -> dict[str, TakenBack]:
    """Return it by controlled scenario at the busy sweep point; empty without reference or uncontrolled scenario."""
    names = {"reference": run.study["reference"], "uncontrolled": run.study["uncontrolled"]}
    if None in names.values() or names["reference"] == names["uncontrolled"]:
        return {}
    found = {}
    for scenario in controlled_scenarios(run):
        members = {
            role: run.member(name, focus.busy_point) for role, name in (names | {"controlled": scenario}).items()
        }
        found[scenario] = taken_back(
            {role: member.kpis["curtailed_congestion_mwh"] for role, member in members.items()},
            {role: member.table("link", [SURVIVOR])[SURVIVOR].to_numpy(float) for role, member in members.items()},
        )
    return found


def money_base(run: Run) -> str | None:
    """Return the scenario that money is compared with: the uncontrolled one, else the reference."""
    base = run.study["uncontrolled"] or run.study["reference"]
    return None if base is None else str(base)


def statement(run: Run, point: str) -> dict[str, dict[str, float]]:
    """Return what each party has more than in the base, in millions of money, by other scenario; they add up to zero.

    Empty where the run has no payments or nothing to compare with.
    """
    base = money_base(run)
    if base is None:
        return {}
    own = run.member(base, point).kpis
    if not any(_is_paid(own, names) for names in PARTY_KPIS.values()):
        return {}
    others = [scenario for scenario in run.scenarios if scenario != base]
    return {
        scenario: {
            party: sum(run.member(scenario, point).kpis[name] - own[name] for name in names) / MONEY_PER_MILLION
            for party, names in PARTY_KPIS.items()
        }
        for scenario in others
    }


def _is_paid(kpis: Mapping[str, float], names: tuple[str, ...]) -> bool:
    return any(math.isfinite(kpis[name]) and kpis[name] != 0.0 for name in names)


def assumed_area_level(run: Run) -> tuple[float, Mapping[str, Any] | None] | None:
    """Return the assumed yearly level of the area-balance cut in percent and its range.

    None without orders, and where the level is measured.
    """
    operation = run.study.get("study", {}).get("operation", {})
    if not operation.get("area_balance", True) or operation.get("area_level_percent") is None:
        return None
    ranges = run.study.get("study_ranges") or []
    stated = next((row for row in ranges if row["key"] == "operation.area_level_percent"), None)
    return float(operation["area_level_percent"]), stated
