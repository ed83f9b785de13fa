"""The profile tables (CSV with source and status) that lie beside this module."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from twin.core.errors import InputError, Problem
from twin.core.input_tables import FACTOR, InputTable, read_input

HOURS = [str(hour) for hour in range(24)]
"""Column names of a table with a value per hour of the day."""

MONTHS = [str(month) for month in range(1, 13)]
"""Column names of a table with a value per month."""

PV_LOSS_COLUMNS = [f"{fleet}_percent" for fleet in ("ground", "ground_new", "mixed", "site_below_10kw", "reused_panel")]
"""Columns of ``pv_losses.csv``."""


def _table(name: str, key: Sequence[str], main: str = "", factor_of: Sequence[str] = ()) -> InputTable:
    return InputTable("twin.resources", name, tuple(key), main, tuple(factor_of))


TABLES = {
    table.name: table
    for table in (
        _table("parameters", ["name"], "value"),
        _table("pv_fleets", ["fleet"], "output_factor"),
        _table("pv_losses", ["loss"], FACTOR, PV_LOSS_COLUMNS),
        _table("pv_ageing", ["fleet"], "degradation_per_year"),
        _table("pv_orientations", ["fleet", "tilt", "azimuth"], "share"),
        _table("turbines", ["turbine"]),
        _table("wind_parameters", ["name"], "value"),
        _table("tidal_constituents", ["constituent"], "ratio_to_m2"),
        _table("demand_classes", ["class"], FACTOR, ["heating_per_kelvin", "cooling_per_kelvin"]),
        _table("demand_class_hours", ["class", "day_type"]),
        _table("demand_class_months", ["class"]),
        _table("demand_kyushu_mix", ["class"]),
        _table("demand_tourism_months", ["month"]),
        _table("demand_special_days", ["period", "class", "effect"], "demand_ratio"),
        _table("demand_kyushu_hours", ["month", "day_type"]),
        _table("temperature_normals", ["month"]),
        _table("special_days", ["month", "day"]),
        _table("site_kinds", ["kind"], "pv_spread"),
        _table("site_demand", ["class"], "noise_cv"),
        _table("area_parameters", ["name"], "value"),
        _table("area_months", ["month"]),
        _table("area_sun_hours", ["month"]),
        _table("area_nuclear", ["month"], "nuclear_mw"),
        _table("area_export_limits", ["month"], "export_mw"),
        _table("area_rule_dates", ["rule"], "fiscal_year_from"),
        _table("price_months", ["month"]),
        _table("price_curve", ["net_demand_mw"]),
        _table("forecast_errors", ["quantity"], FACTOR, ["sd_1h", "sd_6h", "sd_24h", "bias_24h"]),
        _table("measured_columns", ["file", "column"]),
        _table("battery_behaviour", ["name"], "value"),
        _table("battery_wear", ["name"], "value"),
    )
}
"""The tables by name; ``main`` is what ``low`` and ``high`` of a row are about (see `twin.core.input_tables`)."""


def read_table(name: str) -> pd.DataFrame:
    """Return the table ``<name>.csv`` of this package with the values in force; callers do not modify it."""
    return read_input(TABLES[name])


def parameter(name: str, table: str = "parameters") -> float:
    """Return one value of ``parameters.csv``, or of another table with the columns ``name`` and ``value``.

    Raises
    ------
    InputError
        Where the table has no row of that name.
    """
    values = read_table(table).set_index("name")["value"]
    if name not in values.index:
        raise InputError([Problem("no such parameter", f"twin/resources/{table}.csv", name, ", ".join(values.index))])
    return float(values[name])


def by_month(name: str, column: str) -> pd.Series:
    """Return `column` of a table with one row per calendar month, indexed 1..12."""
    return read_table(name).set_index("month")[column]
