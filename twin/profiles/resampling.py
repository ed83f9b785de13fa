"""From hourly to shorter intervals without changing the energy of any hour."""

from __future__ import annotations

import numpy as np
import pandas as pd


def hours_of(index: pd.DatetimeIndex) -> pd.DatetimeIndex:
    """Return the starts of the hours that `index` covers."""
    return pd.date_range(index[0].floor("h"), index[-1].floor("h"), freq="h", name="time")


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
