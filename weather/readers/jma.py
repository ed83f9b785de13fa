"""JMA's download of past observations (obsdl): hourly values with quality columns, cp932."""

from __future__ import annotations

import csv
from io import StringIO

import pandas as pd

from twin.core.errors import InputError, Problem
from weather.readers.reading import JAPAN_STANDARD_TIME, Reading, WeatherFile
from weather.readers.text import numbers, read_text

STATION_ROW, ELEMENT_ROW = 2, 3
TIME_COLUMN = "年月日時"
ELEMENTS = {"気温(℃)": "temp_air", "風速(m/s)": "wind_speed", "日射量(MJ/㎡)": "ghi"}
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
    rows = list(csv.reader(StringIO(read_text(file.path, ("utf-8-sig", "cp932")))))
    first = next((number for number, row in enumerate(rows) if row and row[0][:4].isdigit()), None)
    if first is None or first <= ELEMENT_ROW or rows[ELEMENT_ROW][:1] != [TIME_COLUMN]:
        accepted = f"time of download, blank line, stations, a line starting with {TIME_COLUMN}, then data"
        raise InputError([Problem("not an hourly file of JMA's download page", str(file.path), accepted=accepted)])
    header, body = rows[:first], [row for row in rows[first:] if row]
    columns = _columns(header, file)
    problems: list[Problem] = []
    lines = range(first + 1, first + 1 + len(body))
    index = pd.to_datetime(pd.Series([row[0] for row in body]), format="%Y/%m/%d %H:%M:%S", errors="coerce")
    for line, time, row in zip(lines, index, body, strict=True):
        if pd.isna(time) or len(row) < len(header[ELEMENT_ROW]):
            problems.append(Problem("line cannot be read", f"{file.path}, line {line}", ",".join(row)[:60]))
    if problems:
        raise InputError(problems)
    frame = pd.DataFrame()
    for name, (value, quality) in columns.items():
        where = f"{file.path}, column {value + 1} ({name})"
        frame[name], found = numbers(pd.Series([row[value] for row in body]), where, lines)
        flags, flag_problems = numbers(pd.Series([row[quality] for row in body]), f"{where}, quality", lines)
        frame[name] = frame[name].where(flags >= USABLE_QUALITY)
        problems += [*found, *flag_problems]
    if problems:
        raise InputError(problems)
    return _reading(frame.set_axis(pd.DatetimeIndex(index).tz_localize(JAPAN_STANDARD_TIME)), file)


def _columns(header: list[list[str]], file: WeatherFile) -> dict[str, tuple[int, int]]:
    """Return per variable the columns of value (no sub-heading) and of its quality (beside it)."""
    stations, elements = header[STATION_ROW], header[ELEMENT_ROW]
    names = sorted({name for name in stations[1:] if name})
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
    interval = pd.Timedelta(hours=1)
    means = frame[[name for name in ("ghi",) if name in frame]] * W_PER_MJ_PER_HOUR
    instants = frame[[name for name in ("temp_air", "wind_speed") if name in frame]]
    means = means.set_axis(pd.DatetimeIndex(frame.index) - interval)
    return Reading(means, interval, instants, wind_height_m=file.wind_height_m)
