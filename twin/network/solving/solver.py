"""Power flows of one network for many operating points: each takes the quickest method that converges for it."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import cached_property

import numpy as np
from numba import config

from twin.network.network import Network
from twin.network.node_power import NodePower
from twin.network.solving.bystanders import Bystanders, has_power
from twin.network.solving.factors import NOTHING, Elimination, Numbers, Prepared, parts, prepare
from twin.network.solving.iterations import Rules
from twin.network.solving.lanes import LANES
from twin.network.solving.rows import (
    CONSTANT_JACOBIAN,
    FIXED_POINT,
    NEWTON,
    NOT_FINITE,
    NOT_SETTLED,
    Found,
    Given,
    solve_rows,
)


def default_threads() -> int:
    """Return numba's configured number (all processors, or ``NUMBA_NUM_THREADS``) without starting its threads.

    ``numba.get_num_threads`` would start them, and then numba refuses any later change of the environment.
    """
    return int(config.NUMBA_NUM_THREADS)  # type: ignore[attr-defined]


class Method(IntEnum):
    """Method that solved an operating point."""

    NONE = 0
    FIXED_POINT = FIXED_POINT
    CONSTANT_JACOBIAN = CONSTANT_JACOBIAN
    NEWTON = NEWTON


class Failure(IntEnum):
    """Why an operating point has no solution."""

    NONE = 0
    INPUT_NOT_FINITE = 1
    NOT_CONVERGED = 2
    LIMITS_NOT_SETTLED = 3
    NOT_OPERABLE = 4


@dataclass(frozen=True)
class Solution:
    """Solved rows R of a network with nodes N and controlled nodes C.

    Attributes
    ----------
    v : numpy.ndarray, (R, N) complex
        Voltages, pu; NaN at dead nodes and in rows without a solution.
    q_controlled_pu : numpy.ndarray, (R, C)
        Reactive infeed of the controlling devices of each controlled node.
    at_limit : numpy.ndarray, (R, C) int
        -1 at the lower limit, 1 at the upper one, 0 where the voltage is held.
    method, failure : numpy.ndarray, (R,) int
        `Method` and `Failure`.
    residual_mva : numpy.ndarray, (R,)
        Largest complex power mismatch at any node, recomputed from the full admittance matrix.
    operable : numpy.ndarray, (R,) bool
        Whether a solved row is the state in which a grid is operated: the determinant of the Jacobian has the sign that
        it has without power, and no voltage is below `LOWEST_OPERABLE_PU`.
    """

    v: np.ndarray
    q_controlled_pu: np.ndarray
    at_limit: np.ndarray
    method: np.ndarray
    failure: np.ndarray
    residual_mva: np.ndarray
    operable: np.ndarray

    @property
    def converged(self) -> np.ndarray:
        """(R,) bool."""
        result: np.ndarray = self.failure == Failure.NONE
        return result

    def only_operable(self) -> Solution:
        """Return the same with a failure where the state is not one in which a grid is operated."""
        return replace(self, failure=np.where(self.converged & ~self.operable, Failure.NOT_OPERABLE, self.failure))


def empty_solution(rows: int, nodes: int, controlled: int) -> Solution:
    """Return a solution to be filled."""
    return Solution(
        v=np.empty((rows, nodes), dtype=complex),
        q_controlled_pu=np.empty((rows, controlled)),
        at_limit=np.empty((rows, controlled), dtype=np.int64),
        method=np.empty(rows, dtype=np.int64),
        failure=np.empty(rows, dtype=np.int64),
        residual_mva=np.empty(rows),
        operable=np.empty(rows, dtype=bool),
    )


TOLERANCE_MVA = 1e-8
HELD_VOLTAGE_PU = 1e-10
VOLTAGE_STEP_PU = 1e-8
MOST_SHARED_STEPS = 40
MOST_NEWTON_STEPS = 30
MOST_ROUNDS = 40
LOWEST_OPERABLE_PU = 0.5
ROWS_PER_TASK = 32 * LANES
_FAILURE_OF_STEPS = {NOT_FINITE: Failure.INPUT_NOT_FINITE, NOT_SETTLED: Failure.LIMITS_NOT_SETTLED}


@dataclass(frozen=True)
class Solver:
    """A network made ready for many rows; several threads may use it at once.

    Attributes
    ----------
    network : Network
    like : Solver, optional
        Of the intact network that `network` is an outage of: its order of elimination is used again.
    tolerance_mva : float
        Largest complex power mismatch at a node. Where admittances are so large that rounding alone leaves more, that
        is what the node may keep.
    with_bystanders : bool
        Iterate on nodes without power too. Rows that have power at one of them are solved so in any case.
    """

    network: Network
    like: Solver | None = None
    tolerance_mva: float = TOLERANCE_MVA
    with_bystanders: bool = False

    def solve(self, power: NodePower, start: np.ndarray | None = None, threads: int | None = None) -> Solution:
        """Solve each row; its answer depends on no other row and not on the number of threads.

        Parameters
        ----------
        power : NodePower
            Infeed, rows R.
        start : numpy.ndarray, (R, N) or (1, N) complex, optional
            Voltages to start from; the answer does not depend on them beyond the tolerance. The voltages without power
            stand in for what is not a number.
        threads : int, optional
            Threads that share the rows; one a processor if left out.

        Returns
        -------
        Solution
        """
        rows = len(power.constant)
        given, found = _given(power, start), self._empty(rows)
        everyone = np.arange(rows)
        tasks = -(-rows // ROWS_PER_TASK)
        if tasks < 2 or (threads or default_threads()) < 2:
            self._solve(everyone, given, found)
        else:
            shares = [everyone[k * ROWS_PER_TASK : (k + 1) * ROWS_PER_TASK] for k in range(tasks)]
            with ThreadPoolExecutor(threads or default_threads()) as pool:
                list(pool.map(lambda share: self._solve(share, given, found), shares))
        return _solution(found, self.network.base_mva)

    def _empty(self, rows: int) -> Found:
        return Found.empty(rows, len(self.network.alive), len(self.network.controlled.node))

    def _solve(self, rows: np.ndarray, given: Given, found: Found) -> None:
        of, aside = self.prepared, np.zeros(len(rows), dtype=bool)
        bystanders = of.elimination.bystanders.turns.node
        if len(bystanders):
            has_power(bystanders, rows, given.constant, given.current, given.impedance, aside)
            if aside.any():
                self._whole._solve(rows[aside], given, found)
                rows = rows[~aside]
        solve_rows(of.equations, of.plan, of.devices, self._rules, rows, given, found)

    @cached_property
    def _whole(self) -> Solver:
        """The same without a node left out, for rows with power where there is none else."""
        return replace(self, like=None if self.like is None else self.like._whole, with_bystanders=True)

    @cached_property
    def prepared(self) -> Prepared:
        """What the compiled iterations need."""
        elimination, numbers = self._structure
        same = self.like is not None and elimination is self.like._structure[0]
        intact = self.like.prepared if same and self.like is not None else None
        return prepare(self.network, elimination, numbers, self._rules, intact)

    @cached_property
    def _rules(self) -> Rules:
        return Rules(
            self.tolerance_mva / self.network.base_mva, HELD_VOLTAGE_PU, VOLTAGE_STEP_PU, MOST_SHARED_STEPS,
            MOST_NEWTON_STEPS, MOST_ROUNDS,
        )  # fmt: skip

    @cached_property
    def _structure(self) -> tuple[Elimination, Numbers]:
        network = self.network
        if self.like is not None and np.array_equal(self.like.network.slack, network.slack):
            elimination = self.like._structure[0]
            numbers = elimination.numbers(network)
            if numbers is not None:
                return elimination, numbers
        choices = [] if self.with_bystanders else [Bystanders.of(network)]
        for bystanders in (*choices, Bystanders.none(network)):
            own = Elimination.of(network, bystanders)
            numbers = own.numbers(network)
            if numbers is not None:
                return own, numbers
        raise AssertionError  # nothing is eliminated, so nothing can fail


def solve_each(
    solvers: Sequence[Solver], of_rows: Sequence[np.ndarray], power: NodePower, start: np.ndarray | None = None
) -> Solution:
    """Solve rows of several networks with the same nodes and devices, as each `Solver.solve` does.

    Parameters
    ----------
    solvers : sequence of Solver
    of_rows : sequence of numpy.ndarray of int
        The rows of each; every row once.
    power, start
        As for `Solver.solve`, of all rows.
    """
    given, found = _given(power, start), solvers[0]._empty(len(power.constant))
    for solver, rows in zip(solvers, of_rows, strict=True):
        solver._solve(rows, given, found)
    return _solution(found, solvers[0].network.base_mva)


def _given(power: NodePower, start: np.ndarray | None) -> Given:
    return Given(
        parts(power.constant),
        NOTHING if power.current is None else parts(power.current),
        NOTHING if power.impedance is None else parts(power.impedance),
        NOTHING if start is None else parts(start),
    )


def _solution(found: Found, base_mva: float) -> Solution:
    """Return what is found, in the words of `Solution`."""
    v, failure = found.v.view(complex), np.zeros(len(found.steps), dtype=np.int64)
    method, solved = found.method.astype(np.int64), found.steps >= 0
    operable = solved & (found.sign > 0.0)
    if not solved.all():
        failure[~solved] = Failure.NOT_CONVERGED
        for steps, reason in _FAILURE_OF_STEPS.items():
            failure[found.steps == steps] = reason
        found.v[~solved], found.q[~solved], method[~solved] = np.nan, np.nan, Method.NONE
    lowest = np.fmin.reduce(np.abs(v), axis=1, initial=np.inf)
    operable &= ~(lowest < LOWEST_OPERABLE_PU)
    return Solution(
        v, found.q, found.at_limit.astype(np.int64), method, failure, found.mismatch * base_mva, operable
    )  # fmt: skip
