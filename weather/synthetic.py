"""Synthetic weather years: seeded, correlated in time and over places, with the monthly normals of the places."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from twin.clock import fiscal_year as fiscal_year_index
from twin.clock import step_hours
from twin.weather_table import WeatherTable
from weather.clearness import clear_index_within_day, daily_clear_index
from weather.climate import Climate, read_climates
from weather.decomposition import beam_and_diffuse
from weather.field import Field, autoregressive, white_noise
from weather.process import Process, read_process
from weather.seasons import days_of, steps_per_day, typical_months
from weather.sun import sun_over
from weather.temperature import air_temperature, cloud_correlation
from weather.wind import wind_speed

NORMAL_YEAR = 0
"""The weather year whose monthly means are the normals; all others deviate from them at random."""

Latent = dict[str, np.ndarray]
Noise = Callable[[Field, int], Latent]


def synthetic_year(
    fiscal_year: int,
    weather_year: int,
    seed: int,
    step_minutes: int = 30,
    climates: Mapping[str, Climate] | None = None,
    process: Process | None = None,
) -> WeatherTable:
    """Return a synthetic weather year.

    Parameters
    ----------
    fiscal_year : int
        Calendar year in which the fiscal year begins (April).
    weather_year : int
        Which draw. `NORMAL_YEAR` (0) is the normal year: order and timing of the weather are random, the
        months' distributions are not. Any other number is a random year whose monthly means scatter around the normals.
    seed : int
        The study's seed.
    step_minutes : int, default 30
        Step length, a divisor of a day. Daily cloudiness does not depend on it; the course within the day
        is drawn anew.
    climates : mapping of str to Climate, optional
        The places by their ids; by default those of ``weather/places.csv``.
    process : Process, optional
        By default that of ``weather/process.csv``.

    Returns
    -------
    WeatherTable
        ``ghi = dni cos(zenith) + dhi`` holds with the true zenith angle at the middle of the interval.
    """
    climates = read_climates() if climates is None else climates
    process = read_process() if process is None else process
    index = fiscal_year_index(fiscal_year, step_minutes)
    places = {place_id: climate.place for place_id, climate in climates.items()}

    def noise(field: Field, count: int) -> Latent:
        return white_noise(field, places.values(), count, seed, weather_year)

    is_normal = weather_year == NORMAL_YEAR
    clearness = _daily_clearness(noise, index, process, is_normal)
    clouds = _clouds(noise, index, process)
    anomaly = _temperature_anomaly(noise, index, process, clearness, is_normal)
    wind = _wind(noise, index, process, clearness, is_normal)
    values = {
        place_id: _weather(
            climate, index, process, clearness[place_id], clouds[place_id], anomaly[place_id], wind[place_id]
        )
        for place_id, climate in climates.items()
    }
    return WeatherTable(index, places, values)


def _weather(
    climate: Climate,
    index: pd.DatetimeIndex,
    process: Process,
    clearness: np.ndarray,
    clouds: np.ndarray,
    anomaly: np.ndarray,
    wind: np.ndarray,
) -> pd.DataFrame:
    days = days_of(index)
    sun = sun_over(index, climate.place)
    daily = daily_clear_index(clearness, climate, sun, days, process)
    ghi = sun.clear_sky * clear_index_within_day(daily, clouds, sun, process)
    dni, dhi = beam_and_diffuse(ghi, sun, index)
    return pd.DataFrame(
        {
            "ghi": ghi,
            "dni": dni,
            "dhi": dhi,
            "temp_air": air_temperature(anomaly, clearness, climate, index, days, process),
            "wind_speed": wind_speed(wind, climate, index, days),
        },
        index=index,
    )


def _daily_clearness(noise: Noise, index: pd.DatetimeIndex, process: Process, is_normal: bool) -> Latent:
    days = days_of(index)
    field = Field("daily clearness", process.cloud_day_length_km, process.cloud_local_share)
    latent = {
        place_id: autoregressive(white, process.clear_day_persistence)
        for place_id, white in noise(field, len(days)).items()
    }
    return _typical(latent, days) if is_normal else latent


def _clouds(noise: Noise, index: pd.DatetimeIndex, process: Process) -> Latent:
    """Return the course of the cloudiness within the days, on some days calm and on others restless."""
    field = Field("clouds within the day", process.cloud_length_km, process.cloud_local_share)
    day_field = Field("restlessness of the day", process.cloud_day_length_km, process.cloud_local_share)
    lag_one = np.exp(-step_hours(index) * 60.0 / process.cloud_time_minutes)
    restlessness = noise(day_field, len(days_of(index)))
    return {
        place_id: _over_steps(np.exp(process.cloud_spread_day_sd * restlessness[place_id]), index)
        * process.cloud_spread_logit
        * autoregressive(white, lag_one)
        for place_id, white in noise(field, len(index)).items()
    }


def _temperature_anomaly(
    noise: Noise, index: pd.DatetimeIndex, process: Process, clearness: Latent, is_normal: bool
) -> Latent:
    field = Field("temperature", process.temp_length_km, 0.0)
    lag_one = np.exp(-step_hours(index) / process.temp_anomaly_hours)
    correlation = _over_steps(cloud_correlation(days_of(index), process), index)
    anomaly = {
        place_id: _mixed(
            autoregressive(white, lag_one), _smooth_over_steps(clearness[place_id], index, process), correlation
        )
        for place_id, white in noise(field, len(index)).items()
    }
    return (
        {place_id: _without_monthly_mean(latent, index) for place_id, latent in anomaly.items()}
        if is_normal
        else anomaly
    )


def _wind(noise: Noise, index: pd.DatetimeIndex, process: Process, clearness: Latent, is_normal: bool) -> Latent:
    slow_field = Field("synoptic wind", process.wind_synoptic_length_km, process.wind_local_share)
    fast_field = Field("fast wind", process.wind_fast_length_km, process.wind_local_share)
    slow, fast = noise(slow_field, len(index)), noise(fast_field, len(index))
    hours, share = step_hours(index), process.wind_fast_share
    latent = {}
    for place_id in slow:
        synoptic = autoregressive(slow[place_id], np.exp(-hours / process.wind_synoptic_hours))
        synoptic = _mixed(synoptic, _smooth_over_steps(clearness[place_id], index, process), process.wind_cloud)
        gusty = autoregressive(fast[place_id], np.exp(-hours / process.wind_fast_hours))
        latent[place_id] = np.sqrt(1.0 - share) * synoptic + np.sqrt(share) * gusty
    return _typical(latent, index) if is_normal else latent


def _typical(latent: Latent, index: pd.DatetimeIndex) -> Latent:
    months = index.month.to_numpy()
    return {place_id: typical_months(values, months) for place_id, values in latent.items()}


def _mixed(own: np.ndarray, other: np.ndarray, correlation: np.ndarray | float) -> np.ndarray:
    """Return a standard normal variable that has `correlation` with `other` and else follows `own`."""
    return np.sqrt(1.0 - np.square(correlation)) * own + correlation * other


def _without_monthly_mean(latent: np.ndarray, index: pd.DatetimeIndex) -> np.ndarray:
    series = pd.Series(latent)
    return (series - series.groupby(index.month.to_numpy()).transform("mean")).to_numpy()


def _over_steps(daily: np.ndarray, index: pd.DatetimeIndex) -> np.ndarray:
    return np.repeat(daily, steps_per_day(index))


def _smooth_over_steps(daily: np.ndarray, index: pd.DatetimeIndex, process: Process) -> np.ndarray:
    """Interpolate daily standard normal values from noon to noon, keeping the variance at one."""
    steps = steps_per_day(index)
    position = (np.arange(len(index)) + 0.5) / steps - 0.5
    before = np.clip(np.floor(position).astype(int), 0, len(daily) - 1)
    after = np.minimum(before + 1, len(daily) - 1)
    share = np.clip(position - before, 0.0, 1.0)
    lag_one = np.where(after > before, process.clear_day_persistence, 1.0)
    variance = share**2 + (1.0 - share) ** 2 + 2.0 * share * (1.0 - share) * lag_one
    return ((1.0 - share) * daily[before] + share * daily[after]) / np.sqrt(variance)
