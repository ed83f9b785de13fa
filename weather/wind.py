"""Wind speed: Weibull margins with monthly means on a Gaussian process in time and space."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import gamma, log_ndtr

from weather.climate import Climate
from weather.seasons import daily_from_monthly, hour_of_day

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
    return mean / gamma(1.0 + 1.0 / shape) * exceedance ** (1.0 / shape)


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
