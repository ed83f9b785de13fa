"""Compiled headroom of the link: extra infeed or demand until the survivor of a trip reaches its rating, in AC.

Without fast math: with it, the roots' last bits differed between a run that compiles and one that loads the kernels.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from twin.network.reduced.kernels import IntactStates, end_loading_percent, iterate
from twin.network.reduced.stacking import GridArrays
from twin.security.reduced.outages import OutagePoint

STEPS = 32
LAST_STEP_MW = 0.02
RATING_REACHED_PERCENT = 100.1
SCANNED = 64
PATIENCE = 20
NARROWINGS = 60
GOLDEN = 0.3819660112501051


class Extra(NamedTuple):
    """Where infeed is added; `direction` 1 searches towards more infeed, -1 towards more demand."""

    node: int
    direction: float
    base_mva: float


@njit(cache=True, nogil=True)
def link_headroom(a: GridArrays, states: IntactStates, node: int, base_mva: float) -> np.ndarray:
    """Return export and import headroom in MW, (R, 2); NaN where no extra infeed keeps the rating.

    For each outage of a link circuit the extra infeed x at `node` (unity power factor, taps and reactors frozen, the
    compensator acting) is moved to the root of ``max |i_end(x)| = rating``: the end currents are linear in the node
    currents, which gives the distance to the rating at constant voltages, and secant steps bring that distance to zero;
    each step is solved in AC. A survivor without a solution counts as being beyond its rating. Export is the root with
    rising loading, import the one with falling loading; negative values say that the rating is already exceeded in
    that direction. Where those steps find no root (near voltage collapse) a scan looks for it.
    """
    rows = len(states.g)
    out = np.full((rows, 2), np.inf)
    for r in range(rows):
        for o in range(1, a.solve_always.shape[0]):
            if not a.solve_always[o] or a.repeats[o] or not a.alive[states.g[r], o, node]:
                continue
            at = OutagePoint(states.g[r], o, r, states.p[r], states.q[r], states.q_svc[r], -1)
            for side in range(2):
                extra = Extra(node, 1.0 if side == 0 else -1.0, base_mva)
                root = _root(a, at, states.v[r], extra)
                if np.isnan(root):
                    root = _scanned_root(a, at, extra)
                out[r, side] = root if np.isnan(root) else min(out[r, side], root)
    return out


@njit(cache=True, nogil=True)
def _root(a: GridArrays, at: OutagePoint, v_start: np.ndarray, extra: Extra) -> float:
    """Return the headroom of one outage by secant steps that stay between solved and overloaded or unsolved states.

    A state that does not solve after the outage is entered from the extra infeed that balances the islands.
    """
    g, o, node, direction, base_mva = at.g, at.o, extra.node, extra.direction, extra.base_mva
    v, i, p_moved, v_good, q_svc = v_start.copy(), np.zeros(v_start.shape), at.p.copy(), v_start.copy(), at.q_svc
    x, inside, outside, x_before, rest_before, balanced = 0.0, -np.inf, np.inf, 0.0, np.nan, False
    inside_percent = np.inf
    for _ in range(STEPS):
        p_moved[node] = at.p[node] + direction * x
        used, q_after = iterate(a, g, o, p_moved, at.q, v, i, q_svc)
        rest = _step_to_rating(a, g, o, v, i, node, direction) if used > 0 else np.nan
        if np.isnan(rest):
            if inside > -np.inf:
                v[:], outside = v_good, x
                x = 0.5 * (inside + outside)
            elif balanced:
                return np.nan
            else:
                v[0], v[1], balanced = a.wr[g, o], a.wi[g, o], True
                x = -direction * np.sum(at.p * a.alive[g, o])
        else:
            v_good[:], q_svc = v, q_after
            percent = _link_percent(a, g, o, i)
            if rest < 0.0:
                outside = min(outside, x)
            elif x > inside:
                inside, inside_percent = x, percent
            falling = (rest_before - rest) * (x - x_before)
            step = rest * (x - x_before) / (rest_before - rest) if falling > 0.0 else rest
            x_before, rest_before, x = x, rest, x + step
            if abs(step) * base_mva < LAST_STEP_MW:
                return x * base_mva if percent < RATING_REACHED_PERCENT else np.nan
            if inside > -np.inf and outside < np.inf and not inside < x < outside:
                x = 0.5 * (inside + outside)
        if (outside - inside) * base_mva < LAST_STEP_MW:
            return inside * base_mva if inside_percent < RATING_REACHED_PERCENT else np.nan
    return np.nan


@njit(cache=True, nogil=True)
def _scanned_root(a: GridArrays, at: OutagePoint, extra: Extra) -> float:
    """Return the same from a scan of the extra infeed; NaN where the rating is exceeded at every infeed.

    The least loaded point of the scan is narrowed by golden section, then the rating is bisected from there outwards.
    """
    reach = abs(np.sum(at.p * a.alive[at.g, at.o]))
    for k in range(a.limit.shape[1]):
        if a.link_end[k]:
            reach += a.limit[at.g, k]
    x = np.linspace(-reach, reach, SCANNED)
    percent = np.empty(SCANNED)
    for s in range(SCANNED):
        percent[s] = _percent_at(a, at, extra, x[s])
    least = int(np.argmin(percent))
    if percent[least] == np.inf:
        return np.nan
    inside, lowest = x[least], percent[least]
    low, high = x[max(least - 1, 0)], x[min(least + 1, SCANNED - 1)]
    for _ in range(NARROWINGS):
        if lowest <= 100.0 or (high - low) * extra.base_mva < LAST_STEP_MW:
            break
        left, right = low + GOLDEN * (high - low), high - GOLDEN * (high - low)
        at_left = _percent_at(a, at, extra, left)
        at_right = _percent_at(a, at, extra, right)
        if at_left <= at_right:
            high, inside, lowest = right, left, at_left
        else:
            low, inside, lowest = left, right, at_right
    if lowest > 100.0:
        return np.nan
    outside = np.inf
    for s in range(SCANNED):
        if x[s] > inside and percent[s] > 100.0:
            outside = x[s]
            break
        if x[s] > inside:
            inside = x[s]
    while (outside - inside) * extra.base_mva > 0.1 * LAST_STEP_MW and outside < np.inf:
        middle = 0.5 * (inside + outside)
        if _percent_at(a, at, extra, middle) <= 100.0:
            inside = middle
        else:
            outside = middle
    return inside * extra.base_mva if outside < np.inf else np.inf


@njit(cache=True, nogil=True)
def _percent_at(a: GridArrays, at: OutagePoint, extra: Extra, x: float) -> float:
    """Return the link's worst loading from no load, with patience where convergence is slow; infinite if unsolved."""
    v, i, p_moved = np.empty((2, len(at.p))), np.zeros((2, len(at.p))), at.p.copy()
    v[0], v[1] = a.wr[at.g, at.o], a.wi[at.g, at.o]
    p_moved[extra.node] += extra.direction * x
    used, q_svc = 0, 0.0
    for _ in range(PATIENCE):
        used, q_svc = iterate(a, at.g, at.o, p_moved, at.q, v, i, q_svc)
        if used != 0:
            break
    return _link_percent(a, at.g, at.o, i) if used > 0 else np.inf


@njit(cache=True, nogil=True)
def _link_percent(a: GridArrays, g: int, o: int, i: np.ndarray) -> float:
    worst = 0.0
    for k in range(a.limit.shape[1]):
        if a.link_end[k]:
            worst = max(worst, end_loading_percent(a, g, o, i, k))
    return worst


@njit(cache=True, nogil=True)
def _step_to_rating(a: GridArrays, g: int, o: int, v: np.ndarray, i: np.ndarray, node: int, direction: float) -> float:
    """Smallest step over the link's ends to the far root of ``|c + x d| = rating`` with d = A / conj(V)."""
    square = v[0, node] * v[0, node] + v[1, node] * v[1, node]
    yr, yi = direction * v[0, node] / square, direction * v[1, node] / square
    best = np.inf
    for k in range(a.limit.shape[1]):
        if not a.link_end[k]:
            continue
        cr, ci = a.br[g, o, k], a.bi[g, o, k]
        for j in range(i.shape[1]):
            cr += a.ar[g, o, k, j] * i[0, j] - a.ai[g, o, k, j] * i[1, j]
            ci += a.ar[g, o, k, j] * i[1, j] + a.ai[g, o, k, j] * i[0, j]
        dr = a.ar[g, o, k, node] * yr - a.ai[g, o, k, node] * yi
        di = a.ar[g, o, k, node] * yi + a.ai[g, o, k, node] * yr
        slope = dr * dr + di * di
        if slope == 0.0:
            continue
        half = cr * dr + ci * di
        inside = half * half - slope * (cr * cr + ci * ci - a.limit[g, k] * a.limit[g, k])
        if inside < 0.0:
            return np.nan
        best = min(best, (-half + np.sqrt(inside)) / slope)
    return best if best < np.inf else np.nan
