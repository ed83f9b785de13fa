"""Compiled fixed-point power flow on the reduced grid; each row is solved by itself."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from twin.network.reduced.stacking import GridArrays

FLAGS = {"reassoc", "contract", "nsz", "arcp"}
"""For kernels of real arrays only. numba compiles the product of two complex numbers once a process, with the flags of
whoever needs it first: a complex product under these flags would reach into every other kernel.
"""
MAX_ITERATIONS = 400
VOLTAGE_STEP_PU = 1e-11
LOWEST_VM_PU = 0.3


class IntactStates(NamedTuple):
    """Solved states of the intact grid, one a row: operating points before the outage."""

    g: np.ndarray  # (R,) grid variant
    p: np.ndarray  # (R, n) injections without the compensator, pu
    q: np.ndarray
    v: np.ndarray  # (R, 2, n) real and imaginary part
    i: np.ndarray  # (R, 2, n) node currents
    q_svc: np.ndarray  # (R,) output of the compensator


@njit(cache=True, fastmath=FLAGS, nogil=True)
def iterate(
    a: GridArrays,
    g: int,
    o: int,
    p: np.ndarray,
    q: np.ndarray,
    v: np.ndarray,
    i: np.ndarray,
    q_svc: float,
) -> tuple[int, float]:
    """Run at most `MAX_ITERATIONS` fixed-point steps ``V = w + Z conj(s / V)`` on one row, in place.

    Parameters
    ----------
    p, q : (n,) injections in pu, without the compensator
    v, i : (2, n) real and imaginary part of the voltages (start, then result) and of the node currents
    q_svc : float
        Compensator output to start from, pu.

    Returns
    -------
    used : int
        Steps until convergence; 0 where it was not reached, -1 where a voltage collapsed or an input is not a number.
    q_svc : float
        Compensator output that belongs to `v` and `i`.
    """
    n = p.shape[0]
    zr, zi, wr, wi, alive = a.zr[g, o], a.zi[g, o], a.wr[g, o], a.wi[g, o], a.alive[g, o]
    node = a.svc_node
    q_next = q_svc
    for k in range(n):
        if not alive[k]:
            v[0, k] = v[1, k] = i[0, k] = i[1, k] = 0.0
    for step in range(MAX_ITERATIONS):
        q_svc = q_next
        for k in range(n):
            if alive[k]:
                square = v[0, k] * v[0, k] + v[1, k] * v[1, k]
                if not square > LOWEST_VM_PU * LOWEST_VM_PU:
                    return -1, q_svc
                q_k = q[k] + q_svc if k == node else q[k]
                i[0, k] = (p[k] * v[0, k] + q_k * v[1, k]) / square
                i[1, k] = (p[k] * v[1, k] - q_k * v[0, k]) / square
        voltage_step = 0.0
        mismatch = 0.0
        for j in range(n):
            if not alive[j]:
                continue
            re, im = wr[j], wi[j]
            for k in range(n):
                re += zr[j, k] * i[0, k] - zi[j, k] * i[1, k]
                im += zr[j, k] * i[1, k] + zi[j, k] * i[0, k]
            change = abs(re - v[0, j]) + abs(im - v[1, j])
            if not change < np.inf:
                return -1, q_svc
            voltage_step = max(voltage_step, change)
            mismatch = max(mismatch, change * (abs(i[0, j]) + abs(i[1, j])))
            v[0, j], v[1, j] = re, im
        svc_step = 0.0
        if node >= 0 and alive[node]:
            square = v[0, node] * v[0, node] + v[1, node] * v[1, node]
            error = a.svc_set[g] - a.svc_slope[g] * q_svc - np.sqrt(square)
            q_next = min(max(q_svc + error * a.svc_gain[g, o], a.svc_min[g] * square), a.svc_max[g] * square)
            svc_step = abs(q_next - q_svc)
        if voltage_step < VOLTAGE_STEP_PU and mismatch < a.mismatch_pu and svc_step < a.mismatch_pu:
            return step + 1, q_svc
    return 0, q_svc


@njit(cache=True, fastmath=FLAGS, nogil=True)
def end_loading_percent(a: GridArrays, g: int, o: int, i: np.ndarray, k: int) -> float:
    """Return the loading of one monitored branch end for the node currents `i`."""
    re, im = a.br[g, o, k], a.bi[g, o, k]
    for node in range(i.shape[1]):
        re += a.ar[g, o, k, node] * i[0, node] - a.ai[g, o, k, node] * i[1, node]
        im += a.ar[g, o, k, node] * i[1, node] + a.ai[g, o, k, node] * i[0, node]
    result: float = 100.0 * np.sqrt(re * re + im * im) / a.limit[g, k]
    return result


@njit(cache=True, fastmath=FLAGS, nogil=True)
def worst_end(a: GridArrays, g: int, o: int, i: np.ndarray, ignored: np.ndarray) -> tuple[float, int, float]:
    """Return the worst watched loading (ends in `ignored` left out), its end, and the worst link loading."""
    worst, where, link = 0.0, -1, 0.0
    for k in range(a.limit.shape[1]):
        watched = a.watch_intact[k] if o == 0 else a.watch_outage[k]
        if not (watched or a.link_end[k]):
            continue
        loading = end_loading_percent(a, g, o, i, k)
        if a.link_end[k] and loading > link:
            link = loading
        if watched and not ignored[k] and loading > worst:
            worst, where = loading, k
    return worst, where, link


@njit(cache=True, fastmath=FLAGS, nogil=True)
def solve_rows(
    a: GridArrays, g: np.ndarray, o: np.ndarray, p: np.ndarray, q: np.ndarray, v: np.ndarray, q_svc: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Solve rows in place of their start values.

    Parameters
    ----------
    g, o : (R,) variant and topology of each row
    p, q : (R, n) injections in pu
    v : (R, 2, n) start voltages, replaced by the solution
    q_svc : (R,) start outputs of the compensator, replaced

    Returns
    -------
    used : (R,) iterations, not positive where unsolved
    i : (R, 2, n) node currents
    """
    used = np.zeros(len(g), dtype=np.int64)
    i = np.zeros(v.shape)
    for r in range(len(g)):
        used[r], q_svc[r] = iterate(a, g[r], o[r], p[r], q[r], v[r], i[r], q_svc[r])
    return used, i


@njit(cache=True, fastmath=FLAGS, nogil=True)
def worst_rows(
    a: GridArrays, g: np.ndarray, o: np.ndarray, i: np.ndarray, ignored: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return worst watched loading, its end and the worst link loading of each row; `ignored` is (R, o, k)."""
    worst, link = np.zeros(len(g)), np.zeros(len(g))
    where = np.zeros(len(g), dtype=np.int64)
    for r in range(len(g)):
        worst[r], where[r], link[r] = worst_end(a, g[r], o[r], i[r], ignored[r, o[r]])
    return worst, where, link
