"""Ask the policies when their decisions fall, and put their orders in force."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from twin.clock import HALF_HOURS_OF_DAY
from twin.devices.names import PLANT_BATTERIES
from twin.errors import InputError, Problem
from twin.loop.case import Case
from twin.loop.state import ORDERS, State
from twin.loop.view import make_view
from twin.policies.interface import ORDER_SLOTS, Dispatch
from twin.policies.running import decide


def obey_policies(case: Case, state: State, t: int) -> tuple[State, np.ndarray]:
    """Return the state with the orders of all policies that decide at step `t`, and where one failed, (M,) bool.

    The first half-hour of a run counts as a decision too, for the half-hours until the next one, without lead.
    """
    failed = np.zeros(len(case.members), dtype=bool)
    slot = int(case.half_hour_of_day[t])
    due = [m for m, member in enumerate(case.members) if t == 0 or member.policy.cadence.is_due(slot)]
    if not due:
        return state, failed
    orders = {name: getattr(state, name).copy() for name in ORDERS}
    for m in due:
        member = case.members[m]
        lead, half_hours = _covered(case, m, t, slot)
        view = make_view(case, state, t, m, lead, half_hours)
        dispatch, failed[m] = decide(
            state.policies[m], view, member.on_policy_failure, member.policy_seconds, member.name
        )
        _put_in_force(orders, m, (t + lead + np.arange(half_hours)) % ORDER_SLOTS, dispatch)
    return replace(state, **orders), failed


def _covered(case: Case, m: int, t: int, slot: int) -> tuple[int, int]:
    """Return after how many half-hours the orders begin, and how many they cover."""
    cadence = case.members[m].policy.cadence
    if cadence.is_due(slot) and (t > 0 or cadence.lead == 0):
        return cadence.lead, cadence.half_hours
    if cadence.lead and slot:
        where, accepted = f"policy of {case.members[m].name}", "a run that begins at midnight"
        raise InputError(
            [Problem("a policy that decides ahead cannot begin within a day", where, f"{slot / 2:g} h", accepted)]
        )
    until_next = (cadence.first - slot) % cadence.half_hours or cadence.half_hours
    return 0, min(until_next + cadence.lead, HALF_HOURS_OF_DAY)


def _put_in_force(orders: dict[str, np.ndarray], m: int, slots: np.ndarray, dispatch: Dispatch) -> None:
    for name in ORDERS:
        values = np.asarray(getattr(dispatch, name))[: len(slots)]
        if name == "device_pu":
            orders[name][m][slots] = 0.0
            orders[name][m, slots, : values.shape[1]] = values
        else:
            orders[name][m, slots] = values


def plant_battery_pu(case: Case, state: State, t: int) -> np.ndarray:
    """Return the order in force for the batteries beside plants, (M,)."""
    slot = t % ORDER_SLOTS
    found = np.zeros(len(case.members))
    for m, member in enumerate(case.members):
        if member.plant_batteries is not None:
            found[m] = state.device_pu[m, slot, member.orderable.index(PLANT_BATTERIES)]
    return found
