"""Rank mapping: another series says when the high and the low values come, the values stay a plant's own."""

from __future__ import annotations

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
    return pd.factorize(index.month.to_numpy() * 1440 + minute)[0]


def season(index: pd.DatetimeIndex) -> np.ndarray:
    """Return a group per season: 0 December to February, 1 March to May, 2 June to August, 3 September to November."""
    return index.month.to_numpy() % 12 // 3
