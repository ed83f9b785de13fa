"""Flexible commercial demand: cold stores and pumps that run earlier or later, and contracts to use less."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numba import njit

from twin.core.row_arrays import for_kernel
from twin.core.units import KW_PER_MW
from twin.devices.device import COMMERCIAL, DeviceFlows, DeviceNow, DeviceSteps, not_followed, one_step
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
        """Run a single step; see `run`."""
        return one_step(self, state, now)

    def run(self, state: np.ndarray, steps: DeviceSteps) -> tuple[np.ndarray, DeviceFlows]:
        """Run earlier or later as ordered, and use less at -1; see `twin.devices.device.SeriesDevice.run`.

        The signal -1 calls the contracts too; what they take off is ``unmet_mwh``. A call beyond their hours counts as
        not followed.
        """
        after = np.array(state, dtype=float)
        limits = _Limits(
            self.flexible_share, self.buffer_mwh, self.return_hours, self.efficiency, self.down_share, self.down_hours
        )
        load_mw = steps.class_kw_per_kwh["commercial"] * self.energy_kwh / KW_PER_MW
        done_mw, losses_mw, stored_mwh, less_mw, clipped = _run(
            limits, after, for_kernel(load_mw), for_kernel(steps.signal_pu), steps.step_hours
        )
        return after, DeviceFlows(
            demand_mw=done_mw[:, :, None] * self.area_share,
            losses_mw=losses_mw,
            stored_mwh=stored_mwh,
            unmet_mwh=less_mw * steps.step_hours,
            clipped=clipped,
        )


class _Limits(NamedTuple):
    """As in `Commercial`."""

    flexible_share: float
    buffer_mwh: float
    return_hours: float
    efficiency: float
    down_share: float
    down_hours: float


@njit(cache=True, nogil=True)
def _run(
    limits: _Limits, state: np.ndarray, load_mw: np.ndarray, signal_pu: np.ndarray, hours: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return change, losses, energy held back, contracts' power and missed orders, (T, R); moves the state on."""
    done_mw, losses_mw, stored_mwh, less_mw = np.zeros((4, *signal_pu.shape))
    clipped = np.zeros(signal_pu.shape, dtype=np.int64)
    for t in range(signal_pu.shape[0]):
        for r in range(signal_pu.shape[1]):
            held, used, signal = state[r, 0], state[r, 1], signal_pu[t, r]
            power_mw = limits.flexible_share * load_mw[t, r]
            back_mw = coming_back(held, limits.return_hours, limits.efficiency, hours)
            back_mw = min(max(back_mw, -power_mw), power_mw)
            wanted_mw = signal * power_mw + (1.0 - abs(signal)) * back_mw
            lowest_mw = _to_hold(-limits.buffer_mwh - held, limits.efficiency, hours)
            highest_mw = _to_hold(limits.buffer_mwh - held, limits.efficiency, hours)
            shift_mw = min(max(wanted_mw, lowest_mw), highest_mw)
            kept_mwh, losses_mw[t, r] = settled(shift_mw, limits.efficiency, hours)
            called_mw = limits.down_share * load_mw[t, r] if signal <= -1.0 else 0.0
            if used + hours <= limits.down_hours + ROUNDING_HOURS:
                less_mw[t, r] = called_mw
            state[r, 0] = min(max(held + kept_mwh, -limits.buffer_mwh), limits.buffer_mwh)
            state[r, 1] = used + hours * (less_mw[t, r] > 0.0)
            done_mw[t, r], stored_mwh[t, r] = shift_mw - less_mw[t, r], state[r, 0]
            clipped[t, r] = not_followed(done_mw[t, r], wanted_mw - called_mw, power_mw, signal)
    return done_mw, losses_mw, stored_mwh, less_mw, clipped


@njit(cache=True, nogil=True)
def _to_hold(energy_mwh: float, efficiency: float, hours: float) -> float:
    """Return the change of demand, MW, by which so much more is held back; each side of zero has its own loss."""
    return (energy_mwh / efficiency if energy_mwh > 0.0 else energy_mwh * efficiency) / hours
