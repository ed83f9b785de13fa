"""Compiled fixed point on blocks of rows: only places with power are looked at until the end."""

from __future__ import annotations

import numpy as np
from numba import njit

from twin.powerflow.block_kernels import Equations, substitute_shared
from twin.powerflow.iteration_kernels import SLOW, STEPS_BEFORE_SLOW, Rules, Work
from twin.powerflow.lanes import LANES, larger, load, root, splat, store, where

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
