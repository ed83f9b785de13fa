"""Compiled search for limit violations: loadings and voltages of one contingency over a block of steps."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from twin.security.tally import CONTINUOUS, EXPORT, HIGH, IMPORT, LOW, SHORT_TIME, Worst


class Branches(NamedTuple):
    """Branches in one topology. Currents in per unit; branches E, plants' nodes W."""

    from_node: np.ndarray  # (E,)
    to_node: np.ndarray
    y_ff: np.ndarray  # (E,) complex, current at the from end per voltage there
    y_ft: np.ndarray
    y_tf: np.ndarray
    y_tt: np.ndarray
    limit: np.ndarray  # (2, E) continuous rating of each end, infinite where not watched
    watched: np.ndarray  # (E,) bool, in service and with a rating
    mainland_side: np.ndarray  # (E,) side of a link circuit that faces the mainland; -1 on other branches
    infeed_node: np.ndarray  # (W,), -1 where dead
    infeed_weight: np.ndarray  # (W,) how much is fed in there where plants give more
    direction: np.ndarray  # (2, E) row of `current_per_infeed` of each end, -1 where it is not known yet
    current_per_infeed: np.ndarray  # (D, W) complex, end current per current fed in at these nodes
    short_time_factor: float


class Buses(NamedTuple):
    """Buses B whose voltage is watched, in one topology."""

    node: np.ndarray  # (B,), -1 where not watched or dead
    vm_min_pu: np.ndarray  # (B,)
    vm_max_pu: np.ndarray


class Found(NamedTuple):
    """Where the violations of a block are written; rows R, elements and cases group after group."""

    step: Worst
    step_export: Worst
    step_import: Worst
    step_low: Worst
    step_high: Worst
    branch: Worst
    bus_low: Worst
    bus_high: Worst
    case: Worst
    case_low: Worst
    case_high: Worst
    branch_flags: np.ndarray  # (R, E) uint8
    bus_flags: np.ndarray  # (R, B) uint8


class SolvedRows(NamedTuple):
    """Solved states of one case, one row a step."""

    v: np.ndarray  # (R, N) complex, node voltages
    steps: np.ndarray  # (R,) absolute step
    groups: np.ndarray  # (R,) group whose branches, buses and cases the row counts for


class Judged(NamedTuple):
    """What a case's states count for; one state may count twice, at once and after controls that did not move."""

    case: int
    cases: int  # how many there are
    at_once: bool  # whether the short-time rating counts
    settled: bool  # whether the continuous rating counts
    picked: np.ndarray  # (R,) bool, rows that have this state, solved
    flags: np.ndarray  # (R,) uint8, how the case breaks the criterion
    found: Found


ROWS_AT_A_TIME = 64
"""Rows that are measured before they are judged: few enough to stay in the cache."""


class _Watched(NamedTuple):
    """The watched branches K and buses L of a topology, and places for what some rows of them show."""

    branch: np.ndarray  # (K,) its number
    ends: np.ndarray  # (2, K) nodes at the from and to end
    y: np.ndarray  # (8, K) real and imaginary part of y_ff, y_ft, y_tf, y_tt
    limit: np.ndarray  # (2, K)
    bus: np.ndarray  # (L,) its number
    node: np.ndarray  # (L,)
    at_end: np.ndarray  # (ROWS_AT_A_TIME, 2, K) loading of each end, per unit
    vm_pu: np.ndarray  # (ROWS_AT_A_TIME, L)


@njit(cache=True, nogil=True)
def _raise(worst: Worst, row: int, value: float, step: int, case: int, element: int, side: int) -> None:
    """Keep the larger value; of equal ones that of the earlier step, so that the blocks do not matter."""
    if value > worst.value[row] or (value == worst.value[row] and step < worst.address[row, 0]):
        worst.value[row] = value
        worst.address[row, 0], worst.address[row, 1], worst.address[row, 2], worst.address[row, 3] = (
            step,
            case,
            element,
            side,
        )


@njit(cache=True, nogil=True)
def find_violations(
    rows: SolvedRows, branches: Branches, buses: Buses, judged: tuple[Judged, ...], unknown: np.ndarray
) -> None:
    """Find the limit violations of one contingency at many operating points.

    Overloads of ends whose `branches.direction` is not known are marked in `unknown` (2, E); found again once they are
    known, the rest stays as it is.

    Parameters
    ----------
    rows : SolvedRows
    branches, buses : Branches, Buses
    judged : tuple of Judged
        What the states count for, e.g. at once and after controls; the `flags` and `found` of each are added to. Step
        and branch rows are shared by the cases of a class.
    """
    watched = _watched(branches, buses)
    for first in range(0, rows.v.shape[0], ROWS_AT_A_TIME):
        stop = min(first + ROWS_AT_A_TIME, rows.v.shape[0])
        _measure(rows.v, first, stop, watched)
        for of in judged:
            _note_loadings(rows, first, stop, watched, branches, of, unknown)
            _note_voltages(rows, first, stop, watched, buses, of)


@njit(cache=True, nogil=True)
def _watched(branches: Branches, buses: Buses) -> _Watched:
    branch, bus = np.flatnonzero(branches.watched), np.flatnonzero(buses.node >= 0)
    ends, limit = np.empty((2, len(branch)), dtype=np.int64), np.empty((2, len(branch)))
    y = np.empty((8, len(branch)))
    for k in range(len(branch)):
        of = branch[k]
        ends[0, k], ends[1, k] = branches.from_node[of], branches.to_node[of]
        limit[0, k], limit[1, k] = branches.limit[0, of], branches.limit[1, of]
        of_branch = branches.y_ff[of], branches.y_ft[of], branches.y_tf[of], branches.y_tt[of]
        for part in range(4):
            y[2 * part, k], y[2 * part + 1, k] = of_branch[part].real, of_branch[part].imag
    at_end, vm_pu = np.empty((ROWS_AT_A_TIME, 2, len(branch))), np.empty((ROWS_AT_A_TIME, len(bus)))
    return _Watched(branch, ends, y, limit, bus, buses.node[bus], at_end, vm_pu)


@njit(cache=True, nogil=True)
def _measure(v: np.ndarray, first: int, stop: int, watched: _Watched) -> None:
    """Write how full each end of the watched branches is, per unit of its limit, and the voltages of watched buses."""
    y, limit, ends, at_end = watched.y, watched.limit, watched.ends, watched.at_end
    node, vm_pu = watched.node, watched.vm_pu
    for r in range(first, stop):
        for k in range(limit.shape[1]):
            v_from, v_to = v[r, ends[0, k]], v[r, ends[1, k]]
            a, b, c, d = v_from.real, v_from.imag, v_to.real, v_to.imag
            re = (y[0, k] * a - y[1, k] * b) + (y[2, k] * c - y[3, k] * d)
            im = (y[0, k] * b + y[1, k] * a) + (y[2, k] * d + y[3, k] * c)
            at_end[r - first, 0, k] = np.sqrt(re * re + im * im) / limit[0, k] if limit[0, k] > 0.0 else np.inf
            re = (y[4, k] * a - y[5, k] * b) + (y[6, k] * c - y[7, k] * d)
            im = (y[4, k] * b + y[5, k] * a) + (y[6, k] * d + y[7, k] * c)
            at_end[r - first, 1, k] = np.sqrt(re * re + im * im) / limit[1, k] if limit[1, k] > 0.0 else np.inf
        for k in range(len(node)):
            at_bus = v[r, node[k]]
            vm_pu[r - first, k] = np.sqrt(at_bus.real * at_bus.real + at_bus.imag * at_bus.imag)


@njit(cache=True, nogil=True)
def _note_loadings(
    rows: SolvedRows, first: int, stop: int, watched: _Watched, b: Branches, of: Judged, unknown: np.ndarray
) -> None:
    """Raise the worst loadings of some rows, and note what breaks a rating."""
    found, branch, at_end, worst = of.found, watched.branch, watched.at_end, of.found.branch.value
    breaks = 100.0 if of.settled else np.inf
    if of.at_once:
        breaks = min(breaks, 100.0 * b.short_time_factor)
    for r in range(first, stop):
        if not of.picked[r]:
            continue
        step, group = rows.steps[r], rows.groups[r]
        at_first, most, most_at, most_side = group * len(b.watched), -np.inf, -1, 0
        for k in range(len(branch)):
            side = 1 if at_end[r - first, 1, k] > at_end[r - first, 0, k] else 0
            loading = 100.0 * at_end[r - first, side, k]
            if loading > most:
                most, most_at, most_side = loading, branch[k], side
            if loading >= worst[at_first + branch[k]]:
                _raise(found.branch, at_first + branch[k], loading, step, of.case, branch[k], side)
            if loading > breaks:
                of.flags[r] |= _note_overload(rows.v[r], r, step, branch[k], side, loading, b, of, unknown)
        if most_at >= 0:
            _raise(found.step, r, most, step, of.case, most_at, most_side)
            _raise(found.case, group * of.cases + of.case, most, step, of.case, most_at, most_side)


@njit(cache=True, nogil=True)
def _note_overload(
    v: np.ndarray, r: int, step: int, k: int, side: int, loading: float, b: Branches, of: Judged, unknown: np.ndarray
) -> int:
    """Note an overload by its direction; returns its flags, without one where it is not known yet."""
    found, broken = of.found, 0
    if of.at_once and loading > 100.0 * b.short_time_factor:
        broken |= SHORT_TIME
    if of.settled and loading > 100.0:
        broken |= CONTINUOUS
    if b.mainland_side[k] < 0 and b.direction[side, k] < 0:
        unknown[side, k] = True
    elif _is_export(v, k, side, b):
        broken |= EXPORT
        _raise(found.step_export, r, loading, step, of.case, k, side)
    else:
        broken |= IMPORT
        _raise(found.step_import, r, loading, step, of.case, k, side)
    found.branch_flags[r, k] |= broken
    return broken


@njit(cache=True, nogil=True)
def _is_export(v: np.ndarray, k: int, side: int, b: Branches) -> bool:
    """Tell whether more infeed would raise the overload; on the link, whether power flows to the mainland."""
    v_from, v_to = v[b.from_node[k]], v[b.to_node[k]]
    i_from = b.y_ff[k] * v_from + b.y_ft[k] * v_to
    i_to = b.y_tf[k] * v_from + b.y_tt[k] * v_to
    if b.mainland_side[k] == 0:
        result: bool = (v_from * np.conj(i_from)).real < 0.0
        return result
    if b.mainland_side[k] == 1:
        result = (v_to * np.conj(i_to)).real < 0.0
        return result
    rise, current = 0.0, i_to if side == 1 else i_from
    for w in range(b.infeed_node.shape[0]):
        if b.infeed_node[w] >= 0:
            change = b.current_per_infeed[b.direction[side, k], w] / np.conj(v[b.infeed_node[w]])
            rise += b.infeed_weight[w] * (np.conj(current) * change).real
    return rise > 0.0


@njit(cache=True, nogil=True)
def _note_voltages(rows: SolvedRows, first: int, stop: int, watched: _Watched, buses: Buses, of: Judged) -> None:
    """Raise the lowest and highest voltages of some rows, and note what breaks a limit."""
    found, of_bus, low, high = of.found, watched.bus, of.found.bus_low.value, of.found.bus_high.value
    for r in range(first, stop):
        if not of.picked[r]:
            continue
        step, group, row_flags = rows.steps[r], rows.groups[r], 0
        at_first, lowest, highest, low_at, high_at = group * len(buses.node), np.inf, -np.inf, -1, -1
        for k in range(len(of_bus)):
            vm_pu, bus = watched.vm_pu[r - first, k], of_bus[k]
            if vm_pu < lowest:
                lowest, low_at = vm_pu, bus
            if vm_pu > highest:
                highest, high_at = vm_pu, bus
            if -vm_pu >= low[at_first + bus]:
                _raise(found.bus_low, at_first + bus, -vm_pu, step, of.case, bus, -1)
            if vm_pu >= high[at_first + bus]:
                _raise(found.bus_high, at_first + bus, vm_pu, step, of.case, bus, -1)
            outside = (LOW if vm_pu < buses.vm_min_pu[bus] else 0) | (HIGH if vm_pu > buses.vm_max_pu[bus] else 0)
            if outside:
                found.bus_flags[r, bus] |= outside
                row_flags |= outside
        of.flags[r] |= row_flags
        case_row = group * of.cases + of.case
        if low_at >= 0:
            _raise(found.step_low, r, -lowest, step, of.case, low_at, -1)
            _raise(found.case_low, case_row, -lowest, step, of.case, low_at, -1)
        if high_at >= 0:
            _raise(found.step_high, r, highest, step, of.case, high_at, -1)
            _raise(found.case_high, case_row, highest, step, of.case, high_at, -1)
