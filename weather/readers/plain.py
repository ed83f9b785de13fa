"""Plain CSV with pvlib's names, or with other names that the user assigns; an unknown table is shown and guessed."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from twin.core.errors import InputError, Problem
from weather.readers.reading import (
    INSTANTS,
    IRRADIANCE,
    WIND_IN_DOUBT_UNSTATED,
    Reading,
    WeatherFile,
    at_interval_middles,
    interval_starts,
)
from weather.readers.text import numbers, read_cells, read_text
from weather.readers.times import read_times, spacing_of

TIME = "time"
NAMES = (TIME, *IRRADIANCE, *INSTANTS)
DELIMITERS = (",", ";", "\t")
LINES_BEFORE_A_TABLE = 100
LINES_SHOWN = 3
LONGEST_LINE = 20_000
DECIMAL_COMMA = r"\s*[+-]?\d+,\d+\s*"

GUESSES = {
    TIME: r"time|date.?/?time.*|timestamp.*|time\b.*|date|日時|年月日時?|時刻|period_?(end|start).*|local_time|valid.*",
    "ghi": r"ghi.*|g\(h\)|gh|swgdn.*|shortwave_radiation.*|allsky_sfc_sw_dwn|ssrd|glob.*|solar.*rad.*|.*日射.*",
    "dni": r"dni.*|gb\(n\)|direct_normal.*|allsky_sfc_sw_dni|beam.*|.*直達.*",
    "dhi": r"dhi.*|dif\b.*|gd\(h\)|diffuse.*|allsky_sfc_sw_diff|.*散乱.*|.*天空.*",
    "temp_air": r"temp.*|t2m.*|t_?air.*|air.?temp.*|dry.?bulb.*|気温.*",
    "wind_speed": r"wind.?speed.*|ws(pd)?\d*m?\b.*|wind|風速.*",
}
"""How other tables call the columns (whole name, case does not matter)."""


def read_plain(file: WeatherFile) -> Reading:
    """Read a table with a column ``time`` and any of ``ghi dni dhi temp_air wind_speed``.

    Times carry an offset (``2022-04-01T00:00+09:00``) or `file.timezone` says what they are in. They mark the start
    of their interval unless `file.label` says otherwise, for temperature and wind `file.air_label`; all values are
    means over the interval, those labelled by its centre as good as values at the instant.

    Parameters
    ----------
    file : WeatherFile
        `columns` names the columns where they are called otherwise.

    Returns
    -------
    Reading

    Raises
    ------
    InputError
        With every unreadable time and number; for an unknown table its first lines and the columns guessed.
    """
    text = read_text(file.path, ("utf-8-sig", "cp932"))
    own = dict(zip(NAMES, NAMES, strict=True)) | dict(file.columns)
    table = table_in(text, file, own)
    known = [name for name in (*IRRADIANCE, *INSTANTS) if own[name] in table.cells]
    if len(table.cells) < 2:
        raise InputError([Problem("fewer than two rows", str(file.path))])
    frame, problems = table.numbers({own[name]: name for name in known}, file)
    times, found = table.times(own[TIME], file)
    problems += found
    if problems:
        raise InputError(problems)
    interval = spacing_of(times, str(file.path))
    starts = interval_starts(times, interval, file.label or "start")
    frame = frame.set_axis(starts)
    means = frame[[name for name in IRRADIANCE if name in frame]]
    label, doubt = file.label or "start", WIND_IN_DOUBT_UNSTATED
    air = frame[[name for name in INSTANTS if name in frame]]
    air = air.set_axis(interval_starts(times, interval, file.air_label or label))
    instants = at_interval_middles(air, interval)
    return Reading(means, interval, instants, False, file.wind_height_m, label, doubt)


@dataclass(frozen=True)
class Table:
    """A table in a text file: its cells as text and the line of its first row."""

    cells: pd.DataFrame
    first_line: int

    @property
    def lines(self) -> list[int]:
        """Line of each row in the file."""
        return [self.first_line + int(row) for row in self.cells.index]

    def numbers(self, names: Mapping[str, str], file: WeatherFile) -> tuple[pd.DataFrame, list[Problem]]:
        """Return columns as numbers under other names, and every cell that is none."""
        frame, problems = pd.DataFrame(index=self.cells.index), []
        for column, name in names.items():
            frame[name], found = numbers(self.cells[column], f"{file.path}, column {column}", self.lines)
            problems += found
        return frame, problems

    def times(self, column: str, file: WeatherFile, timezone: str = "") -> tuple[pd.DatetimeIndex, list[Problem]]:
        """Return a column as times in UTC, and every cell that is none."""
        return read_times(self.cells[column], f"{file.path}, column {column}", timezone or file.timezone, self.lines)


def table_in(text: str, file: WeatherFile, own: Mapping[str, str]) -> Table:
    """Return the table that starts with the first line holding the column of the time and one of a variable.

    Parameters
    ----------
    text : str
    file : WeatherFile
    own : mapping of str to str
        Name of the column by ``time`` and variable.

    Raises
    ------
    InputError
        If there is no such line.
    """
    lines = text.split("\n")
    wanted = {own[name] for name in own if name != TIME}
    for number, line in enumerate(lines[:LINES_BEFORE_A_TABLE]):
        for delimiter in DELIMITERS:
            cells = {cell.strip() for cell in cells_of(line, delimiter)}
            if own[TIME] in cells and cells & wanted:
                body = "\n".join(lines[number:])
                table = read_cells(body, file.path, sep=delimiter, skip_blank_lines=False, index_col=False)
                table = table.rename(columns=str.strip).dropna(how="all")
                if delimiter != ",":
                    table = table.apply(_with_points)
                return Table(table, number + 2)
    if not text.strip():
        raise InputError([Problem("not a table", str(file.path), "an empty file", "comma-separated values")])
    raise InputError([_unknown_table(lines, file, own)])


def _with_points(cells: pd.Series) -> pd.Series:
    """Return decimal commas as points, in a column of a table without commas between its columns."""
    if not cells.str.fullmatch(DECIMAL_COMMA).any() or cells.str.contains(".", regex=False).any():
        return cells
    return cells.str.replace(",", ".", regex=False)


def cells_of(line: str, delimiter: str) -> list[str]:
    """Return the cells of one line, none of a line that is too long for a row of a table."""
    if len(line) > LONGEST_LINE:
        return []
    return next(csv.reader([line.replace("\r", "")], delimiter=delimiter), [])


def _unknown_table(lines: Sequence[str], file: WeatherFile, own: Mapping[str, str]) -> Problem:
    """Return what was seen, and the assignment of columns that would make the table readable."""
    what = f"no column {own[TIME]!r}" if not _has(lines, own[TIME]) else "no weather column"
    number, guess = _best_guess(lines)
    shown = [line.strip()[:110] for line in lines[number:] if line.strip()][:LINES_SHOWN]
    seen = f"line {number + 1}: " + " / ".join(shown)
    accepted = f"columns {', '.join(NAMES)}, or the same under other names"
    if TIME not in guess or len(guess) < 2:
        repair = 'name the columns: columns = { time = "...", ghi = "..." } (command line: --column time=... )'
        return Problem(what, str(file.path), seen, accepted, repair)
    pairs = ", ".join(f'{name} = "{column}"' for name, column in guess.items())
    options = " ".join(f'--column "{name}={column}"' for name, column in guess.items())
    repair = (
        f"if this guess is right, add columns = {{ {pairs} }} to the study's entry of the file (or here: {options}), "
        "and say `timezone`, `label` (start, end or centre of the interval) and `unit` of the wind; irradiance is W/m2"
    )
    return Problem(what, str(file.path), seen, accepted, repair)


def _has(lines: Sequence[str], name: str) -> bool:
    return any(name in re.split(r"[,;\t]", line.strip()) for line in lines[:LINES_BEFORE_A_TABLE])


def _best_guess(lines: Sequence[str]) -> tuple[int, dict[str, str]]:
    best: tuple[int, dict[str, str]] = (0, {})
    for number, line in enumerate(lines[:LINES_BEFORE_A_TABLE]):
        for delimiter in DELIMITERS:
            guess = guessed_columns([cell.strip() for cell in cells_of(line, delimiter)])
            if len(guess) > len(best[1]):
                best = (number, guess)
    return best


def guessed_columns(header: Sequence[str]) -> dict[str, str]:
    """Return which column of a header is probably which variable; the first that fits."""
    found: dict[str, str] = {}
    for name, pattern in GUESSES.items():
        fitting = [cell for cell in header if re.fullmatch(pattern, cell.lower())]
        if fitting:
            found[name] = fitting[0]
    return found
