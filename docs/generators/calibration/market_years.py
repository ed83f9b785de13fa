"""The Kyushu area's measured years beside the model of its balance and price, and weather years without data."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from network_models.island import find_island
from network_models.reading import island_tables
from twin.core.clock import DEFAULT_CLOCK, Clock, fiscal_year
from twin.core.weather_table import WeatherTable
from twin.resources.area_market.balance import (
    AreaCalibration,
    AreaDrivers,
    AreaYear,
    area_year,
    calibrate,
    cut_share,
    is_glut,
    price_ratio,
    surplus_mw,
)
from twin.resources.area_market.drivers import area_drivers
from weather.synthetic.year import synthetic_year

GOTO = island_tables(find_island())

INSTALLED_PV_MW = {2021: 10_900.0, 2022: 11_600.0, 2024: 12_300.0}
"""Fitted to the area's output, +-5 %; FY2024: 0.35 GW a year more, an estimate."""

MUST_RUN = ["nuclear_MWh", "hydro_MWh", "geothermal_MWh", "biomass_MWh"]
HOURS = fiscal_year(2030, 60)


@dataclass(frozen=True)
class AreaHours:
    """Hours of a fiscal year of the area: cut in MWh, price in JPY/kWh, floor price as share of the hour."""

    index: pd.DatetimeIndex
    potential_mwh: float
    cut: np.ndarray
    price: np.ndarray
    floor: np.ndarray

    @property
    def cut_percent(self) -> float:
        """Cut over the PV and wind that there would have been."""
        return 100 * float(self.cut.sum()) / self.potential_mwh

    def days_above(self, mwh: float) -> int:
        """Return on how many days an hour has more than this cut."""
        return int((self.cut.reshape(-1, 24).max(axis=1) > mwh).sum())

    def percent_of_cut(self, inside: np.ndarray) -> float:
        """Return the part of the cut energy in the hours `inside`, (T,) bool."""
        return 100 * float(self.cut[inside].sum() / self.cut.sum())

    def price_at(self, hour: int) -> float:
        """Return the mean price at an hour of the day over the mean of all."""
        return float(self.price[self.index.hour == hour].mean() / self.price.mean())


@cache
def measured_and_model(data: Path, year: int) -> tuple[AreaHours, AreaHours]:
    """Return a fiscal year as measured, and modelled with the measured demand, PV, wind, must-run plants and export.

    The modelled price has the measured yearly mean and no measured months.
    """
    area, price = _area(data, year), _price(data, year)
    index = pd.DatetimeIndex(area.index)
    drivers = _measured_drivers(area)
    surplus = surplus_mw(GOTO, index, drivers)
    tables = island_tables(find_island(), {"area_parameters": {"pv_installed_mw": INSTALLED_PV_MW[year]}})
    controllable = drivers.controllable_mw(tables)
    share = cut_share(surplus, controllable, GOTO.value("area_balance_largest_share"))
    glut = is_glut(GOTO, surplus, share)
    ratio = np.where(glut, GOTO.value("price_floor") / GOTO.value("price_mean"), price_ratio(GOTO, drivers))
    slots = price.to_numpy().reshape(-1, 2)
    cut = (area["solar_curtailed_MWh"] + area["wind_curtailed_MWh"]).to_numpy(float)
    potential, at_floor = float((drivers.pv_mw + drivers.wind_mw).sum()), slots <= GOTO.value("price_floor") + 1e-9
    measured = AreaHours(index, potential, cut, slots.mean(axis=1), at_floor.mean(axis=1))
    modelled_price = ratio * slots.mean() / ratio.mean()
    return measured, AreaHours(index, potential, share * controllable, modelled_price, glut.astype(float))


def month_and_hour(year: AreaHours) -> np.ndarray:
    """Return the cut by month (April first) and hour of the day; (12, 24) MWh."""
    table = np.zeros((12, 24))
    np.add.at(table, ((year.index.month.to_numpy() - 4) % 12, year.index.hour.to_numpy()), year.cut)
    return table


@dataclass(frozen=True)
class SyntheticYear:
    """A weather year of an area: drivers and orders, hourly."""

    drivers: AreaDrivers
    orders: AreaYear

    @property
    def cut_mwh(self) -> np.ndarray:
        """Cut of the area; (8760,)."""
        return self.orders.cut_pv * self.drivers.controllable_mw(GOTO)


def synthetic_years(count: int, installed_mw: float, level_percent: float | None) -> list[SyntheticYear]:
    """Return weather years 0, 1, ... of an area with so much PV.

    Parameters
    ----------
    count : int
    installed_mw : float
    level_percent : float or None
        Level of the normal year; None for no offset: what the fit of FY2021 gives by itself.
    """
    years = []
    area = AreaCalibration(0.0, 1.0, 1.0)
    tables = island_tables(find_island(), {"area_parameters": {"pv_installed_mw": installed_mw}})
    for number in range(count):
        drivers = area_drivers(tables, _weather(number), seed=1, weather_year=number)
        if level_percent is not None and number == 0:
            area = calibrate(tables, HOURS, drivers, drivers.pv_mw, drivers.wind_mw, level_percent=level_percent)
        years.append(SyntheticYear(drivers, area_year(tables, HOURS, drivers, area)))
    return years


@cache
def _weather(number: int) -> WeatherTable:
    return synthetic_year(GOTO, 2030, number, 1, Clock(step_minutes=60))


def _area(data: Path, year: int) -> pd.DataFrame:
    (path,) = data.glob("kyushu_area/kyushu_area_supply_demand_hourly_*.csv")
    frame = pd.read_csv(path)
    frame.index = pd.to_datetime(frame["datetime_start_JST"]).dt.tz_localize(DEFAULT_CLOCK.timezone)
    return frame.loc[fiscal_year(year, 60)]


def _price(data: Path, year: int) -> pd.Series:
    (path,) = data.glob("jepx/jepx_kyushu_spot_halfhourly_*.csv")
    frame = pd.read_csv(path)
    times = pd.to_datetime(frame["date"]) + pd.to_timedelta((frame["slot"] - 1) * 30, unit="min")
    return (
        frame["kyushu_price_jpy_per_kwh"].set_axis(times.dt.tz_localize(DEFAULT_CLOCK.timezone)).loc[fiscal_year(year)]
    )


def _measured_drivers(area: pd.DataFrame) -> AreaDrivers:
    pv, wind = (
        (area[f"{kind}_actual_MWh"] + area[f"{kind}_curtailed_MWh"]).to_numpy(float) for kind in ("solar", "wind")
    )
    demand, must_run = area["demand_MWh"].to_numpy(float), area[MUST_RUN].sum(axis=1).to_numpy(float)
    net = pd.Series(demand - must_run - pv - wind)
    usual = net.groupby(area.index.month).transform("mean").to_numpy()
    return AreaDrivers(demand, pv, wind, must_run, -area["interconnection_MWh"].to_numpy(float), usual)
