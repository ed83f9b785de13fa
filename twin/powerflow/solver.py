"""Solve many injections of one network: the tier is chosen row by row."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from twin.powerflow.elimination import Elimination
from twin.powerflow.limits import MOST_ROUNDS, infeed_at_limit, next_limits
from twin.powerflow.network import Network
from twin.powerflow.node_power import NodePower, node_power
from twin.powerflow.prepared import prepare
from twin.powerflow.row_kernels import NOT_FINITE, Found
from twin.powerflow.solution import Failure, Method, Solution
from twin.powerflow.tiers import Tiers


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
