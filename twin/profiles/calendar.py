"""Days: their number, and which are free in Japan."""

from __future__ import annotations

import holidays
import numpy as np
import pandas as pd

from twin.profiles.tables import read_table


def is_free_day(index: pd.DatetimeIndex) -> np.ndarray:
    """Return where offices are closed; (T,) bool.

    Saturdays, Sundays, national holidays and the days of ``special_days.csv`` (turn of the year, Obon).
    """
    national = holidays.country_holidays("JP", years=range(index[0].year, index[-1].year + 1))
    dates = index.normalize().tz_localize(None)
    special = read_table("special_days")
    is_special = np.isin(100 * index.month + index.day, 100 * special["month"] + special["day"])
    return np.asarray((index.dayofweek >= 5) | dates.isin(pd.to_datetime(list(national)))) | is_special


def day_number(index: pd.DatetimeIndex) -> np.ndarray:
    """Return the number of the day, from 0 at the first; (T,)."""
    return pd.factorize(index.normalize())[0]
