"""Does a file cover the study's year? Gaps, doubled times, missing values, too few variables."""

from __future__ import annotations

import pandas as pd

from twin.errors import Problem
from weather.checks import time_problems


def is_enough(means: pd.DataFrame) -> bool:
    """Return whether global, beam and diffuse irradiance can be had from the columns."""
    return "ghi" in means or {"dni", "dhi"} <= set(means.columns)


def mean_problems(means: pd.DataFrame, interval: pd.Timedelta, index: pd.DatetimeIndex, where: str) -> list[Problem]:
    """Return what keeps interval means from covering every interval of `index`.

    Parameters
    ----------
    means : pandas.DataFrame
        Irradiance, by start of interval.
    interval : pandas.Timedelta
    index : pandas.DatetimeIndex
    where : str

    Returns
    -------
    list of Problem
    """
    if means.columns.empty:
        return []
    problems = [] if is_enough(means) else [_not_enough(means, where)]
    start = index[0]
    if len(means):
        start -= (index[0] - means.index[0]) % interval
    needed = pd.date_range(start, index[-1], freq=interval)
    return problems + _series_problems(means, needed, f"{where}, irradiance")


def instant_problems(instants: pd.DataFrame, index: pd.DatetimeIndex, where: str) -> list[Problem]:
    """Return what keeps values at instants from covering `index`, but for one of their steps at either end.

    Parameters
    ----------
    instants : pandas.DataFrame
    index : pandas.DatetimeIndex
    where : str

    Returns
    -------
    list of Problem
    """
    if instants.columns.empty:
        return []
    if len(instants) < 2:
        return [Problem("file does not reach into the year", where, accepted=f"{index[0]} to {index[-1]}")]
    spacing = pd.Timedelta(pd.Series(instants.index.sort_values()).diff().median())
    start = index[0] + spacing
    start += (instants.index[0] - start) % spacing
    needed = pd.date_range(start, index[-1], freq=spacing)
    return _series_problems(instants, needed, f"{where}, temperature and wind")


def _not_enough(means: pd.DataFrame, where: str) -> Problem:
    return Problem("not enough irradiance", where, ", ".join(means.columns), "ghi, or dni with dhi")


def _series_problems(frame: pd.DataFrame, needed: pd.DatetimeIndex, where: str) -> list[Problem]:
    problems = time_problems(pd.DatetimeIndex(frame.index), needed, where)
    for name in frame.columns:
        blank = frame.index[frame[name].isna()].intersection(needed)
        if len(blank):
            seen = f"{len(blank)} intervals, first {blank[0]}"
            problems.append(
                Problem("value missing", f"{where}, {name}", seen, "a number", "fill it or take another file")
            )
    return problems
