"""Compiled inter-trip: what must be shed after each outage, what if one plant refuses, what operation it buys."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from twin.network.reduced.kernels import FLAGS, IntactStates, iterate
from twin.network.reduced.stacking import GridArrays
from twin.security.reduced.outages import (
    UNSOLVED_PERCENT,
    OutagePoint,
    Trips,
    Work,
    allowed_percent,
    assess_outage,
    assessed_end,
    relieve,
)

SCAN_STEP_MW = 2.0
MOST_SCAN_STEPS = 200
TOLERANCE_MW = 0.01


class VoltageMaps(NamedTuple):
    """Voltages of watched buses b after each outage o: ``V = w + z i``."""

    z: np.ndarray  # (o, b, n) complex
    w: np.ndarray  # (o, b) complex
    alive: np.ndarray  # (o, b) bool


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


@njit(cache=True, fastmath=FLAGS, nogil=True)
def shedding(a: GridArrays, states: IntactStates, trips: Trips, maps: VoltageMaps) -> Shedding:
    """Assess every outage of every row, with inter-trip."""
    rows, topologies, plants = len(states.p), a.solve_always.shape[0], trips.node.shape[0]
    shape = (rows, topologies)
    out = Shedding(
        np.full(shape, np.nan), np.full(shape, -1), np.full(shape, np.nan), np.full(shape, -1), np.full(shape, np.nan),
        np.zeros(shape), np.zeros((rows, topologies, plants), dtype=np.bool_), np.full(shape, np.nan),
        np.full(shape, np.nan), np.full(shape, np.nan), np.full(shape, np.nan), np.full(shape, np.nan),
        np.full(shape, -1),
    )  # fmt: skip
    nothing = np.zeros(a.limit.shape[1], dtype=np.bool_)
    v, i = np.zeros(states.v.shape[1:]), np.zeros(states.v.shape[1:])
    for r in range(rows):
        for o in range(1, topologies):
            v[:] = states.v[r]
            at = OutagePoint(states.g[r], o, r, states.p[r], states.q[r], states.q_svc[r], -1)
            w = Work(v, i, out.tripped[r, o])
            used, q_svc = iterate(a, at.g, o, at.p, at.q, v, i, at.q_svc)
            if used <= 0:
                out.at_once_percent[r, o] = out.settled_percent[r, o] = out.measure_percent[r, o] = UNSOLVED_PERCENT
                continue
            worst, end, _ = assessed_end(a, at, i, nothing)
            out.at_once_percent[r, o], out.at_once_end[r, o] = worst, end
            out.vm_min_at_once[r, o], out.vm_max_at_once[r, o] = _voltage_range(maps, o, i)
            shed, settled, settled_end = 0.0, worst, end
            if trips.cap_pu[r] > 0.0:
                shed, settled, settled_end = relieve(a, at, trips, nothing, w, q_svc, worst, end)
                out.measure_percent[r, o] = allowed_percent(worst, settled, a.short_time_factor[at.g])[0]
            else:
                out.measure_percent[r, o] = worst
            out.shed_pu[r, o], out.settled_percent[r, o], out.settled_end[r, o] = shed, settled, settled_end
            out.vm_min_settled[r, o], out.vm_max_settled[r, o] = _voltage_range(maps, o, i)
            if shed > 0.0:
                out.refused_percent[r, o], out.refused_plant[r, o] = _worst_refusal(a, at, trips, nothing, w, q_svc)
    return out


@njit(cache=True, fastmath=FLAGS, nogil=True)
def _worst_refusal(
    a: GridArrays, at: OutagePoint, trips: Trips, nothing: np.ndarray, w: Work, q_svc: float
) -> tuple[float, int]:
    """Return the worst loading over the plants of a set if one of them stays connected, and that plant."""
    worst, who = -1.0, -1
    for refusing in np.flatnonzero(w.tripped):
        p_left, q_left, v_left = at.p.copy(), at.q.copy(), w.v.copy()
        for plant in np.flatnonzero(w.tripped):
            if plant != refusing:
                p_left[trips.node[plant]] -= trips.p[at.r, plant]
                q_left[trips.node[plant]] -= trips.q[at.r, plant]
        used, _ = iterate(a, at.g, at.o, p_left, q_left, v_left, w.i, q_svc)
        loading = assessed_end(a, at, w.i, nothing)[0] if used > 0 else UNSOLVED_PERCENT
        if loading > worst:
            worst, who = loading, int(refusing)
    return worst, who


@njit(cache=True, nogil=True)
def _voltage_range(maps: VoltageMaps, o: int, i: np.ndarray) -> tuple[float, float]:
    lowest, highest = np.inf, -np.inf
    for b in range(maps.w.shape[1]):
        if maps.alive[o, b]:
            v = maps.w[o, b]
            for n in range(i.shape[1]):
                v += maps.z[o, b, n] * complex(i[0, n], i[1, n])
            vm = abs(v)
            lowest, highest = min(lowest, vm), max(highest, vm)
    return lowest, highest


@njit(cache=True, fastmath=FLAGS, nogil=True)
def link_headroom_with_trips(
    a: GridArrays, states: IntactStates, trips: Trips, node: int, from_mw: np.ndarray, base_mva: float
) -> np.ndarray:
    """Return the export headroom of the link with inter-trip, (R,) MW; NaN where `from_mw` is not finite.

    From the headroom without inter-trip, `from_mw`, extra infeed at `node` is raised in steps until after a trip of a
    link circuit the survivor breaks the criterion with inter-trip; that step is bisected.
    """
    out = np.full(len(states.p), np.nan)
    for r in range(len(states.p)):
        if not np.isfinite(from_mw[r]):
            continue
        low, high = from_mw[r] - TOLERANCE_MW, np.inf
        for step in range(1, MOST_SCAN_STEPS):
            x = from_mw[r] + step * SCAN_STEP_MW
            if _keeps_criterion(a, states, r, trips, node, x / base_mva):
                low = x
            else:
                high = x
                break
        if high == np.inf:
            out[r] = np.inf
            continue
        while high - low > TOLERANCE_MW:
            middle = 0.5 * (low + high)
            if _keeps_criterion(a, states, r, trips, node, middle / base_mva):
                low = middle
            else:
                high = middle
        out[r] = max(0.5 * (low + high), from_mw[r])
    return out


@njit(cache=True, fastmath=FLAGS, nogil=True)
def _keeps_criterion(a: GridArrays, states: IntactStates, r: int, trips: Trips, node: int, extra: float) -> bool:
    """Tell whether the link's survivor is within its limits with `extra` infeed (pu) at a node."""
    p_more, i, tripped = states.p[r].copy(), np.zeros_like(states.v[r]), np.zeros(trips.node.shape[0], dtype=np.bool_)
    p_more[node] += extra
    for o in range(1, a.solve_always.shape[0]):
        if a.solve_always[o] and not a.repeats[o]:
            at = OutagePoint(states.g[r], o, r, p_more, states.q[r], states.q_svc[r], -1)
            if assess_outage(a, at, trips, ~a.link_end, Work(states.v[r].copy(), i, tripped))[0] > 100.0 + 1e-6:
                return False
    return True
