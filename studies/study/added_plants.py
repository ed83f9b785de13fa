"""Plants that a study adds to an island: rows of its table of plants, like the island's newest plant of their kind."""

from __future__ import annotations

import types
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pandas as pd

from studies.study.file.schema import AddedPlant, Study
from twin.core.errors import Problem
from twin.core.tables import Tables
from twin.network.model import GridModel

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


def above_rating(model: GridModel, added: dict[str, AddedPlant]) -> Iterator[Problem]:
    """Yield added plants, or their batteries, above what lines and transformers at their bus carry away together.

    Parameters
    ----------
    model : GridModel
        With these plants; what else stands at the bus counts too.
    added : dict
        By id; their power here counts, not that of the model.
    """
    bus, net = model.plants["bus"], model.net
    others = model.plants["contract_mw"].astype(float).drop(index=[name for name in added if name in bus.index])
    for at in dict.fromkeys(int(bus[name]) for name, plant in added.items() if plant.mw > 0.0):
        here = {name: plant for name, plant in added.items() if bus[name] == at and plant.mw > 0.0}
        there = float(others[bus[others.index] == at].sum())
        trafos = net.trafo[(net.trafo["hv_bus"] == at) | (net.trafo["lv_bus"] == at)]["sn_mva"].sum()
        lines = net.line[(net.line["from_bus"] == at) | (net.line["to_bus"] == at)]
        rating = float(trafos + 3.0**0.5 * net.bus["vn_kv"][at] * lines["max_i_ka"].sum())
        place, room = next(iter(here.values())).bus, max(rating - there, 0.0)
        accepted = (
            f"at most {room:.1f} MW at {place}: all its transformers and lines carry {rating:.1f} MW, "
            f"other plants there have {there:.1f} MW"
        )
        repair = "choose less or a bus of a higher voltage"
        total, names = sum(plant.mw for plant in here.values()), ", ".join(here)
        if total + there > rating:
            what = "the plants are" if len(here) > 1 else "the plant is"
            yield Problem(f"{what} larger than the bus can carry away", f"fleet.added_plants.{names}, mw",
                          f"{total:g} MW", accepted, repair)  # fmt: skip
        stored = sum(plant.battery_mwh for plant in here.values())
        if stored / BATTERY_HOURS + there > rating:
            yield Problem("the battery's power is larger than the bus can carry away",
                          f"fleet.added_plants.{names}, battery",
                          f"{stored:g} MWh, {stored / BATTERY_HOURS:g} MW", accepted, repair)  # fmt: skip


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
