"""Times as people write them (offset, 24:00, seconds since 1970), and years put together from several."""

from __future__ import annotations

import difflib
import functools
from collections.abc import Callable, Sequence
from zoneinfo import available_timezones

import numpy as np
import pandas as pd

from twin.core.clock import usual_step
from twin.core.errors import InputError, Problem
from weather.readers.text import listed_cells

CLOCK = (
    r"(?:[T ]+(?P<hour>\d{1,2}):?(?P<minute>\d{2})(?::(?P<second>\d{2})(?:\.\d+)?)?)?"
    r"\s*(?P<offset>Z|[+-]\d{2}:?\d{2})?$"
)
YEAR_FIRST = r"^(?P<year>\d{4})[-/.]?(?P<month>\d{1,2})[-/.]?(?P<day>\d{1,2})" + CLOCK
DAY_FIRST = r"^(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4})" + CLOCK
"""Only with dots is the day known to stand first."""
SLASHED = r"^(?P<former>\d{1,2})[/ ](?P<latter>\d{1,2})[/ ](?P<year>\d{4})" + CLOCK
"""Day or month first: a number above 12 tells which it is."""
MONTHS = 12

EPOCH = r"^\d{9,10}$"
OFFSET = r"(?:Z|[+-]\d{2}:?\d{2})$"
ACCEPTED = (
    "2022-04-01 13:00, 2022/4/1 13:00, 01.04.2022 13:00, with or without offset; 24:00 is the next day's 0:00; "
    "13/04/2022 where a day above 12 tells it from the month"
)

DUMMY_YEAR = 2023
"""Any year without leap day; standard years have none of their own."""


def read_times(
    cells: pd.Series, where: str, timezone: str, lines: Sequence[object]
) -> tuple[pd.DatetimeIndex, list[Problem]]:
    """Return the times of text cells in UTC, and what is wrong with them.

    Parameters
    ----------
    cells : pandas.Series
        Text. Whole numbers of nine or ten digits are seconds since 1970.
    where : str
        File and column.
    timezone : str
        Of times without offset; empty if nobody states it.
    lines : sequence
        Number of the line of each cell in the file.

    Returns
    -------
    times : pandas.DatetimeIndex
        NaT where a time cannot be read; empty if the zone is missing or unknown.
    problems : list of Problem
    """
    text = cells.astype("string").fillna("").str.strip()
    if len(text) and text.str.match(EPOCH).all():
        return pd.DatetimeIndex(pd.to_datetime(text.astype("int64"), unit="s", utc=True)), []
    local, offset = _wall_times(text)
    has_offset = text.str.contains(OFFSET, na=False)
    if has_offset.all():
        times = pd.DatetimeIndex(local - offset).tz_localize("UTC")
        return times, unreadable(cells, times, where, f"{ACCEPTED}", lines)
    if has_offset.any() or not timezone:
        seen = str(cells[~has_offset].iloc[0])
        repair = "add the offset to each time (+09:00) or state `timezone` for the file"
        return pd.DatetimeIndex([]), [Problem("times without time zone", where, seen, repair=repair)]
    problems = zone_problems(timezone, where)
    if problems:
        return pd.DatetimeIndex([]), problems
    times = pd.DatetimeIndex(local).tz_localize(timezone, ambiguous="NaT", nonexistent="NaT").tz_convert("UTC")
    accepted = f"{ACCEPTED}; times that exist once in {timezone} (use UTC offsets if it has daylight saving)"
    return times, unreadable(cells, times, where, accepted, lines)


def zone_problems(timezone: str, where: str) -> list[Problem]:
    """Return a problem if there is no time zone of this name."""
    if timezone in _zones():
        return []
    near = ", ".join(difflib.get_close_matches(timezone, _zones(), 3)) or "Europe/London"
    return [Problem("unknown time zone", where, timezone, f"e.g. {near}")]


@functools.cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def unreadable(
    cells: pd.Series, times: pd.DatetimeIndex, where: str, accepted: str, lines: Sequence[object]
) -> list[Problem]:
    """Return one problem for all times that could not be read."""
    bad = [(line, str(cell)) for line, cell, is_bad in zip(lines, cells, times.isna(), strict=True) if is_bad]
    if not bad:
        return []
    return [Problem("time cannot be read", where, listed_cells(bad), accepted, "correct the times")]


def _wall_times(text: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Return what the clock shows (NaT where it is no time) and the offset from UTC."""
    parts = text.str.extract(YEAR_FIRST)
    if parts["year"].isna().any():
        other = text.str.extract(DAY_FIRST)[parts.columns]
        parts = parts.where(parts["year"].notna(), other)
    if parts["year"].isna().all():
        parts = _slashed(text)[parts.columns]
    number = parts.drop(columns="offset").apply(_each_once, of=float)
    number[["hour", "minute", "second"]] = number[["hour", "minute", "second"]].fillna(0.0)
    day = pd.to_datetime(number[["year", "month", "day"]], errors="coerce")
    seconds = number["hour"] * 3600.0 + number["minute"] * 60.0 + number["second"]
    is_time = (seconds <= 86400.0) & (number["minute"] < 60.0) & (number["second"] < 60.0)
    local = (day + pd.to_timedelta(seconds, unit="s")).where(is_time.astype(bool))
    return local, pd.to_timedelta(_each_once(parts["offset"], of=_offset_minutes).fillna(0.0), unit="min")


def _each_once(cells: pd.Series, of: Callable[[str], float]) -> pd.Series:
    """Return the number of each cell, NaN where it is empty; equal cells are looked at once."""
    codes, different = pd.factorize(cells)
    numbers = np.array([*(of(cell) for cell in different), np.nan], dtype=float)
    return pd.Series(numbers[codes], index=cells.index)


def _offset_minutes(offset: str) -> float:
    """Return the minutes of Z, +09:00, -0330 or +09."""
    digits = offset.replace("Z", "+0000").replace(":", "")
    sign = -1.0 if digits.startswith("-") else 1.0
    return sign * (60.0 * float(digits[1:3] or 0) + float(digits[3:5] or 0))


def _slashed(text: pd.Series) -> pd.DataFrame:
    """Return the parts of dates with day or month first; nothing where no number of the column tells which it is."""
    parts = text.str.extract(SLASHED)
    numbers = (pd.to_numeric(parts[name], errors="coerce").astype(float) for name in ("former", "latter"))
    former, latter = (number.max() for number in numbers)
    names = ("day", "month") if former > MONTHS >= latter else ("month", "day")
    known = former > MONTHS >= latter or latter > MONTHS >= former
    for name, part in zip(names, ("former", "latter"), strict=True):
        parts[name] = parts[part] if known else None
    return parts


def spacing_of(times: pd.DatetimeIndex, where: str) -> pd.Timedelta:
    """Return the usual distance of the times of a file.

    Raises
    ------
    InputError
        If there are not two different times.
    """
    if times.nunique() < 2:
        seen = f"{len(times)} rows, all at {times[0]}" if len(times) else "no row"
        raise InputError([Problem("fewer than two different times", where, seen, "a row for each time")])
    return usual_step(times)


def as_one_year(times: pd.DatetimeIndex, year: int = DUMMY_YEAR) -> pd.DatetimeIndex:
    """Return times dated by month, day and time of day in one year, whatever years the months are from.

    Parameters
    ----------
    times : pandas.DatetimeIndex
        None on 29 February unless `year` has one.
    year : int
        The year of all of them; what is shifted by hours afterwards stays without a gap at the end of February.

    Returns
    -------
    pandas.DatetimeIndex
        In the zone of `times`.
    """
    day = pd.to_datetime({"year": np.full(len(times), year), "month": times.month, "day": times.day})
    local = times.tz_localize(None)
    within = (local - local.normalize()).to_numpy()
    return pd.DatetimeIndex(day.to_numpy() + within).tz_localize(times.tz)


def without_leap_day(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that do not start on 29 February."""
    times = pd.DatetimeIndex(frame.index)
    return frame[~((times.month == 2) & (times.day == 29))]
