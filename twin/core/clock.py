"""The clock of a study: time zone, step, year and holidays belong to the island; the engine assumes none of them."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo, available_timezones

import numpy as np
import pandas as pd

from twin.core.errors import InputError, Problem, raise_if_any

HOURS_PER_YEAR = 8760.0
MONTHS_OF_YEAR = 12
MINUTES_OF_HOUR = 60
HOURS_OF_DAY = 24
MINUTES_OF_DAY = MINUTES_OF_HOUR * HOURS_OF_DAY
MINUTES_OF_HALF_HOUR = 30
HALF_HOURS_OF_DAY = 48

SHORTEST_STEP_MINUTES, LONGEST_STEP_MINUTES = 5, 60


@dataclass(frozen=True)
class Clock:
    """How an island counts time.

    All days of the model have 24 hours: where the zone has daylight saving, the model's index keeps the zone's standard
    time all year (`zone_of`). What follows the clock on the wall, as demand does, asks `wall`.

    Attributes
    ----------
    timezone : str
        Name of the civil time zone, e.g. ``Europe/London``.
    step_minutes : int
        Length of a step: 5 to 60, a divisor of an hour.
    first_month : int
        Month in which the fiscal year begins: 4 for April, 1 for the calendar year.

    Raises
    ------
    InputError
        With everything in it that is no clock.
    """

    timezone: str = "Asia/Tokyo"
    step_minutes: int = 30
    first_month: int = 4

    def __post_init__(self) -> None:
        raise_if_any(_clock_problems(self))

    @property
    def step_hours(self) -> float:
        """Length of a step in hours."""
        return self.step_minutes / MINUTES_OF_HOUR

    @property
    def steps_of_day(self) -> int:
        """Steps of a day."""
        return MINUTES_OF_DAY // self.step_minutes

    def zone_of(self, year: int) -> str:
        """Return the time zone of the index of a fiscal year: the civil one, or the offset of its standard time.

        Parameters
        ----------
        year : int
            Calendar year in which the fiscal year begins.
        """
        zone = ZoneInfo(self.timezone)
        months = [datetime.datetime(y, month, 1, tzinfo=zone) for y in (year, year + 1) for month in range(1, 13)]
        offsets = {month.utcoffset() or datetime.timedelta(0) for month in months}
        if len(offsets) == 1:
            return self.timezone
        standard = min(offsets)
        return datetime.timezone(standard).tzname(None).removeprefix("UTC") if standard else "UTC"

    def fiscal_year(self, year: int) -> pd.DatetimeIndex:
        """Return the interval starts of a fiscal year.

        Parameters
        ----------
        year : int
            Calendar year in which the fiscal year begins.

        Returns
        -------
        pandas.DatetimeIndex
            Time-zone aware, uniform, label = start of the interval; whole days of 24 hours.
        """
        first = datetime.date(year, self.first_month, 1)
        zone, step = self.zone_of(year), f"{self.step_minutes}min"
        return pd.date_range(first, first.replace(year=year + 1), freq=step, inclusive="left", tz=zone, name="time")

    def fiscal_year_at(self, time: pd.Timestamp) -> int:
        """Return the calendar year in which the fiscal year of a time begins."""
        return int(time.year - (time.month < self.first_month))

    def wall(self, times: pd.DatetimeIndex) -> pd.DatetimeIndex:
        """Return the times as the clock on the wall shows them, daylight saving included."""
        return times.tz_convert(self.timezone)

    def with_step(self, step_minutes: int) -> Clock:
        """Return the same clock with another step."""
        return replace(self, step_minutes=step_minutes)


def step_problems(minutes: int) -> Iterator[Problem]:
    """Yield what is wrong with the length of a step."""
    steps = [n for n in range(SHORTEST_STEP_MINUTES, LONGEST_STEP_MINUTES + 1) if MINUTES_OF_HOUR % n == 0]
    if minutes not in steps:
        accepted = ", ".join(map(str, steps))
        yield Problem("the step is no divisor of an hour from 5 minutes on", "step_minutes", str(minutes), accepted)


def _clock_problems(clock: Clock) -> Iterator[Problem]:
    yield from step_problems(clock.step_minutes)
    if clock.timezone not in available_timezones():
        yield Problem("unknown time zone", "timezone", clock.timezone, "a name as Asia/Tokyo or Europe/London")
    if not 1 <= clock.first_month <= MONTHS_OF_YEAR:
        yield Problem("no month", "first_month", str(clock.first_month), "1 to 12")


DEFAULT_CLOCK = Clock()
"""Half-hours of the Japanese fiscal year: what a call without a clock of its own means."""


def fiscal_year(year: int, step_minutes: int = 30) -> pd.DatetimeIndex:
    """Return the interval starts of a fiscal year of `DEFAULT_CLOCK` with a step; see `Clock.fiscal_year`."""
    return DEFAULT_CLOCK.with_step(step_minutes).fiscal_year(year)


def step_hours(index: pd.DatetimeIndex) -> float:
    """Return the step length of `index` in hours."""
    return float((index[1] - index[0]) / pd.Timedelta(hours=1))


def step_minutes(index: pd.DatetimeIndex) -> int:
    """Return the step length of `index` in minutes; of a single step, what its frequency says.

    Raises
    ------
    InputError
        Where a single time says nothing of its length.
    """
    if len(index) > 1:
        return round((index[1] - index[0]) / pd.Timedelta(minutes=1))
    if index.freq is None:
        raise InputError([Problem("a single time without a step", "index", str(index), "two steps, or a frequency")])
    return round(pd.Timedelta(index.freq.nanos, "ns") / pd.Timedelta(minutes=1))


def steps_of_day(index: pd.DatetimeIndex) -> int:
    """Return how many steps of `index` make a day."""
    return MINUTES_OF_DAY // step_minutes(index)


def step_of_day(index: pd.DatetimeIndex, minutes: int | None = None) -> np.ndarray:
    """Return the number of each step within its day, from 0 at midnight; (T,).

    Parameters
    ----------
    index : pandas.DatetimeIndex
        (T,).
    minutes : int, optional
        Length of the steps that are counted; default: that of `index`.
    """
    length = step_minutes(index) if minutes is None else minutes
    return ((index.hour * MINUTES_OF_HOUR + index.minute) // length).to_numpy()


def steps_in(half_hours: int, minutes: int) -> int:
    """Return how many steps of some minutes cover a time given in half-hours; a part of a step counts whole."""
    return -(-half_hours * MINUTES_OF_HALF_HOUR // minutes)


def usual_step(times: pd.DatetimeIndex) -> pd.Timedelta:
    """Return the median distance of neighbouring times; neither order nor doubled times matter."""
    return pd.Timedelta(pd.Series(times.unique().sort_values()).diff().median())
