"""What half-hours hand on through the grid: taken as unmoved, checked, and where it moves the rest is solved again.

Four things are handed on: where taps and reactors stand, the charge of batteries beside plants, caps fixed ahead, and
set-points of constraint zones.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from twin.core.row_arrays import map_arrays, put_rows, rows_of, with_rows
from twin.network.variants.flow import Flow, link_export_mw
from twin.operation.case import Case
from twin.operation.half_hour import Before, HalfHours, order_infeed, run_half_hours, settle
from twin.operation.ledger import FixedAhead
from twin.operation.management.controls import next_positions, within_bands
from twin.operation.operator import Ahead, fix_caps
from twin.operation.record import Record
from twin.operation.state import State
from twin.operation.whole_windows import stops_of_day


def solve_grid(case: Case, state: State, steps: range, now: HalfHours) -> tuple[Record, State, int]:
    """Run half-hours of all members, in which sites and devices have run, through the grid.

    Parameters
    ----------
    case : Case
    state : State
        At the start of the first one; with the devices at its end.
    steps : range
        At most a day; of one calendar day where plants are ordered by whole windows.
    now : HalfHours
        With axes T steps, M members.

    Returns
    -------
    record : Record
        (T, M).
    state : State
        At the end.
    repeated : int
        Rows that were solved again.
    """
    count, members = now.member.shape
    flat = map_arrays(lambda values: values.reshape(count * members, *values.shape[2:]), now)
    carried = Carried(case, state, steps, flat)
    record: Record | None = None
    solved = 0
    while len(rows := carried.rows_to_solve()):
        carried.fix_caps()
        carried.charge_as_ordered(rows)
        some = flat if len(rows) == count * members else rows_of(flat, rows)
        part, flow, device_state = run_half_hours(case, some, carried.before(rows))
        record = part if record is None else with_rows(record, rows, part)
        carried.check(rows, flow, device_state, part.zones.set_point_mw)
        solved += len(rows)
    assert record is not None
    whole = map_arrays(lambda values: values.reshape(count, members, *values.shape[1:]), record)
    return whole, carried.state_after(whole), solved - count * members


class Carried:
    """What is taken to stand at the start of each half-hour of some steps, and up to where it is known to be right.

    Parameters
    ----------
    case : Case
    state : State
        At the start of the first step.
    steps : range
    now : HalfHours
        T x M rows, step after step.

    Attributes
    ----------
    positions, outside_steps : numpy.ndarray, (T + 1, M, C) int
        Of taps and reactors, as in `State`.
    device_state : numpy.ndarray, (T + 1, M, K)
        Of the devices beside plants.
    set_point_mw : numpy.ndarray, (T + 1, M, Z, P)
        Of the constraint zones.
    caps : FixedAhead
        (T + L, M, P).
    right : numpy.ndarray, (M,) int
        So many half-hours of each member are right.
    tried : numpy.ndarray, (M,) int
        So many more are solved at once; all at first, few after something has moved.
    capped : numpy.ndarray, (M,) int
        In so many half-hours caps have been fixed.
    stops : FixedAhead
        (M, P), for the window of the day.
    """

    def __init__(self, case: Case, state: State, steps: range, now: HalfHours) -> None:
        self.case, self.state, self.steps, self.now = case, state, steps, now
        self.count, self.members = len(steps), len(case.members)
        self.positions, self.outside_steps, self.device_state, self.set_point_mw = (
            np.repeat(values[None], self.count + 1, axis=0)
            for values in (state.positions, state.outside_steps, state.device_state, state.set_point_mw)
        )
        self.right, self.capped = np.zeros((2, self.members), dtype=np.int64)
        self.tried = np.full(self.members, self.count)
        self.stops = stops_of_day(case, state, steps.start)
        self.caps = FixedAhead.none(self.count + case.lead_slots, self.members, case.plants)
        for m, lead in self._forecasting():
            slots = np.arange(steps.start, steps.start + lead) % lead
            put_rows(self.caps, (slice(lead), m), rows_of(state.caps, (m, slots)))

    def rows_to_solve(self) -> np.ndarray:
        """Return the rows that are tried next; none where all is right."""
        k = np.arange(self.count)[:, None]
        return np.flatnonzero((k >= self.right) & (k < self._stop()))

    def before(self, rows: np.ndarray) -> Before:
        """Return what is taken to stand when some half-hours begin."""
        k, m = np.divmod(rows, self.members)
        stops = rows_of(self.stops, m)
        inside = self.case.in_window(m, self.steps.start + k)
        stops = replace(stops, left_pu=np.where(inside[:, None], stops.left_pu, 1.0))
        caps = rows_of(self.caps, (k, m))
        return Before(self.positions[k, m], caps, stops, self.device_state[k, m], self.set_point_mw[k, m])

    def charge_as_ordered(self, rows: np.ndarray) -> None:
        """Take it that the grid cuts nothing of what batteries beside plants are ordered to do."""
        rows = rows[self.case.fleet.has_plant_device[rows % self.members]]
        for k in np.unique(rows // self.members):
            some = rows[rows // self.members == k]
            now, before = rows_of(self.now, some), self.before(some)
            ordered = order_infeed(self.case, now, before)
            _, after = settle(self.case, now, before, ordered, ordered.unit_mw)
            self.device_state[k + 1, some % self.members] = after

    def fix_caps(self) -> None:
        """Fix the caps that bind in the half-hours tried next, from the day before."""
        pairs = [
            (k, m) for m, lead in self._forecasting() for k in range(self.capped[m], self._stop()[m] - lead)
        ]  # fmt: skip
        if pairs:
            self._fix_caps(np.array(pairs), None)

    def check(self, rows: np.ndarray, flow: Flow, device_state: np.ndarray, set_point_mw: np.ndarray) -> None:
        """Find where something has moved: only what comes before it is right.

        Parameters
        ----------
        rows : numpy.ndarray, (R,) int
            Half-hours that were tried.
        flow : Flow
            Their final flows.
        device_state : numpy.ndarray, (R, K)
            At their end, of the devices beside plants.
        set_point_mw : numpy.ndarray, (R, Z, P)
            After them, of the constraint zones.
        """
        k, m = np.divmod(rows, self.members)
        stop = self._stop()
        charged = (device_state != self.device_state[k + 1, m]).any(axis=1) & self.case.fleet.has_plant_device[m]
        ordered = (set_point_mw != self.set_point_mw[k + 1, m]).any(axis=(1, 2))
        for r in np.flatnonzero(charged | ordered)[::-1]:
            stop[m[r]] = k[r] + 1
        within = k < stop[m]
        ends = within & (k + 1 == stop[m])
        self.device_state[k[ends] + 1, m[ends]] = device_state[ends]
        for r in np.flatnonzero(ends & ordered):
            self.set_point_mw[k[r] + 1 :, m[r]] = set_point_mw[r]
        if self.positions.shape[2]:
            stop = self._check_controls(rows[within], flow.rows(within), stop)
        longer = np.minimum(2 * self.tried, self.count)
        self.tried = np.where(stop == self._stop(), longer, np.maximum(stop - self.right, 1))
        self.right = stop

    def _check_controls(self, rows: np.ndarray, flow: Flow, stop: np.ndarray) -> np.ndarray:
        """Move taps and reactors half-hour after half-hour; returns the half-hours up to the first move of each."""
        k, m = np.divmod(rows, self.members)
        if not self.outside_steps[self.right, np.arange(self.members)].any() and within_bands(self.case, m, flow):
            self.outside_steps[k + 1, m] = 0
            return stop
        stop = stop.copy()
        for step in np.unique(k):
            at = np.flatnonzero((k == step) & (step < stop[m]))
            who = m[at]
            before = self.positions[step, who], self.outside_steps[step, who]
            positions, outside = next_positions(self.case, *before, flow.rows(at), who)
            moved = (positions != before[0]).any(axis=1)
            self.outside_steps[step + 1, who] = outside
            for j in np.flatnonzero(moved):
                stop[who[j]] = step + 1
                self.positions[step + 1 :, who[j]] = positions[j]
                self.capped[who[j]] = min(self.capped[who[j]], step)
        return stop

    def state_after(self, record: Record) -> State:
        """Return the state after the last half-hour, all of them being right."""
        case, steps = self.case, self.steps
        slots = case.step_of_day[steps.start : steps.stop].tolist()
        net_mw = record.site_export_mw - record.sites.import_mw
        of_sites = np.stack([net_mw, record.sites.raw_net_mw, record.sites.load_mw], axis=2)
        of_devices = (record.flexible.area_mw + record.flexible.storage_mw)[:, :, None]
        state = replace(
            self.state,
            positions=self.positions[-1],
            outside_steps=self.outside_steps[-1],
            device_state=np.where(case.fleet.is_plant_state, self.device_state[-1], self.state.device_state),
            device_stored_mwh=record.flexible.stored_mwh[-1],
            export_mw=link_export_mw(case.grid, record.injections.variant[-1], record.node_i[-1]),
            available_mw=record.sites.available_mw[-1],
            delivered_mw=record.delivered_mw[-1][:, case.plants :],
            history=self.state.history.with_slots(slots, of_sites),
            device_history=self.state.device_history.with_slots(slots, of_devices),
            stops=self.stops,
            set_point_mw=self.set_point_mw[-1],
        )
        return self._with_caps(state, of_sites, of_devices)

    def _with_caps(self, state: State, of_sites: np.ndarray, of_devices: np.ndarray) -> State:
        """Return the state with the caps for later half-hours, some of them from what was measured today."""
        forecasting = self._forecasting()
        if not forecasting:
            return state
        pairs = [(k, m) for m, _ in forecasting for k in range(self.capped[m], self.count)]
        if pairs:
            self._fix_caps(np.array(pairs), (of_sites, of_devices))
        caps = map_arrays(np.copy, state.caps)
        for m, lead in forecasting:
            ahead = np.arange(self.count, self.count + lead)
            ahead = ahead[self.steps.start + ahead < len(self.case.index)]
            put_rows(caps, (m, (self.steps.start + ahead) % lead), rows_of(self.caps, (ahead, m)))
        return replace(state, caps=caps)

    def _fix_caps(self, pairs: np.ndarray, today: tuple[np.ndarray, np.ndarray] | None) -> None:
        """Fix caps in half-hours k of members m, (n, 2) pairs; what was measured today counts where it is given."""
        case, (k, m) = self.case, pairs.T
        lead = case.operator.lead_steps[m]
        known = self.steps.start + k + lead < len(case.index)
        k, m, lead = k[known], m[known], lead[known]
        step = self.steps.start + k + lead
        slots = case.step_of_day[step]
        histories = self.state.history, self.state.device_history
        sites_mw, devices_mw = (history.at(m, slots) for history in histories)
        if today is not None:
            a_day_before = k + lead - case.clock.steps_of_day * -(-lead // case.clock.steps_of_day)
            rows = np.flatnonzero(a_day_before >= 0)
            at = a_day_before[rows], m[rows]
            sites_mw[rows], devices_mw[rows] = today[0][at], today[1][at]
        day_ends = self.steps.start - case.step_of_day[self.steps.start] + case.clock.steps_of_day
        stopped = ((step < day_ends) & case.in_window(m, step))[:, None]
        running = np.where(stopped, self.stops.left_pu[m], 1.0)
        ahead = Ahead(m, step, self.positions[k + 1, m], sites_mw, devices_mw[:, 0], running, lead)
        put_rows(self.caps, (k + lead, m), fix_caps(case, ahead))
        np.maximum.at(self.capped, pairs[:, 1], pairs[:, 0] + 1)

    def _forecasting(self) -> list[tuple[int, int]]:
        """Return the members whose operators fix caps ahead, and how many steps."""
        operator = self.case.operator
        return [(m, int(operator.lead_steps[m])) for m in np.flatnonzero(operator.forecasts).tolist()]

    def _stop(self) -> np.ndarray:
        stop: np.ndarray = np.minimum(self.right + self.tried, self.count)
        return stop
