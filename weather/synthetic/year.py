"""Synthetic weather years: seeded, correlated in time and over places, with the monthly normals of the places."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from twin.core.clock import DEFAULT_CLOCK, Clock
from twin.core.tables import Tables
from twin.core.weather_table import WeatherTable
from weather.climate import Climate, days_of, read_climates
from weather.sun import beam_and_diffuse, sun_over
from weather.synthetic.field import Field, white_noise
from weather.synthetic.latent import Latent, clouds, daily_clearness, temperature_anomaly, typical, wind
from weather.synthetic.parameters import Process, read_process
from weather.synthetic.typhoon import (
    TyphoonClimate,
    dull_days,
    read_typhoon_climate,
    storm_wind,
    typhoons_of_year,
    with_storms,
)
from weather.synthetic.variables import air_temperature, clear_index_within_day, daily_clear_index, wind_speed

NORMAL_YEAR = 0
"""The weather year whose monthly means are the normals; all others deviate from them at random."""


def synthetic_year(
    tables: Tables,
    fiscal_year: int,
    weather_year: int,
    seed: int,
    clock: Clock = DEFAULT_CLOCK,
    climates: Mapping[str, Climate] | None = None,
    process: Process | None = None,
    typhoons: TyphoonClimate | None = None,
) -> WeatherTable:
    """Return a synthetic weather year.

    Parameters
    ----------
    tables : Tables
        Of the island.
    fiscal_year : int
        Calendar year in which the fiscal year begins.
    weather_year : int
        Which draw. `NORMAL_YEAR` (0) is the normal year: order and timing of the weather are random, the
        months' distributions are not. Any other number is a random year whose monthly means scatter around the normals.
    seed : int
        The study's seed.
    clock : Clock
        Of the island, with the step of the study. Daily cloudiness does not depend on the step; the course within the
        day is drawn anew.
    climates : mapping of str to Climate, optional
        The places by their ids; by default those of ``places.csv``.
    process : Process, optional
        By default that of ``process.csv``.
    typhoons : TyphoonClimate, optional
        By default that of ``typhoons.csv``; an island without that table has no typhoons.

    Returns
    -------
    WeatherTable
        ``ghi = dni cos(zenith) + dhi`` holds with the true zenith angle at the middle of the interval.
    """
    climates = read_climates(tables) if climates is None else climates
    process = read_process(tables) if process is None else process
    index = clock.fiscal_year(fiscal_year)
    places = {place_id: climate.place for place_id, climate in climates.items()}

    typhoons = read_typhoon_climate(tables) if typhoons is None else typhoons
    is_normal = weather_year == NORMAL_YEAR
    storms = [] if typhoons is None else typhoons_of_year(tables, index, typhoons, seed, weather_year, is_normal)

    def noise(field: Field, count: int) -> Latent:
        return white_noise(field, places.values(), count, seed, weather_year)

    clearness = daily_clearness(noise, index, process)
    storm = {place_id: np.zeros(len(index)) for place_id in places}
    if typhoons is not None:
        clearness = {name: dull_days(some, storms, places[name], index, typhoons) for name, some in clearness.items()}
        storm = {name: storm_wind(storms, place, index, typhoons) for name, place in places.items()}
    windy = wind(noise, index, process, clearness)
    if is_normal:
        clearness, windy = typical(clearness, days_of(index)), typical(windy, index)
    cloudy = clouds(noise, index, process)
    anomaly = temperature_anomaly(noise, index, process, clearness, is_normal)
    values = {
        place_id: _weather(
            climate, index, process, *(part[place_id] for part in (clearness, cloudy, anomaly, windy, storm))
        )
        for place_id, climate in climates.items()
    }
    return WeatherTable(index, places, values, clock)


def _weather(
    climate: Climate,
    index: pd.DatetimeIndex,
    process: Process,
    clearness: np.ndarray,
    cloudy: np.ndarray,
    anomaly: np.ndarray,
    windy: np.ndarray,
    storm: np.ndarray,
) -> pd.DataFrame:
    days = days_of(index)
    sun = sun_over(index, climate.place)
    daily = daily_clear_index(clearness, climate, sun, days, process)
    ghi = sun.clear_sky * clear_index_within_day(daily, cloudy, sun, process)
    dni, dhi = beam_and_diffuse(ghi, sun, index)
    return pd.DataFrame(
        {
            "ghi": ghi,
            "dni": dni,
            "dhi": dhi,
            "temp_air": air_temperature(anomaly, clearness, climate, index, days, process),
            "wind_speed": with_storms(wind_speed(windy, climate, index, days), storm, index),
        },
        index=index,
    )
