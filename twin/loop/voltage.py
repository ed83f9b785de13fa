"""High voltage as the last resort of cuts; low voltage is never a reason to cut renewables."""

from __future__ import annotations

import numpy as np

from twin.grid.flow import Flow
from twin.loop.case import TIER_FIRM, TIER_LAST, TIER_NON_FIRM, Case
from twin.loop.injections import solve_members
from twin.loop.ledger import Ledger
from twin.loop.uniform import SMALLEST_OUTPUT_MW, Managed, Measure, highest_uniform_cap

BROKEN_ABOVE_PERCENT = 0.001
BEHIND_SHARE = 0.2
MAX_ROUNDS = 60
LEAST_PU_PER_MW = 1e-4
"""A plant whose MW moves the voltage less than this is not cut: 10 MW must be worth 0.1 %."""


def watched_voltage_pu(case: Case, members: np.ndarray, flow: Flow) -> np.ndarray:
    """Return the complex voltages of the watched buses, (R, b)."""
    variant = case.variant[members]
    i = flow.i[:, 0] + 1j * flow.i[:, 1]
    return case.grid.voltage_w[variant] + np.einsum("rbn,rn->rb", case.grid.voltage_z[variant], i)


def relieve_voltage(case: Case, ledger: Ledger, members: np.ndarray, managed: Managed) -> Managed:
    """Bring watched voltages to their limit, the highest first, by a uniform cut of the units that raise each.

    Parameters
    ----------
    case : Case
    ledger : Ledger
    members : numpy.ndarray, (R,) int
    managed : Managed

    Returns
    -------
    Managed
    """
    given_up = np.zeros((len(members), case.grid.voltage_w.shape[1]), dtype=bool)
    todo = np.flatnonzero(managed.flow.solved)
    for _ in range(MAX_ROUNDS):
        percent = np.where(given_up[todo], 0.0, _percent(case, members[todo], managed.flow.rows(todo)))
        high = percent.max(axis=1) > 100.0 + BROKEN_ABOVE_PERCENT
        todo, bus = todo[high], percent[high].argmax(axis=1)
        if not len(todo):
            break
        part, met = _relieve_bus(case, ledger, members[todo], managed.rows(todo), bus)
        managed = managed.replaced(todo, part)
        given_up[todo[~met], bus[~met]] = True
    return managed


def _relieve_bus(
    case: Case, ledger: Ledger, members: np.ndarray, managed: Managed, bus: np.ndarray
) -> tuple[Managed, np.ndarray]:
    """Bring one bus per member to its limit, tier after tier; tells whether it was met, (R,) bool."""
    slope = _slope(case, members, managed.flow, bus)
    raises = slope > np.maximum(BEHIND_SHARE * slope.max(axis=1, keepdims=True), LEAST_PU_PER_MW * case.base_mva)
    met = np.zeros(len(members), dtype=bool)
    for tier in (TIER_NON_FIRM, TIER_FIRM, TIER_LAST):
        chosen = raises & (case.tier[members] == tier) & (managed.injections.unit_mw > SMALLEST_OUTPUT_MW)
        rows = np.flatnonzero(~met & chosen.any(axis=1))
        if not len(rows):
            continue
        start, measure = managed.rows(rows), _percent_of(case, members[rows], bus[rows])
        left, met[rows] = highest_uniform_cap(
            case, members[rows], start, chosen[rows], measure, np.full(len(rows), 100.0)
        )
        ledger.cut_mw["voltage"][members[rows]] += start.injections.unit_mw - left
        injections = start.injections.with_units(left)
        flow = solve_members(case, members[rows], injections, start.flow)
        managed = managed.replaced(rows, Managed(injections, flow))
    return managed, met


def _percent(case: Case, members: np.ndarray, flow: Flow) -> np.ndarray:
    """Return the watched voltages in percent of their upper limit, (R, b)."""
    return 100.0 * np.abs(watched_voltage_pu(case, members, flow)) / case.model.limits.vm_max_pu


def _percent_of(case: Case, members: np.ndarray, bus: np.ndarray) -> Measure:
    def measure(rows: np.ndarray, managed: Managed) -> np.ndarray:
        return _percent(case, members[rows], managed.flow)[np.arange(len(rows)), bus[rows]]

    return measure


def _slope(case: Case, members: np.ndarray, flow: Flow, bus: np.ndarray) -> np.ndarray:
    """Return d|V|/dp of one watched bus for the infeed of each unit at its power factor, (R, U)."""
    top = watched_voltage_pu(case, members, flow)[np.arange(len(members)), bus]
    z = case.grid.voltage_z[case.variant[members], bus]
    v_node_conj = flow.v[:, 0] - 1j * flow.v[:, 1]
    of_units = (z / v_node_conj)[:, case.unit_node] * (1.0 - 1j * case.unit_q_per_p[members])
    return ((np.conj(top) / np.abs(top))[:, None] * of_units).real
