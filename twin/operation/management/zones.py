"""Constraint zones in the closed loop: measured as the half-hour arrives, trimmed, tripped or released within it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from twin.core.quantities import CutCause
from twin.core.row_arrays import put_rows, rows_of
from twin.operation.case import Case
from twin.operation.injections import Injections, solve_injections
from twin.operation.ledger import Ledger
from twin.operation.management.uniform_cap import GridState
from twin.operation.record import ORDERS, ZoneStates
from twin.operation.zones.flows import PROBE_MW
from twin.operation.zones.operator import Orders, Units, orders, set_points, status_of

MOST_ROUNDS = 6
"""So often an order is corrected by what it has done to the measured flow."""
HIT_WITHIN = 1e-4
"""A flow stands at its trim limit when it is this near to it, as a share of the limit."""

RELEASE, TRIM, TRIP = (ORDERS.index(name) for name in ("release", "trim", "trip"))


def hold_zones(
    case: Case, ledger: Ledger, set_point_mw: np.ndarray, injections: Injections
) -> tuple[GridState, ZoneStates]:
    """Let the operators by zones act, one zone after the other in their order, and book what their set-points take.

    A zone sees the present half-hour as the set-points of the half-hour before and the zones ahead of it leave it. Its
    operator acts within minutes, so the flow after an order is measured again and the order corrected until the flow
    stands at the trim limit. A plant in several zones keeps the lowest of its set-points.

    Parameters
    ----------
    case : Case
    ledger : Ledger
    set_point_mw : numpy.ndarray, (R, Z, P)
        Of the half-hour before.
    injections : Injections
        Infeed as it would be without zones.

    Returns
    -------
    state : GridState
        With the zones' cuts.
    zones : ZoneStates
        Without `flow_mw`.
    """
    shape = set_point_mw.shape[:2]
    nothing = np.full(shape, np.nan)
    found = ZoneStates(
        nothing, nothing.copy(), nothing.copy(), np.zeros(shape, dtype=np.int8), np.zeros(shape), set_point_mw.copy()
    )
    start = injections.with_units(_within(injections.unit_mw, set_point_mw))
    state = GridState(start, solve_injections(case, start))
    number = case.zones.number[injections.member]
    for z in range(shape[1]):
        for k in np.unique(number[number[:, z] >= 0, z]).tolist():
            rows = np.flatnonzero(number[:, z] == k)
            part, of_rows = _hold(case, k, z, injections.rows(rows), state.rows(rows), rows_of(found, rows))
            state = state.replaced(rows, part)
            put_rows(found, rows, of_rows)
    _book(case, ledger, injections, state.injections, found.set_point_mw)
    return state, found


def flows_of_zones(case: Case, state: GridState) -> np.ndarray:
    """Return what each row's zones measure, (R, Z) MW; NaN where a member has fewer, or nothing is solved."""
    number = case.zones.number[state.injections.member]
    found = np.full(number.shape, np.nan)
    for k in range(len(case.zones.all)):
        for z in range(number.shape[1]):
            rows = np.flatnonzero(number[:, z] == k)
            if len(rows):
                found[rows, z] = _measured(case, k, state.rows(rows))
    return found


def _within(unit_mw: np.ndarray, set_point_mw: np.ndarray) -> np.ndarray:
    """Return the infeed within the set-points of all zones, (R, U)."""
    plants = slice(None, set_point_mw.shape[2])
    left = unit_mw.copy()
    left[:, plants] = np.minimum(unit_mw[:, plants], set_point_mw.min(axis=1, initial=np.inf))
    return left


def _hold(
    case: Case, k: int, z: int, uncut: Injections, state: GridState, found: ZoneStates
) -> tuple[GridState, ZoneStates]:
    """Let zone `k`, the member's `z`-th, act in some rows."""
    of_grid, columns = case.zones.all[k], list(case.zones.all[k].zone.units)
    zone, before = of_grid.zone, found.set_point_mw
    arriving = _measured(case, k, state)
    limit = of_grid.limit_at(case.zones.circuits[case.grid.network_of(state.flow.variant)])
    stands = np.abs(arriving - zone.trim * limit) <= HIT_WITHIN * limit
    given = orders(zone, np.where(stands, zone.trim * limit, arriving), limit)
    free = case.zones.free_mw[uncut.member, z]
    held = (before[:, z] < free).any(axis=1)
    todo = np.flatnonzero(given.trips | given.trims | (given.releases & held))
    others = np.delete(before, z, axis=1).min(axis=1, initial=np.inf)
    potential = np.minimum(uncut.unit_mw[:, : case.plants], others)
    effect = np.zeros((len(limit), len(columns)))
    if len(todo):
        effect[todo] = _effect(case, k, state.rows(todo))
    units = Units(before[:, z][:, columns], potential[:, columns], free[:, columns], effect)
    excess, set_point = arriving - zone.trim * limit, before.copy()
    for _ in range(MOST_ROUNDS):
        if not len(todo):
            break
        asked, some = Orders(*(x[todo] for x in given)), Units(*(x[todo] for x in units))
        set_point[todo[:, None], z, columns] = set_points(zone, asked, some, excess[todo])
        injections = uncut.rows(todo)
        injections = injections.with_units(_within(injections.unit_mw, set_point[todo]))
        part = GridState(injections, solve_injections(case, injections, state.flow.rows(todo)))
        state = state.replaced(todo, part)
        gap = _measured(case, k, part) - zone.trim * limit[todo]
        missed = np.abs(gap) > HIT_WITHIN * limit[todo]
        again = missed & (asked.trims | (asked.releases & (gap > 0.0)))
        todo, gap = todo[again], gap[again]
        excess[todo] += gap
    changed = (set_point[:, z] != before[:, z]).any(axis=1)
    order = np.select([given.trips, given.trims & changed, given.releases & changed], [TRIP, TRIM, RELEASE], 0)
    found.arriving_mw[:, z], found.limit_mw[:, z], found.order[:, z] = arriving, limit, order
    found.status[:, z] = status_of(set_point[:, z, columns], free[:, columns])
    return state, replace(found, set_point_mw=set_point)


def _measured(case: Case, k: int, state: GridState) -> np.ndarray:
    return case.zones.meters[k].flow(state.flow, state.injections.unit_mw[:, : case.plants])


def _effect(case: Case, k: int, state: GridState) -> np.ndarray:
    """Return what zone `k` measures more for a MW more of each of its units in turn, (R, U); 0 where nothing solves."""
    columns = np.array(case.zones.all[k].zone.units)
    row, unit = (x.ravel() for x in np.indices((len(state.flow.variant), len(columns))))
    probed = state.rows(row)
    unit_mw = probed.injections.unit_mw.copy()
    unit_mw[np.arange(len(row)), columns[unit]] += PROBE_MW
    injections = probed.injections.with_units(unit_mw)
    more = GridState(injections, solve_injections(case, injections, probed.flow))
    slope = (_measured(case, k, more) - _measured(case, k, probed)) / PROBE_MW
    effect: np.ndarray = np.maximum(np.nan_to_num(slope), 0.0).reshape(-1, len(columns))
    return effect


def _book(case: Case, ledger: Ledger, uncut: Injections, cut: Injections, set_point_mw: np.ndarray) -> None:
    """Book what each plant's lowest set-point takes, as congestion of the intact grid; its zone is what binds."""
    taken = uncut.unit_mw - cut.unit_mw
    rows = np.flatnonzero((taken > 0.0).any(axis=1))
    if not len(rows):
        return
    end = np.zeros(taken[rows].shape, dtype=np.int64)
    end[:, : case.plants] = len(case.grid.end_names) + set_point_mw[rows].argmin(axis=1)
    ledger.cut_for(CutCause.CONGESTION_N0, rows, taken[rows], end, np.zeros(len(rows), dtype=np.int64))
