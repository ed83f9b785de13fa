"""Ask the policies when their decisions fall: what they see, and their orders put in force."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from twin.core.clock import HALF_HOURS_OF_DAY
from twin.core.errors import InputError, Problem
from twin.core.units import KW_PER_MW, KWH_PER_MWH
from twin.devices.device import PLANT_BATTERIES
from twin.operation.case import Case
from twin.operation.state import ORDERS, State
from twin.policies.interface import ORDER_SLOTS, Batteries, Dispatch, View
from twin.policies.running import decide


def make_view(case: Case, state: State, t: int, m: int, lead: int, half_hours: int) -> View:
    """Return the view of member `m` at step `t` for orders that begin `lead` half-hours later."""
    member = case.members[m]
    limit = float(case.export_limit_mw[m])
    return View(
        time=case.index[t],
        half_hour_of_day=(int(case.half_hour_of_day[t]) + lead) % HALF_HOURS_OF_DAY,
        half_hours=half_hours,
        batteries=_batteries(case, state, m),
        measured_export_mw=float(state.export_mw[m]),
        measured_available_mw=state.available_mw[m].copy(),
        measured_delivered_mw=state.delivered_mw[m].copy(),
        outlook=case.outlooks[member.outlook].at(t, lead, limit),
        caps_mw=_caps(case, state, t, m),
        export_limit_mw=limit,
        export_per_mw=case.export_per_mw[m, case.area_of_group],
        devices=member.orderable,
        device_stored_mwh=_stored(case, state, m),
    )


def _batteries(case: Case, state: State, m: int) -> Batteries:
    devices = case.members[m].devices
    energy = case.by_group(devices.battery_kwh)

    def mean(per_kwh: np.ndarray) -> np.ndarray:
        """Average over the capacity of each group; 0 without batteries."""
        total = case.by_group(per_kwh * devices.battery_kwh)
        result: np.ndarray = np.divide(total, energy, out=np.zeros_like(energy), where=energy > 0.0)
        return result

    stored = case.by_group(state.soc_kwh[m])
    return Batteries(
        energy_mwh=energy / KWH_PER_MWH,
        power_mw=case.by_group(devices.battery_kw) / KW_PER_MW,
        soc_percent=100.0 * np.divide(stored, energy, out=np.zeros_like(stored), where=energy > 0.0),
        soc_min_percent=100.0 * mean(devices.soc_min_share),
        soc_max_percent=100.0 * mean(devices.soc_max_share),
        efficiency=mean(devices.efficiency),
    )


def _caps(case: Case, state: State, t: int, m: int) -> np.ndarray:
    """Return the sum of the caps fixed for the half-hours from `t` on, (L,) MW; empty where none are fixed."""
    member = case.members[m]
    if member.operator != "forecast":
        return np.zeros(0)
    lead = member.forecast_lead_half_hours
    slots = (t + np.arange(lead)) % lead
    result: np.ndarray = state.cap_pu[m, slots] @ case.contract_mw[m, : case.plants]
    return result


def _stored(case: Case, state: State, m: int) -> np.ndarray:
    """Return what the member's devices held at the end of the half-hour before, (K,)."""
    member = case.members[m]
    of_names = dict(zip(case.device_names, state.device_stored_mwh[m], strict=True))
    of_names[PLANT_BATTERIES] = float(state.plant_soc_mwh[m].sum())
    return np.array([of_names[name] for name in member.orderable], dtype=float)


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
