"""Days: their number, which are free, and which are special."""

from __future__ import annotations

import datetime

import holidays
import numpy as np
import pandas as pd

from twin.core.clock import DEFAULT_CLOCK, Clock
from twin.core.errors import InputError, Problem
from twin.resources.tables import read_table


def is_free_day(index: pd.DatetimeIndex, clock: Clock = DEFAULT_CLOCK) -> np.ndarray:
    """Return where offices are closed; (T,) bool.

    Saturdays, Sundays, public holidays of the clock's country and the days of ``special_days.csv`` (in Japan turn of
    the year and Obon).

    Parameters
    ----------
    index : pandas.DatetimeIndex
        (T,).
    clock : Clock
        Its `country`; days are those of the index.

    Raises
    ------
    InputError
        Where no public holidays of the country are known.
    """
    dates = index.normalize().tz_localize(None)
    free_dates = pd.to_datetime(_public_holidays(clock.country, dates))
    result: np.ndarray = np.asarray((index.dayofweek >= 5) | dates.isin(free_dates)) | (special_period(index) != "")
    return result


def _public_holidays(country: str, dates: pd.DatetimeIndex) -> list[datetime.date]:
    if not country:
        return []
    nation, _, part = country.partition("-")
    years = range(dates[0].year, dates[-1].year + 1)
    try:
        return list(holidays.country_holidays(nation, part or None, years=years))
    except NotImplementedError as error:
        accepted = "an ISO 3166 code as JP or GB-SCT; empty for no public holidays"
        raise InputError([Problem("no public holidays known", "country of the clock", country, accepted)]) from error


def special_period(index: pd.DatetimeIndex) -> np.ndarray:
    """Return the period of ``special_days.csv`` that each step lies in, ``""`` in none; (T,) str."""
    special = read_table("special_days")
    of_day = np.full(1300, "", dtype=object)
    of_day[100 * special["month"] + special["day"]] = special["period"]
    return of_day[100 * index.month + index.day]


def day_number(index: pd.DatetimeIndex) -> np.ndarray:
    """Return the number of the day, from 0 at the first; (T,)."""
    return pd.factorize(index.normalize())[0]
