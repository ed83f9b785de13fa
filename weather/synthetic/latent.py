"""The standard normal processes behind the synthetic weather: per place, correlated in time and over places."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from twin.core.clock import step_hours
from weather.climate import days_of, steps_per_day, typical_months
from weather.synthetic.field import Field, autoregressive, smooth_autoregressive
from weather.synthetic.parameters import Process
from weather.synthetic.variables import cloud_correlation

Latent = dict[str, np.ndarray]
"""Values by place."""

Noise = Callable[[Field, int], Latent]
"""White noise of a field, so many values a place."""


def daily_clearness(noise: Noise, index: pd.DatetimeIndex, process: Process) -> Latent:
    """Return how clear each day is, (days,), standard normal; AR(1) from day to day."""
    field = Field("daily clearness", process.cloud_day_length_km, process.cloud_local_share, 100.0)
    white = noise(field, len(days_of(index)))
    return {place: autoregressive(values, process.clear_day_persistence) for place, values in white.items()}


def clouds(noise: Noise, index: pd.DatetimeIndex, process: Process) -> Latent:
    """Return the course of the cloudiness within the days, (steps,), on some days calm and on others restless."""
    field = Field("clouds within the day", process.cloud_length_km, process.cloud_local_share, 15.0)
    day_field = Field("restlessness of the day", process.cloud_day_length_km, process.cloud_local_share, 100.0)
    lag_one = np.exp(-step_hours(index) * 60.0 / process.cloud_time_minutes)
    restlessness = noise(day_field, len(days_of(index)))
    return {
        place: _over_steps(np.exp(process.cloud_spread_day_sd * restlessness[place]), index)
        * process.cloud_spread_logit
        * autoregressive(white, lag_one)
        for place, white in noise(field, len(index)).items()
    }


def temperature_anomaly(
    noise: Noise, index: pd.DatetimeIndex, process: Process, clearness: Latent, is_normal: bool
) -> Latent:
    """Return the deviation of the temperature from its normal course, (steps,), degree C.

    Air masses of days and a slow signal of seasons; a normal year has no monthly deviation.
    """
    white = noise(Field("temperature", process.temp_length_km, 0.0, 300.0), len(index))
    slow = _slow(noise, "slow temperature", index, process, process.temp_climate_days)
    correlation = _over_steps(cloud_correlation(days_of(index), process), index)
    anomaly = {}
    for place, values in white.items():
        synoptic = smooth_autoregressive(values, step_hours(index) / process.temp_anomaly_hours)
        mixed = _mixed(synoptic, _smooth_over_steps(clearness[place], index, process), correlation)
        anomaly[place] = process.temp_anomaly_sd_c * mixed + process.temp_climate_sd_c * slow[place]
    return {place: _without_monthly_mean(values, index) for place, values in anomaly.items()} if is_normal else anomaly


def wind(noise: Noise, index: pd.DatetimeIndex, process: Process, clearness: Latent) -> Latent:
    """Return how windy it is, (steps,), standard normal: weather systems, gusty hours, and a slow signal of seasons."""
    systems = noise(
        Field("synoptic wind", process.wind_synoptic_length_km, process.wind_local_share, 120.0), len(index)
    )
    gusts = noise(Field("fast wind", process.wind_fast_length_km, process.wind_local_share, 20.0), len(index))
    slow = _slow(noise, "slow wind", index, process, process.wind_climate_days)
    hours, fast_share, slow_share = step_hours(index), process.wind_fast_share, process.wind_climate_share
    latent = {}
    for place in systems:
        synoptic = smooth_autoregressive(systems[place], hours / process.wind_synoptic_hours)
        synoptic = _mixed(synoptic, _smooth_over_steps(clearness[place], index, process), process.wind_cloud)
        gusty = autoregressive(gusts[place], np.exp(-hours / process.wind_fast_hours))
        weather = np.sqrt(1.0 - fast_share) * synoptic + np.sqrt(fast_share) * gusty
        latent[place] = np.sqrt(1.0 - slow_share) * weather + np.sqrt(slow_share) * slow[place]
    return latent


def typical(latent: Latent, index: pd.DatetimeIndex) -> Latent:
    """Return `latent` with the distribution of each month exactly standard normal; `index` has its steps or days."""
    months = index.month.to_numpy()
    return {place: typical_months(values, months) for place, values in latent.items()}


def _slow(noise: Noise, purpose: str, index: pd.DatetimeIndex, process: Process, days: float) -> Latent:
    """Return a standard normal AR(1) of so many days, drawn daily and held over the day."""
    white = noise(Field(purpose, process.climate_length_km, 0.0, 500.0), len(days_of(index)))
    lag_one = np.exp(-1.0 / days)
    return {place: _over_steps(autoregressive(values, lag_one), index) for place, values in white.items()}


def _mixed(own: np.ndarray, other: np.ndarray, correlation: np.ndarray | float) -> np.ndarray:
    """Return a standard normal variable that has `correlation` with `other` and else follows `own`."""
    result: np.ndarray = np.sqrt(1.0 - np.square(correlation)) * own + correlation * other
    return result


def _without_monthly_mean(values: np.ndarray, index: pd.DatetimeIndex) -> np.ndarray:
    series = pd.Series(values)
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
    result: np.ndarray = ((1.0 - share) * daily[before] + share * daily[after]) / np.sqrt(variance)
    return result
