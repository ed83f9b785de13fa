"""What a reader hands on, and whether it covers the study's year."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd

from twin.core.clock import usual_step
from twin.core.errors import InputError, Problem
from weather.quality.checks import time_problems
from weather.quality.sun_clock import Label

IRRADIANCE = ("ghi", "dni", "dhi")
INSTANTS = ("temp_air", "wind_speed")

JAPAN_STANDARD_TIME = "Asia/Tokyo"
"""Time of the formats that are written in Japan only (JMA, HASP, Expanded AMeDAS)."""


LABELS = {"start": 0.0, "centre": 0.5, "end": 1.0}
"""Where in its interval a time may stand, as a share of the interval."""

WIND_UNITS = {"m/s": 1.0, "km/h": 1000.0 / 3600.0, "knots": 1852.0 / 3600.0, "mph": 1609.344 / 3600.0}
"""One of each in m/s."""

WIND_IN_DOUBT = 2.5
"""The bound where the format has a unit of its own, and where nobody states one."""
WIND_IN_DOUBT_UNSTATED = 1.4


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
    label : str
        Which part of its interval a time of the file marks: a key of `LABELS`; values at instants are "centre".
        Empty: as the format says.
    air_label : str
        The same for temperature and wind alone (plain CSV only). Empty: as `label`.
    unit : str
        Unit of the wind speed: a key of `WIND_UNITS`. Empty: m/s, or as the format says.
    columns : tuple of (str, str)
        Name here (``time`` or a variable) and name of the column in the file (plain CSV only).
    sunshine : tuple of (float, float), optional
        Angstrom's a and b, in place of the island's own lines by month: global irradiation over that above the
        atmosphere is a + b n/N. Irradiance is made of sunshine hours where the file has no irradiance.
    parts : tuple of pathlib.Path
        Further files of the same layout that go on in time.
    """

    path: Path
    format: str
    variables: tuple[str, ...] = ()
    timezone: str = ""
    station: str = ""
    wind_height_m: float | None = None
    any_year: bool = False
    fill_hours: float = 0.0
    label: str = ""
    air_label: str = ""
    unit: str = ""
    columns: tuple[tuple[str, str], ...] = ()
    parts: tuple[Path, ...] = ()
    sunshine: tuple[float, float] | None = None

    @property
    def name(self) -> str:
        """The file's path, or the paths of all its parts."""
        return ", ".join(str(path) for path in (self.path, *self.parts))


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
    label : str
        Which part of the interval the file's times mark, a key of `LABELS`.
    wind_in_doubt : float
        So many times the place's normal the mean wind may be before its unit is in doubt; infinite where the file
        itself names the unit.
    sunshine : pandas.Series
        Share of each interval with sunshine, by its start; empty where the file has none.
    is_of_sunshine : bool
        Whether the irradiance was made of sunshine hours by the place's own lines, which nobody stated.
    notes : tuple of str
        What the reader found out about the file or took for granted.
    """

    means: pd.DataFrame
    interval: pd.Timedelta
    instants: pd.DataFrame = field(default_factory=pd.DataFrame)
    is_standard_year: bool = False
    wind_height_m: float | None = None
    label: str = "start"
    wind_in_doubt: float = WIND_IN_DOUBT
    notes: tuple[str, ...] = ()
    sunshine: pd.Series = field(default_factory=lambda: pd.Series(dtype=float))
    is_of_sunshine: bool = False

    @property
    def variables(self) -> set[str]:
        """Names of the variables that the file has."""
        return {*self.means.columns, *self.instants.columns}

    @property
    def time_label(self) -> Label | None:
        """What the times of the irradiance mark, for the check of the clock."""
        return Label(self.label, self.interval / pd.Timedelta(hours=1), LABELS) if len(self.means.columns) else None

    def in_zone(self, zone: str) -> Reading:
        """Return the same series with their times told in a time zone."""
        means, instants = (
            frame.set_axis(pd.DatetimeIndex(frame.index).tz_convert(zone)) if len(frame.columns) else frame
            for frame in (self.means, self.instants)
        )
        return replace(self, means=means, instants=instants)


def interval_starts(times: pd.DatetimeIndex, interval: pd.Timedelta, label: str) -> pd.DatetimeIndex:
    """Return the starts of the intervals that `times` mark."""
    return times - LABELS[label] * interval


def joined(readings: Sequence[Reading], where: str) -> Reading:
    """Return one reading of several whose files go on in time, variable by variable.

    Rows that two files share count once where they agree.

    Raises
    ------
    InputError
        If the steps differ.
    """
    first = readings[0]
    steps = sorted({reading.interval for reading in readings})
    if len(steps) > 1:
        seen = ", ".join(f"{step / pd.Timedelta(minutes=1):g} minutes" for step in steps)
        raise InputError([Problem("files with different steps cannot be joined", where, seen)])
    means, instants = (
        _joined_frames([frame for frame in frames if len(frame.columns)], where)
        for frames in ([one.means for one in readings], [one.instants for one in readings])
    )
    notes = tuple(dict.fromkeys(note for reading in readings for note in reading.notes))
    hours = [one.sunshine.to_frame("sunshine") for one in readings if len(one.sunshine)]
    sunshine = _joined_frames(hours, where)["sunshine"] if hours else first.sunshine
    return replace(
        first,
        means=means,
        instants=instants,
        sunshine=sunshine,
        notes=(*notes, f"{len(readings)} files joined in time"),
    )


def _joined_frames(frames: list[pd.DataFrame], where: str) -> pd.DataFrame:
    if not frames:
        return pd.DataFrame()
    if len({tuple(frame.columns) for frame in frames}) > 1:
        return _joined_columns(frames, where)
    rows = pd.concat(frames)
    is_repeated = rows.reset_index().duplicated().to_numpy()
    return rows[~is_repeated].sort_index(kind="stable")


def _joined_columns(frames: list[pd.DataFrame], where: str) -> pd.DataFrame:
    names = dict.fromkeys(name for frame in frames for name in frame.columns)
    columns = [_joined_frames([frame[[name]] for frame in frames if name in frame], where) for name in names]
    for column in columns:
        doubled = column.index[column.index.duplicated()]
        if len(doubled):
            what = "two files have different values at the same time"
            seen = f"{len(doubled)} times, first {doubled[0]}"
            raise InputError([Problem(what, f"{where}, {column.columns[0]}", seen, repair="remove one of the files")])
    return pd.concat(columns, axis=1).sort_index()


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
    if instants.index.nunique() < 2:
        return [Problem("file does not reach into the year", where, accepted=f"{index[0]} to {index[-1]}")]
    spacing = usual_step(pd.DatetimeIndex(instants.index))
    start = index[0] + spacing
    start += (instants.index.min() - start) % spacing
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
