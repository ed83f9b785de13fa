"""One necessary condition on the link in each half-hour, linearised from the state without orders."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from twin.bound.uncontrolled import Uncontrolled
from twin.grid.flow import flat_start, solve
from twin.grid.headroom_kernels import link_headroom
from twin.loop.case import Case
from twin.loop.injections import Injections, node_power
from twin.loop.state import initial_state
from twin.loop.step import step
from twin.policies.interface import DAY
from twin.policies.rules import Idle

MARGIN_MW = 0.1
"""Allowance for what is no theorem, see docs/optimisation.md; the solvers' own steps end within 0.02 MW."""
PROBE_MW = 2.0
HEADROOM_WITHIN_MW = 0.1
"""Difference between the tables' headroom and the recalculated one that the solver's last step explains."""


@dataclass(frozen=True)
class LinkCondition:
    """Half-hours R in which the link may bind, and what it lets pass.

    In each of them ``least_per_mw * additions - most_per_mw * reductions <= allowed_mw`` for the changes of infeed
    against the state without orders.

    Attributes
    ----------
    steps : numpy.ndarray, (R,) int
    allowed_mw : numpy.ndarray, (R,)
        Headroom before management, the margin in it.
    most_per_mw, least_per_mw : float
        Largest and smallest effect of a MW infeed anywhere against one at the headroom bus.
    positions_gain_mw : float
        Most headroom that other positions of taps and reactors seen in the year would have given.
    mismatch_mw : float
        Largest difference between the headroom of the tables and the recalculated one; without flexible devices.
    """

    steps: np.ndarray
    allowed_mw: np.ndarray
    most_per_mw: float
    least_per_mw: float
    positions_gain_mw: float
    mismatch_mw: float


def holds_for(case: Case, m: int) -> bool:
    """Return whether the link's N-1 condition is necessary for member `m`: criterion N-1, perfect operator."""
    return case.members[m].criterion == "n-1" and case.members[m].operator == "perfect"


def no_condition() -> LinkCondition:
    """Return the condition that binds nobody."""
    return LinkCondition(np.zeros(0, dtype=np.int64), np.zeros(0), 1.0, 1.0, 0.0, 0.0)


def link_condition(case: Case, m: int, before: Uncontrolled, additions_mw: np.ndarray) -> LinkCondition:
    """Return the condition for member `m`.

    Parameters
    ----------
    case : Case
    m : int
    before : Uncontrolled
    additions_mw : numpy.ndarray, (T,)
        Most infeed that the groups can add; half-hours with more headroom are left out.
    """
    steps = np.flatnonzero(before.headroom_mw < additions_mw)
    if not holds_for(case, m) or not len(steps):
        return no_condition()
    alone = only_member(case, m)
    unmanaged, managed = _states(alone, steps, before.positions[steps])
    seen = np.unique(before.positions, axis=0)
    headroom = export_headroom_mw(alone, unmanaged)
    in_positions = np.stack([_at_positions(alone, unmanaged, position) for position in seen])
    gain = np.maximum(np.nanmax(in_positions - headroom, axis=0, initial=0.0), 0.0)
    effects = np.stack([effect_per_mw(alone, state) for state in (unmanaged, managed)])
    mismatch = float(np.nanmax(np.abs(headroom - before.headroom_mw[steps]))) if not before.device_mw else 0.0
    return LinkCondition(
        steps=steps,
        allowed_mw=before.headroom_mw[steps] + gain + MARGIN_MW,
        most_per_mw=float(np.nanmax(effects)),
        least_per_mw=float(np.nanmin(effects)),
        positions_gain_mw=float(gain.max()),
        mismatch_mw=mismatch,
    )


def only_member(case: Case, m: int) -> Case:
    """Return the case with member `m` alone, without orders."""
    member = replace(case.members[m], policy=Idle(DAY))
    row = slice(m, m + 1)
    return replace(
        case,
        members=(member,),
        export_limit_mw=case.export_limit_mw[row],
        export_per_mw=case.export_per_mw[row],
    )


def _states(case: Case, steps: np.ndarray, positions: np.ndarray) -> tuple[Injections, Injections]:
    """Return the injections of half-hours before and after congestion management, without orders, (R, ...)."""
    start = initial_state(case)
    unmanaged, managed = [], []
    for t, position in zip(steps, positions, strict=True):
        _, record = step(case, replace(start, positions=position[None]), int(t))
        profiles = case.profiles[case.profile[0]][0]
        infeed = profiles.plant_available_mw[t] - profiles.plant_unavailable_mw[t]
        infeed = infeed * (1.0 - profiles.area_physical[t] * case.members[0].area_balance)
        unit_mw = np.concatenate([infeed[None], record.sites.export_mw], axis=1)
        nothing = np.zeros_like(record.injections.diesel_mw)
        common = {"unit_q_per_p": case.unit_q_per_p, "diesel_mw": nothing}
        unmanaged.append(replace(record.injections, unit_mw=unit_mw, **common))
        managed.append(replace(record.injections, **common))
    return _joined(unmanaged), _joined(managed)


def _joined(parts: list[Injections]) -> Injections:
    return Injections(*(np.concatenate(values) for values in zip(*(part.arrays() for part in parts), strict=True)))


def export_headroom_mw(case: Case, injections: Injections) -> np.ndarray:
    """Return the N-1 export headroom of the link, (R,); NaN where a state does not solve."""
    return _headroom(case, injections.variant, *node_power(case, injections))


def _at_positions(case: Case, injections: Injections, position: np.ndarray) -> np.ndarray:
    rows = len(injections.variant)
    network = np.repeat(case.network[:1], rows)
    variant = case.grid.variants_at(network, np.repeat(position[None], rows, axis=0))
    return export_headroom_mw(case, replace(injections, variant=variant))


def effect_per_mw(case: Case, injections: Injections) -> np.ndarray:
    """Return the effect of a MW infeed at each place and power factor against one at the headroom bus, (R, J).

    Places are the nodes of plants and areas; power factors those of plants, of demand, and one.
    """
    p, q = node_power(case, injections)
    probe = PROBE_MW / case.base_mva
    effects = []
    for node, q_per_p in _places(case):
        there = []
        for sign in (1.0, -1.0):
            p_there, q_there = p.copy(), q.copy()
            p_there[:, node] += sign * probe
            q_there[:, node] += sign * probe * q_per_p
            there.append(_headroom(case, injections.variant, p_there, q_there))
        effects.append((there[1] - there[0]) / (2.0 * PROBE_MW))
    return np.stack(effects, axis=1)


def _places(case: Case) -> list[tuple[int, float]]:
    nodes = case.grid.nodes
    of_plants = zip(nodes.plant, case.unit_q_per_p[0, : case.plants], strict=True)
    of_demand = zip(nodes.area, case.load_q_per_p, strict=True)
    at_unity = ((node, 0.0) for node in (*nodes.plant, *nodes.area))
    return sorted({(int(node), float(ratio)) for node, ratio in (*of_plants, *of_demand, *at_unity)})


def _headroom(case: Case, variant: np.ndarray, p: np.ndarray, q: np.ndarray) -> np.ndarray:
    flow = solve(case.grid, variant, p, q, *flat_start(case.grid, variant))
    found = link_headroom(
        case.grid.arrays, variant, p, q, flow.v, flow.q_svc_pu, case.grid.nodes.headroom, case.base_mva
    )
    return np.where(flow.solved, found[:, 0], np.nan)
