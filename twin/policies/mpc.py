"""The policy `mpc`: a linear program over the coming day, solved anew every three hours."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from twin.devices.names import CARS, COMMERCIAL, GRID_BATTERIES, PLANT_BATTERIES, WATER_HEATERS
from twin.policies.following import order_power
from twin.policies.interface import THREE_HOURS, Cadence, Dispatch, Mode, View
from twin.policies.mpc_program import HALF_HOURS, Expected, Fleet, Plan, RollingProgram
from twin.policies.signals import order, stored_mwh

_TIE_JPY_PER_KWH = 1e-5
"""Cost that rises with lead time, so that of equal plans the earliest is taken."""
_DIGITS = 6


@dataclass
class Mpc:
    """`mpc`: charge what would be cut, give it back when it is worth most.

    Maximises over the 48 half-hours of the outlook: energy used (expected cuts avoided less battery losses), weighted
    by `energy_value_jpy_per_kwh`, plus the area price of what is supplied less what is charged. The network is one
    line: expected export less the batteries' effect on it, against the operator's limit. Losses count with the charge
    for the whole way through the battery, so that giving back is never a reason to wait.

    Attributes
    ----------
    energy_value_jpy_per_kwh : float
        Weight of energy used against the area price; a choice, no datum: so high that no price spread of the area
        (0 to 30 JPY/kWh) pays for the losses of a cycle. Lower it to trade on prices.
    margin_mw : float
        Kept below the stated limit; a choice, no datum, about the error of the operator's forecast.
    most_batteries : int
        Site groups are put together until so many are left.
    least_mwh : dict of str to float
        Remembered: the least that a battery of grid or plants was ever seen to hold, taken for empty.
    """

    cadence: Cadence = THREE_HOURS
    energy_value_jpy_per_kwh: float = 300.0
    margin_mw: float = 3.0
    most_batteries: int = 4
    least_mwh: dict[str, float] = field(default_factory=dict)
    _program: RollingProgram | None = field(default=None, init=False, repr=False, compare=False)

    def __getstate__(self) -> dict[str, Any]:
        """Return everything but the solver, which is made again when it is needed."""
        return vars(self) | {"_program": None}

    def decide(self, view: View) -> Dispatch:
        """Order the beginning of the best plan.

        Raises
        ------
        NoPlanError
            Where the solver finds none.
        """
        orders = view.plan(Mode.IDLE)
        clusters = self._clusters(view)
        surplus = view.outlook.export_mw - view.export_limit_mw + self.margin_mw
        if clusters:
            plan = self._solved(view, clusters, surplus)
            self._order_sites(orders, view, clusters, plan)
        self._order_devices(orders, view, surplus)
        return orders

    def _clusters(self, view: View) -> list[np.ndarray]:
        """Return the site groups with a battery, alike ones together: by their effect on the link, then by hours."""
        batteries = view.batteries
        some = np.flatnonzero(batteries.power_mw > 0.0)
        ranked = some[np.lexsort((some, batteries.hours[some], view.export_per_mw[some]))]
        keys = np.round(np.column_stack([view.export_per_mw, batteries.hours, batteries.efficiency]), 2)[ranked]
        new = np.flatnonzero((np.diff(keys, axis=0) != 0.0).any(axis=1)) + 1
        parts = [part for part in np.split(ranked, new) if len(part)]
        while len(parts) > self.most_batteries:
            parts[-2:] = [np.concatenate(parts[-2:])]
        return parts

    def _solved(self, view: View, clusters: list[np.ndarray], surplus_mw: np.ndarray) -> Plan:
        batteries = view.batteries
        power = np.array([batteries.power_mw[part].sum() for part in clusters])
        efficiency = np.array([np.average(batteries.efficiency[p], weights=batteries.power_mw[p]) for p in clusters])
        per_mw = np.array([np.average(view.export_per_mw[p], weights=batteries.power_mw[p]) for p in clusters])
        fleet = Fleet(power, efficiency, per_mw)
        if self._program is None or not fleet.same(self._program.fleet):
            self._program = RollingProgram(fleet)
        return self._program.solve(self._expected(view, clusters, efficiency, surplus_mw))

    def _expected(
        self, view: View, clusters: list[np.ndarray], efficiency: np.ndarray, surplus_mw: np.ndarray
    ) -> Expected:
        batteries, outlook = view.batteries, view.outlook

        def charge_mwh(percent: np.ndarray) -> np.ndarray:
            """Return a charge of each cluster, (K,)."""
            mwh = percent / 100.0 * batteries.energy_mwh
            return np.array([mwh[part].sum() for part in clusters])

        demand = np.maximum(outlook.load_mw - outlook.pv_mw, 0.0)
        price = outlook.price_jpy_per_kwh
        worth = self.energy_value_jpy_per_kwh
        later = _TIE_JPY_PER_KWH * np.arange(HALF_HOURS)
        cycle_loss = worth * (1.0 - efficiency**2)
        return Expected(
            own_demand_mw=np.array([demand[:, part].sum(axis=1) for part in clusters]),
            stored_mwh=charge_mwh(batteries.soc_percent),
            lowest_mwh=charge_mwh(batteries.soc_min_percent),
            highest_mwh=charge_mwh(batteries.soc_max_percent),
            surplus_mw=surplus_mw,
            charge_cost=cycle_loss[:, None] + price + later,
            discharge_gain=np.tile(price - later, (len(clusters), 1)),
            cut_cost=worth + price,
            left_worth=efficiency * float(price.mean()),
        )

    def _order_sites(self, orders: Dispatch, view: View, clusters: list[np.ndarray], plan: Plan) -> None:
        ahead = view.half_hours
        for k, part in enumerate(clusters):
            energy, power = view.batteries.energy_mwh[part].sum(), view.batteries.power_mw[part].sum()
            power_pu = np.round((plan.charge_mw[k] - plan.discharge_mw[k])[:ahead] / power, _DIGITS)
            stored_percent = np.round(100.0 * plan.stored_mwh[k, :ahead] / energy, _DIGITS)
            order_power(orders, part, power_pu, stored_percent)

    def _order_devices(self, orders: Dispatch, view: View, surplus_mw: np.ndarray) -> None:
        """Let flexible demand take what would be cut; batteries of grid and plants give it back in dear half-hours."""
        ahead = view.half_hours
        congested = surplus_mw[:ahead] > 0.0
        order(orders, view, [WATER_HEATERS, CARS, COMMERCIAL], congested.astype(float))
        price = view.outlook.price_jpy_per_kwh
        dear = ~congested & (price[:ahead] >= price.mean())
        for name, charging in ((GRID_BATTERIES, congested), (PLANT_BATTERIES, np.zeros_like(congested))):
            stored = stored_mwh(view, name)
            self.least_mwh[name] = min(stored, self.least_mwh.get(name, stored))
            gives = dear & (stored > self.least_mwh[name])
            order(orders, view, [name], charging.astype(float) - gives)
