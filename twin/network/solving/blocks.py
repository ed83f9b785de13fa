"""Compiled parts of the iterations on blocks of rows: mismatch, Jacobian, factors, substitution.

Rectangular coordinates; one 2 x 2 block per pair of nodes. The equation of a node is its power balance divided by the
conjugate voltage, ``Y V - conj(s / V) = 0``; where the voltage is held, its reactive part gives way to
``|V| + slope q = set``. Derivatives are those of the power balance (MATPOWER technical note 2, in these coordinates).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from twin.network.solving.lanes import larger, load, root, splat, store


class Equations(NamedTuple):
    """Network and pattern of held voltages, in places (see `twin.network.solving.factors`)."""

    y_start: np.ndarray
    y_column: np.ndarray
    y_slot: np.ndarray
    y_real: np.ndarray
    y_imag: np.ndarray
    start: np.ndarray
    diagonal: np.ndarray
    column: np.ndarray
    alive: np.ndarray
    held: np.ndarray
    set_vm: np.ndarray
    slope: np.ndarray


@njit(cache=True, nogil=True)
def network_currents(e: Equations, v: np.ndarray, i: np.ndarray) -> None:
    """Put ``Y V`` of the free places into `i`; all arrays are (2 k, LANES): real and imaginary part in turn."""
    for k in range(len(e.alive)):
        re, im = splat(0.0), splat(0.0)
        for at in range(e.y_start[k], e.y_start[k + 1]):
            y_re, y_im = splat(e.y_real[at]), splat(e.y_imag[at])
            v_re, v_im = load(v, 2 * e.y_column[at]), load(v, 2 * e.y_column[at] + 1)
            re = re + y_re * v_re - y_im * v_im
            im = im + y_re * v_im + y_im * v_re
        store(i, 2 * k, re)
        store(i, 2 * k + 1, im)


@njit(cache=True, nogil=True)
def mismatches(
    e: Equations, v: np.ndarray, i: np.ndarray, s: np.ndarray, used: np.ndarray, x: np.ndarray, worst: np.ndarray
) -> None:
    """Put the right-hand side into `x` and the largest squared mismatch of power and of held voltage into `worst`.

    `s` is (6 F, LANES): infeed at constant power, current and impedance, real and imaginary part; `used` (F,) tells the
    places where a lane has power (1) and where it depends on the voltage (2).
    """
    n = len(e.alive)
    power, voltage, one = splat(0.0), splat(0.0), splat(1.0)
    for k in range(n):
        if not e.alive[k]:
            store(x, 2 * k, splat(0.0))
            store(x, 2 * k + 1, splat(0.0))
            continue
        v_re, v_im, i_re, i_im = load(v, 2 * k), load(v, 2 * k + 1), load(i, 2 * k), load(i, 2 * k + 1)
        square = v_re * v_re + v_im * v_im
        if e.held[k] or used[k] == 2:
            size = root(square)
            p = load(s, 2 * k) + size * load(s, 2 * (n + k)) + square * load(s, 2 * (2 * n + k))
            q = load(s, 2 * k + 1) + size * load(s, 2 * (n + k) + 1) + square * load(s, 2 * (2 * n + k) + 1)
            if e.held[k]:
                p_off = p - (v_re * i_re + v_im * i_im)
                q_off = q - (v_im * i_re - v_re * i_im)
                off = splat(e.set_vm[k]) + splat(e.slope[k]) * q_off - size
                power = larger(p_off * p_off, power)
                voltage = larger(off * off, voltage)
                store(x, 2 * k, p_off / size)
                store(x, 2 * k + 1, off)
                continue
        else:
            p, q = load(s, 2 * k), load(s, 2 * k + 1)
        re, im = splat(0.0) - i_re, splat(0.0) - i_im
        if used[k]:
            inverse = one / square
            re = re + (p * v_re + q * v_im) * inverse
            im = im + (p * v_im - q * v_re) * inverse
        power = larger((re * re + im * im) * square, power)
        store(x, 2 * k, re)
        store(x, 2 * k + 1, im)
    store(worst, 0, power)
    store(worst, 1, voltage)


@njit(cache=True, nogil=True)
def jacobian(e: Equations, v: np.ndarray, i: np.ndarray, s: np.ndarray, a: np.ndarray) -> None:
    """Put the derivatives into `a` (4 B, LANES), four numbers a block, row by row."""
    n = len(e.alive)
    zero, one = splat(0.0), splat(1.0)
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
                store(a, b, splat(e.y_real[at]))
                store(a, b + 1, splat(-e.y_imag[at]))
                store(a, b + 2, splat(e.y_imag[at]))
                store(a, b + 3, splat(e.y_real[at]))
        v_re, v_im, i_re, i_im = load(v, 2 * k), load(v, 2 * k + 1), load(i, 2 * k), load(i, 2 * k + 1)
        square = v_re * v_re + v_im * v_im
        size = root(square)
        c_re, c_im = (i_re * v_re - i_im * v_im) / square, (i_re * v_im + i_im * v_re) / square
        two = splat(2.0)
        p_slope = load(s, 2 * (n + k)) / size + two * load(s, 2 * (2 * n + k))
        q_slope = load(s, 2 * (n + k) + 1) / size + two * load(s, 2 * (2 * n + k) + 1)
        g_re, g_im = (p_slope * v_re + q_slope * v_im) / square, (p_slope * v_im - q_slope * v_re) / square
        store(a, d, load(a, d) + c_re - g_re * v_re)
        store(a, d + 1, load(a, d + 1) + c_im - g_re * v_im)
        store(a, d + 2, load(a, d + 2) + c_im - g_im * v_re)
        store(a, d + 3, load(a, d + 3) - c_re - g_im * v_im)
        if e.held[k]:
            u_re, u_im, slope = v_re / size, v_im / size, splat(e.slope[k])
            for b in range(4 * e.start[k], 4 * e.start[k + 1], 4):
                for side in range(2):
                    re, im = load(a, b + side), load(a, b + 2 + side)
                    store(a, b + side, u_re * re + u_im * im)
                    store(a, b + 2 + side, slope * (v_im * re - v_re * im))
            store(a, d + 2, load(a, d + 2) + u_re)
            store(a, d + 3, load(a, d + 3) + u_im)


@njit(cache=True, nogil=True)
def factorise(e: Equations, a: np.ndarray) -> None:
    """Replace `a` by its factors: unit lower part, inverses on the diagonal, upper part; no exchange of pivots."""
    slot = np.zeros(len(e.alive), dtype=np.int64)
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
        scale = splat(1.0) / (a0 * a3 - a1 * a2)
        store(a, d, a3 * scale)
        store(a, d + 1, splat(0.0) - a1 * scale)
        store(a, d + 2, splat(0.0) - a2 * scale)
        store(a, d + 3, a0 * scale)


@njit(cache=True, nogil=True)
def _multiply(a: np.ndarray, left: int, right: int) -> None:
    l0, l1, l2, l3 = load(a, left), load(a, left + 1), load(a, left + 2), load(a, left + 3)
    r0, r1, r2, r3 = load(a, right), load(a, right + 1), load(a, right + 2), load(a, right + 3)
    store(a, left, l0 * r0 + l1 * r2)
    store(a, left + 1, l0 * r1 + l1 * r3)
    store(a, left + 2, l2 * r0 + l3 * r2)
    store(a, left + 3, l2 * r1 + l3 * r3)


@njit(cache=True, nogil=True)
def _subtract_product(a: np.ndarray, to: int, left: int, right: int) -> None:
    l0, l1, l2, l3 = load(a, left), load(a, left + 1), load(a, left + 2), load(a, left + 3)
    r0, r1, r2, r3 = load(a, right), load(a, right + 1), load(a, right + 2), load(a, right + 3)
    store(a, to, load(a, to) - l0 * r0 - l1 * r2)
    store(a, to + 1, load(a, to + 1) - l0 * r1 - l1 * r3)
    store(a, to + 2, load(a, to + 2) - l2 * r0 - l3 * r2)
    store(a, to + 3, load(a, to + 3) - l2 * r1 - l3 * r3)


@njit(cache=True, nogil=True)
def substitute_shared(e: Equations, a: np.ndarray, x: np.ndarray) -> None:
    """Solve in place with factors `a` (4 B,) that all lanes share."""
    n = len(e.alive)
    for k in range(n):
        re, im = load(x, 2 * k), load(x, 2 * k + 1)
        for at in range(e.start[k], e.diagonal[k]):
            x_re, x_im, b = load(x, 2 * e.column[at]), load(x, 2 * e.column[at] + 1), 4 * at
            re = re - splat(a[b]) * x_re - splat(a[b + 1]) * x_im
            im = im - splat(a[b + 2]) * x_re - splat(a[b + 3]) * x_im
        store(x, 2 * k, re)
        store(x, 2 * k + 1, im)
    for k in range(n - 1, -1, -1):
        re, im = load(x, 2 * k), load(x, 2 * k + 1)
        for at in range(e.diagonal[k] + 1, e.start[k + 1]):
            x_re, x_im, b = load(x, 2 * e.column[at]), load(x, 2 * e.column[at] + 1), 4 * at
            re = re - splat(a[b]) * x_re - splat(a[b + 1]) * x_im
            im = im - splat(a[b + 2]) * x_re - splat(a[b + 3]) * x_im
        d = 4 * e.diagonal[k]
        store(x, 2 * k, splat(a[d]) * re + splat(a[d + 1]) * im)
        store(x, 2 * k + 1, splat(a[d + 2]) * re + splat(a[d + 3]) * im)


@njit(cache=True, nogil=True)
def substitute_each(e: Equations, a: np.ndarray, x: np.ndarray) -> None:
    """Solve in place with factors `a` (4 B, LANES) of each lane."""
    n = len(e.alive)
    for k in range(n):
        re, im = load(x, 2 * k), load(x, 2 * k + 1)
        for at in range(e.start[k], e.diagonal[k]):
            x_re, x_im, b = load(x, 2 * e.column[at]), load(x, 2 * e.column[at] + 1), 4 * at
            re = re - load(a, b) * x_re - load(a, b + 1) * x_im
            im = im - load(a, b + 2) * x_re - load(a, b + 3) * x_im
        store(x, 2 * k, re)
        store(x, 2 * k + 1, im)
    for k in range(n - 1, -1, -1):
        re, im = load(x, 2 * k), load(x, 2 * k + 1)
        for at in range(e.diagonal[k] + 1, e.start[k + 1]):
            x_re, x_im, b = load(x, 2 * e.column[at]), load(x, 2 * e.column[at] + 1), 4 * at
            re = re - load(a, b) * x_re - load(a, b + 1) * x_im
            im = im - load(a, b + 2) * x_re - load(a, b + 3) * x_im
        d = 4 * e.diagonal[k]
        store(x, 2 * k, load(a, d) * re + load(a, d + 1) * im)
        store(x, 2 * k + 1, load(a, d + 2) * re + load(a, d + 3) * im)
