"""Plants without remote control: told the day before, they stand still for the whole window of a day."""

from __future__ import annotations

import numpy as np

from twin.core.quantities import CONGESTION_CAUSES
from twin.core.row_arrays import rows_of
from twin.operation.case import Case
from twin.operation.ledger import CAP_STEP, FixedAhead, Ledger
from twin.operation.operator import DAY_AHEAD, Ahead, expected, plan_cuts
from twin.operation.state import State


def stops_of_day(case: Case, state: State, first: int) -> FixedAhead:
    """Return the orders for the window of the day that step `first` is in, (M, P).

    They are decided at midnight, for the worst half-hour of the window that the forecasts of the day before expect,
    with the sites as they were in the same half-hour a day before. Later on the day they stand as decided.

    Parameters
    ----------
    case : Case
    state : State
        Before step `first`.
    first : int
    """
    if case.step_of_day[first] or not case.operator.by_window.any():
        return state.stops
    stops = FixedAhead.none(len(case.members), case.plants)
    day = np.arange(first, min(first + case.clock.steps_of_day, len(case.index)))
    member, step = (x.ravel() for x in np.meshgrid(np.flatnonzero(case.operator.by_window.any(axis=1)), day))
    inside = case.in_window(member, step)
    member, step = member[inside], step[inside]
    if not len(member):
        return stops
    slots = case.step_of_day[step]
    ahead = Ahead(
        member,
        step,
        state.positions[member],
        state.history.at(member, slots),
        state.device_history.at(member, slots)[:, 0],
        np.ones((len(member), case.plants)),
        slots,
    )
    tomorrow = expected(case, ahead, DAY_AHEAD)
    may_cut = case.operator.by_half_hour[member].copy()
    may_cut[:, : case.plants] |= case.operator.by_window[member]
    tight, planned, ledger = plan_cuts(case, tomorrow, may_cut)
    if len(tight):
        _write(case, stops, planned.member, tomorrow.rows(tight).unit_mw[:, : case.plants], ledger)
    return stops


def _write(case: Case, stops: FixedAhead, member: np.ndarray, plant_mw: np.ndarray, ledger: Ledger) -> None:
    """Write the largest share of each plant over the half-hours of each member's window, in whole percents."""
    cut = np.stack([ledger.cut_mw[cause][:, : case.plants] for cause in CONGESTION_CAUSES])
    share = np.divide(cut.sum(axis=0), plant_mw, out=np.zeros_like(plant_mw), where=plant_mw > 0.0)
    share *= case.operator.by_window[member]
    in_steps = np.minimum(np.ceil(share / CAP_STEP - 1e-9) * CAP_STEP, 1.0)
    plants = np.arange(case.plants)
    for m in np.unique(member):
        rows = np.flatnonzero(member == m)
        worst = rows[in_steps[rows].argmax(axis=0)]
        stops.left_pu[m] = 1.0 - in_steps[worst, plants]
        stops.cause[m] = cut.argmax(axis=0)[worst, plants]
        stops.end[m], stops.outage[m] = ledger.end[worst, plants], ledger.outage[worst, plants]


def apply_stops(case: Case, stops: FixedAhead, ledger: Ledger, unit_mw: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Stop the plants that were told so the day before.

    Parameters
    ----------
    case : Case
    stops : FixedAhead
        (R, P), of the half-hours; nobody stands still outside the window.
    ledger : Ledger
        Where the cuts are booked.
    unit_mw : numpy.ndarray, (R, U)

    Returns
    -------
    unit_mw : numpy.ndarray, (R, U)
        What is left.
    stopped_mw : numpy.ndarray, (R,)
        What stands still in all.
    """
    rows = np.flatnonzero((stops.left_pu < 1.0).any(axis=1))
    stopped_mw, left = np.zeros(len(unit_mw)), unit_mw
    if len(rows):
        cut = np.zeros((len(rows), unit_mw.shape[1]))
        cut[:, : case.plants] = (1.0 - stops.left_pu[rows]) * np.maximum(unit_mw[rows, : case.plants], 0.0)
        ledger.cut_as_fixed(rows, rows_of(stops, rows), cut)
        left = unit_mw.copy()
        left[rows] -= cut
        stopped_mw[rows] = cut.sum(axis=1)
    return left, stopped_mw
