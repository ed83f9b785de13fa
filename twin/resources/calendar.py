"""Days: their number, which are free in Japan, and which are special."""

from __future__ import annotations

import holidays
import numpy as np
import pandas as pd

from twin.resources.tables import read_table


def is_free_day(index: pd.DatetimeIndex) -> np.ndarray:
    """Return where offices are closed; (T,) bool.

    Saturdays, Sundays, national holidays and the days of ``special_days.csv`` (turn of the year, Obon).
    """
    national = holidays.country_holidays("JP", years=range(index[0].year, index[-1].year + 1))
    dates = index.normalize().tz_localize(None)
    is_holiday = (index.dayofweek >= 5) | dates.isin(pd.to_datetime(list(national)))
    result: np.ndarray = np.asarray(is_holiday) | (special_period(index) != "")
    return result


def special_period(index: pd.DatetimeIndex) -> np.ndarray:
    """Return the period of ``special_days.csv`` that each step lies in, ``""`` in none; (T,) str."""
    special = read_table("special_days")
    of_day = np.full(1300, "", dtype=object)
    of_day[100 * special["month"] + special["day"]] = special["period"]
    return of_day[100 * index.month + index.day]


def day_number(index: pd.DatetimeIndex) -> np.ndarray:
    """Return the number of the day, from 0 at the first; (T,)."""
    return pd.factorize(index.normalize())[0]
