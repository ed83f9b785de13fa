"""Devices: batteries beside plants and in the grid, and demand response with what is possible in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import Field

from network_models.tables.columns import Row, Value, number, refers, whole
from network_models.tables.demand import DAY_TYPES
from twin.core.errors import Problem

if TYPE_CHECKING:
    import pandas as pd

HALF_HOURS_PER_HOUR = 2
SUM_WITHIN = 1e-6

KEYS = {"demand_response": "name", "home_classes": "class", "hot_water_hours": "hour", "car_patterns": "pattern"}
"""Tables and their keys."""

NAMES = (
    "homes_with_monitor", "homes_in_city", "homes_elasticity", "homes_flexible_share", "homes_return_hours",
    "homes_shift_loss", "water_heaters", "water_heaters_power_kw", "water_heaters_heat_per_energy",
    "water_heaters_tank_kwh", "water_heaters_draw_kwh", "water_heaters_draw_spread", "water_heaters_standing_loss",
    "water_heaters_reserve", "water_heaters_habit_from", "water_heaters_habit_until", "cars", "cars_battery_kwh",
    "cars_power_kw", "cars_efficiency", "cars_reserve", "commercial_flexible_share", "commercial_buffer_hours",
    "commercial_return_hours", "commercial_shift_loss", "commercial_down_share", "commercial_down_hours",
)  # fmt: skip
"""Rows that `demand_response.csv` must have."""


class BatteryRow(Row):
    """A battery beside a plant or in the grid."""

    power_mw: float = number("MW", ge=0)
    energy_mwh: float = number("MWh", ge=0)
    round_trip_efficiency: float = number(gt=0, le=1)
    soc_min_percent: float = number("%", ge=0, le=100)
    soc_max_percent: float = number("%", ge=0, le=100)


class PlantBattery(BatteryRow):
    """A battery beside a plant, and the scheme that the plant moves to."""

    plant: str = refers("plants.plant_id")
    scheme: Literal["FIT", "FIP", "non-FIT"]


class AreaBattery(BatteryRow):
    """A battery in the grid."""

    area: str = refers("areas.area_id")


class DemandResponse(Value):
    """A number of the flexible demand, with what is possible."""

    possible_low: float = number()
    possible_high: float = number()


class HomeClass(Row):
    """Homes that respond alike."""

    home_class: str = Field(alias="class")
    share: float = number(ge=0, le=1)
    sensitivity: float = number(ge=0)


class HotWaterHour(Row):
    """Share of the day's hot water drawn in an hour."""

    hour: int = whole("h", ge=0, le=23)
    share: float = number(ge=0, le=1)


class CarPattern(Row):
    """Cars that leave and come back at the same hours."""

    pattern: str
    share: float = number(ge=0, le=1)
    work_leave_hour: float = number("h", ge=0, le=24)
    work_back_hour: float = number("h", ge=0, le=24)
    work_trip_kwh: float = number("kWh", ge=0)
    free_leave_hour: float = number("h", ge=0, le=24)
    free_back_hour: float = number("h", ge=0, le=24)
    free_trip_kwh: float = number("kWh", ge=0)
    name_en: str = ""
    name_ja: str = ""


def response_problems(tables: Mapping[str, pd.DataFrame]) -> Iterator[Problem]:
    """Yield what is wrong with the tables of demand response together, a study's own values in place.

    Values that are not possible; shares that do not add up; cars whose day, trip or charging is impossible.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        Tables of an island, which may leave these out.
    """
    if "demand_response" not in tables:
        return
    found = response_tables(tables)
    values, patterns = found["demand_response"], found["car_patterns"]
    missing = list(_missing_names(values))
    yield from missing
    if missing:
        return
    problems = [*_impossible_values(values), *_contradictions(values["value"]), *_shares(found), *_days(patterns)]
    yield from problems or _trips(patterns, values["value"])


def response_tables(tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Return the tables of demand response, indexed by their keys."""
    return {name: tables[name].set_index(key) for name, key in KEYS.items()}


def trip_hours(patterns: pd.DataFrame, which: str) -> np.ndarray:
    """Return when cars leave or are back (`which`: ``leave`` or ``back``), (2, C) half-hours of work and free days."""
    return np.stack([patterns[f"{day}_{which}_hour"].to_numpy() * HALF_HOURS_PER_HOUR for day in DAY_TYPES])


def _missing_names(values: pd.DataFrame) -> Iterator[Problem]:
    for name in NAMES:
        if name not in values.index:
            yield Problem("the row is missing", "demand_response.csv, column name", "", name, f"add the row {name}")
    for name in values.index.difference(list(NAMES)):
        yield Problem("unknown row", "demand_response.csv, column name", str(name), ", ".join(NAMES), "remove it")


def _impossible_values(values: pd.DataFrame) -> Iterator[Problem]:
    for name, row in values.iterrows():
        if not row["possible_low"] <= row["value"] <= row["possible_high"]:
            accepted = f"{row['possible_low']:g} to {row['possible_high']:g}"
            where = f"demand_response.csv, row {name}, column value"
            yield Problem("the value is not possible", where, f"{row['value']:g}", accepted)


def _contradictions(values: pd.Series) -> Iterator[Problem]:
    for part, all_of_them in (("homes_with_monitor", "homes_in_city"), ("water_heaters", "homes_with_monitor")):
        if values[part] > values[all_of_them]:
            where = f"demand_response.csv, row {part}, column value"
            yield Problem(f"more than {all_of_them}", where, f"{values[part]:g}", f"at most {values[all_of_them]:g}")
    both = values["commercial_flexible_share"] + values["commercial_down_share"]
    if both > 1.0:
        where = "demand_response.csv, row commercial_down_share, column value"
        yield Problem("with commercial_flexible_share more than all demand", where, f"{both:g}", "at most 1 together")


def _shares(tables: dict[str, pd.DataFrame]) -> Iterator[Problem]:
    for name in ("home_classes", "hot_water_hours", "car_patterns"):
        total = tables[name]["share"].sum()
        if abs(total - 1.0) > SUM_WITHIN:
            yield Problem("the shares do not add up", f"{name}.csv, column share", f"{total:g}", "1")
    classes = tables["home_classes"]
    mean = (classes["share"] * classes["sensitivity"]).sum()
    if abs(mean - 1.0) > SUM_WITHIN:
        where = "home_classes.csv, column sensitivity"
        yield Problem("its mean over the homes moves the elasticity", where, f"{mean:g}", "1")
    if len(tables["hot_water_hours"]) != 24:
        yield Problem("not a day", "hot_water_hours.csv", f"{len(tables['hot_water_hours'])} rows", "24 hours")


def _days(patterns: pd.DataFrame) -> Iterator[Problem]:
    for name, row in patterns.iterrows():
        for day in DAY_TYPES:
            leave, back, trip = (row[f"{day}_{what}"] for what in ("leave_hour", "back_hour", "trip_kwh"))
            where = f"car_patterns.csv, row {name}, column {day}_"
            for what, hour in (("leave_hour", leave), ("back_hour", back)):
                if hour * HALF_HOURS_PER_HOUR % 1:
                    yield Problem("not on a half-hour", where + what, f"{hour:g}", "8 or 8.5")
            if leave > back:
                yield Problem("back before leaving", f"{where}back_hour", f"{back:g}", f"{leave:g} to 24")
            if (trip > 0.0) != (back > leave):
                accepted = "above 0 with a trip; 0 where leave and back are the same hour"
                yield Problem("trip and hours do not fit", f"{where}trip_kwh", f"{trip:g}", accepted)


def _trips(patterns: pd.DataFrame, values: pd.Series) -> Iterator[Problem]:
    """Yield trips that no battery holds or that cannot be charged at home between two trips."""
    usable = values["cars_battery_kwh"] * (1.0 - values["cars_reserve"])
    leave, back = trip_hours(patterns, "leave"), trip_hours(patterns, "back")
    first = np.where(back > leave, leave, np.inf).min(axis=0)
    nights = (48.0 - back.max(axis=0) + first) / HALF_HOURS_PER_HOUR
    for position, name in enumerate(patterns.index):
        charged = nights[position] * values["cars_power_kw"] * values["cars_efficiency"]
        most = min(usable, charged)
        for day in DAY_TYPES:
            trip = patterns[f"{day}_trip_kwh"].iloc[position]
            if trip > most:
                where = f"car_patterns.csv, row {name}, column {day}_trip_kwh"
                accepted = f"at most {most:.1f} kWh: above the reserve, and charged between two trips"
                yield Problem("more than the car can leave with", where, f"{trip:g}", accepted)
