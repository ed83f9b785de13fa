"""How cloudy it is: a daily clear-sky index with persistence, and its course within the day."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.special import expit, logit, ndtr

from weather.climate import Climate
from weather.process import Process
from weather.seasons import daily_from_monthly
from weather.sun import Sun


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
    return np.log1p(probability * np.expm1(slope)) / slope


def _truncated_exponential_mean(slope: float) -> float:
    return 1.0 / -np.expm1(-slope) - 1.0 / slope


def _exponent_of_mean(mean: np.ndarray) -> np.ndarray:
    """Return the slope of the density exp(slope x) on 0..1 with the given mean (table look-up, 1e-5)."""
    return np.interp(mean, *_means_and_exponents())


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
    return (ceiling * expit(level[:, None] + wobble)).ravel()
