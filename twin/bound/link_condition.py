"""The run without orders that a bound starts from, and one necessary condition on the link in each half-hour."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from twin.core.errors import Problem, raise_if_any
from twin.core.row_arrays import joined_rows
from twin.metrics.kpis import key_figures
from twin.metrics.series import read_table, series_of_tables
from twin.network.variants.flow import solve
from twin.operation.case import Case
from twin.operation.half_hour import Before, run_half_hours
from twin.operation.injections import Injections, node_power
from twin.operation.ledger import FixedAhead
from twin.operation.state import initial_state
from twin.operation.window import before_grid
from twin.policies.interface import DAY
from twin.policies.rules import Idle
from twin.resources.sites import KINDS
from twin.security.criterion.headroom import link_headroom

STILL_MW = 1e-9


@dataclass(frozen=True)
class Uncontrolled:
    """What happened without orders, and what no order changes; axes T half-hours, K kinds of sites, C controls.

    Attributes
    ----------
    deliverable_mw : numpy.ndarray, (T,)
        Available less what is out of order and less area-balance orders before any battery takes of them.
    headroom_mw : numpy.ndarray, (T,)
        Extra infeed that the N-1 link would take before congestion management; NaN where unknown.
    positions : numpy.ndarray, (T, C) int
        Of taps and reactors.
    price_jpy_per_kwh : numpy.ndarray, (T,)
    site_import_mw : dict of str to numpy.ndarray, (T,)
        Own demand that PV does not cover, site by site, summed over each kind of sites.
    device_mw : dict of str to numpy.ndarray, (T,)
        Change of demand of each flexible device that is left to its habits.
    energy_used_mwh, net_supply_jpy : float
    congestion_mwh : float
        Cut for congestion.
    """

    deliverable_mw: np.ndarray
    headroom_mw: np.ndarray
    positions: np.ndarray
    price_jpy_per_kwh: np.ndarray
    site_import_mw: dict[str, np.ndarray]
    device_mw: dict[str, np.ndarray]
    energy_used_mwh: float
    net_supply_jpy: float
    congestion_mwh: float


def read_uncontrolled(case: Case, m: int, folder: Path, stored_at_start_mwh: float) -> Uncontrolled:
    """Read the results of member `m` run with the policy ``none``.

    Parameters
    ----------
    case : Case
    m : int
    folder : pathlib.Path
        With the tables ``system``, ``link``, ``sites`` and ``devices``.
    stored_at_start_mwh : float
        In all batteries before the first half-hour.

    Raises
    ------
    InputError
        If the tables are of other half-hours, were made under orders, hold unsolved half-hours or a negative price.
    """
    system, link, sites, devices = (read_table(folder, name) for name in ("system", "link", "sites", "devices"))
    raise_if_any(_problems(case, folder, system, sites))
    profiles = case.profiles[case.profile[m]][0]
    remaining = profiles.plant_available_mw - profiles.plant_unavailable_mw
    ordered_off = profiles.area_physical * remaining * case.members[m].area_balance
    series = series_of_tables({"system": system}, case.step_hours, stored_at_start_mwh)
    reached = key_figures(series, ("energy_used_mwh", "net_supply_jpy", "curtailed_congestion_mwh"))
    return Uncontrolled(
        deliverable_mw=(system["available_mw"] - system["unavailable_mw"]).to_numpy(float) - ordered_off.sum(axis=1),
        headroom_mw=link["n1_export_headroom_before_mw"].to_numpy(float),
        positions=_positions(case, system),
        price_jpy_per_kwh=series["price_jpy_per_kwh"],
        site_import_mw={kind: sites.loc[sites["kind"] == kind, "import_mw"].to_numpy(float) for kind in KINDS},
        device_mw={
            str(name): devices.loc[devices["device"] == name, "demand_mw"].to_numpy(float)
            for name in devices["device"].unique()
        },
        energy_used_mwh=float(reached["energy_used_mwh"]),
        net_supply_jpy=float(reached["net_supply_jpy"]),
        congestion_mwh=float(reached["curtailed_congestion_mwh"]),
    )


def _problems(case: Case, folder: Path, system: pd.DataFrame, sites: pd.DataFrame) -> list[Problem]:
    problems = []
    if len(system) != len(case.index) or not (pd.DatetimeIndex(system["time"]) == case.index).all():
        seen = f"{len(system)} rows from {system['time'].iloc[0]}" if len(system) else "no rows"
        accepted = f"{len(case.index)} rows from {case.index[0]}"
        problems.append(Problem("other half-hours than the case", f"{folder}, system", seen, accepted))
    moved = float(sites[["discharge_mw", "throttled_mw"]].to_numpy().max(initial=0.0))
    if moved > STILL_MW:
        repair = "give the folder of the same member with the policy none"
        problems.append(Problem("sites followed orders", f"{folder}, sites", f"{moved:g} MW", "0 MW", repair))
    unsolved = int((system["failure"] != "").sum())
    if unsolved:
        problems.append(Problem("half-hours did not solve", f"{folder}, system", str(unsolved), "0"))
    lowest = float(system["price_jpy_per_kwh"].fillna(0.0).min())
    if lowest < 0.0:
        what = "the bound does not hold for negative prices"
        problems.append(Problem(what, f"{folder}, system, price_jpy_per_kwh", f"{lowest:g}", "not negative"))
    return problems


def _positions(case: Case, system: pd.DataFrame) -> np.ndarray:
    columns = {case.bands.tap_column: "main_tap_position", case.bands.reactors_column: "reactors_in_service"}
    names = [columns[k] for k in range(len(columns)) if k in columns]
    return system[names].to_numpy(np.int64).reshape(len(system), len(names))


MARGIN_MW = 0.1
"""Allowance for what is no theorem, see docs/concepts/optimisation.md; the solvers' own steps end within 0.02 MW."""
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


AT_ONCE = 2048
"""Half-hours that are in memory together."""


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
    unmanaged, managed = states_without_orders(alone, steps, before.positions[steps])
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


def states_without_orders(case: Case, steps: np.ndarray, positions: np.ndarray) -> tuple[Injections, Injections]:
    """Return the injections of half-hours before and after congestion management, without orders, (R, ...).

    Each half-hour begins as a run does, whatever came before it; the grid of many is solved at once.
    """
    found = [
        _some_states(case, steps[k : k + AT_ONCE], positions[k : k + AT_ONCE]) for k in range(0, len(steps), AT_ONCE)
    ]
    unmanaged, managed = zip(*found, strict=True)
    return joined_rows(unmanaged), joined_rows(managed)


def _some_states(case: Case, steps: np.ndarray, positions: np.ndarray) -> tuple[Injections, Injections]:
    start, count = initial_state(case), len(steps)
    now = joined_rows(
        [before_grid(case, replace(start, positions=position[None]), int(t))
         for t, position in zip(steps, positions, strict=True)]
    )  # fmt: skip
    before = Before(
        positions,
        FixedAhead.none(count, case.plants),
        FixedAhead.none(count, case.plants),
        np.repeat(start.device_state, count, axis=0),
        np.repeat(start.set_point_mw, count, axis=0),
    )
    record, _, _ = run_half_hours(case, now, before)
    profiles = case.profiles[case.profile[0]][0]
    infeed = profiles.plant_available_mw[steps] - profiles.plant_unavailable_mw[steps]
    infeed = infeed * (1.0 - profiles.area_physical[steps] * case.members[0].area_balance)
    common = {
        "unit_q_per_p": np.repeat(case.units.q_per_p, count, axis=0),
        "diesel_mw": np.zeros_like(record.injections.diesel_mw),
    }
    unit_mw = np.concatenate([infeed, record.sites.export_mw], axis=1)
    return replace(record.injections, unit_mw=unit_mw, **common), replace(record.injections, **common)


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
    of_plants = zip(nodes.plant, case.units.q_per_p[0, : case.plants], strict=True)
    of_demand = zip(nodes.area, case.areas.q_per_p, strict=True)
    at_unity = ((node, 0.0) for node in (*nodes.plant, *nodes.area))
    return sorted({(int(node), float(ratio)) for node, ratio in (*of_plants, *of_demand, *at_unity)})


def _headroom(case: Case, variant: np.ndarray, p: np.ndarray, q: np.ndarray) -> np.ndarray:
    flow = solve(case.grid, variant, p, q)
    return np.where(flow.solved, link_headroom(case.grid, flow)[:, 0], np.nan)
