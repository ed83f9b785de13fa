"""Compiled power flows of many operating points: from tables of power to tables of voltage."""

from __future__ import annotations

from typing import Any, NamedTuple, Self

import numpy as np
from numba import njit

from twin.network.solving.blocks import FALLING, POISON, SIGN, Equations, Work, substitute
from twin.network.solving.iterations import NOT_SOLVED, Rules, approach, begin, chord, newton
from twin.network.solving.lanes import (
    LANES,
    any_lane,
    fma,
    get,
    larger,
    less_product,
    load,
    put,
    splat,
    store,
    where,
    width,
)

NOT_FINITE, GOING, NOT_SETTLED = -2, -3, -4
"""In place of the number of steps: a value of the row is not finite; it goes on; its devices' limits do not settle."""
# Numpy's constants, as numba compiles a version of a function for each of Python's own.
FIXED_POINT: Any = np.int64(1)
CONSTANT_JACOBIAN: Any = np.int64(2)
NEWTON: Any = np.int64(3)
"""Method that solved a row."""
NO: Any = np.bool_(False)
YES: Any = np.bool_(True)
LIMIT_TOLERANCE_PU = 1e-9
ROUNDS_ALL_AT_ONCE = 8


class Devices(NamedTuple):
    """Devices C that may hold a voltage: place, susceptance or power at the limits, limits in per unit, any limit."""

    place: np.ndarray
    is_susceptance: np.ndarray
    low: np.ndarray
    high: np.ndarray
    limited: bool


class Recovery(NamedTuple):
    """Bystanders P in the order of recovery, and the equations that they keep; columns are places.

    The voltage of each is the sum of ``share * v`` from ``start[p]`` to ``start[p + 1]``, its current that of the
    admittances from ``y_start[p]`` to ``y_start[p + 1]``.
    """

    start: np.ndarray
    column: np.ndarray
    share_real: np.ndarray
    share_imag: np.ndarray
    y_start: np.ndarray
    y_column: np.ndarray
    y_real: np.ndarray
    y_imag: np.ndarray


class Plan(NamedTuple):
    """A network's factors and where its rows start.

    `shared` (4 B,) are the factors at the voltages `base` (2 F,), those without power; `linear`: no device may hold a
    voltage, so the fixed point comes first. `dc` (4 B,) are the factors of the linear flow of active power, whose
    infeed is `dc_infeed` (F,) beside that of the row; a row that begins anew has its angles and the magnitudes
    `start_vm` (F,). `sign` is that of the determinant without power. `slack` (2 K,) are voltages; `node` (N,) is the
    node at each place: the free ones, the slacks, then the bystanders.
    """

    shared: np.ndarray
    base: np.ndarray
    linear: bool
    dc: np.ndarray
    dc_infeed: np.ndarray
    start_vm: np.ndarray
    sign: float
    slack: np.ndarray
    node: np.ndarray
    recovery: Recovery


class Given(NamedTuple):
    """What is given, (R, 2 N) with real and imaginary part in turn.

    `current` and `impedance` are (0, 0) where there is none; `start` has R rows, one or none.
    """

    constant: np.ndarray
    current: np.ndarray
    impedance: np.ndarray
    start: np.ndarray


class Found(NamedTuple):
    """Arrays to fill, rows R.

    Voltages `v` (R, 2 N), infeed `q` of the devices and whether each is at its lower (-1) or upper (1) limit (R, C);
    `steps`, largest `mismatch` in pu, `sign` of the determinant and `method` (R,). The sign is 1 where it is
    that without power, -1 elsewhere, and counts all devices as holding their voltage: an equation of infeed in place of
    one of voltage turns it, as voltage rises with infeed.
    """

    v: np.ndarray
    q: np.ndarray
    at_limit: np.ndarray
    steps: np.ndarray
    mismatch: np.ndarray
    sign: np.ndarray
    method: np.ndarray

    @classmethod
    def empty(cls, rows: int, nodes: int, devices: int) -> Self:
        """Return arrays for that many."""
        return cls(
            np.empty((rows, 2 * nodes)), np.empty((rows, devices)), np.zeros((rows, devices), dtype=np.int8),
            np.empty(rows, dtype=np.int64), np.empty(rows), np.empty(rows), np.empty(rows, dtype=np.int8),
        )  # fmt: skip


@njit(cache=True, nogil=True, error_model="numpy")
def work_of(e: Equations, nodes: int, devices: int, own: bool) -> Work:
    """Return arrays for blocks of LANES rows; with `own` also for factors of each row."""
    n = len(e.alive)
    return Work(
        _lanes(2 * nodes), _lanes(6 * n), _lanes(n), _lanes(devices), _lanes(2 * n), _lanes(2 * n),
        _lanes(4 * len(e.column) if own else 0), _lanes(3), _lanes(8), np.zeros(n, dtype=np.int64),
        np.zeros(LANES, dtype=np.int64), np.zeros(LANES),
    )  # fmt: skip


@njit(cache=True, nogil=True, error_model="numpy")
def _lanes(count: int) -> np.ndarray:
    """Return zeros (count, LANES) that begin with a line of the cache: loads across two lines take twice as long."""
    memory = np.zeros(count * LANES + 8)
    first = (-memory.ctypes.data // 8) % 8
    return memory[first : first + count * LANES].reshape((count, LANES))


@njit(cache=True, nogil=True, error_model="numpy")
def solve_rows(
    e: Equations, plan: Plan, devices: Devices, rules: Rules, rows: np.ndarray, given: Given, found: Found
) -> None:
    """Solve the rows `rows` of `given`: by shared factors, by own ones, anew from the linear flow; then the limits.

    Which rows are solved together has no bearing on any answer.
    """
    for row in rows:
        found.steps[row], found.mismatch[row], found.method[row] = NOT_SOLVED, np.nan, 0
        found.sign[row] = 1.0
        found.at_limit[row] = 0
    if len(given.start) and not plan.linear:  # close to the answer: Newton's few steps cost less than many with others'
        _by_own_factors(e, plan, devices, rules, rows, given, given.start, found, NO, found.at_limit)
    else:
        _by_shared_factors(e, plan, devices, rules, rows, given, found)
    going = rows[found.steps[rows] == GOING]
    _by_own_factors(e, plan, devices, rules, going, given, found.v, found, NO, found.at_limit)
    for row in going:
        if found.steps[row] == GOING:
            found.steps[row] = NOT_SOLVED
    for flat in range(2):
        anew = rows[(found.steps[rows] == NOT_SOLVED) | ((found.sign[rows] < 0.0) & (flat == 0))]
        if len(anew):
            _anew(e, plan, devices, rules, anew, given, found, flat == 1)
    if devices.limited:
        _settle_limits(e, plan, devices, rules, rows, given, found)


@njit(cache=True, nogil=True, error_model="numpy")
def solve_anew(e: Equations, plan: Plan, devices: Devices, rules: Rules, given: Given, found: Found) -> None:
    """Solve the rows of `given` by Newton's method from the linear flow, else from `plan.base`; no limit acts."""
    rows = np.arange(len(given.constant))
    found.steps[:], found.at_limit[:], found.mismatch[:] = NOT_SOLVED, 0, np.nan
    for flat in range(2):
        left = rows[found.steps == NOT_SOLVED]
        _anew(e, plan, devices, rules, left, given, found, flat == 1)


@njit(cache=True, nogil=True, error_model="numpy")
def _by_shared_factors(
    e: Equations, plan: Plan, devices: Devices, rules: Rules, rows: np.ndarray, given: Given, found: Found
) -> None:
    w = work_of(e, len(plan.node), len(devices.place), NO)
    method = FIXED_POINT if plan.linear else CONSTANT_JACOBIAN
    for first in range(0, len(rows), LANES):
        _gather(e, plan, devices, rows, first, given, found.at_limit, w)
        _start_at(plan, plan.base, w)
        if len(given.start):
            _start_from(plan, rows, first, given.start, w)
        begin(w)
        if plan.linear:
            approach(e, plan.shared, plan.base, rules, w)
        chord(e, plan.shared, plan.base, rules, w)
        _scatter(e, plan, devices, rows, first, w, found, found.at_limit, method)


@njit(cache=True, nogil=True, error_model="numpy")
def _by_own_factors(
    e: Equations, plan: Plan, devices: Devices, rules: Rules, rows: np.ndarray, given: Given, start: np.ndarray,
    found: Found, always: bool, at_limit: np.ndarray,
) -> None:  # fmt: skip
    """Solve rows from the voltages `start` (R, 2 N) or (1, 2 N), with devices at the limits `at_limit`."""
    if not len(rows):
        return
    w = work_of(e, len(plan.node), len(devices.place), YES)
    for first in range(0, len(rows), LANES):
        _gather(e, plan, devices, rows, first, given, at_limit, w)
        _start_at(plan, plan.base, w)
        _start_from(plan, rows, first, start, w)
        begin(w)
        newton(e, always, rules, w)
        _scatter(e, plan, devices, rows, first, w, found, at_limit, NEWTON)


@njit(cache=True, nogil=True, error_model="numpy")
def _anew(
    e: Equations, plan: Plan, devices: Devices, rules: Rules, rows: np.ndarray, given: Given, found: Found, flat: bool
) -> None:
    """Solve rows from the angles of the linear flow (or from the voltages without power) by Newton's method."""
    w = work_of(e, len(plan.node), len(devices.place), YES)
    for first in range(0, len(rows), LANES):
        _gather(e, plan, devices, rows, first, given, found.at_limit, w)
        _start_at(plan, plan.base, w)
        if not flat:
            _linear_start(e, plan, devices, w)
        begin(w)
        newton(e, YES, rules, w)
        _scatter(e, plan, devices, rows, first, w, found, found.at_limit, NEWTON)


@njit(cache=True, nogil=True, error_model="numpy")
def _linear_start(e: Equations, plan: Plan, devices: Devices, w: Work) -> None:
    """Put the linear flow's angles and the start's magnitudes into `w.v`."""
    n = len(e.alive)
    zero = splat(w.v, 0.0)
    for k in range(n):
        p = load(w.s, 2 * k) + load(w.s, 2 * (n + k)) + load(w.s, 2 * (2 * n + k)) + splat(w.v, plan.dc_infeed[k])
        store(w.x, 2 * k, p if e.alive[k] else zero)
        store(w.x, 2 * k + 1, zero)
    substitute(e, plan.dc, w.x)
    for k in range(n):
        for r in range(width(w.v)):
            angle = get(w.x, 2 * k, r)
            if np.isfinite(angle):
                put(w.v, 2 * k, r, plan.start_vm[k] * np.cos(angle))
                put(w.v, 2 * k + 1, r, plan.start_vm[k] * np.sin(angle))


@njit(cache=True, nogil=True, error_model="numpy")
def _gather(
    e: Equations, plan: Plan, devices: Devices, rows: np.ndarray, first: int, given: Given, at_limit: np.ndarray,
    w: Work,
) -> None:  # fmt: skip
    """Fill the lanes with the power of the rows from `first` on, the last one again where there are no more."""
    n = len(e.alive)
    for r in range(LANES):
        row = rows[min(first + r, len(rows) - 1)]
        _take(n, plan.node, given.constant[row], w.s, 0, r)
        if len(given.current):
            _take(n, plan.node, given.current[row], w.s, 2 * n, r)
        if len(given.impedance):
            _take(n, plan.node, given.impedance[row], w.s, 4 * n, r)
    if not len(given.impedance):
        for k in devices.place:  # what devices at a limit have left there
            if k < n:
                store(w.s, 4 * n + 2 * k + 1, splat(w.v, 0.0))
    _note_used(e, w)
    _note_slacks(plan.node[n : n + len(plan.slack) // 2], rows, first, given, w.lane)
    _set_devices(e, devices, rows, first, at_limit, w)


@njit(cache=True, nogil=True, error_model="numpy")
def _note_slacks(slack: np.ndarray, rows: np.ndarray, first: int, given: Given, lane: np.ndarray) -> None:
    """Note the rows with power at a slack that is not finite."""
    for r in range(LANES):
        row, total = rows[min(first + r, len(rows) - 1)], 0.0
        for node in slack:
            for at in range(2 * node, 2 * node + 2):
                total += 0.0 * given.constant[row, at]
                if len(given.current):
                    total += 0.0 * given.current[row, at]
                if len(given.impedance):
                    total += 0.0 * given.impedance[row, at]
        lane[POISON, r] += total


@njit(cache=True, nogil=True, error_model="numpy")
def _set_devices(e: Equations, devices: Devices, rows: np.ndarray, first: int, at_limit: np.ndarray, w: Work) -> None:
    """Let devices hold their voltage (0), or add their infeed at the lower (-1) or upper limit (1) to the power."""
    n = len(e.alive)
    for c in range(len(devices.place)):
        k = devices.place[c]
        live = k < n and e.alive[k]
        at = 2 * k + 1 + (4 * n if devices.is_susceptance[c] else 0)
        for r in range(LANES):
            side = at_limit[rows[min(first + r, len(rows) - 1)], c]
            w.held[c, r] = 1.0 if live and side == 0 else 0.0
            if live and side != 0:
                w.s[at, r] += devices.high[c] if side > 0 else devices.low[c]
                w.has[k, r] = 1.0
                w.used[k] = 2 if devices.is_susceptance[c] else max(w.used[k], 1)


@njit(cache=True, nogil=True, error_model="numpy")
def _take(n: int, node: np.ndarray, values: np.ndarray, s: np.ndarray, offset: int, r: int) -> None:
    for k in range(n):
        s[offset + 2 * k, r] = values[2 * node[k]]
        s[offset + 2 * k + 1, r] = values[2 * node[k] + 1]


@njit(cache=True, nogil=True, error_model="numpy")
def _note_used(e: Equations, w: Work) -> None:
    """Note where there is power, leave out what is dead, and note in the lanes what is not finite."""
    n = len(e.alive)
    poison, zero, one = splat(w.v, 0.0), splat(w.v, 0.0), splat(w.v, 1.0)
    for k in range(n):
        w.used[k] = 0
        power = zero
        for kind in range(3):
            for part in range(2):
                at = 2 * (kind * n + k) + part
                s = load(w.s, at)
                if not e.alive[k]:
                    s = zero
                    store(w.s, at, s)
                poison = poison + s * zero
                power = power + s * s
                if any_lane(s):
                    w.used[k] = 2 if kind else 1
        store(w.has, k, where(power, one, zero))
    store(w.lane, POISON, poison)


@njit(cache=True, nogil=True, error_model="numpy")
def _start_at(plan: Plan, v: np.ndarray, w: Work) -> None:
    """Put voltages (2 F,) and those of the slacks into the lanes."""
    for k in range(len(v)):
        store(w.v, k, splat(w.v, v[k]))
    for k in range(len(plan.slack)):
        store(w.v, len(v) + k, splat(w.v, plan.slack[k]))


@njit(cache=True, nogil=True, error_model="numpy")
def _start_from(plan: Plan, rows: np.ndarray, first: int, v: np.ndarray, w: Work) -> None:
    """Put the rows' voltages (R, 2 N) or (1, 2 N) into the lanes where they are numbers."""
    for r in range(LANES):
        start = v[min(rows[min(first + r, len(rows) - 1)], len(v) - 1)]
        for k in range(len(plan.base) // 2):
            re, im = start[2 * plan.node[k]], start[2 * plan.node[k] + 1]
            if np.isfinite(re + im):
                w.v[2 * k, r], w.v[2 * k + 1, r] = re, im


@njit(cache=True, nogil=True, error_model="numpy")
def _scatter(
    e: Equations, plan: Plan, devices: Devices, rows: np.ndarray, first: int, w: Work, found: Found,
    at_limit: np.ndarray, method: int,
) -> None:  # fmt: skip
    """Keep what is solved; a row that is not keeps what `found` has of it, or what it goes on from."""
    n = len(e.alive)
    _recover(plan, n + len(plan.slack) // 2, w)
    poison, zero = splat(w.v, 0.0), splat(w.v, 0.0)
    for k in range(n):
        if e.alive[k]:
            poison = poison + (load(w.v, 2 * k) + load(w.v, 2 * k + 1)) * zero
    store(w.worst, 0, poison)
    for r in range(min(LANES, len(rows) - first)):
        row, steps = rows[first + r], w.steps[r]
        if w.lane[POISON, r] != 0.0:
            found.steps[row] = NOT_FINITE
            continue
        broken = w.worst[0, r] != 0.0
        if steps < 0 or broken:
            if method != NEWTON and w.lane[FALLING, r] != 0.0 and not broken:
                found.steps[row] = GOING
                _keep_voltages(e.alive, plan.node, w.v, r, found.v[row])
            elif found.steps[row] < 0 and method != NEWTON:
                found.steps[row] = NOT_SOLVED
            found.mismatch[row] = w.mismatch[r]
            continue
        found.steps[row], found.mismatch[row], found.method[row] = steps, w.mismatch[r], method
        if method == NEWTON and steps > 0:
            found.sign[row] = w.lane[SIGN, r] * plan.sign
            for c in range(len(devices.place)):
                if at_limit[row, c] != 0:
                    found.sign[row] *= -1.0
        _keep_voltages(e.alive, plan.node, w.v, r, found.v[row])
        _keep_infeed(n, devices, at_limit[row], w, r, found.q[row])


@njit(cache=True, nogil=True, error_model="numpy")
def _recover(plan: Plan, first: int, w: Work) -> None:
    """Put the bystanders' voltages into `w.v` from place `first` on; their mismatch counts as the others'."""
    of = plan.recovery
    count, worst = len(of.start) - 1, splat(w.v, 0.0)
    for p in range(count):
        re, im = splat(w.v, 0.0), splat(w.v, 0.0)
        for at in range(of.start[p], of.start[p + 1]):
            re, im = _add_product(w.v, of.column[at], of.share_real[at], of.share_imag[at], re, im)
        store(w.v, 2 * (first + p), re)
        store(w.v, 2 * (first + p) + 1, im)
    for p in range(count):
        re, im = splat(w.v, 0.0), splat(w.v, 0.0)
        for at in range(of.y_start[p], of.y_start[p + 1]):
            re, im = _add_product(w.v, of.y_column[at], of.y_real[at], of.y_imag[at], re, im)
        v_re, v_im = load(w.v, 2 * (first + p)), load(w.v, 2 * (first + p) + 1)
        worst = larger(fma(re, re, im * im) * fma(v_re, v_re, v_im * v_im), worst)
    store(w.worst, 0, worst)
    if count:
        for r in range(width(w.v)):
            w.mismatch[r] = max(w.mismatch[r], np.sqrt(get(w.worst, 0, r)))


@njit(cache=True, nogil=True, error_model="numpy")
def _add_product(v: np.ndarray, k: int, re: float, im: float, sum_re: float, sum_im: float) -> tuple[float, float]:
    """Return a sum of lanes and a number times the voltages at a place."""
    v_re, v_im, c_re, c_im = load(v, 2 * k), load(v, 2 * k + 1), splat(v, re), splat(v, im)
    return less_product(c_im, v_im, fma(c_re, v_re, sum_re)), fma(c_im, v_re, fma(c_re, v_im, sum_im))


@njit(cache=True, nogil=True, error_model="numpy")
def _keep_voltages(alive: np.ndarray, node: np.ndarray, lanes: np.ndarray, r: int, v: np.ndarray) -> None:
    for k in range(len(node)):
        dead = k < len(alive) and not alive[k]
        v[2 * node[k]] = np.nan if dead else get(lanes, 2 * k, r)
        v[2 * node[k] + 1] = np.nan if dead else get(lanes, 2 * k + 1, r)


@njit(cache=True, nogil=True, error_model="numpy")
def _keep_infeed(n: int, devices: Devices, at_limit: np.ndarray, w: Work, r: int, q: np.ndarray) -> None:
    """Put what each device feeds in: its limit, or the power into the network less that of the others there."""
    for c in range(len(devices.place)):
        k = devices.place[c]
        if k >= n:
            q[c] = np.nan
            continue
        v_re, v_im = get(w.v, 2 * k, r), get(w.v, 2 * k + 1, r)
        square = v_re * v_re + v_im * v_im
        if at_limit[c] != 0:
            limit = devices.high[c] if at_limit[c] > 0 else devices.low[c]
            q[c] = limit * square if devices.is_susceptance[c] else limit
            continue
        others = get(w.s, 2 * k + 1, r) + np.sqrt(square) * get(w.s, 2 * (n + k) + 1, r)
        others += square * get(w.s, 2 * (2 * n + k) + 1, r)
        q[c] = v_im * get(w.i, 2 * k, r) - v_re * get(w.i, 2 * k + 1, r) - others


@njit(cache=True, nogil=True, error_model="numpy")
def _settle_limits(
    e: Equations, plan: Plan, devices: Devices, rules: Rules, rows: np.ndarray, given: Given, found: Found
) -> None:
    """Let devices go to their limits and back until every one keeps to its law.

    The law: between the limits the voltage is ``set - slope q``; at the upper limit it is not above that, at the lower
    one not below. The first rounds change all devices that break it, later ones only the one that breaks it most, so
    that rows do not go round in circles. Where a change leaves no solution, it is taken back and fewer devices are
    changed at a time.
    """
    count = len(devices.place)
    most = np.full(len(found.steps), count)
    wanted = np.zeros_like(found.at_limit)
    pending = rows[found.steps[rows] >= 0]
    for rounds in range(rules.most_rounds):
        changed = _next_limits(e, plan.node, devices, found, pending, most, rounds < ROUNDS_ALL_AT_ONCE, wanted)
        pending, changed = pending[changed > 0], changed[changed > 0]
        if not len(pending):
            return
        if rounds == rules.most_rounds - 1:
            break
        steps_before = found.steps[pending].copy()
        for row in pending:
            found.steps[row] = NOT_SOLVED
        for careful in range(2):
            left = pending[found.steps[pending] == NOT_SOLVED]
            _by_own_factors(e, plan, devices, rules, left, given, found.v, found, careful == 1, wanted)
        for at in range(len(pending)):
            row = pending[at]
            if found.steps[row] >= 0:
                for c in range(count):
                    found.at_limit[row, c] = wanted[row, c]
            elif changed[at] > 1:
                found.steps[row], most[row] = steps_before[at], max(changed[at] // 4, 1)
        pending = pending[found.steps[pending] >= 0]
    for row in pending:
        found.steps[row] = NOT_SETTLED


@njit(cache=True, nogil=True, error_model="numpy")
def _next_limits(
    e: Equations, node: np.ndarray, devices: Devices, found: Found, rows: np.ndarray, most: np.ndarray, several: bool,
    wanted: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """Put the next guess of who is at a limit into `wanted` and return how many devices of each row change.

    Those that break their law most change, at most `most` of a row, one unless `several`.
    """
    n, count = len(e.alive), len(devices.place)
    changed = np.zeros(len(rows), dtype=np.int64)
    breach, side = np.zeros(count), np.zeros(count, dtype=np.int8)
    for at in range(len(rows)):
        row, worst = rows[at], 0.0
        for c in range(count):
            wanted[row, c], breach[c], k = found.at_limit[row, c], 0.0, devices.place[c]
            if k >= n or not e.alive[k]:
                continue
            re, im, q = found.v[row, 2 * node[k]], found.v[row, 2 * node[k] + 1], found.q[row, c]
            vm = np.sqrt(re * re + im * im)
            if wanted[row, c] == 0:
                scale = vm * vm if devices.is_susceptance[c] else 1.0
                above, below = q - devices.high[c] * scale, devices.low[c] * scale - q
                breach[c], side[c] = max(above, below), (1 if above > below else -1)
            else:
                too_high = vm + e.slope[c] * q - e.set_vm[c]
                breach[c], side[c] = (too_high if wanted[row, c] > 0 else -too_high), 0
            worst = max(worst, breach[c])
        if not worst > LIMIT_TOLERANCE_PU:
            continue
        allowed = most[row] if several else min(most[row], 1)
        for c in np.argsort(-breach, kind="mergesort")[:allowed]:
            if breach[c] > LIMIT_TOLERANCE_PU:
                wanted[row, c] = side[c]
                changed[at] += 1
    return changed
