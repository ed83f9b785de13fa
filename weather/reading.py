"""What a reader hands on: the series of one file in its own time steps."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from twin.clock import TIMEZONE

IRRADIANCE = ("ghi", "dni", "dhi")
INSTANTS = ("temp_air", "wind_speed")


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
        Gaps up to this length are filled (`weather.filling`); 0 fills none, and every gap is refused.
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
        Irradiance (`IRRADIANCE`, W/m2), mean over intervals of `interval` that start at the index (Asia/Tokyo).
    interval : pandas.Timedelta
    instants : pandas.DataFrame
        ``temp_air`` (degree C) and ``wind_speed`` (m/s) at the instants of its index (Asia/Tokyo).
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


def at_interval_middles(frame: pd.DataFrame, interval: pd.Timedelta) -> pd.DataFrame:
    """Return interval means dated as instants in the middle of their intervals."""
    return frame.set_axis(pd.DatetimeIndex(frame.index) + interval / 2)


def in_tokyo(index: pd.DatetimeIndex) -> pd.DatetimeIndex:
    """Return a time-zone aware `index` in Asia/Tokyo."""
    return index.tz_convert(TIMEZONE)
