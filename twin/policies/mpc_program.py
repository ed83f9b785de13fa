"""The small linear program of `mpc`: built once, then only bounds, costs and right sides change."""

from __future__ import annotations

from dataclasses import dataclass

import highspy
import numpy as np
from scipy import sparse

HALF_HOURS = 48
HOURS = 0.5
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
    """

    power_mw: np.ndarray
    efficiency: np.ndarray
    export_per_mw: np.ndarray

    def same(self, other: Fleet) -> bool:
        """Return whether a program for the other serves this one too."""
        pairs = zip(vars(self).values(), vars(other).values(), strict=True)
        return all(np.array_equal(mine, theirs) for mine, theirs in pairs)


@dataclass(frozen=True)
class Expected:
    """What changes from decision to decision; H = 48 half-hours, K batteries.

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

    Columns are charge, discharge and stored energy of each battery, 48 each, then 48 cuts; rows are the charges of each
    battery, then the link.

    Parameters
    ----------
    fleet : Fleet
    """

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        batteries = len(fleet.power_mw)
        self._columns = np.arange((_COLUMNS * batteries + 1) * HALF_HOURS, dtype=np.int32)
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
        solver, batteries = self._solver, len(self.fleet.power_mw)
        columns = self._columns
        taken = [
            solver.changeColsBounds(len(columns), columns, *self._bounds(expected)),
            solver.changeColsCost(len(columns), columns, _costs(expected)),
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
        of_batteries = x[:-HALF_HOURS].reshape(batteries, _COLUMNS, HALF_HOURS)
        charge, discharge, stored = of_batteries.transpose(1, 0, 2)
        return Plan(charge, discharge, stored, x[-HALF_HOURS:])

    def _status(self, presolve: str) -> highspy.HighsModelStatus:
        """Solve from scratch; without presolve it is faster, with it the numbers are tamer."""
        self._solver.clearSolver()
        self._solver.setOptionValue("presolve", presolve)
        self._solver.run()
        return self._solver.getModelStatus()

    def _bounds(self, expected: Expected) -> tuple[np.ndarray, np.ndarray]:
        batteries = len(self.fleet.power_mw)
        low = np.zeros((batteries, _COLUMNS, HALF_HOURS))
        high = np.zeros_like(low)
        low[:, _STORED] = np.minimum(expected.lowest_mwh, expected.stored_mwh)[:, None]
        high[:, _CHARGE] = self.fleet.power_mw[:, None]
        high[:, _DISCHARGE] = np.minimum(expected.own_demand_mw, self.fleet.power_mw[:, None])
        high[:, _STORED] = np.maximum(expected.highest_mwh, expected.stored_mwh)[:, None]
        nothing, unlimited = np.zeros(HALF_HOURS), np.full(HALF_HOURS, np.inf)
        return np.concatenate([low.ravel(), nothing]), np.concatenate([high.ravel(), unlimited])


def _costs(expected: Expected) -> np.ndarray:
    batteries = len(expected.stored_mwh)
    costs = np.zeros((batteries, _COLUMNS, HALF_HOURS))
    costs[:, _CHARGE] = HOURS * expected.charge_cost
    costs[:, _DISCHARGE] = -HOURS * expected.discharge_gain
    costs[:, _STORED, -1] = -expected.left_worth
    return np.concatenate([costs.ravel(), HOURS * expected.cut_cost])


def _sides(expected: Expected) -> list[tuple[float, float]]:
    charges = np.zeros((len(expected.stored_mwh), HALF_HOURS))
    charges[:, 0] = expected.stored_mwh
    equal = [(value, value) for value in charges.ravel().tolist()]
    return equal + [(value, np.inf) for value in expected.surplus_mw.tolist()]


def _model(fleet: Fleet) -> highspy.HighsLp:
    one = sparse.eye_array(HALF_HOURS, format="csr")
    change = one - sparse.eye_array(HALF_HOURS, k=-1, format="csr")
    charges = [sparse.hstack([-HOURS * eta * one, HOURS / eta * one, change]) for eta in fleet.efficiency]
    relief = [sparse.hstack([per_mw * one, -per_mw * one, 0.0 * one]) for per_mw in fleet.export_per_mw]
    link = sparse.hstack([*relief, one])
    beside = sparse.csr_array((len(fleet.power_mw) * HALF_HOURS, HALF_HOURS))
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
