"""The study's clock: half-hours (or another step) of a Japanese fiscal year."""

from __future__ import annotations

import pandas as pd

TIMEZONE = "Asia/Tokyo"

HOURS_PER_YEAR = 8760.0
MONTHS_OF_YEAR = 12
HALF_HOURS_OF_DAY = 48


def fiscal_year(year: int, step_minutes: int = 30) -> pd.DatetimeIndex:
    """Return the interval starts of a Japanese fiscal year (April of `year` to March of the next).

    Parameters
    ----------
    year : int
        Calendar year in which the fiscal year begins.
    step_minutes : int, default 30
        Step length.

    Returns
    -------
    pandas.DatetimeIndex
        Time-zone aware (Asia/Tokyo), label = start of the interval.
    """
    return pd.date_range(
        f"{year}-04-01", f"{year + 1}-04-01", freq=f"{step_minutes}min", inclusive="left", tz=TIMEZONE, name="time"
    )


def step_hours(index: pd.DatetimeIndex) -> float:
    """Return the step length of `index` in hours."""
    return float((index[1] - index[0]) / pd.Timedelta(hours=1))


def usual_step(times: pd.DatetimeIndex) -> pd.Timedelta:
    """Return the median distance of neighbouring times; neither order nor doubled times matter."""
    return pd.Timedelta(pd.Series(times.unique().sort_values()).diff().median())


def first_fiscal_year(index: pd.DatetimeIndex) -> int:
    """Return the calendar year in which the fiscal year of the first time begins (April)."""
    return int(index[0].year - (index[0].month < 4))
