"""Power flows of one network for many operating points: each takes the quickest method that converges for it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property

import numpy as np
from numba import config

from twin.network.network import Network
from twin.network.node_power import NodePower, node_power
from twin.network.solving.factors import Elimination, Point, Prepared, prepare
from twin.network.solving.iterations import NOT_SOLVED, Rules
from twin.network.solving.lanes import LANES
from twin.network.solving.rows import NOT_FINITE, Found
from twin.network.voltage_control import MOST_ROUNDS, infeed_at_limit, next_limits


def default_threads() -> int:
    """Return numba's configured number (all processors, or ``NUMBA_NUM_THREADS``) without starting its threads.

    ``numba.get_num_threads`` would start them, and then numba refuses any later change of the environment.
    """
    return int(config.NUMBA_NUM_THREADS)  # type: ignore[attr-defined]


class Method(IntEnum):
    """Method that solved an operating point."""

    NONE = 0
    FIXED_POINT = 1
    CONSTANT_JACOBIAN = 2
    NEWTON = 3


class Failure(IntEnum):
    """Why an operating point has no solution."""

    NONE = 0
    INPUT_NOT_FINITE = 1
    NOT_CONVERGED = 2
    LIMITS_NOT_SETTLED = 3


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
    """

    v: np.ndarray
    q_controlled_pu: np.ndarray
    at_limit: np.ndarray
    method: np.ndarray
    failure: np.ndarray
    residual_mva: np.ndarray

    @property
    def converged(self) -> np.ndarray:
        """(R,) bool."""
        result: np.ndarray = self.failure == Failure.NONE
        return result


def empty_solution(rows: int, nodes: int, controlled: int) -> Solution:
    """Return a solution to be filled."""
    return Solution(
        v=np.empty((rows, nodes), dtype=complex),
        q_controlled_pu=np.empty((rows, controlled)),
        at_limit=np.empty((rows, controlled), dtype=np.int64),
        method=np.empty(rows, dtype=np.int64),
        failure=np.empty(rows, dtype=np.int64),
        residual_mva=np.empty(rows),
    )


TOLERANCE_MVA = 1e-8
HELD_VOLTAGE_PU = 1e-10
VOLTAGE_STEP_PU = 1e-8
MAX_CONSTANT_STEPS = 40
MAX_NEWTON_STEPS = 30
ROWS_PER_TASK = 32 * LANES


@dataclass(frozen=True)
class Tiers:
    """Fixed point (where no voltage is held), constant Jacobian, and Newton for what is left.

    Attributes
    ----------
    prepared : Prepared
    base_power : NodePower
        One row: the net's own infeed, where the constant Jacobian is taken.
    """

    prepared: Prepared
    base_power: NodePower

    def solve(
        self, rows: np.ndarray, power: NodePower, start: np.ndarray | None, threads: int | None, found: Found
    ) -> np.ndarray:
        """Solve `rows` into `found` and return the tier (`Method`) that solved each."""
        method = np.full(len(rows), Method.NONE, dtype=np.int8)
        left = np.arange(len(rows))
        for tier in self.order:
            if not len(left):
                break
            point = self._point(tier)
            if point is None:
                continue
            first = None if tier == Method.NEWTON else start
            self._share(point, rows[left], power, first, threads, found)
            steps = found.steps[rows[left]]
            method[left[steps >= 0]] = tier
            left = left[steps == NOT_SOLVED]
        return method

    @cached_property
    def order(self) -> tuple[Method, ...]:
        """The tiers to try."""
        linear = () if self.prepared.equations.held.any() else (Method.FIXED_POINT,)
        return (*linear, Method.CONSTANT_JACOBIAN, Method.NEWTON)

    def _point(self, tier: Method) -> Point | None:
        """Return where `tier` starts, None if there is no such point."""
        if tier == Method.FIXED_POINT:
            return self._no_load
        return self._base if tier == Method.CONSTANT_JACOBIAN else self._newton_start

    @cached_property
    def _newton_start(self) -> Point:
        network = self.prepared.network
        v, controls = network.start.copy(), network.controlled
        held = self.prepared.equations.held[self.prepared.controlled]
        node = controls.node[held]
        v[node] *= controls.vm_set_pu[held] / np.abs(v[node])
        return Point(v[None], None, without_power=False)

    @cached_property
    def _no_load(self) -> Point | None:
        return self._linearised(NodePower(np.zeros_like(self.base_power.constant), None, None), without_power=True)

    @cached_property
    def _base(self) -> Point | None:
        return self._linearised(self.base_power, without_power=False)

    def _linearised(self, power: NodePower, without_power: bool) -> Point | None:
        """Return the solution by Newton's method with the factors there, None if it has none."""
        found = Found.empty(1, len(self.prepared.network.alive), len(self.prepared.controlled))
        self._share(self._newton_start, np.zeros(1, dtype=np.int64), power, None, 1, found)
        if found.steps[0] < 0:
            return None
        v = np.where(np.isfinite(found.voltages), found.voltages, self._newton_start.v)
        return Point(v, self.prepared.factors(v[0], power), without_power)

    def _share(
        self, point: Point, rows: np.ndarray, power: NodePower, start: np.ndarray | None, threads: int | None,
        found: Found,
    ) -> None:  # fmt: skip
        """Solve `rows` in tasks of equal size; which rows are in one has no bearing on any answer."""
        most_steps = MAX_NEWTON_STEPS if point.factors is None else MAX_CONSTANT_STEPS
        mismatch_pu = TOLERANCE_MVA / self.prepared.network.base_mva
        rules = Rules(mismatch_pu, HELD_VOLTAGE_PU, VOLTAGE_STEP_PU, most_steps)

        def solve(first: int) -> None:
            task = rows[first : first + ROWS_PER_TASK]
            self.prepared.solve(point, rules, task, power, start, found)

        firsts = range(0, len(rows), ROWS_PER_TASK)
        workers = min(threads or default_threads(), len(firsts))
        if workers < 2:
            self.prepared.solve(point, rules, rows, power, start, found)
            return
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(solve, firsts))


@dataclass(frozen=True)
class Solver:
    """A network made ready for many rows; several threads may use it at once.

    Attributes
    ----------
    network : Network
    like : Solver, optional
        Of the intact network that `network` is an outage of: its order of elimination is used again.
    """

    network: Network
    like: Solver | None = None
    _tiers: dict[bytes, Tiers] = field(default_factory=dict, repr=False, compare=False)

    def solve(self, power: NodePower, start: np.ndarray | None = None, threads: int | None = None) -> Solution:
        """Solve each row; its answer depends on no other row and not on the number of threads.

        Parameters
        ----------
        power : NodePower
            Infeed, rows R.
        start : numpy.ndarray, (R, N) or (1, N) complex, optional
            Voltages to start from; the answer does not depend on them beyond the tolerance. The base solution stands in
            for what is not a number.
        threads : int, optional
            Threads that share the rows; one a processor if left out.

        Returns
        -------
        Solution
        """
        controls, rows = self.network.controlled, len(power.constant)
        found = Found.empty(rows, len(self.network.alive), len(controls.node))
        method = np.zeros(rows, dtype=np.int8)
        at_limit = np.zeros((rows, len(controls.node)), dtype=np.int8)
        unsettled = np.arange(rows)
        for rounds in range(MOST_ROUNDS):
            for tiers, members in self._grouped(at_limit, unsettled):
                method[members] = tiers.solve(members, power, start, threads, found)
            unsettled = unsettled[method[unsettled] != Method.NONE]
            vm = np.abs(found.voltages[unsettled[:, None], controls.node])
            q = np.where(
                at_limit[unsettled] == 0, found.q[unsettled], infeed_at_limit(controls, at_limit[unsettled], vm)
            )
            found.q[unsettled] = q
            wanted = next_limits(controls, at_limit[unsettled], vm, q, rounds)
            changed = (wanted != at_limit[unsettled]).any(axis=1)
            unsettled = unsettled[changed]
            if not len(unsettled):
                break
            at_limit[unsettled] = wanted[changed]
        failure = np.where(method == Method.NONE, Failure.NOT_CONVERGED, Failure.NONE)
        failure[found.steps == NOT_FINITE] = Failure.INPUT_NOT_FINITE
        failure[unsettled] = Failure.LIMITS_NOT_SETTLED
        method[unsettled] = Method.NONE
        found.v[failure != Failure.NONE] = np.nan
        found.q[failure != Failure.NONE] = np.nan
        return Solution(
            found.voltages, found.q, at_limit.astype(np.int64), method.astype(np.int64), failure,
            found.mismatch * self.network.base_mva,
        )  # fmt: skip

    @cached_property
    def _structure(self) -> tuple[Elimination, np.ndarray]:
        if self.like is not None and np.array_equal(self.like.network.slack, self.network.slack):
            elimination = self.like._structure[0]
            admittances = elimination.admittances(self.network)
            if admittances is not None:
                return elimination, admittances
        elimination = Elimination.of(self.network)
        admittances = elimination.admittances(self.network)
        assert admittances is not None
        return elimination, admittances

    @cached_property
    def _base_power(self) -> NodePower:
        return node_power(self.network, 1, {})

    def _grouped(self, at_limit: np.ndarray, rows: np.ndarray) -> list[tuple[Tiers, np.ndarray]]:
        """Return the rows that share a pattern of devices at their limits, with what solves them."""
        if not at_limit.any():
            return [(self._of_pattern(np.zeros(at_limit.shape[1])), rows)]
        patterns, which = np.unique(at_limit[rows], axis=0, return_inverse=True)
        return [(self._of_pattern(pattern), rows[which.ravel() == k]) for k, pattern in enumerate(patterns)]

    def _of_pattern(self, at_limit: np.ndarray) -> Tiers:
        key = at_limit.astype(np.int8).tobytes()
        if key not in self._tiers:
            self._tiers[key] = Tiers(prepare(self.network, *self._structure, at_limit), self._base_power)
        return self._tiers[key]
