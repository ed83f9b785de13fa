"""Inter-trip: what must be shed after each outage, what if one plant refuses, what operation it buys."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from twin.core.row_arrays import rows_of
from twin.network.variants.flow import Flow
from twin.network.variants.grids import GridVariants
from twin.security.criterion.outages import UNSOLVED_PERCENT, AfterOutage, Trips, after_outage, solved_outages

SCAN_STEP_MW = 2.0
MOST_SCAN_STEPS = 200
TOLERANCE_MW = 0.01


class Shedding(NamedTuple):
    """Per row R and topology O (the intact grid's column stays empty); loadings in percent of continuous ratings."""

    at_once_percent: np.ndarray
    at_once_end: np.ndarray
    settled_percent: np.ndarray
    settled_end: np.ndarray
    measure_percent: np.ndarray  # of what the criterion allows
    shed_pu: np.ndarray
    tripped: np.ndarray  # (R, O, J) bool
    vm_min_at_once: np.ndarray
    vm_max_at_once: np.ndarray
    vm_min_settled: np.ndarray
    vm_max_settled: np.ndarray
    refused_percent: np.ndarray  # worst settled loading if one plant of the set stays connected; NaN without a set
    refused_plant: np.ndarray


def shedding(grid: GridVariants, intact: Flow, trips: Trips, watched: np.ndarray) -> Shedding:
    """Assess every outage of every row, with inter-trip; `watched` (b,) are the nodes whose voltage is told."""
    a = grid.arrays
    rows, plants = trips.p.shape
    shape = rows, len(a.solve_always)
    out = _nothing_known(shape, plants)
    nothing = np.zeros((rows, a.limit.shape[1]), dtype=bool)
    for o in range(1, shape[1]):
        state = after_outage(grid, intact, np.full(rows, o), trips, nothing)
        out.at_once_percent[:, o], out.at_once_end[:, o] = state.at_once_percent, state.at_once_end
        out.settled_percent[:, o], out.settled_end[:, o] = state.settled_percent, state.settled_end
        out.measure_percent[:, o] = state.measure(grid, trips)[0]
        out.shed_pu[:, o], out.tripped[:, o] = state.shed_pu, state.tripped
        out.vm_min_at_once[:, o], out.vm_max_at_once[:, o] = _voltage_range(state.at_once, watched)
        out.vm_min_settled[:, o], out.vm_max_settled[:, o] = _voltage_range(state.settled, watched)
        shed = np.flatnonzero(state.shed_pu > 0.0)
        out.refused_percent[shed, o], out.refused_plant[shed, o] = _worst_refusal(
            grid, rows_of(state, shed), trips.rows(shed)
        )
    return out


def _nothing_known(shape: tuple[int, int], plants: int) -> Shedding:
    end = np.full(shape, -1)
    percents = np.full((4, *shape), np.nan)
    vm_pu = np.full((4, *shape), np.nan)
    return Shedding(
        percents[0], end.copy(), percents[1], end.copy(), percents[2], np.zeros(shape),
        np.zeros((*shape, plants), dtype=bool), vm_pu[0], vm_pu[1], vm_pu[2], vm_pu[3], percents[3], end.copy(),
    )  # fmt: skip


def _worst_refusal(grid: GridVariants, state: AfterOutage, trips: Trips) -> tuple[np.ndarray, np.ndarray]:
    """Return the worst loading over the plants of each set if one of them stays connected, and that plant."""
    worst, who = np.full(len(state.shed_pu), -1.0), np.full(len(state.shed_pu), -1)
    for plant, node in enumerate(trips.node):
        rows = np.flatnonzero(state.tripped[:, plant])
        part = rows_of(state, rows)
        back = part.settled.with_infeed(np.full(len(rows), node), trips.p[rows, plant], trips.q[rows, plant])
        _, percent, _ = part.solved_with(grid, *back)
        percent = np.where(np.isfinite(percent), percent, UNSOLVED_PERCENT)
        worse = percent > worst[rows]
        worst[rows[worse]], who[rows[worse]] = percent[worse], plant
    return worst, who


def _voltage_range(flow: Flow, watched: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the lowest and the highest voltage of live watched nodes, (R,) each; NaN where nothing solves."""
    vm_pu = np.abs(flow.v[:, watched])
    return np.fmin.reduce(vm_pu, axis=1, initial=np.nan), np.fmax.reduce(vm_pu, axis=1, initial=np.nan)


def link_headroom_with_trips(grid: GridVariants, intact: Flow, trips: Trips, from_mw: np.ndarray) -> np.ndarray:
    """Return the export headroom of the link with inter-trip, (R,) MW; NaN where `from_mw` is not finite.

    From the headroom without inter-trip, `from_mw`, extra infeed is raised in steps until after a trip of a link
    circuit the survivor breaks the criterion with inter-trip; that step is bisected.
    """
    low, high = from_mw - TOLERANCE_MW, np.full(len(from_mw), np.inf)
    going = np.flatnonzero(np.isfinite(from_mw))
    for step in range(1, MOST_SCAN_STEPS):
        if not len(going):
            break
        x = from_mw[going] + step * SCAN_STEP_MW
        keeps = _keeps_criterion(grid, intact.rows(going), trips.rows(going), x / grid.base_mva)
        low[going[keeps]], high[going[~keeps]] = x[keeps], x[~keeps]
        going = going[keeps]
    while True:
        going = np.flatnonzero(np.isfinite(high) & (high - low > TOLERANCE_MW))
        if not len(going):
            break
        middle = 0.5 * (low[going] + high[going])
        keeps = _keeps_criterion(grid, intact.rows(going), trips.rows(going), middle / grid.base_mva)
        low[going[keeps]], high[going[~keeps]] = middle[keeps], middle[~keeps]
    found = np.where(np.isfinite(high), np.maximum(0.5 * (low + high), from_mw), np.inf)
    return np.where(np.isfinite(from_mw), found, np.nan)


def _keeps_criterion(grid: GridVariants, intact: Flow, trips: Trips, extra_pu: np.ndarray) -> np.ndarray:
    """Tell whether the link's survivor is within its limits with extra infeed (R,) at the headroom bus, (R,) bool."""
    a, rows = grid.arrays, np.arange(len(extra_pu))
    p_pu, q_pu = intact.with_infeed(np.full(len(rows), grid.nodes.headroom), extra_pu, np.zeros(len(rows)))
    more = Flow(intact.variant, p_pu, q_pu, intact.v, intact.i, intact.q_svc_pu, intact.solved)
    beside_link = np.repeat(~a.link_end[None], len(rows), axis=0)
    keeps = np.ones(len(rows), dtype=bool)
    for o in solved_outages(grid, always=True):
        state = after_outage(grid, more, np.full(len(rows), o), trips, beside_link)
        keeps &= state.measure(grid, trips)[0] <= 100.0 + 1e-6
    return keeps
