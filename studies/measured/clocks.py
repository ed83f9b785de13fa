"""Clocks of measured series, held against the sun, the calendar and each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from twin.core.clock import HOURS_OF_DAY
from twin.core.errors import Problem
from twin.core.tables import HOURS, Tables
from twin.core.weather_table import Place
from twin.resources.area_market.balance import area_parameter
from twin.resources.calendar import is_free_day
from weather.quality.sun_clock import clock_problems
from weather.sun import sun_over

SHIFTED = "shifted clock"
REPAIR = "check the time zone, daylight saving, and whether a time is the start or the end of its interval"

LARGEST_LAG_HOURS = 30
"""A clock is looked for up to a day and some hours before and after: a file of another year is off by a day."""

GAIN = 0.02
"""So much better another lag must fit. One hour costs the demand of a month 0.03 to 0.1 (FY2021 and FY2022)."""

DAYS_OF_A_PIECE = 20
"""Files with fewer days are judged with the others only."""

PRICE_LAG_HOURS = 0.6
"""The price follows the net demand 0.14 to 0.16 h early (FY2021 and FY2022), whatever happens 0.6 h off is a clock."""

DISAGREEMENT, DISAGREEING_HOURS = 0.05, 0.01
"""Two records of the same demand differ by more than the first share in less than the second share of the hours."""


def area_clock_problems(
    tables: Tables, area: pd.DataFrame, pieces: Sequence[tuple[str, pd.DataFrame]]
) -> list[Problem]:
    """Return where PV contradicts the sun, or demand the calendar, in the year or in one of its files.

    Parameters
    ----------
    tables : Tables
    area : pandas.DataFrame
        Hourly, a whole year.
    pieces : sequence of (str, pandas.DataFrame)
        The hours of each file by its name.
    """
    place = Place("area", area_parameter(tables, "pv_latitude"), area_parameter(tables, "pv_longitude"), 0.0, 10.0, 0.1)
    long = [piece for piece in pieces if len(piece[1]) >= DAYS_OF_A_PIECE * HOURS_OF_DAY]
    found = []
    for where, frame in long or [("all files of the year", area)]:
        found += [*_sun_problems(frame, place, where), *_calendar_problems(tables, frame["demand_MWh"], where)]
    return found


def _sun_problems(frame: pd.DataFrame, place: Place, where: str) -> list[Problem]:
    index = pd.date_range(frame.index.min(), frame.index.max(), freq="h")
    pv = (frame["solar_actual_MWh"] + frame["solar_curtailed_MWh"]).reindex(index)
    problems = clock_problems(pv.to_frame("ghi"), sun_over(index, place), index, where)
    return [replace(problem, where=f"{where}, PV of the area", repair=REPAIR) for problem in problems]


def _calendar_problems(tables: Tables, demand: pd.Series, where: str) -> list[Problem]:
    """Hold demand against what the area has in this month, on this kind of day, at this hour."""
    index = pd.date_range(demand.index.min(), demand.index.max(), freq="h")
    hours = tables["area_demand_hours"]
    expected = np.full((13, 2, HOURS_OF_DAY), np.nan)
    is_free = (hours["day_type"] == "free").to_numpy(int)
    expected[hours["month"].to_numpy(int), is_free] = hours[HOURS].to_numpy(float)
    usual = pd.Series(expected[index.month, is_free_day(tables, index).astype(int), index.hour], index)
    fits = _fits(demand.reindex(index), usual)
    best = max(fits, key=lambda lag: (fits[lag], -abs(lag)), default=0)
    if best == 0 or not fits[best] - fits.get(0, -1.0) > GAIN:
        return []
    seen = (
        f"fits weekdays, holidays and hours best {_moved(best)}: correlation {fits[best]:.3f}, as given {fits[0]:.3f}"
    )
    accepted = "demand that is low on free days and at night"
    return [Problem(SHIFTED, f"{where}, demand of the area", seen, accepted, f"{REPAIR}; and the year of the dates")]


def _fits(series: pd.Series, usual: pd.Series) -> dict[int, float]:
    """Return the correlation by how many hours the series is late; lags where it is undefined are left out."""
    if not series.std() > 0.0:
        return {}
    return {lag: float(series.corr(usual.shift(lag))) for lag in range(-LARGEST_LAG_HOURS, LARGEST_LAG_HOURS + 1)}


def _moved(hours: float) -> str:
    return f"{abs(hours):.1f} h {'earlier' if hours > 0 else 'later'}"


def _correlations(fits: dict[int, float], best: int) -> str:
    return f"correlation {fits[best]:.3f}, as given {fits[0]:.3f}"


def forecast_clock_problems(area: pd.DataFrame, forecast: pd.DataFrame, where: str) -> list[Problem]:
    """Return where the demand beside the forecast is another one than the area's, or the forecast fits another hour.

    Parameters
    ----------
    area, forecast : pandas.DataFrame
        Hourly; `forecast` may have gaps.
    where : str
    """
    if forecast.empty:
        return []
    place, demand = f"{where}, forecast of the area's demand", area["demand_MWh"]
    actual = (10.0 * forecast["demand_actual_10MW"]).reindex(area.index)
    expected = (10.0 * forecast["demand_forecast_10MW"]).reindex(area.index)
    off = ((actual / demand - 1.0).abs() > DISAGREEMENT)[actual.notna()]
    problems = []
    if off.mean() > DISAGREEING_HOURS:
        best = _best_hour(actual, demand)
        seen = f"{int(off.sum())} of {len(off)} h differ by more than {DISAGREEMENT:.0%}, the first {off.index[off][0]}"
        seen += f"; it fits best {_moved(best)}" if best else ""
        problems.append(Problem("demand differs between the files", place, seen, "the demand of the area", REPAIR))
    elif best := _best_hour(expected, demand):
        seen = f"the forecast fits the demand best {_moved(best)}"
        problems.append(Problem(SHIFTED, place, seen, "forecast and demand at the same time", REPAIR))
    return problems


def _best_hour(series: pd.Series, demand: pd.Series) -> int:
    """Return by how many hours a series is late, 0 where no other hour fits clearly better."""
    fits = _fits(series, demand)
    best = max(fits, key=lambda lag: (fits[lag], -abs(lag)), default=0)
    return best if best and fits[best] - fits[0] > GAIN / 2.0 else 0


def price_clock_problems(area: pd.DataFrame, price: pd.DataFrame, where: str) -> list[Problem]:
    """Return where the price follows the area's demand less PV and wind hours or days late or early.

    Parameters
    ----------
    area : pandas.DataFrame
        Hourly, a whole year.
    price : pandas.DataFrame
        Half-hourly, the same year.
    where : str
    """
    net = area["demand_MWh"] - area.drop(columns="demand_MWh").sum(axis=1)
    hourly = price["price_jpy_per_kwh"].groupby(pd.DatetimeIndex(price.index).floor("h")).mean().rank()
    fits = _fits(hourly, net.rank())
    if not fits or not np.isfinite(list(fits.values())).all():
        return []
    best = max(fits, key=lambda lag: (fits[lag], -abs(lag)))
    lag = best + _peak(fits[best - 1], fits[best], fits[best + 1]) if abs(best) < LARGEST_LAG_HOURS else float(best)
    if abs(lag) <= PRICE_LAG_HOURS:
        return []
    seen = (
        f"follows demand less PV and wind best {_moved(lag)}: rank correlation {fits[best]:.3f}, as given {fits[0]:.3f}"
    )
    accepted = "a price that is high where demand less PV and wind is high"
    return [Problem(SHIFTED, f"{where}, price of the area", seen, accepted, REPAIR)]


def _peak(before: float, at: float, after: float) -> float:
    """Return where the parabola through three neighbouring values has its peak, from the middle one."""
    bend = before - 2.0 * at + after
    return 0.5 * (before - after) / bend if bend else 0.0
