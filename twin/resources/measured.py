"""Real input: measured series of an area's supply, demand and price drive the same model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from twin.core.clock import MINUTES_OF_HALF_HOUR, MINUTES_OF_HOUR, step_minutes
from twin.core.errors import InputError, Problem
from twin.core.tables import Tables
from twin.core.weather_table import WeatherTable
from twin.network.model import GridModel
from twin.resources.area_market.balance import area_parameter
from twin.resources.area_market.orders import plant_orders
from twin.resources.demand import area_demand, class_shapes
from twin.resources.plants import plant_down_share
from twin.resources.profiles import Profiles, WeatherShapes, build_profiles
from twin.resources.resampling import held_over_steps, hourly_to_steps, month_and_step, rank_mapped, season
from twin.resources.site_demand import site_demand
from twin.resources.sites import SiteFleet


@dataclass(frozen=True)
class Measured:
    """Measured series of one fiscal year.

    Attributes
    ----------
    year : int
        Calendar year in which the fiscal year begins.
    area : pandas.DataFrame
        Hourly; MWh per hour (mean MW) ``demand_MWh solar_actual_MWh solar_curtailed_MWh wind_actual_MWh
        wind_curtailed_MWh``; actual is after curtailment.
    forecast : pandas.DataFrame
        Hourly; ``demand_actual_10MW demand_forecast_10MW``, unit 10 MW.
    price : pandas.DataFrame
        Half-hourly; ``price_jpy_per_kwh``.
    persisted_hours : int
        Hours of the year without a forecast, for which `forecast` holds the demand of the last day of the same kind.
    """

    year: int
    area: pd.DataFrame
    forecast: pd.DataFrame
    price: pd.DataFrame
    persisted_hours: int = 0


def profiles_from_measured(
    tables: Tables,
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
    each month and step of the day, wind within each season. All plants of a kind then move together, which is
    on the safe side for congestion. Cuts and prices are the actual ones.

    Parameters
    ----------
    tables : Tables
    model, fleet, seed, weather_year, farm_scales, weather_shapes
        See `twin.resources.profiles.build_profiles`.
    weather : WeatherTable
        Weather on the same fiscal year, for the plants' own distributions.
    measured : Measured
        Measured series, e.g. from `studies.measured.series.read_measured`.

    Returns
    -------
    Profiles

    Raises
    ------
    InputError
        Where `weather` is not on the fiscal year, or model and weather do not fit together.
    """
    _check_index(weather, measured)
    index, plants, areas, area = weather.index, model.plants, model.areas, measured.area
    minutes = step_minutes(index)
    key = {"seed": seed, "weather_year": weather_year}
    own = build_profiles(tables,
        model, weather, fleet, seed=seed, weather_year=weather_year, area_level_percent=0, farm_scales=farm_scales,
        shapes=weather_shapes,
    )  # fmt: skip

    available = own.plant_available_mw.copy()
    is_pv, is_wind = ((plants["kind"] == kind).to_numpy() for kind in ("pv", "wind"))
    sun = held_over_steps(_potential(area, "solar"), _minutes_of(area), minutes)
    available[:, is_pv] = rank_mapped(available[:, is_pv], sun, month_and_step(index))
    wind = hourly_to_steps(_potential(area, "wind"), MINUTES_OF_HOUR // minutes)
    available[:, is_wind] = rank_mapped(available[:, is_wind], wind, season(index))

    shapes = class_shapes(tables, index, None, area["demand_MWh"].to_numpy(float), weather.clock)
    cut_pv = _cut_share(area, "solar", area_parameter(tables, "controllable_pv_share"), minutes)
    cut_wind = _cut_share(area, "wind", area_parameter(tables, "controllable_wind_share"), minutes)
    orders = plant_orders(tables, index, cut_pv, cut_wind, available, plants, clock=weather.clock, **key)
    price = measured.price["price_jpy_per_kwh"].to_numpy(float)
    return replace(
        own,
        plant_available_mw=available,
        plant_unavailable_mw=available * plant_down_share(tables, plants, index, **key),
        area_demand_mw=area_demand(tables, areas, dict.fromkeys(areas["place"], shapes), index, **key),
        site_pv_per_kw=rank_mapped(own.site_pv_per_kw, sun, month_and_step(index)),
        site_demand_per_kwh=site_demand(tables, index, shapes, fleet.demand_shapes, **key),
        area_cut_pv=cut_pv,
        area_cut_wind=cut_wind,
        area_physical=orders.physical,
        area_settled=orders.settled,
        price_jpy_per_kwh=held_over_steps(price, _minutes_of(measured.price), minutes),
    )


def measured_demand_error(measured: Measured, minutes: int = MINUTES_OF_HALF_HOUR) -> np.ndarray:
    """Return the operator's relative error of the area's demand forecast, for `make_forecasts`; (T,) by step."""
    forecast = measured.forecast
    error = forecast["demand_forecast_10MW"].to_numpy() / forecast["demand_actual_10MW"].to_numpy() - 1
    return held_over_steps(error, _minutes_of(forecast), minutes)


def _minutes_of(series: pd.DataFrame) -> int:
    return step_minutes(pd.DatetimeIndex(series.index))


def _potential(area: pd.DataFrame, kind: str) -> np.ndarray:
    """Return the area's output in MW before curtailment; (H,)."""
    return (area[f"{kind}_actual_MWh"] + area[f"{kind}_curtailed_MWh"]).to_numpy(float)


def _cut_share(area: pd.DataFrame, kind: str, controllable_share: float, minutes: int) -> np.ndarray:
    """Return curtailed over controllable output; (T,) 0..1, the same in all steps of an hour."""
    potential = _potential(area, kind) * controllable_share
    curtailed = area[f"{kind}_curtailed_MWh"].to_numpy(float)
    share = np.divide(curtailed, potential, out=np.zeros_like(potential), where=potential > 0)
    return held_over_steps(np.minimum(share, 1.0), _minutes_of(area), minutes)


def _check_index(weather: WeatherTable, measured: Measured) -> None:
    index, minutes = weather.index, step_minutes(weather.index)
    wanted = weather.clock.with_step(minutes).fiscal_year(measured.year)
    if not index.equals(wanted):
        seen = f"{index[0]} to {index[-1]}, {len(index)} steps"
        accepted = f"{wanted[0]} to {wanted[-1]}, every {minutes} minutes"
        raise InputError([Problem("weather and measured series differ in time", "weather", seen, accepted)])
