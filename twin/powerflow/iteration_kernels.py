"""Compiled iterations: blocks of rows from power to voltage, with factors that rows share or have of their own."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from twin.powerflow.block_kernels import (
    Equations,
    factorise,
    jacobian,
    mismatches,
    network_currents,
    substitute_each,
    substitute_shared,
)
from twin.powerflow.lanes import LANES, larger, load, splat, store, where

SLOW = 0.4
"""Shared factors: a row whose mismatch falls by less than this factor a step is left to the next tier."""
STEPS_BEFORE_SLOW = 4


class Rules(NamedTuple):
    """When a row counts as solved and when it is given up; powers and voltages in per unit."""

    mismatch_pu: float
    held_voltage_pu: float
    voltage_step_pu: float
    most_steps: int


class Work(NamedTuple):
    """Arrays of one block."""

    v: np.ndarray
    s: np.ndarray
    used: np.ndarray
    i: np.ndarray
    x: np.ndarray
    a: np.ndarray
    worst: np.ndarray
    lane: np.ndarray
    steps: np.ndarray
    mismatch: np.ndarray


@njit(cache=True, nogil=True)
def iterate(e: Equations, shared: np.ndarray, own: bool, rules: Rules, w: Work) -> None:
    """Bring `w.v` to the solution of `w.s`; rows of `w.lane`: active, squared last step, squared mismatch before.

    A lane that is done is frozen: its answer does not depend on how long the others take. `w.steps` is the number of
    steps that a lane took, -1 where it is not solved.
    """
    for r in range(LANES):
        w.lane[0, r], w.lane[1, r], w.lane[2, r], w.steps[r] = 1.0, np.inf, np.inf, -1
    for step in range(rules.most_steps + 1):
        network_currents(e, w.v, w.i)
        mismatches(e, w.v, w.i, w.s, w.used, w.x, w.worst)
        if not _judge(step, own, rules, w) or step == rules.most_steps:
            break
        if own:
            jacobian(e, w.v, w.i, w.s, w.a)
            factorise(e, w.a)
            substitute_each(e, w.a, w.x)
            _turn(len(e.alive), w)
        else:
            substitute_shared(e, shared, w.x)
            _move(len(e.alive), w)


@njit(cache=True, nogil=True)
def _judge(step: int, own: bool, rules: Rules, w: Work) -> bool:
    """Take out the lanes that are solved or hopeless and tell whether any is left."""
    busy = False
    for r in range(LANES):
        if w.lane[0, r] == 0.0:
            continue
        off = w.worst[0, r]
        if (
            off <= rules.mismatch_pu**2
            and w.worst[1, r] <= rules.held_voltage_pu**2
            and w.lane[1, r] <= rules.voltage_step_pu**2
        ):
            w.lane[0, r], w.steps[r] = 0.0, step
        elif not off + w.worst[1, r] < np.inf or (
            not own and step >= STEPS_BEFORE_SLOW and off > rules.mismatch_pu**2 and off > SLOW**2 * w.lane[2, r]
        ):
            w.lane[0, r] = 0.0
        else:
            busy = True
        w.lane[2, r] = off
        w.mismatch[r] = np.sqrt(off)
    return busy


@njit(cache=True, nogil=True)
def _move(n: int, w: Work) -> None:
    """Add the step to the voltages."""
    active, longest = load(w.lane, 0), splat(0.0)
    for k in range(n):
        re, im = load(w.x, 2 * k), load(w.x, 2 * k + 1)
        longest = larger(re * re + im * im, longest)
        v_re, v_im = load(w.v, 2 * k), load(w.v, 2 * k + 1)
        store(w.v, 2 * k, where(active, v_re + re, v_re))
        store(w.v, 2 * k + 1, where(active, v_im + im, v_im))
    store(w.lane, 1, longest)


@njit(cache=True, nogil=True)
def _turn(n: int, w: Work) -> None:
    """Add the step to magnitude and angle, as Newton's method in polar coordinates does.

    The angle's tangent of half is a power series up to its seventh power: a turn leaves the magnitude as it is, and its
    angle is right to 1e-5 for 60 degrees.
    """
    active, longest, one, half = load(w.lane, 0), splat(0.0), splat(1.0), splat(0.5)
    for k in range(n):
        re, im = load(w.x, 2 * k), load(w.x, 2 * k + 1)
        v_re, v_im = load(w.v, 2 * k), load(w.v, 2 * k + 1)
        longest = larger(re * re + im * im, longest)
        inverse = one / (v_re * v_re + v_im * v_im)
        size = one + (re * v_re + im * v_im) * inverse
        x = half * (im * v_re - re * v_im) * inverse
        xx = x * x
        series = splat(1.0 / 3.0) + xx * (splat(2.0 / 15.0) + xx * splat(17.0 / 315.0))
        tangent = x * (one + xx * series)
        scale = size / (one + tangent * tangent)
        cosine, sine = scale * (one - tangent * tangent), scale * (tangent + tangent)
        store(w.v, 2 * k, where(active, v_re * cosine - v_im * sine, v_re))
        store(w.v, 2 * k + 1, where(active, v_re * sine + v_im * cosine, v_im))
    store(w.lane, 1, longest)


class Given(NamedTuple):
    """What is given, (R, 2 N) with real and imaginary part in turn.

    `current` and `impedance` are (0, 0) where there is none; `at_limit_q` (F,) is the infeed of devices at a limit;
    `start` has R rows or one; `fallback` (2 N,) is used where it is not a number; `slack` is (2 K,).
    """

    constant: np.ndarray
    current: np.ndarray
    impedance: np.ndarray
    at_limit_q: np.ndarray
    start: np.ndarray
    fallback: np.ndarray
    slack: np.ndarray


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


NOT_SOLVED, NOT_FINITE = -1, -2


@njit(cache=True, nogil=True)
def solve_rows(
    e: Equations,
    shared: np.ndarray,
    own: bool,
    rules: Rules,
    node: np.ndarray,
    controlled: np.ndarray,
    rows: np.ndarray,
    given: Given,
    found: Found,
) -> None:
    """Solve the rows `rows` of `given`, LANES at a time.

    Parameters
    ----------
    shared : (4 B,) factors used for all rows unless `own`: then each row has its own, renewed at each step
    node : (N,) node at each place
    controlled : (C,) place of each controlled node
    """
    n = len(e.alive)
    w = Work(
        np.empty((2 * len(node), LANES)),
        np.zeros((6 * n, LANES)),
        np.zeros(n, dtype=np.int64),
        np.empty((2 * n, LANES)),
        np.empty((2 * n, LANES)),
        np.empty((4 * len(e.column) if own else 0, LANES)),
        np.zeros((2, LANES)),
        np.zeros((3, LANES)),
        np.zeros(LANES, dtype=np.int64),
        np.zeros(LANES),
    )
    for first in range(0, len(rows), LANES):
        w.used[:] = 0
        for r in range(LANES):
            _gather(e, rows[min(first + r, len(rows) - 1)], r, node, given, w)
        iterate(e, shared, own, rules, w)
        for r in range(min(LANES, len(rows) - first)):
            _scatter(e, rows[first + r], r, node, controlled, w, found)


@njit(cache=True, nogil=True)
def _gather(e: Equations, row: int, r: int, node: np.ndarray, given: Given, w: Work) -> None:
    n = len(e.alive)
    start = min(row, len(given.start) - 1)
    for k in range(n):
        for part in range(2):
            at = 2 * node[k] + part
            v = given.start[start, at]
            w.v[2 * k + part, r] = v if np.isfinite(v) else given.fallback[at]
            s = given.constant[row, at]
            if part:
                s += given.at_limit_q[k]
            w.s[2 * k + part, r] = s
            if s != 0.0:
                w.used[k] = max(w.used[k], 1)
            if len(given.current):
                w.s[2 * (n + k) + part, r] = given.current[row, at]
                if given.current[row, at] != 0.0:
                    w.used[k] = 2
            if len(given.impedance):
                w.s[2 * (2 * n + k) + part, r] = given.impedance[row, at]
                if given.impedance[row, at] != 0.0:
                    w.used[k] = 2
            if not e.alive[k]:
                w.s[2 * k + part, r] = w.s[2 * (n + k) + part, r] = w.s[2 * (2 * n + k) + part, r] = 0.0
    for k in range(len(given.slack)):
        w.v[2 * n + k, r] = given.slack[k]


@njit(cache=True, nogil=True)
def _scatter(e: Equations, row: int, r: int, node: np.ndarray, controlled: np.ndarray, w: Work, found: Found) -> None:
    n = len(e.alive)
    steps = w.steps[r]
    for k in range(2 * n):
        if not np.isfinite(w.s[k, r] + w.s[2 * n + k, r] + w.s[4 * n + k, r]):
            steps = NOT_FINITE
        elif steps >= 0 and not np.isfinite(w.v[k, r]):
            steps = NOT_SOLVED
    found.steps[row], found.mismatch[row] = steps, w.mismatch[r]
    for k in range(len(node)):
        live = steps >= 0 and (k >= n or e.alive[k])
        for part in range(2):
            found.v[row, 2 * node[k] + part] = w.v[2 * k + part, r] if live else np.nan
    for c in range(len(controlled)):
        k = controlled[c]
        if k < n and e.alive[k] and steps >= 0:
            v_re, v_im = w.v[2 * k, r], w.v[2 * k + 1, r]
            square = v_re * v_re + v_im * v_im
            drawn = w.s[2 * k + 1, r] + np.sqrt(square) * w.s[2 * (n + k) + 1, r] + square * w.s[2 * (2 * n + k) + 1, r]
            found.q[row, c] = v_im * w.i[2 * k, r] - v_re * w.i[2 * k + 1, r] - drawn
        else:
            found.q[row, c] = np.nan
