"""The tables of networks that are shipped, as input tables: where their numbers come from, and which can be set."""

from __future__ import annotations

from collections.abc import Sequence

from twin.core.input_tables import FACTOR, InputTable


def _goto(name: str, key: Sequence[str], main: str = "") -> InputTable:
    return InputTable("network_models.goto", name, tuple(key), main)


SETTABLE = {
    table.name: table
    for table in (
        _goto("conductors", ["conductor_id"], "max_i_a"),
        _goto("lines", ["line_id"], "length_km"),
        _goto("transformers", ["transformer_id"], "sn_mva"),
        _goto("repowering", ["plant_id"], "capacity_factor_target"),
    )
}
"""Tables whose numbers a study may replace by ``[inputs.<table>]``; what the others hold has study keys of its own."""

PARAMETERS = _goto("parameters", ["key"], "value")
PLANTS = _goto("plants", ["plant_id"], "contract_mw")

TABLES = (
    *SETTABLE.values(),
    PARAMETERS,
    PLANTS,
    _goto("sites", ["kind", "class"], "battery_kw"),
    _goto("outage_rates", ["class"], "outages_per_year"),
    _goto("areas", ["area_id"]),
    _goto("buses", ["bus_id"]),
    _goto("compensators", ["compensator_id"]),
    _goto("shunts", ["shunt_id"]),
    _goto("diesels", ["diesel_id"]),
)
"""All tables of ``network_models/goto``; like `network_models.goto.table_specs`, without importing pandapower."""

PLANT_BATTERIES = _goto("plant_batteries", ["plant"], "energy_mwh")
GRID_BATTERIES = _goto("grid_batteries", ["area"], "energy_mwh")
DEMAND_RESPONSE = _goto("demand_response", ["name"], "value")
HOME_CLASSES = _goto("home_classes", ["class"])
HOT_WATER_HOURS = _goto("hot_water_hours", ["hour"])
CAR_PATTERNS = InputTable(
    "network_models.goto", "car_patterns", ("pattern",), FACTOR, ("work_trip_kwh", "free_trip_kwh")
)

OPTIONAL = {
    "fleet.demand_response": (DEMAND_RESPONSE, HOME_CLASSES, HOT_WATER_HOURS, CAR_PATTERNS),
    "fleet.plant_batteries": (PLANT_BATTERIES,),
    "fleet.grid_batteries": (GRID_BATTERIES,),
}
"""Tables that count only where a study key is not ``none``; settable, and read where they are used."""

MARKET = _goto("market", ["name"], "value")
"""Prices and rules: settable, they move payments only and no simulated quantity."""

OPTIONAL_TABLES = {table.name: table for tables in (*OPTIONAL.values(), (MARKET,)) for table in tables}
