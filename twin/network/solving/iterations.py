"""Compiled iterations from power to voltage: fixed point, shared factors, and Newton's method with own factors."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from twin.network.solving.blocks import (
    ACTIVE,
    APPROACHED,
    BEFORE,
    FALLING,
    LAST_STEP,
    ROOM,
    Equations,
    Work,
    factorise,
    jacobian,
    mismatches,
    network_currents,
    substitute,
)
from twin.network.solving.lanes import fma, get, larger, less_product, load, put, root, splat, store, where, width

MARGIN = 0.25
"""Share of the allowed mismatch that may be left by a step that is foreseen to be the last."""
NOT_SOLVED = -1
"""In place of the number of steps."""
SLOW = 0.4
"""Shared factors: a row whose mismatch falls by less than this factor a step goes on with factors of its own."""
GOING_ON = 0.9
"""A row whose mismatch falls at least by this factor goes on from where it is, others begin anew."""
STEPS_BEFORE_SLOW = 3


class Rules(NamedTuple):
    """When a row counts as solved and when it is given up; powers and voltages in per unit."""

    mismatch_pu: float
    held_voltage_pu: float
    voltage_step_pu: float
    most_shared_steps: int
    most_newton_steps: int
    most_rounds: int


@njit(cache=True, nogil=True, error_model="numpy")
def begin(w: Work) -> None:
    """Make all operating points active."""
    for r in range(width(w.v)):
        put(w.lane, ACTIVE, r, 1.0)
        put(w.lane, LAST_STEP, r, np.inf)
        put(w.lane, BEFORE, r, np.inf)
        put(w.lane, APPROACHED, r, 0.0)
        put(w.lane, FALLING, r, 0.0)
        w.steps[r] = NOT_SOLVED


@njit(cache=True, nogil=True, error_model="numpy")
def approach(e: Equations, shared: np.ndarray, no_load: np.ndarray, rules: Rules, w: Work) -> None:
    """Run the fixed point ``V = no_load + Y^-1 conj(s(V) / V)``: only places with power are looked at on the way.

    A row goes on until its mismatch, or what it is bound to be after the step that is due, is small enough; `chord`
    has the last word. Uses `w.i` for the currents of the step before.
    """
    n = len(e.alive)
    for at in range(2 * n):
        store(w.i, at, splat(w.v, 0.0))
    for step in range(rules.most_shared_steps):
        _update_currents(n, w)
        busy = False
        for r in range(width(w.v)):
            off, before, active = get(w.worst, 0, r), get(w.lane, BEFORE, r), get(w.lane, ACTIVE, r)
            put(w.lane, ROOM, r, active)
            if active == 0.0:
                continue
            put(w.lane, BEFORE, r, off)
            foreseen = off / before * off if step else np.inf
            if off <= rules.mismatch_pu**2 or foreseen <= MARGIN**2 * rules.mismatch_pu**2:
                put(w.lane, ACTIVE, r, 0.0)
                put(w.lane, APPROACHED, r, 1.0)
            elif not off < np.inf or (step >= STEPS_BEFORE_SLOW and off > SLOW**2 * before):
                put(w.lane, ACTIVE, r, 0.0)
                put(w.lane, FALLING, r, 1.0 if off < GOING_ON**2 * before else 0.0)
            else:
                busy = True
        substitute(e, shared, w.x)
        _update_voltages(n, no_load, w, not busy)
        if not busy:
            break
    for r in range(width(w.v)):
        put(w.lane, ACTIVE, r, get(w.lane, APPROACHED, r))
        put(w.lane, BEFORE, r, np.inf)


@njit(cache=True, nogil=True, error_model="numpy")
def _update_currents(n: int, w: Work) -> None:
    """Put the currents that belong to the voltages into `w.x` and note by how much active rows change."""
    active, power, zero, one = load(w.lane, ACTIVE), splat(w.v, 0.0), splat(w.v, 0.0), splat(w.v, 1.0)
    for k in range(n):
        if not w.used[k]:
            store(w.x, 2 * k, zero)
            store(w.x, 2 * k + 1, zero)
            continue
        v_re, v_im = load(w.v, 2 * k), load(w.v, 2 * k + 1)
        square = fma(v_re, v_re, v_im * v_im)
        p, q = load(w.s, 2 * k), load(w.s, 2 * k + 1)
        if w.used[k] == 2:
            size = root(square)
            p = fma(square, load(w.s, 2 * (2 * n + k)), fma(size, load(w.s, 2 * (n + k)), p))
            q = fma(square, load(w.s, 2 * (2 * n + k) + 1), fma(size, load(w.s, 2 * (n + k) + 1), q))
        inverse = one / square
        re, im = fma(p, v_re, q * v_im) * inverse, less_product(q, v_re, p * v_im) * inverse
        old_re, old_im = load(w.i, 2 * k), load(w.i, 2 * k + 1)
        d_re, d_im = re - old_re, im - old_im
        power = larger(fma(d_re, d_re, d_im * d_im) * square, power)
        re, im = where(active, re, old_re), where(active, im, old_im)
        store(w.i, 2 * k, re)
        store(w.i, 2 * k + 1, im)
        store(w.x, 2 * k, re)
        store(w.x, 2 * k + 1, im)
    store(w.worst, 0, power)


@njit(cache=True, nogil=True, error_model="numpy")
def _update_voltages(n: int, no_load: np.ndarray, w: Work, everywhere: bool) -> None:
    """Set the voltages where there is power, in the end everywhere, and note the last step of each row."""
    longest = splat(w.v, 0.0)
    for k in range(n):
        if w.used[k] or everywhere:
            re = splat(w.v, no_load[2 * k]) + load(w.x, 2 * k)
            im = splat(w.v, no_load[2 * k + 1]) + load(w.x, 2 * k + 1)
            if w.used[k]:
                d_re, d_im = re - load(w.v, 2 * k), im - load(w.v, 2 * k + 1)
                longest = larger(fma(d_re, d_re, d_im * d_im) * load(w.has, k), longest)
            store(w.v, 2 * k, re)
            store(w.v, 2 * k + 1, im)
    store(w.lane, LAST_STEP, where(load(w.lane, ROOM), longest, load(w.lane, LAST_STEP)))


@njit(cache=True, nogil=True, error_model="numpy")
def chord(e: Equations, shared: np.ndarray, base: np.ndarray, rules: Rules, w: Work) -> None:
    """Bring `w.v` to the solution of `w.s` with the factors at the voltages `base` (2 F,), shared by all rows.

    The mismatch is turned from each node's voltage into the base's and the step back, so that only how angles differ
    between neighbours makes the factors inexact. `w.steps` is the number of steps, -1 where it is not solved;
    ``w.lane`` tells then whether the mismatch falls. A row that is done is frozen: its answer does not depend on the
    others.
    """
    for step in range(rules.most_shared_steps + 1):
        network_currents(e, w)
        mismatches(e, w)
        slow = SLOW if step >= STEPS_BEFORE_SLOW else np.inf
        if not _any_left(step, slow, rules, w) or step == rules.most_shared_steps:
            break
        _into_base(e, base, w)
        substitute(e, shared, w.x)
        _add_out_of_base(len(e.alive), base, w)


@njit(cache=True, nogil=True, error_model="numpy")
def newton(e: Equations, always: bool, rules: Rules, w: Work) -> None:
    """Bring `w.v` to the solution of `w.s` with factors of each row, renewed at each step or (not `always`) at some."""
    for step in range(rules.most_newton_steps + 1):
        network_currents(e, w)
        mismatches(e, w)
        if not _any_left(step, np.inf, rules, w) or step == rules.most_newton_steps:
            break
        if always or step == 0 or step == 3 or step > 5:
            jacobian(e, w)
            factorise(e, w)
        substitute(e, w.a, w.x)
        _add(len(e.alive), w)


@njit(cache=True, nogil=True, error_model="numpy")
def _any_left(step: int, slow: float, rules: Rules, w: Work) -> bool:
    """Take out the rows that are solved, or hopeless, or fall by less than `slow`; tell whether any is left."""
    busy = False
    for r in range(width(w.v)):
        if get(w.lane, ACTIVE, r) == 0.0:
            continue
        off, voltage, before = get(w.worst, 0, r), get(w.worst, 1, r), get(w.lane, BEFORE, r)
        if off <= 1.0 and voltage <= rules.held_voltage_pu**2 and get(w.lane, LAST_STEP, r) <= rules.voltage_step_pu**2:
            put(w.lane, ACTIVE, r, 0.0)
            w.steps[r] = step
        elif not off + voltage < np.inf or (off > 1.0 and off > slow**2 * before):
            put(w.lane, ACTIVE, r, 0.0)
            put(w.lane, FALLING, r, 1.0 if off < GOING_ON**2 * before else 0.0)
        else:
            busy = True
        put(w.lane, BEFORE, r, off)
        w.mismatch[r] = np.sqrt(get(w.worst, 2, r))
    return busy


@njit(cache=True, nogil=True, error_model="numpy")
def _into_base(e: Equations, base: np.ndarray, w: Work) -> None:
    """Turn the mismatch of powers to the base's voltages; the equations of a held voltage are real and stay."""
    for k in range(len(e.alive)):
        b_re, b_im = base[2 * k], base[2 * k + 1]
        square = b_re * b_re + b_im * b_im
        g_re, g_im = splat(w.v, b_re / square), splat(w.v, b_im / square)
        v_re, v_im = load(w.v, 2 * k), load(w.v, 2 * k + 1)
        t_re, t_im = fma(g_re, v_re, g_im * v_im), less_product(g_re, v_im, g_im * v_re)
        re, im = load(w.x, 2 * k), load(w.x, 2 * k + 1)
        x_re, x_im = less_product(t_im, im, t_re * re), fma(t_re, im, t_im * re)
        if e.device[k] >= 0:
            held = load(w.held, e.device[k])
            x_re, x_im = where(held, re, x_re), where(held, im, x_im)
        store(w.x, 2 * k, x_re)
        store(w.x, 2 * k + 1, x_im)


@njit(cache=True, nogil=True, error_model="numpy")
def _add_out_of_base(n: int, base: np.ndarray, w: Work) -> None:
    """Add the step, turned from the base's voltages to those that there are."""
    active, longest = load(w.lane, ACTIVE), splat(w.v, 0.0)
    for k in range(n):
        b_re, b_im = base[2 * k], base[2 * k + 1]
        square = b_re * b_re + b_im * b_im
        h_re, h_im = splat(w.v, b_re / square), splat(w.v, -b_im / square)
        re, im = load(w.x, 2 * k), load(w.x, 2 * k + 1)
        longest = larger(fma(re, re, im * im), longest)
        _turn(w.v, k, less_product(h_im, im, h_re * re), fma(h_re, im, h_im * re), active)
    store(w.lane, LAST_STEP, longest)


@njit(cache=True, nogil=True, error_model="numpy")
def _add(n: int, w: Work) -> None:
    """Add the step."""
    active, longest, one = load(w.lane, ACTIVE), splat(w.v, 0.0), splat(w.v, 1.0)
    for k in range(n):
        re, im = load(w.x, 2 * k), load(w.x, 2 * k + 1)
        v_re, v_im = load(w.v, 2 * k), load(w.v, 2 * k + 1)
        longest = larger(fma(re, re, im * im), longest)
        inverse = one / fma(v_re, v_re, v_im * v_im)
        along, across = fma(re, v_re, im * v_im) * inverse, less_product(re, v_im, im * v_re) * inverse
        _turn(w.v, k, along, across, active)
    store(w.lane, LAST_STEP, longest)


@njit(cache=True, nogil=True, error_model="numpy")
def _turn(v: np.ndarray, k: int, along: float, across: float, active: float) -> None:
    """Change magnitude and angle of a voltage by its shares, as Newton's method in polar coordinates does.

    Cosine and sine are power series up to the seventh power: right to 3e-5 at 1 rad, which costs a large step a little
    and the solution nothing.
    """
    v_re, v_im = load(v, 2 * k), load(v, 2 * k + 1)
    one, square = splat(v, 1.0), across * across
    cosine = fma(square, fma(square, fma(square, splat(v, -1.0 / 720.0), splat(v, 1.0 / 24.0)), splat(v, -0.5)), one)
    series = fma(square, fma(square, splat(v, -1.0 / 5040.0), splat(v, 1.0 / 120.0)), splat(v, -1.0 / 6.0))
    sine, size = across * fma(square, series, one), one + along
    cosine, sine = size * cosine, size * sine
    store(v, 2 * k, where(active, less_product(v_im, sine, v_re * cosine), v_re))
    store(v, 2 * k + 1, where(active, fma(v_re, sine, v_im * cosine), v_im))
