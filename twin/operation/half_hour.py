"""Half-hours in their fixed order, once sites and devices have run: cuts, flows, N-1, management, the record.

Rows are half-hours of members; no row sees another one, so any number of them is one batch (docs/concepts/loop.md).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from twin.core.equal_rows import distinct_rows
from twin.core.quantities import CONGESTION_CAUSES, CutCause
from twin.core.row_arrays import rows_of, with_rows
from twin.network.variants.flow import Flow
from twin.operation import operator as area_balance
from twin.operation.case import Case
from twin.operation.devices import (
    FlexibleFlows,
    OrderedInfeed,
    PlantOrders,
    SiteFlows,
    order_beside_plants,
    settle_beside_plants,
)
from twin.operation.injections import Injections
from twin.operation.ledger import FixedAhead, Ledger
from twin.operation.management.congestion import smallest
from twin.operation.management.remedies import relieve_import
from twin.operation.management.security import nothing_ignored, outages, worst_intact
from twin.operation.management.uniform_cap import GridState
from twin.operation.management.voltage import relieve_voltage
from twin.operation.management.zones import flows_of_zones, hold_zones
from twin.operation.operator import apply_caps
from twin.operation.record import Record, SecurityState, ZoneStates
from twin.operation.whole_windows import apply_stops
from twin.security.criterion.headroom import link_headroom
from twin.security.criterion.outages import UNSOLVED_PERCENT, LinkOutages, outages_of_link
from twin.security.limits import VIOLATED_ABOVE_PERCENT

NEGATIVE_BEYOND_MW = 1e-9


@dataclass(frozen=True)
class HalfHours:
    """Half-hours of members before the grid is solved: what sites and devices at the areas do; axis R rows.

    Attributes
    ----------
    member, step : numpy.ndarray, (R,) int
    sites : SiteFlows
    flexible : FlexibleFlows
        Without what stands beside plants.
    area_demand_mw : numpy.ndarray, (R, A)
        Gross demand without the devices.
    price_ratio : numpy.ndarray, (R,)
        Price in force.
    device_pu : numpy.ndarray, (R, D)
        Signals in force.
    policy_failed : numpy.ndarray, (R,) bool
        Whether a fallback decided at the beginning of the half-hour.
    """

    member: np.ndarray
    step: np.ndarray
    sites: SiteFlows
    flexible: FlexibleFlows
    area_demand_mw: np.ndarray
    price_ratio: np.ndarray
    device_pu: np.ndarray
    policy_failed: np.ndarray


@dataclass(frozen=True)
class Before:
    """What stands when the half-hours begin, taken as right.

    (R, C) positions, caps, stops, state of all devices, and the (R, Z, P) set-points of constraint zones.
    """

    positions: np.ndarray
    caps: FixedAhead
    stops: FixedAhead
    device_state: np.ndarray
    set_point_mw: np.ndarray


@dataclass(frozen=True)
class Ordered:
    """Infeed as ordered before the grid has its say: without orders fixed ahead, and within them; (R, U).

    `stopped_mw` (R,) is what stands still for a whole window.
    """

    ledger: Ledger
    beside_plants: OrderedInfeed
    ordered_mw: np.ndarray
    unit_mw: np.ndarray
    stopped_mw: np.ndarray


def run_half_hours(case: Case, now: HalfHours, before: Before) -> tuple[Record, Flow, np.ndarray]:
    """Run half-hours from area balance to the record.

    Parameters
    ----------
    case : Case
    now : HalfHours
    before : Before

    Returns
    -------
    record : Record
    flow : Flow
        The final one.
    device_state : numpy.ndarray, (R, K)
        At the end, of the devices beside plants.
    """
    ordered = order_infeed(case, now, before)
    injections, demand = _injections(case, now, before, ordered.unit_mw)
    state, zones = hold_zones(case, ordered.ledger, before.set_point_mw, injections)
    found = assess(case, state)
    broken = state.flow.solved & limit_exceeded(case, now.member, found, VIOLATED_ABOVE_PERCENT)
    state = _manage(case, ordered.ledger, np.flatnonzero(broken), state)
    state, after = _hold_voltage(case, ordered.ledger, state, found, broken)
    flexible, device_state = settle(case, now, before, ordered, state.injections.unit_mw)
    zones = replace(zones, flow_mw=flows_of_zones(case, state))
    record = _record(case, now, before, ordered, flexible, state, demand, (found, after), zones, broken)
    return record, state.flow, device_state


def order_infeed(case: Case, now: HalfHours, before: Before) -> Ordered:
    """Return the infeed after area balance, with what is ordered of batteries beside plants, then within the caps."""
    available_mw, outage_mw = (
        case.truth(name, now.step, now.member) for name in ("plant_available_mw", "plant_unavailable_mw")
    )
    ledger = Ledger(np.concatenate([available_mw, now.sites.available_mw], axis=1))
    ledger.cut(CutCause.UNAVAILABLE, np.pad(outage_mw, ((0, 0), (0, len(case.sites.groups)))))
    ledger.cut(CutCause.BEHIND_THE_METER, np.pad(now.sites.throttled_mw, ((0, 0), (case.plants, 0))))
    unit_mw = np.concatenate([available_mw - outage_mw, now.sites.export_mw], axis=1)
    order = area_balance.order(case, now.step, now.member, unit_mw)
    ledger.cut(CutCause.AREA_BALANCE, order.physical_mw)
    ledger.settled_mw += order.settled_mw
    unit_mw = unit_mw - order.physical_mw
    orders = PlantOrders(now.member, now.step, now.device_pu, now.price_ratio, now.area_demand_mw, before.device_state)
    beside_plants = order_beside_plants(case, orders, unit_mw[:, : case.plants])
    ordered_mw = unit_mw + np.pad(beside_plants.infeed_mw, ((0, 0), (0, len(case.sites.groups))))
    running_mw, stopped_mw = apply_stops(case, before.stops, ledger, ordered_mw)
    left_mw = apply_caps(case, now.member, before.caps, ledger, running_mw)
    return Ordered(ledger, beside_plants, ordered_mw, left_mw, stopped_mw)


def settle(
    case: Case, now: HalfHours, before: Before, ordered: Ordered, unit_mw: np.ndarray
) -> tuple[FlexibleFlows, np.ndarray]:
    """Settle the batteries beside plants, once the infeed `unit_mw` is known that the grid takes.

    Returns
    -------
    flexible : FlexibleFlows
    device_state : numpy.ndarray, (R, K)
        At the end, of the devices beside plants.
    """
    reduced_mw = np.maximum(ordered.ordered_mw - unit_mw, 0.0)[:, : case.plants]
    return settle_beside_plants(
        case, ordered.ledger, ordered.beside_plants, reduced_mw, now.flexible, before.device_state
    )


def _injections(
    case: Case, now: HalfHours, before: Before, unit_mw: np.ndarray
) -> tuple[Injections, tuple[np.ndarray, np.ndarray]]:
    """Return the injections, and with them the gross demand per area and how many areas have less than their sites."""
    sites, flexible = now.sites, now.flexible
    of_sites = case.areas.sums(sites.load_mw)
    beside_sites = now.area_demand_mw - of_sites
    below_sites = beside_sites < -NEGATIVE_BEYOND_MW
    beside_sites = np.maximum(beside_sites, 0.0) + flexible.area_mw
    gross = beside_sites + of_sites
    injections = Injections(
        member=now.member,
        variant=case.grid.variants_at(case.network_at(now.member, now.step), before.positions),
        unit_mw=unit_mw,
        unit_q_per_p=case.units.q_per_p[now.member],
        demand_mw=beside_sites + case.areas.sums(sites.import_mw) + flexible.storage_mw,
        demand_mvar=gross * case.areas.q_per_p,
        diesel_mw=np.zeros((len(unit_mw), len(case.model.diesels))),
        shed_mw=np.zeros_like(gross),
        link_share=case.link_share(now.member, now.step),
    )
    return injections, (gross, (below_sites | (gross < -NEGATIVE_BEYOND_MW)).sum(axis=1))


def assess(case: Case, state: GridState) -> SecurityState:
    """Judge the intact grid, every outage and the link's headroom."""
    injections, flow = state.injections, state.flow
    ignored = nothing_ignored(case, len(flow.variant))
    after_link = _after_link(case, flow)
    found = outages(case, injections, flow, ignored, after_link)
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
        headroom_mw=_headroom(case, injections.member, flow, after_link),
    )


def assess_again(case: Case, earlier: SecurityState, rows: np.ndarray, state: GridState) -> SecurityState:
    """Return `earlier` with the rows whose state has changed assessed anew."""
    return with_rows(earlier, rows, assess(case, state.rows(rows))) if len(rows) else earlier


def limit_exceeded(case: Case, member: np.ndarray, found: SecurityState, tolerance_percent: float) -> np.ndarray:
    """Return (R,) whether the member's own criterion is exceeded."""
    secures, intact = case.criterion.secures_outages[member], found.intact_percent > 100.0 + tolerance_percent
    exceeded: np.ndarray = intact | (secures & (found.loading_percent > 100.0 + tolerance_percent))
    return exceeded


def residual_mva(case: Case, member: np.ndarray, link_share: np.ndarray, found: SecurityState) -> np.ndarray:
    """Return (R,) the largest MVA above what the member's criterion allows."""
    a, rows = case.grid.arrays, np.arange(len(member))
    rating = case.grid.end_rating_mva[case.network[member]]
    intact = np.maximum(found.intact_percent - 100.0, 0.0) / 100.0 * rating[rows, found.intact_end]
    known = (found.end >= 0) & (found.loading_percent < UNSOLVED_PERCENT) & case.criterion.secures_outages[member]
    at = np.maximum(found.end, 0)
    allowed = np.where(a.link_end[at] & a.solve_always[found.outage], link_share, 1.0) * rating[rows, at]
    after_outage = np.maximum(found.loading_percent - 100.0, 0.0) / 100.0 * allowed
    result: np.ndarray = np.maximum(intact, np.where(known, after_outage, 0.0))
    return result


def _after_link(case: Case, flow: Flow) -> LinkOutages:
    """Return the states after outages of the link, each distinct one solved once."""
    first, inverse = distinct_rows(flow.variant, flow.p_pu, flow.q_pu, flow.v, flow.q_svc_pu)
    return rows_of(outages_of_link(case.grid, flow.rows(first)), inverse)


def _headroom(case: Case, member: np.ndarray, flow: Flow, after_link: LinkOutages) -> np.ndarray:
    """Headroom of the members whose tables are kept; counterfactual twins have none."""
    headroom = np.full((len(member), 2), np.nan)
    kept = np.flatnonzero(~case.is_twin[member])
    some = flow.rows(kept)
    first, inverse = distinct_rows(some.variant, some.p_pu, some.q_pu, some.v, some.q_svc_pu)
    known = rows_of(after_link, kept[first])
    headroom[kept] = link_headroom(case.grid, some.rows(first), known)[inverse]
    return headroom


def _manage(case: Case, ledger: Ledger, rows: np.ndarray, state: GridState) -> GridState:
    """Cut cause by cause; a forecasting operator cuts at once only for the intact grid, one by zones nothing here."""
    if not len(rows):
        return state
    part = state.rows(rows)
    fixed_ahead, by_zones = (x[part.injections.member] for x in (case.operator.forecasts, case.operator.by_zones))
    for cause in CONGESTION_CAUSES:
        at_once = cause is CutCause.CONGESTION_N0
        mine = np.flatnonzero(~by_zones & (at_once | ~fixed_ahead))
        target = np.full((len(mine), case.grid.end_rating_mva.shape[1]), 100.0)
        part = part.replaced(mine, smallest(case, ledger, rows[mine], part.rows(mine), cause, target))
    return state.replaced(rows, relieve_import(case, part))


def _hold_voltage(
    case: Case, ledger: Ledger, state: GridState, before: SecurityState, broken: np.ndarray
) -> tuple[GridState, SecurityState]:
    """Relieve voltages and assess what has changed; an overload that the reactive power brings about is managed too."""
    start = state.injections
    state = relieve_voltage(case, ledger, state)
    moved = (state.injections.unit_q_per_p != start.unit_q_per_p).any(axis=1)
    cut = (state.injections.unit_mw != start.unit_mw).any(axis=1)
    after = assess_again(case, before, np.flatnonzero(moved | cut | broken), state)
    exceeded = limit_exceeded(case, start.member, after, VIOLATED_ABOVE_PERCENT)
    overloaded = np.flatnonzero(moved & exceeded)
    state = _manage(case, ledger, overloaded, state)
    return state, assess_again(case, after, overloaded, state)


def _record(
    case: Case,
    now: HalfHours,
    before: Before,
    ordered: Ordered,
    flexible: FlexibleFlows,
    state: GridState,
    demand: tuple[np.ndarray, np.ndarray],
    states: tuple[SecurityState, SecurityState],
    zones: ZoneStates,
    broken: np.ndarray,
) -> Record:
    injections, flow, sites = state.injections, state.flow, now.sites
    fed_in = injections.unit_mw[:, case.plants :]
    used_by_sites = sites.load_mw - sites.import_mw + sites.charge_mw - sites.discharge_mw
    of_plants = injections.unit_mw[:, : case.plants] + flexible.plant_mw
    exceeded = limit_exceeded(case, now.member, states[1], VIOLATED_ABOVE_PERCENT)
    support = injections.unit_mw * (injections.unit_q_per_p - case.units.q_per_p[now.member])
    return Record(
        ledger=ordered.ledger,
        delivered_mw=np.concatenate([of_plants, used_by_sites + fed_in], axis=1),
        sites=sites,
        flexible=flexible,
        price_ratio=now.price_ratio,
        policy_failed=now.policy_failed,
        site_export_mw=fed_in,
        injections=injections,
        positions=before.positions,
        stopped_mw=ordered.stopped_mw,
        q_support_mvar=support.sum(axis=1),
        node_i=flow.i,
        q_svc_mvar=flow.q_svc_pu * case.base_mva,
        demand_mw=demand[0],
        before=states[0],
        after=states[1],
        broken=broken,
        missed=(case.operator.forecasts | case.operator.by_zones)[now.member] & exceeded,
        residual_mva=np.where(exceeded, residual_mva(case, now.member, injections.link_share, states[1]), 0.0),
        beside_clipped=demand[1],
        zones=zones,
        failure=_failures(flow, states[1]),
    )


def _failures(flow: Flow, after: SecurityState) -> np.ndarray:
    outage = np.where(after.loading_percent >= UNSOLVED_PERCENT, "outage not converged", "")
    return np.where(flow.solved, outage, "power flow not converged")
