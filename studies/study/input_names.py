"""Names and values that a study gives to networks and tables, checked without building anything."""

from __future__ import annotations

import csv
import functools
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import network_models
from studies.study.names import nearest
from twin.core.errors import Problem

if TYPE_CHECKING:
    from twin.core.input_tables import InputTable

TABLES = Path(network_models.__file__).parent / "goto"
"""Read as text: importing ``network_models.goto`` would import pandapower, which takes seconds."""

LINK_FAMILY = "xlpe66"
"""Family in conductors.csv that the network's builder takes the link's conductor from."""

Assignment = tuple[str, object, str]
"""A dotted key, the value that the study gives it, and its place in the file."""


DEVICES_OF_GOTO = ("fleet.demand_response", "fleet.plant_batteries", "fleet.grid_batteries")
"""Study keys of devices that stand on the network ``goto`` only."""


def guest_problems(assignments: Iterable[Assignment]) -> Iterator[Problem]:
    """Yield devices of the Goto plan that a study of another network asks for.

    Parameters
    ----------
    assignments : iterable of (str, object, str)
        Every value of the base sections, scenarios and sweeps.
    """
    for key, value, where in assignments:
        if key in DEVICES_OF_GOTO and value in ("plan", "example"):
            repair = f'write {key} = "none"; docs/how_to/examples.md shows how to add devices of your own'
            yield Problem(f"{key}: these devices stand on Goto only", where, str(value), "none", repair)


def network_problems(assignments: Iterable[Assignment]) -> Iterator[Problem]:
    """Yield what is wrong with parameters, plant ids and conductor of a study of the network ``goto``.

    Parameters
    ----------
    assignments : iterable of (str, object, str)
        Every value of the base sections, scenarios and sweeps.
    """
    for key, value, where in assignments:
        if key.startswith("grid.parameters."):
            yield from _parameter_problems(key.removeprefix("grid.parameters."), value, where)
        elif key.startswith("fleet.contract_mw."):
            plant, plants = key.removeprefix("fleet.contract_mw."), [row["plant_id"] for row in _rows("plants")]
            if plant not in plants:
                repair = nearest(plant, plants) or "use an id from plants.csv"
                yield Problem(f"there is no plant {plant}", where, str(value), ", ".join(plants), repair)
        elif key == "grid.conductor_mm2" and isinstance(value, int):
            yield from _conductor_problems(value, where)


def _parameter_problems(name: str, value: object, where: str) -> Iterator[Problem]:
    rows = {row["key"]: row for row in _rows("parameters")}
    if name == "conductor_mm2":
        yield Problem("the conductor has its own key", where, str(value), repair="write grid.conductor_mm2")
    elif name not in rows:
        accepted = nearest(name, rows) or "a key of network_models/goto/parameters.csv"
        yield Problem(f"there is no network parameter {name}", where, str(value), repair=accepted)
    elif not _fits(rows[name], value):
        yield Problem(f"network parameter {name} cannot have this value", where, repr(value), _accepted(rows[name]))


def _fits(row: dict[str, str], value: object) -> bool:
    if row["kind"] == "choice":
        return value in row["choices"].split("|")
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    whole = row["kind"] != "integer" or value == int(value)
    return whole and float(row["possible_low"]) <= value <= float(row["possible_high"])


def _accepted(row: dict[str, str]) -> str:
    if row["kind"] == "choice":
        return row["choices"].replace("|", ", ")
    number = "a whole number" if row["kind"] == "integer" else f"a number in {row['unit']}"
    return f"{number} from {row['possible_low']} to {row['possible_high']}"


def _conductor_problems(value: int, where: str) -> Iterator[Problem]:
    sizes = [row["area_mm2"] for row in _rows("conductors") if row["family"] == LINK_FAMILY]
    if value > 0 and str(value) not in sizes:
        yield Problem("there is no link conductor of this size", where, str(value), ", ".join(sizes))


@functools.cache
def _rows(table: str) -> list[dict[str, str]]:
    with (TABLES / f"{table}.csv").open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines))


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
        elif row not in (rows := _input_rows(tables[name])):
            repair = nearest(row, rows) or "goto-twin sources shows all rows"
            yield Problem(f"the input table {name} has no row {row}", where, str(value), ", ".join(rows), repair)


def settable_tables() -> dict[str, InputTable]:
    """Return the tables whose values ``[inputs]`` may replace, by name; imported here, as pandas takes long."""
    from network_models.input_tables import OPTIONAL_TABLES, SETTABLE
    from twin.resources.tables import TABLES as PROFILE_TABLES
    from weather.climate import TABLES as WEATHER_TABLES

    every = [*PROFILE_TABLES.values(), *WEATHER_TABLES.values(), *SETTABLE.values(), *OPTIONAL_TABLES.values()]
    return {table.name: table for table in every if table.main}


def why_shared(dotted: str) -> tuple[str, str] | None:
    """Return why members cannot differ in this key, and what to do; None where they can."""
    if not dotted.startswith(START):
        return None
    from weather.climate import TABLES as WEATHER_TABLES

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


def _input_rows(table: InputTable) -> list[str]:
    from twin.core.input_tables import row_names

    return list(row_names(table))


def _other_key(name: str, row: str) -> str:
    """Return the study key that a number of the network has instead."""
    known = {"plants": f"fleet.contract_mw.{row}", "sites": "fleet.battery.battery_kw"}
    return f"write {known[name]}" if name in known else ""
