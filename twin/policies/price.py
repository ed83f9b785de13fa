"""Which steps of a day a battery trades: the cheapest against the dearest, as long as the spread pays."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from twin.devices.device import CARS, COMMERCIAL, GRID_BATTERIES, PLANT_BATTERIES, WATER_HEATERS
from twin.policies.interface import GATE_CLOSURE, Cadence, Dispatch, Mode, View
from twin.policies.ordering import order


def traded(
    price: np.ndarray, into_store: np.ndarray, out_of_store: np.ndarray, capacity: float, round_trip: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return what is put into a store in the cheapest steps and taken out of it in the dearest.

    The cheapest step is paired with the dearest, and so on inwards; a pair is traded where the dear price times
    the round-trip efficiency is above the cheap one. The day is taken as a circle: what is stored at noon may be used
    on the next morning.

    Parameters
    ----------
    price : numpy.ndarray, (H,)
        Not negative.
    into_store, out_of_store : numpy.ndarray, (H,)
        Most energy that can be put in and taken out in each step, counted inside the store.
    capacity : float
        Most energy that is traded, in the same unit.
    round_trip : float
        Energy out over energy in, both outside the store.

    Returns
    -------
    put_in, taken_out : numpy.ndarray, (H,)
        Counted inside the store; their sums are equal, and no step has both.
    """
    cheapest, dearest = np.argsort(price, kind="stable"), np.argsort(-price, kind="stable")
    filled, emptied = np.cumsum(into_store[cheapest]), np.cumsum(out_of_store[dearest])
    most = min(capacity, filled[-1], emptied[-1])
    steps = np.concatenate([filled, emptied, [most]])
    steps = steps[(steps > 0.0) & (steps <= most)]
    buys = price[cheapest[np.searchsorted(filled, steps)]]
    sells = price[dearest[np.searchsorted(emptied, steps)]]
    energy = steps[sells * round_trip > buys].max(initial=0.0)
    put_in, taken_out = np.zeros(len(price)), np.zeros(len(price))
    put_in[cheapest] = np.clip(energy - (filled - into_store[cheapest]), 0.0, into_store[cheapest])
    taken_out[dearest] = np.clip(energy - (emptied - out_of_store[dearest]), 0.0, out_of_store[dearest])
    return put_in, taken_out


@dataclass(frozen=True)
class Price:
    """`price`: at gate closure, trade the cheapest steps of the next day against the dearest.

    The sites' batteries charge from PV and grid in the cheapest steps and cover the sites' expected demand in the
    dearest, as far as the spread pays for the losses; else they rest and PV feeds in. Retail prices play no part.

    Attributes
    ----------
    down_from_jpy_per_kwh : float
        From this price on, commercial sites are told to use less.
    share_of_day : float
        Share of the cheapest and of the dearest steps in which water heaters are told to take much and little.
    storage_hours, storage_round_trip : float
        What is assumed of cars and of batteries in the grid and beside plants, whose size a policy is not told: hours
        of full power from empty to full, and energy out over energy in.
    """

    cadence: Cadence = GATE_CLOSURE
    down_from_jpy_per_kwh: float = 20.0
    share_of_day: float = 0.25
    storage_hours: float = 3.6
    storage_round_trip: float = 0.88

    def decide(self, view: View) -> Dispatch:
        """Order batteries and flexible devices by the rank of the expected price."""
        plan = view.plan(Mode.IDLE)
        price = view.outlook.price_jpy_per_kwh[: view.steps]
        for group in np.flatnonzero(view.batteries.power_mw > 0.0):
            _order_sites(plan, view, price, int(group))
        order(plan, view, [WATER_HEATERS], self._by_rank(price))
        order(plan, view, [CARS, GRID_BATTERIES, PLANT_BATTERIES], self._of_storage(price, view.step_hours))
        order(plan, view, [COMMERCIAL], np.where(price >= self.down_from_jpy_per_kwh, -1.0, 0.0))
        return plan

    def _by_rank(self, price: np.ndarray) -> np.ndarray:
        """Return 1 in the cheapest and -1 in the dearest steps; equal prices are no reason for either."""
        low, high = np.quantile(price, [self.share_of_day, 1.0 - self.share_of_day])
        return np.where(price <= low, 1.0, 0.0) - np.where(price >= high, 1.0, 0.0)

    def _of_storage(self, price: np.ndarray, hours: float) -> np.ndarray:
        """Return the power of a battery of 1 MW, charging positive."""
        efficiency = math.sqrt(self.storage_round_trip)
        into, out_of = np.full(len(price), hours * efficiency), np.full(len(price), hours / efficiency)
        put_in, taken_out = traded(price, into, out_of, self.storage_hours * efficiency, self.storage_round_trip)
        result: np.ndarray = put_in / into - taken_out / out_of
        return result


def _order_sites(plan: Dispatch, view: View, price: np.ndarray, group: int) -> None:
    """Write the orders to the batteries of one site group."""
    batteries, steps, hours = view.batteries, len(price), view.step_hours
    power, efficiency = batteries.power_mw[group], batteries.efficiency[group]
    usable_percent = batteries.soc_max_percent[group] - batteries.soc_min_percent[group]
    demand = view.outlook.load_mw[:steps, group] - view.outlook.pv_mw[:steps, group]
    into = np.full(steps, hours * power * efficiency)
    out_of = hours * np.clip(demand, 0.0, power) / efficiency
    capacity = batteries.energy_mwh[group] * max(usable_percent, 0.0) / 100.0
    put_in, taken_out = traded(price, into, out_of, capacity, efficiency**2)
    plan.mode[put_in > 0.0, group] = Mode.POWER
    plan.battery_power_pu[:, group] = put_in / into
    plan.mode[taken_out > 0.0, group] = Mode.SELF_CONSUMPTION
