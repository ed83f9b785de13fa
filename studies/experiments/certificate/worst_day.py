"""The day on which a policy loses most energy against none."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd

from twin.metrics.comparisons import loss_of_used_energy_mwh
from twin.metrics.series import read_table, series_of_folder


class Kind(Protocol):
    """Which run of a certificate: weather year and error level."""

    @property
    def year(self) -> int | None:
        """Weather year, None where it is given."""

    @property
    def error_factor(self) -> float | None:
        """Error level, None without control."""


def worst_day(
    runs: Sequence[Kind], none_of: Sequence[int], folders: Sequence[Path], battery_mwh: pd.Series, hours: float
) -> dict[str, Any]:
    """Return the run and day with the largest loss of used energy against none, and both courses of that day.

    Parameters
    ----------
    runs : sequence of Kind
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
    theirs, mine = (series_of_folder(folder, hours) for folder in (none, policy))
    loss = pd.Series(loss_of_used_energy_mwh(mine, theirs))
    return loss.groupby(read_table(none, "system", ["time"])["time"].dt.strftime("%Y-%m-%d")).sum()


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
    result: pd.DataFrame = table[table["time"].dt.strftime("%Y-%m-%d") == date]
    return result


def _plain(values: pd.Series) -> list[float | None]:
    return [float(value) if np.isfinite(value) else None for value in values]
