"""One half-hour of all members, in the order of design section 2."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from twin.grid.flow import Flow
from twin.grid.outage_kernels import UNSOLVED_PERCENT
from twin.loop import area_balance
from twin.loop.case import Case
from twin.loop.congestion import BROKEN_ABOVE_PERCENT, smallest
from twin.loop.devices import SiteFlows, run_sites
from twin.loop.injections import Injections, solve_members
from twin.loop.ledger import Ledger
from twin.loop.operator_caps import apply_caps, fix_caps
from twin.loop.plan import obey_policies
from twin.loop.record import Record, Verdict
from twin.loop.remedies import relieve_import
from twin.loop.state import State
from twin.loop.uniform import Managed
from twin.loop.verdict import judge, judge_again, limit_exceeded, residual_mva
from twin.loop.voltage import relieve_voltage
from twin.schema import CONGESTION_CAUSES


@dataclass(frozen=True)
class Now:
    """Truth of one half-hour; axes M members, P plants, A areas."""

    plant_available_mw: np.ndarray
    plant_outage_mw: np.ndarray
    area_demand_mw: np.ndarray


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
    state = obey_policies(case, state, t)
    sites, soc_kwh = run_sites(case, state, t)
    ledger = Ledger(np.concatenate([now.plant_available_mw, sites.available_mw], axis=1))
    ledger.cut("unavailable", _of_plants(case, now.plant_outage_mw))
    ledger.cut("behind_the_meter", _of_groups(case, sites.throttled_mw))
    unit_mw = np.concatenate([now.plant_available_mw - now.plant_outage_mw, sites.export_mw], axis=1)
    order = area_balance.order(case, t, unit_mw)
    ledger.cut("area_balance", order.physical_mw)
    ledger.settled_mw += order.settled_mw
    unit_mw = apply_caps(case, state, t, ledger, unit_mw - order.physical_mw)

    injections, demand_mw, beside_clipped = _injections(case, now, sites, unit_mw)
    everyone = np.arange(len(case.members))
    managed = Managed(injections, solve_members(case, everyone, injections))
    before = judge(case, managed)
    broken = managed.flow.solved & limit_exceeded(case, before, BROKEN_ABOVE_PERCENT)
    managed = _manage(case, ledger, np.flatnonzero(broken), managed)
    managed = relieve_voltage(case, ledger, everyone, managed)
    changed = np.flatnonzero((managed.injections.unit_mw != injections.unit_mw).any(axis=1) | broken)
    after = judge_again(case, before, changed, managed)
    record = _record(case, now, ledger, sites, managed, demand_mw, beside_clipped, (before, after), broken)
    return _next_state(case, state, t, soc_kwh, record), record


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
    case: Case, now: Now, sites: SiteFlows, unit_mw: np.ndarray
) -> tuple[Injections, np.ndarray, np.ndarray]:
    """Return the injections, the gross demand per area and how many areas the sites ask more of than it has."""
    of_sites = sites.load_mw @ case.group_to_area
    beside_sites = now.area_demand_mw - of_sites
    clipped = (beside_sites < -1e-9).sum(axis=1)
    beside_sites = np.maximum(beside_sites, 0.0)
    gross = beside_sites + of_sites
    injections = Injections(
        unit_mw=unit_mw,
        demand_mw=beside_sites + sites.import_mw @ case.group_to_area,
        demand_mvar=gross * case.load_q_per_p,
        diesel_mw=np.zeros((len(unit_mw), len(case.model.diesels))),
        shed_mw=np.zeros_like(gross),
    )
    return injections, gross, clipped


def _manage(case: Case, ledger: Ledger, members: np.ndarray, managed: Managed) -> Managed:
    """Cut cause by cause; a forecasting operator cuts at once only for the intact grid, the rest was fixed ahead."""
    if not len(members):
        return managed
    part = managed.rows(members)
    for cause in CONGESTION_CAUSES:
        mine = np.flatnonzero(~case.forecast_operator[members]) if cause != "congestion_n0" else np.arange(len(members))
        target = np.full((len(mine), case.grid.end_rating_mva.shape[1]), 100.0)
        some = part.rows(mine)
        part = part.replaced(mine, smallest(case, ledger, members[mine], some.injections, some.flow, cause, target))
    return managed.replaced(members, relieve_import(case, members, part))


def _record(
    case: Case,
    now: Now,
    ledger: Ledger,
    sites: SiteFlows,
    managed: Managed,
    demand_mw: np.ndarray,
    beside_clipped: np.ndarray,
    verdicts: tuple[Verdict, Verdict],
    broken: np.ndarray,
) -> Record:
    injections, flow = managed.injections, managed.flow
    fed_in = injections.unit_mw[:, case.plants :]
    used_by_sites = sites.load_mw - sites.import_mw + sites.charge_mw - sites.discharge_mw
    delivered = np.concatenate([injections.unit_mw[:, : case.plants], used_by_sites + fed_in], axis=1)
    exceeded = limit_exceeded(case, verdicts[1], BROKEN_ABOVE_PERCENT)
    return Record(
        ledger=ledger,
        delivered_mw=delivered,
        sites=sites,
        site_export_mw=fed_in,
        injections=injections,
        node_i=flow.i[:, 0] + 1j * flow.i[:, 1],
        q_svc_mvar=flow.q_svc_pu * case.base_mva,
        demand_mw=demand_mw,
        before=verdicts[0],
        after=verdicts[1],
        broken=broken,
        missed=case.forecast_operator & exceeded,
        residual_mva=np.where(exceeded, residual_mva(case, verdicts[1]), 0.0),
        beside_clipped=beside_clipped,
        failure=_failures(flow, verdicts[1]),
    )


def _failures(flow: Flow, after: Verdict) -> np.ndarray:
    outage = np.where(after.loading_percent >= UNSOLVED_PERCENT, "outage not converged", "")
    return np.where(flow.solved, outage, "power flow not converged")


def _next_state(case: Case, state: State, t: int, soc_kwh: np.ndarray, record: Record) -> State:
    slot = int(case.half_hour_of_day[t])
    net_mw = record.site_export_mw - record.sites.import_mw
    of_today = np.stack([net_mw, record.sites.raw_net_mw, record.sites.load_mw], axis=1)
    state = replace(
        state,
        soc_kwh=soc_kwh,
        export_mw=link_export_mw(case, record.node_i),
        available_mw=record.sites.available_mw,
        delivered_mw=record.delivered_mw[:, case.plants :],
        history=state.history.with_slot(slot, of_today),
    )
    caps = fix_caps(case, state, t)
    return replace(state, cap_pu=caps.pu, cap_cause=caps.cause, cap_end=caps.end, cap_outage=caps.outage)


def link_export_mw(case: Case, node_i: np.ndarray) -> np.ndarray:
    """Return the link's flow at the island side, (M,) MW, export positive."""
    z, w, y_v = case.link_maps
    v = w[case.variant] + np.einsum("rln,rn->rl", z[case.variant], node_i)
    current = np.einsum("rln,rn->rl", y_v[0][case.variant], node_i) + y_v[1][case.variant]
    return (v * np.conj(current)).real.sum(axis=1) * case.base_mva
