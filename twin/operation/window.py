"""Consecutive half-hours of all members: policies, sites and devices in order, then the grid of all of them at once.

Both run when somebody looks: sites and devices where a policy reads how full batteries are, the grid where one reads
what is measured, and both at the end of the window. What a half-hour hands to the next through the grid is rare;
`twin.operation.carried` takes it as unmoved and checks it.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np

from twin.core.row_arrays import joined_rows, map_arrays, rows_of
from twin.operation.carried import solve_grid
from twin.operation.case import Case
from twin.operation.devices import run_devices, run_sites
from twin.operation.dispatch import Past, orders_due, somebody_decides
from twin.operation.half_hour import HalfHours
from twin.operation.record import Record
from twin.operation.state import State


class Window:
    """Half-hours from `start` on, at most a day of them.

    Parameters
    ----------
    case : Case
    state : State
        Before the first half-hour.
    start : int

    Attributes
    ----------
    state : State
        With the orders of all decisions up to now, sites and devices up to where they have run, and the grid up to
        where it is solved.
    counts : dict of str to int
        ``half_hours`` of members, those ``half_hours_repeated`` because something had moved, and ``grid_solutions``:
        one, and one more for each half-hour in which a policy has looked; ``windows`` is 1.
    """

    def __init__(self, case: Case, state: State, start: int) -> None:
        self.case, self.state = case, state
        self.counts = {"windows": 1, "half_hours": 0, "half_hours_repeated": 0, "grid_solutions": 0}
        self._now = self._ran = self._solved = start
        self._failed: dict[int, np.ndarray] = {}
        self._waiting: list[HalfHours] = []
        self._records: list[Record] = []

    def run(self, stop: int) -> Record:
        """Run the half-hours up to `stop` and return their record, (T, M)."""
        while self._now < stop:
            self._obey_policies()
            self._now = next((t for t in range(self._now + 1, stop) if somebody_decides(self.case, t)), stop)
        self.look()
        return joined_rows(self._records)

    def devices(self, t: int) -> HalfHours:
        """Run policies, sites and devices in half-hour `t`, whose grid is left to the caller."""
        self._obey_policies()
        self._now = t + 1
        self.run_devices()
        waiting = self._waiting.pop()
        return map_arrays(lambda values: values[0], waiting)

    def look(self) -> State:
        """Solve the grid of the half-hours that wait for it; returns the state after them."""
        self.run_devices()
        if self._waiting:
            waiting, self._waiting = joined_rows(self._waiting), []
            for steps in self._pieces():
                some = slice(steps.start - self._solved, steps.stop - self._solved)
                part = waiting if len(steps) == len(waiting.member) else rows_of(waiting, some)
                record, self.state, repeated = solve_grid(self.case, self.state, steps, part)
                self._records.append(record)
                self.counts["half_hours"] += len(steps) * len(self.case.members)
                self.counts["half_hours_repeated"] += repeated
                self.counts["grid_solutions"] += 1
            self._solved = self._now
        return self.state

    def _pieces(self) -> list[range]:
        """Return the steps whose grid waits, each day's apart where the operator decides at midnight."""
        steps, case = range(self._solved, self._now), self.case
        midnights = steps.start + np.flatnonzero(case.step_of_day[steps.start + 1 : steps.stop] == 0) + 1
        if not len(midnights) or not case.operator.by_window.any():
            return [steps]
        return [range(int(a), int(b)) for a, b in pairwise([steps.start, *midnights, steps.stop])]

    def _obey_policies(self) -> None:
        """Put orders in force where decisions fall on this half-hour; earlier ones must not be overwritten yet."""
        t, case = self._now, self.case
        if t - self._ran + case.orders_reach > case.order_slots:
            self.run_devices()
        orders, self._failed[t] = orders_due(case, self.state, t, Past(self.run_devices, self.look))
        self.state = replace(self.state, **orders)

    def run_devices(self) -> State:
        """Run sites and devices at the areas up to now, by the orders in force; returns the state after them."""
        case, steps = self.case, range(self._ran, self._now)
        if not steps:
            return self.state
        shape = (len(steps), len(case.members))
        member, step = np.tile(np.arange(shape[1]), (shape[0], 1)), np.tile(np.array(steps)[:, None], shape[1])
        area_demand_mw = case.truth("area_demand_mw", step.ravel(), member.ravel()).reshape(*shape, -1)
        sites, state = run_sites(case, self.state, steps)
        flexible, device_state = run_devices(case, state, steps, area_demand_mw)
        slots = np.array(steps) % case.order_slots
        nowhere = np.zeros(shape[1], dtype=bool)
        self._waiting.append(
            HalfHours(
                member=member,
                step=step,
                sites=sites,
                flexible=flexible,
                area_demand_mw=area_demand_mw,
                price_ratio=state.price_ratio[:, slots].T.copy(),
                device_pu=np.ascontiguousarray(state.device_pu[:, slots].swapaxes(0, 1)),
                policy_failed=np.stack([self._failed.get(t, nowhere) for t in steps]),
            )
        )
        at_areas = ~case.fleet.is_beside_plants
        stored_mwh = np.where(at_areas, flexible.stored_mwh[-1], state.device_stored_mwh)
        self.state = replace(state, device_state=device_state, device_stored_mwh=stored_mwh)
        self._ran = self._now
        return self.state


def before_grid(case: Case, state: State, t: int) -> HalfHours:
    """Return half-hour `t` of all members as far as no grid is needed, from `state` at its start; a row a member."""
    return Window(case, state, t).devices(t)


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
        A row a member.
    """
    window = Window(case, state, t)
    record = window.run(t + 1)
    return window.state, record.at(0)
