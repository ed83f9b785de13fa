"""What one member's policy sees at a decision: copies, so that nothing can be changed through it."""

from __future__ import annotations

import numpy as np

from twin.clock import HALF_HOURS_OF_DAY
from twin.devices.names import PLANT_BATTERIES
from twin.loop.case import Case
from twin.loop.state import State
from twin.policies.interface import Batteries, View
from twin.units import KW_PER_MW, KWH_PER_MWH


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
        return np.divide(total, energy, out=np.zeros_like(energy), where=energy > 0.0)

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
    return state.cap_pu[m, slots] @ case.contract_mw[m, : case.plants]


def _stored(case: Case, state: State, m: int) -> np.ndarray:
    """Return what the member's devices held at the end of the half-hour before, (K,)."""
    member = case.members[m]
    of_names = dict(zip(case.device_names, state.device_stored_mwh[m], strict=True))
    of_names[PLANT_BATTERIES] = float(state.plant_soc_mwh[m].sum())
    return np.array([of_names[name] for name in member.orderable], dtype=float)
