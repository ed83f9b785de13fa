"""From weather, grid and sites to `Profiles`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from twin.errors import Problem, raise_if_any
from twin.grid.model import GridModel
from twin.profiles.area_balance import cut_share, wind_share
from twin.profiles.demand import area_demand, class_shapes
from twin.profiles.offline_calls import offline_calls
from twin.profiles.plants import plant_available_mw, plant_down_share, plant_problems, wind_scales
from twin.profiles.price import price_climatology
from twin.profiles.pv import Sky, orientations, oriented_per_kw, sky_at
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
        Cut share of controllable PV energy for area balance; default ``area_balance_level``; 0 switches it off.
    farm_scales : mapping of str to float, optional
        Wind-speed factor per farm from `twin.profiles.plants.wind_scales` on a normal year; default: `weather` is
        taken as the normal year.
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
    level = parameter("area_balance_level") if area_level_percent is None else area_level_percent
    key = {"seed": seed, "weather_year": weather_year}
    shapes = weather_shapes(areas, weather) if shapes is None else shapes
    scales = wind_scales(plants, weather) if farm_scales is None else farm_scales

    available = plant_available_mw(plants, weather, shapes.skies, scales)
    demand = area_demand(areas, shapes.demand, index, **key)
    pv_mw = available[:, controllable(plants, "pv")].sum(axis=1)
    cut_pv = cut_share(index, pv_mw, demand.sum(axis=1), level_percent=level, **key)
    wind_mw = available[:, controllable(plants, "wind")].sum(axis=1)
    return Profiles(
        index=index,
        plant_available_mw=available,
        plant_unavailable_mw=available * plant_down_share(plants, index, **key),
        area_demand_mw=demand,
        site_pv_per_kw=site_pv(fleet, shapes.skies),
        site_demand_per_kwh=site_demand(index, shapes.demand[main_place(areas)], fleet.demand_shapes, **key),
        area_cut_pv=cut_pv,
        area_cut_wind=wind_share(cut_pv, wind_mw, level_percent=level),
        offline_today=offline_calls(index, cut_pv, pv_mw, plants, **key),
        price_jpy_per_kwh=price_climatology(index, cut_pv),
    )


def model_problems(model: GridModel, weather: WeatherTable) -> list[Problem]:
    """Return what does not fit between a grid model and a weather table."""
    found = plant_problems(model.plants, weather)
    for area, place in model.areas["place"].items():
        if place not in weather.places:
            found.append(Problem("no weather for the place", f"areas.csv, {area}", place, ", ".join(weather.places)))
    return found


def controllable(plants: pd.DataFrame, kind: str) -> np.ndarray:
    """Return which plants of a kind take part in area balance; (P,) bool."""
    return ((plants["kind"] == kind) & (plants["area_rule"] != "exempt")).to_numpy()


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
