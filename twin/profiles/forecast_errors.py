"""How wrong forecasts are: size by lead, and a course in time that is the same for all leads."""

from __future__ import annotations

import numpy as np
import pandas as pd

from twin.clock import step_hours
from twin.profiles.noise import ar1, per_half_hour
from twin.profiles.tables import read_table
from twin.randomness import stream

SIZES_AT_HOURS = {"sd_1h": 1.0, "sd_6h": 6.0, "sd_24h": 24.0}
"""Columns of ``forecast_errors.csv`` and the lead that they are for."""


def error_size(quantity: str, lead_hours: float | np.ndarray) -> np.ndarray:
    """Return the standard deviation of an error at some leads, a share.

    Parameters
    ----------
    quantity : str
        ``pv``, ``wind`` or ``demand``.
    lead_hours : float or numpy.ndarray
        Straight lines between 1, 6 and 24 h, held outside.

    Returns
    -------
    numpy.ndarray
        Of the shape of `lead_hours`.
    """
    row = _row(quantity)
    sizes = [row[name] for name in SIZES_AT_HOURS]
    return np.asarray(np.interp(lead_hours, list(SIZES_AT_HOURS.values()), sizes))


def unit_error(quantity: str, name: str, index: pd.DatetimeIndex, seed: int, weather_year: int) -> np.ndarray:
    """Return the course of an error of standard deviation 1, to be multiplied by `error_size`; (T,).

    The sum of two AR(1) series, the slow one with ``slow_share`` of the variance. Add `unit_bias` for its mean.

    Parameters
    ----------
    quantity : str
        As in `error_size`.
    name : str
        Plant or area; part of the key, with `seed` and `weather_year`.
    index : pandas.DatetimeIndex
        (T,).
    """
    row, hours = _row(quantity), step_hours(index)

    def course(purpose: str, correlation: float) -> np.ndarray:
        return ar1(stream(seed, purpose, weather_year, name), len(index), per_half_hour(correlation, hours))

    fast = course(f"forecast {quantity}", row["correlation"])
    share = row["slow_share"]
    if share == 0.0:
        return fast
    slow = course(f"slow forecast {quantity}", row["slow_correlation"])
    return np.sqrt(1.0 - share) * fast + np.sqrt(share) * slow


def unit_bias(quantity: str) -> float:
    """Return the mean of an error of size 1: the bias grows with the lead as the size does."""
    row = _row(quantity)
    return row["bias_24h"] / row["sd_24h"] if row["sd_24h"] > 0.0 else 0.0


def _row(quantity: str) -> dict[str, float]:
    table = read_table("forecast_errors")
    columns = [*SIZES_AT_HOURS, "bias_24h", "correlation", "slow_share", "slow_correlation"]
    values = table.loc[table["quantity"] == quantity, columns].to_numpy(float)[0]
    return dict(zip(columns, values.tolist(), strict=True))
