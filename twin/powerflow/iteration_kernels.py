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
