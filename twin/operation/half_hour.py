"""One half-hour of all members, in its fixed order (docs/concepts/loop.md)."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from twin.core.equal_rows import distinct_rows
from twin.core.quantities import CONGESTION_CAUSES, CutCause
from twin.network.reduced.flow import Flow, link_export_mw
from twin.operation import operator as area_balance
from twin.operation.case import Case
from twin.operation.devices import (
    FlexibleFlows,
    SiteFlows,
    order_beside_plants,
    run_devices,
    run_sites,
    settle_beside_plants,
)
from twin.operation.dispatch import obey_policies
from twin.operation.injections import Injections, solve_injections
from twin.operation.ledger import Ledger
from twin.operation.management.congestion import smallest
from twin.operation.management.controls import next_positions
from twin.operation.management.remedies import relieve_import
from twin.operation.management.security import nothing_ignored, outages, worst_intact
from twin.operation.management.uniform_cap import Managed
from twin.operation.management.voltage import relieve_voltage
from twin.operation.operator import apply_caps, fix_caps
from twin.operation.record import Record, SecurityState
from twin.operation.state import State
from twin.security.limits import VIOLATED_ABOVE_PERCENT
from twin.security.reduced.headroom import link_headroom
from twin.security.reduced.outages import UNSOLVED_PERCENT


def assess(case: Case, managed: Managed) -> SecurityState:
    """Judge the intact grid, every outage and the link's headroom for all members."""
    everyone = np.arange(len(case.members))
    return _assess(case, everyone, managed.injections, managed.flow)


def assess_again(case: Case, earlier: SecurityState, members: np.ndarray, managed: Managed) -> SecurityState:
    """Return `earlier` with the members whose state has changed assessed anew."""
    if not len(members):
        return earlier
    part = managed.rows(members)
    fresh = _assess(case, members, part.injections, part.flow)
    updated = []
    for field in fields(SecurityState):
        values = getattr(earlier, field.name).copy()
        values[members] = getattr(fresh, field.name)
        updated.append(values)
    return SecurityState(*updated)


def limit_exceeded(case: Case, found: SecurityState, tolerance_percent: float) -> np.ndarray:
    """Return (M,) whether the member's own criterion is exceeded."""
    intact = found.intact_percent > 100.0 + tolerance_percent
    return intact | (case.criterion.secures_outages & (found.loading_percent > 100.0 + tolerance_percent))


def residual_mva(case: Case, found: SecurityState) -> np.ndarray:
    """Return (M,) the largest MVA above what the member's criterion allows."""
    everyone = np.arange(len(case.members))
    rating = case.grid.end_rating_mva[case.network]
    intact = np.maximum(found.intact_percent - 100.0, 0.0) / 100.0 * rating[everyone, found.intact_end]
    known = (found.end >= 0) & (found.loading_percent < UNSOLVED_PERCENT) & case.criterion.secures_outages
    after_outage = np.maximum(found.loading_percent - 100.0, 0.0) / 100.0 * rating[everyone, np.maximum(found.end, 0)]
    result: np.ndarray = np.maximum(intact, np.where(known, after_outage, 0.0))
    return result


def _assess(case: Case, members: np.ndarray, injections: Injections, flow: Flow) -> SecurityState:
    ignored = nothing_ignored(case, len(members))
    found = outages(case, members, injections, flow, ignored)
    intact = worst_intact(case, flow, ignored)
    return SecurityState(
        intact_percent=intact.measure,
        intact_end=intact.end,
        loading_percent=found.measure,
        end=found.end,
        outage=found.outage,
        link_percent=found.link,
        shed_mw=found.shed_pu * case.base_mva,
        solved=found.solved,
        headroom_mw=_headroom(case, members, flow),
    )


def _headroom(case: Case, members: np.ndarray, flow: Flow) -> np.ndarray:
    """Headroom of the members whose tables are kept; counterfactual twins have none."""
    headroom = np.full((len(members), 2), np.nan)
    kept = np.flatnonzero(~case.is_twin[members])
    some = flow.rows(kept)
    first, inverse = distinct_rows(some.variant, some.p_pu, some.q_pu, some.v, some.q_svc_pu)
    some = some.rows(first)
    found = link_headroom(
        case.grid.arrays, some.states,
        case.grid.nodes.headroom, case.base_mva,
    )  # fmt: skip
    headroom[kept] = found[inverse]
    return headroom


NEGATIVE_BEYOND_MW = 1e-9


@dataclass(frozen=True)
class Now:
    """Truth of one half-hour; axes M members, P plants, A areas."""

    plant_available_mw: np.ndarray
    plant_outage_mw: np.ndarray
    area_demand_mw: np.ndarray


@dataclass(frozen=True)
class Response:
    """What sites and flexible devices did with their orders, the price in force, and where a policy failed."""

    sites: SiteFlows
    flexible: FlexibleFlows
    price_ratio: np.ndarray
    policy_failed: np.ndarray


def step(case: Case, state: State, t: int) -> tuple[State, Record]:
    """Run half-hour `t` for all members.

    Parameters
    ----------
    case : Case
    state : State
        At the start of the half-hour.
    t : int
        Position in ``case.index``.

    Returns
    -------
    state : State
        At the start of the next half-hour.
    record : Record
    """
    now = _truth(case, t)
    state, policy_failed = obey_policies(case, state, t)
    sites, state = run_sites(case, state, t)
    flexible, device_state = run_devices(case, state, t, now.area_demand_mw)
    ledger = Ledger(np.concatenate([now.plant_available_mw, sites.available_mw], axis=1))
    ledger.cut(CutCause.UNAVAILABLE, _of_plants(case, now.plant_outage_mw))
    ledger.cut(CutCause.BEHIND_THE_METER, _of_groups(case, sites.throttled_mw))
    unit_mw = np.concatenate([now.plant_available_mw - now.plant_outage_mw, sites.export_mw], axis=1)
    order = area_balance.order(case, t, unit_mw)
    ledger.cut(CutCause.AREA_BALANCE, order.physical_mw)
    ledger.settled_mw += order.settled_mw
    beside_plants = order_beside_plants(
        case, state, t, now.area_demand_mw, (unit_mw - order.physical_mw)[:, : case.plants]
    )
    ordered_mw = unit_mw - order.physical_mw + _of_plants(case, beside_plants.infeed_mw)
    unit_mw = apply_caps(case, state, t, ledger, ordered_mw)

    injections, demand_mw, beside_clipped = _injections(case, state, now, (sites, flexible), unit_mw)
    managed = Managed(injections, solve_injections(case, injections))
    before = assess(case, managed)
    broken = managed.flow.solved & limit_exceeded(case, before, VIOLATED_ABOVE_PERCENT)
    managed = _manage(case, ledger, np.flatnonzero(broken), managed)
    managed, after = _hold_voltage(case, ledger, managed, before, broken)
    reduced_mw = np.maximum(ordered_mw - managed.injections.unit_mw, 0.0)[:, : case.plants]
    flexible, device_state = settle_beside_plants(case, ledger, beside_plants, reduced_mw, flexible, device_state)
    response = Response(sites, flexible, state.price_ratio[:, t % case.order_slots], policy_failed)
    record = _record(case, state, ledger, response, managed, demand_mw, beside_clipped, (before, after), broken)
    state = replace(state, device_state=device_state)
    return _next_state(case, state, t, managed.flow, record), record


def _truth(case: Case, t: int) -> Now:
    """Gather the half-hour's truth, per member from its own profiles."""
    profiles = [profiles for profiles, _ in case.profiles]
    return Now(
        plant_available_mw=np.stack([p.plant_available_mw[t] for p in profiles])[case.profile],
        plant_outage_mw=np.stack([p.plant_unavailable_mw[t] for p in profiles])[case.profile],
        area_demand_mw=np.stack([p.area_demand_mw[t] for p in profiles])[case.profile],
    )


def _of_plants(case: Case, plant_mw: np.ndarray) -> np.ndarray:
    return np.concatenate([plant_mw, np.zeros((len(plant_mw), len(case.sites.groups)))], axis=1)


def _of_groups(case: Case, group_mw: np.ndarray) -> np.ndarray:
    return np.concatenate([np.zeros((len(group_mw), case.plants)), group_mw], axis=1)


def _injections(
    case: Case, state: State, now: Now, response: tuple[SiteFlows, FlexibleFlows], unit_mw: np.ndarray
) -> tuple[Injections, np.ndarray, np.ndarray]:
    """Return the injections, the gross demand per area and how many areas the sites ask more of than it has."""
    sites, flexible = response
    of_sites = sites.load_mw @ case.areas.group_incidence
    beside_sites = now.area_demand_mw - of_sites
    below_sites = beside_sites < -NEGATIVE_BEYOND_MW
    beside_sites = np.maximum(beside_sites, 0.0) + flexible.area_mw
    gross = beside_sites + of_sites
    injections = Injections(
        variant=case.grid.variants_at(case.network, state.positions),
        unit_mw=unit_mw,
        unit_q_per_p=case.units.q_per_p,
        demand_mw=beside_sites + sites.import_mw @ case.areas.group_incidence + flexible.storage_mw,
        demand_mvar=gross * case.areas.q_per_p,
        diesel_mw=np.zeros((len(unit_mw), len(case.model.diesels))),
        shed_mw=np.zeros_like(gross),
    )
    return injections, gross, (below_sites | (gross < -NEGATIVE_BEYOND_MW)).sum(axis=1)


def _manage(case: Case, ledger: Ledger, members: np.ndarray, managed: Managed) -> Managed:
    """Cut cause by cause; a forecasting operator cuts at once only for the intact grid, the rest was fixed ahead."""
    if not len(members):
        return managed
    part = managed.rows(members)
    for cause in CONGESTION_CAUSES:
        at_once = cause is CutCause.CONGESTION_N0
        mine = np.arange(len(members)) if at_once else np.flatnonzero(~case.operator.forecasts[members])
        target = np.full((len(mine), case.grid.end_rating_mva.shape[1]), 100.0)
        some = part.rows(mine)
        part = part.replaced(mine, smallest(case, ledger, members[mine], some.injections, some.flow, cause, target))
    return managed.replaced(members, relieve_import(case, members, part))


def _hold_voltage(
    case: Case, ledger: Ledger, managed: Managed, before: SecurityState, broken: np.ndarray
) -> tuple[Managed, SecurityState]:
    """Relieve voltages and assess what has changed; an overload that the reactive power brings about is managed too."""
    start = managed.injections
    managed = relieve_voltage(case, ledger, managed)
    moved = (managed.injections.unit_q_per_p != start.unit_q_per_p).any(axis=1)
    cut = (managed.injections.unit_mw != start.unit_mw).any(axis=1)
    after = assess_again(case, before, np.flatnonzero(moved | cut | broken), managed)
    overloaded = np.flatnonzero(moved & limit_exceeded(case, after, VIOLATED_ABOVE_PERCENT))
    managed = _manage(case, ledger, overloaded, managed)
    return managed, assess_again(case, after, overloaded, managed)


def _record(
    case: Case,
    state: State,
    ledger: Ledger,
    response: Response,
    managed: Managed,
    demand_mw: np.ndarray,
    beside_clipped: np.ndarray,
    states: tuple[SecurityState, SecurityState],
    broken: np.ndarray,
) -> Record:
    injections, flow = managed.injections, managed.flow
    sites, flexible = response.sites, response.flexible
    fed_in = injections.unit_mw[:, case.plants :]
    used_by_sites = sites.load_mw - sites.import_mw + sites.charge_mw - sites.discharge_mw
    of_plants = injections.unit_mw[:, : case.plants] + flexible.plant_mw
    delivered = np.concatenate([of_plants, used_by_sites + fed_in], axis=1)
    exceeded = limit_exceeded(case, states[1], VIOLATED_ABOVE_PERCENT)
    return Record(
        ledger=ledger,
        delivered_mw=delivered,
        sites=sites,
        flexible=flexible,
        price_ratio=response.price_ratio,
        policy_failed=response.policy_failed,
        site_export_mw=fed_in,
        injections=injections,
        positions=state.positions,
        q_support_mvar=(injections.unit_mw * (injections.unit_q_per_p - case.units.q_per_p)).sum(axis=1),
        node_i=flow.i[:, 0] + 1j * flow.i[:, 1],
        q_svc_mvar=flow.q_svc_pu * case.base_mva,
        demand_mw=demand_mw,
        before=states[0],
        after=states[1],
        broken=broken,
        missed=case.operator.forecasts & exceeded,
        residual_mva=np.where(exceeded, residual_mva(case, states[1]), 0.0),
        beside_clipped=beside_clipped,
        failure=_failures(flow, states[1]),
    )


def _failures(flow: Flow, after: SecurityState) -> np.ndarray:
    outage = np.where(after.loading_percent >= UNSOLVED_PERCENT, "outage not converged", "")
    return np.where(flow.solved, outage, "power flow not converged")


def _next_state(case: Case, state: State, t: int, flow: Flow, record: Record) -> State:
    slot = int(case.step_of_day[t])
    net_mw = record.site_export_mw - record.sites.import_mw
    of_today = np.stack([net_mw, record.sites.raw_net_mw, record.sites.load_mw], axis=1)
    positions, outside_steps = next_positions(case, state.positions, state.outside_steps, flow)
    state = replace(
        state,
        positions=positions,
        outside_steps=outside_steps,
        device_stored_mwh=record.flexible.stored_mwh,
        export_mw=link_export_mw(case.grid, flow.variant, record.node_i),
        available_mw=record.sites.available_mw,
        delivered_mw=record.delivered_mw[:, case.plants :],
        history=state.history.with_slot(slot, of_today),
        device_history=state.device_history.with_slot(
            slot, (record.flexible.area_mw + record.flexible.storage_mw)[:, None]
        ),
    )
    caps = fix_caps(case, state, t)
    return replace(state, cap_pu=caps.pu, cap_cause=caps.cause, cap_end=caps.end, cap_outage=caps.outage)
