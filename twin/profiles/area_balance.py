"""Cuts for the balance of the Kyushu area: which half-hours and how much."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.optimize import brentq

from twin.clock import step_hours
from twin.errors import InputError, Problem
from twin.profiles.calendar import day_number
from twin.profiles.resampling import hourly_to_steps
from twin.profiles.tables import parameter, read_table
from twin.randomness import stream


def cut_share(
    index: pd.DatetimeIndex,
    pv_mw: np.ndarray,
    demand_mw: np.ndarray,
    *,
    level_percent: float,
    seed: int,
    weather_year: int,
) -> np.ndarray:
    """Return the share of controllable PV that the area operator orders off.

    Months take the area's months of FY2022 and FY2023. In each month the days are ranked: sunny days with a low
    demand (free and mild days) first, by the local weather mixed with a keyed noise for the rest of Kyushu; as many as
    the area has had, and more where that would not do, are cut with the area's shape over the day. The share is scaled
    so that each month's energy is met.

    Parameters
    ----------
    index : pandas.DatetimeIndex
        (T,), whole fiscal year.
    pv_mw : numpy.ndarray
        (T,) controllable PV output, available.
    demand_mw : numpy.ndarray
        (T,) local demand; it stands for the area's, being low on free and mild days.
    level_percent : float
        Cut energy over the available energy of `pv_mw` in the year; 0 switches the cuts off.
    seed, weather_year : int
        Key of the days' noise.

    Returns
    -------
    numpy.ndarray
        (T,) 0..``area_balance_largest_share``.

    Raises
    ------
    InputError
        Where the index is not a whole year, or a month has not enough PV for its part of the level.
    """
    if level_percent == 0 or not pv_mw.any():
        return np.zeros(len(index))
    if len(set(index.month)) < 12:
        raise InputError([Problem("not a whole year", "weather", f"{index[0]} to {index[-1]}", "April to March")])
    table = read_table("area_balance_months").set_index("month")
    cut_gwh = table["cut_gwh_fy2022"] + table["cut_gwh_fy2023"]
    target = level_percent / 100 * pv_mw.sum() * cut_gwh / cut_gwh.sum()
    rank = _day_rank(index, pv_mw, demand_mw, seed, weather_year)
    shape = _hour_shape(index)
    share = np.zeros(len(index))
    problems = []
    for month, wanted in target.items():
        inside = index.month == month
        part = _month_share(rank[inside], shape[inside], pv_mw[inside], float(wanted), table["cut_days"][month])
        if part is None:
            problems.append(Problem("area-balance level out of reach", f"month {month}", f"{level_percent} %", "lower"))
        else:
            share[inside] = part
    if problems:
        raise InputError(problems)
    return share


def wind_share(pv_share: np.ndarray, wind_mw: np.ndarray, *, level_percent: float) -> np.ndarray:
    """Return the share of controllable wind that is ordered off in the half-hours in which PV is.

    Parameters
    ----------
    pv_share : numpy.ndarray
        (T,) from `cut_share`.
    wind_mw : numpy.ndarray
        (T,) controllable wind output, available.
    level_percent : float
        The level of PV; that of wind is ``area_balance_wind_ratio`` times it.

    Returns
    -------
    numpy.ndarray
        (T,) 0..1, proportional to `pv_share` up to the largest share.

    Raises
    ------
    InputError
        Where there is not enough wind in those half-hours.
    """
    if level_percent == 0 or not wind_mw.any():
        return np.zeros(len(pv_share))
    wanted = parameter("area_balance_wind_ratio") * level_percent / 100 * wind_mw.sum()
    scaled = _scaled_to_energy(pv_share, wind_mw, wanted)
    if scaled is None:
        raise InputError(
            [Problem("area-balance level of wind out of reach", "area balance", f"{level_percent} %", "lower")]
        )
    return scaled


def _day_rank(
    index: pd.DatetimeIndex, pv_mw: np.ndarray, demand_mw: np.ndarray, seed: int, weather_year: int
) -> np.ndarray:
    """Return each step's rank of its day within the month: 1 for the first to be cut, then 2, ..."""
    day = day_number(index)
    month = index.month.to_numpy()[np.unique(day, return_index=True)[1]]
    days = pd.DataFrame({"sun": np.bincount(day, pv_mw), "demand": np.bincount(day, demand_mw)})
    score = days.groupby(month).transform(lambda column: (column - column.mean()) / column.std())
    local = (score["sun"] - score["demand"]) / np.sqrt(2)
    noise = stream(seed, "area balance", weather_year).standard_normal(len(days))
    weight = parameter("area_balance_local_weight")
    surplus = weight * local + np.sqrt(1 - weight**2) * noise
    return surplus.groupby(month).rank(ascending=False).to_numpy()[day]


def _hour_shape(index: pd.DatetimeIndex) -> np.ndarray:
    hours = read_table("area_balance_hours")
    cut, output = hours["cut_share"].to_numpy(), hours["pv_share"].to_numpy()
    share = np.divide(cut, output, out=np.zeros(24), where=output > 0)
    steps_per_hour = round(1 / step_hours(index))
    of_day = hourly_to_steps(share / share.max(), steps_per_hour)
    return of_day[index.hour * steps_per_hour + (index.minute * steps_per_hour) // 60]


def _month_share(
    rank: np.ndarray, shape: np.ndarray, pv_mw: np.ndarray, wanted: float, days: float
) -> np.ndarray | None:
    """Return a month's cut share; more days than usual where the usual ones do not hold the energy."""
    for count in np.arange(np.ceil(days), rank.max() + 1):
        depth = np.clip((count + 1 - rank) / (count + 1), 0, 1) * shape
        share = _scaled_to_energy(depth, pv_mw, wanted, parameter("area_balance_ignored_share"))
        if share is not None:
            return share
    return None


def _scaled_to_energy(
    share: np.ndarray, output_mw: np.ndarray, wanted: float, smallest: float = 0.0
) -> np.ndarray | None:
    """Return `share` scaled, less `smallest`, and capped so that the cut is `wanted`; None where the cap is too low."""
    largest = parameter("area_balance_largest_share")

    def cut(scale: float) -> np.ndarray:
        return np.clip(scale * share - smallest, 0, largest)

    def excess(scale: float) -> float:
        return float(cut(scale) @ output_mw) - wanted

    upper = 20.0
    if wanted == 0:
        return np.zeros_like(share)
    if excess(upper) < 0:
        return None
    return cut(brentq(excess, 0.0, upper, xtol=1e-14, rtol=1e-14))
