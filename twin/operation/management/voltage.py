"""Voltage: first the plants' reactive power, either way; then, against high voltage only, a cut as the last resort."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Literal

import numpy as np

from twin.core.quantities import CutCause
from twin.network.variants.flow import Flow
from twin.operation.case import Case
from twin.operation.case_parts import Tier
from twin.operation.injections import solve_injections
from twin.operation.ledger import Ledger
from twin.operation.management.uniform_cap import (
    SMALLEST_OUTPUT_MW,
    GridState,
    Measure,
    highest_uniform_cap,
)
from twin.security.limits import ACCEPT_PERCENT, BEHIND_SHARE, VIOLATED_ABOVE_PERCENT, largest_kept

Side = Literal["high", "low"]
Relief = Callable[[np.ndarray, GridState, np.ndarray], tuple[GridState, np.ndarray]]
"""``relief(rows, state, bus)`` brings one bus per row to its limit, and tells where it could, (R,) bool."""

MAX_ROUNDS = 60
LEAST_PU_PER_MW = 1e-4
"""A plant whose MW or Mvar moves the voltage less than this is left alone: 10 MW must be worth 0.1 %."""


def relieve_voltage(case: Case, ledger: Ledger, state: GridState) -> GridState:
    """Bring watched voltages within their limits as far as plants can.

    The plants' reactive power comes first, the smallest uniform share of their range; infeed is cut only for what stays
    too high. A voltage that stays too low is no reason to cut.

    Parameters
    ----------
    case : Case
    ledger : Ledger
    state : GridState
        Of all rows of the ledger.

    Returns
    -------
    GridState
    """

    def absorb(rows: np.ndarray, part: GridState, bus: np.ndarray) -> tuple[GridState, np.ndarray]:
        return _use_reactive_power(case, part, bus, "high")

    def supply(rows: np.ndarray, part: GridState, bus: np.ndarray) -> tuple[GridState, np.ndarray]:
        return _use_reactive_power(case, part, bus, "low")

    def cut(rows: np.ndarray, part: GridState, bus: np.ndarray) -> tuple[GridState, np.ndarray]:
        return _cut(case, ledger, rows, part, bus)

    vm_pu = np.abs(watched_voltage_pu(case, state.flow))
    members = state.injections.member
    too_high, too_low = (_percent(case, members, vm_pu, side).max(axis=1) > 100.0 for side in ("high", "low"))
    state = _bus_after_bus(case, np.flatnonzero(too_high & state.flow.solved), state, "high", absorb)
    state = _bus_after_bus(case, np.flatnonzero(too_high & state.flow.solved), state, "high", cut)
    return _bus_after_bus(case, np.flatnonzero(too_low & state.flow.solved), state, "low", supply)


def watched_voltage_pu(case: Case, flow: Flow) -> np.ndarray:
    """Return the complex voltages of the watched buses, (R, b)."""
    voltages: np.ndarray = flow.v[:, case.grid.watched_at]
    return voltages


def _bus_after_bus(case: Case, rows: np.ndarray, state: GridState, side: Side, relief: Relief) -> GridState:
    """Relieve the worst bus of each row, then the next; one that cannot be relieved does not hide the others."""
    given_up = np.zeros((len(state.flow.variant), len(case.grid.watched_at)), dtype=bool)
    todo = rows
    for _ in range(MAX_ROUNDS):
        if not len(todo):
            break
        vm_pu = np.abs(watched_voltage_pu(case, state.flow.rows(todo)))
        percent = np.where(given_up[todo], 0.0, _percent(case, state.injections.member[todo], vm_pu, side))
        broken = percent.max(axis=1) > 100.0 + VIOLATED_ABOVE_PERCENT
        todo, bus = todo[broken], percent[broken].argmax(axis=1)
        part, met = relief(todo, state.rows(todo), bus)
        state = state.replaced(todo, part)
        given_up[todo[~met], bus[~met]] = True
    return state


def _use_reactive_power(case: Case, state: GridState, bus: np.ndarray, side: Side) -> tuple[GridState, np.ndarray]:
    """Move the reactive power of the plants that reach a bus by one share of what each has left."""
    members = state.injections.member
    before, limit = state.injections.unit_q_per_p, case.units.q_per_p_limit[members]
    end = -limit if side == "high" else limit
    output = state.injections.unit_mw > SMALLEST_OUTPUT_MW
    slope = np.where(output & (end != before), _volts_per_power(case, state, bus, np.array(1j)), 0.0)
    chosen = slope > np.maximum(BEHIND_SHARE * slope.max(axis=1, keepdims=True), LEAST_PU_PER_MW * case.base_mva)
    met = np.zeros(len(members), dtype=bool)
    able = np.flatnonzero(chosen.any(axis=1))
    if not len(able):
        return state, met
    start, room = state.rows(able), np.where(chosen, end - before, 0.0)[able]
    measure = _percent_of(case, members[able], bus[able], side)

    def used(rows: np.ndarray, share: np.ndarray) -> GridState:
        part = start.rows(rows)
        q_per_p = part.injections.unit_q_per_p + share[:, None] * room[rows]
        injections = replace(part.injections, unit_q_per_p=q_per_p)
        return GridState(injections, solve_injections(case, injections, part.flow))

    def excess(rows: np.ndarray, unused: np.ndarray) -> np.ndarray:
        return measure(rows, used(rows, 1.0 - unused)) - 100.0

    everyone = np.arange(len(able))
    unused, met[able] = largest_kept(excess, np.ones(len(able)), measure(everyone, start) - 100.0, ACCEPT_PERCENT)
    return state.replaced(able, used(everyone, 1.0 - unused)), met


def _cut(
    case: Case, ledger: Ledger, ledger_rows: np.ndarray, state: GridState, bus: np.ndarray
) -> tuple[GridState, np.ndarray]:
    """Cut the units that raise a bus, tier after tier, by one cap each row."""
    members = state.injections.member
    slope = _volts_per_power(case, state, bus, 1.0 + 1j * state.injections.unit_q_per_p)
    raises = slope > np.maximum(BEHIND_SHARE * slope.max(axis=1, keepdims=True), LEAST_PU_PER_MW * case.base_mva)
    met = np.zeros(len(members), dtype=bool)
    for tier in (Tier.NON_FIRM, Tier.FIRM, Tier.LAST):
        chosen = raises & (case.units.tier[members] == tier) & (state.injections.unit_mw > SMALLEST_OUTPUT_MW)
        rows = np.flatnonzero(~met & chosen.any(axis=1))
        if not len(rows):
            continue
        start, measure = state.rows(rows), _percent_of(case, members[rows], bus[rows], "high")
        left, met[rows] = highest_uniform_cap(case, start, chosen[rows], measure, np.full(len(rows), 100.0))
        ledger.cut_mw[CutCause.VOLTAGE][ledger_rows[rows]] += start.injections.unit_mw - left
        injections = start.injections.with_units(left)
        state = state.replaced(rows, GridState(injections, solve_injections(case, injections, start.flow)))
    return state, met


def _percent(case: Case, members: np.ndarray, vm_pu: np.ndarray, side: Side) -> np.ndarray:
    """Return voltages in percent of their limit, (R, b): above 100 where they lie beyond it."""
    if side == "high":
        result: np.ndarray = 100.0 * vm_pu / case.criterion.vm_max_pu[members, None]
        return result
    result = 100.0 * case.criterion.vm_min_pu[members, None] / vm_pu
    return result


def _percent_of(case: Case, members: np.ndarray, bus: np.ndarray, side: Side) -> Measure:
    def measure(rows: np.ndarray, state: GridState) -> np.ndarray:
        vm_pu = np.abs(watched_voltage_pu(case, state.flow))[np.arange(len(rows)), bus[rows]]
        return _percent(case, members[rows], vm_pu[:, None], side)[:, 0]

    return measure


def _volts_per_power(case: Case, state: GridState, bus: np.ndarray, power: np.ndarray) -> np.ndarray:
    """Return d|V| of one watched bus for the infeed of `power` (complex, pu) at each unit, (R, U) pu per pu."""
    flow, at = state.flow, np.arange(len(bus))
    top = watched_voltage_pu(case, flow)[at, bus]
    z = case.grid.maps.voltage_z[flow.variant, bus]
    of_units = (z / np.conj(flow.v[:, case.grid.node_at]))[:, case.units.node] * np.conj(power)
    result: np.ndarray = ((np.conj(top) / np.abs(top))[:, None] * of_units).real
    return result
