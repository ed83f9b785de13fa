"""Compiled iterations: blocks of rows from power to voltage, by fixed point and by Newton steps."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from twin.network.solving.blocks import (
    Equations,
    factorise,
    jacobian,
    mismatches,
    network_currents,
    substitute_each,
    substitute_shared,
)
from twin.network.solving.lanes import LANES, larger, load, root, splat, store, where

MARGIN = 0.25
"""Share of the allowed mismatch that may be left by a step that is foreseen to be the last."""


@njit(cache=True, nogil=True)
def approach(e: Equations, shared: np.ndarray, no_load: np.ndarray, rules: Rules, w: Work) -> None:
    """Run the fixed point ``V = no_load + Y^-1 conj(s(V) / V)``: only places with power are looked at on the way.

    A lane goes on until its mismatch, or what it is bound to be after the step that is due, is small enough; `iterate`
    has the last word. Uses `w.i` for the currents of the step before.
    """
    n = len(e.alive)
    for at in range(2 * n):
        store(w.i, at, splat(0.0))
    for step in range(rules.most_steps):
        _update_currents(n, w)
        busy = False
        for r in range(LANES):
            off, before = w.worst[0, r], w.lane[2, r]
            w.lane[2, r], w.lane[3, r] = off, w.lane[0, r]
            if w.lane[0, r] == 0.0:
                continue
            foreseen = off / before * off if step else np.inf
            if off <= rules.mismatch_pu**2 or foreseen <= MARGIN**2 * rules.mismatch_pu**2:
                w.lane[0, r], w.lane[4, r] = 0.0, 1.0
            elif not off < np.inf or (step >= STEPS_BEFORE_SLOW and off > SLOW**2 * before):
                w.lane[0, r] = 0.0
            else:
                busy = True
        substitute_shared(e, shared, w.x)
        _update_voltages(n, no_load, w, not busy)
        if not busy:
            break
    for r in range(LANES):
        w.lane[0, r], w.lane[2, r] = w.lane[4, r], np.inf


@njit(cache=True, nogil=True)
def _update_currents(n: int, w: Work) -> None:
    """Put the currents that belong to the voltages into `w.x` and note by how much active lanes change."""
    active, power, zero, one = load(w.lane, 0), splat(0.0), splat(0.0), splat(1.0)
    for k in range(n):
        if not w.used[k]:
            store(w.x, 2 * k, zero)
            store(w.x, 2 * k + 1, zero)
            continue
        v_re, v_im = load(w.v, 2 * k), load(w.v, 2 * k + 1)
        square = v_re * v_re + v_im * v_im
        p, q = load(w.s, 2 * k), load(w.s, 2 * k + 1)
        if w.used[k] == 2:
            size = root(square)
            p = p + size * load(w.s, 2 * (n + k)) + square * load(w.s, 2 * (2 * n + k))
            q = q + size * load(w.s, 2 * (n + k) + 1) + square * load(w.s, 2 * (2 * n + k) + 1)
        inverse = one / square
        re, im = (p * v_re + q * v_im) * inverse, (p * v_im - q * v_re) * inverse
        old_re, old_im = load(w.i, 2 * k), load(w.i, 2 * k + 1)
        d_re, d_im = re - old_re, im - old_im
        power = larger((d_re * d_re + d_im * d_im) * square, power)
        re, im = where(active, re, old_re), where(active, im, old_im)
        store(w.i, 2 * k, re)
        store(w.i, 2 * k + 1, im)
        store(w.x, 2 * k, re)
        store(w.x, 2 * k + 1, im)
    store(w.worst, 0, power)


@njit(cache=True, nogil=True)
def _update_voltages(n: int, no_load: np.ndarray, w: Work, everywhere: bool) -> None:
    """Set the voltages where there is power, in the end everywhere, and note the last step of each lane."""
    longest = splat(0.0)
    for k in range(n):
        if w.used[k] or everywhere:
            re, im = splat(no_load[2 * k]) + load(w.x, 2 * k), splat(no_load[2 * k + 1]) + load(w.x, 2 * k + 1)
            if w.used[k]:
                d_re, d_im = re - load(w.v, 2 * k), im - load(w.v, 2 * k + 1)
                longest = larger(d_re * d_re + d_im * d_im, longest)
            store(w.v, 2 * k, re)
            store(w.v, 2 * k + 1, im)
    store(w.lane, 1, where(load(w.lane, 3), longest, load(w.lane, 1)))


NOT_SOLVED = -1
"""In place of the number of steps."""
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
    steps that a lane took from there, -1 where it is not solved.
    """
    for step in range(rules.most_steps + 1):
        network_currents(e, w.v, w.i)
        mismatches(e, w.v, w.i, w.s, w.used, w.x, w.worst)
        if not _any_left(step, own, rules, w) or step == rules.most_steps:
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
def _any_left(step: int, own: bool, rules: Rules, w: Work) -> bool:
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
    angle is right to 1e-4 rad at 60 degrees, which costs a large step a little and the solution nothing.
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
