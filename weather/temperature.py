"""Air temperature: normals, daily cycle, and spells of warm and cold air."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import ndtr

from weather.climate import Climate
from weather.process import Process
from weather.seasons import daily_from_monthly, hour_of_day

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
    return normal.ravel() + anomaly


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
