"""Plain CSV with pvlib's names: column `time` (start of the interval), values are means over the interval."""

from __future__ import annotations

import difflib
from zoneinfo import available_timezones

import numpy as np
import pandas as pd

from twin.core.errors import InputError, Problem
from weather.readers.reading import INSTANTS, IRRADIANCE, Reading, WeatherFile, at_interval_middles
from weather.readers.text import SHOWN, numbers, read_cells, read_text


def read_plain(file: WeatherFile) -> Reading:
    """Read a CSV with a column ``time`` and any of ``ghi dni dhi temp_air wind_speed``.

    Times carry an offset (``2022-04-01T00:00+09:00``) or `file.timezone` says what they are in.

    Parameters
    ----------
    file : WeatherFile

    Returns
    -------
    Reading

    Raises
    ------
    InputError
        With every unreadable time and number.
    """
    table = read_cells(read_text(file.path, ("utf-8-sig",)), file.path)
    known = [name for name in (*IRRADIANCE, *INSTANTS) if name in table]
    problems = _column_problems(table, known, file)
    if problems:
        raise InputError(problems)
    lines = range(2, len(table) + 2)
    frame = pd.DataFrame(index=table.index)
    for name in known:
        frame[name], found = numbers(table[name], f"{file.path}, column {name}", lines)
        problems += found
    index, found = _times(table["time"], file)
    problems += found
    if problems:
        raise InputError(problems)
    frame = frame.set_axis(index)
    interval = pd.Timedelta(pd.Series(index.sort_values()).diff().median())
    means = frame[[name for name in IRRADIANCE if name in frame]]
    instants = at_interval_middles(frame[[name for name in INSTANTS if name in frame]], interval)
    return Reading(means, interval, instants, wind_height_m=file.wind_height_m)


def _column_problems(table: pd.DataFrame, known: list[str], file: WeatherFile) -> list[Problem]:
    problems = []
    seen = ", ".join(map(str, table.columns))
    if "time" not in table:
        problems.append(Problem("no column 'time'", str(file.path), seen, "time, then pvlib's names"))
    if not known:
        problems.append(Problem("no weather column", str(file.path), seen, ", ".join((*IRRADIANCE, *INSTANTS))))
    if len(table) < 2:
        problems.append(Problem("fewer than two rows", str(file.path)))
    return problems


def _times(cells: pd.Series, file: WeatherFile) -> tuple[pd.DatetimeIndex, list[Problem]]:
    where = f"{file.path}, column time"
    has_offset = cells.str.strip().str.contains(r"(?:Z|[+-]\d{2}:?\d{2})$", na=False)
    if has_offset.all():
        times = pd.DatetimeIndex(pd.to_datetime(cells, errors="coerce", utc=True, format="ISO8601"))
        return times, _time_problems(cells, times, where, "ISO 8601 with offset")
    if has_offset.any() or not file.timezone:
        repair = "add the offset to each time (+09:00) or state `timezone` for the file"
        return pd.DatetimeIndex([]), [
            Problem("times without time zone", where, str(cells[~has_offset].iloc[0]), "", repair)
        ]
    zones = available_timezones()
    if file.timezone not in zones:
        near = ", ".join(difflib.get_close_matches(file.timezone, zones, 3)) or "Europe/London"
        return pd.DatetimeIndex([]), [Problem("unknown time zone", where, file.timezone, f"e.g. {near}")]
    local = pd.DatetimeIndex(pd.to_datetime(cells, errors="coerce", format="ISO8601"))
    times = local.tz_localize(file.timezone, ambiguous="NaT", nonexistent="NaT")
    accepted = f"times that exist once in {file.timezone}; use UTC offsets if it has daylight saving"
    return times.tz_convert("UTC"), _time_problems(cells, times, where, accepted)


def _time_problems(cells: pd.Series, times: pd.DatetimeIndex, where: str, accepted: str) -> list[Problem]:
    bad = [f"line {position + 2}: {cells.iloc[position]}" for position in np.flatnonzero(times.isna())]
    if not bad:
        return []
    more = f" and {len(bad) - SHOWN} more" if len(bad) > SHOWN else ""
    return [Problem("time cannot be read", where, ", ".join(bad[:SHOWN]) + more, accepted, "correct the times")]
