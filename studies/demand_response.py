"""Demand response of a study: homes, water heaters, cars and commercial sites."""

from __future__ import annotations

from studies.study import Study
from twin.devices.contract import Device
from twin.grid.model import GridModel


def demand_response(study: Study, model: GridModel) -> tuple[Device, ...]:
    """Return the flexible demand that a study has."""
    return ()
