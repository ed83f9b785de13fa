"""N-1 over all outages, a member's months joined to its whole time; parallel circuits folded into one row."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

INTACT, CORRIDOR = "n-0", "common-corridor"
CUT_OFF_MW = ("demand_lost_mw", "infeed_lost_mw")
ALIKE, ALIKE_PU = 0.05, 0.0005
"""Loadings in percent, MW, MWh and hours, and voltages, closer than this are taken as the same number."""
NO_BREAK = "\u00a0"
_NUMBERED = re.compile(r"(?P<stem>.+?) (?P<number>\d+)")


@dataclass(frozen=True)
class AllOutages:
    """What single outages do to a member over its whole time, after management.

    Attributes
    ----------
    branches : pandas.DataFrame
        ``element loading_percent outage time`` of the worst loading, and the hours of each kind; in the tables' order.
    outages : pandas.DataFrame
        ``outage class loading_percent element low_vm_pu high_vm_pu hours_violated steps_unsolved``, demand and infeed
        cut off: MW at most, MWh if the outage lasted all the time. Without the intact grid; in the tables' order.
    intact_hours_violated : float
        Hours in which the intact grid breaks a limit or has no solution.
    """

    branches: pd.DataFrame
    outages: pd.DataFrame
    intact_hours_violated: float

    @property
    def single(self) -> pd.DataFrame:
        """Rows of single outages."""
        return self.outages[self.outages["class"] != CORRIDOR]

    @property
    def corridors(self) -> pd.DataFrame:
        """Rows of double circuits that are lost together."""
        return self.outages[self.outages["class"] == CORRIDOR]


def all_outages(branches: pd.DataFrame, outages: pd.DataFrame) -> AllOutages:
    """Join the months of the tables ``security_branches`` and ``security_outages``."""
    hours = ["hours_over_short_time", "hours_over_continuous", "hours_export_breach", "hours_import_breach"]
    tripped = outages[outages["class"] != INTACT]
    summed = ["hours_violated", "steps_unsolved", "demand_lost_mwh", "infeed_lost_mwh"]
    extremes = {"low_vm_pu": "min", "high_vm_pu": "max"} | dict.fromkeys(CUT_OFF_MW, "max")
    return AllOutages(
        _joined(branches, ["element"], ["loading_percent", "outage", "time"], dict.fromkeys(hours, "sum")),
        _joined(tripped, ["outage", "class"], ["loading_percent", "element"], extremes | dict.fromkeys(summed, "sum")),
        float(outages.loc[outages["class"] == INTACT, "hours_violated"].sum()),
    )


def _joined(months: pd.DataFrame, key: list[str], of_worst: list[str], how: dict[str, str]) -> pd.DataFrame:
    """Return one row for each key: some columns of the month with the highest loading, the others aggregated."""
    known = months["loading_percent"].fillna(-np.inf)
    by_loading = months.iloc[np.argsort(-known.to_numpy(), kind="stable")]
    worst = by_loading.drop_duplicates(key).set_index(key)[of_worst]
    return months.groupby(key, sort=False, observed=True).agg(how).join(worst)[[*of_worst, *how]].reset_index()


def fold(rows: pd.DataFrame, named: str, mirrored: Sequence[str] = ()) -> pd.DataFrame:
    """Fold the rows of parallel circuits ("A 1" and "A 2") with the same results into one ("A 1, 2").

    Parameters
    ----------
    rows : pandas.DataFrame
    named : str
        Column with the circuit.
    mirrored : sequence of str
        Columns that name other elements; in parallel circuits they may differ by the number at the end only, and are
        folded in the same order.

    Returns
    -------
    pandas.DataFrame
        In the order of `rows`; what is folded stands at the place of its first row.
    """
    groups: list[list[int]] = []
    for position in range(len(rows)):
        row = rows.iloc[position]
        twin = next((g for g in groups if _alike(rows.iloc[g[0]], row, named, mirrored)), None)
        if twin is None:
            groups.append([position])
        else:
            twin.append(position)
    folded = rows.iloc[[group[0] for group in groups]].copy()
    for column in (named, *mirrored):
        folded[column] = [_together([str(rows.iloc[p][column]) for p in group]) for group in groups]
    return folded


def _alike(one: pd.Series, other: pd.Series, named: str, mirrored: Sequence[str]) -> bool:
    names = _NUMBERED.fullmatch(str(one[named])), _NUMBERED.fullmatch(str(other[named]))
    if not (names[0] and names[1] and names[0]["stem"] == names[1]["stem"]):
        return False
    if any(_stem(one[column]) != _stem(other[column]) for column in mirrored):
        return False
    compared = one.index.difference([named, *mirrored])
    return all(_same(one[name], other[name], ALIKE_PU if name.endswith("_pu") else ALIKE) for name in compared)


def _stem(name: object) -> str:
    found = _NUMBERED.fullmatch(str(name))
    return found["stem"] if found else str(name)


def _same(one: object, other: object, apart: float) -> bool:
    if isinstance(one, int | float | np.number) and isinstance(other, int | float | np.number):
        return bool(np.isclose(float(one), float(other), rtol=0.0, atol=apart, equal_nan=True))
    return bool(one == other)


def _together(names: list[str]) -> str:
    """Return "A 1, 2" of "A 1" and "A 2"; one name where all are equal."""
    if len(set(names)) == 1:
        return names[0]
    found = [_NUMBERED.fullmatch(name) for name in names]
    numbers = f",{NO_BREAK}".join(match["number"] for match in found if match)
    return f"{_stem(names[0])}{NO_BREAK}{numbers}"


def corridor_name(name: str) -> str:
    """Return "A 1 + 2" of "A 1 + A 2"; other names as they are."""
    parts = [_NUMBERED.fullmatch(part) for part in name.split(" + ")]
    stems = {part["stem"] if part else None for part in parts}
    if len(stems) != 1 or None in stems:
        return name
    return f"{stems.pop()} {' + '.join(part['number'] for part in parts if part)}"
