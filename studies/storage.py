"""Batteries of a study beside plants and in the grid."""

from __future__ import annotations

from studies.study import Study
from twin.devices.contract import Device
from twin.grid.model import GridModel
from twin.loop.member import PlantBatteries


def grid_batteries(study: Study, model: GridModel) -> tuple[Device, ...]:
    """Return the batteries in the grid that a study has."""
    return ()


def plant_batteries(study: Study, model: GridModel) -> PlantBatteries | None:
    """Return the batteries beside plants that a study has, None without."""
    return None
