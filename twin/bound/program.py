"""The linear program of the bound: groups of batteries over all half-hours, and the link where it may bind."""

from __future__ import annotations

from dataclasses import dataclass

import highspy
import numpy as np
from scipy import sparse

from twin.bound.groups import FleetGroup
from twin.bound.link_condition import LinkCondition

PER_GROUP = ("charge", "discharge", "stored", "ordered_off", "lost", "standby")
"""Columns of a group in a half-hour: ``ordered_off`` is charge out of area-balance cuts, ``lost`` what is lost beyond
the least possible loss, ``standby`` the part of the standby consumption that comes out of the charge."""


@dataclass(frozen=True)
class Worth:
    """What the objective counts, (T,) each.

    Attributes
    ----------
    delivered : numpy.ndarray
        Of a MWh delivered.
    lost : numpy.ndarray
        Costs of a MWh lost in batteries.
    stored : numpy.ndarray
        Costs of a MWh taken for batteries, losses included, and what one given brings.
    """

    delivered: np.ndarray
    lost: np.ndarray
    stored: np.ndarray


@dataclass(frozen=True)
class Program:
    """Maximise ``cost @ x + constant`` with ``low <= x <= high`` and ``row_low <= matrix @ x <= row_high``.

    Columns are N groups x 6 x T, then the cut of each half-hour of the link condition; rows are N x T charges, then
    the link's.
    """

    cost: np.ndarray
    constant: float
    low: np.ndarray
    high: np.ndarray
    matrix: sparse.csc_array
    row_low: np.ndarray
    row_high: np.ndarray


@dataclass(frozen=True)
class Solution:
    """What the solver found, and what is proven of it.

    Attributes
    ----------
    status : str
        The solver's.
    primal, dual : float
        Objective of the solver's point, and the value of its multipliers: no point within the bounds is better,
        whatever the solver's tolerances are.
    infeasibility : float
        Largest violation of a row by the solver's point.
    x : numpy.ndarray
    """

    status: str
    primal: float
    dual: float
    infeasibility: float
    x: np.ndarray


def make_program(
    groups: list[FleetGroup],
    condition: LinkCondition,
    deliverable_mw: np.ndarray,
    worth: Worth,
    hours: float,
) -> Program:
    """Return the program.

    Parameters
    ----------
    groups : list of FleetGroup
    condition : LinkCondition
    deliverable_mw : numpy.ndarray, (T,)
        What is delivered without any cut for congestion.
    worth : Worth
    hours : float
    """
    steps, rows = len(deliverable_mw), len(condition.steps)
    cut_high = deliverable_mw[condition.steps] + np.abs(condition.allowed_mw) / condition.most_per_mw
    low = np.concatenate([*(_low(group) for group in groups), np.zeros(rows)])
    high = np.concatenate([*(_high(group) for group in groups), cut_high])
    cost = np.concatenate([*(_cost(group, worth, hours) for group in groups), -worth.delivered[condition.steps]])
    charges = [_charge_rows(group, hours) for group in groups]
    link = _link_rows(groups, condition, steps)
    blocks = sparse.block_diag([*charges, sparse.csr_array((0, rows))]) if charges else sparse.csr_array((0, rows))
    matrix = sparse.vstack([blocks, link]).tocsc()
    first = np.concatenate([np.zeros(0), *(_right(group, hours) for group in groups)])
    usual = sum((group.usual_mw[condition.steps] for group in groups), np.zeros(rows))
    allowed = condition.allowed_mw - condition.least_per_mw * usual
    return Program(
        cost=hours * cost,
        constant=hours * float(deliverable_mw @ worth.delivered)
        + sum(_constant(group, worth, hours) for group in groups),
        low=low,
        high=high,
        matrix=sparse.csc_array(matrix),
        row_low=np.concatenate([first, np.full(rows, -np.inf)]),
        row_high=np.concatenate([first, allowed]),
    )


def solve_program(program: Program) -> Solution:
    """Solve the program by the dual simplex method on one thread."""
    if not len(program.cost):
        return Solution("nothing to decide", program.constant, program.constant, 0.0, np.zeros(0))
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("threads", 1)
    solver.setOptionValue("solver", "simplex")
    solver.passModel(_model(program))
    solver.run()
    found = solver.getSolution()
    x = np.clip(np.array(found.col_value), program.low, program.high)
    rows = program.matrix @ x
    excess = np.maximum(rows - program.row_high, program.row_low - rows)
    return Solution(
        status=solver.modelStatusToString(solver.getModelStatus()),
        primal=program.constant + float(program.cost @ x),
        dual=proven_value(program, np.array(found.row_dual)),
        infeasibility=float(excess.max(initial=0.0)),
        x=x,
    )


def proven_value(program: Program, multipliers: np.ndarray) -> float:
    """Return what no feasible point exceeds, for any multipliers of the rows: the Lagrangian, weak duality.

    ``constant + y @ row_high + sum over columns of the most that (cost - y @ matrix) x can be within its bounds`` with
    y the multipliers, negative ones taken as 0 where a row is only an upper limit.
    """
    y = np.where(np.isfinite(program.row_low), multipliers, np.maximum(multipliers, 0.0))
    reduced = program.cost - program.matrix.T @ y
    most = np.where(reduced > 0.0, reduced * program.high, reduced * program.low)
    return program.constant + float(y @ program.row_high) + float(most.sum())


def _low(group: FleetGroup) -> np.ndarray:
    nothing = np.zeros_like(group.charge_mw)
    return np.concatenate([nothing, nothing, group.lowest_mwh, nothing, nothing, nothing])


def _high(group: FleetGroup) -> np.ndarray:
    more_lost = np.full_like(group.charge_mw, group.more_lost_mw)
    standby = np.full_like(group.charge_mw, group.standby_mw)
    return np.concatenate(
        [group.charge_mw, group.discharge_mw, group.highest_mwh, group.ordered_off_mw, more_lost, standby]
    )


def _cost(group: FleetGroup, worth: Worth, hours: float) -> np.ndarray:
    """Return what the columns add to the objective, per hour; charge costs what leaks of it a half-hour later."""
    charge = -worth.lost * group.loss_in - worth.stored
    discharge = -worth.lost * group.loss_out + worth.stored
    stored = -np.append(worth.lost[1:], 0.0) * group.leak / hours
    return np.concatenate([charge, discharge, stored, charge + worth.delivered, -worth.lost, worth.stored])


def _constant(group: FleetGroup, worth: Worth, hours: float) -> float:
    """Return what the group adds whatever it does: standby, what is usual, what is called off for good at its best."""
    usual = worth.lost @ group.usual_losses_mw + worth.stored @ group.in_demand_mw
    first_leak = worth.lost[0] * group.leak * group.first_mwh / hours
    called = np.sort(worth.stored * group.given_up_mw)[::-1][: group.given_up_half_hours]
    standby = group.standby_mw * float((worth.lost + worth.stored).sum())
    return hours * float(usual - first_leak + called.sum() - standby)


def _charge_rows(group: FleetGroup, hours: float) -> sparse.csr_array:
    """Rows ``stored - (1 - leak) stored before - hours (charge - discharge - losses - standby) = - hours drain``."""
    steps = len(group.charge_mw)
    one = sparse.eye_array(steps, format="csr")
    change = one - (1.0 - group.leak) * sparse.eye_array(steps, k=-1, format="csr")
    taken = -hours * (1.0 - group.loss_in) * one
    given = hours * (1.0 + group.loss_out) * one
    return sparse.csr_array(sparse.hstack([taken, given, change, taken, hours * one, hours * one]))


def _right(group: FleetGroup, hours: float) -> np.ndarray:
    right = -hours * group.drain_mw
    right[0] += (1.0 - group.leak) * group.first_mwh
    return right


def _link_rows(groups: list[FleetGroup], condition: LinkCondition, steps: int) -> sparse.csr_array:
    rows = len(condition.steps)
    pick = sparse.csr_array((np.ones(rows), (np.arange(rows), condition.steps)), shape=(rows, steps))
    nothing = sparse.csr_array((rows, steps))
    less, more = -condition.most_per_mw * pick, condition.least_per_mw * pick
    of_groups = [less, more, nothing, nothing, nothing, more] * len(groups)
    return sparse.csr_array(sparse.hstack([*of_groups, -condition.most_per_mw * sparse.eye_array(rows)]))


def _model(program: Program) -> highspy.HighsLp:
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = len(program.cost), len(program.row_high)
    lp.sense_ = highspy.ObjSense.kMaximize
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = program.cost, program.low, program.high
    lp.row_lower_, lp.row_upper_ = program.row_low, program.row_high
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_ = program.matrix.indptr
    lp.a_matrix_.index_ = program.matrix.indices
    lp.a_matrix_.value_ = program.matrix.data
    return lp
