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
LEAST_PU_PER_MW = 1e-4
"""A plant whose MW moves the voltage less than this is not cut: 10 MW must be worth 0.1 %."""


def watched_voltage_pu(case: Case, members: np.ndarray, flow: Flow) -> np.ndarray:
    """Return the complex voltages of the watched buses, (R, b)."""
    variant = case.variant[members]
    i = flow.i[:, 0] + 1j * flow.i[:, 1]
    return case.grid.voltage_w[variant] + np.einsum("rbn,rn->rb", case.grid.voltage_z[variant], i)


def relieve_voltage(case: Case, ledger: Ledger, members: np.ndarray, managed: Managed) -> Managed:
    """Bring the highest watched voltage to its limit by a uniform cut of the units that raise it, tier after tier.

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
    todo = np.flatnonzero(
        managed.flow.solved & (_highest_percent(case, members, managed.flow) > 100.0 + BROKEN_ABOVE_PERCENT)
    )
    for tier in (TIER_NON_FIRM, TIER_FIRM, TIER_LAST):
        if not len(todo):
            break
        part = managed.rows(todo)
        slope = _slope(case, members[todo], part.flow)
        least = LEAST_PU_PER_MW * case.base_mva
        chosen = slope > np.maximum(BEHIND_SHARE * slope.max(axis=1, keepdims=True), least)
        chosen &= (case.tier[members[todo]] == tier) & (part.injections.unit_mw > SMALLEST_OUTPUT_MW)
        pick = np.flatnonzero(chosen.any(axis=1))
        if not len(pick):
            continue
        rows, start = todo[pick], part.rows(pick)
        measure = _highest_of(case, members[rows])
        left, met = highest_uniform_cap(case, members[rows], start, chosen[pick], measure, np.full(len(pick), 100.0))
        ledger.cut_mw["voltage"][members[rows]] += start.injections.unit_mw - left
        injections = start.injections.with_units(left)
        managed = managed.replaced(
            rows, Managed(injections, solve_members(case, members[rows], injections, start.flow))
        )
        todo = np.setdiff1d(todo, rows[met])
    return managed


def _highest_of(case: Case, members: np.ndarray) -> Measure:
    def measure(rows: np.ndarray, managed: Managed) -> np.ndarray:
        return _highest_percent(case, members[rows], managed.flow)

    return measure


def _highest_percent(case: Case, members: np.ndarray, flow: Flow) -> np.ndarray:
    return 100.0 * np.abs(watched_voltage_pu(case, members, flow)).max(axis=1) / case.vm_max_pu[members]


def _slope(case: Case, members: np.ndarray, flow: Flow) -> np.ndarray:
    """Return d|V|/dp of the highest watched bus for the infeed of each unit at its power factor, (R, U)."""
    v = watched_voltage_pu(case, members, flow)
    bus = np.abs(v).argmax(axis=1)
    rows = np.arange(len(members))
    z = case.grid.voltage_z[case.variant[members], bus]
    v_node_conj = flow.v[:, 0] - 1j * flow.v[:, 1]
    top = v[rows, bus]
    of_units = (z / v_node_conj)[:, case.unit_node] * (1.0 - 1j * case.unit_q_per_p[members])
    return ((np.conj(top) / np.abs(top))[:, None] * of_units).real
