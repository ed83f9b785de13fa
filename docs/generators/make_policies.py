"""Writes docs/validation/policy_results.md: what the shipped policies achieve (make policies).

``python docs/generators/make_policies.py [RUN]`` after ``goto-twin run goto_2030_policies``; the year's
bounds are solved here.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from studies.execution.workers import Processes
from studies.study.cases import study_case
from studies.study.file.members import members
from studies.study.file.schema import Study
from twin.bound import Bound, perfect_foresight
from twin.core.units import MONEY_PER_MILLION
from twin.metrics.comparisons import cut_at_the_link_mwh, lost_mwh

FOLDER = Path(__file__).parent
RUN = FOLDER.parents[1] / "runs" / "goto_2030_policies"
REFERENCE = "none"
FIRMNESS = {"cut-last": "9.9 kW sites, cut last", "non-firm": "10.0 kW sites, cut like non-firm plants"}
HEAD = (
    "| Policy | Energy used, GWh | Congestion cut, MWh | Congestion avoided | Lost behind the meter | Site export, GWh "
    "| Wear, % a year | Value, million JPY | Share of the bound, % | Gain reached, energy | Gain reached, value |"
)
OTHER_DEVICES = ("plant_batteries",)
"""Scenarios with devices that the bound does not have."""
RULE = "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|"
MWH_PER_GWH = 1000.0

Kpis = Mapping[str, float]


@dataclass(frozen=True)
class Point:
    """One point of the sweep: the key figures of each policy and the bounds."""

    label: str
    conductor_mm2: int
    small_sites: str
    kpis: dict[str, Kpis]
    energy: Bound
    value: Bound


def main(arguments: Sequence[str]) -> int:
    """Write the page; return the exit status."""
    run = Path(arguments[0]) if arguments else RUN
    record = json.loads((run / "study.json").read_text(encoding="utf-8"))
    study = Study.model_validate(record["study"])
    labels = list(dict.fromkeys(member.label for member in members(study)))
    found: dict[int, Point] = {}
    Processes(os.cpu_count() or 1).make([partial(point, study, run, label) for label in labels], found.__setitem__)
    points = [found[k] for k in range(len(labels))]
    template = (FOLDER / "templates" / "policy_results.template.md").read_text(encoding="utf-8")
    (FOLDER.parent / "validation" / "policy_results.md").write_text(page(template, study, points), encoding="utf-8")
    return 0


def point(study: Study, run: Path, label: str) -> Point:
    """Read the key figures of one point of the sweep and solve its bounds."""
    at_point = [member for member in members(study) if member.label == label]
    kpis = {m.scenario: json.loads((run / m.path / "kpis.json").read_text(encoding="utf-8")) for m in at_point}
    reference = next(member for member in at_point if member.scenario == REFERENCE)
    case = study_case(study, [reference], None, None)
    folder = run / reference.path
    bounds = {
        "energy": perfect_foresight(case, 0, folder, "energy"),
        "value": perfect_foresight(case, 0, folder, "value"),
    }
    for name, bound in bounds.items():
        print(f"{label}: bound of {name} {bound.upper:,.1f} in {bound.seconds:.0f} s", file=sys.stderr)
    sweep = reference.sweep
    return Point(label, sweep["grid.conductor_mm2"], sweep["fleet.small_sites"], kpis, **bounds)


def page(template: str, study: Study, points: Sequence[Point]) -> str:
    """Return the page: a table for each point."""
    parts = []
    for one in points:
        parts += [f"### {one.conductor_mm2} mm2, {FIRMNESS[one.small_sites]}", "", HEAD, RULE]
        parts += [row(study, one, name) for name in one.kpis]
        parts += [bound_row(one), ""]
    return template.replace("{tables}", "\n".join(parts).rstrip())


def row(study: Study, one: Point, name: str) -> str:
    """Return a policy's row."""
    mine, none = one.kpis[name], one.kpis[REFERENCE]
    lost = lost_mwh(mine)
    avoided = cut_at_the_link_mwh(none) - cut_at_the_link_mwh(mine)
    value = mine["net_supply_jpy"] - none["net_supply_jpy"]
    reached = (
        f"{100.0 * mine['energy_used_mwh'] / one.energy.upper:.3f}",
        part(one.energy.reached_percent(mine["energy_used_mwh"])),
        part(one.value.reached_percent(mine["net_supply_jpy"])),
    )
    cells = (
        study.scenario_title(name, "en"),
        f"{mine['energy_used_mwh'] / MWH_PER_GWH:,.3f}",
        f"{cut_at_the_link_mwh(mine):,.0f}",
        f"{avoided:+,.0f}",
        f"{lost:,.0f}",
        f"{mine['site_export_mwh'] / MWH_PER_GWH:,.2f}",
        f"{mine['battery_wear_percent_per_year']:.2f}",
        f"{value / MONEY_PER_MILLION:+,.1f}",
        *(("", "", "") if name in OTHER_DEVICES else reached),
    )
    return f"| {' | '.join(cells)} |"


def bound_row(one: Point) -> str:
    """Return the row of the bounds."""
    value = one.value.to_gain / MONEY_PER_MILLION
    return (
        f"| *bound: perfect foresight* | {one.energy.upper / MWH_PER_GWH:,.3f} | | | | | | {value:+,.1f} | 100 | 100 % "
        "| 100 % |"
    )


def part(reached_percent: float | None) -> str:
    """Return the part of what was to be gained."""
    return "nothing to gain" if reached_percent is None else f"{reached_percent:,.0f} %"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
