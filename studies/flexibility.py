"""From a study's settings to its flexible devices."""

from __future__ import annotations

from studies.demand_response import demand_response
from studies.storage import grid_batteries
from studies.study import Study
from twin.devices.contract import Device
from twin.grid.model import GridModel


def flexible_devices(study: Study, model: GridModel) -> tuple[Device, ...]:
    """Return the demand response and the grid batteries that a study has."""
    return (*demand_response(study, model), *grid_batteries(study, model))
