"""Price of the Kyushu area: a merit-order curve over the net demand, and the floor while there is a glut."""

from __future__ import annotations

import numpy as np
import pandas as pd

from twin.profiles.area_system import AreaDrivers
from twin.profiles.tables import by_month, parameter, read_table


def price_ratio(drivers: AreaDrivers) -> np.ndarray:
    """Return the price over the usual one of its month, glut left out; (T,).

    ``price_curve.csv`` over the net demand above its usual monthly mean, straight between its points and flat outside.
    """
    curve = read_table("price_curve")
    x = drivers.net_mw - drivers.usual_net_mw
    return np.interp(x, curve["net_demand_mw"].to_numpy(float), curve["price_ratio"].to_numpy(float))


def price_scale(index: pd.DatetimeIndex, drivers: AreaDrivers, glut: np.ndarray) -> float:
    """Return the factor with which the year's mean, floor prices included, is ``price_mean``; 0 where all is glut."""
    usual = _usual(index, drivers)[~glut].sum()
    wanted = parameter("price_mean") * len(index) - parameter("price_floor") * glut.sum()
    return float(wanted / usual) if usual > 0 else 0.0


def area_price(index: pd.DatetimeIndex, drivers: AreaDrivers, glut: np.ndarray, scale: float) -> np.ndarray:
    """Return the price of a weather year.

    Parameters
    ----------
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
    floor = parameter("price_floor")
    return np.where(glut, floor, np.maximum(scale * _usual(index, drivers), floor))


def _usual(index: pd.DatetimeIndex, drivers: AreaDrivers) -> np.ndarray:
    return by_month("price_months", "price_jpy_per_kwh").loc[index.month].to_numpy() * price_ratio(drivers)
