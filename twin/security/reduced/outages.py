"""Compiled N-1: screen outages at constant node currents, solve the ones that matter, shed by inter-trip."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from twin.network.reduced.kernels import FLAGS, IntactStates, end_loading_percent, iterate, worst_end
from twin.network.reduced.stacking import GridArrays

SCREEN_BELOW_PERCENT = 75.0
SCREEN_ERROR_SHARE = 0.1
SCREEN_ERROR_PERCENT = 1.0
UNSOLVED_PERCENT = 1e6
MOST_PLANTS_TRIED_TOGETHER = 12


class Trips(NamedTuple):
    """What acts after an outage, per row: plants that inter-trip may shed, and what the link's survivor may carry.

    `cap_pu` 0 means no inter-trip; `link_share` is the current that circuits of the link may carry after an outage of
    one of them, over their continuous rating. `smallest_total` sheds the sufficient set of plants with the least output
    instead of the largest plants first.
    """

    p: np.ndarray  # (R, J)
    q: np.ndarray  # (R, J)
    node: np.ndarray  # (J,)
    cap_pu: np.ndarray  # (R,)
    link_share: np.ndarray  # (R,)
    smallest_total: bool = False


class WorstOutages(NamedTuple):
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


class OutagePoint(NamedTuple):
    """One outage at one operating point; `only_end` restricts the limits to one monitored end, -1 takes all."""

    g: int
    o: int
    r: int  # row of the plants that may be shed
    p: np.ndarray  # (n,)
    q: np.ndarray
    q_svc: float  # compensator output to start from
    only_end: int


class Work(NamedTuple):
    """Voltages to start from, then those of the last state; its currents, and which plants went."""

    v: np.ndarray  # (2, n)
    i: np.ndarray
    tripped: np.ndarray  # (J,) bool


@njit(cache=True, fastmath=FLAGS, nogil=True)
def assess_outages(a: GridArrays, states: IntactStates, trips: Trips, ignored: np.ndarray) -> WorstOutages:
    """Assess every outage of every row; `ignored` (R, o, k) marks limits that are left out.

    An outage is left out when, with the node currents of the intact grid, its worst loading stays below
    `SCREEN_BELOW_PERCENT` and, with an allowance for that estimate's error, below the worst one found.
    """
    rows, n = states.p.shape
    plants = trips.node.shape[0]
    out = WorstOutages(
        np.zeros(rows), np.full(rows, -1), np.zeros(rows, dtype=np.int64), np.zeros(rows, dtype=np.bool_),
        np.zeros((rows, plants), dtype=np.bool_), np.zeros(rows), np.zeros(rows), np.zeros(rows, dtype=np.int64),
    )  # fmt: skip
    w = Work(np.zeros((2, n)), np.zeros((2, n)), np.zeros(plants, dtype=np.bool_))
    re, im = np.empty(a.ar_by_node.shape[3]), np.empty(a.ar_by_node.shape[3])
    for r in range(rows):
        g = states.g[r]
        for o in _outages_link_first(a):
            w.v[:] = states.v[r]
            if not a.solve_always[o]:
                guess = _screen_percent(a, g, o, states.i[r], ignored[r, o], re, im)
                largest = guess * (1.0 + SCREEN_ERROR_SHARE) + SCREEN_ERROR_PERCENT
                if guess < SCREEN_BELOW_PERCENT and largest < out.measure[r]:
                    continue
            at = OutagePoint(g, o, r, states.p[r], states.q[r], states.q_svc[r], -1)
            measure, end, link, shed, settled = assess_outage(a, at, trips, ignored[r, o], w)
            out.solved[r] += 1
            out.shed_pu[r] = max(out.shed_pu[r], shed)
            if a.solve_always[o]:
                out.link[r] = max(out.link[r], link)
            if measure > out.measure[r]:
                out.measure[r], out.end[r], out.outage[r], out.settled[r] = measure, end, o, settled
                out.tripped[r] = w.tripped
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
def assess_outage(
    a: GridArrays, at: OutagePoint, trips: Trips, ignored: np.ndarray, w: Work
) -> tuple[float, int, float, float, bool]:
    """Assess one outage: at once against the short-time rating, settled against the continuous one after shedding.

    Returns measure (percent of what is allowed), end, link loading before shedding, shed (pu), settled binds.
    A plant whose trip does not lower the worst loading (an overload in import direction) stays connected.
    """
    w.tripped[:] = False
    used, q_svc = iterate(a, at.g, at.o, at.p, at.q, w.v, w.i, at.q_svc)
    if used <= 0:
        return UNSOLVED_PERCENT, -1, UNSOLVED_PERCENT, 0.0, False
    worst, end, link = assessed_end(a, at, w.i, ignored)
    if a.solve_always[at.o] and trips.link_share[at.r] != 1.0:
        worst, end = _allowed_end(a, at, w.i, ignored, trips.link_share[at.r])
    if trips.cap_pu[at.r] <= 0.0:
        return worst, end, link, 0.0, False
    shed, settled, settled_end = relieve(a, at, trips, ignored, w, q_svc, worst, end)
    measure, settled_binds = allowed_percent(worst, settled, a.short_time_factor[at.g])
    return measure, settled_end if settled_binds else end, link, shed, settled_binds


@njit(cache=True, fastmath=FLAGS, nogil=True)
def _allowed_end(a: GridArrays, at: OutagePoint, i: np.ndarray, ignored: np.ndarray, share: float) -> tuple[float, int]:
    """Return the worst loading over what is allowed, where circuits of the link may carry `share`, and its end."""
    worst, where = 0.0, -1
    for k in range(a.limit.shape[1]):
        counts = at.only_end == k if at.only_end >= 0 else a.watch_outage[k] and not ignored[k]
        if counts:
            allowed = share if a.link_end[k] else 1.0
            loading = end_loading_percent(a, at.g, at.o, i, k) / allowed
            if loading > worst:
                worst, where = loading, k
    return worst, where


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
    a: GridArrays, at: OutagePoint, trips: Trips, ignored: np.ndarray, w: Work, q_svc: float, worst: float, end: int
) -> tuple[float, float, int]:
    """Shed whole plants after an outage until the continuous rating is kept; returns shed (pu), loading and its end.

    `w`, `q_svc`, `worst` and `end` are the state at once; `w` holds the settled one afterwards. Where the largest
    plants first are enough and the rule asks for it, every smaller set is tried in the order of its output.
    """
    shed, settled, settled_end = _largest_first(a, at, trips, ignored, w, q_svc, worst, end)
    if not trips.smallest_total or worst <= 100.0:
        return shed, settled, settled_end
    return _smallest_total(a, at, trips, ignored, w, q_svc, (shed, settled, settled_end))


@njit(cache=True, fastmath=FLAGS, nogil=True)
def _largest_first(
    a: GridArrays, at: OutagePoint, trips: Trips, ignored: np.ndarray, w: Work, q_svc: float, worst: float, end: int
) -> tuple[float, float, int]:
    """Shed the largest plant that fits under the cap and lowers the loading, until the rating is kept."""
    p_left, q_left, considered = at.p.copy(), at.q.copy(), np.zeros_like(w.tripped)
    v_before, i_before = w.v.copy(), w.i.copy()
    shed, settled, settled_end = 0.0, worst, end
    while settled > 100.0:
        plant = _next_trip(trips, at.r, considered, shed, a.alive[at.g, at.o])
        if plant < 0:
            break
        considered[plant] = True
        v_before[:], i_before[:] = w.v, w.i
        p_left[trips.node[plant]] -= trips.p[at.r, plant]
        q_left[trips.node[plant]] -= trips.q[at.r, plant]
        used, q_after = iterate(a, at.g, at.o, p_left, q_left, w.v, w.i, q_svc)
        loading, loaded_end, _ = assessed_end(a, at, w.i, ignored)
        if used > 0 and loading < settled:
            w.tripped[plant] = True
            shed += trips.p[at.r, plant]
            settled, settled_end, q_svc = loading, loaded_end, q_after
        else:
            w.v[:], w.i[:] = v_before, i_before
            p_left[trips.node[plant]] += trips.p[at.r, plant]
            q_left[trips.node[plant]] += trips.q[at.r, plant]
    return shed, settled, settled_end


@njit(cache=True, fastmath=FLAGS, nogil=True)
def _smallest_total(
    a: GridArrays,
    at: OutagePoint,
    trips: Trips,
    ignored: np.ndarray,
    w: Work,
    q_svc: float,
    found: tuple[float, float, int],
) -> tuple[float, float, int]:
    """Replace a set of trips by the sufficient one with the least output; of equal ones the first plants go.

    `found` is what the set sheds (pu), the loading that it leaves, and its end. Without a sufficient set the given one
    stays, and so it does where there are too many plants to try all sets.
    """
    shed, settled, _ = found
    plants = np.flatnonzero(a.alive[at.g, at.o][trips.node] & (trips.p[at.r] > 0.0))
    if len(plants) > MOST_PLANTS_TRIED_TOGETHER:
        return found
    totals = np.zeros(1 << len(plants))
    for chosen in range(1, len(totals)):
        for bit in range(len(plants)):
            if chosen >> bit & 1:
                totals[chosen] += trips.p[at.r, plants[bit]]
    enough = settled <= 100.0
    v_try, i_try = w.v.copy(), w.i.copy()
    for chosen in np.argsort(totals, kind="mergesort")[1:]:
        if totals[chosen] > trips.cap_pu[at.r] or (enough and totals[chosen] >= shed):
            break
        p_left, q_left = at.p.copy(), at.q.copy()
        for bit in range(len(plants)):
            if chosen >> bit & 1:
                p_left[trips.node[plants[bit]]] -= trips.p[at.r, plants[bit]]
                q_left[trips.node[plants[bit]]] -= trips.q[at.r, plants[bit]]
        used, _ = iterate(a, at.g, at.o, p_left, q_left, v_try, i_try, q_svc)
        if used <= 0:
            v_try[:] = w.v
            continue
        loading, loaded_end, _ = assessed_end(a, at, i_try, ignored)
        if loading <= 100.0:
            w.tripped[:] = False
            for bit in range(len(plants)):
                w.tripped[plants[bit]] = bool(chosen >> bit & 1)
            w.v[:], w.i[:] = v_try, i_try
            return totals[chosen], loading, loaded_end
    return found


@njit(cache=True, fastmath=FLAGS, nogil=True)
def assessed_end(a: GridArrays, at: OutagePoint, i: np.ndarray, ignored: np.ndarray) -> tuple[float, int, float]:
    """Return the loading that counts, its end, and the worst link loading (0 where only one end counts)."""
    if at.only_end < 0:
        return worst_end(a, at.g, at.o, i, ignored)
    return end_loading_percent(a, at.g, at.o, i, at.only_end), at.only_end, 0.0


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
def assess_pairs(
    a: GridArrays, states: IntactStates, o: np.ndarray, end: np.ndarray, trips: Trips, ignored: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Assess one (topology, end) pair per row; `states` gives the injections and where the iteration starts.

    Returns measure (R,), voltages and currents (R, 2, n) of the assessed state.
    """
    rows, n = states.p.shape
    measure = np.zeros(rows)
    v_out, i_out = np.zeros((rows, 2, n)), np.zeros((rows, 2, n))
    tripped = np.zeros(trips.node.shape[0], dtype=np.bool_)
    for r in range(rows):
        v_out[r] = states.v[r]
        g, p, q = states.g[r], states.p[r], states.q[r]
        if o[r] == 0:
            used, _ = iterate(a, g, o[r], p, q, v_out[r], i_out[r], states.q_svc[r])
            measure[r] = end_loading_percent(a, g, 0, i_out[r], end[r]) if used > 0 else UNSOLVED_PERCENT
        else:
            at = OutagePoint(g, o[r], r, p, q, states.q_svc[r], end[r])
            measure[r] = assess_outage(a, at, trips, ignored[r, o[r]], Work(v_out[r], i_out[r], tripped))[0]
    return measure, v_out, i_out
