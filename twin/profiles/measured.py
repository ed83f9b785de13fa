"""Real input: measured area series of a fiscal year drive the same model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from twin.clock import step_hours
from twin.errors import InputError, Problem
from twin.grid.model import GridModel
from twin.profiles.area_calls import plant_orders
from twin.profiles.area_system import area_parameter
from twin.profiles.build import WeatherShapes, build_profiles
from twin.profiles.demand import area_demand, class_shapes
from twin.profiles.measured_read import Measured
from twin.profiles.plants import plant_down_share
from twin.profiles.ranks import month_and_step, rank_mapped, season
from twin.profiles.resampling import hourly_to_steps
from twin.profiles.site_demand import site_demand
from twin.profiles.sites import SiteFleet
from twin.profiles.types import Profiles
from twin.weather_table import WeatherTable

STEPS_PER_HOUR = 2
"""A measured run is half-hourly, as the price is."""


def profiles_from_measured(
    model: GridModel,
    weather: WeatherTable,
    fleet: SiteFleet,
    measured: Measured,
    *,
    seed: int,
    weather_year: int,
    farm_scales: Mapping[str, float] | None = None,
    weather_shapes: WeatherShapes | None = None,
) -> Profiles:
    """Return the profiles of a measured fiscal year.

    Demand: the area's hourly demand is the shape from which the classes of the islands are made; class totals are met
    as ever. PV and wind: the area is an average over 300 km, so only its ranks are used: every plant and site shape
    keeps its own values of `weather` and has them in the order of the area's output before curtailment, PV within
    each month and half-hour of the day, wind within each season. All plants of a kind then move together, which is
    on the safe side for congestion. Cuts and prices are the actual ones.

    Parameters
    ----------
    model, fleet, seed, weather_year, farm_scales, weather_shapes
        See `twin.profiles.build.build_profiles`.
    weather : WeatherTable
        Half-hourly weather on the same fiscal year, for the plants' own distributions.
    measured : Measured
        From `twin.profiles.measured_read.read_measured`.

    Returns
    -------
    Profiles

    Raises
    ------
    InputError
        Where `weather` is not half-hourly or not on the fiscal year, or model and weather do not fit together.
    """
    _check_index(weather.index, measured)
    index, plants, areas, area = weather.index, model.plants, model.areas, measured.area
    key = {"seed": seed, "weather_year": weather_year}
    own = build_profiles(
        model, weather, fleet, seed=seed, weather_year=weather_year, area_level_percent=0, farm_scales=farm_scales,
        shapes=weather_shapes,
    )  # fmt: skip

    available = own.plant_available_mw.copy()
    is_pv, is_wind = ((plants["kind"] == kind).to_numpy() for kind in ("pv", "wind"))
    sun = np.repeat(_potential(area, "solar"), STEPS_PER_HOUR)
    available[:, is_pv] = rank_mapped(available[:, is_pv], sun, month_and_step(index))
    wind = hourly_to_steps(_potential(area, "wind"), STEPS_PER_HOUR)
    available[:, is_wind] = rank_mapped(available[:, is_wind], wind, season(index))

    shapes = class_shapes(index, None, area["demand_MWh"].to_numpy(float))
    cut_pv = _cut_share(area, "solar", area_parameter("controllable_pv_share"))
    cut_wind = _cut_share(area, "wind", area_parameter("controllable_wind_share"))
    orders = plant_orders(index, cut_pv, cut_wind, available, plants, **key)
    return replace(
        own,
        plant_available_mw=available,
        plant_unavailable_mw=available * plant_down_share(plants, index, **key),
        area_demand_mw=area_demand(areas, dict.fromkeys(areas["place"], shapes), index, **key),
        site_pv_per_kw=rank_mapped(own.site_pv_per_kw, sun, month_and_step(index)),
        site_demand_per_kwh=site_demand(index, shapes, fleet.demand_shapes, **key),
        area_cut_pv=cut_pv,
        area_cut_wind=cut_wind,
        area_physical=orders.physical,
        area_settled=orders.settled,
        price_jpy_per_kwh=measured.price["kyushu_price_jpy_per_kwh"].to_numpy(float),
    )


def measured_demand_error(measured: Measured) -> np.ndarray:
    """Return the operator's relative error of the area's demand forecast, for `make_forecasts`; (T,) half-hourly."""
    forecast = measured.forecast
    error = forecast["demand_forecast_10MW"].to_numpy() / forecast["demand_actual_10MW"].to_numpy() - 1
    return np.repeat(error, STEPS_PER_HOUR)


def _potential(area: pd.DataFrame, kind: str) -> np.ndarray:
    """Return the area's output in MW before curtailment; (H,)."""
    return (area[f"{kind}_actual_MWh"] + area[f"{kind}_curtailed_MWh"]).to_numpy(float)


def _cut_share(area: pd.DataFrame, kind: str, controllable_share: float) -> np.ndarray:
    """Return curtailed over controllable output; (T,) 0..1, the same in both half-hours of an hour."""
    potential = _potential(area, kind) * controllable_share
    curtailed = area[f"{kind}_curtailed_MWh"].to_numpy(float)
    share = np.divide(curtailed, potential, out=np.zeros_like(potential), where=potential > 0)
    return np.repeat(np.minimum(share, 1.0), STEPS_PER_HOUR)


def _check_index(index: pd.DatetimeIndex, measured: Measured) -> None:
    wanted = measured.price.index
    if step_hours(index) * STEPS_PER_HOUR != 1 or not index.equals(wanted):
        seen = f"{index[0]} to {index[-1]}, {len(index)} steps"
        accepted = f"{wanted[0]} to {wanted[-1]}, half-hourly"
        raise InputError([Problem("weather and measured series differ in time", "weather", seen, accepted)])
