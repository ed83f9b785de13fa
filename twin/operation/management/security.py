"""Assess states against a criterion: the same functions serve the cut, the record and the operator's forecast."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.core.equal_rows import distinct_rows
from twin.core.row_arrays import put_rows, rows_of
from twin.network.variants.flow import Flow
from twin.network.variants.loadings import ALL_ENDS, in_parts, worst_ends
from twin.operation.case import Case
from twin.operation.injections import Injections
from twin.operation.management.uniform_cap import GridState
from twin.security.criterion.outages import LinkOutages, Trips, WorstOutages, assess_outages, assess_pairs


@dataclass(frozen=True)
class Violation:
    """The worst (topology, end) pair of each row; `measure` is in percent of what the criterion allows."""

    measure: np.ndarray
    end: np.ndarray
    topology: np.ndarray
    tripped: np.ndarray

    def rows(self, pick: np.ndarray) -> Violation:
        """Return the rows `pick`."""
        return Violation(self.measure[pick], self.end[pick], self.topology[pick], self.tripped[pick])


@dataclass(frozen=True)
class PairState:
    """One pair assessed: its measure and the state after the outage."""

    measure: np.ndarray
    flow: Flow


def trips(case: Case, injections: Injections) -> Trips:
    """Return what inter-trip could shed, with each plant's output of the half-hour, and what the link may carry."""
    members = injections.member
    p = injections.unit_mw[:, case.units.trippable] * case.units.may_trip[members] / case.base_mva
    node = case.grid.nodes.plant[case.units.trippable]
    q = p * injections.unit_q_per_p[:, case.units.trippable]
    return Trips(p, q, node, case.criterion.intertrip_cap_pu[members], injections.link_share)


def nothing_ignored(case: Case, rows: int) -> np.ndarray:
    """Return (R, o, k) marks of pairs that are left out, none set."""
    a = case.grid.arrays
    return np.zeros((rows, a.solve_always.shape[0], a.limit.shape[1]), dtype=bool)


def outages(
    case: Case, injections: Injections, flow: Flow, ignored: np.ndarray, after_link: LinkOutages | None = None
) -> WorstOutages:
    """Assess all outages from the intact solution `flow`, each distinct state once.

    Inter-trip matters only where an outage overloads something: only those rows are assessed again with it. States
    after outages of the link are solved where `after_link` does not give them.
    """
    marks = (ignored,) if ignored.any() else ()
    first, inverse = distinct_rows(
        flow.variant, flow.p_pu, flow.q_pu, flow.v, flow.q_svc_pu, injections.link_share, *marks
    )
    no_trips = trips(case, injections.rows(first))._replace(cap_pu=np.zeros(len(first)))
    known = None if after_link is None else rows_of(after_link, first)
    found = rows_of(assess_outages(case.grid, flow.rows(first), no_trips, ignored[first], known), inverse)
    again = np.flatnonzero((case.criterion.intertrip_cap_pu[injections.member] > 0.0) & (found.measure > 100.0))
    if len(again):
        with_trips = trips(case, injections.rows(again))
        known = None if after_link is None else rows_of(after_link, again)
        put_rows(found, again, assess_outages(case.grid, flow.rows(again), with_trips, ignored[again], known))
    return found


def worst_intact(case: Case, flow: Flow, ignored: np.ndarray) -> Violation:
    """Return the worst loading of the intact grid."""
    rows = len(flow.variant)
    intact = np.zeros(rows, dtype=np.int64)
    measure, end, _ = worst_ends(
        case.grid.arrays, flow.variant, intact, in_parts(flow.i), ignored[:, 0], np.full(rows, ALL_ENDS), np.ones(rows)
    )
    return Violation(measure, end, intact, np.zeros((rows, len(case.units.trippable)), dtype=bool))


def worst_after_outage(case: Case, injections: Injections, flow: Flow, ignored: np.ndarray) -> Violation:
    """Return the worst loading after any outage, for members whose criterion covers outages."""
    found = outages(case, injections, flow, ignored)
    measure = np.where(case.criterion.secures_outages[injections.member], found.measure, 0.0)
    return Violation(measure, found.end, found.outage, found.tripped & found.settled[:, None])


def assess_pair(case: Case, violation: Violation, injections: Injections, flow: Flow, ignored: np.ndarray) -> PairState:
    """Assess only the pairs of `violation`; `flow` carries the injections and a start."""
    return PairState(
        *assess_pairs(case.grid, flow, violation.topology, violation.end, trips(case, injections), ignored)
    )


def flow_per_infeed(case: Case, injections: Injections, violation: Violation, state: PairState) -> np.ndarray:
    """Return how the pair's current moves with the infeed of each unit at its power factor, (R, U) pu per pu.

    From end current c = b + A i and i = conj(s / V): dc = A (1 - j q/p) / conj(V) dp, d|c| = Re(conj(c) dc) / |c|.
    """
    a = case.grid.arrays
    at = (injections.variant, violation.topology, violation.end)
    maps = a.ar[at] + 1j * a.ai[at]
    current = a.br[at] + 1j * a.bi[at] + np.einsum("rn,rn->r", maps, state.flow.i)
    alive = a.alive[injections.variant, violation.topology]
    v_conj = np.conj(state.flow.v[:, case.grid.node_at])
    per_power = np.divide(maps, v_conj, out=np.zeros_like(maps), where=alive)
    of_units = per_power[:, case.units.node] * (1.0 - 1j * injections.unit_q_per_p)
    result: np.ndarray = (np.conj(current)[:, None] * of_units).real / np.maximum(np.abs(current), 1e-12)[:, None]
    return result


def excess_percent(case: Case, state: GridState, target_percent: np.ndarray, *, with_outages: bool) -> np.ndarray:
    """Return by how much the worst loading exceeds its target, (R,) percent; infinite where unsolved.

    `target_percent` is (R, k) per monitored end; the worst pair is the one with the highest loading.
    """
    count = len(state.injections.member)
    rows, ignored = np.arange(count), nothing_ignored(case, count)
    found = worst_intact(case, state.flow, ignored)
    excess = found.measure - target_percent[rows, found.end]
    if with_outages:
        after = worst_after_outage(case, state.injections, state.flow, ignored)
        excess = np.maximum(
            excess, np.where(after.measure > 0.0, after.measure - target_percent[rows, after.end], -np.inf)
        )
    return np.where(state.flow.solved, excess, np.inf)
