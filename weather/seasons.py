"""Months and days: smooth daily curves from monthly normals, typical months, values per day and per step."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import ndtri


def daily_from_monthly(monthly: np.ndarray, days: pd.DatetimeIndex, weights: np.ndarray | None = None) -> np.ndarray:
    """Return a smooth daily curve whose weighted monthly means are `monthly`.

    The curve is piecewise linear and periodic with its nodes in mid-month; the twelve node values solve the
    linear system "mean of the curve over each month = normal" (mean-preserving interpolation, Rymes and Myers 2001).

    Parameters
    ----------
    monthly : numpy.ndarray, shape (12,)
        Normals, January first.
    days : pandas.DatetimeIndex
        Days that hold each calendar month at least once.
    weights : numpy.ndarray, shape (days,), optional
        Weight of each day in its month's mean.

    Returns
    -------
    numpy.ndarray, shape (days,)
    """
    months = days.month.to_numpy() - 1
    position = months + (days.day.to_numpy() - 0.5) / days.days_in_month.to_numpy() - 0.5
    before = np.floor(position).astype(int)
    share = position - before
    hats = np.zeros((len(days), 12))
    hats[np.arange(len(days)), before % 12] = 1.0 - share
    hats[np.arange(len(days)), (before + 1) % 12] += share
    weight = np.ones(len(days)) if weights is None else weights
    member = (months[None, :] == np.arange(12)[:, None]) * weight
    means = (member / member.sum(axis=1, keepdims=True)) @ hats
    return hats @ np.linalg.solve(means, monthly)


def typical_months(latent: np.ndarray, months: np.ndarray) -> np.ndarray:
    """Give each month's values the plotting positions of a standard normal variable, keeping their order in time.

    Parameters
    ----------
    latent : numpy.ndarray, shape (n,)
        Standard normal in the long run; a single month may be off.
    months : numpy.ndarray, shape (n,)
        Month of each value.

    Returns
    -------
    numpy.ndarray, shape (n,)
        Rank r of n values in a month becomes the normal quantile of (r - 0.5) / n.
    """
    typical = np.empty_like(latent)
    for month in np.unique(months):
        members = np.flatnonzero(months == month)
        ranks = np.empty(len(members))
        ranks[np.argsort(latent[members], kind="stable")] = np.arange(len(members))
        typical[members] = ndtri((ranks + 0.5) / len(members))
    return typical


def days_of(index: pd.DatetimeIndex) -> pd.DatetimeIndex:
    """Return the days of `index`, which holds whole days."""
    return pd.DatetimeIndex(index[index == index.normalize()])


def steps_per_day(index: pd.DatetimeIndex) -> int:
    """Return how many intervals of `index` make a day."""
    return int(pd.Timedelta(days=1) / (index[1] - index[0]))


def hour_of_day(index: pd.DatetimeIndex) -> np.ndarray:
    """Return the hour of day of the middle of each interval."""
    middle = index + (index[1] - index[0]) / 2
    return (middle.hour + middle.minute / 60 + middle.second / 3600).to_numpy()
