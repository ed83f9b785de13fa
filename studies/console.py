"""Key figures of runs, certificates and uncertainty analyses as tables on the terminal."""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rich.table import Table

from studies.execution.folders import CERTIFICATE_FILE, UNCERTAINTY_FILE
from studies.study.file.reading import shipped_studies
from twin.core.errors import InputError, Problem
from twin.core.quantities import KPIS
from twin.core.units import MONEY_PER_MILLION
from twin.metrics.comparisons import common_members
from twin.metrics.run_folder import Member, Run, open_run

HEADLINE = (
    "available_mwh",
    "curtailed_congestion_n0_mwh",
    "curtailed_congestion_n1_mwh",
    "curtailed_congestion_firm_mwh",
    "curtailed_area_balance_mwh",
    "congested_hours",
    "link_n1_max_loading_percent",
    "n1_export_headroom_after_min_mw",
    "all_outage_violation_hours",
    "local_supply_percent",
    "net_benefit_mwh",
    "net_benefit_of_control_mwh",
)
"""Key figures that a run prints; all others are in ``kpis.json``."""

LABEL_WIDTH, SCENARIO_WIDTH = 36, 21
"""Characters that the first column and a scenario's column take, frame included."""

UNIT_ENDINGS = ("_mwh", "_mw", "_percent", "_jpy", "_pu")

Kpis = dict[str, float | None]


def _kpis_of(run: Run) -> dict[str, Kpis]:
    """Return the key figures of a run by member path, in the study's order."""
    return {
        _path(run, member): {name: None if math.isnan(value) else value for name, value in member.kpis.items()}
        for member in run.members
    }


def _path(run: Run, member: Member) -> str:
    return member.folder.relative_to(run.path).as_posix()


def headline_tables(run: Path, width: int) -> list[Table]:
    """Return the headline figures with a column a scenario: lowest to highest over the sweep.

    Parameters
    ----------
    run : pathlib.Path
        A results folder.
    width : int
        Characters of a line; scenarios that do not fit beside each other stand in a further table.

    Raises
    ------
    InputError
        If the folder holds no complete run.
    """
    opened = open_run(run)
    scenarios: dict[str, list[Kpis]] = {}
    for member, kpis in zip(opened.members, _kpis_of(opened).values(), strict=True):
        scenarios.setdefault(member.scenario, []).append(kpis)
    names = list(scenarios)
    beside = max(1, (width - LABEL_WIDTH) // SCENARIO_WIDTH)
    groups = [names[start : start + beside] for start in range(0, len(names), beside)]
    return [_headline_table(opened, {name: scenarios[name] for name in group}) for group in groups]


def _headline_table(run: Run, scenarios: dict[str, list[Kpis]]) -> Table:
    swept = any(len(members) > 1 for members in scenarios.values())
    lines = ["lowest to highest over the sweep"] if swept else []
    study = run.study
    compared = (("net benefit", study["reference"]), ("net benefit of control", study["uncontrolled"]))
    lines += [f"{name}: against {scenario}" for name, scenario in compared if scenario]
    lines.append("all key figures: kpis.json of each member")
    table = Table(title=f"{run.path.name}: key figures", caption="\n".join(lines))
    table.add_column("key figure", no_wrap=True)
    for name in scenarios:
        table.add_column(name.replace("_", " "), justify="right")
    for name in HEADLINE:
        table.add_row(_label(name), *(_range([kpis.get(name) for kpis in members]) for members in scenarios.values()))
    return table


def difference_table(first: Path, second: Path, names: tuple[str, ...] = HEADLINE) -> Table:
    """Return a table of the key figures `names` that differ between two runs, member by member.

    Members belong together that have the same scenario and the same value of whatever one of the runs sweeps.

    Raises
    ------
    InputError
        If a folder holds no run or the runs have no member in common.
    """
    runs = open_run(first), open_run(second)
    before, after = (_kpis_of(run) for run in runs)
    pairs = [(_path(runs[0], one), _path(runs[1], other)) for one, other in common_members(runs)]
    if not pairs:
        seen = f"{len(before)} and {len(after)} members"
        raise InputError([Problem("the runs have no member in common", f"{first} and {second}", seen)])
    currency = runs[0].currency
    table = Table(title=f"{second} against {first}", caption=_left_out(before, after, pairs))
    for column in ("member", "key figure", "unit"):
        table.add_column(column, overflow="fold")
    for column in ("first", "second", "difference"):
        table.add_column(column, justify="right")
    for path, other in pairs:
        for name in names:
            a, b = before[path].get(name), after[other].get(name)
            if a != b:
                change = _number(b - a, sign=True) if a is not None and b is not None else ""
                table.add_row(path, name, KPIS[name].unit_in(currency), _number(a), _number(b), change)
    return table


def _left_out(before: dict[str, Kpis], after: dict[str, Kpis], pairs: list[tuple[str, str]]) -> str:
    known = {path for path, _ in pairs}, {path for _, path in pairs}
    only = [f"only in the first: {path}" for path in before if path not in known[0]]
    only += [f"only in the second: {path}" for path in after if path not in known[1]]
    return "\n".join(["key figures that are equal are not shown", *only])


TOPICS = {
    "curtailment": "How much is curtailed, why, and what does control change?",
    "connection": "Where and how much can be connected?",
    "security": "What happens after an outage?",
    "money": "Who gains and who pays?",
    "plan": "Does the plan hold, and where does it lead?",
}
"""What `goto-twin list` writes above the studies of each topic."""
LISTED_WIDTH = 24
BY_COMMAND: dict[str, tuple[tuple[str, str], ...]] = {
    "security": (("security STUDY", "Which outages break a limit before any management?"),),
    "money": (
        ("value STUDY", "Where does local energy go, and who pays whom?"),
        ("ppa STUDY", "Do PV and batteries at small sites earn their capital back?"),
    ),
    "curtailment": (
        ("uncertainty STUDY", "Which unknown input matters most?"),
        ("certify POLICY", "Is a dispatch policy safe, and how good is it?"),
    ),
}


def listed_studies() -> Iterator[str]:
    """Yield the lines of `goto-twin list`: below each topic its studies with their questions, then the commands."""
    asked: dict[str, list[tuple[str, str]]] = {}
    for path in shipped_studies():
        study = tomllib.loads(path.read_text(encoding="utf-8"))
        asked.setdefault(study["question"]["topic"], []).append((f"run {path.stem}", study["question"]["asks_en"]))
    for topic, heading in TOPICS.items():
        listed = (*asked.get(topic, ()), *BY_COMMAND.get(topic, ()))
        if listed:
            yield heading
        for name, question in listed:
            yield f"  {name:{LISTED_WIDTH}} {question}"


def _label(name: str) -> str:
    """Return a key figure's name for a narrow column, its unit behind a comma."""
    ending = next((ending for ending in UNIT_ENDINGS if name.endswith(ending)), "")
    words = name.removesuffix(ending).replace("_", " ")
    return f"{words}, {KPIS[name].unit}" if ending else words


def _range(values: list[float | None]) -> str:
    known = [value for value in values if value is not None]
    if not known:
        return _number(None)
    return " to ".join(dict.fromkeys((_number(min(known)), _number(max(known)))))


def _number(value: float | None, sign: bool = False) -> str:
    if value is None:
        return "-"
    return f"{value:{'+' if sign else ''},.{0 if abs(value) >= 1000 else 2}f}"


MATTER_MOST = 3
LONGEST_TITLE = 40


def uncertainty_tables(folder: Path) -> list[Table]:
    """Return a table a scenario: the headlines' ranges and the unknowns that carry most of their variance.

    Parameters
    ----------
    folder : pathlib.Path
        Results of ``goto-twin uncertainty``.
    """
    record = json.loads((folder / UNCERTAINTY_FILE).read_text(encoding="utf-8"))
    titles = {unknown["name"]: unknown["title_en"] for unknown in record["unknowns"]}
    return [_table(record, scenario, kpis, titles) for scenario, kpis in record["headlines"].items()]


def _table(record: Mapping[str, Any], scenario: str, kpis: Mapping[str, Any], titles: Mapping[str, str]) -> Table:
    failed = len(record["failed"])
    table = Table(
        title=f"{record['study']}, {scenario}: {record['samples']} samples, {failed} failed and left out",
        caption="p05 to p95: 90 % of the samples; share: of the samples' variance, * of their ranks' variance",
    )
    table.add_column("headline", overflow="fold")
    for column in ("base", "p05", "p50", "p95"):
        table.add_column(column, justify="right")
    table.add_column("what matters most (share)", overflow="fold")
    for name, found in kpis.items():
        numbers = [_figure_text(found[key]) for key in ("base", "p05", "p50", "p95")]
        table.add_row(f"{name.replace('_', ' ')}, {KPIS[name].unit}", *numbers, _most(found, titles))
    return table


def _most(found: Mapping[str, Any], titles: Mapping[str, str]) -> str:
    """Return the largest shares whose interval leaves out zero; without any shares the largest one-at-a-time swings."""
    mark = "*" if found["scale"] == "rank" else ""
    if found["shares"]:
        certain = [row for row in found["shares"] if row["low"] > 0.0][:MATTER_MOST]
        parts = [f"{titles[row['unknown']][:LONGEST_TITLE]} {100.0 * row['share']:.0f} %{mark}" for row in certain]
        return "; ".join([*parts, f"weather year {100.0 * found['weather_share']:.0f} %{mark}"])
    swings = found["tornado"][:MATTER_MOST]
    return "; ".join(
        f"{titles[row['unknown']][:LONGEST_TITLE]} {_figure_text(row['at_low'])} to {_figure_text(row['at_high'])}"
        for row in swings
    )


def _figure_text(value: float | None) -> str:
    return "-" if value is None else f"{value:,.{0 if abs(value) >= 1000 else 2}f}"


def policies_table(folder: Path) -> Table:
    """Return the paired differences of compared policies; ``~``: not distinguishable, one year has no interval."""
    record = json.loads((folder / "policies.json").read_text(encoding="utf-8"))
    first = record["policies"][min(1, len(record["policies"]) - 1)]["policy"]
    years = len(record["years"])
    table = Table(
        title=f"Policies over {years} weather year{'s' if years > 1 else ''}, 95 % intervals of paired differences"
    )
    for title in ("key figure", "policy", "mean", "against none", f"against {first}"):
        table.add_column(title, justify="left" if title in ("key figure", "policy") else "right")
    known = [name for name, found in record["policies"][0]["figures"].items() if found is not None]
    for name in known:
        for one in record["policies"]:
            found = one["figures"][name]
            cells = [f"{found['mean']:,.4g}", *(_paired(found[key]) for key in ("against_none", "against_first"))]
            table.add_row(name, one["policy"], *cells)
        table.add_section()
    missing = [name for name in record["policies"][0]["figures"] if name not in known]
    table.caption = f"not known here: {', '.join(missing)}" if missing else None
    return table


def _paired(difference: dict[str, Any]) -> str:
    text = f"{difference['mean']:+,.4g}"
    if difference["low"] is None:
        return text
    text += f" ({difference['low']:+,.4g} to {difference['high']:+,.4g})"
    return text if difference["is_distinguishable"] else f"{text} ~"


def summary_lines(folder: Path) -> Iterator[str]:
    """Yield the lines for the terminal."""
    record = json.loads((folder / CERTIFICATE_FILE).read_text(encoding="utf-8"))
    failed = [criterion["name"] for criterion in record["verdict"] if not criterion["passed"]]
    outcome = f"FAILED: {', '.join(failed)}" if failed else f"passed all {record['criteria']} criteria"
    kind = "Trial of some days, not a certificate" if record["is_trial"] else "Certificate"
    yield f"{kind}: policy {record['policy']} {outcome}"
    for key, here, there in record["deviations"]["differences"]:
        yield f"not as in the shipped study {record['deviations']['shipped']}: {key} = {here} (there {there})"
    currency = record["study"]["currency"]
    for level in record["levels"]:
        yield f"forecast error x {level['error_factor']:g}: " + "; ".join(_scores(level["scores"], currency))


def _scores(scores: dict[str, Any], currency: str) -> Iterator[str]:
    for name, unit, per in (("energy", "MWh", 1.0), ("value", f"million {currency}", MONEY_PER_MILLION)):
        found = scores.get(name)
        if found is None:
            yield f"no {name}: the island has no prices"
            continue
        difference = found["difference"]
        text = f"{name} {found['mean'] / per:,.1f} {unit}, {difference['mean'] / per:+,.2f} against none"
        if difference["low"] is not None:
            text += f" ({difference['low'] / per:+,.2f} to {difference['high'] / per:+,.2f})"
            text += "" if difference["is_distinguishable"] else ", not distinguishable"
        for key, what in (("percent_of_bound", "of the bound"), ("percent_of_gain", "of what was to be gained")):
            text += "" if found[key] is None else f", {found[key]:.1f} % {what}"
        yield text


def audit_lines(folder: Path) -> list[str]:
    """Return how many claims of a plan are reproduced, differ and are not testable."""
    counts = json.loads((folder / "plan_audit.json").read_text(encoding="utf-8"))["counts"]
    return [
        f"Reproduced: {counts['reproduced']}, of them {counts['by_input']} inputs of the model",
        f"Differ: {counts['differs']}",
        f"Not testable here: {counts['not_testable']}",
    ]


INSIDE = ("curtailed_congestion_mwh", "congested_hours", "criterion_broken_hours", "fullest_survivor_percent")


def inside_table(folder: Path) -> Table:
    """Return the worst days in half-hours and inside them, ``half-hours -> inside``, and their sums."""
    record = json.loads((folder / "inside.json").read_text(encoding="utf-8"))
    table = Table(title=f"Half-hours -> steps of {record['minutes']} minutes")
    table.add_column("day")
    for name in INSIDE:
        table.add_column(name, justify="right")
    for day in record["days"]:
        table.add_row(day["date"], *(f"{day['half_hours'][name]:.2f} -> {day['inside'][name]:.2f}" for name in INSIDE))
    if record["days"]:
        table.add_row(
            "all", *(" -> ".join(f"{_over_days(record, side, name):.2f}" for side in SIDES) for name in INSIDE)
        )
    return table


SIDES = ("half_hours", "inside")


def _over_days(record: dict[str, Any], side: str, name: str) -> float:
    """Return the sum over the days, of a loading the highest."""
    values = [float(day[side][name]) for day in record["days"]]
    return max(values) if name.endswith("percent") else sum(values)
