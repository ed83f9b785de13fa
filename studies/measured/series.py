"""Read the measured series of a fiscal year from the files of a folder, with everything that is wrong told at once."""

from __future__ import annotations

import csv
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from studies.measured.clocks import area_clock_problems, forecast_clock_problems, price_clock_problems
from studies.measured.files import FORECAST, KINDS, Layout, SeriesFile, layouts_of, missing_kind, series_files, year_of
from twin.core.clock import (
    DEFAULT_CLOCK,
    HOURS_OF_DAY,
    MINUTES_OF_DAY,
    MINUTES_OF_HALF_HOUR,
    MINUTES_OF_HOUR,
    Clock,
    usual_step,
)
from twin.core.errors import InputError, Problem, gathered, raise_if_any
from twin.core.tables import Tables
from twin.resources.calendar import is_free_day
from twin.resources.measured import Measured
from weather.readers.reading import interval_starts
from weather.readers.text import listed_cells, numbers, read_text
from weather.readers.times import read_times

ENCODINGS = ("utf-8-sig", "cp932")
STEP_MINUTES = {"area": MINUTES_OF_HOUR, FORECAST: MINUTES_OF_HOUR, "price": MINUTES_OF_HALF_HOUR}
"""Step to which the series of each kind are brought."""

DAYS_BEFORE = 8
"""So many days before the year are read too, for persistence: they hold a free and a working day."""

ROUNDING, AGREEMENT = 1.0, 0.01
"""Two files with the same time agree within this, in the unit of the column or as a share."""

SHOWN_FILES = 3


@dataclass(frozen=True)
class _Piece:
    """The rows of one file in the step of its kind."""

    file: SeriesFile
    frame: pd.DataFrame


def read_measured(tables: Tables, folder: Path, year: int, clock: Clock = DEFAULT_CLOCK) -> Measured:
    """Read the measured series of one fiscal year from the files of a data folder.

    Files are told by their columns (``measured_files.csv``); several of a kind go on in time. Half-hours become hours.
    Where no file has a forecast of demand, the last day of the same kind (working or free) takes its place, and
    `Measured.persisted_hours` counts them.

    Parameters
    ----------
    tables : Tables
    folder : pathlib.Path
        Files in it and in its folders are looked at.
    year : int
        Fiscal year; other rows are left out.
    clock : Clock
        Time zone of the files and first month of the fiscal year; each layout has its own step.

    Returns
    -------
    Measured

    Raises
    ------
    InputError
        With everything wrong in all files: missing, encoding, columns, times that cannot be read, gaps, rows given
        twice, values that are no numbers, out of range or in another unit, files that contradict each other, clocks
        that contradict the sun, the calendar or each other.
    """
    problems: list[Problem] = []
    files = series_files(folder, _layouts(tables))
    pieces = {kind: _pieces(tables, folder, files, kind, year, clock, problems) for kind in KINDS}
    index = {kind: clock.with_step(minutes).fiscal_year(year) for kind, minutes in STEP_MINUTES.items()}
    long = {kind: _joined(pieces[kind], problems) for kind in KINDS}
    for kind in (kind for kind in KINDS if len(long[kind])):
        problems += _gaps(long[kind], index[kind], folder, kind) if kind != FORECAST else []
        problems += _unit_problems(tables, long[kind].reindex(index[kind]), folder, kind)
    raise_if_any(_grouped(problems))
    area, price = long["area"].reindex(index["area"]), long["price"].reindex(index["price"])
    forecast = long[FORECAST].reindex(index["area"], columns=["demand_actual_10MW", "demand_forecast_10MW"])
    own = forecast.dropna()
    raise_if_any(
        [
            *_contradictions(tables, area, own, folder),
            *area_clock_problems(tables, area, [(str(piece.file.path), piece.frame) for piece in pieces["area"]]),
            *forecast_clock_problems(area, own, str(folder)),
            *price_clock_problems(area, price, str(folder)),
        ]
    )
    if len(own) < len(forecast):
        forecast = forecast.combine_first(_persistence(tables, long["area"]["demand_MWh"])).loc[index["area"]]
    return Measured(year, area, forecast, price, len(forecast) - len(own))


def read_price(tables: Tables, folder: Path, year: int, clock: Clock = DEFAULT_CLOCK) -> pd.Series | None:
    """Return the area price of one fiscal year from a data folder; None where the files do not hold the whole year.

    Raises
    ------
    InputError
        As `read_measured`, for what is wrong in the files of that year.
    """
    problems: list[Problem] = []
    index = clock.with_step(STEP_MINUTES["price"]).fiscal_year(year)
    files = [one for one in series_files(folder, _layouts(tables)) if one.touches(*year_of(year, clock.first_month))]
    if not any(one.layout.file == "price" for one in files):
        return None
    price = _joined(_pieces(tables, folder, files, "price", year, clock, problems), problems)
    if not index.isin(price.index).all():
        return None
    raise_if_any(problems)
    return price.loc[index, "price_jpy_per_kwh"]


def _layouts(tables: Tables) -> list[Layout]:
    return layouts_of(tables["measured_files"].to_dict("records"), tables["measured_columns"].to_dict("records"))


def _pieces(
    tables: Tables,
    folder: Path,
    files: Sequence[SeriesFile],
    kind: str,
    year: int,
    clock: Clock,
    problems: list[Problem],
) -> list[_Piece]:
    """Read the files of one kind that have rows of a year."""
    own = [one for one in files if one.layout.file == kind]
    first, last = year_of(year, clock.first_month)
    if not any(one.touches(first, last) for one in own) and kind != FORECAST:
        problems += missing_kind(kind, own, folder, _layouts(tables), f" in fiscal {year}")
    used = [one for one in own if one.touches(first - pd.Timedelta(days=DAYS_BEFORE), last)]
    found = []
    for together in _batches(used):
        with gathered(problems):
            found.append(_read(tables, together, year, clock, problems))
    return found


def _batches(files: Sequence[SeriesFile]) -> list[list[SeriesFile]]:
    """Return the files that are read together: those of a single day with the same columns; others alone."""
    batches: dict[object, list[SeriesFile]] = {}
    for one in files:
        key = (one.layout.name, one.header, one.delimiter) if one.first == one.last else one.path
        batches.setdefault(key, []).append(one)
    return list(batches.values())


def _read(tables: Tables, files: Sequence[SeriesFile], year: int, clock: Clock, told: list[Problem]) -> _Piece:
    """Read a file, or several of the same columns as one, and bring it to the step of its kind.

    What is wrong with times and values is added to `told`; what keeps the file from being read is raised.
    """
    file, where = files[0], str(files[0].path)
    lines, rows = _rows(file)
    if len(files) > 1:
        where = f"{file.path} and {len(files) - 1} more files"
        parts = [_rows(one) for one in files]
        lines = [f"{line} of {one.path.name}" for one, part in zip(files, parts, strict=True) for line in part[0]]
        rows = [row for part in parts for row in part[1]]
    cells = {name: pd.Series([row[at] for row in rows], dtype="string") for name, at in file.positions.items()}
    absent = [" | ".join(names) for quantity, names in file.layout.columns.items() if quantity not in cells]
    header = ", ".join(file.header)
    problems = [Problem("column missing", where, f"no {'; no '.join(absent)}", header)] if absent else []
    if not rows:
        problems.append(Problem("no row below the header", f"{where}, line {file.header_line}"))
    raise_if_any(problems)
    times, problems = _times(file, cells, where, lines, clock)
    raise_if_any(problems)
    zone, step = clock.zone_of(year), pd.Timedelta(minutes=file.layout.step_minutes)
    label = _label(file, times.tz_convert(clock.timezone), cells, step)
    starts = interval_starts(times.tz_convert(zone), step, label)
    values, unreadable = {}, set()
    for quantity in file.layout.columns:
        text, column = cells[quantity].str.replace(",", ""), file.header[file.positions[quantity]]
        values[quantity], found = numbers(text, f"{where}, {column}", lines)
        told += found
        unreadable |= {quantity} if found else set()
    frame = pd.DataFrame(values, dtype=float).set_axis(pd.DatetimeIndex(starts, name="time"))
    first, last = (pd.Timestamp(day, tz=zone) for day in year_of(year, clock.first_month))
    is_wanted = (starts >= first - pd.Timedelta(days=DAYS_BEFORE)) & (starts < last + pd.Timedelta(days=1))
    frame = frame[is_wanted]
    told += _time_problems(frame, step, where)
    known = frame.loc[frame.index >= first].drop(columns=list(unreadable))
    told += _value_problems(tables, known, file, where)
    return _Piece(file, _in_step(frame, step, STEP_MINUTES[file.layout.file]))


def _rows(file: SeriesFile) -> tuple[list[object], list[list[str]]]:
    """Return the rows below the header up to the first empty one, and their lines in the file."""
    text = read_text(file.path, ENCODINGS)
    body = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")[file.header_line :]
    try:
        table = list(csv.reader(StringIO("\n".join(body)), delimiter=file.delimiter))
    except csv.Error as error:
        raise InputError([Problem("not a table", str(file.path), str(error), "comma-separated values")]) from error
    end = next((number for number, row in enumerate(table) if not any(cell.strip() for cell in row)), len(table))
    width = max(file.positions.values()) + 1
    first = file.header_line + 1
    short = [(first + n, file.delimiter.join(row)) for n, row in enumerate(table[:end]) if len(row) < width]
    if short:
        accepted = f"{width} columns or more, as in the header"
        raise InputError([Problem("line cannot be read", str(file.path), listed_cells(short), accepted)])
    return list(range(first, first + end)), table[:end]


def _times(
    file: SeriesFile, cells: dict[str, pd.Series], of: str, lines: Sequence[object], clock: Clock
) -> tuple[pd.DatetimeIndex, list[Problem]]:
    """Return what the rows' times mark (slots: the starts), and what cannot be read."""
    names, where = file.layout.time_columns, f"{of}, {' '.join(file.layout.time_columns)}"
    if file.layout.label != "slot":
        text = cells[names[0]]
        for name in names[1:]:
            text = text + " " + cells[name]
        return read_times(text, where, clock.timezone, lines)
    times, problems = read_times(cells[names[0]], where, clock.timezone, lines)
    slots, found = numbers(cells[names[1]], where, lines)
    most = MINUTES_OF_DAY // file.layout.step_minutes
    is_slot = slots.between(1, most) & (slots % 1 == 0)
    if not is_slot.all() and not found:
        bad = [(line, str(cell)) for line, cell, good in zip(lines, cells[names[1]], is_slot, strict=True) if not good]
        found = [Problem("time cannot be read", where, listed_cells(bad), f"slots 1 to {most}")]
    if problems or found:
        return times, [*problems, *found]
    return times + pd.to_timedelta((slots.to_numpy() - 1.0) * file.layout.step_minutes, unit="min"), []


def _label(file: SeriesFile, times: pd.DatetimeIndex, cells: dict[str, pd.Series], step: pd.Timedelta) -> str:
    """Return what the times mark: as the column's name says, as the file's days show, or as its publisher writes it.

    Days from 0:00 hold starts, days from one step after midnight to 24:00 hold ends.
    """
    declared = "start" if file.layout.label == "slot" else file.layout.label
    if file.layout.is_label_certain:
        return declared
    first, last = (time - time.normalize() for time in (times.min(), times.max()))
    has_24 = any(cells[name].str.contains(r"\b24:00", na=False).any() for name in file.layout.time_columns)
    if has_24 or (first == step and last == pd.Timedelta(0)):
        return "end"
    return "start" if first == pd.Timedelta(0) else declared


def _time_problems(frame: pd.DataFrame, step: pd.Timedelta, where: str) -> list[Problem]:
    times, found = pd.DatetimeIndex(frame.index), []
    twice = times[times.duplicated()]
    if len(twice):
        repair = "remove the doubled rows"
        found.append(
            Problem("rows given twice", where, f"{len(twice)}, the first {twice[0]}", "one row a step", repair)
        )
    backwards = np.flatnonzero(np.diff(times.asi8) < 0)
    if len(backwards):
        found.append(Problem("times run backwards", where, str(times[backwards[0] + 1]), "rising times"))
    off = times[times != times.floor(step)]
    if len(off):
        seen, accepted = f"{len(off)}, the first {off[0]}", f"a row every {step / pd.Timedelta('1min'):g} minutes"
        found.append(Problem("times between the steps", where, seen, accepted))
    elif times.nunique() > 2 and usual_step(times) != step:
        seen = f"a row every {usual_step(times) / pd.Timedelta('1min'):g} minutes"
        accepted = f"a row every {step / pd.Timedelta('1min'):g} minutes"
        found.append(Problem("another step than files of this layout have", where, seen, accepted))
    return found


def _value_problems(tables: Tables, frame: pd.DataFrame, file: SeriesFile, where: str) -> list[Problem]:
    found = []
    for row in (row for row in _possible(tables, file.layout.file) if row["quantity"] in frame):
        series = frame[row["quantity"]]
        place = f"{where}, {file.header[file.positions[row['quantity']]]}"
        if series.isna().any():
            seen = f"{int(series.isna().sum())} rows, the first at {series.index[series.isna()][0]}"
            found.append(Problem("not a number", place, seen, row["unit"]))
        outside = series[(series < row["lowest"]) | (series > row["highest"])]
        if len(outside):
            seen = f"{len(outside)} rows, the first {outside.iloc[0]:g} at {outside.index[0]}"
            found.append(Problem("out of range", place, seen, f"{row['lowest']:g} to {row['highest']:g} {row['unit']}"))
    return found


def _possible(tables: Tables, kind: str) -> list[dict[Hashable, Any]]:
    """Return the rows of ``measured_columns.csv`` of one kind."""
    columns = tables["measured_columns"]
    return columns[columns["file"] == kind].to_dict("records")


def _in_step(frame: pd.DataFrame, step: pd.Timedelta, minutes: int) -> pd.DataFrame:
    """Return means over steps of some minutes, those that are whole."""
    wanted = pd.Timedelta(minutes=minutes)
    if step == wanted or frame.empty:
        return frame
    groups = frame.groupby(pd.DatetimeIndex(frame.index).floor(wanted))
    return groups.mean()[(groups.size() == wanted // step).to_numpy()]


def _joined(pieces: Sequence[_Piece], problems: list[Problem]) -> pd.DataFrame:
    """Return the rows of all files; of times that two files have, those of the finer one if they agree."""
    ordered = sorted(pieces, key=lambda one: one.file.layout.step_minutes)
    if not ordered:
        return pd.DataFrame(index=pd.DatetimeIndex([], tz="UTC"))
    rows = pd.concat([piece.frame for piece in ordered])
    kept = rows[~rows.index.duplicated()]
    source = np.repeat(np.arange(len(ordered)), [len(piece.frame) for piece in ordered])
    is_repeated = rows.index.duplicated()
    others = rows[is_repeated]
    known = kept.loc[others.index]
    differs = ((known - others).abs() > (others.abs() * AGREEMENT).clip(lower=ROUNDING)).any(axis=1).to_numpy()
    for number in np.unique(source[is_repeated]):
        own = differs[source[is_repeated] == number]
        if own.mean() > AGREEMENT:
            first = others.index[(source[is_repeated] == number) & differs][0]
            seen = f"{int(own.sum())} of {len(own)} times, the first {first}"
            what = "two files have different values at the same time"
            problems.append(Problem(what, str(ordered[number].file.path), seen, repair="remove one of the files"))
    return kept.sort_index()


def _gaps(frame: pd.DataFrame, wanted: pd.DatetimeIndex, folder: Path, kind: str) -> list[Problem]:
    gaps = wanted.difference(pd.DatetimeIndex(frame.index))
    if not len(gaps):
        return []
    months = gaps.strftime("%Y-%m").unique()
    seen = f"{len(gaps)} missing, the first {gaps[0]} (months {', '.join(months)})"
    accepted = f"every step from {wanted[0]} to {wanted[-1]}"
    return [Problem("gap", f"{folder}, {KINDS[kind]}", seen, accepted, "add the files of these months")]


def _unit_problems(tables: Tables, frame: pd.DataFrame, folder: Path, kind: str) -> list[Problem]:
    found = []
    for row in _possible(tables, kind):
        mean = float(frame[row["quantity"]].mean()) if row["quantity"] in frame else np.nan
        if np.isfinite(mean) and not row["mean_low"] <= mean <= row["mean_high"]:
            accepted = f"a mean of {row['mean_low']:g} to {row['mean_high']:g} {row['unit']}"
            place = f"{folder}, {KINDS[kind]}, {row['quantity']}"
            found.append(Problem("looks like another unit", place, f"a mean of {mean:g}", accepted))
    return found


def _contradictions(tables: Tables, area: pd.DataFrame, forecast: pd.DataFrame, folder: Path) -> list[Problem]:
    demand = area["demand_MWh"].loc[forecast.index]
    ratio = float(10 * forecast["demand_actual_10MW"].sum() / demand.sum()) if len(demand) else 1.0
    if abs(ratio - 1) <= tables.value("measured_demand_agreement"):
        return []
    seen = f"{ratio:.3f} times the demand of the area"
    return [Problem("demand differs between the files", f"{folder}, {KINDS[FORECAST]}", seen, "the same demand")]


def _persistence(tables: Tables, demand: pd.Series) -> pd.DataFrame:
    """Return a forecast of demand from the last day of the same kind; a first day of its kind stands for itself."""
    index = pd.date_range(demand.index[0].normalize(), demand.index[-1], freq="h", name="time")
    whole = demand.reindex(index[: len(index) // HOURS_OF_DAY * HOURS_OF_DAY])
    days = whole.to_numpy().reshape(-1, HOURS_OF_DAY)
    is_free = is_free_day(tables, pd.DatetimeIndex(whole.index))[::HOURS_OF_DAY]
    expected, last = days.copy(), dict[bool, np.ndarray]()
    for number, day in enumerate(days):
        expected[number] = last.get(bool(is_free[number]), day)
        if np.isfinite(day).all():
            last[bool(is_free[number])] = day
    columns = {"demand_actual_10MW": days.ravel() / 10, "demand_forecast_10MW": expected.ravel() / 10}
    return pd.DataFrame(columns, index=whole.index)


def _grouped(problems: Sequence[Problem]) -> list[Problem]:
    """Return problems of many files once: the first of a kind, and in how many more files it is."""
    kept, counts = [], dict[str, int]()
    for problem in problems:
        counts[problem.what] = counts.get(problem.what, 0) + 1
        if counts[problem.what] <= SHOWN_FILES:
            kept.append(problem)
    more = [
        Problem(f"{what}: {count - SHOWN_FILES} more of this kind", "elsewhere", repair="as the first")
        for what, count in counts.items()
        if count > SHOWN_FILES
    ]
    return [*kept, *more]
