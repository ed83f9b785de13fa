"""Demand response of a study: homes, water heaters, cars and commercial sites."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from network_models.goto.demand_response import DAY_TYPES, demand_response_tables, trip_hours
from studies.study import Study
from twin.clock import HOURS_PER_YEAR
from twin.devices.cars import Cars
from twin.devices.commercial import Commercial
from twin.devices.contract import Device
from twin.devices.homes import Homes
from twin.devices.water_heaters import WaterHeaters
from twin.errors import InputError, Problem
from twin.grid.model import GridModel
from twin.input_tables import inputs_in_force
from twin.profiles.demand_components import WATER_HEATING
from twin.profiles.tables import HOURS, MONTHS, read_table
from twin.units import KWH_PER_MWH

STEPS_PER_DAY, STEPS_PER_HOUR = 48, 2

Tables = Mapping[str, pd.DataFrame]


def demand_response(study: Study, model: GridModel) -> tuple[Device, ...]:
    """Return the flexible demand that a study has, in Goto City only.

    Raises
    ------
    InputError
        Where the tables cannot be used, and for a network without the plan's homes.
    """
    if study.fleet.demand_response == "none":
        return ()
    if not study.grid.is_goto:
        repair = 'write fleet.demand_response = "none" and add devices of your own'
        raise InputError([Problem("the plan's homes stand on Goto only", "[fleet] demand_response", "plan", "none",
                                  repair)])  # fmt: skip
    with inputs_in_force(study.inputs):
        tables = demand_response_tables()
        return (
            _homes(tables, model.areas),
            _water_heaters(tables, model.areas),
            _cars(tables, model.areas),
            _commercial(tables, model.areas),
        )


def _city_kwh(areas: pd.DataFrame, demand_class: str) -> np.ndarray:
    """Return a class's yearly demand in the areas of Goto City, 0 elsewhere; (A,)."""
    return np.where(areas["goto_city"].to_numpy(bool), areas[f"{demand_class}_kwh"].to_numpy(float), 0.0)


def _homes(tables: Tables, areas: pd.DataFrame) -> Homes:
    values, classes = tables["demand_response"]["value"], tables["home_classes"]
    city_kwh = _city_kwh(areas, "residential")
    with_monitor = city_kwh.sum() * values["homes_with_monitor"] / values["homes_in_city"]
    return Homes(
        energy_kwh=with_monitor * classes["share"].to_numpy(),
        elasticity=float(values["homes_elasticity"]) * classes["sensitivity"].to_numpy(),
        flexible_share=float(values["homes_flexible_share"]),
        return_hours=float(values["homes_return_hours"]),
        efficiency=_one_way(values["homes_shift_loss"]),
        area_share=city_kwh / city_kwh.sum(),
    )


def _water_heaters(tables: Tables, areas: pd.DataFrame) -> WaterHeaters:
    values = tables["demand_response"]["value"]
    spread = float(values["water_heaters_draw_spread"])
    by_hour = tables["hot_water_hours"]["share"].sort_index().to_numpy()
    by_month = read_table("demand_class_months").set_index("class").loc[WATER_HEATING, MONTHS].to_numpy(float)
    a_day = np.repeat(by_hour, STEPS_PER_HOUR) / STEPS_PER_HOUR * float(values["water_heaters_draw_kwh"])
    of_months = (by_month / by_month.mean())[:, None, None] * a_day[:, None]
    city_kwh = _city_kwh(areas, "residential")
    return WaterHeaters(
        units=np.full(2, float(values["water_heaters"]) / 2.0),
        power_kw=float(values["water_heaters_power_kw"]),
        heat_per_energy=float(values["water_heaters_heat_per_energy"]),
        tank_kwh=float(values["water_heaters_tank_kwh"]),
        draw_kwh=of_months * np.array([1.0 - spread, 1.0 + spread]),
        fill_share=_fill_share(float(values["water_heaters_habit_from"]), float(values["water_heaters_habit_until"])),
        standing_loss_per_hour=float(values["water_heaters_standing_loss"]),
        reserve_share=float(values["water_heaters_reserve"]),
        area_share=city_kwh / city_kwh.sum(),
    )


def _fill_share(begin_hour: float, end_hour: float) -> np.ndarray:
    """Return the share of what a tank lacks that habit heats in each half-hour, (48,).

    Between the two hours tanks are filled in the proportions of the demand model's water heating: the share is a
    half-hour's weight over those from then to the end.
    """
    hours = read_table("demand_class_hours").set_index(["class", "day_type"]).loc[(WATER_HEATING, "work"), HOURS]
    weight = np.repeat(hours.to_numpy(float), STEPS_PER_HOUR)
    begin, end = round(begin_hour * STEPS_PER_HOUR), round(end_hour * STEPS_PER_HOUR)
    night = np.arange(begin, end + STEPS_PER_DAY) % STEPS_PER_DAY
    still_to_come = np.cumsum(weight[night][::-1])[::-1]
    share = np.zeros(STEPS_PER_DAY)
    share[night] = weight[night] / still_to_come
    return share


def _cars(tables: Tables, areas: pd.DataFrame) -> Cars:
    values, patterns = tables["demand_response"]["value"], tables["car_patterns"]
    city_kwh = _city_kwh(areas, "residential")
    return Cars(
        cars=float(values["cars"]) * patterns["share"].to_numpy(),
        battery_kwh=float(values["cars_battery_kwh"]),
        power_kw=float(values["cars_power_kw"]),
        efficiency=float(values["cars_efficiency"]),
        reserve_share=float(values["cars_reserve"]),
        leave=trip_hours(patterns, "leave").astype(np.int64),
        back=trip_hours(patterns, "back").astype(np.int64),
        trip_kwh=np.stack([patterns[f"{day}_trip_kwh"].to_numpy(float) for day in DAY_TYPES]),
        home_kwh=float(city_kwh.sum() / values["homes_in_city"]),
        area_share=city_kwh / city_kwh.sum(),
    )


def _commercial(tables: Tables, areas: pd.DataFrame) -> Commercial:
    values = tables["demand_response"]["value"]
    city_kwh = _city_kwh(areas, "commercial")
    mean_mw = float(values["commercial_flexible_share"]) * city_kwh.sum() / HOURS_PER_YEAR / KWH_PER_MWH
    return Commercial(
        energy_kwh=float(city_kwh.sum()),
        flexible_share=float(values["commercial_flexible_share"]),
        buffer_mwh=mean_mw * float(values["commercial_buffer_hours"]),
        return_hours=float(values["commercial_return_hours"]),
        efficiency=_one_way(values["commercial_shift_loss"]),
        down_share=float(values["commercial_down_share"]),
        down_hours=float(values["commercial_down_hours"]),
        area_share=city_kwh / city_kwh.sum(),
    )


def _one_way(loss_share: float) -> float:
    return float(np.sqrt(1.0 - loss_share))
