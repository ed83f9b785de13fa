"""Readers of weather files, one module per format, and the way from a file to the study's time steps."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable
from dataclasses import replace

import pandas as pd

from twin.core.clock import DEFAULT_CLOCK, MONTHS_OF_YEAR, Clock
from twin.core.errors import InputError, Problem, gathered, raise_if_any
from twin.core.weather_table import VARIABLES, Place
from weather.climate import SunshineLines
from weather.conversion import (
    filled,
    instants_on,
    irradiance_of_sunshine,
    irradiance_on,
    on_fiscal_year,
    wind_at_height,
    with_dark_edges,
)
from weather.quality.checks import without_repeats
from weather.readers.jma import read_jma
from weather.readers.jma_ten_minutes import read_jma_ten_minutes
from weather.readers.plain import NAMES, read_plain
from weather.readers.pvgis import read_pvgis_hourly, read_pvgis_tmy
from weather.readers.reading import (
    IRRADIANCE,
    LABELS,
    WIND_UNITS,
    Reading,
    WeatherFile,
    instant_problems,
    is_enough,
    joined,
    mean_problems,
)
from weather.readers.recognition import format_of
from weather.readers.services import (
    read_meteostat,
    read_metpv,
    read_nasa_power,
    read_ninja,
    read_nsrdb,
    read_open_meteo,
    read_solargis,
    read_tmy3,
)
from weather.readers.standard_years import read_epw, read_expanded_amedas, read_hasp
from weather.readers.text import first_line

FORMATS: dict[str, Callable[[WeatherFile], Reading]] = {
    "csv": read_plain,
    "epw": read_epw,
    "expanded_amedas": read_expanded_amedas,
    "hasp": read_hasp,
    "jma": read_jma,
    "jma_10min": read_jma_ten_minutes,
    "meteostat": read_meteostat,
    "metpv": read_metpv,
    "nasa_power": read_nasa_power,
    "ninja": read_ninja,
    "nsrdb": read_nsrdb,
    "open_meteo": read_open_meteo,
    "pvgis_hourly": read_pvgis_hourly,
    "pvgis_tmy": read_pvgis_tmy,
    "solargis": read_solargis,
    "tmy3": read_tmy3,
}


def read(
    file: WeatherFile, place: Place, fiscal_year: int, clock: Clock = DEFAULT_CLOCK, lines: SunshineLines = ()
) -> pd.DataFrame:
    """Read a weather file and bring it to the study's fiscal year and step.

    Parameters
    ----------
    file : WeatherFile
    place : Place
        Where the weather is; gives the sun for shape and decomposition.
    fiscal_year : int
        Standard years are mapped onto it by month and day; series of real years must cover it.
    clock : Clock
        Of the study: its time zone, step and first month.
    lines : sequence of (float, float)
        Angstrom's a and b of the place by month, where the file itself states none; empty: none.

    Returns
    -------
    pandas.DataFrame
        On the study's index the variables that the file has: irradiance completed to ghi, dni and dhi,
        wind speed brought to the place's wind height.

    Raises
    ------
    InputError
        If the format is unknown, the file cannot be read, or it does not cover the fiscal year without gap.
    """
    return on_study_index(read_own_steps(file, place, clock, lines), file, place, fiscal_year, clock)


def read_own_steps(file: WeatherFile, place: Place, clock: Clock = DEFAULT_CLOCK, lines: SunshineLines = ()) -> Reading:
    """Read a weather file's own time steps, told in the time zone of the clock, without any other conversion.

    Only sunshine hours become irradiance, at `place`, where `file.sunshine` or else the place's own `lines` say how.

    Raises
    ------
    InputError
        If the format is unknown or the file cannot be read.
    """
    raise_if_any(_statement_problems(file))
    readings = []
    problems: list[Problem] = []
    for path in (file.path, *file.parts):
        with gathered(problems):
            readings.append(_read_one(replace(file, path=path, parts=())))
    raise_if_any(problems)
    reading = joined(readings, file.name) if len(readings) > 1 else readings[0]
    reading = _with_irradiance(_in_metres_per_second(reading, file), file, place, clock, lines)
    return _selected(reading, file).in_zone(clock.timezone)


def _with_irradiance(reading: Reading, file: WeatherFile, place: Place, clock: Clock, lines: SunshineLines) -> Reading:
    """Make irradiance of sunshine hours where the file has none, by the stated line or else by the place's own."""
    is_wanted = not file.variables or "ghi" in file.variables
    if len(reading.sunshine) < 2 or len(reading.means.columns) or not is_wanted:
        return reading
    if file.sunshine is None and not lines:
        note = "sunshine hours are in the file: sunshine = [a, b] of Angstrom's line makes irradiance of them"
        if not reading.variables:
            problem = Problem(
                "no usable variable", file.name, "sunshine hours", "irradiance, temperature or wind", note
            )
            raise InputError([problem])
        return replace(reading, notes=(*reading.notes, note))
    used = lines if file.sunshine is None else (file.sunshine,) * MONTHS_OF_YEAR
    local = pd.DatetimeIndex(reading.sunshine.index).tz_convert(clock.timezone)
    means = irradiance_of_sunshine(reading.sunshine.set_axis(local), reading.interval, place, used)
    whose = "the island's lines (sunshine.csv)" if file.sunshine is None else "the stated line"
    note = f"irradiance computed from sunshine hours by {whose}: H/Ra = {_in_words(used)} by month"
    return replace(reading, means=means, is_of_sunshine=file.sunshine is None, notes=(*reading.notes, note))


def without_sunshine(reading: Reading, file: WeatherFile) -> Reading:
    """Return a reading without irradiance that was made of sunshine hours by the place's own lines.

    Raises
    ------
    InputError
        If it has nothing else.
    """
    if not reading.is_of_sunshine:
        return reading
    if not len(reading.instants.columns):
        what, repair = "another file of the place has irradiance, this one only sunshine hours", "leave one of them out"
        raise InputError([Problem(what, file.name, repair=repair)])
    return replace(reading, means=pd.DataFrame(), is_of_sunshine=False)


def _in_words(lines: SunshineLines) -> str:
    """Return the lines of the year, or the first and how many others there are."""
    first, others = "{:g} + {:g} n/N".format(*lines[0]), len(set(lines)) - 1
    return f"{first} in January and {others} others" if others else first


def _statement_problems(file: WeatherFile) -> list[Problem]:
    """Return what cannot be meant in the statements about a file."""
    stated = (
        ("unknown weather format", "format", file.format, FORMATS),
        ("unknown label", "label", file.label, ("", *LABELS)),
        ("unknown label", "air_label", file.air_label, ("", *LABELS)),
        ("unknown unit of the wind speed", "unit", file.unit, ("", *WIND_UNITS)),
    )
    problems = [
        Problem(what, f"{file.path}, {key}", value, ", ".join(sorted(filter(None, accepted))))
        for what, key, value, accepted in stated
        if value not in accepted
    ]
    foreign = [name for name, _ in file.columns if name not in NAMES]
    if foreign:
        problems.append(Problem("unknown name", f"{file.path}, columns", ", ".join(foreign), ", ".join(NAMES)))
    if file.air_label and file.format != "csv":
        repair = "the format says what its times mark for temperature and wind: leave it out"
        problems.append(Problem("air_label belongs to the format csv", str(file.path), file.format, "csv", repair))
    if file.columns and file.format != "csv":
        problems.append(Problem("columns belong to the format csv", str(file.path), file.format, "csv"))
    return problems


UNREADABLE = (ValueError, LookupError, OverflowError, OSError, csv.Error)
"""What text that is not in its format raises, `UnicodeError` and pandas' parser among it; the rest is a fault of the
program and is seen as such."""


def _read_one(file: WeatherFile) -> Reading:
    """Read one file; text that its reader cannot take for numbers, times or columns is a problem of the file."""
    try:
        return FORMATS[file.format](file)
    except InputError as error:
        found = format_of(file.path)
        if file.format != "csv" or found == "csv" or file.columns:
            raise
        repair = f'state format = "{found}" (command line: --format {found})'
        raise InputError(
            [Problem(f"this is a file of the format {found}", str(file.path), "csv", found, repair)]
        ) from error
    except UNREADABLE as error:
        accepted = f"a file as its publisher writes it; the first lines look like {format_of(file.path)}"
        what = f"cannot be read in the format {file.format}"
        raise InputError([Problem(what, str(file.path), first_line(error), accepted)]) from error


def _in_metres_per_second(reading: Reading, file: WeatherFile) -> Reading:
    if not file.unit or "wind_speed" not in reading.instants:
        return reading
    if reading.wind_in_doubt == math.inf and file.unit != "m/s":
        what = "the file itself names the unit of the wind speed"
        raise InputError([Problem(what, str(file.path), file.unit, repair="leave out `unit`")])
    factor = WIND_UNITS[file.unit]
    instants = reading.instants.assign(wind_speed=reading.instants["wind_speed"] * factor)
    return replace(reading, instants=instants, wind_in_doubt=math.inf)


def _selected(reading: Reading, file: WeatherFile) -> Reading:
    unknown = [name for name in file.variables if name not in VARIABLES]
    absent = [name for name in file.variables if name in VARIABLES and name not in reading.variables]
    absent = [name for name in absent if not (name in IRRADIANCE and is_enough(reading.means))]
    if unknown or absent:
        seen = ", ".join(unknown + absent)
        accepted = ", ".join(sorted(reading.variables))
        raise InputError([Problem("variable not in the file", str(file.path), seen, accepted)])
    if not file.variables:
        return reading
    means = reading.means if set(file.variables) & set(IRRADIANCE) else reading.means[[]]
    instants = reading.instants[[name for name in reading.instants if name in file.variables]]
    return replace(reading, means=means, instants=instants)


def on_study_index(
    reading: Reading, file: WeatherFile, place: Place, fiscal_year: int, clock: Clock = DEFAULT_CLOCK
) -> pd.DataFrame:
    """Bring a reading of `read_own_steps` to the study's fiscal year and step; see `read`."""
    index = clock.fiscal_year(fiscal_year)
    reading = filled(reading.in_zone(clock.zone_of(fiscal_year)), place, file.fill_hours)
    means, instants = reading.means, reading.instants
    if reading.is_standard_year or file.any_year:
        means, instants = on_fiscal_year(means, index), on_fiscal_year(instants, index)
    means = with_dark_edges(means, reading.interval, place, index)
    problems = [
        *mean_problems(means, reading.interval, index, file.name),
        *instant_problems(instants, index, file.name),
        *_height_problems(reading, file),
    ]
    raise_if_any(without_repeats(problems))
    frame = instants_on(instants, index)
    if "wind_speed" in frame and reading.wind_height_m is not None:
        frame["wind_speed"] = wind_at_height(frame["wind_speed"], reading.wind_height_m, place)
    if means.columns.empty:
        return frame
    return irradiance_on(means, reading.interval, place, index).join(frame)


def _height_problems(reading: Reading, file: WeatherFile) -> list[Problem]:
    if "wind_speed" not in reading.instants or reading.wind_height_m is not None:
        return []
    repair = "state `wind_height_m` of the anemometer, or leave wind_speed out of `variables`"
    return [Problem("height of the wind speed unknown", file.name, repair=repair)]
