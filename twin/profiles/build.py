"""From weather, grid and sites to `Profiles`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from twin.errors import Problem, raise_if_any
from twin.grid.model import GridModel
from twin.profiles.area_balance import AreaCalibration, area_year, calibrate
from twin.profiles.area_calls import controllable, plant_orders
from twin.profiles.area_drivers import area_drivers
from twin.profiles.area_system import AreaDrivers
from twin.profiles.demand import area_demand, class_shapes
from twin.profiles.plants import plant_available_mw, plant_down_share, plant_problems, wind_scales
from twin.profiles.pv import Sky, oriented_per_kw, sky_at
from twin.profiles.pv_fleets import orientations
from twin.profiles.site_demand import site_demand
from twin.profiles.sites import SiteFleet
from twin.profiles.tables import parameter
from twin.profiles.types import Profiles
from twin.weather_table import WeatherTable


@dataclass(frozen=True)
class WeatherShapes:
    """What follows from the weather alone and serves several grids: skies and demand shapes, by place."""

    skies: dict[str, Sky]
    demand: dict[str, dict[str, np.ndarray]]


def weather_shapes(areas: pd.DataFrame, weather: WeatherTable) -> WeatherShapes:
    """Return the skies of all places and the demand shapes of the areas' places."""
    values = weather.values
    skies = {name: sky_at(values[name], place) for name, place in weather.places.items()}
    index, places = weather.index, areas["place"].unique()
    return WeatherShapes(skies, {name: class_shapes(index, values[name]["temp_air"].to_numpy()) for name in places})


def build_profiles(
    model: GridModel,
    weather: WeatherTable,
    fleet: SiteFleet,
    *,
    seed: int,
    weather_year: int,
    area_level_percent: float | None = None,
    farm_scales: Mapping[str, float] | None = None,
    area: AreaCalibration | None = None,
    shapes: WeatherShapes | None = None,
) -> Profiles:
    """Return the profiles of one weather year.

    Parameters
    ----------
    model : GridModel
        Its `plants` and `areas`.
    weather : WeatherTable
        A whole fiscal year; cut days out afterwards by `Profiles.window`.
    fleet : SiteFleet
        From `twin.profiles.sites.build_fleet` with the same areas.
    seed, weather_year : int
        Key of all random streams.
    area_level_percent : float, optional
        Cut share of controllable PV energy for area balance in the normal year; default ``area_balance_level``; 0
        switches it off. Not used where `area` is given.
    farm_scales : mapping of str to float, optional
        Wind-speed factor per farm from `twin.profiles.plants.wind_scales` on a normal year; default: `weather` is
        taken as the normal year.
    area : AreaCalibration, optional
        From `area_calibration` on a normal year; default: `weather` is taken as the normal year.
    shapes : WeatherShapes, optional
        From `weather_shapes` of the same weather, to share it between grids.

    Returns
    -------
    Profiles

    Raises
    ------
    InputError
        With all plants, areas and places that do not fit together.
    """
    raise_if_any(model_problems(model, weather))
    plants, areas, index = model.plants, model.areas, weather.index
    key = {"seed": seed, "weather_year": weather_year}
    shapes = weather_shapes(areas, weather) if shapes is None else shapes
    scales = wind_scales(plants, weather) if farm_scales is None else farm_scales

    available = plant_available_mw(plants, weather, shapes.skies, scales)
    demand = area_demand(areas, shapes.demand, index, **key)
    drivers = area_drivers(weather, **key)
    if area is None:
        area = _calibration(index, drivers, available, plants, area_level_percent)
    orders_of_area = area_year(index, drivers, area)
    cut_pv, cut_wind = orders_of_area.cut_pv, orders_of_area.cut_wind
    orders = plant_orders(index, cut_pv, cut_wind, available, plants, **key)
    return Profiles(
        index=index,
        plant_available_mw=available,
        plant_unavailable_mw=available * plant_down_share(plants, index, **key),
        area_demand_mw=demand,
        site_pv_per_kw=site_pv(fleet, shapes.skies),
        site_demand_per_kwh=site_demand(index, shapes.demand[main_place(areas)], fleet.demand_shapes, **key),
        area_cut_pv=cut_pv,
        area_cut_wind=cut_wind,
        area_physical=orders.physical,
        area_settled=orders.settled,
        price_jpy_per_kwh=orders_of_area.price_jpy_per_kwh,
    )


def area_calibration(
    plants: pd.DataFrame,
    normal: WeatherTable,
    *,
    seed: int,
    normal_year: int = 0,
    area_level_percent: float | None = None,
    farm_scales: Mapping[str, float] | None = None,
) -> AreaCalibration:
    """Return what a normal year fixes of area balance and price, for `build_profiles` with another year's weather.

    Parameters
    ----------
    plants : pandas.DataFrame
        `GridModel.plants`.
    normal : WeatherTable
        The normal year.
    seed, normal_year : int
        Key of the area's noise in it.
    area_level_percent, farm_scales
        See `build_profiles`.
    """
    skies = {name: sky_at(normal.values[name], place) for name, place in normal.places.items()}
    scales = wind_scales(plants, normal) if farm_scales is None else farm_scales
    available = plant_available_mw(plants, normal, skies, scales)
    drivers = area_drivers(normal, seed=seed, weather_year=normal_year)
    return _calibration(normal.index, drivers, available, plants, area_level_percent)


def _calibration(
    index: pd.DatetimeIndex,
    drivers: AreaDrivers,
    available_mw: np.ndarray,
    plants: pd.DataFrame,
    level_percent: float | None,
) -> AreaCalibration:
    level = parameter("area_balance_level") if level_percent is None else level_percent
    pv_mw, wind_mw = (available_mw[:, controllable(plants, kind)].sum(axis=1) for kind in ("pv", "wind"))
    return calibrate(index, drivers, pv_mw, wind_mw, level_percent=level)


def model_problems(model: GridModel, weather: WeatherTable) -> list[Problem]:
    """Return what does not fit between a grid model and a weather table."""
    found = plant_problems(model.plants, weather)
    for area, place in model.areas["place"].items():
        if place not in weather.places:
            found.append(Problem("no weather for the place", f"areas.csv, {area}", place, ", ".join(weather.places)))
    return found


def main_place(areas: pd.DataFrame) -> str:
    """Return the place with most residential demand: its weather drives the sites' own demand."""
    return str(areas.groupby("place")["residential_kwh"].sum().idxmax())


def site_pv(fleet: SiteFleet, skies: Mapping[str, Sky]) -> np.ndarray:
    """Return AC kW per kW dc of each of `SiteFleet.pv_shapes`, before AC clipping; (T, K)."""
    steps = len(next(iter(skies.values())).ghi)
    per_kw = np.zeros((steps, len(fleet.pv_shapes)))
    for column, shape in enumerate(fleet.pv_shapes):
        tilt, azimuth, _ = orientations(shape.fleet).iloc[shape.orientation]
        per_kw[:, column] = oriented_per_kw(skies[shape.place], shape.fleet, tilt, azimuth)
    return per_kw
