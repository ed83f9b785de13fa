"""Demand by class, day and season, and the small sites behind it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Literal, get_args

from pydantic import Field

from network_models.tables.columns import HOURS, MONTHS, Month, Row, maybe, number, refers, whole, with_columns
from twin.core.errors import Problem

if TYPE_CHECKING:
    import pandas as pd

DemandClass = Literal["residential", "commercial", "public", "industry", "fisheries"]
DayType = Literal["work", "free"]
SiteKind = Literal["existing_plain", "existing_battery", "new"]
DAY_TYPES: tuple[str, ...] = get_args(DayType)
DEMAND_CLASSES: tuple[str, ...] = get_args(DemandClass)
WATER_HEATING = "water_heating"
"""Component of residential demand that has courses of its own."""


class DemandYear(Row):
    """Demand of a year over that of the table `areas`: people there, times what is used per head."""

    year: int = whole(ge=1900, le=2200)
    people: float = number(gt=0)
    per_head: float = number(gt=0)


class Site(Row):
    """Customer sites of a kind and class; sizes and yearly demand are the mean of one."""

    kind: SiteKind
    demand_class: DemandClass = Field(alias="class")
    count: int = whole(ge=0)
    pv_dc_kw: float = number("kW", ge=0)
    pv_ac_kw: float = number("kW", ge=0)
    battery_kwh: float = number("kWh", ge=0)
    battery_kw: float = number("kW", ge=0)
    round_trip_efficiency: float | None = maybe(gt=0, le=1)
    soc_min_percent: float | None = maybe("%", ge=0, le=100)
    soc_max_percent: float | None = maybe("%", ge=0, le=100)
    reserve_percent: float | None = maybe("%", ge=0, le=100)
    standby_w: float | None = maybe("W", ge=0)
    demand_kwh: float = number("kWh/year", ge=0)
    cut: Literal["cut-last", "non-firm"]


class SiteKindRow(Row):
    """The PV of a kind of small sites."""

    kind: SiteKind
    pv_fleet: str = refers("pv_fleets.fleet")
    pv_spread: float = number(ge=0)


class SiteDemand(Row):
    """How sites of a class differ from each other."""

    demand_class: DemandClass = Field(alias="class")
    variants: int = whole(ge=1)
    size_spread: float = number(ge=0)
    shift_sd_hours: float = number("h", ge=0)
    season_spread: float = number(ge=0)
    habit_cv: float = number(ge=0)
    day_cv: float = number(ge=0)
    noise_cv: float = number(ge=0)
    noise_cv_spread: float = number(ge=0)
    noise_correlation: float = number(ge=0, lt=1)
    brief_share: float = number(ge=0, le=1)
    breaker_at_sd: float = number(gt=0)


class DemandClassRow(Row):
    """How a class of demand follows the temperature."""

    demand_class: DemandClass = Field(alias="class")
    heating_below_c: float = number("degree C")
    heating_per_kelvin: float = number("1/K", ge=0)
    cooling_above_c: float = number("degree C")
    cooling_per_kelvin: float = number("1/K", ge=0)


class ClassDay(Row):
    """A component of demand on a kind of day."""

    component: str = Field(alias="class", json_schema_extra={"refers": "demand_class_months.class"})
    day_type: DayType


class ClassYear(Row):
    """A component of demand over the year."""

    component: str = Field(alias="class")


ClassHours = with_columns("ClassHours", ClassDay, HOURS)
ClassMonths = with_columns("ClassMonths", ClassYear, MONTHS)


class MixRow(Row):
    """A component's share of the demand of the area around."""

    component: str = Field(alias="class", json_schema_extra={"refers": "demand_class_months.class"})
    share: float = number(ge=-1, le=1)


class MonthDay(Month):
    """A month and a kind of day."""

    day_type: DayType


AreaHours = with_columns("AreaHours", MonthDay, HOURS)


class Visitors(Month):
    """Visitors of a month over the mean month."""

    visitors: float = number(ge=0)


class Normal(Month):
    """Mean temperature of a month that demand was counted at."""

    temperature_c: float = number("degree C", ge=-60, le=60)


class SpecialDay(Month):
    """A day of a period on which people do not work as on others."""

    day: int = whole(ge=1, le=31)
    period: str


class SpecialDemand(Row):
    """What a period does to a component of demand."""

    period: str = refers("special_days.period")
    component: str = Field(alias="class", json_schema_extra={"refers": "demand_class_months.class"})
    effect: Literal["works", "homecoming"]
    demand_ratio: float = number(gt=0)


def component_problems(tables: Mapping[str, pd.DataFrame]) -> Iterator[Problem]:
    """Yield components of demand that the demand model reads and a table does not have."""
    for table, wanted in (
        ("demand_classes", DEMAND_CLASSES),
        ("demand_class_months", (*DEMAND_CLASSES, WATER_HEATING)),
    ):
        for name in sorted(set(wanted) - set(tables[table]["class"])):
            yield Problem("the row is missing", f"{table}.csv, column class", "", name, f"add the row {name}")
