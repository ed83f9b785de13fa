"""The policy `mpc`: a linear program over the coming day, solved anew every three hours."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import highspy
import numpy as np
from scipy import sparse

from twin.devices.device import CARS, COMMERCIAL, GRID_BATTERIES, PLANT_BATTERIES, WATER_HEATERS
from twin.policies.interface import THREE_HOURS, Cadence, Dispatch, Mode, View
from twin.policies.ordering import order, order_power, stored_mwh

DAY_HOURS = 24.0
_CHARGE, _DISCHARGE, _STORED = range(3)
_COLUMNS = 3


@dataclass(frozen=True)
class Fleet:
    """Batteries as the program takes them, (K,) each; what it is built from.

    Attributes
    ----------
    power_mw, efficiency : numpy.ndarray
        Efficiency is one-way.
    export_per_mw : numpy.ndarray
        Change of the link's export for a MW more infeed.
    step_hours : float
        Length of a step.
    """

    power_mw: np.ndarray
    efficiency: np.ndarray
    export_per_mw: np.ndarray
    step_hours: float = 0.5

    @property
    def steps(self) -> int:
        """Steps of the day that is planned."""
        return round(DAY_HOURS / self.step_hours)

    def same(self, other: Fleet) -> bool:
        """Return whether a program for the other serves this one too."""
        pairs = zip(vars(self).values(), vars(other).values(), strict=True)
        return all(np.array_equal(mine, theirs) for mine, theirs in pairs)


@dataclass(frozen=True)
class Expected:
    """What changes from decision to decision; H steps of a day, K batteries.

    Attributes
    ----------
    own_demand_mw : numpy.ndarray, (K, H)
        Demand of the batteries' sites that PV does not cover: discharging stays below it.
    stored_mwh, lowest_mwh, highest_mwh : numpy.ndarray, (K,)
    surplus_mw : numpy.ndarray, (H,)
        Export beyond the limit.
    charge_cost, discharge_gain : numpy.ndarray, (K, H)
        JPY/kWh.
    cut_cost : numpy.ndarray, (H,)
        JPY/kWh.
    left_worth : numpy.ndarray, (K,)
        JPY/kWh of what is stored at the end.
    """

    own_demand_mw: np.ndarray
    stored_mwh: np.ndarray
    lowest_mwh: np.ndarray
    highest_mwh: np.ndarray
    surplus_mw: np.ndarray
    charge_cost: np.ndarray
    discharge_gain: np.ndarray
    cut_cost: np.ndarray
    left_worth: np.ndarray


@dataclass(frozen=True)
class Plan:
    """Charge and discharge in MW, charge at the end in MWh, (K, H) each; cut in MW, (H,)."""

    charge_mw: np.ndarray
    discharge_mw: np.ndarray
    stored_mwh: np.ndarray
    cut_mw: np.ndarray


class NoPlanError(RuntimeError):
    """The solver has found no optimal plan."""


class RollingProgram:
    """The program of one fleet inside the solver.

    Columns are charge, discharge and stored energy of each battery by step, then the cuts by step; rows are the
    charges of each battery, then the link.

    Parameters
    ----------
    fleet : Fleet
    """

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        batteries = len(fleet.power_mw)
        self._columns = np.arange((_COLUMNS * batteries + 1) * fleet.steps, dtype=np.int32)
        self._solver = highspy.Highs()
        self._solver.setOptionValue("output_flag", False)
        self._solver.setOptionValue("threads", 1)
        self._solver.setOptionValue("solver", "simplex")
        self._solver.passModel(_model(fleet))

    def solve(self, expected: Expected) -> Plan:
        """Return the cheapest plan; the same whatever was solved before, as each solution begins without a basis.

        Raises
        ------
        NoPlanError
            With the solver's word for it.
        """
        solver, batteries, steps = self._solver, len(self.fleet.power_mw), self.fleet.steps
        columns = self._columns
        taken = [
            solver.changeColsBounds(len(columns), columns, *self._bounds(expected)),
            solver.changeColsCost(len(columns), columns, _costs(expected, self.fleet.step_hours)),
            *(solver.changeRowBounds(row, *sides) for row, sides in enumerate(_sides(expected))),
        ]
        if any(answer != highspy.HighsStatus.kOk for answer in taken):
            raise NoPlanError("HiGHS refuses the numbers of the decision")
        status = self._status("off")
        if status == highspy.HighsModelStatus.kUnknown:
            status = self._status("on")
        if status != highspy.HighsModelStatus.kOptimal:
            raise NoPlanError(f"HiGHS ended with: {solver.modelStatusToString(status)}")
        x = np.array(solver.getSolution().col_value)
        of_batteries = x[:-steps].reshape(batteries, _COLUMNS, steps)
        charge, discharge, stored = of_batteries.transpose(1, 0, 2)
        return Plan(charge, discharge, stored, x[-steps:])

    def _status(self, presolve: str) -> highspy.HighsModelStatus:
        """Solve from scratch; without presolve it is faster, with it the numbers are tamer."""
        self._solver.clearSolver()
        self._solver.setOptionValue("presolve", presolve)
        self._solver.run()
        return self._solver.getModelStatus()

    def _bounds(self, expected: Expected) -> tuple[np.ndarray, np.ndarray]:
        batteries, steps = len(self.fleet.power_mw), self.fleet.steps
        low = np.zeros((batteries, _COLUMNS, steps))
        high = np.zeros_like(low)
        low[:, _STORED] = np.minimum(expected.lowest_mwh, expected.stored_mwh)[:, None]
        high[:, _CHARGE] = self.fleet.power_mw[:, None]
        high[:, _DISCHARGE] = np.minimum(expected.own_demand_mw, self.fleet.power_mw[:, None])
        high[:, _STORED] = np.maximum(expected.highest_mwh, expected.stored_mwh)[:, None]
        nothing, unlimited = np.zeros(steps), np.full(steps, np.inf)
        return np.concatenate([low.ravel(), nothing]), np.concatenate([high.ravel(), unlimited])


def _costs(expected: Expected, hours: float) -> np.ndarray:
    batteries, steps = expected.charge_cost.shape
    costs = np.zeros((batteries, _COLUMNS, steps))
    costs[:, _CHARGE] = hours * expected.charge_cost
    costs[:, _DISCHARGE] = -hours * expected.discharge_gain
    costs[:, _STORED, -1] = -expected.left_worth
    return np.concatenate([costs.ravel(), hours * expected.cut_cost])


def _sides(expected: Expected) -> list[tuple[float, float]]:
    charges = np.zeros(expected.charge_cost.shape)
    charges[:, 0] = expected.stored_mwh
    equal = [(value, value) for value in charges.ravel().tolist()]
    return equal + [(value, np.inf) for value in expected.surplus_mw.tolist()]


def _model(fleet: Fleet) -> highspy.HighsLp:
    steps, hours = fleet.steps, fleet.step_hours
    one = sparse.eye_array(steps, format="csr")
    change = one - sparse.eye_array(steps, k=-1, format="csr")
    charges = [sparse.hstack([-hours * eta * one, hours / eta * one, change]) for eta in fleet.efficiency]
    relief = [sparse.hstack([per_mw * one, -per_mw * one, 0.0 * one]) for per_mw in fleet.export_per_mw]
    link = sparse.hstack([*relief, one])
    beside = sparse.csr_array((len(fleet.power_mw) * steps, steps))
    matrix = sparse.csc_array(sparse.vstack([sparse.hstack([sparse.block_diag(charges), beside]), link]))
    matrix.eliminate_zeros()
    lp = highspy.HighsLp()
    lp.num_row_, lp.num_col_ = matrix.shape
    nothing, unlimited = np.zeros(lp.num_col_), np.full(lp.num_col_, np.inf)
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = nothing, nothing, unlimited
    lp.row_lower_, lp.row_upper_ = np.zeros(lp.num_row_), np.full(lp.num_row_, np.inf)
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = matrix.indptr, matrix.indices, matrix.data
    return lp


_TIE_JPY_PER_KWH_HOUR = 2e-5
"""Cost that rises with lead time (per hour), so that of equal plans the earliest is taken."""
_DIGITS = 6


@dataclass
class Mpc:
    """`mpc`: charge what would be cut, give it back when it is worth most.

    Maximises over the day of the outlook: energy used (expected cuts avoided less battery losses), weighted
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
        fleet = Fleet(power, efficiency, per_mw, view.step_hours)
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
        later = _TIE_JPY_PER_KWH_HOUR * (np.arange(len(price)) * view.step_hours)
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
        ahead = view.steps
        for k, part in enumerate(clusters):
            energy, power = view.batteries.energy_mwh[part].sum(), view.batteries.power_mw[part].sum()
            power_pu = np.round((plan.charge_mw[k] - plan.discharge_mw[k])[:ahead] / power, _DIGITS)
            stored_percent = np.round(100.0 * plan.stored_mwh[k, :ahead] / energy, _DIGITS)
            order_power(orders, part, power_pu, stored_percent)

    def _order_devices(self, orders: Dispatch, view: View, surplus_mw: np.ndarray) -> None:
        """Let flexible demand take what would be cut; batteries of grid and plants give it back in dear steps."""
        ahead = view.steps
        congested = surplus_mw[:ahead] > 0.0
        order(orders, view, [WATER_HEATERS, CARS, COMMERCIAL], congested.astype(float))
        price = view.outlook.price_jpy_per_kwh
        dear = ~congested & (price[:ahead] >= price.mean())
        for name, charging in ((GRID_BATTERIES, congested), (PLANT_BATTERIES, np.zeros_like(congested))):
            stored = stored_mwh(view, name)
            self.least_mwh[name] = min(stored, self.least_mwh.get(name, stored))
            gives = dear & (stored > self.least_mwh[name])
            order(orders, view, [name], charging.astype(float) - gives)
