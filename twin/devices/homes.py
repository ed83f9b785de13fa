"""Homes with energy monitors: they follow the price, and what they shift comes back."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numba import njit

from twin.core.clock import HALF_HOURS_OF_DAY
from twin.core.row_arrays import for_kernel
from twin.core.units import KW_PER_MW
from twin.devices.device import HOMES, DeviceFlows, DeviceNow, DeviceSteps, one_step


@njit(cache=True, nogil=True)
def settled(change_mw: float, efficiency: float, hours: float) -> tuple[float, float]:
    """Return what a change of demand adds to the energy held back, and what of it is lost.

    Use taken early counts with `efficiency`; use put off counts by `efficiency` more. One unit moved to an earlier hour
    hence saves ``efficiency ** 2`` later, one put off costs ``1 / efficiency ** 2``.

    Parameters
    ----------
    change_mw : float
        Change of demand, consumption positive.
    efficiency : float
        One-way, above 0 and at most 1.
    hours : float

    Returns
    -------
    held_back_mwh : float
        Positive where use was taken early or caught up with.
    losses_mw : float
        Not negative.
    """
    kept_mw = efficiency * change_mw if change_mw > 0.0 else change_mw / efficiency
    return kept_mw * hours, change_mw - kept_mw


@njit(cache=True, nogil=True)
def coming_back(held_back_mwh: float, return_hours: float, efficiency: float, hours: float) -> float:
    """Return the change of demand by which shifted use comes back by itself, MW.

    It takes off the share ``1 - exp(-hours / return_hours)`` of what is held back (positive, demand falls) or owed
    (negative, demand rises).
    """
    part_mw = held_back_mwh * -math.expm1(-hours / return_hours) / hours
    return -efficiency * part_mw if held_back_mwh > 0.0 else -part_mw / efficiency


COMPARED = slice(22, 24)
"""Half-hours of 11 to 12 h."""
FREE = slice(24, 26)
"""Half-hours of 12 to 13 h."""


def free_hour_price_ratio() -> np.ndarray:
    """Return the marginal retail price of each half-hour of a day over the usual one, (48,).

    A customer pays nothing at 12 to 13 h for what exceeds his use at 11 to 12 h, so the bill of the two hours is
    ``price * (use_11 + min(use_11, use_12))``. Where ``use_12 > use_11``, a kWh more at 12 h costs nothing and a kWh
    more at 11 h costs twice its price, as it also lowers what is free.
    """
    ratio = np.ones(HALF_HOURS_OF_DAY)
    ratio[COMPARED] = 2.0
    ratio[FREE] = 0.0
    return ratio


@dataclass(frozen=True, eq=False)
class Homes:
    """Homes by class of price sensitivity; arrays over C classes.

    A class does the same in all areas, in proportion to its demand there: one state a class stands for its cohorts in
    all areas. State: energy used early (positive) or owed (negative) of each class, (C,) MWh.

    Attributes
    ----------
    energy_kwh : numpy.ndarray, (C,)
        Yearly demand.
    elasticity : numpy.ndarray, (C,)
        Own-price elasticity at the usual price, without its minus.
    flexible_share : float
        Largest change either way, of the load of the half-hour.
    return_hours : float
        Time constant with which shifted use comes back.
    efficiency : float
        One-way, see `twin.devices.homes.settled`.
    area_share : numpy.ndarray, (A,)
        Share of the homes' demand in each area.
    name : str
    is_storage : bool
    """

    energy_kwh: np.ndarray
    elasticity: np.ndarray
    flexible_share: float
    return_hours: float
    efficiency: float
    area_share: np.ndarray
    name: str = HOMES
    is_storage: bool = False

    def initial(self) -> np.ndarray:
        """Return the state before the first half-hour: nothing is shifted."""
        return np.zeros(len(self.energy_kwh))

    def step(self, state: np.ndarray, now: DeviceNow) -> tuple[np.ndarray, DeviceFlows]:
        """Run a single step; see `run`."""
        return one_step(self, state, now)

    def run(self, state: np.ndarray, steps: DeviceSteps) -> tuple[np.ndarray, DeviceFlows]:
        """Respond to the price; see `twin.devices.device.SeriesDevice.run`.

        Demand follows ``exp(-elasticity * (ratio - 1))``: the elasticity at the usual price, and finite where use is
        free. Homes obey no signal: one other than 0 counts as not followed.
        """
        after = np.array(state, dtype=float)
        change_mw, losses_mw, stored_mwh = _respond(
            after, for_kernel(steps.class_kw_per_kwh["residential"]), for_kernel(steps.price_ratio), self.energy_kwh,
            self.elasticity, self.flexible_share, self.return_hours, self.efficiency, steps.step_hours,
        )  # fmt: skip
        return after, DeviceFlows(
            demand_mw=change_mw[:, :, None] * self.area_share,
            losses_mw=losses_mw,
            stored_mwh=stored_mwh,
            unmet_mwh=np.zeros(change_mw.shape),
            clipped=(steps.signal_pu != 0.0).astype(np.int64),
        )


@njit(cache=True, nogil=True)
def _respond(
    held_back_mwh: np.ndarray, kw_per_kwh: np.ndarray, price_ratio: np.ndarray, energy_kwh: np.ndarray,
    elasticity: np.ndarray, flexible_share: float, return_hours: float, efficiency: float, hours: float,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """Return change and losses, MW, and what is held back, MWh, of all homes, (T, R); moves the classes' state on."""
    change_mw, losses_mw, stored_mwh = np.zeros((3, *price_ratio.shape))
    for t in range(price_ratio.shape[0]):
        for r in range(price_ratio.shape[1]):
            for c in range(len(energy_kwh)):
                load_mw = kw_per_kwh[t, r] * energy_kwh[c] / KW_PER_MW
                most_mw = flexible_share * load_mw
                moved_mw = load_mw * math.expm1(elasticity[c] * (1.0 - price_ratio[t, r]))
                back_mw = coming_back(held_back_mwh[r, c], return_hours, efficiency, hours)
                change = max(min(max(moved_mw, -most_mw), most_mw) + back_mw, -most_mw)
                kept_mwh, lost_mw = settled(change, efficiency, hours)
                held_back_mwh[r, c] += kept_mwh
                change_mw[t, r] += change
                losses_mw[t, r] += lost_mw
                stored_mwh[t, r] += held_back_mwh[r, c]
    return change_mw, losses_mw, stored_mwh
