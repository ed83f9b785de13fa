"""The trip of a circuit of the link in three states: at once, after controls, after redispatch; nothing is fed back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from twin.core.quantities import CutCause
from twin.core.row_arrays import rows_of
from twin.network.solving.solver import Solution
from twin.operation.injections import Injections, solve_injections
from twin.operation.ledger import Ledger
from twin.operation.management.congestion import smallest
from twin.operation.management.uniform_cap import GridState
from twin.operation.outages.points import OutageAnalyses
from twin.security.assessment import THREADS, OutageAnalysis, power_after
from twin.security.control_actions import ControlActions, Positions
from twin.security.limits import VIOLATED_ABOVE_PERCENT
from twin.security.prepared import PreparedContingency

STATES = ("at_once", "controlled", "redispatched")


class TripStates(NamedTuple):
    """What the worst trip of a circuit does, by row R; NaN where a state has no solution.

    `loading_percent` (R, 3) is the survivor's, of its continuous rating, and `low_vm_pu` (R, 3) the lowest watched
    voltage in each of `STATES`; `redispatch_mw` (R,) is the infeed that would have to be taken back after the trip, and
    `redispatch_short` (R,) tells where taking back all would not be enough.
    """

    loading_percent: np.ndarray
    low_vm_pu: np.ndarray
    redispatch_mw: np.ndarray
    redispatch_short: np.ndarray


class LinkTrips:
    """Trips of the circuits of the link.

    Parameters
    ----------
    analyses : OutageAnalyses
    """

    def __init__(self, analyses: OutageAnalyses) -> None:
        self.analyses, case = analyses, analyses.case
        self._strict = replace(case, members=tuple(replace(member, criterion="n-1") for member in case.members))
        """Redispatch holds the continuous rating whatever the criterion before the trip."""

    def states(self, variant: int, relief_minutes: float, injections: Injections) -> TripStates:
        """Return the states after the trip of a circuit, the worse one of each row; NaN where none can trip.

        Parameters
        ----------
        variant : int
            Grid variant of all rows.
        relief_minutes : float
        injections : Injections
            R rows.
        """
        reaction = self.analyses.reaction(variant, relief_minutes)
        found: TripStates | None = None
        for number, topology in self._trips(self.analyses.of_variant(variant)):
            one = self._states(variant, number, topology, reaction, injections)
            found = one if found is None else _worse(found, one)
        if found is None:  # no circuit is in service, or none is an outage of this grid
            count = len(injections.member)
            unknown = np.full((count, len(STATES)), np.nan)
            return TripStates(unknown, unknown, np.zeros(count), np.zeros(count, dtype=bool))
        return found

    def _trips(self, analysis: OutageAnalysis) -> Iterator[tuple[int, int]]:
        """Yield contingency and topology of the circuits' trips, of equal circuits the first."""
        grid = self.analyses.case.grid
        first = {outage.elements[:1]: number for number, outage in reversed(list(enumerate(analysis.cases)))}
        for topology in np.flatnonzero(grid.arrays.solve_always & ~grid.arrays.repeats).tolist():
            if grid.outages[topology][:1] in first:  # not where the circuit is out of service for a while
                yield first[grid.outages[topology][:1]], topology

    def _states(
        self, variant: int, number: int, topology: int, reaction: ControlActions | None, injections: Injections
    ) -> TripStates:
        analysis, start = self.analyses.of_variant(variant), self.analyses.key(variant)[1]
        contingency, power = analysis.contingencies[number], self.analyses.power(analysis, injections)
        left = power_after(contingency, power)
        at_once = contingency.solver.solve(left, None, THREADS).only_operable()
        seen = [_seen(contingency, at_once)] * len(STATES)
        positions = np.tile(np.array(start, dtype=np.int64), (len(injections.member), 1))
        if reaction is not None:
            for settled in reaction(number, left, at_once):
                seen[1] = np.where(settled.picked, _seen(settled.contingency, settled.solution), seen[1])
                positions[settled.picked] = settled.positions
        seen[2], taken_mw = seen[1].copy(), np.zeros(len(injections.member))
        rows = np.flatnonzero(seen[1][0] > 100.0 + VIOLATED_ABOVE_PERCENT)
        if len(rows):
            last = self._redispatched(variant, topology, rows_of(injections, rows), positions[rows])
            taken_mw[rows] = (injections.unit_mw[rows] - last.unit_mw).sum(axis=1)
            seen[2][:, rows] = self._settled(analysis, number, reaction, last, positions[rows])
        short = seen[2][0] > 100.0 + 10.0 * VIOLATED_ABOVE_PERCENT
        loading, low = np.stack(seen, axis=2)
        return TripStates(loading, low, taken_mw, short)

    def _redispatched(self, variant: int, topology: int, injections: Injections, positions: np.ndarray) -> Injections:
        """Return the injections once what is needed is taken back, non-firm plants first; the controls have moved."""
        case, count = self._strict, len(injections.member)
        network = np.full(count, self.analyses.key(variant)[0])
        moved = replace(injections, variant=case.grid.variants_at(network, positions), link_share=np.ones(count))
        managed, a = GridState(moved, solve_injections(case, moved)), case.grid.arrays
        ignored = np.ones((count, len(a.solve_always), len(a.link_end)), dtype=bool)
        ignored[:, topology] = ~a.link_end
        target = np.full((count, len(a.link_end)), 100.0)
        for cause in (CutCause.CONGESTION_N1, CutCause.CONGESTION_FIRM):
            nobody = Ledger(np.zeros_like(moved.unit_mw))
            managed = smallest(case, nobody, np.arange(count), managed, cause, target, ignored)
        return managed.injections

    def _settled(
        self,
        analysis: OutageAnalysis,
        number: int,
        reaction: ControlActions | None,
        injections: Injections,
        positions: np.ndarray,
    ) -> np.ndarray:
        """Return loading and lowest voltage after the trip with the controls at some positions, (2, R)."""
        power = self.analyses.power(analysis, injections)
        found = np.full((2, len(positions)), np.nan)
        for row in np.unique(positions, axis=0):
            rows, at = np.flatnonzero((positions == row).all(axis=1)), tuple(row.tolist())
            contingency = self._contingency(analysis, number, reaction, at)
            left = power_after(contingency, power.rows(rows))
            found[:, rows] = _seen(contingency, contingency.solver.solve(left, None, THREADS).only_operable())
        return found

    def _contingency(
        self, analysis: OutageAnalysis, number: int, reaction: ControlActions | None, at: Positions
    ) -> PreparedContingency:
        return analysis.contingencies[number] if reaction is None else reaction.contingency(number, at)


def _seen(contingency: PreparedContingency, state: Solution) -> np.ndarray:
    """Return the survivors' worst loading in percent and the lowest watched voltage, (2, R).

    NaN where unsolved, and where no circuit survives: there the islands are without the mainland.
    """
    b, node = contingency.branches, contingency.buses.node
    link = np.flatnonzero((b.mainland_side >= 0) & b.watched)
    if not len(link):
        return np.full((2, len(state.v)), np.nan)
    v_from, v_to = state.v[:, b.from_node[link]], state.v[:, b.to_node[link]]
    ends = (
        (b.y_ff[link] * v_from + b.y_ft[link] * v_to) / b.limit[0, link],
        (b.y_tf[link] * v_from + b.y_tt[link] * v_to) / b.limit[1, link],
    )
    loading = 100.0 * np.abs(np.concatenate(ends, axis=1)).max(axis=1, initial=0.0)
    low = np.abs(state.v[:, node[node >= 0]]).min(axis=1)
    return np.where(state.converged, np.stack([loading, low]), np.nan)


def _worse(one: TripStates, other: TripStates) -> TripStates:
    """Return the worse of two trips, number by number."""
    return TripStates(
        np.maximum(one.loading_percent, other.loading_percent),
        np.minimum(one.low_vm_pu, other.low_vm_pu),
        np.maximum(one.redispatch_mw, other.redispatch_mw),
        one.redispatch_short | other.redispatch_short,
    )
