"""Readers of weather files, one module per format, and the way from a file to the study's time steps."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from twin.core.clock import DEFAULT_CLOCK, Clock
from twin.core.errors import InputError, Problem, raise_if_any
from twin.core.weather_table import VARIABLES, Place
from weather.conversion import filled, instants_on, irradiance_on, on_fiscal_year, wind_at_height
from weather.readers.jma import read_jma
from weather.readers.plain import read_plain
from weather.readers.pvgis import read_pvgis_hourly, read_pvgis_tmy
from weather.readers.reading import IRRADIANCE, Reading, WeatherFile, instant_problems, is_enough, mean_problems
from weather.readers.standard_years import read_epw, read_expanded_amedas, read_hasp

FORMATS: dict[str, Callable[[WeatherFile], Reading]] = {
    "csv": read_plain,
    "epw": read_epw,
    "expanded_amedas": read_expanded_amedas,
    "hasp": read_hasp,
    "jma": read_jma,
    "pvgis_hourly": read_pvgis_hourly,
    "pvgis_tmy": read_pvgis_tmy,
}


def read(file: WeatherFile, place: Place, fiscal_year: int, clock: Clock = DEFAULT_CLOCK) -> pd.DataFrame:
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
    index = clock.fiscal_year(fiscal_year)
    return _on_study_index(read_own_steps(file, clock).in_zone(clock.zone_of(fiscal_year)), file, place, index)


def read_own_steps(file: WeatherFile, clock: Clock = DEFAULT_CLOCK) -> Reading:
    """Read a weather file's own time steps, told in the time zone of the clock, without any other conversion.

    Raises
    ------
    InputError
        If the format is unknown or the file cannot be read.
    """
    if file.format not in FORMATS:
        raise InputError([Problem("unknown weather format", str(file.path), file.format, ", ".join(sorted(FORMATS)))])
    return _selected(FORMATS[file.format](file), file).in_zone(clock.timezone)


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
    return Reading(means, reading.interval, instants, reading.is_standard_year, reading.wind_height_m)


def _on_study_index(reading: Reading, file: WeatherFile, place: Place, index: pd.DatetimeIndex) -> pd.DataFrame:
    reading = filled(reading, place, file.fill_hours)
    means, instants = reading.means, reading.instants
    if reading.is_standard_year or file.any_year:
        means, instants = on_fiscal_year(means, index), on_fiscal_year(instants, index)
    raise_if_any(
        [
            *mean_problems(means, reading.interval, index, str(file.path)),
            *instant_problems(instants, index, str(file.path)),
            *_height_problems(reading, file),
        ]
    )
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
    return [Problem("height of the wind speed unknown", str(file.path), repair=repair)]
