"""The area as one node: its balance, the orders to cut, and its price; calibrated on a normal year."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import brentq

from twin.core.errors import InputError, Problem
from twin.core.tables import Tables
from twin.resources.calendar import day_number

AREA_MARKET = "area_parameters"
"""A table of the market around the island: without it there are neither area balance nor prices."""


def area_parameter(tables: Tables, name: str) -> float:
    """Return one value of ``area_parameters.csv``."""
    return tables.value(name, "area_parameters")


@dataclass(frozen=True)
class AreaDrivers:
    """What decides the balance of the area; (T,) each, MW.

    Attributes
    ----------
    demand_mw : numpy.ndarray
        Demand without pumping.
    pv_mw, wind_mw : numpy.ndarray
        Output before curtailment, all plants of the area.
    must_run_mw : numpy.ndarray
        Nuclear, hydro, geothermal and biomass.
    export_mw : numpy.ndarray
        What the interconnector takes at most, export positive.
    usual_net_mw : numpy.ndarray
        Monthly mean of the net demand in a usual year, from which the price is counted.
    """

    demand_mw: np.ndarray
    pv_mw: np.ndarray
    wind_mw: np.ndarray
    must_run_mw: np.ndarray
    export_mw: np.ndarray
    usual_net_mw: np.ndarray

    @property
    def net_mw(self) -> np.ndarray:
        """Demand that thermal plants, pumping and the interconnector have to meet; (T,) MW, negative in a glut."""
        result: np.ndarray = self.demand_mw - self.must_run_mw - self.pv_mw - self.wind_mw
        return result

    def controllable_mw(self, tables: Tables) -> np.ndarray:
        """Return PV and wind that can be ordered off, nothing without daylight; (T,) MW."""
        shares = area_parameter(tables, "controllable_pv_share"), area_parameter(tables, "controllable_wind_share")
        daylight = self.pv_mw > area_parameter(tables, "daylight_share") * area_parameter(tables, "pv_installed_mw")
        return np.where(daylight, shares[0] * self.pv_mw + shares[1] * self.wind_mw, 0.0)


def surplus_mw(tables: Tables, index: pd.DatetimeIndex, drivers: AreaDrivers) -> np.ndarray:
    """Return what is left over when thermal plants are at their floor, pumps and interconnector at their limit.

    ``thermal floor - net demand - pumping - export``. Thermal units that carry the evening cannot be stopped at noon:
    their floor grows with the highest net demand of the day.

    Parameters
    ----------
    tables : Tables
    index : pandas.DatetimeIndex
        (T,).
    drivers : AreaDrivers

    Returns
    -------
    numpy.ndarray
        (T,) MW; PV and wind have to give way where it is positive.
    """
    day, net = day_number(index), drivers.net_mw
    highest = np.full(day.max() + 1, -np.inf)
    np.maximum.at(highest, day, net)
    committed = (
        area_parameter(tables, "thermal_floor_mw") + area_parameter(tables, "thermal_floor_share") * highest[day]
    )
    result: np.ndarray = np.maximum(committed, 0) - net - area_parameter(tables, "pumping_mw") - drivers.export_mw
    return result


def cut_share(surplus: np.ndarray, controllable_mw: np.ndarray, largest: float) -> np.ndarray:
    """Return which share of the controllable output gives way; (T,) 0..`largest`."""
    share = np.divide(surplus, controllable_mw, out=np.zeros_like(surplus), where=controllable_mw > 0)
    result: np.ndarray = np.clip(share, 0, largest)
    return result


def price_ratio(tables: Tables, drivers: AreaDrivers) -> np.ndarray:
    """Return the price over the usual one of its month, glut left out; (T,).

    ``price_curve.csv`` over the net demand above its usual monthly mean, straight between its points and flat outside.
    """
    curve = tables["price_curve"]
    x = drivers.net_mw - drivers.usual_net_mw
    result: np.ndarray = np.interp(x, curve["net_demand_mw"].to_numpy(float), curve["price_ratio"].to_numpy(float))
    return result


def price_scale(tables: Tables, index: pd.DatetimeIndex, drivers: AreaDrivers, glut: np.ndarray) -> float:
    """Return the factor with which the year's mean, floor prices included, is ``price_mean``; 0 where all is glut."""
    usual = _usual(tables, index, drivers)[~glut].sum()
    wanted = tables.value("price_mean") * len(index) - tables.value("price_floor") * glut.sum()
    return float(wanted / usual) if usual > 0 else 0.0


def area_price(
    tables: Tables, index: pd.DatetimeIndex, drivers: AreaDrivers, glut: np.ndarray, scale: float
) -> np.ndarray:
    """Return the price of a weather year.

    Parameters
    ----------
    tables : Tables
    index : pandas.DatetimeIndex
        (T,).
    drivers : AreaDrivers
        Of the year.
    glut : numpy.ndarray
        (T,) bool, where the price is ``price_floor``.
    scale : float
        From `price_scale` on the normal year.

    Returns
    -------
    numpy.ndarray
        (T,) JPY/kWh, at least ``price_floor``.
    """
    floor = tables.value("price_floor")
    return np.where(glut, floor, np.maximum(scale * _usual(tables, index, drivers), floor))


def _usual(tables: Tables, index: pd.DatetimeIndex, drivers: AreaDrivers) -> np.ndarray:
    result: np.ndarray = tables.by_month("price_months", "price_jpy_per_kwh").loc[index.month].to_numpy() * price_ratio(
        tables, drivers
    )
    return result


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
    tables: Tables,
    index: pd.DatetimeIndex,
    drivers: AreaDrivers,
    pv_mw: np.ndarray,
    wind_mw: np.ndarray,
    *,
    level_percent: float,
) -> AreaCalibration:
    """Find the offset, the wind factor and the price scale of a normal year.

    Parameters
    ----------
    tables : Tables
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
    surplus = surplus_mw(tables, index, drivers)
    if level_percent == 0:
        return AreaCalibration(-np.inf, 0.0, price_scale(tables, index, drivers, np.zeros(len(index), dtype=bool)))
    weight = pv_mw if pv_mw.any() else drivers.pv_mw
    controllable, largest = drivers.controllable_mw(tables), tables.value("area_balance_largest_share")
    wanted = level_percent / 100 * weight.sum()
    by_day = np.flatnonzero(controllable)
    of_day = surplus[by_day], controllable[by_day], weight[by_day]

    def missing(offset: float) -> float:
        result: float = float(cut_share(of_day[0] + offset, of_day[1], largest) @ of_day[2]) - wanted
        return result

    if missing(SEARCHED_MW) < 0:
        raise InputError([Problem("area-balance level out of reach", "area balance", f"{level_percent} %", "lower")])
    offset = float(brentq(missing, -SEARCHED_MW, SEARCHED_MW, xtol=1e-7))
    share = cut_share(surplus + offset, controllable, largest)
    factor = _wind_factor(share, wind_mw, tables.value("area_balance_wind_ratio") * level_percent / 100)
    return AreaCalibration(
        offset, factor, price_scale(tables, index, drivers, is_glut(tables, surplus + offset, share))
    )


def area_year(tables: Tables, index: pd.DatetimeIndex, drivers: AreaDrivers, calibration: AreaCalibration) -> AreaYear:
    """Return orders and price of a weather year.

    Parameters
    ----------
    tables : Tables
    index : pandas.DatetimeIndex
        (T,).
    drivers : AreaDrivers
        Of the year.
    calibration : AreaCalibration
        From `calibrate` on the normal year.
    """
    surplus = surplus_mw(tables, index, drivers) + calibration.offset_mw
    share = cut_share(surplus, drivers.controllable_mw(tables), tables.value("area_balance_largest_share"))
    price = area_price(tables, index, drivers, is_glut(tables, surplus, share), calibration.price_scale)
    return AreaYear(share, _of_wind(share, calibration.wind_factor), price)


def is_glut(tables: Tables, surplus: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Return where the price is at its floor: wherever an order is given, and a margin before; (T,) bool."""
    return (share > 0) | (surplus > -area_parameter(tables, "glut_margin_mw"))


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
