"""Statistics of weather years for the calibration record: synthetic ones, and the two standard years."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from network_models.island import find_island
from network_models.reading import island_tables
from twin.core.clock import fiscal_year
from twin.core.weather_table import Place, WeatherTable
from weather.climate import Climate, read_climates
from weather.readers.formats import read
from weather.readers.reading import WeatherFile
from weather.sun import sun_over
from weather.synthetic.year import synthetic_year

GOTO = island_tables(find_island())

SEED = 1
FISCAL_YEAR = 2022
YEAR = fiscal_year(FISCAL_YEAR)
NORMAL_YEARS = range(1, 6)
"""Seeds of the normal years whose months are compared with the normals."""

RANDOM_YEARS = range(1, 41)
LIKE_STATION_YEARS = range(1, 9)
LAGS_HOURS = (1, 3, 6, 12, 24, 48)
DULL, CLEAR = 0.4, 0.7

YAKUSHIMA = Place("yakushima", 30.38, 130.66, 36.0, 10.0, 0.1)
MIYAZAKI = Place("miyazaki", 31.94, 131.41, 9.0, 10.0, 0.1)
STATIONS = (YAKUSHIMA, MIYAZAKI)

Sample = dict[str, np.ndarray]


@cache
def normal_year(seed: int) -> WeatherTable:
    """Return the normal year of all places."""
    return synthetic_year(GOTO, FISCAL_YEAR, 0, seed)


@cache
def random_years() -> dict[str, list[pd.DataFrame]]:
    """Return the random years at Fukue and offshore."""
    climates = read_climates(GOTO)
    two = {place: climates[place] for place in ("fukue", "offshore")}
    years = [synthetic_year(GOTO, FISCAL_YEAR, number, SEED, climates=two).values for number in RANDOM_YEARS]
    return {place: [year[place] for year in years] for place in two}


def monthly(values: pd.Series) -> np.ndarray:
    """Return the means of the calendar months, January first."""
    return values.groupby(pd.DatetimeIndex(values.index).month).mean().to_numpy()


def daily_extremes(temperature: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Return the monthly means of the daily maxima and minima."""
    days = temperature.groupby(pd.DatetimeIndex(temperature.index).normalize())
    return monthly(days.max()), monthly(days.min())


def autocorrelation(values: pd.Series, steps_per_hour: int) -> np.ndarray:
    """Return the autocorrelation at `LAGS_HOURS` of the deviation from the mean day of each month."""
    times = pd.DatetimeIndex(values.index)
    deviation = values - values.groupby([times.month, times.hour * 60 + times.minute]).transform("mean")
    return np.array([deviation.autocorr(lag * steps_per_hour) for lag in LAGS_HOURS])


@cache
def station_year(data: Path, place_id: str) -> pd.DataFrame:
    """Return a station's standard year on the fiscal year, half-hourly."""
    folder = data / "weather"
    if place_id == "yakushima":
        file = WeatherFile(folder / "yakushima_standard_year_hourly.csv", "expanded_amedas")
        return read(file, YAKUSHIMA, FISCAL_YEAR)
    file = WeatherFile(folder / "miyazaki_standard_year.has", "hasp", wind_height_m=MIYAZAKI.wind_height_m)
    return read(file, MIYAZAKI, FISCAL_YEAR)


def area_wind(data: Path) -> pd.Series:
    """Return the hourly wind output of the Kyushu area of two years, curtailed energy added, MWh."""
    table = pd.read_csv(next((data / "kyushu_area").glob("*supply_demand*.csv")), index_col=0, parse_dates=True)
    return table["wind_actual_MWh"] + table["wind_curtailed_MWh"]


def clearness_sample(ghi: pd.Series, place: Place) -> Sample:
    """Return daily clear-sky index, its hour-to-hour steps, and lengths of runs of clear and of dull days.

    Hours begin at half past, as those of the standard years do.
    """
    clear = np.roll(sun_over(YEAR, place).clear_sky, -1).reshape(-1, 24, 2).mean(axis=2)
    hourly = np.roll(ghi.to_numpy(), -1).reshape(-1, 24, 2).mean(axis=2)
    index = hourly / np.where(clear > 80.0, clear, np.nan)
    steps = np.diff(index, axis=1)
    daily = hourly.sum(axis=1) / clear.sum(axis=1)
    return {
        "daily clear-sky index": daily,
        "hour-to-hour steps": steps[np.isfinite(steps)],
        "runs of clear days": run_lengths(daily > CLEAR),
        "runs of dull days": run_lengths(daily < DULL),
    }


def run_lengths(flags: np.ndarray) -> np.ndarray:
    """Return the lengths of the runs of true values."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(int), [0]])))
    return edges[1::2] - edges[::2]


def clearness_like(ghi: pd.Series, place: Place) -> Sample:
    """Return the sample of synthetic years at `place` that have the monthly means of `ghi` as normals."""
    normals = monthly(ghi) * 24 / 1000
    climate: Climate = replace(read_climates(GOTO)["fukue"], place=place, ghi_kwh_per_m2_day=normals)
    years = [
        synthetic_year(GOTO, FISCAL_YEAR, number, SEED, climates={place.place_id: climate}).values[place.place_id][
            "ghi"
        ]
        for number in LIKE_STATION_YEARS
    ]
    samples = [clearness_sample(year, place) for year in years]
    return {name: np.concatenate([sample[name] for sample in samples]) for name in samples[0]}
