"""From the processes to the sky: clear-sky index, air temperature, wind speed."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.special import expit, gamma, log_ndtr, logit, ndtr

from weather.climate import Climate, daily_from_monthly, hour_of_day
from weather.sun import Sun
from weather.synthetic.parameters import Process


def daily_clear_index(
    latent: np.ndarray, climate: Climate, sun: Sun, days: pd.DatetimeIndex, process: Process
) -> np.ndarray:
    """Return each day's global irradiation over its clear-sky irradiation.

    Within a month the index follows the truncated exponential density of Bendt, Collares-Pereira and Rabl (1981),
    p(c) ~ exp(g c) between two limits, whose parameter g is solved for so that its mean is the normal's.

    Parameters
    ----------
    latent : numpy.ndarray, shape (days,)
        Standard normal; high means clear.
    climate : Climate
        Gives the normals of global irradiation.
    sun : Sun
        On steps that divide the days.
    days : pandas.DatetimeIndex
    process : Process

    Returns
    -------
    numpy.ndarray, shape (days,)
        Between ``process.clear_index_min`` and ``process.clear_index_max``.
    """
    steps = len(sun.clear_sky) // len(days)
    clear_kwh = sun.clear_sky.reshape(len(days), steps).sum(axis=1) * 24.0 / steps / 1000.0
    months = days.month.to_numpy()
    clear_normal = np.array([clear_kwh[months == month].mean() for month in range(1, 13)])
    mean = daily_from_monthly(climate.ghi_kwh_per_m2_day / clear_normal, days, weights=clear_kwh)
    low, high = process.clear_index_min, process.clear_index_max
    slope = _exponent_of_mean((mean - low) / (high - low))
    return low + (high - low) * _truncated_exponential_quantile(ndtr(latent), slope)


def _truncated_exponential_quantile(probability: np.ndarray, slope: np.ndarray) -> np.ndarray:
    """Return quantiles of the density exp(slope x) on 0..1."""
    result: np.ndarray = np.log1p(probability * np.expm1(slope)) / slope
    return result


def _truncated_exponential_mean(slope: float) -> float:
    result: float = 1.0 / -np.expm1(-slope) - 1.0 / slope
    return result


def _exponent_of_mean(mean: np.ndarray) -> np.ndarray:
    """Return the slope of the density exp(slope x) on 0..1 with the given mean (table look-up, 1e-5)."""
    result: np.ndarray = np.interp(mean, *_means_and_exponents())
    return result


@cache
def _means_and_exponents() -> tuple[np.ndarray, np.ndarray]:
    means = np.linspace(0.04, 0.96, 400)
    slopes = np.array([brentq(lambda slope, m=m: _truncated_exponential_mean(slope) - m, -60.0, 60.01) for m in means])
    return means, slopes


def clear_index_within_day(
    daily: np.ndarray, deviation: np.ndarray, sun: Sun, process: Process, iterations: int = 45
) -> np.ndarray:
    """Return the clear-sky index of each step, with each day's energy held.

    The index is ``ceiling * expit(level + deviation)``: bounded, and most variable on partly cloudy
    days. The level of each day is found by bisection so that the day's energy is its daily index
    times its clear-sky energy.

    Parameters
    ----------
    daily : numpy.ndarray, shape (days,)
        Daily clear-sky index, below the ceiling.
    deviation : numpy.ndarray, shape (steps,)
        Autocorrelated, around zero; high means clear.
    sun : Sun
    process : Process
    iterations : int
        Bisection steps.

    Returns
    -------
    numpy.ndarray, shape (steps,)
    """
    ceiling = process.clear_index_ceiling
    wobble = deviation.reshape(len(daily), -1)
    clear = sun.clear_sky.reshape(len(daily), -1)
    share = clear / clear.sum(axis=1, keepdims=True)
    target = daily / ceiling
    low, high = logit(target) - wobble.max(axis=1), logit(target) - wobble.min(axis=1)
    for _ in range(iterations):
        level = (low + high) / 2.0
        too_low = (share * expit(level[:, None] + wobble)).sum(axis=1) < target
        low, high = np.where(too_low, level, low), np.where(too_low, high, level)
    level = (low + high) / 2.0
    result: np.ndarray = (ceiling * expit(level[:, None] + wobble)).ravel()
    return result


HOUR_OF_MINIMUM = 5.0
HOUR_OF_MAXIMUM = 13.5
"""Mean clock hours of the daily extremes in the Expanded AMeDAS years of Yakushima and Miyazaki."""


def daily_cycle(hour: np.ndarray) -> np.ndarray:
    """Return the course of the temperature in the day, from 0 at the minimum to 1 at the maximum.

    A cosine up from the minimum to the maximum, its square down: the two real years fall faster than they rise.

    Parameters
    ----------
    hour : numpy.ndarray
        Clock hour, 0 to 24.

    Returns
    -------
    numpy.ndarray
    """
    since_minimum = (hour - HOUR_OF_MINIMUM) % 24.0
    rise = HOUR_OF_MAXIMUM - HOUR_OF_MINIMUM
    rising = (1.0 - np.cos(np.pi * since_minimum / rise)) / 2.0
    falling = ((1.0 + np.cos(np.pi * (since_minimum - rise) / (24.0 - rise))) / 2.0) ** 2
    return np.where(since_minimum < rise, rising, falling)


def air_temperature(
    anomaly: np.ndarray,
    clearness: np.ndarray,
    climate: Climate,
    index: pd.DatetimeIndex,
    days: pd.DatetimeIndex,
    process: Process,
) -> np.ndarray:
    """Return the air temperature of each step.

    Parameters
    ----------
    anomaly : numpy.ndarray, shape (steps,)
        Deviation from the normal course, degree C.
    clearness : numpy.ndarray, shape (days,)
        Standard normal; high means clear. Clear days have a wider range.
    climate : Climate
    index : pandas.DatetimeIndex
    days : pandas.DatetimeIndex
    process : Process

    Returns
    -------
    numpy.ndarray, shape (steps,)
        Degree C.
    """
    steps = len(index) // len(days)
    cycle = daily_cycle(hour_of_day(index[:steps]))
    mean = daily_from_monthly(climate.temp_air_mean_c, days)
    day_range = process.temp_cycle_share * daily_from_monthly(climate.temp_air_max_c - climate.temp_air_min_c, days)
    day_range *= 1.0 + process.temp_range_clear_share * (2.0 * ndtr(clearness) - 1.0)
    normal = mean[:, None] + day_range[:, None] * (cycle - cycle.mean())
    result: np.ndarray = normal.ravel() + anomaly
    return result


def cloud_correlation(days: pd.DatetimeIndex, process: Process) -> np.ndarray:
    """Return the correlation of the temperature anomaly with clearness, per day (clear winter nights are cold).

    Parameters
    ----------
    days : pandas.DatetimeIndex
    process : Process

    Returns
    -------
    numpy.ndarray, shape (days,)
    """
    summer = (1.0 - np.cos(2.0 * np.pi * (days.dayofyear.to_numpy() - 15) / 365.25)) / 2.0
    return process.temp_cloud_winter + (process.temp_cloud_summer - process.temp_cloud_winter) * summer


HOUR_OF_STRONGEST_WIND = 14.0
"""Clock hour of the strongest mean wind in the Expanded AMeDAS year of Miyazaki."""


def weibull_speed(latent: np.ndarray, shape: float, mean: np.ndarray) -> np.ndarray:
    """Return the wind speed whose Weibull probability equals the normal probability of `latent`.

    Parameters
    ----------
    latent : numpy.ndarray
        Standard normal; high means windy.
    shape : float
        Weibull k.
    mean : numpy.ndarray
        Mean of the distribution, m/s; the scale is mean / gamma(1 + 1/k).

    Returns
    -------
    numpy.ndarray
        m/s.
    """
    exceedance = -log_ndtr(-latent)
    result: np.ndarray = mean / gamma(1.0 + 1.0 / shape) * exceedance ** (1.0 / shape)
    return result


def wind_speed(latent: np.ndarray, climate: Climate, index: pd.DatetimeIndex, days: pd.DatetimeIndex) -> np.ndarray:
    """Return the wind speed of each step at the place's wind height.

    Parameters
    ----------
    latent : numpy.ndarray, shape (steps,)
        Standard normal, autocorrelated.
    climate : Climate
    index : pandas.DatetimeIndex
    days : pandas.DatetimeIndex

    Returns
    -------
    numpy.ndarray, shape (steps,)
        m/s.
    """
    steps = len(index) // len(days)
    hours = hour_of_day(index[:steps]) - HOUR_OF_STRONGEST_WIND
    swing = 1.0 + climate.wind_daily_swing * np.cos(2.0 * np.pi * hours / 24.0)
    mean = daily_from_monthly(climate.wind_mean_m_per_s, days)
    return weibull_speed(latent, climate.weibull_shape, (mean[:, None] * swing).ravel())
