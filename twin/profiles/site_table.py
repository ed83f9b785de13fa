"""What the table of small sites has to look like."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from twin.errors import Problem
from twin.profiles.tables import read_table

KINDS = ("existing_plain", "existing_battery", "new")
"""Kinds of sites, see docs/architecture.md."""

CUTS = ("cut-last", "non-firm")
"""How a site group stands in the order of cuts."""

AMOUNTS = ("pv_dc_kw", "pv_ac_kw", "battery_kwh", "battery_kw", "demand_kwh")
"""Columns of the site table that hold the mean of one site."""

BATTERY_DEFAULTS = {"round_trip_efficiency": 1.0, "soc_min_percent": 0.0, "soc_max_percent": 100.0}
"""Columns that may be empty where there is no battery, and what they are then: without effect."""

BATTERY_EXTRAS = {"reserve_percent": 0.0, "standby_w": 0.0}
"""Columns that may be missing or empty, and what they are then: without effect."""

SITE_COLUMNS = ("kind", "class", "count", *AMOUNTS, *BATTERY_DEFAULTS, "cut")
"""Columns that a site table must have; further ones are left alone."""


def site_problems(sites: pd.DataFrame, areas: pd.DataFrame) -> list[Problem]:
    """Return everything that is wrong with a site table.

    Parameters
    ----------
    sites : pandas.DataFrame
        See `twin.profiles.sites.build_fleet`.
    areas : pandas.DataFrame
        `GridModel.areas`.

    Returns
    -------
    list of Problem
        Empty where the table can be used; only the missing columns where there are some.
    """
    missing = [name for name in SITE_COLUMNS if name not in sites.columns]
    if missing:
        return [Problem("column missing", "sites.csv", name, ", ".join(SITE_COLUMNS)) for name in missing]
    found = []
    for number, row in enumerate(sites.to_dict("records"), start=2):
        found += _row_problems(row, f"sites.csv, row {number}")
        column = f"{row['class']}_kwh"
        if column in areas and not areas.loc[areas["goto_city"].astype(bool), column].sum() > 0:
            found.append(Problem("no demand of this class in Goto City", f"areas.csv, {column}", "0", "above 0"))
    twice = sites.duplicated(["kind", "class"])
    found += [Problem("row given twice", f"sites.csv, row {number + 2}") for number in np.flatnonzero(twice)]
    mixed = sites.groupby("kind")["cut"].nunique()
    found += [Problem("one kind, several cuts", f"sites.csv, kind {kind}") for kind in mixed.index[mixed > 1]]
    return found


def _row_problems(row: Mapping[Hashable, Any], where: str) -> list[Problem]:
    found = []
    classes = tuple(read_table("site_demand")["class"])
    for column, accepted in (("kind", KINDS), ("class", classes), ("cut", CUTS)):
        if row[column] not in accepted:
            found.append(Problem("unknown value", f"{where}, {column}", str(row[column]), ", ".join(accepted)))
    for column in (*AMOUNTS, *(name for name in BATTERY_EXTRAS if not pd.isna(row.get(name)))):
        if not row[column] >= 0:
            found.append(Problem("not a size", f"{where}, {column}", str(row[column]), "a number from 0"))
    if not (row["count"] >= 0 and row["count"] == int(row["count"])):
        found.append(Problem("not a count", f"{where}, count", str(row["count"]), "a whole number from 0"))
    return found + _battery_problems(row, where)


def _battery_problems(row: Mapping[Hashable, Any], where: str) -> list[Problem]:
    found = []
    if not row["battery_kwh"] > 0:
        for column in ("battery_kw", "reserve_percent", "standby_w"):
            if row.get(column, 0) > 0:
                repair = "give battery_kwh, or leave it empty"
                found.append(Problem("a battery without energy", f"{where}, {column}", str(row[column]), "0", repair))
        return found
    if row["battery_kw"] == 0:
        place = f"{where}, battery_kw"
        found.append(Problem("a battery without power", place, str(row["battery_kw"]), "above 0"))
    efficiency = row["round_trip_efficiency"]
    if not 0 < efficiency <= 1:
        place = f"{where}, round_trip_efficiency"
        found.append(Problem("not an efficiency", place, str(efficiency), "above 0, at most 1"))
    low, high = row["soc_min_percent"], row["soc_max_percent"]
    if not 0 <= low < high <= 100:
        found.append(Problem("not a range", f"{where}, soc_min_percent", f"{low} to {high}", "within 0 to 100"))
    if row.get("reserve_percent", 0) >= high:
        accepted = f"below soc_max_percent, {high}"
        place = f"{where}, reserve_percent"
        found.append(Problem("the reserve leaves nothing to use", place, str(row["reserve_percent"]), accepted))
    return found
