"""The operators: orders for the balance of the area, and caps that a forecasting operator fixes ahead."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.core.quantities import CONGESTION_CAUSES
from twin.core.row_arrays import rows_of
from twin.operation.case import Case
from twin.operation.injections import Injections, solve_injections
from twin.operation.ledger import CAP_STEP, FixedAhead, Ledger
from twin.operation.management.congestion import smallest
from twin.operation.management.security import excess_percent
from twin.operation.management.uniform_cap import GridState
from twin.operation.state import LOAD, NET, RAW
from twin.security.limits import VIOLATED_ABOVE_PERCENT


@dataclass(frozen=True)
class Order:
    """Physical and settled cut of each unit, (R, U) in MW."""

    physical_mw: np.ndarray
    settled_mw: np.ndarray


def order(case: Case, step: np.ndarray, member: np.ndarray, remaining_mw: np.ndarray) -> Order:
    """Return the area-balance cut of some half-hours, from each plant's shares in the profiles; sites are exempt.

    Parameters
    ----------
    case : Case
    step, member : numpy.ndarray, (R,) int
    remaining_mw : numpy.ndarray, (R, U)
        What availability and the sites have left.
    """
    available = remaining_mw[:, : case.plants] * case.operator.obeys_area_balance[member][:, None]
    nothing = np.zeros((len(remaining_mw), remaining_mw.shape[1] - case.plants))
    physical, settled = (case.truth(name, step, member) for name in ("area_physical", "area_settled"))
    return Order(
        physical_mw=np.concatenate([physical * available, nothing], axis=1),
        settled_mw=np.concatenate([settled * available, nothing], axis=1),
    )


def apply_caps(case: Case, member: np.ndarray, caps: FixedAhead, ledger: Ledger, unit_mw: np.ndarray) -> np.ndarray:
    """Cut the plants to the caps that were fixed for the half-hours; returns the infeed left, (R, U)."""
    rows = np.flatnonzero(case.operator.forecasts[member])
    if not len(rows):
        return unit_mw
    limit = np.full((len(rows), unit_mw.shape[1]), np.inf)
    limit[:, : case.plants] = caps.left_pu[rows] * case.units.contract_mw[member[rows], : case.plants]
    left = unit_mw.copy()
    left[rows] = np.minimum(unit_mw[rows], limit)
    cut = unit_mw[rows] - left[rows]
    bound = np.flatnonzero((cut > 0.0).any(axis=1))
    if not len(bound):
        return left
    rows = rows[bound]
    ledger.cut_as_fixed(rows, rows_of(caps, rows), cut[bound])
    return left


@dataclass(frozen=True)
class Ahead:
    """What a forecasting operator goes by when he fixes caps, one half-hour of one member a row.

    Attributes
    ----------
    member, step : numpy.ndarray, (R,) int
        The half-hour for which the caps are.
    positions : numpy.ndarray, (R, C) int
        Of taps and reactors, as they stand when he decides.
    sites_mw : numpy.ndarray, (R, 3, G)
        `NET`, `RAW` and `LOAD` of the sites a day before.
    devices_mw : numpy.ndarray, (R, A)
        What flexible devices took a day before.
    running : numpy.ndarray, (R, P)
        Share of each plant that orders for whole windows leave running.
    lead : numpy.ndarray, (R,) int
        Steps from the decision to the half-hour.
    """

    member: np.ndarray
    step: np.ndarray
    positions: np.ndarray
    sites_mw: np.ndarray
    devices_mw: np.ndarray
    running: np.ndarray
    lead: np.ndarray


def fix_caps(case: Case, ahead: Ahead) -> FixedAhead:
    """Return the caps for some half-hours, decided from the forecasts for them.

    What the area is known to order off is gone already. The sites' exchange is expected as a day before: as measured
    where the operator sees the dispatch (flexible devices too), as PV minus demand where it does not.
    """
    caps = FixedAhead.none(len(ahead.member), case.plants)
    if not len(ahead.member):
        return caps
    tight, planned, ledger = plan_cuts(case, expected(case, ahead), case.operator.by_half_hour[ahead.member])
    if len(tight):
        _write(case, caps, tight, planned, ledger)
    return caps


def plan_cuts(case: Case, injections: Injections, may_cut: np.ndarray) -> tuple[np.ndarray, Injections, Ledger]:
    """Return what has to be cut of what is expected, so that the criterion holds with the operator's margin.

    Parameters
    ----------
    case : Case
    injections : Injections
        Expected, R rows.
    may_cut : numpy.ndarray, (R, U) bool
        Units that the orders can reach.

    Returns
    -------
    tight : numpy.ndarray, (r,) int
        Rows in which there is something to cut.
    planned : Injections
        Of these rows, with the cuts.
    ledger : Ledger
        The cuts of these rows.
    """
    state = GridState(injections, solve_injections(case, injections))
    margin_mw, network = case.operator.flow_margin_mw[injections.member], case.network[injections.member]
    target = 100.0 - 100.0 * margin_mw[:, None] / case.grid.end_rating_mva[network]
    tight = np.flatnonzero(excess_percent(case, state, target, with_outages=True) > VIOLATED_ABOVE_PERCENT)
    planned = state.rows(tight)
    ledger = Ledger(np.zeros_like(planned.injections.unit_mw))
    if len(tight):
        for cause in CONGESTION_CAUSES:
            rows = np.arange(len(tight))
            planned = smallest(case, ledger, rows, planned, cause, target[tight], may_cut=may_cut[tight])
    return tight, planned.injections, ledger


SOON = ("plant_available_mw", "area_demand_mw")
DAY_AHEAD = ("plant_day_ahead_mw", "area_day_ahead_mw")
"""Names of the forecasts of plants and demand: at the lead of the caps, and the day before."""


def expected(case: Case, ahead: Ahead, forecasts: tuple[str, str] = SOON) -> Injections:
    """Return the injections forecast for the half-hours, taps and reactors where they stand."""
    member, of_sites = ahead.member, ahead.sites_mw
    sees = case.operator.sees_dispatch[member, None]
    net = np.where(sees, of_sites[:, NET], of_sites[:, RAW])
    plants, area = (case.forecast(name, ahead.step, member) for name in forecasts)
    plants = plants * (1.0 - announced(case, ahead)) * ahead.running
    beside_sites = np.maximum(area - case.areas.sums(of_sites[:, LOAD]), 0.0) + ahead.devices_mw * sees
    demand = beside_sites + case.areas.sums(np.maximum(-net, 0.0))
    return Injections(
        member=member,
        variant=case.grid.variants_at(case.network_at(member, ahead.step), ahead.positions),
        unit_mw=np.concatenate([plants, np.maximum(net, 0.0)], axis=1),
        unit_q_per_p=case.units.q_per_p[member],
        demand_mw=demand,
        demand_mvar=demand * case.areas.q_per_p,
        diesel_mw=np.zeros((len(member), len(case.model.diesels))),
        shed_mw=np.zeros_like(demand),
        link_share=case.link_share(member, ahead.step),
    )


def announced(case: Case, ahead: Ahead) -> np.ndarray:
    """Return the shares of the plants that the area is known to order off when he decides, (R, P).

    The area tells its orders of a day at an hour of the day before. Nobody knows them earlier.
    """
    told = ahead.lead <= case.step_of_day[ahead.step] + case.operator.area_notice_steps[ahead.member]
    reached = (told & case.operator.obeys_area_balance[ahead.member])[:, None]
    shares: np.ndarray = case.truth("area_physical", ahead.step, ahead.member) * reached
    return shares


def _write(case: Case, caps: FixedAhead, rows: np.ndarray, injections: Injections, ledger: Ledger) -> None:
    contract = case.units.contract_mw[injections.member, : case.plants]
    cut = np.stack([ledger.cut_mw[cause][:, : case.plants] for cause in CONGESTION_CAUSES])
    share = np.divide(injections.unit_mw[:, : case.plants], contract, out=np.ones_like(contract), where=contract > 0.0)
    in_steps = np.floor(share / CAP_STEP + 1e-9) * CAP_STEP
    caps.left_pu[rows] = np.where(cut.sum(axis=0) > 0.0, in_steps, 1.0)
    caps.cause[rows] = cut.argmax(axis=0)
    caps.end[rows] = ledger.end[:, : case.plants]
    caps.outage[rows] = ledger.outage[:, : case.plants]
