"""Names of the flexible devices of a study, in orders, tables and payments."""

from __future__ import annotations

HOMES, WATER_HEATERS, CARS, COMMERCIAL = "homes", "water_heaters", "cars", "commercial"
GRID_BATTERIES = "grid_batteries"
PLANT_BATTERIES = "plant_batteries"
"""Batteries beside plants: no `twin.devices.contract.Device`, but ordered like one."""
