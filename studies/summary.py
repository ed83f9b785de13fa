"""Key figures of runs as tables on the terminal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rich.table import Table

from studies.dotted import flatten
from twin.errors import InputError, Problem
from twin.schema import KPIS

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
)
"""Key figures that a run prints; all others are in ``kpis.json``."""

LABEL_WIDTH, SCENARIO_WIDTH = 36, 21
"""Characters that the first column and a scenario's column take, frame included."""

UNIT_ENDINGS = ("_mwh", "_mw", "_percent", "_jpy", "_pu")

Kpis = dict[str, float | None]


def read_kpis(run: Path) -> dict[str, Kpis]:
    """Return the key figures of a run by member path, in the study's order.

    Raises
    ------
    InputError
        If the folder holds no complete run.
    """
    index = run / "study.json"
    if not index.is_file():
        repair = "give a folder that `goto-twin run` has written; `goto-twin list` shows those in ./runs"
        raise InputError([Problem("there is no complete run in this folder", str(run), repair=repair)])
    paths = [member["path"] for member in _json(index)["members"]]
    missing = [path for path in paths if not (run / path / "kpis.json").is_file()]
    if missing:
        raise InputError(
            [Problem("kpis.json is missing", f"{run}/{path}", repair="run the study again") for path in missing]
        )
    return {path: _json(run / path / "kpis.json") for path in paths}


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
    scenarios: dict[str, list[Kpis]] = {}
    for path, kpis in read_kpis(run).items():
        scenarios.setdefault(path.partition("/")[0], []).append(kpis)
    names = list(scenarios)
    beside = max(1, (width - LABEL_WIDTH) // SCENARIO_WIDTH)
    groups = [names[start : start + beside] for start in range(0, len(names), beside)]
    return [_headline_table(run, {name: scenarios[name] for name in group}) for group in groups]


def _headline_table(run: Path, scenarios: dict[str, list[Kpis]]) -> Table:
    swept = any(len(members) > 1 for members in scenarios.values())
    caption = "lowest to highest over the sweep; " if swept else ""
    table = Table(title=f"{run.name}: key figures", caption=f"{caption}all key figures: kpis.json of each member")
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
    before, after = read_kpis(first), read_kpis(second)
    pairs = _pairs(first, second)
    if not pairs:
        seen = f"{len(before)} and {len(after)} members"
        raise InputError([Problem("the runs have no member in common", f"{first} and {second}", seen)])
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
                table.add_row(path, name, KPIS[name].unit, _number(a), _number(b), change)
    return table


def _pairs(first: Path, second: Path) -> list[tuple[str, str]]:
    """Return the paths of members with the same scenario and the same values of everything that either run sweeps."""
    befores, afters = (_json(run / "study.json")["members"] for run in (first, second))
    swept = sorted({key for member in (*befores, *afters) for key in member.get("sweep", {})})
    other = {_point(second, member, swept): member["path"] for member in afters}
    points = [(member["path"], _point(first, member, swept)) for member in befores]
    return [(path, other[point]) for path, point in points if point in other]


def _point(run: Path, member: dict[str, Any], swept: list[str]) -> tuple[str, ...]:
    """Return a member's scenario and its values of the swept keys, swept or not."""
    scenario = member["path"].partition("/")[0]
    if not swept:
        return (scenario,)
    values = flatten(_json(run / member["path"] / "manifest.json")["study"])
    return (scenario, *(str(member["sweep"].get(key, values.get(key))) for key in swept))


def _left_out(before: dict[str, Kpis], after: dict[str, Kpis], pairs: list[tuple[str, str]]) -> str:
    known = {path for path, _ in pairs}, {path for _, path in pairs}
    only = [f"only in the first: {path}" for path in before if path not in known[0]]
    only += [f"only in the second: {path}" for path in after if path not in known[1]]
    return "\n".join(["key figures that are equal are not shown", *only])


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


def _json(path: Path) -> Any:  # noqa: ANN401 - whatever the file holds
    return json.loads(path.read_text(encoding="utf-8"))
