"""Compiled N-1: screen outages at constant node currents, solve the ones that matter, shed by inter-trip."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from twin.network.reduced.kernels import FLAGS, MAX_ITERATIONS, end_loading_percent, iterate, worst_end
from twin.network.reduced.stacking import GridArrays

SCREEN_BELOW_PERCENT = 75.0
SCREEN_ERROR_SHARE = 0.1
SCREEN_ERROR_PERCENT = 1.0
UNSOLVED_PERCENT = 1e6
MOST_PLANTS_TRIED_TOGETHER = 12


class Trips(NamedTuple):
    """Plants that inter-trip may shed, per row: output and node; `cap_pu` 0 means no inter-trip.

    `smallest_total` sheds the sufficient set of plants with the least output instead of the largest plants first.
    """

    p: np.ndarray  # (R, J)
    q: np.ndarray  # (R, J)
    node: np.ndarray  # (J,)
    cap_pu: np.ndarray  # (R,)
    smallest_total: bool = False


class Judgement(NamedTuple):
    """Worst outage of each row.

    `measure` is the loading over what the criterion allows (100 = at the limit), `settled` tells that the state
    after shedding binds (then cutting a plant that would be tripped does not help), `tripped` which plants go.
    """

    measure: np.ndarray  # (R,) percent
    end: np.ndarray  # (R,) monitored end, -1 without one
    outage: np.ndarray  # (R,) topology
    settled: np.ndarray  # (R,) bool
    tripped: np.ndarray  # (R, J) bool, for the worst outage
    shed_pu: np.ndarray  # (R,) largest shed of any outage
    link: np.ndarray  # (R,) worst link loading over the outages of a link circuit, before shedding, percent
    solved: np.ndarray  # (R,) outages solved in AC


@njit(cache=True, fastmath=FLAGS, nogil=True)
def judge_outages(
    a: GridArrays,
    g: np.ndarray,
    p: np.ndarray,
    q: np.ndarray,
    v: np.ndarray,
    i: np.ndarray,
    q_svc: np.ndarray,
    trips: Trips,
    ignored: np.ndarray,
) -> Judgement:
    """Judge every outage of every row; `v`, `i`, `q_svc` are the intact solution, `ignored` is (R, o, k).

    An outage is left out when, with the node currents of the intact grid, its worst loading stays below
    `SCREEN_BELOW_PERCENT` and, with an allowance for that estimate's error, below the worst one found.
    """
    rows, n = p.shape
    plants = trips.node.shape[0]
    out = Judgement(
        np.zeros(rows), np.full(rows, -1), np.zeros(rows, dtype=np.int64), np.zeros(rows, dtype=np.bool_),
        np.zeros((rows, plants), dtype=np.bool_), np.zeros(rows), np.zeros(rows), np.zeros(rows, dtype=np.int64),
    )  # fmt: skip
    v_work, i_work, tripped = np.zeros((2, n)), np.zeros((2, n)), np.zeros(plants, dtype=np.bool_)
    re, im = np.empty(a.ar_by_node.shape[3]), np.empty(a.ar_by_node.shape[3])
    for r in range(rows):
        for o in _outages_link_first(a):
            v_work[:] = v[r]
            if not a.solve_always[o]:
                guess = _screen_percent(a, g[r], o, i[r], ignored[r, o], re, im)
                largest = guess * (1.0 + SCREEN_ERROR_SHARE) + SCREEN_ERROR_PERCENT
                if guess < SCREEN_BELOW_PERCENT and largest < out.measure[r]:
                    continue
            measure, end, link, shed, settled = judge_outage(
                a, g[r], o, p[r], q[r], v_work, i_work, q_svc[r], trips, r, ignored[r, o], tripped, -1
            )
            out.solved[r] += 1
            out.shed_pu[r] = max(out.shed_pu[r], shed)
            if a.solve_always[o]:
                out.link[r] = max(out.link[r], link)
            if measure > out.measure[r]:
                out.measure[r], out.end[r], out.outage[r], out.settled[r] = measure, end, o, settled
                out.tripped[r] = tripped
    return out


@njit(cache=True, fastmath=FLAGS, nogil=True)
def _screen_percent(
    a: GridArrays, g: int, o: int, i: np.ndarray, ignored: np.ndarray, re: np.ndarray, im: np.ndarray
) -> float:
    """Return the worst loading after an outage if the node currents stayed as they are; `re`, `im` are work space."""
    ends = re.shape[0]
    re[:], im[:] = a.br[g, o, :ends], a.bi[g, o, :ends]
    for node in range(i.shape[1]):
        i_re, i_im = i[0, node], i[1, node]
        for k in range(ends):
            re[k] += a.ar_by_node[g, o, node, k] * i_re - a.ai_by_node[g, o, node, k] * i_im
            im[k] += a.ar_by_node[g, o, node, k] * i_im + a.ai_by_node[g, o, node, k] * i_re
    worst = 0.0
    for k in range(ends):
        if not ignored[k]:
            worst = max(worst, (re[k] * re[k] + im[k] * im[k]) / (a.limit[g, k] * a.limit[g, k]))
    result: float = 100.0 * np.sqrt(worst)
    return result


@njit(cache=True, fastmath=FLAGS, nogil=True)
def _outages_link_first(a: GridArrays) -> np.ndarray:
    count = a.solve_always.shape[0]
    order = np.empty(count - 1, dtype=np.int64)
    at = 0
    for first in (True, False):
        for o in range(1, count):
            if a.solve_always[o] == first and not a.repeats[o]:
                order[at] = o
                at += 1
    return order[:at]


@njit(cache=True, fastmath=FLAGS, nogil=True)
def judge_outage(
    a: GridArrays,
    g: int,
    o: int,
    p: np.ndarray,
    q: np.ndarray,
    v: np.ndarray,
    i: np.ndarray,
    q_svc: float,
    trips: Trips,
    r: int,
    ignored: np.ndarray,
    tripped: np.ndarray,
    only_end: int,
) -> tuple[float, int, float, float, bool]:
    """Judge one outage: at once against the short-time rating, settled against the continuous one after shedding.

    Returns measure (percent of what is allowed), end, link loading before shedding, shed (pu), settled binds.
    A plant whose trip does not lower the worst loading (an overload in import direction) stays connected.
    `only_end` restricts the judgement to one monitored end; -1 takes the worst. `v`, `i`, `tripped` are work space
    and hold the last state.
    """
    tripped[:] = False
    used, q_svc = iterate(a, g, o, p, q, v, i, q_svc, MAX_ITERATIONS)
    if used <= 0:
        return UNSOLVED_PERCENT, -1, UNSOLVED_PERCENT, 0.0, False
    worst, end, link = judged_end(a, g, o, i, ignored, only_end)
    if trips.cap_pu[r] <= 0.0:
        return worst, end, link, 0.0, False
    shed, settled, settled_end = relieve(a, g, o, p, q, v, i, q_svc, trips, r, ignored, tripped, only_end, worst, end)
    measure, settled_binds = allowed_percent(worst, settled, a.short_time_factor[g])
    return measure, settled_end if settled_binds else end, link, shed, settled_binds


@njit(cache=True, fastmath=FLAGS, nogil=True)
def allowed_percent(at_once: float, settled: float, short_time_factor: float) -> tuple[float, bool]:
    """Return the measure of a state with inter-trip, and whether the settled state binds.

    At once against the short-time rating, settled against the continuous one; a settled state within its rating tells
    nothing about how close it is, as another plant could be tripped.
    """
    against_short_time = at_once / short_time_factor
    if settled > 100.0 and settled > against_short_time:
        return settled, True
    return max(against_short_time, min(settled, 100.0)), False


@njit(cache=True, fastmath=FLAGS, nogil=True)
def relieve(
    a: GridArrays,
    g: int,
    o: int,
    p: np.ndarray,
    q: np.ndarray,
    v: np.ndarray,
    i: np.ndarray,
    q_svc: float,
    trips: Trips,
    r: int,
    ignored: np.ndarray,
    tripped: np.ndarray,
    only_end: int,
    worst: float,
    end: int,
) -> tuple[float, float, int]:
    """Shed whole plants after an outage until the continuous rating is kept; returns shed (pu), loading and its end.

    `v`, `i`, `worst` and `end` are the state at once; `v`, `i` and `tripped` hold the settled one afterwards. Where the
    largest plants first are enough and the rule asks for it, every smaller set is tried in the order of its output.
    """
    p_left, q_left = p.copy(), q.copy()
    shed, settled, settled_end = _largest_first(
        a, g, o, p_left, q_left, v, i, q_svc, trips, r, ignored, tripped, only_end, worst, end
    )
    if not trips.smallest_total or worst <= 100.0:
        return shed, settled, settled_end
    return _smallest_total(a, g, o, p, q, v, i, q_svc, trips, r, ignored, tripped, only_end, shed, settled, settled_end)


@njit(cache=True, fastmath=FLAGS, nogil=True)
def _largest_first(
    a: GridArrays,
    g: int,
    o: int,
    p_left: np.ndarray,
    q_left: np.ndarray,
    v: np.ndarray,
    i: np.ndarray,
    q_svc: float,
    trips: Trips,
    r: int,
    ignored: np.ndarray,
    tripped: np.ndarray,
    only_end: int,
    worst: float,
    end: int,
) -> tuple[float, float, int]:
    """Shed the largest plant that fits under the cap and lowers the loading, until the rating is kept."""
    considered = np.zeros_like(tripped)
    v_before, i_before = v.copy(), i.copy()
    shed, settled, settled_end = 0.0, worst, end
    while settled > 100.0:
        plant = _next_trip(trips, r, considered, shed, a.alive[g, o])
        if plant < 0:
            break
        considered[plant] = True
        v_before[:], i_before[:] = v, i
        p_left[trips.node[plant]] -= trips.p[r, plant]
        q_left[trips.node[plant]] -= trips.q[r, plant]
        used, q_after = iterate(a, g, o, p_left, q_left, v, i, q_svc, MAX_ITERATIONS)
        loading, loaded_end, _ = judged_end(a, g, o, i, ignored, only_end)
        if used > 0 and loading < settled:
            tripped[plant] = True
            shed += trips.p[r, plant]
            settled, settled_end, q_svc = loading, loaded_end, q_after
        else:
            v[:], i[:] = v_before, i_before
            p_left[trips.node[plant]] += trips.p[r, plant]
            q_left[trips.node[plant]] += trips.q[r, plant]
    return shed, settled, settled_end


@njit(cache=True, fastmath=FLAGS, nogil=True)
def _smallest_total(
    a: GridArrays,
    g: int,
    o: int,
    p: np.ndarray,
    q: np.ndarray,
    v: np.ndarray,
    i: np.ndarray,
    q_svc: float,
    trips: Trips,
    r: int,
    ignored: np.ndarray,
    tripped: np.ndarray,
    only_end: int,
    shed: float,
    settled: float,
    settled_end: int,
) -> tuple[float, float, int]:
    """Replace a set of trips by the sufficient one with the least output; of equal ones the first plants go.

    Without a sufficient set the given one stays, and so it does where there are too many plants to try all sets.
    """
    plants = np.flatnonzero(a.alive[g, o][trips.node] & (trips.p[r] > 0.0))
    if len(plants) > MOST_PLANTS_TRIED_TOGETHER:
        return shed, settled, settled_end
    totals = np.zeros(1 << len(plants))
    for chosen in range(1, len(totals)):
        for bit in range(len(plants)):
            if chosen >> bit & 1:
                totals[chosen] += trips.p[r, plants[bit]]
    enough = settled <= 100.0
    v_try, i_try = v.copy(), i.copy()
    for chosen in np.argsort(totals, kind="mergesort")[1:]:
        if totals[chosen] > trips.cap_pu[r] or (enough and totals[chosen] >= shed):
            break
        p_left, q_left = p.copy(), q.copy()
        for bit in range(len(plants)):
            if chosen >> bit & 1:
                p_left[trips.node[plants[bit]]] -= trips.p[r, plants[bit]]
                q_left[trips.node[plants[bit]]] -= trips.q[r, plants[bit]]
        used, _ = iterate(a, g, o, p_left, q_left, v_try, i_try, q_svc, MAX_ITERATIONS)
        if used <= 0:
            v_try[:] = v
            continue
        loading, loaded_end, _ = judged_end(a, g, o, i_try, ignored, only_end)
        if loading <= 100.0:
            tripped[:] = False
            for bit in range(len(plants)):
                tripped[plants[bit]] = bool(chosen >> bit & 1)
            v[:], i[:] = v_try, i_try
            return totals[chosen], loading, loaded_end
    return shed, settled, settled_end


@njit(cache=True, fastmath=FLAGS, nogil=True)
def judged_end(
    a: GridArrays, g: int, o: int, i: np.ndarray, ignored: np.ndarray, only_end: int
) -> tuple[float, int, float]:
    """Return the loading that is judged, its end, and the worst link loading (0 where only one end counts)."""
    if only_end < 0:
        return worst_end(a, g, o, i, ignored)
    return end_loading_percent(a, g, o, i, only_end), only_end, 0.0


@njit(cache=True, fastmath=FLAGS, nogil=True)
def _next_trip(trips: Trips, r: int, considered: np.ndarray, shed: float, alive: np.ndarray) -> int:
    """Largest connected plant not yet considered that still fits under the cap, or -1."""
    best = -1
    for plant in range(trips.node.shape[0]):
        p = trips.p[r, plant]
        can_go = alive[trips.node[plant]] and not considered[plant] and p > 0.0
        if can_go and shed + p <= trips.cap_pu[r] and (best < 0 or p > trips.p[r, best]):
            best = plant
    return best


@njit(cache=True, fastmath=FLAGS, nogil=True)
def judge_pairs(
    a: GridArrays,
    g: np.ndarray,
    o: np.ndarray,
    end: np.ndarray,
    p: np.ndarray,
    q: np.ndarray,
    v: np.ndarray,
    q_svc: np.ndarray,
    trips: Trips,
    ignored: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Judge one (topology, end) pair per row.

    Returns measure (R,), voltages and currents (R, 2, n) of the judged state.
    """
    rows, n = p.shape
    measure = np.zeros(rows)
    v_out, i_out = np.zeros((rows, 2, n)), np.zeros((rows, 2, n))
    tripped = np.zeros(trips.node.shape[0], dtype=np.bool_)
    for r in range(rows):
        v_out[r] = v[r]
        if o[r] == 0:
            used, _ = iterate(a, g[r], 0, p[r], q[r], v_out[r], i_out[r], q_svc[r], MAX_ITERATIONS)
            measure[r] = end_loading_percent(a, g[r], 0, i_out[r], end[r]) if used > 0 else UNSOLVED_PERCENT
        else:
            measure[r] = judge_outage(
                a, g[r], o[r], p[r], q[r], v_out[r], i_out[r], q_svc[r], trips, r, ignored[r, o[r]], tripped, end[r]
            )[0]
    return measure, v_out, i_out
