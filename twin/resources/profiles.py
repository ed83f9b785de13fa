"""What the closed loop reads of weather, demand and market, and how it is made: `Profiles`, `Forecasts`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace

import numpy as np
import pandas as pd

from twin.core.errors import InputError, Problem, raise_if_any
from twin.core.tables import Tables
from twin.core.weather_table import WeatherTable
from twin.network.model import GridModel
from twin.resources.area_market.balance import AREA_MARKET, AreaCalibration, AreaDrivers, AreaYear, area_year, calibrate
from twin.resources.area_market.drivers import area_drivers
from twin.resources.area_market.orders import PlantOrders, controllable, plant_orders
from twin.resources.calendar import is_free_day
from twin.resources.demand import area_demand, class_shapes
from twin.resources.plants import plant_available_mw, plant_down_share, plant_problems, wind_scales
from twin.resources.pv import Sky, orientations, oriented_per_kw, sky_at
from twin.resources.site_demand import site_demand
from twin.resources.sites import SiteFleet


@dataclass(frozen=True)
class Profiles:
    """Truth of one weather year; axes T time, P plants, A areas, K site PV shapes, D site demand shapes.

    Attributes
    ----------
    index : pandas.DatetimeIndex
        Interval starts; time-zone aware.
    plant_available_mw : numpy.ndarray
        (T, P) resource-limited AC output after clipping at `contract_mw`, before outages; not negative.
    plant_unavailable_mw : numpy.ndarray
        (T, P) part of it that is out of order; not negative, at most `plant_available_mw`.
    area_demand_mw : numpy.ndarray
        (T, A) gross demand, the sites' demand included; consumption positive.
    site_pv_per_kw : numpy.ndarray
        (T, K) AC kW per kW dc, before AC clipping, in the order of `SiteFleet.pv_shapes`.
    site_demand_per_kwh : numpy.ndarray
        (T, D) kW per kWh/year, in the order of `SiteFleet.demand_shapes`.
    area_cut_pv, area_cut_wind : numpy.ndarray
        (T,) share of the area's controllable output ordered off for area balance, 0..1.
    area_physical, area_settled : numpy.ndarray
        (T, P) share of the plant's output that is cut for it in fact, and that it is not paid for, 0..1.
    price_jpy_per_kwh : numpy.ndarray
        (T,) area price; NaN where the island has no tables of the market around it.
    is_workday : numpy.ndarray
        (T,) bool; days on which offices are open.
    """

    index: pd.DatetimeIndex
    plant_available_mw: np.ndarray
    plant_unavailable_mw: np.ndarray
    area_demand_mw: np.ndarray
    site_pv_per_kw: np.ndarray
    site_demand_per_kwh: np.ndarray
    area_cut_pv: np.ndarray
    area_cut_wind: np.ndarray
    area_physical: np.ndarray
    area_settled: np.ndarray
    price_jpy_per_kwh: np.ndarray
    is_workday: np.ndarray

    def window(self, start: int, stop: int) -> Profiles:
        """Return the steps ``start .. stop - 1``; everything was calibrated on the whole year before."""
        _check_window(start, stop, len(self.index))
        return replace(self, **{field.name: getattr(self, field.name)[start:stop] for field in fields(self)})


@dataclass(frozen=True)
class Published:
    """What the operator's expectation of the coming days is made of: truth, errors of size 1, and sizes by lead.

    An expectation made `lead` steps before step t is ``truth[t] + sum(sizes[lead] * error[t])``.

    Attributes
    ----------
    export_mw : numpy.ndarray
        (T,) the link's export without management as it comes, without network losses; export positive.
    export_error_mw : numpy.ndarray
        (T, 4) its errors of size 1: PV, wind, demand, and outages that nobody foresees.
    pv_error, load_error : numpy.ndarray
        (T,) relative errors of size 1 of the sites' PV and of their demand.
    sizes : numpy.ndarray
        (L, 4) size of the errors at leads of 0 .. L - 1 steps, held beyond; PV, wind, demand, 1.
    issue_steps : int
        Steps between two issues; the first of a day at midnight.
    price_known_hour : float
        Hour of the day from which the area prices of the next day are known.
    """

    export_mw: np.ndarray
    export_error_mw: np.ndarray
    pv_error: np.ndarray
    load_error: np.ndarray
    sizes: np.ndarray
    issue_steps: int
    price_known_hour: float

    def window(self, start: int, stop: int) -> Published:
        """Return the steps ``start .. stop - 1``."""
        return replace(
            self,
            export_mw=self.export_mw[start:stop],
            export_error_mw=self.export_error_mw[start:stop],
            pv_error=self.pv_error[start:stop],
            load_error=self.load_error[start:stop],
        )


@dataclass(frozen=True)
class Substitutes:
    """What stands in a year's inputs in place of what was not measured; reports say so.

    Attributes
    ----------
    persisted_forecast_hours : int
        Hours whose forecast of demand was missing, with the demand of the last such day in its place.
    sunshine_places : tuple of str
        Places whose irradiance was made of sunshine hours by the island's own lines.
    """

    persisted_forecast_hours: int = 0
    sunshine_places: tuple[str, ...] = ()


@dataclass(frozen=True)
class Forecasts:
    """What was expected; axes as in `Profiles`.

    Attributes
    ----------
    plant_available_mw : numpy.ndarray
        (T, P) for t, made at t - lead.
    area_demand_mw : numpy.ndarray
        (T, A) for t, made at t - lead.
    published : Published
        What `twin.resources.outlook` tells policies of.
    substitutes : Substitutes
        What stands in the inputs in place of what was not measured.
    plant_day_ahead_mw, area_day_ahead_mw : numpy.ndarray, optional
        (T, P) and (T, A) for t, made a day before; there where plants are ordered by whole windows.
    """

    plant_available_mw: np.ndarray
    area_demand_mw: np.ndarray
    published: Published
    substitutes: Substitutes = Substitutes()
    plant_day_ahead_mw: np.ndarray | None = None
    area_day_ahead_mw: np.ndarray | None = None

    def window(self, start: int, stop: int) -> Forecasts:
        """Return the steps ``start .. stop - 1``."""
        _check_window(start, stop, len(self.plant_available_mw))
        day_ahead = (self.plant_day_ahead_mw, self.area_day_ahead_mw)
        plants, areas = (None if values is None else values[start:stop] for values in day_ahead)
        return Forecasts(
            self.plant_available_mw[start:stop], self.area_demand_mw[start:stop], self.published.window(start, stop),
            self.substitutes, plants, areas,
        )  # fmt: skip


def _check_window(start: int, stop: int, steps: int) -> None:
    if not 0 <= start < stop <= steps:
        raise InputError(
            [Problem("window outside the series", "window", f"{start}:{stop}", f"0 <= start < stop <= {steps}")]
        )


@dataclass(frozen=True)
class WeatherShapes:
    """What follows from the weather alone and serves several grids: skies and demand shapes, by place; sites' series.

    `of_sites` holds the sites' PV and demand that were made already, by what they depend on beside the weather,
    `of_fleets` the PV fleets of the plants, by place and fleet.
    """

    skies: dict[str, Sky]
    demand: dict[str, dict[str, np.ndarray]]
    of_sites: dict[tuple[object, ...], np.ndarray] = field(default_factory=dict)
    of_fleets: dict[tuple[str, str], np.ndarray] = field(default_factory=dict)

    def site_pv(self, tables: Tables, fleet: SiteFleet) -> np.ndarray:
        """Return `site_pv` under these skies."""
        key = ("pv", tuple(fleet.pv_shapes))
        if key not in self.of_sites:
            self.of_sites[key] = site_pv(tables, fleet, self.skies)
        return self.of_sites[key]

    def site_demand(
        self, tables: Tables, index: pd.DatetimeIndex, place: str, fleet: SiteFleet, *, seed: int, weather_year: int
    ) -> np.ndarray:
        """Return `twin.resources.site_demand.site_demand` with the demand shapes of a place."""
        key = ("demand", place, tuple(fleet.demand_shapes), seed, weather_year)
        if key not in self.of_sites:
            self.of_sites[key] = site_demand(
                tables, index, self.demand[place], fleet.demand_shapes, seed=seed, weather_year=weather_year
            )
        return self.of_sites[key]


def weather_shapes(tables: Tables, areas: pd.DataFrame, weather: WeatherTable) -> WeatherShapes:
    """Return the skies of all places and the demand shapes of the areas' places."""
    values = weather.values
    skies = {name: sky_at(values[name], place, weather.clock) for name, place in weather.places.items()}
    index, places = weather.index, areas["place"].unique()
    temperature = {name: values[name]["temp_air"].to_numpy() for name in places}
    demand = {name: class_shapes(tables, index, temperature[name], clock=weather.clock) for name in places}
    return WeatherShapes(skies, demand)


def build_profiles(
    tables: Tables,
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
    tables : Tables
    model : GridModel
        Its `plants` and `areas`.
    weather : WeatherTable
        A whole fiscal year; cut days out afterwards by `Profiles.window`.
    fleet : SiteFleet
        From `twin.resources.sites.build_fleet` with the same areas.
    seed, weather_year : int
        Key of all random streams.
    area_level_percent : float, optional
        Cut share of controllable PV energy for area balance in the normal year; default ``area_balance_level``; 0
        switches it off. Not used where `area` is given.
    farm_scales : mapping of str to float, optional
        Wind-speed factor per farm from `twin.resources.plants.wind_scales` on a normal year; default: `weather` is
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
    raise_if_any(model_problems(tables, model, weather))
    plants, areas, index = model.plants, model.areas, weather.index
    key = {"seed": seed, "weather_year": weather_year}
    shapes = weather_shapes(tables, areas, weather) if shapes is None else shapes
    scales = wind_scales(tables, plants, weather) if farm_scales is None else farm_scales

    available = plant_available_mw(tables, plants, weather, shapes.skies, scales, shapes.of_fleets)
    demand = area_demand(tables, areas, shapes.demand, index, **key)
    of_area, orders = _without_market(index, plants)
    if AREA_MARKET in tables:
        drivers = area_drivers(tables, weather, **key)
        if area is None:
            area = _calibration(tables, index, drivers, available, plants, area_level_percent)
        of_area = area_year(tables, index, drivers, area)
        orders = plant_orders(
            tables, index, of_area.cut_pv, of_area.cut_wind, available, plants, clock=weather.clock, **key
        )
    return Profiles(
        index=index,
        plant_available_mw=available,
        plant_unavailable_mw=available * plant_down_share(tables, plants, index, **key),
        area_demand_mw=demand,
        site_pv_per_kw=shapes.site_pv(tables, fleet),
        site_demand_per_kwh=shapes.site_demand(tables, index, main_place(areas), fleet, **key),
        area_cut_pv=of_area.cut_pv,
        area_cut_wind=of_area.cut_wind,
        area_physical=orders.physical,
        area_settled=orders.settled,
        price_jpy_per_kwh=of_area.price_jpy_per_kwh,
        is_workday=~is_free_day(tables, index),
    )


def _without_market(index: pd.DatetimeIndex, plants: pd.DataFrame) -> tuple[AreaYear, PlantOrders]:
    """Return what an island without a market around it has: no orders, and prices that nobody knows."""
    nothing, of_plants = np.zeros(len(index)), np.zeros((len(index), len(plants)))
    return AreaYear(nothing, nothing, np.full(len(index), np.nan)), PlantOrders(of_plants, of_plants)


def area_calibration(
    tables: Tables,
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
    tables : Tables
    plants : pandas.DataFrame
        `GridModel.plants`.
    normal : WeatherTable
        The normal year.
    seed, normal_year : int
        Key of the area's noise in it.
    area_level_percent, farm_scales
        See `build_profiles`.
    """
    skies = {name: sky_at(normal.values[name], place, normal.clock) for name, place in normal.places.items()}
    scales = wind_scales(tables, plants, normal) if farm_scales is None else farm_scales
    available = plant_available_mw(tables, plants, normal, skies, scales)
    drivers = area_drivers(tables, normal, seed=seed, weather_year=normal_year)
    return _calibration(tables, normal.index, drivers, available, plants, area_level_percent)


def _calibration(
    tables: Tables,
    index: pd.DatetimeIndex,
    drivers: AreaDrivers,
    available_mw: np.ndarray,
    plants: pd.DataFrame,
    level_percent: float | None,
) -> AreaCalibration:
    level = tables.value("area_balance_level") if level_percent is None else level_percent
    pv_mw, wind_mw = (available_mw[:, controllable(plants, kind)].sum(axis=1) for kind in ("pv", "wind"))
    return calibrate(tables, index, drivers, pv_mw, wind_mw, level_percent=level)


def model_problems(tables: Tables, model: GridModel, weather: WeatherTable) -> list[Problem]:
    """Return what does not fit between a grid model and a weather table."""
    found = plant_problems(tables, model.plants, weather)
    for area, place in model.areas["place"].items():
        if place not in weather.places:
            found.append(Problem("no weather for the place", f"areas.csv, {area}", place, ", ".join(weather.places)))
    return found


def main_place(areas: pd.DataFrame) -> str:
    """Return the place with most residential demand: its weather drives the sites' own demand."""
    return str(areas.groupby("place")["residential_kwh"].sum().idxmax())


def site_pv(tables: Tables, fleet: SiteFleet, skies: Mapping[str, Sky]) -> np.ndarray:
    """Return AC kW per kW dc of each of `SiteFleet.pv_shapes`, before AC clipping; (T, K)."""
    steps = len(next(iter(skies.values())).ghi)
    per_kw = np.zeros((steps, len(fleet.pv_shapes)))
    for column, shape in enumerate(fleet.pv_shapes):
        tilt, azimuth, _ = orientations(tables, shape.fleet).iloc[shape.orientation]
        per_kw[:, column] = oriented_per_kw(tables, skies[shape.place], shape.fleet, tilt, azimuth)
    return per_kw
