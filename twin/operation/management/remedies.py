"""Overload in import direction: diesels, then shedding of demand; never a reason to cut renewables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from twin.operation.case import Case
from twin.operation.injections import Injections, solve_injections
from twin.operation.management.security import excess_percent
from twin.operation.management.uniform_cap import GridState
from twin.security.limits import ACCEPT_PERCENT, VIOLATED_ABOVE_PERCENT, largest_kept
from twin.security.remedies import PROBE_SHARE, diesel_output_mw, most_helpful_first

LEAST_RELIEF_SHARE = 0.02
"""A remedy of which the probe's share lowers the loading by less does not reach the overloaded element: not used."""

Remedy = Callable[[np.ndarray, Injections, np.ndarray], Injections]
"""``remedy(rows, injections, share)``: a share (R,) of a remedy for some rows (indices), 0 nothing to 1 all of it."""


def relieve_import(case: Case, state: GridState) -> GridState:
    """Start diesels for what cuts could not relieve, and shed demand where even the intact grid stays overloaded.

    The diesels start one after another, the most helpful first, and run no more than meets the criterion, none below
    its least stable output and never more than the islands import; they are taken as started in time. An overload
    after an outage that diesels cannot relieve stays and is recorded; demand is shed beforehand only for the intact
    grid.

    Parameters
    ----------
    case : Case
    state : GridState
        After the congestion cuts.

    Returns
    -------
    GridState
    """
    state = _apply_smallest(case, state, _start_diesels, with_outages=True)
    return _apply_smallest(case, state, _shed_demand, with_outages=False)


def _start_diesels(case: Case, state: GridState) -> Remedy:
    p_max, p_min = _diesel_limits(case)
    order = _most_helpful_first(case, state)

    def remedy(rows: np.ndarray, injections: Injections, share: np.ndarray) -> Injections:
        imported = injections.demand_mw.sum(axis=1) - injections.unit_mw.sum(axis=1)
        output = diesel_output_mw(share, imported, p_max[order[rows]], p_min[order[rows]])
        diesel_mw = np.zeros_like(output)
        np.put_along_axis(diesel_mw, order[rows], output, axis=1)
        return replace(injections, diesel_mw=diesel_mw)

    return remedy


def _diesel_limits(case: Case) -> tuple[np.ndarray, np.ndarray]:
    """Largest and least stable output of the diesels, (D,) MW; 0 where not available."""
    diesels = case.model.diesels
    p_max = diesels.p_max_mw.to_numpy(float) * diesels.available.to_numpy(bool)
    return p_max, np.minimum(diesels.p_min_mw.to_numpy(float), p_max)


def _most_helpful_first(case: Case, state: GridState) -> np.ndarray:
    """Return each row's diesels by how much a MW of each alone relieves, (R, D) int; ties in the table's order."""
    p_max, _ = _diesel_limits(case)
    before = _excess(case, state, with_outages=True)
    relief = np.full((len(before), len(p_max)), -np.inf)
    for diesel in np.flatnonzero(p_max > 0.0):
        output = np.zeros_like(state.injections.diesel_mw)
        output[:, diesel] = PROBE_SHARE * p_max[diesel]
        alone = _solved(case, state, replace(state.injections, diesel_mw=output))
        after = _excess(case, alone, with_outages=True)
        relief[:, diesel] = (before - after) / output[:, diesel]
    return most_helpful_first(relief)


def _shed_demand(case: Case, state: GridState) -> Remedy:
    def remedy(rows: np.ndarray, injections: Injections, share: np.ndarray) -> Injections:
        return replace(injections, shed_mw=share[:, None] * np.maximum(injections.demand_mw, 0.0))

    return remedy


def _apply_smallest(
    case: Case,
    state: GridState,
    make: Callable[[Case, GridState], Remedy],
    *,
    with_outages: bool,
) -> GridState:
    now = _excess(case, state, with_outages=with_outages)
    broken = np.flatnonzero(state.flow.solved & (now > VIOLATED_ABOVE_PERCENT))
    if not len(broken):
        return state
    start, now = state.rows(broken), now[broken]
    remedy = make(case, start)

    def applied(rows: np.ndarray, share: np.ndarray) -> GridState:
        part = start.rows(rows)
        return _solved(case, part, remedy(rows, part.injections, share))

    def excess(rows: np.ndarray, share: np.ndarray) -> np.ndarray:
        return _excess(case, applied(rows, share), with_outages=with_outages)

    everyone = np.arange(len(broken))
    relief = now - excess(everyone, np.full(len(broken), PROBE_SHARE))
    helped = np.flatnonzero(relief > LEAST_RELIEF_SHARE * (100.0 + now))
    if not len(helped):
        return state
    left_out, _ = largest_kept(
        lambda pick, x: excess(helped[pick], 1.0 - x), np.ones(len(helped)), now[helped], ACCEPT_PERCENT
    )
    return state.replaced(broken[helped], applied(helped, 1.0 - left_out))


def _solved(case: Case, start: GridState, injections: Injections) -> GridState:
    return GridState(injections, solve_injections(case, injections, start.flow))


def _excess(case: Case, state: GridState, *, with_outages: bool) -> np.ndarray:
    full = np.full((len(state.flow.variant), case.grid.end_rating_mva.shape[1]), 100.0)
    return excess_percent(case, state, full, with_outages=with_outages)
