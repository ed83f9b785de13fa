"""Expanded AMeDAS standard year as CSV: temperature, beam and diffuse irradiation, sun position."""

from __future__ import annotations

import pandas as pd

from twin.clock import TIMEZONE
from twin.errors import InputError, Problem
from weather.readers.text import numbers, read_cells, read_text
from weather.reading import Reading, WeatherFile

COLUMNS = {0: "temp_air", 1: "dni", 2: "dhi"}
HEADER_LINES = 2
HOURS = 8760
DUMMY_YEAR = 2023
"""Any year without leap day; standard years have none of their own."""

W_PER_MJ_PER_HOUR = 1e6 / 3600.0


def hours_of_standard_year() -> pd.DatetimeIndex:
    """Return the instants that the 8,760 rows of an Expanded AMeDAS year belong to: 1 to 24 h of each day.

    Row and instant: the file's own sun altitude equals the computed one at these instants within 0.04 degrees.
    Irradiation is of the hour centred on them: only so do the clear days of both real files agree with the clear
    sky before and after noon (docs/weather.md).
    """
    return pd.date_range(f"{DUMMY_YEAR}-01-01 01:00", periods=HOURS, freq="h", tz=TIMEZONE)


def read_expanded_amedas(file: WeatherFile) -> Reading:
    """Read a standard year of Expanded AMeDAS (cp932, two header lines, 8,760 rows).

    Parameters
    ----------
    file : WeatherFile

    Returns
    -------
    Reading
        Beam and diffuse irradiance of the hours centred on 1 to 24 h, temperature at these hours; no wind.

    Raises
    ------
    InputError
        If the encoding, the number of rows or columns, or a cell is wrong.
    """
    text = read_text(file.path, ("utf-8-sig", "cp932"))
    table = read_cells(text, file.path, skiprows=HEADER_LINES, header=None).dropna(how="all")
    header = text.splitlines()[HEADER_LINES - 1] if text.count("\n") >= HEADER_LINES else ""
    problems = _layout_problems(table, header, file)
    if problems:
        raise InputError(problems)
    frame = pd.DataFrame()
    for column, name in COLUMNS.items():
        where = f"{file.path}, column {column + 1} ({name})"
        frame[name], found = numbers(table[column], where, range(HEADER_LINES + 1, len(table) + HEADER_LINES + 1))
        problems += found
    if problems:
        raise InputError(problems)
    instants = hours_of_standard_year()
    interval = pd.Timedelta(hours=1)
    means = frame[["dni", "dhi"]].set_axis(instants - interval / 2) * W_PER_MJ_PER_HOUR
    return Reading(means, interval, frame[["temp_air"]].set_axis(instants), is_standard_year=True)


def _layout_problems(table: pd.DataFrame, header: str, file: WeatherFile) -> list[Problem]:
    problems = []
    if len(table) != HOURS:
        problems.append(Problem("wrong number of hours", str(file.path), f"{len(table)}", f"{HOURS}"))
    if table.shape[1] < len(COLUMNS):
        problems.append(Problem("too few columns", str(file.path), f"{table.shape[1]}", f"{len(COLUMNS)} or more"))
    if "MJ/" not in header:
        accepted = "second line with the columns' names and the unit MJ/hm2"
        problems.append(Problem("no unit in the header", f"{file.path}, line 2", header[:80], accepted))
    return problems
