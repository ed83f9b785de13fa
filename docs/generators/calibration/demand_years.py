"""Demand of the islands in several weather years and in the measured ones, and the same statistics of both."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from model_year import CALENDAR_YEAR, SEED

from network_models.island import find_island
from network_models.model import grid_of
from network_models.reading import island_tables
from twin.core.clock import fiscal_year
from twin.resources.calendar import is_free_day
from twin.resources.demand import CLASSES, area_demand, class_shapes
from weather.synthetic.year import synthetic_year

GOTO = island_tables(find_island())

WEATHER_YEARS = range(6)
HEATING_BELOW_C, COOLING_ABOVE_C = 16.0, 20.0


@cache
def weather_year(number: int) -> tuple[pd.DatetimeIndex, dict[str, np.ndarray]]:
    """Return the index and the temperature (T,) by place of a synthetic year."""
    weather = synthetic_year(GOTO, CALENDAR_YEAR, number, SEED)
    return weather.index, {name: table["temp_air"].to_numpy() for name, table in weather.values.items()}


@cache
def island_demand(number: int) -> pd.Series:
    """Return the demand of all areas in a weather year, (T,) MW."""
    index, temperature = weather_year(number)
    areas = grid_of("goto", CALENDAR_YEAR).areas
    shapes = {place: class_shapes(GOTO, index, temperature[place]) for place in areas["place"].unique()}
    return pd.Series(area_demand(GOTO, areas, shapes, index, seed=SEED, weather_year=number).sum(axis=1), index)


def class_gwh_of_city() -> dict[str, float]:
    """Return the energy of each class in Goto City in the normal year, each run by itself."""
    index, temperature = weather_year(0)
    areas = grid_of("goto", CALENDAR_YEAR).areas
    areas = areas[areas["municipality"].astype(bool)]
    shapes = {place: class_shapes(GOTO, index, temperature[place]) for place in areas["place"].unique()}
    energy = {}
    for name in CLASSES:
        only = areas.assign(**{f"{other}_kwh": 0.0 for other in CLASSES if other != name})
        energy[name] = area_demand(GOTO, only, shapes, index, seed=SEED, weather_year=0).sum() / 2 / 1000
    return energy


def measured_area(data: Path) -> pd.Series:
    """Return the demand of the Kyushu area of FY2021 and FY2022, hourly MW."""
    file = data / "kyushu_area/kyushu_area_supply_demand_hourly_fy2021_fy2022.csv"
    area = pd.read_csv(file, index_col=0, parse_dates=True)["demand_MWh"].astype(float)
    return area.set_axis(pd.DatetimeIndex(area.index).tz_localize("Asia/Tokyo"))


def island_demand_of_area(area: pd.Series, year: int) -> pd.Series:
    """Return the demand of the islands when the area's demand is that of a measured fiscal year, (T,) MW."""
    index, areas = fiscal_year(year), grid_of("goto", CALENDAR_YEAR).areas
    shapes = class_shapes(GOTO, index, None, area.loc[f"{year}-04-01" : f"{year + 1}-03-31"].to_numpy())
    places = dict.fromkeys(areas["place"], shapes)
    return pd.Series(area_demand(GOTO, areas, places, index, seed=SEED, weather_year=0).sum(axis=1), index)


def months(demand: pd.Series) -> np.ndarray:
    """Return the monthly means over the mean, January first; (12,)."""
    return (demand.groupby(pd.DatetimeIndex(demand.index).month).mean() / demand.mean()).to_numpy()


def workday_spread(demand: pd.Series) -> pd.Series:
    """Return by month how work days spread around a line through the month: standard deviation over the mean."""
    work = demand[~is_free_day(GOTO, pd.DatetimeIndex(demand.index))]
    day = work.groupby(pd.DatetimeIndex(work.index).date).mean()
    dates = pd.DatetimeIndex(day.index)
    spread = {}
    for (year, month), days in day.groupby([dates.year, dates.month]):
        number = pd.DatetimeIndex(days.index).day.to_numpy(float)
        line = np.polyval(np.polyfit(number, days.to_numpy(), 1), number)
        spread[year, month] = np.std(days.to_numpy() - line, ddof=2) / days.mean()
    return pd.Series(spread).groupby(level=1).mean()


def slopes_of_months(of_months: np.ndarray, normals: np.ndarray) -> tuple[float, float]:
    """Return heating and cooling of monthly demand in percent of the mean per kelvin, by least squares on the V.

    `normals` are the months' normal temperatures; the V has its corners at 16 and 20 C.
    """
    heat, cool = np.clip(HEATING_BELOW_C - normals, 0, None), np.clip(normals - COOLING_ABOVE_C, 0, None)
    design = np.column_stack([np.ones(12), heat, cool])
    _, heating, cooling = np.linalg.lstsq(design, of_months, rcond=None)[0]
    return 100 * heating, 100 * cooling
