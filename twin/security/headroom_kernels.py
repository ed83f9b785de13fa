"""Compiled distances along extra infeed: how far each watched quantity is from its limits, to first order."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit


class Watched(NamedTuple):
    """Watched quantities K of one topology: ``c = y_a V_a + y_b V_b`` with ``low <= |c| <= high``.

    A branch end is a current with a rating, a bus voltage has ``y_a = 1``; what is dead has ``y = 0``.
    """

    node_a: np.ndarray  # (K,)
    node_b: np.ndarray
    y_a: np.ndarray  # (K,) complex
    y_b: np.ndarray
    low: np.ndarray  # (K,)
    high: np.ndarray
    slope: np.ndarray  # (B, K) complex: change of c per unit of infeed at each bus, at the reference state
    slope_v: np.ndarray  # (B,) complex: voltage of that bus at the reference state
    bus_node: np.ndarray  # (B,), -1 where the bus is dead


class Distance(NamedTuple):
    """Per row: how far infeed may still grow (negative: must fall), how far it must at least grow, and what binds."""

    up: np.ndarray  # (R,) per unit
    up_item: np.ndarray  # (R,)
    down: np.ndarray  # (R,) per unit; positive where a limit is broken that only more infeed heals
    down_item: np.ndarray  # (R,)
    excess: np.ndarray  # (R,) largest |c| / high, or low / |c|


@njit(cache=True, nogil=True)
def distance(v: np.ndarray, row: np.ndarray, bus: np.ndarray, sign: float, w: Watched) -> Distance:
    """Return the distances of states `v` (S, N) along infeed at a bus, for pairs of state `row` and `bus` (R,).

    With ``d = slope * conj(V_ref) / conj(V)`` (the current of a power at a node turns with its voltage) a step s keeps
    ``|c + s d|^2 = limit^2`` at the two roots of a quadratic.
    """
    count = len(row)
    out = Distance(
        np.full(count, np.inf), np.full(count, -1), np.full(count, -np.inf), np.full(count, -1), np.zeros(count)
    )
    for r in range(count):
        at, b = row[r], bus[r]
        node = w.bus_node[b]
        turn = 0.0j if node < 0 else sign * np.conj(w.slope_v[b]) / np.conj(v[at, node])
        for k in range(len(w.low)):
            c = w.y_a[k] * v[at, w.node_a[k]] + w.y_b[k] * v[at, w.node_b[k]]
            d = w.slope[b, k] * turn
            size = c.real * c.real + c.imag * c.imag
            bend = d.real * d.real + d.imag * d.imag
            half = c.real * d.real + c.imag * d.imag
            up, down = _below(size, half, bend, w.high[k])
            out.excess[r] = max(out.excess[r], np.sqrt(size) / w.high[k])
            if w.low[k] > 0.0:
                up_low, down_low = _above(size, half, bend, w.low[k])
                up, down = min(up, up_low), max(down, down_low)
                out.excess[r] = max(out.excess[r], w.low[k] / np.sqrt(size))
            if up < out.up[r]:
                out.up[r], out.up_item[r] = up, k
            if down > out.down[r]:
                out.down[r], out.down_item[r] = down, k
    return out


@njit(cache=True, nogil=True)
def _below(size: float, half: float, bend: float, high: float) -> tuple[float, float]:
    """Return the far and the near end of the steps that keep a modulus below `high`.

    Where none does, both are the step to the smallest modulus.
    """
    over = size - high * high
    if bend <= 1e-30 * (1.0 + size):
        return (-np.inf, np.inf) if over > 0.0 else (np.inf, -np.inf)
    inside = half * half - bend * over
    root = np.sqrt(max(inside, 0.0))
    return (-half + root) / bend, (-half - root) / bend


@njit(cache=True, nogil=True)
def _above(size: float, half: float, bend: float, low: float) -> tuple[float, float]:
    """Return the far and the near end of the steps that keep a modulus above `low`, along its present trend."""
    over = size - low * low
    if bend <= 1e-30 * (1.0 + size):
        return (-np.inf, np.inf) if over < 0.0 else (np.inf, -np.inf)
    inside = half * half - bend * over
    if inside < 0.0:
        return np.inf, -np.inf
    root = np.sqrt(inside)
    if half < 0.0:
        return (-half - root) / bend, -np.inf
    return np.inf, (-half + root) / bend
