"""Standard years: EnergyPlus weather (EPW), HASP, Expanded AMeDAS."""

from __future__ import annotations

import datetime
from calendar import monthrange
from io import StringIO

import numpy as np
import pandas as pd
import pvlib

from twin.core.clock import MONTHS_OF_YEAR
from twin.core.errors import InputError, Problem
from weather.readers.reading import INSTANTS, IRRADIANCE, JAPAN_STANDARD_TIME, Reading, WeatherFile, interval_starts
from weather.readers.text import SHOWN, first_line, listed_cells, numbers, read_cells, read_text
from weather.readers.times import DUMMY_YEAR, as_one_year, without_leap_day

ANEMOMETER_HEIGHT_M = 10.0
"""EnergyPlus takes the wind of a weather file as measured at 10 m (Engineering Reference, local wind speed)."""

HEADER_LINES_OF_EPW = 8
HOURS_OF_DAY = 24
MISSING = {"ghi": 9999.0, "dni": 9999.0, "dhi": 9999.0, "temp_air": 99.9, "wind_speed": 999.0}
"""Codes of missing values (EnergyPlus Auxiliary Programs, EPW data dictionary)."""


def read_epw(file: WeatherFile) -> Reading:
    """Read an EPW file; irradiance is of the hour before, temperature and wind at the end of the hour.

    Parameters
    ----------
    file : WeatherFile

    Returns
    -------
    Reading
        A standard year: the months of an EPW may come from different years.

    Raises
    ------
    InputError
        If the file is no EPW.
    """
    text = read_text(file.path, ("utf-8-sig", "latin-1"))
    problems = _impossible_times(text, file)
    if problems:
        raise InputError(problems)
    try:
        data, meta = pvlib.iotools.read_epw(StringIO(text))
        starts, interval = _epw_starts(data, _records_an_hour(text), float(meta["TZ"]), file)
    except InputError:
        raise
    except (ValueError, LookupError, TypeError) as error:  # pvlib calculates with cells that may be text
        seen = first_line(error)
        raise InputError([Problem("not an EPW file", str(file.path), seen, "EPW with 8 header lines")]) from error
    for name, code in MISSING.items():
        data[name] = pd.to_numeric(data[name], errors="coerce").mask(lambda values, code=code: values >= code)
    data = without_leap_day(data.set_axis(starts))
    start = as_one_year(pd.DatetimeIndex(data.index))
    label = file.label or "start"
    means = data[list(IRRADIANCE)].set_axis(interval_starts(start, interval, label))
    instants = data[list(INSTANTS)].set_axis(start + interval)
    return Reading(means, interval, instants, True, file.wind_height_m or ANEMOMETER_HEIGHT_M, label)


def _impossible_times(text: str, file: WeatherFile) -> list[Problem]:
    """Return records whose hours do not count from 1 to 24, and days that their year does not have."""
    hours: list[tuple[object, str]] = []
    days: list[tuple[object, str]] = []
    for number, line in enumerate(text.splitlines()[HEADER_LINES_OF_EPW:], HEADER_LINES_OF_EPW + 1):
        cells = [cell.strip() for cell in line.split(",")[:4]]
        if len(cells) < 4 or not all(cell.isdigit() for cell in cells):
            continue
        year, month, day, hour = map(int, cells)
        if not 1 <= hour <= HOURS_OF_DAY:
            hours.append((number, ",".join(cells)))
        elif not (year >= datetime.MINYEAR and 1 <= month <= MONTHS_OF_YEAR and 1 <= day <= monthrange(year, month)[1]):
            days.append((number, ",".join(cells)))
    problems = []
    if hours:
        accepted = "hours 1 to 24: hour 1 ends at 1:00"
        problems.append(Problem("hours do not count from 1 to 24", str(file.path), listed_cells(hours), accepted))
    if days:
        repair = "remove the rows: a standard year has 365 days"
        problems.append(Problem("days that the year does not have", str(file.path), listed_cells(days), repair=repair))
    return problems


def _records_an_hour(text: str) -> int:
    """Return the number of records an hour that the line DATA PERIODS states."""
    lines = text.splitlines()[:HEADER_LINES_OF_EPW]
    cells = next((line.split(",") for line in lines if line.upper().startswith("DATA PERIODS")), [])
    return max(int(cells[2]), 1) if len(cells) > 2 and cells[2].strip().isdigit() else 1


def _epw_starts(
    data: pd.DataFrame, records: int, zone_hours: float, file: WeatherFile
) -> tuple[pd.DatetimeIndex, pd.Timedelta]:
    """Return the start of each record's interval (hours count from 1), in the file's zone, and the interval.

    Where the minutes differ within an hour there are several records, whatever the header says.

    The records of an hour follow each other; of their minutes only the order counts, as some files write the start
    and some the end.
    """
    hour = pd.to_datetime(data[["year", "month", "day"]]) + pd.to_timedelta(data["hour"] - 1, unit="h")
    in_first_hour = data["minute"][(hour == hour.iloc[0]).to_numpy()]
    records = max(records, in_first_hour.nunique())
    interval = pd.Timedelta(hours=1) / records
    place_in_hour = hour.groupby(hour).cumcount().to_numpy()
    doubled = np.flatnonzero(place_in_hour >= records)
    if len(doubled):
        seen = f"{len(doubled)} times, first {hour.iloc[doubled[0]]} in line {doubled[0] + HEADER_LINES_OF_EPW + 1}"
        accepted = f"{records} record(s) an hour, as the line DATA PERIODS or the minutes say"
        raise InputError([Problem("time occurs twice", str(file.path), seen, accepted, "remove the doubled rows")])
    zone = datetime.timezone(datetime.timedelta(hours=zone_hours))
    return pd.DatetimeIndex(hour + place_in_hour * interval).tz_localize(zone), interval


FIELDS = 24
WIDTH = 3
LINES_PER_DAY = 7
END_OF_FILE = "\x1a"
W_PER_KCAL_PER_HOUR = 1.163
W_PER_HUNDREDTH_OF_MJ_PER_HOUR = 1e4 / 3600.0
LARGEST_BEAM_IN_SI = 420
"""A year's strongest beam in 0.01 MJ/m2 h (0.42 is 1,170 W/m2); in kcal/m2 h it is 600 to 900."""


def read_hasp(file: WeatherFile) -> Reading:
    """Read a HASP standard year: temperature, beam and diffuse irradiance, wind speed.

    Parameters
    ----------
    file : WeatherFile
        `wind_height_m` is needed where the wind is used: the format does not hold it.

    Returns
    -------
    Reading
        Hours as in `weather.readers.standard_years.hours_of_standard_year`.

    Raises
    ------
    InputError
        With every line that is out of order or cannot be read.
    """
    lines = [line for line in read_text(file.path, ("ascii",)).splitlines() if line.strip(END_OF_FILE + " ")]
    series: dict[str, list[int]] = {str(kind): [] for kind in range(1, LINES_PER_DAY + 1)}
    unreadable = []
    for position, line in enumerate(lines):
        kind = str(position % LINES_PER_DAY + 1)
        cells = [line[WIDTH * hour : WIDTH * (hour + 1)] for hour in range(FIELDS)]
        if line[-1] != kind or not all(_is_whole_number(cell) for cell in cells):
            unreadable.append(f"line {position + 1}: {line[:30]!r}... ending in {line[-1]!r}, expected {kind!r}")
        else:
            series[kind] += [int(cell) for cell in cells]
    problems = _problems(unreadable, len(lines), file)
    if problems:
        raise InputError(problems)
    return _reading(series, file)


def _is_whole_number(cell: str) -> bool:
    return len(cell) == WIDTH and cell.strip().lstrip("-").isdigit()


def _problems(unreadable: list[str], count: int, file: WeatherFile) -> list[Problem]:
    problems = []
    if count * FIELDS != HOURS * LINES_PER_DAY:
        expected = HOURS * LINES_PER_DAY // FIELDS
        problems.append(Problem("wrong number of lines", str(file.path), f"{count}", f"{expected}"))
    if unreadable:
        more = f" and {len(unreadable) - SHOWN} more" if len(unreadable) > SHOWN else ""
        accepted = "24 whole numbers of 3 characters; the days' lines in the order 1 to 7"
        seen = "; ".join(unreadable[:SHOWN]) + more
        problems.append(Problem("line out of order or unreadable", str(file.path), seen, accepted))
    return problems


def _reading(series: dict[str, list[int]], file: WeatherFile) -> Reading:
    instants = hours_of_standard_year()
    interval = pd.Timedelta(hours=1)
    is_si = max(series["3"]) <= LARGEST_BEAM_IN_SI
    unit = W_PER_HUNDREDTH_OF_MJ_PER_HOUR if is_si else W_PER_KCAL_PER_HOUR
    label = file.label or "centre"
    beam_and_diffuse = {"dni": series["3"], "dhi": series["4"]}
    means = pd.DataFrame(beam_and_diffuse, index=interval_starts(instants, interval, label)) * unit
    note = f"irradiance read as {'0.01 MJ/m2 h (SI)' if is_si else 'kcal/m2 h'}: strongest beam {max(series['3'])}"
    temperature = (pd.Series(series["1"], index=instants) - 500) / 10.0
    wind = pd.Series(series["7"], index=instants) / 10.0
    frame = pd.DataFrame({"temp_air": temperature, "wind_speed": wind})
    return Reading(means, interval, frame, True, file.wind_height_m, label, notes=(note,))


COLUMNS = {0: "temp_air", 1: "dni", 2: "dhi"}
HEADER_LINES = 2
HOURS = 8760
MEGAJOULE, WATT = "MJ/", "W/m2"
W_PER_MJ_PER_HOUR = 1e6 / 3600.0


def hours_of_standard_year() -> pd.DatetimeIndex:
    """Return the instants that the 8,760 rows of an Expanded AMeDAS year belong to: 1 to 24 h of each day.

    Row and instant: the file's own sun altitude equals the computed one at these instants within 0.04 degrees.
    Irradiation is of the hour centred on them: only so do the clear days of both real files agree with the clear
    sky before and after noon (docs/concepts/resources/weather.md).
    """
    return pd.date_range(f"{DUMMY_YEAR}-01-01 01:00", periods=HOURS, freq="h", tz=JAPAN_STANDARD_TIME)


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
    text = text.replace("㎡", "m2").replace("m²", "m2")
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
    label = file.label or "centre"
    unit = W_PER_MJ_PER_HOUR if MEGAJOULE in header else 1.0
    means = frame[["dni", "dhi"]].set_axis(interval_starts(instants, interval, label)) * unit
    note = f"irradiance read as {'MJ/m2 h' if MEGAJOULE in header else 'W/m2'}, as the header says"
    return Reading(means, interval, frame[["temp_air"]].set_axis(instants), True, label=label, notes=(note,))


def _layout_problems(table: pd.DataFrame, header: str, file: WeatherFile) -> list[Problem]:
    problems = []
    if len(table) != HOURS:
        problems.append(Problem("wrong number of hours", str(file.path), f"{len(table)}", f"{HOURS}"))
    if table.shape[1] < len(COLUMNS):
        problems.append(Problem("too few columns", str(file.path), f"{table.shape[1]}", f"{len(COLUMNS)} or more"))
    if MEGAJOULE not in header and WATT not in header:
        accepted = "second line with the columns' names and the unit MJ/hm2 or W/m2"
        problems.append(Problem("no unit in the header", f"{file.path}, line 2", header[:80], accepted))
    return problems
