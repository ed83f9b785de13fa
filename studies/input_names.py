"""Tables and rows that a study names in ``[inputs]``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from studies.network_names import Assignment
from studies.suggestions import nearest
from twin.errors import Problem

if TYPE_CHECKING:
    from twin.input_tables import InputTable

START = "inputs."
SITE_ROWS = ("site_kinds.", "pv_orientations.site_below_10kw/", "pv_orientations.reused_panel/")
"""Beginnings of the rows that shape the small sites, which all members of a study share."""


def input_problems(assignments: Iterable[Assignment]) -> Iterator[Problem]:
    """Yield tables and rows of ``[inputs]`` that do not exist, with near matches.

    Parameters
    ----------
    assignments : iterable of (str, object, str)
        Every value of a study by dotted key, and its place in the file.
    """
    given = [(key.removeprefix(START), value, where) for key, value, where in assignments if key.startswith(START)]
    if not given:
        return
    tables = settable_tables()
    for key, value, where in given:
        name, _, row = key.partition(".")
        if name not in tables:
            repair = _other_key(name, row) or nearest(name, tables)
            yield Problem(f"there is no input table {name}", where, str(value), ", ".join(tables), repair)
        elif row not in (rows := _rows(tables[name])):
            repair = nearest(row, rows) or "goto-twin sources shows all rows"
            yield Problem(f"the input table {name} has no row {row}", where, str(value), ", ".join(rows), repair)


def settable_tables() -> dict[str, InputTable]:
    """Return the tables whose values ``[inputs]`` may replace, by name; imported here, as pandas takes long."""
    from network_models.input_tables import OPTIONAL_TABLES, SETTABLE
    from twin.profiles.tables import TABLES as PROFILE_TABLES
    from weather.tables import TABLES as WEATHER_TABLES

    every = [*PROFILE_TABLES.values(), *WEATHER_TABLES.values(), *SETTABLE.values(), *OPTIONAL_TABLES.values()]
    return {table.name: table for table in every if table.main}


def why_shared(dotted: str) -> tuple[str, str] | None:
    """Return why members cannot differ in this key, and what to do; None where they can."""
    if not dotted.startswith(START):
        return None
    from weather.tables import TABLES as WEATHER_TABLES

    name = dotted.removeprefix(START)
    table = name.partition(".")[0]
    if name.startswith(SITE_ROWS):
        shared = "small sites"
    elif table in WEATHER_TABLES:
        shared = "weather"
    else:
        return None
    what = f"{dotted} cannot differ between members: all have the same {shared}"
    return what, f"set it once in [inputs.{table}], or make a second study file"


def _rows(table: InputTable) -> list[str]:
    from twin.input_tables import row_names

    return list(row_names(table))


def _other_key(name: str, row: str) -> str:
    """Return the study key that a number of the network has instead."""
    known = {"plants": f"fleet.contract_mw.{row}", "sites": "fleet.battery.battery_kw"}
    return f"write {known[name]}" if name in known else ""
