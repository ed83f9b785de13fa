"""Names and values that a study gives to networks and tables, checked without building anything."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from network_models.island import Island
from network_models.tables.declarations import DECLARATIONS, Declaration
from studies.study.file.names import Assignment, is_known, known_keys, nearest
from studies.study.file.schema import Settings
from twin.core.errors import Problem

OF_ISLANDS = ("fleet.demand_response", "fleet.plant_batteries", "fleet.grid_batteries")
"""Study keys of devices that stand on an island only."""

BY_ZONES = ("operation.operator", "zones")
"""Needs the constraint zones of an island."""

NEEDS_PRICES = ("price", "linked_price", "free_hour", "mpc")
"""Shipped policies that plan by the area price."""

AREA_MARKET = "area_parameters"
"""As in `twin.resources.area_market.balance`, which takes long to import."""


def guest_problems(assignments: Iterable[Assignment]) -> Iterator[Problem]:
    """Yield devices of an island that a study of a guest network asks for.

    Parameters
    ----------
    assignments : iterable of (str, object, str)
        Every value of the base sections, scenarios and sweeps.
    """
    for key, value, where in assignments:
        if key in OF_ISLANDS and value in ("plan", "example"):
            repair = f'write {key} = "none"; docs/how_to/examples.md shows how to add devices of your own'
            yield Problem(f"{key}: these devices stand on an island only", where, str(value), "none", repair)
        elif (key, value) == BY_ZONES:
            what = "operation.operator: constraint zones are those of an island's own network"
            yield Problem(what, where, str(value), "perfect, forecast")


def part_problems(
    island: Island, study: dict[str, Any], assignments: Iterable[Assignment], operation: str
) -> Iterator[Problem]:
    """Yield what a study asks for of a part that its island leaves out.

    Parameters
    ----------
    island : Island
    study : dict
        The parsed study file.
    assignments : iterable of (str, object, str)
        Every value of the base sections, scenarios and sweeps.
    operation : str
        Place of the section ``[operation]`` in the file.
    """
    given = list(assignments)
    has_market = island.has(AREA_MARKET)
    section = study.get("operation", {})
    if not has_market and isinstance(section, dict) and section.get("area_balance", True) is True:
        given.append(("operation.area_balance", True, operation))
    for key, value, where in given:
        table = next((name for name, facts in DECLARATIONS.items() if facts.counts_with == key), None)
        if table is not None and value != "none" and not island.has(table):
            yield _left_out(DECLARATIONS[table], key, value, where, f'write {key} = "none"')
        elif (key, value) == BY_ZONES and not island.has("zones"):
            yield _left_out(
                DECLARATIONS["zones"], key, value, where, "add zones.csv and zone_units.csv, or choose another"
            )
        elif key == "operation.area_balance" and value is True and not has_market:
            yield _left_out(DECLARATIONS[AREA_MARKET], key, value, where, "write operation.area_balance = false")
        elif key == "operation.policy" and value in NEEDS_PRICES and not has_market:
            yield _left_out(DECLARATIONS[AREA_MARKET], key, value, where, "name a policy that needs no prices")
        elif key in ("fleet.new_pv", "fleet.batteries") and value not in (False, "none") and not island.has("sites"):
            yield _left_out(DECLARATIONS["sites"], key, value, where, f"leave {key} out")


def _left_out(facts: Declaration, key: str, value: object, where: str, repair: str) -> Problem:
    return Problem(f"{key}: the island has no table of: {facts.absent}", where, str(value), repair=repair)


def network_problems(island: Island, assignments: Iterable[Assignment]) -> Iterator[Problem]:
    """Yield what is wrong with parameters, plant ids and conductor of a study of an island's network.

    Parameters
    ----------
    island : Island
    assignments : iterable of (str, object, str)
        Every value of the base sections, scenarios and sweeps.
    """
    for key, value, where in assignments:
        if key.startswith("grid.parameters."):
            yield from _parameter_problems(island, key.removeprefix("grid.parameters."), value, where)
        elif key.startswith("fleet.contract_mw."):
            plant, plants = key.removeprefix("fleet.contract_mw."), island.column("plants", "plant_id")
            if plant not in plants:
                repair = nearest(plant, plants) or "use an id from plants.csv"
                yield Problem(f"there is no plant {plant}", where, str(value), ", ".join(plants), repair)
        elif key == "grid.conductor_mm2" and isinstance(value, int):
            yield from _conductor_problems(island, value, where)


def _parameter_problems(island: Island, name: str, value: object, where: str) -> Iterator[Problem]:
    rows = {row["key"]: row for row in island.cells("grid_parameters")}
    if name == "conductor_mm2":
        yield Problem("the conductor has its own key", where, str(value), repair="write grid.conductor_mm2")
    elif name not in rows:
        accepted = nearest(name, rows) or "a key of grid_parameters.csv"
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


def sizes_of(island: Island, parameter: str) -> list[str]:
    """Return the conductor sizes in mm2, as text, that a grid parameter may give; none where it names no size."""
    families = {row["conductor"] for row in island.cells("lines") if row.get("size_parameter") == parameter}
    return [row["area_mm2"] for row in island.cells("conductors") if row["family"] in families]


def _conductor_problems(island: Island, value: int, where: str) -> Iterator[Problem]:
    sizes = sizes_of(island, "conductor_mm2")
    if value > 0 and str(value) not in sizes:
        yield Problem("there is no link conductor of this size", where, str(value), ", ".join(sizes))


ADDED = "fleet.added_plants."


def added_problems(island: Island, assignments: Iterable[Assignment]) -> Iterator[Problem]:
    """Yield buses and kinds of added plants that an island does not have, and ids that it has already.

    Parameters
    ----------
    island : Island
    assignments : iterable of (str, object, str)
        Every value of the base sections, scenarios and sweeps.
    """
    buses = [row["bus_id"] for row in island.cells("buses")]
    known = island.column("plants", "plant_id")
    kinds = sorted({row["kind"] for row in island.cells("plants") if float(row["contract_mw"] or 0.0) > 0.0})
    told: set[str] = set()
    for key, value, where in assignments:
        name, _, column = key.removeprefix(ADDED).rpartition(".")
        if not key.startswith(ADDED):
            continue
        if name in known and name not in told:
            told.add(name)
            repair = "choose another id, or set [fleet.contract_mw] of the plant that is there"
            yield Problem("the island has a plant of this id", where, name, repair=repair)
        if column == "bus" and isinstance(value, str) and value not in buses:
            repair = nearest(value, buses) or "write one of these"
            yield Problem("there is no such bus", where, value, ", ".join(buses), repair)
        if column == "kind" and isinstance(value, str) and value not in kinds:
            repair = nearest(value, kinds) or "write one of these"
            what = "the island has no plant of this kind to take after"
            yield Problem(what, where, value, ", ".join(kinds), repair)


START = "inputs."


def input_problems(island: Island, assignments: Iterable[Assignment]) -> Iterator[Problem]:
    """Yield tables and rows of ``[inputs]`` that do not exist, with near matches.

    Parameters
    ----------
    island : Island
    assignments : iterable of (str, object, str)
        Every value of a study by dotted key, and its place in the file.
    """
    given = [(key.removeprefix(START), value, where) for key, value, where in assignments if key.startswith(START)]
    tables = {facts.name: facts for facts in input_tables(island)}
    for key, value, where in given:
        name, _, row = key.partition(".")
        if name not in tables:
            repair = _other_key(name, row) or nearest(name, tables)
            yield Problem(f"there is no input table {name}", where, str(value), ", ".join(tables), repair)
        elif row not in (rows := _input_rows(island, tables[name])):
            repair = nearest(row, rows) or "goto-twin sources shows all rows"
            yield Problem(f"the input table {name} has no row {row}", where, str(value), ", ".join(rows), repair)


def input_tables(island: Island) -> tuple[Declaration, ...]:
    """Return the tables of an island whose values ``[inputs]`` may replace."""
    return tuple(facts for facts in DECLARATIONS.values() if facts.is_input and island.has(facts.name))


FIXED_FOR_ALL = ("weather.", "seed", "period.", "schema_version", "name", "title_", "uncertainty.")
"""Beginnings of keys that neither a scenario nor a sweep may change: all members share them."""


def why_not_overridable(dotted: str, island: Island | None) -> tuple[str, str] | None:
    """Return why a scenario or sweep of a study on an island may not set `dotted` and what to do; None when it may."""
    if any(dotted.startswith(start) for start in FIXED_FOR_ALL):
        return (
            f"{dotted} cannot differ between members: all run in lock-step on the same weather, seed and period",
            "set it once in its own section, or make a second study file",
        )
    if is_known(Settings, dotted):
        return _why_shared(dotted, island)
    keys = [key for key, _ in known_keys(Settings)]
    return f"unknown key {dotted}", nearest(dotted, keys)


def _why_shared(dotted: str, island: Island | None) -> tuple[str, str] | None:
    """Return why members cannot differ in this key, and what to do; None where they can."""
    if not dotted.startswith(START):
        return None
    table, _, row = dotted.removeprefix(START).partition(".")
    if island is not None and is_of_sites(island, table, row):
        shared = "small sites"
    elif table in DECLARATIONS and DECLARATIONS[table].subject == "weather":
        shared = "weather"
    else:
        return None
    what = f"{dotted} cannot differ between members: all have the same {shared}"
    return what, f"set it once in [inputs.{table}], or make a second study file"


def is_of_sites(island: Island, table: str, row: str) -> bool:
    """Tell whether a row shapes the small sites, which all members of a study share."""
    if table == "pv_orientations":
        return row.partition("/")[0] in island.column("site_kinds", "pv_fleet")
    return table == "site_kinds"


def _input_rows(island: Island, facts: Declaration) -> list[str]:
    return ["/".join(row[column].strip() for column in facts.key) for row in island.cells(facts.name)]


def _other_key(name: str, row: str) -> str:
    """Return the study key that a number of the network has instead."""
    facts = DECLARATIONS.get(name)
    if facts is None or not facts.study_key or facts.is_input:
        return ""
    return f"write {facts.study_key.format(row=row)}"
