"""Compiled inter-trip: what must be shed after each outage, what if one plant refuses, what operation it buys."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from twin.network.reduced.kernels import FLAGS, MAX_ITERATIONS, iterate
from twin.network.reduced.outage_kernels import (
    UNSOLVED_PERCENT,
    Trips,
    allowed_percent,
    judge_outage,
    judged_end,
    relieve,
)
from twin.network.reduced.stacking import GridArrays

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
def shedding(
    a: GridArrays, p: np.ndarray, q: np.ndarray, v: np.ndarray, q_svc: np.ndarray, trips: Trips, maps: VoltageMaps
) -> Shedding:
    """Judge every outage of every row; `v`, `q_svc` are the intact solution at the injections `p`, `q` (R, n)."""
    rows, topologies, plants = len(p), a.solve_always.shape[0], trips.node.shape[0]
    shape = (rows, topologies)
    out = Shedding(
        np.full(shape, np.nan), np.full(shape, -1), np.full(shape, np.nan), np.full(shape, -1), np.full(shape, np.nan),
        np.zeros(shape), np.zeros((rows, topologies, plants), dtype=np.bool_), np.full(shape, np.nan),
        np.full(shape, np.nan), np.full(shape, np.nan), np.full(shape, np.nan), np.full(shape, np.nan),
        np.full(shape, -1),
    )  # fmt: skip
    nothing = np.zeros(a.limit.shape[1], dtype=np.bool_)
    v_work, i_work = np.zeros(v.shape[1:]), np.zeros(v.shape[1:])
    for r in range(rows):
        for o in range(1, topologies):
            v_work[:] = v[r]
            used, q_after = iterate(a, 0, o, p[r], q[r], v_work, i_work, q_svc[r], MAX_ITERATIONS)
            if used <= 0:
                out.at_once_percent[r, o] = out.settled_percent[r, o] = out.measure_percent[r, o] = UNSOLVED_PERCENT
                continue
            worst, end, _ = judged_end(a, 0, o, i_work, nothing, -1)
            out.at_once_percent[r, o], out.at_once_end[r, o] = worst, end
            out.vm_min_at_once[r, o], out.vm_max_at_once[r, o] = _voltage_range(maps, o, i_work)
            shed, settled, settled_end = 0.0, worst, end
            if trips.cap_pu[r] > 0.0:
                shed, settled, settled_end = relieve(
                    a, 0, o, p[r], q[r], v_work, i_work, q_after, trips, r, nothing, out.tripped[r, o], -1, worst, end
                )
                out.measure_percent[r, o] = allowed_percent(worst, settled, a.short_time_factor[0])[0]
            else:
                out.measure_percent[r, o] = worst
            out.shed_pu[r, o], out.settled_percent[r, o], out.settled_end[r, o] = shed, settled, settled_end
            out.vm_min_settled[r, o], out.vm_max_settled[r, o] = _voltage_range(maps, o, i_work)
            if shed > 0.0:
                out.refused_percent[r, o], out.refused_plant[r, o] = _worst_refusal(
                    a, o, p[r], q[r], v_work, i_work, q_after, trips, r, nothing, out.tripped[r, o]
                )
    return out


@njit(cache=True, fastmath=FLAGS, nogil=True)
def _worst_refusal(
    a: GridArrays,
    o: int,
    p: np.ndarray,
    q: np.ndarray,
    v: np.ndarray,
    i: np.ndarray,
    q_svc: float,
    trips: Trips,
    r: int,
    nothing: np.ndarray,
    tripped: np.ndarray,
) -> tuple[float, int]:
    """Return the worst loading over the plants of a set if one of them stays connected, and that plant."""
    worst, who = -1.0, -1
    for refusing in np.flatnonzero(tripped):
        p_left, q_left, v_left = p.copy(), q.copy(), v.copy()
        for plant in np.flatnonzero(tripped):
            if plant != refusing:
                p_left[trips.node[plant]] -= trips.p[r, plant]
                q_left[trips.node[plant]] -= trips.q[r, plant]
        used, _ = iterate(a, 0, o, p_left, q_left, v_left, i, q_svc, MAX_ITERATIONS)
        loading = judged_end(a, 0, o, i, nothing, -1)[0] if used > 0 else UNSOLVED_PERCENT
        if loading > worst:
            worst, who = loading, int(refusing)
    return worst, who


@njit(cache=True, fastmath=FLAGS, nogil=True)
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
    a: GridArrays,
    p: np.ndarray,
    q: np.ndarray,
    v: np.ndarray,
    q_svc: np.ndarray,
    trips: Trips,
    node: int,
    from_mw: np.ndarray,
    base_mva: float,
) -> np.ndarray:
    """Return the export headroom of the link with inter-trip, (R,) MW; NaN where `from_mw` is not finite.

    From the headroom without inter-trip, `from_mw`, extra infeed at `node` is raised in steps until after a trip of a
    link circuit the survivor breaks the criterion with inter-trip; that step is bisected.
    """
    out = np.full(len(p), np.nan)
    ignored = ~a.link_end
    tripped = np.zeros(trips.node.shape[0], dtype=np.bool_)
    for r in range(len(p)):
        if not np.isfinite(from_mw[r]):
            continue
        low, high, v_row = from_mw[r] - TOLERANCE_MW, np.inf, v[r].copy()
        for step in range(1, MOST_SCAN_STEPS):
            x = from_mw[r] + step * SCAN_STEP_MW
            if _keeps_criterion(a, p[r], q[r], v_row, q_svc[r], trips, r, ignored, tripped, node, x / base_mva):
                low = x
            else:
                high = x
                break
        if high == np.inf:
            out[r] = np.inf
            continue
        while high - low > TOLERANCE_MW:
            middle = 0.5 * (low + high)
            if _keeps_criterion(a, p[r], q[r], v_row, q_svc[r], trips, r, ignored, tripped, node, middle / base_mva):
                low = middle
            else:
                high = middle
        out[r] = max(0.5 * (low + high), from_mw[r])
    return out


@njit(cache=True, fastmath=FLAGS, nogil=True)
def _keeps_criterion(
    a: GridArrays,
    p: np.ndarray,
    q: np.ndarray,
    v: np.ndarray,
    q_svc: float,
    trips: Trips,
    r: int,
    ignored: np.ndarray,
    tripped: np.ndarray,
    node: int,
    extra: float,
) -> bool:
    p_more, i = p.copy(), np.zeros_like(v)
    p_more[node] += extra
    for o in range(1, a.solve_always.shape[0]):
        if a.solve_always[o] and not a.repeats[o]:
            v_work = v.copy()
            measure = judge_outage(
                a, 0, o, p_more, q, v_work, i, q_svc, trips, r, ignored, tripped, -1
            )[0]  # fmt: skip
            if measure > 100.0 + 1e-6:
                return False
    return True
