"""Compiled parts of the iterations: mismatch, Jacobian, factors, substitution, for one operating point or sixteen.

Rectangular coordinates; one 2 x 2 block per pair of nodes. The equation of a node is its power balance divided by the
conjugate voltage, ``Y V - conj(s / V) = 0``; where the voltage is held, its reactive part gives way to
``|V| + slope q = set``. Derivatives are those of the power balance (MATPOWER technical note 2, in these coordinates).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from twin.network.solving.lanes import coefficient, fma, larger, less_product, load, root, splat, store, where


class Equations(NamedTuple):
    """A network in places (see `twin.network.solving.factors`).

    `device` (F,) tells which of the C devices that may hold a voltage is at a place, -1 for none; `scale` (F,) is one
    over the squared mismatch that a place may keep.
    """

    y_start: np.ndarray
    y_column: np.ndarray
    y_slot: np.ndarray
    y_real: np.ndarray
    y_imag: np.ndarray
    start: np.ndarray
    diagonal: np.ndarray
    column: np.ndarray
    alive: np.ndarray
    device: np.ndarray
    set_vm: np.ndarray
    slope: np.ndarray
    scale: np.ndarray


class Work(NamedTuple):
    """Arrays of one block: (k, LANES) for sixteen operating points, (k,) for one.

    Voltages `v` (2 N), infeed at constant power, current and impedance `s` (6 F) with real and imaginary part in turn,
    `has` (F) whether a place has power, `held` (C) whether a device holds its voltage, network currents `i` (2 F),
    right-hand side and step `x` (2 F), factors `a` (4 B). `worst` (3): largest squared mismatch over what is allowed,
    of held voltage, and in per unit. `lane` (8): active, squared last step, squared mismatch before, room, solved by
    the fixed point, poison, sign of the determinant, whether the mismatch falls.

    `used` (F,) tells the places where some operating point has power (1), or power that depends on the voltage (2).
    """

    v: np.ndarray
    s: np.ndarray
    has: np.ndarray
    held: np.ndarray
    i: np.ndarray
    x: np.ndarray
    a: np.ndarray
    worst: np.ndarray
    lane: np.ndarray
    used: np.ndarray
    steps: np.ndarray
    mismatch: np.ndarray


ACTIVE, LAST_STEP, BEFORE, ROOM, APPROACHED, POISON, SIGN, FALLING = range(8)
"""Rows of ``Work.lane``."""


@njit(cache=True, nogil=True, error_model="numpy")
def network_currents(e: Equations, w: Work) -> None:
    """Put ``Y V`` of the free places into `w.i`."""
    for k in range(len(e.alive)):
        re, im = splat(w.v, 0.0), splat(w.v, 0.0)
        for at in range(e.y_start[k], e.y_start[k + 1]):
            y_re, y_im = splat(w.v, e.y_real[at]), splat(w.v, e.y_imag[at])
            v_re, v_im = load(w.v, 2 * e.y_column[at]), load(w.v, 2 * e.y_column[at] + 1)
            re = less_product(y_im, v_im, fma(y_re, v_re, re))
            im = fma(y_im, v_re, fma(y_re, v_im, im))
        store(w.i, 2 * k, re)
        store(w.i, 2 * k + 1, im)


@njit(cache=True, nogil=True, error_model="numpy")
def mismatches(e: Equations, w: Work) -> None:
    """Put the right-hand side into `w.x`, the largest squared mismatches of power and voltage into `w.worst`."""
    n = len(e.alive)
    zero, one = splat(w.v, 0.0), splat(w.v, 1.0)
    allowed, voltage, power = zero, zero, zero
    for k in range(n):
        if not e.alive[k]:
            store(w.x, 2 * k, zero)
            store(w.x, 2 * k + 1, zero)
            continue
        v_re, v_im, i_re, i_im = load(w.v, 2 * k), load(w.v, 2 * k + 1), load(w.i, 2 * k), load(w.i, 2 * k + 1)
        square = fma(v_re, v_re, v_im * v_im)
        size, p, q = square, load(w.s, 2 * k), load(w.s, 2 * k + 1)
        device = e.device[k]
        if device >= 0 or w.used[k] == 2:
            size = root(square)
            p = fma(square, load(w.s, 2 * (2 * n + k)), fma(size, load(w.s, 2 * (n + k)), p))
            q = fma(square, load(w.s, 2 * (2 * n + k) + 1), fma(size, load(w.s, 2 * (n + k) + 1), q))
        re, im = zero - i_re, zero - i_im
        if w.used[k]:
            inverse = one / square
            re = fma(fma(p, v_re, q * v_im), inverse, re)
            im = fma(less_product(q, v_re, p * v_im), inverse, im)
        off = fma(re, re, im * im) * square
        if device >= 0:
            held = load(w.held, device)
            p_off = p - fma(v_re, i_re, v_im * i_im)
            q_off = q - less_product(v_re, i_im, v_im * i_re)
            beside = fma(splat(w.v, e.slope[device]), q_off, splat(w.v, e.set_vm[device]) - size)
            voltage = larger(where(held, beside * beside, zero), voltage)
            off = where(held, p_off * p_off, off)
            re, im = where(held, p_off / size, re), where(held, beside, im)
        power = larger(off, power)
        allowed = larger(off * splat(w.v, e.scale[k]), allowed)
        store(w.x, 2 * k, re)
        store(w.x, 2 * k + 1, im)
    store(w.worst, 0, allowed)
    store(w.worst, 1, voltage)
    store(w.worst, 2, power)


@njit(cache=True, nogil=True, error_model="numpy")
def jacobian(e: Equations, w: Work) -> None:
    """Put the derivatives into `w.a` (4 B), four numbers a block, row by row."""
    n = len(e.alive)
    v, i, s, a = w.v, w.i, w.s, w.a
    zero, one, two = splat(v, 0.0), splat(v, 1.0), splat(v, 2.0)
    for k in range(n):
        for at in range(4 * e.start[k], 4 * e.start[k + 1]):
            store(a, at, zero)
        d = 4 * e.diagonal[k]
        if not e.alive[k]:
            store(a, d, one)
            store(a, d + 3, one)
            continue
        for at in range(e.y_start[k], e.y_start[k + 1]):
            if e.y_slot[at] >= 0:
                b = 4 * e.y_slot[at]
                store(a, b, splat(v, e.y_real[at]))
                store(a, b + 1, splat(v, -e.y_imag[at]))
                store(a, b + 2, splat(v, e.y_imag[at]))
                store(a, b + 3, splat(v, e.y_real[at]))
        v_re, v_im, i_re, i_im = load(v, 2 * k), load(v, 2 * k + 1), load(i, 2 * k), load(i, 2 * k + 1)
        square = fma(v_re, v_re, v_im * v_im)
        inverse, device = one / square, e.device[k]
        c_re, c_im = less_product(i_im, v_im, i_re * v_re) * inverse, fma(i_re, v_im, i_im * v_re) * inverse
        size, g_re, g_im = one, zero, zero
        if device >= 0 or w.used[k] == 2:
            size = root(square)
            p_slope = load(s, 2 * (n + k)) / size + two * load(s, 2 * (2 * n + k))
            q_slope = load(s, 2 * (n + k) + 1) / size + two * load(s, 2 * (2 * n + k) + 1)
            g_re = fma(p_slope, v_re, q_slope * v_im) * inverse
            g_im = less_product(q_slope, v_re, p_slope * v_im) * inverse
        store(a, d, load(a, d) + less_product(g_re, v_re, c_re))
        store(a, d + 1, load(a, d + 1) + less_product(g_re, v_im, c_im))
        store(a, d + 2, load(a, d + 2) + less_product(g_im, v_re, c_im))
        store(a, d + 3, load(a, d + 3) - fma(g_im, v_im, c_re))
        if device >= 0:
            held, slope = load(w.held, device), splat(v, e.slope[device])
            u_re, u_im = v_re / size, v_im / size
            for b in range(4 * e.start[k], 4 * e.start[k + 1], 4):
                for side in range(2):
                    re, im = load(a, b + side), load(a, b + 2 + side)
                    store(a, b + side, where(held, fma(u_re, re, u_im * im), re))
                    store(a, b + 2 + side, where(held, slope * less_product(v_re, im, v_im * re), im))
            store(a, d + 2, load(a, d + 2) + where(held, u_re, zero))
            store(a, d + 3, load(a, d + 3) + where(held, u_im, zero))


@njit(cache=True, nogil=True, error_model="numpy")
def factorise(e: Equations, w: Work) -> None:
    """Replace `w.a` by its factors: unit lower part, inverses on the diagonal, upper part; no exchange of pivots.

    The sign of the determinant goes into ``w.lane``, where the operating point is active.
    """
    a = w.a
    slot = np.zeros(len(e.alive), dtype=np.int64)
    zero, one = splat(a, 0.0), splat(a, 1.0)
    sign = one
    for k in range(len(e.alive)):
        d = 4 * e.diagonal[k]
        for at in range(e.start[k], e.start[k + 1]):
            slot[e.column[at]] = 4 * at
        for at in range(e.start[k], e.diagonal[k]):
            j = e.column[at]
            _multiply(a, 4 * at, 4 * e.diagonal[j])
            for u in range(e.diagonal[j] + 1, e.start[j + 1]):
                _subtract_product(a, slot[e.column[u]], 4 * at, 4 * u)
        a0, a1, a2, a3 = load(a, d), load(a, d + 1), load(a, d + 2), load(a, d + 3)
        determinant = less_product(a1, a2, a0 * a3)
        sign = where(larger(determinant, zero), sign, zero - sign)
        scale = one / determinant
        store(a, d, a3 * scale)
        store(a, d + 1, zero - a1 * scale)
        store(a, d + 2, zero - a2 * scale)
        store(a, d + 3, a0 * scale)
    store(w.lane, SIGN, where(load(w.lane, ACTIVE), sign, load(w.lane, SIGN)))


@njit(cache=True, nogil=True, error_model="numpy")
def _multiply(a: np.ndarray, left: int, right: int) -> None:
    l0, l1, l2, l3 = load(a, left), load(a, left + 1), load(a, left + 2), load(a, left + 3)
    r0, r1, r2, r3 = load(a, right), load(a, right + 1), load(a, right + 2), load(a, right + 3)
    store(a, left, fma(l0, r0, l1 * r2))
    store(a, left + 1, fma(l0, r1, l1 * r3))
    store(a, left + 2, fma(l2, r0, l3 * r2))
    store(a, left + 3, fma(l2, r1, l3 * r3))


@njit(cache=True, nogil=True, error_model="numpy")
def _subtract_product(a: np.ndarray, to: int, left: int, right: int) -> None:
    l0, l1, l2, l3 = load(a, left), load(a, left + 1), load(a, left + 2), load(a, left + 3)
    r0, r1, r2, r3 = load(a, right), load(a, right + 1), load(a, right + 2), load(a, right + 3)
    store(a, to, less_product(l1, r2, less_product(l0, r0, load(a, to))))
    store(a, to + 1, less_product(l1, r3, less_product(l0, r1, load(a, to + 1))))
    store(a, to + 2, less_product(l3, r2, less_product(l2, r0, load(a, to + 2))))
    store(a, to + 3, less_product(l3, r3, less_product(l2, r1, load(a, to + 3))))


@njit(cache=True, nogil=True, error_model="numpy")
def substitute(e: Equations, a: np.ndarray, x: np.ndarray) -> None:
    """Solve in place with factors `a`: each operating point's own, or (4 B,) shared by all."""
    n = len(e.alive)
    for k in range(n):
        re, im = load(x, 2 * k), load(x, 2 * k + 1)
        for at in range(e.start[k], e.diagonal[k]):
            x_re, x_im, b = load(x, 2 * e.column[at]), load(x, 2 * e.column[at] + 1), 4 * at
            re = less_product(coefficient(x, a, b + 1), x_im, less_product(coefficient(x, a, b), x_re, re))
            im = less_product(coefficient(x, a, b + 3), x_im, less_product(coefficient(x, a, b + 2), x_re, im))
        store(x, 2 * k, re)
        store(x, 2 * k + 1, im)
    for k in range(n - 1, -1, -1):
        re, im = load(x, 2 * k), load(x, 2 * k + 1)
        for at in range(e.diagonal[k] + 1, e.start[k + 1]):
            x_re, x_im, b = load(x, 2 * e.column[at]), load(x, 2 * e.column[at] + 1), 4 * at
            re = less_product(coefficient(x, a, b + 1), x_im, less_product(coefficient(x, a, b), x_re, re))
            im = less_product(coefficient(x, a, b + 3), x_im, less_product(coefficient(x, a, b + 2), x_re, im))
        d = 4 * e.diagonal[k]
        store(x, 2 * k, fma(coefficient(x, a, d), re, coefficient(x, a, d + 1) * im))
        store(x, 2 * k + 1, fma(coefficient(x, a, d + 2), re, coefficient(x, a, d + 3) * im))
