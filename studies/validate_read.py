"""A user's file with measured power and what drove it, read and checked; every problem of the file at once."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from zoneinfo import available_timezones

import numpy as np
import pandas as pd

from studies.suggestions import nearest
from twin.clock import TIMEZONE, usual_step
from twin.errors import InputError, Problem, raise_if_any
from weather.checks import LARGEST_MEANS, PLAUSIBLE, time_problems
from weather.readers.text import numbers, read_cells, read_text

POWER_COLUMNS = {"power_mw": 1.0, "power_kw": 1e-3}
"""Accepted columns of measured power, with their factor to MW."""

DRIVERS = {"wind": ("wind_speed",), "pv": ("ghi",), "demand": ("temp_air",)}
"""Columns that each kind needs beside time and power."""

OPTIONAL = {"wind": (), "pv": ("temp_air", "dni", "dhi"), "demand": ()}

STEP_MINUTES = (5, 10, 15, 20, 30, 60)
ENCODINGS = ("utf-8-sig", "cp932")
SHOWN = 3
LARGEST_GHI_W_PER_M2 = 1600.0

MEANS = {**LARGEST_MEANS, "wind_speed": (15.0, LARGEST_MEANS["wind_speed"][1])}
"""Means that no file has; at hub height in a stormy month the wind is stronger than near the ground in a year."""

TOO_MUCH, TOO_LITTLE = 1.3, 0.02
"""Largest measured power over capacity beyond which a wrong unit is more likely than a strange plant."""


@dataclass(frozen=True)
class Pair:
    """Measured power and its driver.

    Attributes
    ----------
    index : pandas.DatetimeIndex
        (T,) gapless, Asia/Tokyo, label = start.
    measured_mw : numpy.ndarray
        (T,) NaN where missing.
    drivers : pandas.DataFrame
        (T,) NaN where missing; pvlib's names, W/m2, degree C, m/s.
    where : str
        The file.
    notes : list of str
        What was seen and is no problem.
    """

    index: pd.DatetimeIndex
    measured_mw: np.ndarray
    drivers: pd.DataFrame
    where: str = ""
    notes: list[str] = field(default_factory=list)

    @property
    def complete(self) -> np.ndarray:
        """Return where power and all drivers were measured; (T,) bool."""
        return ~np.isnan(self.measured_mw) & self.drivers.notna().all(axis=1).to_numpy()


@dataclass(frozen=True)
class Reading:
    """How a file is to be read: zone of times without offset, label at ``start`` or ``end``, gaps as missing values."""

    timezone: str = ""
    label: str = "start"
    allow_gaps: bool = False


def read_pair(
    path: Path,
    kind: str,
    capacity_mw: float | None,
    reading: Reading,
    check: Callable[[Pair], list[Problem]] | None = None,
) -> Pair:
    """Read and check a file.

    Parameters
    ----------
    path : pathlib.Path
        CSV, UTF-8 with or without byte-order mark or CP932; columns ``time``, one of `POWER_COLUMNS`, `DRIVERS`.
    kind : str
        ``wind``, ``pv`` or ``demand``.
    capacity_mw : float or None
        What the measured power is held against; None for demand.
    reading : Reading
    check : callable, optional
        Further problems of the pair; asked where times and numbers can be read.

    Returns
    -------
    Pair

    Raises
    ------
    InputError
        With every problem: file, encoding, columns, times, text in numbers, implausible values and units.
    """
    text = read_text(path, ENCODINGS)
    if "\0" in text:
        accepted = "UTF-8 or CP932 (Shift_JIS)"
        raise InputError([Problem("wrong text encoding", str(path), "zero bytes: UTF-16?", accepted)])
    table = read_cells(text, path, skipinitialspace=True)
    table.columns = [str(name).strip() for name in table.columns]
    raise_if_any(_column_problems(table, kind, path))
    problems: list[Problem] = []
    lines = range(2, len(table) + 2)
    columns = [name for name in (*POWER_COLUMNS, *DRIVERS[kind], *OPTIONAL[kind]) if name in table]
    frame = pd.DataFrame(index=table.index)
    for name in columns:
        frame[name], found = numbers(table[name], f"{path}, {name}", lines)
        problems += found
    times, found = _times(table["time"].astype(str).str.strip(), path, reading)
    problems += found
    if not found:
        problems += _step_problems(times, path, reading)
    power = next(name for name in POWER_COLUMNS if name in frame)
    frame[power] *= POWER_COLUMNS[power]
    is_readable = not problems
    problems += _value_problems(frame, power, capacity_mw, path)
    if not is_readable:
        raise InputError(problems)
    pair = _on_grid(frame.set_axis(times), power, path, reading)
    raise_if_any([*problems, *(check(pair) if check else [])])
    return pair


def _column_problems(table: pd.DataFrame, kind: str, path: Path) -> list[Problem]:
    seen, found = ", ".join(map(str, table.columns)), []
    if len(table.columns) == 1 and ";" in seen:
        return [Problem("semicolons between the columns", str(path), seen, "commas", "save as comma-separated values")]
    for name in ("time", *DRIVERS[kind]):
        if name not in table:
            hints = [hint for hint in (nearest(column, [name]) for column in table.columns) if hint]
            found.append(Problem(f"no column {name!r}", str(path), seen, repair="; ".join(hints[:1])))
    power = [name for name in POWER_COLUMNS if name in table]
    if len(power) != 1:
        accepted = " or ".join(POWER_COLUMNS)
        found.append(Problem("no column of power" if not power else "power given twice", str(path), seen, accepted))
    doubled = sorted({re.sub(r"\.\d+$", "", name) for name in table.columns if re.search(r"\.\d+$", name)})
    found += [Problem("column given twice", str(path), name, "one column of a name") for name in doubled]
    if len(table) < 2:
        found.append(Problem("fewer than two rows", str(path)))
    return found


def _times(cells: pd.Series, path: Path, reading: Reading) -> tuple[pd.DatetimeIndex, list[Problem]]:
    where = f"{path}, time"
    has_offset = cells.str.contains(r"\d(?:Z|[+-]\d{2}:?\d{2})$", na=False)
    if has_offset.all():
        times = pd.DatetimeIndex(pd.to_datetime(cells, errors="coerce", utc=True, format="ISO8601"))
        return times.tz_convert(TIMEZONE), _unreadable(cells, times, where, "ISO 8601 with offset")
    if has_offset.any():
        repair = "write the offset (+09:00) in every row or in none"
        seen = cells[~has_offset].iloc[0]
        return pd.DatetimeIndex([]), [Problem("only some times have an offset", where, seen, repair=repair)]
    if reading.timezone not in available_timezones():
        what = "unknown time zone" if reading.timezone else "times without time zone"
        repair = "say it: --timezone Asia/Tokyo, or write +09:00 behind each time"
        return pd.DatetimeIndex([]), [Problem(what, where, reading.timezone or cells.iloc[0], TIMEZONE, repair)]
    local = pd.DatetimeIndex(pd.to_datetime(cells.str.replace("/", "-"), errors="coerce", format="ISO8601"))
    times = local.tz_localize(reading.timezone, ambiguous="NaT", nonexistent="NaT")
    accepted = f"ISO 8601; a time that exists once in {reading.timezone} (daylight saving: write UTC offsets)"
    return times.tz_convert(TIMEZONE), _unreadable(cells, times, where, accepted)


def _unreadable(cells: pd.Series, times: pd.DatetimeIndex, where: str, accepted: str) -> list[Problem]:
    bad = np.flatnonzero(times.isna())
    if not len(bad):
        return []
    shown = ", ".join(f"line {row + 2}: {cells.iloc[row]}" for row in bad[:SHOWN])
    return [Problem("time cannot be read", where, f"{len(bad)} times, {shown}", accepted, "correct the times")]


def _step_problems(times: pd.DatetimeIndex, path: Path, reading: Reading) -> list[Problem]:
    where, step = f"{path}, time", usual_step(times)
    if step not in [pd.Timedelta(minutes=minutes) for minutes in STEP_MINUTES]:
        accepted = f"a row every {', '.join(map(str, STEP_MINUTES))} minutes"
        return [Problem("step not usable", where, f"{step / pd.Timedelta('1min'):g} minutes between rows", accepted)]
    off = times[times != times.floor(step)]
    if len(off):
        seen, accepted = f"{len(off)} times, the first {off[0]}", f"multiples of {step / pd.Timedelta('1min'):g} min"
        return [Problem("times off the grid of full steps", where, seen, accepted)]
    found = time_problems(times, pd.date_range(times.min(), times.max(), freq=step), where)
    if len(found) == 2 and times.duplicated().sum() == (times.max() - times.min()) / step + 1 - times.nunique():
        hint = "as many times are missing as doubled: a clock with daylight saving? Write UTC offsets"
        found.append(Problem("daylight saving?", where, hint))
    if reading.allow_gaps:
        return [problem for problem in found if problem.what != "gap"]
    repair = "write the row with an empty cell where nothing was measured, or --allow-gaps"
    return [replace(problem, repair=repair) if problem.what == "gap" else problem for problem in found]


def _value_problems(frame: pd.DataFrame, power: str, capacity_mw: float | None, path: Path) -> list[Problem]:
    found = []
    values = frame[power]
    if values.notna().sum() == 0:
        found.append(Problem("no measured value", f"{path}, {power}"))
    elif capacity_mw is None and values.min() < 0:
        found.append(Problem("negative demand", f"{path}, {power}", f"{(values < 0).sum()} rows", "0 or more"))
    elif capacity_mw is not None:
        share = values.max() / capacity_mw
        if not TOO_LITTLE <= share <= TOO_MUCH:
            guess = "kW or kWh given as MW?" if share > TOO_MUCH else "MW given as kW?"
            seen = f"largest {values.max():g} MW of {capacity_mw:g} MW ({guess})"
            found.append(
                Problem("wrong unit?", f"{path}, {power}", seen, f"{TOO_LITTLE} to {TOO_MUCH} of the capacity")
            )
    for name, (low, high) in {**PLAUSIBLE, "ghi": (-10.0, LARGEST_GHI_W_PER_M2)}.items():
        if name not in frame:
            continue
        outside = frame[name][(frame[name] < low) | (frame[name] > high)]
        if len(outside):
            seen = f"{len(outside)} rows, the first {outside.iloc[0]:g} in line {outside.index[0] + 2}"
            found.append(Problem("implausible value", f"{path}, {name}", seen, f"{low:g} to {high:g}"))
        limit, guess = MEANS.get(name, (np.inf, ""))
        if frame[name].mean() > limit:
            seen = f"mean {frame[name].mean():.1f} ({guess}?)"
            found.append(Problem("wrong unit?", f"{path}, {name}", seen, f"below {limit:g}"))
    return found


def _on_grid(frame: pd.DataFrame, power: str, path: Path, reading: Reading) -> Pair:
    step = usual_step(pd.DatetimeIndex(frame.index))
    if reading.label == "end":
        frame = frame.set_axis(pd.DatetimeIndex(frame.index) - step)
    index = pd.date_range(frame.index.min(), frame.index.max(), freq=step, name="time")
    absent = len(index) - len(frame)
    frame = frame.reindex(index)
    notes = [f"{absent} intervals have no row in the file and count as missing"] if absent else []
    return Pair(index, frame[power].to_numpy(), frame.drop(columns=power), str(path), notes)


def require(kind: str) -> None:
    """Raise `InputError` for a kind that is none of `DRIVERS`."""
    if kind not in DRIVERS:
        raise InputError([Problem("no such kind", "validate", kind, ", ".join(DRIVERS), nearest(kind, DRIVERS))])
