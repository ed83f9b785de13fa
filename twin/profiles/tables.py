"""Reading the profile tables (CSV with source and status) that lie beside this module."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import pandas as pd

from twin.errors import InputError, Problem

HOURS = [str(hour) for hour in range(24)]
"""Column names of a table with a value per hour of the day."""


@cache
def read_table(name: str) -> pd.DataFrame:
    """Return the table ``<name>.csv`` of this package; callers do not modify it."""
    with (files("twin.profiles") / f"{name}.csv").open(encoding="utf-8") as file:
        return pd.read_csv(file)


def parameter(name: str) -> float:
    """Return one value of ``parameters.csv``.

    Raises
    ------
    InputError
        Where the table has no row of that name.
    """
    values = read_table("parameters").set_index("name")["value"]
    if name not in values.index:
        raise InputError([Problem("no such parameter", "twin/profiles/parameters.csv", name, ", ".join(values.index))])
    return float(values[name])


def by_month(name: str, column: str) -> pd.Series:
    """Return `column` of a table with one row per calendar month, indexed 1..12."""
    return read_table(name).set_index("month")[column]
