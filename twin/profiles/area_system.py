"""The Kyushu area as one node: what supplies it besides PV and wind, and how much of them finds no place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from twin.profiles.calendar import day_number
from twin.profiles.tables import parameter


def area_parameter(name: str) -> float:
    """Return one value of ``area_parameters.csv``."""
    return parameter(name, "area_parameters")


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
        return self.demand_mw - self.must_run_mw - self.pv_mw - self.wind_mw

    def controllable_mw(self) -> np.ndarray:
        """Return PV and wind that can be ordered off, nothing without daylight; (T,) MW."""
        shares = area_parameter("controllable_pv_share"), area_parameter("controllable_wind_share")
        daylight = self.pv_mw > area_parameter("daylight_share") * area_parameter("pv_installed_mw")
        return np.where(daylight, shares[0] * self.pv_mw + shares[1] * self.wind_mw, 0.0)


def surplus_mw(index: pd.DatetimeIndex, drivers: AreaDrivers) -> np.ndarray:
    """Return what is left over when thermal plants are at their floor, pumps and interconnector at their limit.

    ``thermal floor - net demand - pumping - export``. Thermal units that carry the evening cannot be stopped at noon:
    their floor grows with the highest net demand of the day.

    Parameters
    ----------
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
    committed = area_parameter("thermal_floor_mw") + area_parameter("thermal_floor_share") * highest[day]
    return np.maximum(committed, 0) - net - area_parameter("pumping_mw") - drivers.export_mw


def cut_share(surplus: np.ndarray, controllable_mw: np.ndarray, largest: float) -> np.ndarray:
    """Return which share of the controllable output gives way; (T,) 0..`largest`."""
    share = np.divide(surplus, controllable_mw, out=np.zeros_like(surplus), where=controllable_mw > 0)
    return np.clip(share, 0, largest)
