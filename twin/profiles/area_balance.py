"""Orders for the balance of the Kyushu area and its price: calibrated on a normal year, driven by any weather."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import brentq

from twin.errors import InputError, Problem
from twin.profiles.area_system import AreaDrivers, area_parameter, cut_share, surplus_mw
from twin.profiles.price import area_price, price_scale
from twin.profiles.tables import parameter

SEARCHED_MW = 60_000.0
"""Offsets within which the level is looked for, MW either way: more than the area's demand and PV together."""


@dataclass(frozen=True)
class AreaCalibration:
    """What a normal year fixes for all weather years.

    Attributes
    ----------
    offset_mw : float
        Added to the surplus so that the normal year meets the level; minus infinity where nothing is to be cut.
    wind_factor : float
        Cut share of wind over that of PV within a half-hour.
    price_scale : float
        Factor on the price curve with which the normal year has the price level.
    """

    offset_mw: float
    wind_factor: float
    price_scale: float


@dataclass(frozen=True)
class AreaYear:
    """Orders and price of one weather year; (T,) each.

    Attributes
    ----------
    cut_pv, cut_wind : numpy.ndarray
        Share of the controllable output of the area that is ordered off, 0..1.
    price_jpy_per_kwh : numpy.ndarray
    """

    cut_pv: np.ndarray
    cut_wind: np.ndarray
    price_jpy_per_kwh: np.ndarray


def calibrate(
    index: pd.DatetimeIndex, drivers: AreaDrivers, pv_mw: np.ndarray, wind_mw: np.ndarray, *, level_percent: float
) -> AreaCalibration:
    """Find the offset, the wind factor and the price scale of a normal year.

    Parameters
    ----------
    index : pandas.DatetimeIndex
        (T,), a whole fiscal year.
    drivers : AreaDrivers
        Of the normal year.
    pv_mw, wind_mw : numpy.ndarray
        (T,) controllable output of the study's own plants, the weights of the level; without PV the area's counts.
    level_percent : float
        Share of the PV energy that is ordered off in the year; that of wind is ``area_balance_wind_ratio`` times it.

    Returns
    -------
    AreaCalibration

    Raises
    ------
    InputError
        Where the index is not a whole year, or no offset gives the level.
    """
    if len(set(index.month)) < 12:
        raise InputError([Problem("not a whole year", "weather", f"{index[0]} to {index[-1]}", "April to March")])
    surplus = surplus_mw(index, drivers)
    if level_percent == 0:
        return AreaCalibration(-np.inf, 0.0, price_scale(index, drivers, np.zeros(len(index), dtype=bool)))
    weight = pv_mw if pv_mw.any() else drivers.pv_mw
    controllable, largest = drivers.controllable_mw(), parameter("area_balance_largest_share")
    wanted = level_percent / 100 * weight.sum()
    by_day = np.flatnonzero(controllable)
    of_day = surplus[by_day], controllable[by_day], weight[by_day]

    def missing(offset: float) -> float:
        return float(cut_share(of_day[0] + offset, of_day[1], largest) @ of_day[2]) - wanted

    if missing(SEARCHED_MW) < 0:
        raise InputError([Problem("area-balance level out of reach", "area balance", f"{level_percent} %", "lower")])
    offset = float(brentq(missing, -SEARCHED_MW, SEARCHED_MW, xtol=1e-7))
    share = cut_share(surplus + offset, controllable, largest)
    factor = _wind_factor(share, wind_mw, parameter("area_balance_wind_ratio") * level_percent / 100)
    return AreaCalibration(offset, factor, price_scale(index, drivers, is_glut(surplus + offset, share)))


def area_year(index: pd.DatetimeIndex, drivers: AreaDrivers, calibration: AreaCalibration) -> AreaYear:
    """Return orders and price of a weather year.

    Parameters
    ----------
    index : pandas.DatetimeIndex
        (T,).
    drivers : AreaDrivers
        Of the year.
    calibration : AreaCalibration
        From `calibrate` on the normal year.
    """
    surplus = surplus_mw(index, drivers) + calibration.offset_mw
    share = cut_share(surplus, drivers.controllable_mw(), parameter("area_balance_largest_share"))
    price = area_price(index, drivers, is_glut(surplus, share), calibration.price_scale)
    return AreaYear(share, _of_wind(share, calibration.wind_factor), price)


def is_glut(surplus: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Return where the price is at its floor: wherever an order is given, and a margin before; (T,) bool."""
    return (share > 0) | (surplus > -area_parameter("glut_margin_mw"))


def _of_wind(share: np.ndarray, factor: float) -> np.ndarray:
    return np.minimum(factor * share, 1.0)


def _wind_factor(share: np.ndarray, wind_mw: np.ndarray, wanted: float) -> float:
    """Return the factor with which wind loses the share `wanted` of its energy; 0 without wind."""
    if not wind_mw.any() or wanted == 0:
        return 0.0
    cut, total = share > 0, float(wind_mw.sum())
    of_cut, upper = (share[cut], wind_mw[cut]), 1 / share[cut].min()

    def missing(factor: float) -> float:
        return float(_of_wind(of_cut[0], factor) @ of_cut[1]) / total - wanted

    if missing(upper) < 0:
        seen = f"{100 * wanted:g} %"
        raise InputError([Problem("area-balance level of wind out of reach", "area balance", seen, "lower")])
    return float(brentq(missing, 0.0, upper, xtol=1e-12))
