"""Other steps, other order: intervals made shorter without changing any hour's energy, and rank mapping."""

from __future__ import annotations

from math import gcd

import numpy as np
import pandas as pd


def rank_mapped(own: np.ndarray, driver: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Reorder each column within each group so that it rises and falls with the driver.

    The result is a permutation of the column within the group: mean, largest value and the whole duration curve
    are kept exactly. Equal values of the driver keep the order of time.

    Parameters
    ----------
    own : numpy.ndarray
        (T, N) values to be reordered.
    driver : numpy.ndarray
        (T,) any unit, only its order counts.
    group : numpy.ndarray
        (T,) whole numbers from 0.

    Returns
    -------
    numpy.ndarray
        (T, N).
    """
    mapped = np.empty_like(own)
    for number in np.unique(group):
        rows = np.flatnonzero(group == number)
        mapped[rows[np.argsort(driver[rows], kind="stable")]] = np.sort(own[rows], axis=0)
    return mapped


def month_and_step(index: pd.DatetimeIndex) -> np.ndarray:
    """Return a group per month and step of the day; (T,)."""
    minute = (60 * index.hour + index.minute).to_numpy()
    result: np.ndarray = pd.factorize(index.month.to_numpy() * 1440 + minute)[0]
    return result


def season(index: pd.DatetimeIndex) -> np.ndarray:
    """Return a group per season: 0 December to February, 1 March to May, 2 June to August, 3 September to November."""
    return index.month.to_numpy() % 12 // 3


def hours_of(index: pd.DatetimeIndex) -> pd.DatetimeIndex:
    """Return the starts of the hours that `index` covers."""
    return pd.date_range(index[0].floor("h"), index[-1].floor("h"), freq="h", name="time")


def held_over_steps(values: np.ndarray, from_minutes: int, to_minutes: int) -> np.ndarray:
    """Return means over steps of another length, the values held within their own steps.

    Parameters
    ----------
    values : numpy.ndarray
        (N,) means over steps of `from_minutes`.
    from_minutes, to_minutes : int
        Lengths; the values cover whole steps of both.

    Returns
    -------
    numpy.ndarray
        (N * from_minutes / to_minutes,) means; their sum over time is kept.
    """
    shared = gcd(from_minutes, to_minutes)
    fine = np.repeat(values, from_minutes // shared)
    return fine if shared == to_minutes else fine.reshape(-1, to_minutes // shared).mean(axis=1)


def hourly_to_steps(hourly: np.ndarray, steps_per_hour: int) -> np.ndarray:
    """Spread hourly means over the steps of the hour along a straight line.

    The line has half the slope between the neighbouring hours and goes through the hour's mean, so that each
    hour keeps its energy; the slope is limited where a step would become negative.

    Parameters
    ----------
    hourly : numpy.ndarray
        (H,) means, not negative.
    steps_per_hour : int
        Steps per hour, n.

    Returns
    -------
    numpy.ndarray
        (H * n,) means.
    """
    slope = np.gradient(hourly) if len(hourly) > 1 else np.zeros(1)
    slope = np.clip(slope, -2 * hourly, 2 * hourly)
    position = (np.arange(steps_per_hour) + 0.5) / steps_per_hour - 0.5
    return (hourly[:, None] + slope[:, None] * position).ravel()
