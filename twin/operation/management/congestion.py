"""Congestion management: the smallest cut of the plants behind the overloaded element, in the order of its rule."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from twin.core.quantities import CutCause
from twin.network.variants.flow import Flow
from twin.operation.case import Case
from twin.operation.case_parts import Tier
from twin.operation.injections import Injections, solve_injections
from twin.operation.ledger import Ledger
from twin.operation.management.congestion_rules import order_of_cuts
from twin.operation.management.security import (
    Violation,
    assess_pair,
    flow_per_infeed,
    nothing_ignored,
    worst_after_outage,
    worst_intact,
)
from twin.operation.management.uniform_cap import SMALLEST_OUTPUT_MW, GridState, Measure, highest_uniform_cap
from twin.security.limits import BEHIND_SHARE, VIOLATED_ABOVE_PERCENT

LEAST_FLOW_PER_INFEED = 0.05
"""A plant is behind an element when a MW of it moves this much there, and `BEHIND_SHARE` of the most that any does."""
MAX_ROUNDS = 60

Worst = Callable[[Case, Injections, Flow, np.ndarray], Violation]
"""Finds the worst pair of each row: (case, injections, flow, ignored) -> Violation."""


def smallest(
    case: Case,
    ledger: Ledger,
    rows: np.ndarray,
    state: GridState,
    cause: CutCause,
    target_percent: np.ndarray,
    ignored: np.ndarray | None = None,
    may_cut: np.ndarray | None = None,
) -> GridState:
    """Cut what the criterion asks for under one cause, and book it.

    The worst pair of topology and monitored end is brought to its limit by a uniform cap on the plants behind it, or
    by several in the order of the member's congestion rule; then the next pair, until none is left that a permitted
    cut would lower.

    Parameters
    ----------
    case : Case
    ledger : Ledger
        Where cuts are booked.
    rows : numpy.ndarray, (R,) int
        Rows of the ledger.
    state : GridState
        Their states.
    cause : CutCause
        One of congestion: N-0 and N-1 cut non-firm plants, firm all others, sites last.
    target_percent : numpy.ndarray, (R, k)
        Loading to which each monitored end is brought; 100, less for a forecasting operator's margin.
    ignored : numpy.ndarray, (R, o, k) bool, optional
        Pairs that do not count.
    may_cut : numpy.ndarray, (R, U) bool, optional
        Units that can be reached; all of them where not given.

    Returns
    -------
    GridState
    """
    may_cut = np.ones(state.injections.unit_mw.shape, dtype=bool) if may_cut is None else may_cut
    if cause is not CutCause.CONGESTION_N1:
        tiers = (Tier.NON_FIRM,) if cause is CutCause.CONGESTION_N0 else (Tier.FIRM, Tier.LAST)
        state = _relieve(case, ledger, rows, state, cause, tiers, _worst_intact, target_percent, ignored, may_cut)
    if cause is not CutCause.CONGESTION_N0:
        tiers = (Tier.NON_FIRM,) if cause is CutCause.CONGESTION_N1 else (Tier.FIRM, Tier.LAST)
        state = _relieve(case, ledger, rows, state, cause, tiers, worst_after_outage, target_percent, ignored, may_cut)
    return state


def _worst_intact(case: Case, injections: Injections, flow: Flow, ignored: np.ndarray) -> Violation:
    return worst_intact(case, flow, ignored)


def _relieve(
    case: Case,
    ledger: Ledger,
    ledger_rows: np.ndarray,
    state: GridState,
    cause: CutCause,
    tiers: tuple[int, ...],
    worst: Worst,
    target_percent: np.ndarray,
    ignored: np.ndarray | None,
    may_cut: np.ndarray,
) -> GridState:
    injections, flow = state.injections, state.flow
    ignored = nothing_ignored(case, len(ledger_rows)) if ignored is None else ignored.copy()
    todo = np.flatnonzero(flow.solved)
    for _ in range(MAX_ROUNDS):
        found = worst(case, injections.rows(todo), flow.rows(todo), ignored[todo])
        broken = (found.measure > target_percent[todo, found.end] + VIOLATED_ABOVE_PERCENT) & (found.end >= 0)
        todo = todo[broken]
        if not len(todo):
            break
        violation = found.rows(broken)
        target = target_percent[todo, violation.end]
        part = injections.rows(todo)
        cut, met = _cut_pair(case, violation, part, flow.rows(todo), tiers, ignored[todo], target, may_cut[todo])
        ignored[todo[~met], violation.topology[~met], violation.end[~met]] = True
        changed = cut.max(axis=1) > 0.0
        rows = todo[changed]
        if len(rows):
            part = injections.rows(rows)
            part = part.with_units(part.unit_mw - cut[changed])
            injections = injections.replaced(rows, part)
            flow = flow.replaced(rows, solve_injections(case, part, flow.rows(rows)))
            bound = violation.rows(changed)
            ledger.cut_for(cause, ledger_rows[rows], cut[changed], bound.end, bound.topology)
        todo = todo[flow.solved[todo]]
    return GridState(injections, flow)


def _cut_pair(
    case: Case,
    violation: Violation,
    injections: Injections,
    flow: Flow,
    tiers: tuple[int, ...],
    ignored: np.ndarray,
    target: np.ndarray,
    may_cut: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Bring one pair per row to its target, by connection terms and then by the congestion rule.

    Returns the cut (R, U) and whether the target was met (R,).
    """
    unit_mw = injections.unit_mw.copy()
    members, met = injections.member, np.zeros(len(unit_mw), dtype=bool)
    state = assess_pair(case, violation, injections, flow, ignored)
    slope = flow_per_infeed(case, injections, violation, state)
    behind = slope > np.maximum(BEHIND_SHARE * slope.max(axis=1, keepdims=True), LEAST_FLOW_PER_INFEED)
    behind &= may_cut
    behind[:, case.units.trippable] &= ~violation.tripped
    place = order_of_cuts(case, members, injections.unit_mw, slope)
    tier = case.units.tier[members]
    turns = [(terms, number) for terms in tiers for number in np.unique(place[behind & (tier == terms)])]
    for terms, number in turns:
        chosen = behind & (tier == terms) & (place == number) & (unit_mw > SMALLEST_OUTPUT_MW)
        rows = np.flatnonzero(~met & chosen.any(axis=1))
        if not len(rows):
            continue
        measure = _pair_measure(case, violation.rows(rows), ignored[rows])
        start = GridState(injections.rows(rows).with_units(unit_mw[rows]), flow.rows(rows))
        unit_mw[rows], met[rows] = highest_uniform_cap(case, start, chosen[rows], measure, target[rows])
    return injections.unit_mw - unit_mw, met


def _pair_measure(case: Case, violation: Violation, ignored: np.ndarray) -> Measure:
    def measure(rows: np.ndarray, state: GridState) -> np.ndarray:
        picked = violation.rows(rows)
        return assess_pair(case, picked, state.injections, state.flow, ignored[rows]).measure

    return measure
