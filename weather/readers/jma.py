"""JMA's download of past observations (obsdl): hourly values with quality columns, cp932."""

from __future__ import annotations

import csv
import math
from io import StringIO

import pandas as pd

from twin.core.errors import InputError, Problem
from weather.readers.reading import INSTANTS, JAPAN_STANDARD_TIME, Reading, WeatherFile, interval_starts
from weather.readers.text import listed_cells, numbers, read_text
from weather.readers.times import read_times, spacing_of

SUNSHINE = "sunshine"
STATION_ROW, ELEMENT_ROW = 0, 1
TIME_COLUMN = "年月日時"
SPLIT_TIME = ("年", "月", "日", "時")
TIME_COLUMNS = (TIME_COLUMN, SPLIT_TIME[0])
ELEMENTS = {"気温(℃)": "temp_air", "風速(m/s)": "wind_speed", "日射量(MJ/㎡)": "ghi", "日照時間(時間)": SUNSHINE}
QUALITY = "品質情報"
USABLE_QUALITY = 5
"""8 normal, 5 nearly normal; 4 too few data, 2 doubtful, 1 missing, 0 not observed (JMA, help of obsdl)."""

W_PER_MJ_PER_HOUR = 1e6 / 3600.0


def read_jma(file: WeatherFile) -> Reading:
    """Read hourly values downloaded from JMA, with any of temperature, wind speed and global irradiation.

    The time is the end of the hour: irradiation is the sum of the hour before, temperature and wind are of that
    instant. Values of less than nearly normal quality become NaN, for the gap check to name.

    Parameters
    ----------
    file : WeatherFile
        `station` if the file has several; `wind_height_m` where the wind is used.

    Returns
    -------
    Reading

    Raises
    ------
    InputError
        If the layout, the encoding, a station, a time or a cell is wrong.
    """
    text = read_text(file.path, ("utf-8-sig", "cp932"))
    rows = list(csv.reader(StringIO(text), delimiter="\t" if text.count("\t") > text.count(",") else ","))
    heading = next((number for number, row in enumerate(rows) if row and row[0].strip() in TIME_COLUMNS), 0)
    first = next((n for n, row in enumerate(rows) if n > heading and row and row[0][:4].isdigit()), None)
    if heading and first is None:
        raise InputError([_strange_time(rows[heading:], heading, file)])
    if not heading or first is None:
        accepted = f"a line of stations, a line starting with {TIME_COLUMN} (or {','.join(SPLIT_TIME)}), then data"
        raise InputError([Problem("not an hourly file of JMA's download page", str(file.path), accepted=accepted)])
    header = rows[heading - 1 : first]
    body = [(line, row) for line, row in enumerate(rows[first:], first + 1) if any(cell.strip() for cell in row)]
    lines = [line for line, _ in body]
    columns = _columns(header, file)
    problems = _short_rows(body, len(header[ELEMENT_ROW]), file)
    if problems:
        raise InputError(problems)
    body_rows = [row for _, row in body]
    times, problems = _times(body_rows, header[ELEMENT_ROW], lines, file)
    if problems:
        raise InputError(problems)
    frame = pd.DataFrame()
    for name, (value, quality) in columns.items():
        where = f"{file.path}, column {value + 1} ({name})"
        frame[name], found = numbers(pd.Series([row[value] for row in body_rows]), where, lines)
        flags, flag_problems = numbers(pd.Series([row[quality] for row in body_rows]), f"{where}, quality", lines)
        frame[name] = frame[name].where(flags >= USABLE_QUALITY)
        problems += [*found, *flag_problems]
    if problems:
        raise InputError(problems)
    return _reading(frame.set_axis(times), file)


def _strange_time(rows: list[list[str]], heading: int, file: WeatherFile) -> Problem:
    """Return what is wrong with a file whose rows do not start with a year."""
    found = [(heading + n, row[0]) for n, row in enumerate(rows, 1) if row and row[0][:1].isdigit()]
    seen = listed_cells(found) if found else "no row after the heading"
    return Problem("time cannot be read", f"{file.path}, {rows[0][0].strip()}", seen, "year first: 2022/4/1 1:00:00")


def _short_rows(body: list[tuple[int, list[str]]], width: int, file: WeatherFile) -> list[Problem]:
    short = [(line, ",".join(row)) for line, row in body if len(row) < width]
    if not short:
        return []
    return [Problem("line cannot be read", str(file.path), listed_cells(short), f"{width} columns as in the heading")]


def _times(
    rows: list[list[str]], heading: list[str], lines: list[int], file: WeatherFile
) -> tuple[pd.DatetimeIndex, list[Problem]]:
    """Return the ends of the hours: one column, or year, month, day and hour apart."""
    if heading[0].strip() == TIME_COLUMN:
        cells = pd.Series([row[0] for row in rows])
    else:
        cells = pd.Series(["{}/{}/{} {}:00".format(*(cell.strip() for cell in row[:4])) for row in rows])
    return read_times(cells, f"{file.path}, {heading[0]}", JAPAN_STANDARD_TIME, lines)


def _columns(header: list[list[str]], file: WeatherFile) -> dict[str, tuple[int, int]]:
    """Return per variable the columns of value (no sub-heading) and of its quality (beside it)."""
    stations, elements = header[STATION_ROW], header[ELEMENT_ROW]
    names = sorted({name.strip() for name in stations[1:] if name.strip()})
    station = file.station or (names[0] if len(names) == 1 else "")
    if station not in names:
        seen = file.station or "several stations, none stated"
        raise InputError([Problem("which station?", str(file.path), seen, ", ".join(names), "state `station`")])
    below = header[ELEMENT_ROW + 1 :]
    columns = {}
    for column in range(1, len(elements)):
        headings = "".join(row[column] for row in below if column < len(row))
        if stations[column] == station and elements[column] in ELEMENTS and not headings:
            if not any(QUALITY in row[column + 1 : column + 2] for row in below):
                repair = "download again with 品質情報 (option: all values with quality)"
                where = f"{file.path}, column {column + 1}"
                raise InputError([Problem("no quality beside the value", where, elements[column], repair=repair)])
            columns[ELEMENTS[elements[column]]] = (column, column + 1)
    if not columns:
        raise InputError([Problem("no usable element", str(file.path), accepted=", ".join(ELEMENTS))])
    return columns


def _reading(frame: pd.DataFrame, file: WeatherFile) -> Reading:
    interval, times = pd.Timedelta(hours=1), pd.DatetimeIndex(frame.index)
    label = file.label or "end"
    spacing = spacing_of(times, str(file.path))
    if spacing != interval:
        seen = f"steps of {spacing / pd.Timedelta(minutes=1):g} minutes"
        raise InputError([Problem("not hourly values", str(file.path), seen, "hourly values (1時間ごとの値)")])
    means = frame[[name for name in ("ghi",) if name in frame]] * W_PER_MJ_PER_HOUR
    instants = frame[[name for name in INSTANTS if name in frame]]
    starts = interval_starts(times, interval, label)
    sunshine = frame[SUNSHINE].set_axis(starts) if SUNSHINE in frame else pd.Series(dtype=float)
    return Reading(
        means=means.set_axis(starts),
        interval=interval,
        instants=instants,
        wind_height_m=file.wind_height_m,
        label=label,
        wind_in_doubt=math.inf,
        sunshine=sunshine,
    )
