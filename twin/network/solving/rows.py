"""Compiled power flows of many operating points: from tables of power to tables of voltage."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from twin.network.solving.blocks import Equations
from twin.network.solving.iterations import NOT_SOLVED, Rules, Work, approach, iterate
from twin.network.solving.lanes import LANES, any_lane, load, splat, store

NOT_FINITE = -2
"""In place of the number of steps: a value of the row is not finite. See also `NOT_SOLVED`."""


class Given(NamedTuple):
    """What is given, (R, 2 N) with real and imaginary part in turn.

    `current` and `impedance` are (0, 0) where there is none; `at_limit_q` (F,) is the infeed of devices at a limit;
    `start` has R rows, one or none; `fallback` (2 N,) stands in for what is not a number; `slack` is (2 K,).
    """

    constant: np.ndarray
    current: np.ndarray
    impedance: np.ndarray
    at_limit_q: np.ndarray
    start: np.ndarray
    fallback: np.ndarray
    slack: np.ndarray


class Plan(NamedTuple):
    """How rows are solved: factors, where the fixed point starts, when a row is done, and which node is where.

    `shared` (4 B,) are factors used for all rows unless `own`: then each row has its own, renewed at each step.
    `no_load` (2 F,) are voltages without any power; where given, `shared` belongs to them and the fixed point comes
    first.
    `node` (N,) is the node at each place, `controlled` (C,) the place of each controlled node.
    """

    shared: np.ndarray
    no_load: np.ndarray
    own: bool
    rules: Rules
    node: np.ndarray
    controlled: np.ndarray


class Found(NamedTuple):
    """Arrays to fill: voltages (R, 2 N), reactive infeed (R, C), steps (R,), largest mismatch in pu (R,)."""

    v: np.ndarray
    q: np.ndarray
    steps: np.ndarray
    mismatch: np.ndarray

    @classmethod
    def empty(cls, rows: int, nodes: int, controlled: int) -> Found:
        """Return arrays for that many."""
        v, q = np.empty((rows, 2 * nodes)), np.empty((rows, controlled))
        return cls(v, q, np.full(rows, NOT_SOLVED, dtype=np.int64), np.full(rows, np.nan))

    @property
    def voltages(self) -> np.ndarray:
        """(R, N) complex, the same memory as `v`."""
        return self.v.view(complex)


@njit(cache=True, nogil=True)
def solve_rows(e: Equations, plan: Plan, rows: np.ndarray, given: Given, found: Found) -> None:
    """Solve the rows `rows` of `given`, LANES at a time."""
    own, node = plan.own, plan.node
    n = len(e.alive)
    w = Work(
        np.empty((2 * len(node), LANES)),
        np.zeros((6 * n, LANES)),
        np.zeros(n, dtype=np.int64),
        np.empty((2 * n, LANES)),
        np.empty((2 * n, LANES)),
        np.empty((4 * len(e.column) if own else 0, LANES)),
        np.zeros((2, LANES)),
        np.zeros((6, LANES)),
        np.zeros(LANES, dtype=np.int64),
        np.zeros(LANES),
    )
    for first in range(0, len(rows), LANES):
        _gather(e, rows, first, node, given, w)
        for r in range(LANES):
            w.lane[0, r], w.lane[1, r], w.lane[2, r], w.lane[4, r], w.steps[r] = 1.0, np.inf, np.inf, 0.0, NOT_SOLVED
        if len(plan.no_load):
            approach(e, plan.shared, plan.no_load, plan.rules, w)
        iterate(e, plan.shared, own, plan.rules, w)
        _scatter(e, rows, first, node, plan.controlled, w, found)


@njit(cache=True, nogil=True)
def _gather(e: Equations, rows: np.ndarray, first: int, node: np.ndarray, given: Given, w: Work) -> None:
    """Fill the lanes with the rows from `first` on, the last one again where there are no more."""
    n = len(e.alive)
    for k in range(n):
        for part in range(2):
            store(w.v, 2 * k + part, splat(given.fallback[2 * node[k] + part]))
    for k in range(len(given.slack)):
        store(w.v, 2 * n + k, splat(given.slack[k]))
    for r in range(LANES):
        row = rows[min(first + r, len(rows) - 1)]
        _take(n, node, given.constant[row], w.s, 0, r)
        if len(given.current):
            _take(n, node, given.current[row], w.s, 2 * n, r)
        if len(given.impedance):
            _take(n, node, given.impedance[row], w.s, 4 * n, r)
        if len(given.start):
            start = given.start[min(row, len(given.start) - 1)]
            for k in range(n):
                re, im = start[2 * node[k]], start[2 * node[k] + 1]
                if np.isfinite(re + im):
                    w.v[2 * k, r], w.v[2 * k + 1, r] = re, im
    _note_used(e, given, w)


@njit(cache=True, nogil=True)
def _take(n: int, node: np.ndarray, values: np.ndarray, s: np.ndarray, offset: int, r: int) -> None:
    for k in range(n):
        s[offset + 2 * k, r] = values[2 * node[k]]
        s[offset + 2 * k + 1, r] = values[2 * node[k] + 1]


@njit(cache=True, nogil=True)
def _note_used(e: Equations, given: Given, w: Work) -> None:
    """Note where there is power, leave out what is dead, and note in the lanes what is not finite."""
    n = len(e.alive)
    poison, zero = splat(0.0), splat(0.0)
    for k in range(n):
        w.used[k] = 0
        for kind in range(3):
            for part in range(2):
                at = 2 * (kind * n + k) + part
                s = load(w.s, at)
                if kind == 0 and part == 1:
                    s = s + splat(given.at_limit_q[k])
                if not e.alive[k]:
                    s = zero
                poison = poison + s * zero
                store(w.s, at, s)
                if any_lane(s):
                    w.used[k] = 2 if kind else 1
    store(w.lane, 5, poison)


@njit(cache=True, nogil=True)
def _scatter(
    e: Equations, rows: np.ndarray, first: int, node: np.ndarray, controlled: np.ndarray, w: Work, found: Found
) -> None:
    n = len(e.alive)
    poison, zero = splat(0.0), splat(0.0)
    for k in range(n):
        if e.alive[k]:
            poison = poison + (load(w.v, 2 * k) + load(w.v, 2 * k + 1)) * zero
        else:
            store(w.v, 2 * k, splat(np.nan))
            store(w.v, 2 * k + 1, splat(np.nan))
    store(w.worst, 0, poison)
    for r in range(min(LANES, len(rows) - first)):
        row, steps = rows[first + r], w.steps[r]
        if w.lane[5, r] != 0.0:
            steps = NOT_FINITE
        elif w.worst[0, r] != 0.0:
            steps = NOT_SOLVED
        found.steps[row], found.mismatch[row] = steps, w.mismatch[r]
        v = found.v[row]
        if steps < 0:
            v[:] = np.nan
            found.q[row] = np.nan
            continue
        for k in range(len(node)):
            v[2 * node[k]] = w.v[2 * k, r]
            v[2 * node[k] + 1] = w.v[2 * k + 1, r]
        for c in range(len(controlled)):
            found.q[row, c] = _infeed(n, controlled[c], r, w) if controlled[c] < n else np.nan


@njit(cache=True, nogil=True)
def _infeed(n: int, k: int, r: int, w: Work) -> float:
    """Return what the device at place `k` feeds in: reactive power into the network less that of the others there."""
    v_re, v_im = w.v[2 * k, r], w.v[2 * k + 1, r]
    square = v_re * v_re + v_im * v_im
    others = w.s[2 * k + 1, r] + np.sqrt(square) * w.s[2 * (n + k) + 1, r] + square * w.s[2 * (2 * n + k) + 1, r]
    result: float = v_im * w.i[2 * k, r] - v_re * w.i[2 * k + 1, r] - others
    return result
