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
    solved: np.ndarray  # (R,) bool
    steps: np.ndarray  # (R,) absolute step
    groups: np.ndarray  # (R,) group whose branches, buses and cases the row counts for
    flags: np.ndarray  # (R,) uint8, how the case breaks the criterion


class CaseState(NamedTuple):
    """A case, and whether the short-time and the continuous rating count for its state."""

    number: int
    cases: int  # how many there are
    at_once: bool
    settled: bool


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
    rows: SolvedRows, case: CaseState, branches: Branches, buses: Buses, found: Found, unknown: np.ndarray
) -> None:
    """Find the limit violations of one contingency at many operating points.

    Overloads of ends whose `branches.direction` is not known are marked in `unknown` (2, E); found again once they are
    known, the rest stays as it is.

    Parameters
    ----------
    rows : SolvedRows
        Its `flags` are added to.
    case : CaseState
    branches, buses : Branches, Buses
    found : Found
        For the state at once or the settled one; step and branch rows are shared by the cases of a class.
    """
    for r in range(rows.v.shape[0]):
        if rows.solved[r]:
            at = r, rows.steps[r], rows.groups[r], case.number, rows.groups[r] * case.cases + case.number
            rows.flags[r] |= _overloads(rows.v[r], at, case, branches, found, unknown)
            rows.flags[r] |= _voltages(rows.v[r], at, buses, found)


@njit(cache=True, nogil=True)
def _overloads(
    v: np.ndarray, at: tuple[int, int, int, int, int], state: CaseState, b: Branches, found: Found, unknown: np.ndarray
) -> int:
    r, step, group, case, case_row = at
    first = group * b.watched.shape[0]
    row_flags = 0
    for k in range(b.watched.shape[0]):
        if not b.watched[k]:
            continue
        v_from, v_to = v[b.from_node[k]], v[b.to_node[k]]
        i_from = b.y_ff[k] * v_from + b.y_ft[k] * v_to
        i_to = b.y_tf[k] * v_from + b.y_tt[k] * v_to
        at_from = _size(i_from) / b.limit[0, k] if b.limit[0, k] > 0.0 else np.inf
        at_to = _size(i_to) / b.limit[1, k] if b.limit[1, k] > 0.0 else np.inf
        side = 1 if at_to > at_from else 0
        loading = 100.0 * max(at_from, at_to)
        _raise(found.step, r, loading, step, case, k, side)
        _raise(found.branch, first + k, loading, step, case, k, side)
        _raise(found.case, case_row, loading, step, case, k, side)
        broken = 0
        if state.at_once and loading > 100.0 * b.short_time_factor:
            broken |= SHORT_TIME
        if state.settled and loading > 100.0:
            broken |= CONTINUOUS
        if broken:
            current = i_to if side == 1 else i_from
            if b.mainland_side[k] < 0 and b.direction[side, k] < 0:
                unknown[side, k] = True
            elif _is_export(v, k, side, current, i_from, i_to, b):
                broken |= EXPORT
                _raise(found.step_export, r, loading, step, case, k, side)
            else:
                broken |= IMPORT
                _raise(found.step_import, r, loading, step, case, k, side)
            found.branch_flags[r, k] |= broken
            row_flags |= broken
    return row_flags


@njit(cache=True, nogil=True)
def _size(x: complex) -> float:
    result: float = np.sqrt(x.real * x.real + x.imag * x.imag)
    return result


@njit(cache=True, nogil=True)
def _is_export(v: np.ndarray, k: int, side: int, current: complex, i_from: complex, i_to: complex, b: Branches) -> bool:
    """Tell whether more infeed would raise the overload; on the link, whether power flows to the mainland."""
    if b.mainland_side[k] == 0:
        result: bool = (v[b.from_node[k]] * np.conj(i_from)).real < 0.0
        return result
    if b.mainland_side[k] == 1:
        result = (v[b.to_node[k]] * np.conj(i_to)).real < 0.0
        return result
    rise = 0.0
    for w in range(b.infeed_node.shape[0]):
        if b.infeed_node[w] >= 0:
            change = b.current_per_infeed[b.direction[side, k], w] / np.conj(v[b.infeed_node[w]])
            rise += b.infeed_weight[w] * (np.conj(current) * change).real
    return rise > 0.0


@njit(cache=True, nogil=True)
def _voltages(v: np.ndarray, at: tuple[int, int, int, int, int], buses: Buses, found: Found) -> int:
    r, step, group, case, case_row = at
    first = group * buses.node.shape[0]
    row_flags = 0
    for bus in range(buses.node.shape[0]):
        if buses.node[bus] < 0:
            continue
        vm_pu = _size(v[buses.node[bus]])
        _raise(found.step_low, r, -vm_pu, step, case, bus, -1)
        _raise(found.step_high, r, vm_pu, step, case, bus, -1)
        _raise(found.bus_low, first + bus, -vm_pu, step, case, bus, -1)
        _raise(found.bus_high, first + bus, vm_pu, step, case, bus, -1)
        _raise(found.case_low, case_row, -vm_pu, step, case, bus, -1)
        _raise(found.case_high, case_row, vm_pu, step, case, bus, -1)
        outside = (LOW if vm_pu < buses.vm_min_pu[bus] else 0) | (HIGH if vm_pu > buses.vm_max_pu[bus] else 0)
        found.bus_flags[r, bus] |= outside
        row_flags |= outside
    return row_flags
