"""Forecasts that a user brings: gaps and lengths are told, with where they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from twin.errors import Problem

if TYPE_CHECKING:
    from twin.profiles.outlook import Outlooks

_SERIES = ("export_mw", "pv_mw", "load_mw", "price_jpy_per_kwh", "export_error_mw", "pv_error", "load_error")
_TABLES = ("pv_mw", "load_mw", "export_error_mw")
"""Series with a column per site group or kind of error."""


def gap_problems(outlooks: Outlooks) -> list[Problem]:
    """Return everything in some outlooks that cannot be told: holes in time, other lengths, missing values."""
    problems = list(_index_problems(outlooks.index))
    steps = len(outlooks.index)
    for name in _SERIES:
        values = getattr(outlooks, name)
        accepted = (steps, values.shape[1]) if name in _TABLES and values.ndim == 2 else (steps,)
        if values.shape != accepted or (name in _TABLES and values.ndim != 2):
            shape = f"({steps}, site groups)" if name in _TABLES else f"({steps},)"
            problems.append(Problem("forecast of another length", name, str(values.shape), shape))
        else:
            problems += _missing(name, values, outlooks.index)
    if outlooks.pv_mw.shape != outlooks.load_mw.shape:
        seen = f"{outlooks.pv_mw.shape} and {outlooks.load_mw.shape}"
        problems.append(Problem("forecasts for other site groups", "pv_mw, load_mw", seen, "the same shape"))
    return problems


def _missing(name: str, values: np.ndarray, index: pd.DatetimeIndex) -> list[Problem]:
    """Return a problem for a series that has missing values: the first stretch, and how many there are in all."""
    missing = ~np.isfinite(values).reshape(len(values), -1)
    rows = np.flatnonzero(missing.any(axis=1))
    if not len(rows):
        return []
    stretch = int(np.argmin(np.append(np.diff(rows) == 1, False)))
    first, last = index[rows[0]], index[rows[stretch]]
    column = f", column {np.flatnonzero(missing[rows[0]])[0]}" if values.ndim == 2 else ""
    where = f"{name}{column}, {first:%Y-%m-%d %H:%M}" + (f" to {last:%Y-%m-%d %H:%M}" if stretch else "")
    seen = f"{values[rows[0]][missing[rows[0]]][0] if values.ndim == 2 else values[rows[0]]}"
    seen += f"; {len(rows)} half-hours in all"
    return [Problem("forecast with a gap", where, seen, "a finite number", "fill the gap before the run")]


def _index_problems(index: pd.DatetimeIndex) -> list[Problem]:
    steps = np.flatnonzero(np.asarray(index[1:] - index[:-1] != pd.Timedelta(minutes=30)))
    if not len(steps):
        return []
    seen = f"{index[steps[0]]} is followed by {index[steps[0] + 1]}"
    return [Problem("forecasts are not half-hourly", "index", seen, "every half-hour once, in order")]
