"""Plants that a study adds to an island: rows of its table of plants, like the island's newest plant of their kind."""

from __future__ import annotations

import types
from dataclasses import replace
from typing import Any

import pandas as pd

from studies.study.file.schema import AddedPlant, Study
from twin.core.tables import Tables

SPECIAL_HIGH_FROM_KV = 22.0
"""From this voltage on a plant is of the class ``special_high``, below it ``high``."""
BATTERY_HOURS = 4.0
"""Hours of full power of a battery beside an added plant, as of those that the plan's plants have: an assumption."""
OPEN = "unlimited"
"""Area rule of new plants: curtailed without limit and without compensation."""


def with_added_plants(study: Study, tables: Tables) -> Tables:
    """Return an island's tables with the plants that a study adds."""
    added = study.fleet.added_plants
    if not added:
        return tables
    rows = [_row(name, plant, study, tables) for name, plant in added.items()]
    known = tables["plants"]
    plants = pd.DataFrame([*known.to_dict("records"), *rows], columns=known.columns).astype(known.dtypes.to_dict())
    return replace(tables, frames=types.MappingProxyType({**tables.frames, "plants": plants}))


def _row(name: str, plant: AddedPlant, study: Study, tables: Tables) -> dict[str, Any]:
    like = newest_of_kind(tables["plants"], plant.kind)
    area = area_of_bus(tables, plant.bus)
    kv = tables["buses"].set_index("bus_id")["vn_kv"][plant.bus]
    row = {str(key): value for key, value in like.items()}
    ratio = 1.0 if pd.isna(like["dc_mw"]) else like["dc_mw"] / like["contract_mw"]
    units = None if pd.isna(like["units"]) else max(1, round(like["units"] * plant.mw / like["contract_mw"]))
    return row | {
        "plant_id": name,
        "name_en": plant.title_en or name,
        "name_ja": plant.title_ja or plant.title_en or name,
        "area": area["area_id"],
        "place": area["place"],
        "bus": plant.bus,
        "contract_mw": plant.mw,
        "dc_mw": None if pd.isna(like["dc_mw"]) else plant.mw * ratio,
        "voltage_class": "special_high" if kv >= SPECIAL_HIGH_FROM_KV else "high",
        "firmness": "firm" if plant.firm else "non-firm",
        "area_rule": OPEN,
        "trippable": plant.trippable,
        "in_service_from": pd.Timestamp(int(study.grid.year or 0), 1, 1),
        "in_service_to": pd.NaT,
        "municipality": bool(area["municipality"]),
        "units": units,
        "age_parameter": "", "firmness_parameter": "", "trippable_parameter": "",
    }  # fmt: skip


def newest_of_kind(plants: pd.DataFrame, kind: str) -> pd.Series:
    """Return the plant of a kind that came last into service; the last of the table among those of one day."""
    of_kind = plants[(plants["kind"] == kind) & (plants["contract_mw"] > 0.0)]
    found: pd.Series = of_kind.sort_values("in_service_from", kind="stable").iloc[-1]
    return found


def area_of_bus(tables: Tables, bus: str) -> pd.Series:
    """Return the area that a bus supplies, directly or through transformers and lines within its station."""
    areas, trafos, lines = tables["areas"], tables["transformers"], tables["lines"]
    edges = [*zip(trafos["hv_bus"], trafos["lv_bus"], strict=True)]
    edges += [*zip(lines["from_bus"], lines["to_bus"], strict=True)]
    reached, seen = [bus], {bus}
    for at in reached:
        here = areas[areas["bus"] == at]
        if len(here):
            found: pd.Series = here.iloc[0]
            return found
        for one, other in edges:
            if at in (one, other) and (beyond := other if at == one else one) not in seen:
                seen.add(beyond)
                reached.append(beyond)
    first: pd.Series = areas.iloc[0]
    return first
