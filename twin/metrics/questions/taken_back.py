"""What small PV adds to the link, and how much of it a control takes back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from twin.metrics.comparisons import Kpis
from twin.metrics.series import MemberSeries

TIGHT_SHARE = 0.01
"""Share of a period's steps that count as its tightest: 175 half-hours of a year."""
LOADING, HEADROOM = "n1_before_loading_percent", "n1_export_headroom_before_mw"
"""Columns of the link before management: what the islands would ask of it."""
SMALLEST_ADDED = {"curtailed_congestion_mwh": 0.1, "tight_loading_percent": 0.01}
"""Below it nothing is added, and no share can be stated of it."""


def tight_steps(reference: MemberSeries) -> np.ndarray:
    """Return the solved steps in which the survivor of a trip would be fullest in export, by number; at least one.

    Before management, so that a cut does not hide how full the link would be.
    """
    headroom = np.where(reference.solved, reference.tables["link"][HEADROOM], np.inf)
    count = max(1, round(TIGHT_SHARE * int(reference.solved.sum())))
    return np.argsort(headroom, kind="stable")[:count]


def tightness(series: MemberSeries, steps: np.ndarray) -> dict[str, float]:
    """Return the mean loading of the survivor and the mean headroom for more infeed in some steps."""
    link = series.tables["link"]
    return {
        "tight_loading_percent": float(np.mean(link[LOADING][steps])),
        "tight_headroom_mw": float(np.mean(link[HEADROOM][steps])),
    }


def taken_back(mine: Sequence[Kpis], uncontrolled: Sequence[Kpis], reference: Sequence[Kpis]) -> dict[str, object]:
    """Return which share of the added congestion and loading a control takes back, and the MW that come free.

    Parameters
    ----------
    mine, uncontrolled, reference : sequence of mapping
        Key figures and `tightness` of each weather year: with control, with the same PV and none, without the PV.

    Returns
    -------
    dict
        ``<name>_taken_back_percent``: of the sums over all years, with the range of single years as
        ``..._by_year`` (None for a year that adds nothing). ``equivalent_mw``: gain of headroom against no control,
        year by year; so much other infeed could stand at the headroom bus and leave the link as full.
    """
    found: dict[str, object] = {}
    for name, smallest in SMALLEST_ADDED.items():
        at = [np.array([_number(kpis, name) for kpis in side]) for side in (mine, uncontrolled, reference)]
        added, left = at[1] - at[2], at[0] - at[2]
        found[f"{name}_added"] = added.tolist()
        found[f"{name}_left"] = left.tolist()
        found[f"{name}_taken_back_percent"] = _share(added.sum(), left.sum(), smallest * len(added))
        by_year = [_share(each, rest, smallest) for each, rest in zip(added, left, strict=True)]
        found[f"{name}_taken_back_percent_by_year"] = by_year
    gain = [
        _number(one, "tight_headroom_mw") - _number(other, "tight_headroom_mw")
        for one, other in zip(mine, uncontrolled, strict=True)
    ]
    return found | {"equivalent_mw": gain}


def _share(added: float, left: float, smallest: float) -> float | None:
    return 100.0 * float(1.0 - left / added) if added >= smallest else None


def _number(kpis: Mapping[str, float | None], name: str) -> float:
    value = kpis[name]
    return np.nan if value is None else float(value)
