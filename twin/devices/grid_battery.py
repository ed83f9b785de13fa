"""A battery in the grid: it charges and discharges at an area's bus as it is told."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.devices.device import GRID_BATTERIES, DeviceFlows, DeviceNow

FOLLOWED_WITHIN_MW = 1e-6


@dataclass(frozen=True)
class GridBattery:
    """Batteries at the areas, all ordered alike; arrays over A areas as tuples, so that equal ones are equal.

    Attributes
    ----------
    power_mw, energy_mwh : tuple of float, (A,)
        0 where an area has none.
    efficiency : float
        One-way.
    soc_min_share, soc_max_share : float
        Charge that is never used, charge that is never passed, of the capacity.
    name : str
    """

    power_mw: tuple[float, ...]
    energy_mwh: tuple[float, ...]
    efficiency: float
    soc_min_share: float
    soc_max_share: float
    name: str = GRID_BATTERIES
    is_storage: bool = True

    def initial(self) -> np.ndarray:
        """Return the charge before the first half-hour, (A,) MWh: the lowest."""
        return self.soc_min_share * np.array(self.energy_mwh)

    def step(self, state: np.ndarray, now: DeviceNow) -> tuple[np.ndarray, DeviceFlows]:
        """Charge or discharge as ordered within power and charge; see `twin.devices.device.Device.step`."""
        power, energy = np.array(self.power_mw), np.array(self.energy_mwh)
        eta, hours = self.efficiency, now.step_hours
        ordered = now.signal_pu[:, None] * power
        room = np.maximum(self.soc_max_share * energy - state, 0.0) / (eta * hours)
        store = np.maximum(state - self.soc_min_share * energy, 0.0) * eta / hours
        charge = np.minimum.reduce([np.maximum(ordered, 0.0), np.broadcast_to(power, ordered.shape), room])
        discharge = np.minimum.reduce([np.maximum(-ordered, 0.0), np.broadcast_to(power, ordered.shape), store])
        missed = np.abs(charge - discharge - ordered) > FOLLOWED_WITHIN_MW
        after = state + hours * (charge * eta - discharge / eta)
        losses = charge * (1.0 - eta) + discharge * (1.0 / eta - 1.0)
        return after, DeviceFlows(
            demand_mw=charge - discharge,
            losses_mw=losses.sum(axis=1),
            stored_mwh=after.sum(axis=1),
            unmet_mwh=np.zeros(len(state)),
            clipped=missed.any(axis=1).astype(np.int64),
        )
