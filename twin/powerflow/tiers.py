"""The tiers one after the other, for rows whose devices are in the same state."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from twin.powerflow.iteration_kernels import NOT_SOLVED, Rules
from twin.powerflow.lanes import LANES
from twin.powerflow.node_power import NodePower
from twin.powerflow.prepared import Point, Prepared
from twin.powerflow.row_kernels import Found
from twin.powerflow.solution import Method
from twin.powerflow.threads import default_threads

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
