"""What a reader hands on, and whether it covers the study's year."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd

from twin.core.errors import Problem
from weather.quality.checks import time_problems

IRRADIANCE = ("ghi", "dni", "dhi")
INSTANTS = ("temp_air", "wind_speed")

JAPAN_STANDARD_TIME = "Asia/Tokyo"
"""Time of the formats that are written in Japan only (JMA, HASP, Expanded AMeDAS)."""


@dataclass(frozen=True)
class WeatherFile:
    """A weather file and what must be known to read it.

    Attributes
    ----------
    path : pathlib.Path
    format : str
        A key of `weather.readers.FORMATS`.
    variables : tuple of str, optional
        Take only these of the file's variables; empty takes all that it has.
    timezone : str, optional
        Time zone of times without offset (plain CSV only).
    station : str, optional
        Which station, if the file has several (JMA only).
    wind_height_m : float, optional
        Height of the anemometer above ground; needed where a file with wind does not say it.
    any_year : bool
        Map months and days onto the study's fiscal year although the file is of a certain year. Standard years
        always are.
    fill_hours : float
        Gaps up to this length are filled (`weather.conversion`); 0 fills none, and every gap is refused.
    """

    path: Path
    format: str
    variables: tuple[str, ...] = ()
    timezone: str = ""
    station: str = ""
    wind_height_m: float | None = None
    any_year: bool = False
    fill_hours: float = 0.0


@dataclass(frozen=True)
class Reading:
    """The series of one file.

    Attributes
    ----------
    means : pandas.DataFrame
        Irradiance (`IRRADIANCE`, W/m2), mean over intervals of `interval` that start at the index (time-zone aware).
    interval : pandas.Timedelta
    instants : pandas.DataFrame
        ``temp_air`` (degree C) and ``wind_speed`` (m/s) at the instants of its index (time-zone aware).
    is_standard_year : bool
        Whether the file's year is put together from several years or has none.
    wind_height_m : float or None
        Height above ground of the wind speed, None if neither the format nor the user says it.
    """

    means: pd.DataFrame
    interval: pd.Timedelta
    instants: pd.DataFrame = field(default_factory=pd.DataFrame)
    is_standard_year: bool = False
    wind_height_m: float | None = None

    @property
    def variables(self) -> set[str]:
        """Names of the variables that the file has."""
        return {*self.means.columns, *self.instants.columns}

    def in_zone(self, zone: str) -> Reading:
        """Return the same series with their times told in a time zone."""
        means, instants = (
            frame.set_axis(pd.DatetimeIndex(frame.index).tz_convert(zone)) if len(frame.columns) else frame
            for frame in (self.means, self.instants)
        )
        return replace(self, means=means, instants=instants)


def at_interval_middles(frame: pd.DataFrame, interval: pd.Timedelta) -> pd.DataFrame:
    """Return interval means dated as instants in the middle of their intervals."""
    return frame.set_axis(pd.DatetimeIndex(frame.index) + interval / 2)


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
