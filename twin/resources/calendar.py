"""Days: their number, which are free, and which are special."""

from __future__ import annotations

import holidays
import numpy as np
import pandas as pd

from twin.core.tables import Tables


def is_free_day(tables: Tables, index: pd.DatetimeIndex) -> np.ndarray:
    """Return where offices are closed; (T,) bool.

    Saturdays, Sundays, the island's public holidays and the days of ``special_days.csv``.
    """
    dates = index.normalize().tz_localize(None)
    is_holiday = (index.dayofweek >= 5) | dates.isin(_public_holidays(tables, index))
    result: np.ndarray = np.asarray(is_holiday) | (special_period(tables, index) != "")
    return result


def _public_holidays(tables: Tables, index: pd.DatetimeIndex) -> pd.DatetimeIndex:
    if not tables.holidays:
        return pd.DatetimeIndex([])
    country, _, part = tables.holidays.partition("-")
    years = range(index[0].year, index[-1].year + 1)
    return pd.to_datetime(list(holidays.country_holidays(country, subdiv=part or None, years=years)))


def special_period(tables: Tables, index: pd.DatetimeIndex) -> np.ndarray:
    """Return the period of ``special_days.csv`` that each step lies in, ``""`` in none; (T,) str."""
    of_day = np.full(1300, "", dtype=object)
    if "special_days" not in tables:
        return of_day[100 * index.month + index.day]
    special = tables["special_days"]
    of_day[100 * special["month"] + special["day"]] = special["period"]
    return of_day[100 * index.month + index.day]


def day_number(index: pd.DatetimeIndex) -> np.ndarray:
    """Return the number of the day, from 0 at the first; (T,)."""
    return pd.factorize(index.normalize())[0]
