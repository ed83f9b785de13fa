"""The day on which a policy loses most against none, half-hour by half-hour."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from studies.certify_plan import Run
from twin.results.kpis import read_table

_USED = ["time", "delivered_mw", "battery_losses_mw", "flexible_losses_mw", "failure"]


def worst_day(
    runs: Sequence[Run], none_of: Sequence[int], folders: Sequence[Path], battery_mwh: pd.Series, hours: float
) -> dict[str, Any]:
    """Return the run and day with the largest loss of used energy against none, and both courses of that day.

    Parameters
    ----------
    runs : sequence of Run
    none_of : sequence of int
        Position of the run without control under the same weather, for each run.
    folders : sequence of pathlib.Path
        Tables of each run.
    battery_mwh : pandas.Series
        Battery capacity of the sites by kind, as in the table ``sites``.
    hours : float
        Length of a half-hour.

    Returns
    -------
    dict
        ``year error_factor date loss_mwh`` (negative where even the worst day gains), and under ``policy`` and ``none``
        the courses ``n1_loading_percent export_mw soc_percent``; NaN as None.
    """
    losses = {m: _daily_loss_mwh(folders[none_of[m]], folders[m], hours) for m in range(len(runs)) if none_of[m] != m}
    worst = max(losses, key=lambda m: losses[m].max())
    date = str(losses[worst].idxmax())
    courses = {who: _course(folders[m], date, battery_mwh) for who, m in (("policy", worst), ("none", none_of[worst]))}
    return {
        "year": runs[worst].year,
        "error_factor": runs[worst].error_factor,
        "date": date,
        "loss_mwh": float(losses[worst].max()),
        **courses,
    }


def _daily_loss_mwh(none: Path, policy: Path, hours: float) -> pd.Series:
    """Return none's used energy less the policy's of each day; half-hours that either did not solve are left out."""
    theirs, mine = (read_table(folder, "system", _USED) for folder in (none, policy))
    solved = ((theirs["failure"] == "") & (mine["failure"] == "")).to_numpy()
    loss = (_used_mw(theirs) - _used_mw(mine)).where(solved, 0.0) * hours
    return loss.groupby(theirs["time"].dt.strftime("%Y-%m-%d")).sum()


def _used_mw(system: pd.DataFrame) -> pd.Series:
    return system["delivered_mw"] - system["battery_losses_mw"] - system["flexible_losses_mw"]


def _course(folder: Path, date: str, battery_mwh: pd.Series) -> dict[str, list[float | None]]:
    link = _of_day(read_table(folder, "link", ["time", "n1_loading_percent", "export_mw"]), date)
    sites = _of_day(read_table(folder, "sites", ["time", "kind", "soc_percent"]), date)
    charge = sites.pivot_table(index="time", columns="kind", values="soc_percent", observed=True)
    capacity = battery_mwh[battery_mwh > 0.0]
    soc = (charge[capacity.index] * capacity).sum(axis=1) / capacity.sum()
    return {
        "n1_loading_percent": _plain(link["n1_loading_percent"]),
        "export_mw": _plain(link["export_mw"]),
        "soc_percent": _plain(soc),
    }


def _of_day(table: pd.DataFrame, date: str) -> pd.DataFrame:
    return table[table["time"].dt.strftime("%Y-%m-%d") == date]


def _plain(values: pd.Series) -> list[float | None]:
    return [float(value) if np.isfinite(value) else None for value in values]
