"""The operators: orders for the balance of the area, and caps that a forecasting operator fixes ahead."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.core.quantities import CONGESTION_CAUSES
from twin.operation.case import Case
from twin.operation.injections import Injections, solve_injections
from twin.operation.ledger import NOTHING, Ledger
from twin.operation.management.congestion import smallest
from twin.operation.management.security import excess_percent
from twin.operation.management.uniform_cap import Managed
from twin.operation.state import LOAD, NET, RAW, Caps, State
from twin.security.limits import VIOLATED_ABOVE_PERCENT


@dataclass(frozen=True)
class Order:
    """Physical and settled cut of each unit, (M, U) in MW."""

    physical_mw: np.ndarray
    settled_mw: np.ndarray


def order(case: Case, t: int, remaining_mw: np.ndarray) -> Order:
    """Return the area-balance cut of half-hour `t`, from each plant's shares in the profiles; sites are exempt.

    Parameters
    ----------
    case : Case
    t : int
    remaining_mw : numpy.ndarray, (M, U)
        What availability and the sites have left.
    """
    physical = np.stack([profiles.area_physical[t] for profiles, _ in case.profiles])[case.profile]
    settled = np.stack([profiles.area_settled[t] for profiles, _ in case.profiles])[case.profile]
    available = remaining_mw[:, : case.plants] * case.operator.obeys_area_balance[:, None]
    nothing = np.zeros((len(remaining_mw), remaining_mw.shape[1] - case.plants))
    return Order(
        physical_mw=np.concatenate([physical * available, nothing], axis=1),
        settled_mw=np.concatenate([settled * available, nothing], axis=1),
    )


CAP_STEP = 0.01


def apply_caps(case: Case, state: State, t: int, ledger: Ledger, unit_mw: np.ndarray) -> np.ndarray:
    """Cut the plants to the caps that were fixed for half-hour `t`; returns the infeed left, (M, U)."""
    rows = np.flatnonzero(case.operator.forecasts)
    if not len(rows):
        return unit_mw
    slot = t % case.operator.lead_steps[rows]
    limit = np.full((len(rows), unit_mw.shape[1]), np.inf)
    limit[:, : case.plants] = state.cap_pu[rows, slot] * case.units.contract_mw[rows, : case.plants]
    left = unit_mw.copy()
    left[rows] = np.minimum(unit_mw[rows], limit)
    cut = unit_mw[rows] - left[rows]
    bound = np.flatnonzero((cut > 0.0).any(axis=1))
    if not len(bound):
        return left
    rows, slot, cut = rows[bound], slot[bound], cut[bound]
    end = np.full(cut.shape, NOTHING)
    outage, cause_number = np.zeros(cut.shape, dtype=np.int64), np.full(cut.shape, NOTHING)
    end[:, : case.plants], outage[:, : case.plants] = state.cap_end[rows, slot], state.cap_outage[rows, slot]
    cause_number[:, : case.plants] = state.cap_cause[rows, slot]
    for number, cause in enumerate(CONGESTION_CAUSES):
        ledger.cut_for(cause, rows, cut * (cause_number == number), end, outage)
    return left


def fix_caps(case: Case, state: State, t: int) -> Caps:
    """Return the caps with those for half-hour ``t + lead`` written, decided from the forecast for it.

    The sites' exchange is expected as a day before: as measured where the operator sees the dispatch (flexible
    devices too), as PV minus demand where it does not.
    """
    caps = Caps(state.cap_pu.copy(), state.cap_cause.copy(), state.cap_end.copy(), state.cap_outage.copy())
    rows = np.flatnonzero(case.operator.forecasts & (t + case.operator.lead_steps < len(case.index)))
    if not len(rows):
        return caps
    lead = case.operator.lead_steps[rows]
    caps.pu[rows, t % lead] = 1.0
    injections = _expected(case, state, rows, t + lead)
    expected = Managed(injections, solve_injections(case, injections))
    target = 100.0 - 100.0 * case.operator.flow_margin_mw[rows, None] / case.grid.end_rating_mva[case.network[rows]]
    tight = np.flatnonzero(excess_percent(case, rows, expected, target, with_outages=True) > VIOLATED_ABOVE_PERCENT)
    if not len(tight):
        return caps
    rows, planned, target = rows[tight], expected.rows(tight), target[tight]
    ledger = Ledger(np.zeros((len(case.members), len(case.units.names))))
    for cause in CONGESTION_CAUSES:
        planned = smallest(case, ledger, rows, planned.injections, planned.flow, cause, target)
    _write(case, caps, rows, t % lead[tight], planned.injections.unit_mw, ledger)
    return caps


def _expected(case: Case, state: State, rows: np.ndarray, ahead: np.ndarray) -> Injections:
    """Injections forecast for the half-hours `ahead`, (R,); taps and reactors where the next half-hour has them."""
    day_before = state.history.at(rows, case.step_of_day[ahead])
    net = np.where(case.operator.sees_dispatch[rows, None], day_before[:, NET], day_before[:, RAW])
    forecasts = [case.profiles[case.profile[m]][1] for m in rows]
    area = np.stack([f.area_demand_mw[t] for f, t in zip(forecasts, ahead, strict=True)])
    plants = np.stack([f.plant_available_mw[t] for f, t in zip(forecasts, ahead, strict=True)])
    devices = state.device_history.at(rows, case.step_of_day[ahead])[:, 0] * case.operator.sees_dispatch[rows, None]
    beside_sites = np.maximum(area - day_before[:, LOAD] @ case.areas.group_incidence, 0.0) + devices
    demand = beside_sites + np.maximum(-net, 0.0) @ case.areas.group_incidence
    return Injections(
        variant=case.grid.variants_at(case.network[rows], state.positions[rows]),
        unit_mw=np.concatenate([plants, np.maximum(net, 0.0)], axis=1),
        unit_q_per_p=case.units.q_per_p[rows],
        demand_mw=demand,
        demand_mvar=demand * case.areas.q_per_p,
        diesel_mw=np.zeros((len(rows), len(case.model.diesels))),
        shed_mw=np.zeros_like(demand),
    )


def _write(case: Case, caps: Caps, rows: np.ndarray, slot: np.ndarray, unit_mw: np.ndarray, ledger: Ledger) -> None:
    contract = case.units.contract_mw[rows, : case.plants]
    cut = np.stack([ledger.cut_mw[cause][rows, : case.plants] for cause in CONGESTION_CAUSES])
    share = np.divide(unit_mw[:, : case.plants], contract, out=np.ones_like(contract), where=contract > 0.0)
    in_steps = np.floor(share / CAP_STEP + 1e-9) * CAP_STEP
    caps.pu[rows, slot] = np.where(cut.sum(axis=0) > 0.0, in_steps, 1.0)
    caps.cause[rows, slot] = cut.argmax(axis=0)
    caps.end[rows, slot] = ledger.end[rows, : case.plants]
    caps.outage[rows, slot] = ledger.outage[rows, : case.plants]
