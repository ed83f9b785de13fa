"""Flexible commercial demand: cold stores and pumps that run earlier or later, and contracts to use less."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.core.units import KW_PER_MW
from twin.devices.device import COMMERCIAL, DeviceFlows, DeviceNow, not_followed
from twin.devices.homes import coming_back, settled

ROUNDING_HOURS = 1e-9


@dataclass(frozen=True, eq=False)
class Commercial:
    """All flexible commercial sites as one. State: energy held back (positive) or owed, MWh; hours of contracts used.

    Attributes
    ----------
    energy_kwh : float
        Yearly commercial demand.
    flexible_share : float
        Of the load of the half-hour that can run earlier or later.
    buffer_mwh : float
        Most energy held back or owed.
    return_hours : float
        Time constant with which it comes back where no order holds it.
    efficiency : float
        One-way, see `twin.devices.homes.settled`.
    down_share : float
        Of the load that contracts may take off at signal -1; not made up for.
    down_hours : float
        Hours that the contracts give over the run.
    area_share : numpy.ndarray, (A,)
    name : str
    is_storage : bool
    """

    energy_kwh: float
    flexible_share: float
    buffer_mwh: float
    return_hours: float
    efficiency: float
    down_share: float
    down_hours: float
    area_share: np.ndarray
    name: str = COMMERCIAL
    is_storage: bool = False

    def initial(self) -> np.ndarray:
        """Return the state before the first half-hour: nothing shifted, no contract used."""
        return np.zeros(2)

    def step(self, state: np.ndarray, now: DeviceNow) -> tuple[np.ndarray, DeviceFlows]:
        """Run earlier or later as ordered, and use less at -1; see `twin.devices.device.Device.step`.

        The signal -1 calls the contracts too; what they take off is ``unmet_mwh``. A call beyond their hours counts as
        not followed.
        """
        held, used, hours = state[:, 0], state[:, 1], now.step_hours
        load_mw = now.class_kw_per_kwh["commercial"] * self.energy_kwh / KW_PER_MW
        power_mw = self.flexible_share * load_mw
        back_mw = np.clip(coming_back(held, self.return_hours, self.efficiency, hours), -power_mw, power_mw)
        wanted_mw = now.signal_pu * power_mw + (1.0 - np.abs(now.signal_pu)) * back_mw
        shift_mw = np.clip(wanted_mw, *self._limits(held, hours))
        held_back_mwh, losses_mw = settled(shift_mw, self.efficiency, hours)

        called_mw = np.where(now.signal_pu <= -1.0, self.down_share * load_mw, 0.0)
        may_call = used + hours <= self.down_hours + ROUNDING_HOURS
        less_mw = np.where(may_call, called_mw, 0.0)
        after = np.stack([held + held_back_mwh, used + hours * (less_mw > 0.0)], axis=1)
        after[:, 0] = np.clip(after[:, 0], -self.buffer_mwh, self.buffer_mwh)
        done_mw = shift_mw - less_mw
        return after, DeviceFlows(
            demand_mw=done_mw[:, None] * self.area_share,
            losses_mw=losses_mw,
            stored_mwh=after[:, 0].copy(),
            unmet_mwh=less_mw * hours,
            clipped=not_followed(done_mw, wanted_mw - called_mw, power_mw, now.signal_pu),
        )

    def _limits(self, held: np.ndarray, hours: float) -> tuple[np.ndarray, np.ndarray]:
        """Return the changes of demand, MW, that empty and fill the buffer; each side of zero has its own loss."""
        ends = []
        for energy in (-self.buffer_mwh - held, self.buffer_mwh - held):
            ends.append(np.where(energy > 0.0, energy / self.efficiency, energy * self.efficiency) / hours)
        return ends[0], ends[1]
