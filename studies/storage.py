"""Batteries of a study beside plants and in the grid."""

from __future__ import annotations

import numpy as np
import pandas as pd

from network_models.input_tables import GRID_BATTERIES, PLANT_BATTERIES
from studies.study import Study
from twin.devices.contract import Device
from twin.devices.grid_battery import GridBattery
from twin.errors import Problem, raise_if_any
from twin.grid.model import GridModel
from twin.input_tables import InputTable, inputs_in_force, read_input
from twin.loop.member import PlantBatteries

_COMMON = ("round_trip_efficiency", "soc_min_percent", "soc_max_percent")


def grid_batteries(study: Study, model: GridModel) -> tuple[Device, ...]:
    """Return the batteries in the grid that a study has.

    Raises
    ------
    InputError
        Where the table names an area that the network does not have.
    """
    if study.fleet.grid_batteries == "none":
        return ()
    power, energy, common = _amounts(study, GRID_BATTERIES, model.areas.index)
    return (GridBattery(tuple(power.tolist()), tuple(energy.tolist()), *common),)


def plant_batteries(study: Study, model: GridModel) -> PlantBatteries | None:
    """Return the batteries beside plants that a study has, None without.

    Raises
    ------
    InputError
        Where the table names a plant that the network does not have.
    """
    if study.fleet.plant_batteries == "none":
        return None
    power, energy, common = _amounts(study, PLANT_BATTERIES, model.plants.index)
    in_service = model.plants["contract_mw"].to_numpy(float) > 0.0
    return PlantBatteries(power * in_service, energy * in_service, *common)


def with_schemes(study: Study, plants: pd.DataFrame) -> pd.DataFrame:
    """Return the plants with the scheme that they move to with their battery."""
    if study.fleet.plant_batteries == "none":
        return plants
    table = read_input(PLANT_BATTERIES).set_index("plant")
    scheme = plants["scheme"].copy()
    scheme.update(table["scheme"])
    return plants.assign(scheme=scheme)


def _amounts(
    study: Study, table: InputTable, elements: pd.Index
) -> tuple[np.ndarray, np.ndarray, tuple[float, float, float]]:
    """Return power and energy of each element, and one-way efficiency and limits of charge that all rows share."""
    with inputs_in_force(study.inputs):
        frame = read_input(table)
    key = table.key[0]
    problems = [
        Problem(f"no such {key} in the network", f"{table.name}.csv, {key}", str(name), ", ".join(map(str, elements)))
        for name in frame[key]
        if name not in elements
    ]
    if len(frame[list(_COMMON)].drop_duplicates()) > 1:
        problems.append(Problem("rows differ", f"{table.name}.csv", ", ".join(_COMMON), "one value in all rows"))
    raise_if_any(problems)
    of_element = frame.set_index(key).reindex(elements)[["power_mw", "energy_mwh"]].fillna(0.0)
    round_trip, low, high = (float(frame[name].iloc[0]) for name in _COMMON)
    common = (float(np.sqrt(round_trip)), low / 100.0, high / 100.0)
    return of_element["power_mw"].to_numpy(float), of_element["energy_mwh"].to_numpy(float), common
