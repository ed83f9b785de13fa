"""Ask the policies when their decisions fall: what they see, and their orders put in force."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from twin.core.errors import InputError, Problem
from twin.operation.case import Case
from twin.operation.case_parts import sum_by_group
from twin.operation.state import State
from twin.policies.interface import ORDERS, Batteries, BatteriesWhenRead, Dispatch, Measured, Policy, View
from twin.policies.running.decision import Asked, decide_all


class Past(NamedTuple):
    """How a policy comes to what has happened before its decision; both give the state at its beginning.

    Attributes
    ----------
    run : callable
        Sites and devices at the areas are run up to now.
    solve : callable
        The grid too is solved up to now.
    """

    run: Callable[[], State]
    solve: Callable[[], State]

    @staticmethod
    def over(state: State) -> Past:
        """Return that of a state up to which everything is done."""
        return Past(lambda: state, lambda: state)


def make_view(case: Case, past: Past | State, t: int, m: int, lead: int, steps: int) -> View:
    """Return the view of member `m` at step `t` for orders that begin `lead` steps later.

    Parameters
    ----------
    case : Case
    past : Past or State
        State at the start of the step, or how one comes to it.
    t, m, lead, steps : int
        The orders cover `steps` steps.
    """
    member, past = case.members[m], Past.over(past) if isinstance(past, State) else past
    beside_plants = bool(case.fleet.has_plant_device[m])
    limit = float(case.export_limit_mw[m])
    return View(
        time=case.index[t],
        step_of_day=(int(case.step_of_day[t]) + lead) % case.clock.steps_of_day,
        steps=steps,
        batteries=BatteriesWhenRead(lambda: _batteries(case, past.run(), m)),
        measured=lambda: _measured(case, past.solve(), t, m),
        stored=lambda: _stored(case, past.solve() if beside_plants else past.run(), m),
        outlook=case.outlooks[member.outlook].at(t, lead, limit),
        export_limit_mw=limit,
        export_per_mw=case.export_per_mw[m, case.areas.of_group],
        devices=member.orderable,
        step_minutes=case.clock.step_minutes,
    )


def _batteries(case: Case, state: State, m: int) -> Batteries:
    of_class = case.fleet.device_class[m]
    energy, stored = case.fleet.battery_kwh[of_class], sum_by_group(case.sites, state.soc_kwh[m])
    soc_percent = 100.0 * np.divide(stored, energy, out=np.zeros_like(stored), where=energy > 0.0)
    constant = {name: values.copy() for name, values in vars(case.fleet.batteries_of_groups[of_class]).items()}
    return Batteries(**constant | {"soc_percent": soc_percent})


def _measured(case: Case, state: State, t: int, m: int) -> Measured:
    available_mw, delivered_mw = state.available_mw[m].copy(), state.delivered_mw[m].copy()
    return Measured(float(state.export_mw[m]), available_mw, delivered_mw, _caps(case, state, t, m))


def _caps(case: Case, state: State, t: int, m: int) -> np.ndarray:
    """Return the sum of the caps fixed for the steps from `t` on, (L,) MW; empty where none are fixed."""
    member = case.members[m]
    if member.operator != "forecast":
        return np.zeros(0)
    lead = int(case.operator.lead_steps[m])
    slots = (t + np.arange(lead)) % lead
    result: np.ndarray = state.caps.left_pu[m, slots] @ case.units.contract_mw[m, : case.plants]
    return result


def _stored(case: Case, state: State, m: int) -> np.ndarray:
    """Return what the member's devices held at the end of the step before, (K,)."""
    member = case.members[m]
    of_names = dict(zip(case.fleet.device_names, state.device_stored_mwh[m], strict=True))
    return np.array([of_names[name] for name in member.orderable], dtype=float)


def somebody_decides(case: Case, t: int) -> bool:
    """Return whether the decision of any policy falls on step `t`."""
    return t == 0 or any(rhythm.is_due(int(case.step_of_day[t])) for rhythm in set(case.rhythms))


Orders = dict[str, Any]
"""By the names of `twin.policies.interface.ORDERS`, as in `State`."""


def orders_due(case: Case, state: State, t: int, past: Past | None = None) -> tuple[Orders, np.ndarray]:
    """Return the orders in force once all policies that decide at step `t` have done so.

    The first step of a run counts as a decision too, for the steps until the next one, without lead.

    Parameters
    ----------
    case : Case
    state : State
        With the orders in force before.
    t : int
    past : Past, optional
        How a policy that looks comes to what it looks at; not needed where everything before `t` is done in `state`.

    Returns
    -------
    orders : dict of str to numpy.ndarray
        Empty where nobody decides.
    failed : numpy.ndarray, (M,) bool
        Where a decision failed.
    """
    failed, past = np.zeros(len(case.members), dtype=bool), past or Past.over(state)
    slot, is_over = int(case.step_of_day[t]), False
    due = [m for m in range(len(case.members)) if t == 0 or case.rhythms[m].is_due(slot)]
    if not due:
        return {}, failed

    def until_decided(look: Callable[[], State]) -> Callable[[], State]:
        def looked() -> State:
            if is_over:
                repair = "keep the numbers themselves, e.g. float(view.measured_export_mw)"
                raise InputError([Problem("a view is read after its decision", "View", repair=repair)])
            return look()

        return looked

    shown = Past(until_decided(past.run), until_decided(past.solve))
    orders = {name: getattr(state, name).copy() for name in ORDERS}
    spans = {m: covered(case, m, t, slot) for m in due}
    asked = [_asked(case, shown, state.policies[m], t, m, *spans[m]) for m in due]
    for m, (dispatch, has_failed) in zip(due, decide_all(asked), strict=True):
        lead, steps = spans[m]
        failed[m] = has_failed
        put_in_force(orders, m, (t + lead + np.arange(steps)) % case.order_slots, dispatch)
    is_over = True
    return orders, failed


def _asked(case: Case, past: Past, policy: Policy, t: int, m: int, lead: int, steps: int) -> Asked:
    member, view = case.members[m], make_view(case, past, t, m, lead, steps)
    return Asked(policy, view, member.on_policy_failure, member.policy_seconds, member.name)


def covered(case: Case, m: int, t: int, slot: int) -> tuple[int, int]:
    """Return after how many steps the orders begin, and how many they cover."""
    rhythm = case.rhythms[m]
    if rhythm.is_due(slot) and (t > 0 or rhythm.lead == 0):
        return rhythm.lead, rhythm.every
    if rhythm.lead and slot:
        where, accepted = f"policy of {case.members[m].name}", "a run that begins at midnight"
        raise InputError(
            [
                Problem(
                    "a policy that decides ahead cannot begin within a day",
                    where,
                    f"{slot * case.step_hours:g} h",
                    accepted,
                )
            ]
        )
    until_next = (rhythm.first - slot) % rhythm.every or rhythm.every
    return 0, min(until_next + rhythm.lead, case.clock.steps_of_day)


def put_in_force(orders: Orders, m: int, slots: np.ndarray, dispatch: Dispatch) -> None:
    """Write a member's orders into the slots that they are for."""
    for name in ORDERS:
        values = np.asarray(getattr(dispatch, name))[: len(slots)]
        if name == "device_pu":
            orders[name][m][slots] = 0.0
            orders[name][m, slots, : values.shape[1]] = values
        else:
            orders[name][m, slots] = values
