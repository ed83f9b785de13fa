"""JMA's ten-minute values: tables of the page of past observations (10min), saved as CSV with their dates."""

from __future__ import annotations

import math
import re

import pandas as pd

from twin.core.errors import InputError, Problem, raise_if_any
from weather.readers.plain import DELIMITERS, LINES_BEFORE_A_TABLE, cells_of
from weather.readers.reading import INSTANTS, JAPAN_STANDARD_TIME, Reading, WeatherFile, interval_starts
from weather.readers.text import numbers, read_cells, read_text
from weather.readers.times import read_times, spacing_of

TIME_OF_DAY = "時分"
DATES = ("年月日", "日付", "月日", "date")
COLUMNS = {
    "temp_air": r"気温(\(℃\))?",
    "wind_speed": r"(平均)?風速(\(m/s\))?|平均\(m/s\)",
    "sunshine": r"日照時間(\(分\))?|日照\(分\)",
}
"""How the columns are called."""

NOTHING = r"^--$"
"""No such phenomenon: no sunshine."""
UNUSABLE = r"^(?:///|×|#|\*)$|\]$"
"""Not measured, missing, doubtful or too few data; a bracket ")" marks nearly normal values, which count."""


def read_jma_ten_minutes(file: WeatherFile) -> Reading:
    """Read ten-minute temperature, wind and sunshine; a time is the end of its ten minutes.

    The page has a day; a column of dates must be there. Wind is the mean of the ten minutes, temperature of the
    instant, sunshine in minutes.

    Parameters
    ----------
    file : WeatherFile
        `wind_height_m` where the wind is used.

    Returns
    -------
    Reading

    Raises
    ------
    InputError
        If the columns, a time or a cell is wrong.
    """
    text = read_text(file.path, ("utf-8-sig", "cp932"))
    table, first_line, names = _table(text, file)
    lines = [first_line + int(row) for row in table.index]
    date = next((name for name in DATES if name in table), "")
    if not date:
        seen, repair = ", ".join(table.columns), "add a column with the date, e.g. 2024/4/1, in each row"
        raise InputError([Problem("no column with the date", str(file.path), seen, ", ".join(DATES), repair)])
    stamps = table[date].astype("string") + " " + table[TIME_OF_DAY].astype("string")
    times, problems = read_times(stamps, f"{file.path}, {date} {TIME_OF_DAY}", JAPAN_STANDARD_TIME, lines)
    frame = pd.DataFrame(index=table.index)
    for name, column in names.items():
        cells = table[column].astype("string").str.strip()
        cells = cells.where(~cells.str.contains(UNUSABLE, na=False), "").str.rstrip(" )")
        cells = cells.where(~cells.str.contains(NOTHING, na=False), "0" if name == "sunshine" else "")
        frame[name], found = numbers(cells, f"{file.path}, {column}", lines)
        problems += found
    raise_if_any(problems)
    frame = frame.set_axis(times)
    interval = spacing_of(times, str(file.path))
    if interval != pd.Timedelta(minutes=10):
        seen = f"steps of {interval / pd.Timedelta(minutes=1):g} minutes"
        raise InputError([Problem("not ten-minute values", str(file.path), seen, "a row every ten minutes")])
    label = file.label or "end"
    starts = interval_starts(times, interval, label)
    sunshine = (frame["sunshine"] / 10.0).set_axis(starts) if "sunshine" in frame else pd.Series(dtype=float)
    instants = frame[[name for name in INSTANTS if name in frame]].astype(float)
    if "wind_speed" in instants:
        instants = instants.set_axis(times - interval / 2)
    means = pd.DataFrame(index=starts)
    return Reading(
        means, interval, instants, False, file.wind_height_m, label, wind_in_doubt=math.inf, sunshine=sunshine
    )


def _table(text: str, file: WeatherFile) -> tuple[pd.DataFrame, int, dict[str, str]]:
    """Return the table, the line of its first row and the column of each variable."""
    lines = text.split("\n")
    for number, line in enumerate(lines[:LINES_BEFORE_A_TABLE]):
        for delimiter in DELIMITERS:
            cells = [cell.strip() for cell in cells_of(line, delimiter)]
            names = {
                name: next(cell for cell in cells if re.fullmatch(pattern, cell))
                for name, pattern in COLUMNS.items()
                if any(re.fullmatch(pattern, cell) for cell in cells)
            }
            if TIME_OF_DAY in cells and names:
                body = "\n".join(lines[number:])
                table = read_cells(body, file.path, sep=delimiter, skip_blank_lines=False, index_col=False)
                return table.rename(columns=str.strip).dropna(how="all"), number + 2, names
    accepted = f"a header with {TIME_OF_DAY} and 気温(℃), 平均風速(m/s) or 日照時間(分)"
    raise InputError([Problem("not a table of JMA's ten-minute values", str(file.path), lines[0][:110], accepted)])
