"""Homes with energy monitors: they follow the price, and what they shift comes back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.devices.contract import DeviceFlows, DeviceNow
from twin.devices.names import HOMES
from twin.devices.shifting import coming_back, settled
from twin.units import KW_PER_MW


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
        One-way, see `twin.devices.shifting.settled`.
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
        """Respond to the price; see `twin.devices.contract.Device.step`.

        Demand follows ``exp(-elasticity * (ratio - 1))``: the elasticity at the usual price, and finite where use is
        free. Homes obey no signal: one other than 0 counts as not followed.
        """
        load_mw = now.class_kw_per_kwh["residential"][:, None] * self.energy_kwh / KW_PER_MW
        most_mw = self.flexible_share * load_mw
        moved_mw = load_mw * np.expm1(self.elasticity * (1.0 - now.price_ratio[:, None]))
        back_mw = coming_back(state, self.return_hours, self.efficiency, now.step_hours)
        change_mw = np.maximum(np.clip(moved_mw, -most_mw, most_mw) + back_mw, -most_mw)
        held_back_mwh, losses_mw = settled(change_mw, self.efficiency, now.step_hours)
        after = state + held_back_mwh
        return after, DeviceFlows(
            demand_mw=change_mw.sum(axis=1)[:, None] * self.area_share,
            losses_mw=losses_mw.sum(axis=1),
            stored_mwh=after.sum(axis=1),
            unmet_mwh=np.zeros(len(state)),
            clipped=(now.signal_pu != 0.0).astype(np.int64),
        )
