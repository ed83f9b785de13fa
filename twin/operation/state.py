"""What one half-hour hands to the next; a checkpoint holds this and the step, nothing else."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from twin.core.units import KWH_PER_MWH
from twin.devices.battery import lowest_charge
from twin.devices.sites import TOTALS
from twin.network.variants.controls import first_positions
from twin.operation.case import Case
from twin.operation.case_parts import mean_of_groups
from twin.operation.ledger import FixedAhead
from twin.policies.interface import ORDERS, Dispatch, Mode, Policy

NET, RAW, LOAD = 0, 1, 2


@dataclass(frozen=True)
class DayHistory:
    """Quantities by step of the day; one array a step, so that a step replaces one and copies none.

    Attributes
    ----------
    slots : tuple of numpy.ndarray, (M, Q, N)
        Of sites, with N site groups: net infeed as measured (`NET`), net infeed without batteries (`RAW`) and own
        demand (`LOAD`), MW. Of flexible devices, with N areas: what they take, MW, alone.
    """

    slots: tuple[np.ndarray, ...]

    @staticmethod
    def from_array(values: np.ndarray) -> DayHistory:
        """Make a history of (M, D, Q, N) values; D steps of the day."""
        return DayHistory(tuple(np.ascontiguousarray(values[:, slot]) for slot in range(values.shape[1])))

    def as_array(self) -> np.ndarray:
        """Return (M, D, Q, N) values."""
        return np.stack(self.slots, axis=1)

    def at(self, rows: np.ndarray, slots: np.ndarray) -> np.ndarray:
        """Return (R, Q, N) values of member ``rows[r]`` at step ``slots[r]`` of the day."""
        found = np.empty((len(rows), *self.slots[0].shape[1:]))
        for slot in np.unique(slots):
            some = np.flatnonzero(slots == slot)
            found[some] = self.slots[slot][rows[some]]
        return found

    def with_slots(self, slots: Sequence[int], values: np.ndarray) -> DayHistory:
        """Return a history with some steps replaced by (T, M, Q, N) values."""
        new = dict(zip(slots, values, strict=True))
        return DayHistory(tuple(new.get(slot, old) for slot, old in enumerate(self.slots)))


_PACKED = ("history", "device_history")
_ORDERS = ("caps", "stops")
"""Fields that are made of several arrays."""


@dataclass(frozen=True)
class State:
    """State at the start of a half-hour; axes M members, C controls, S sites, G groups, P plants, L lead.

    Attributes
    ----------
    positions, outside_steps : numpy.ndarray, (M, C) int
        Of taps and reactors, and for how long their quantity has left its band; see
        `twin.operation.management.controls`.
    soc_kwh : numpy.ndarray, (M, S)
    site_totals : numpy.ndarray, (M, S, W)
        Sums over the run at each site, columns as in `twin.devices.sites.TOTALS`; counterfactual twins keep none.
    average_soc_kwh, average_totals : numpy.ndarray, (M, G), (M, G, W)
        The same of one average site a group, run beside the real ones for comparison.
    device_state : numpy.ndarray, (M, K)
        Of the flexible devices, one after the other.
    device_stored_mwh : numpy.ndarray, (M, D)
        What they hold or owe.
    mode, battery_power_pu, export_limit_pu, soc_min_percent : numpy.ndarray, (M, O, G)
        Orders in force, named by `twin.policies.interface.ORDERS`; slot = step modulo O, the steps of two days.
    price_ratio : numpy.ndarray, (M, O)
    device_pu : numpy.ndarray, (M, O, D)
        Orders to homes and flexible devices, the devices in each member's own order.
    export_mw : numpy.ndarray, (M,)
        Link flow of the half-hour before; NaN before the first.
    available_mw, delivered_mw : numpy.ndarray, (M, G)
        PV of the half-hour before; NaN before the first.
    history, device_history : DayHistory
        Sites and flexible devices of the last day.
    caps : FixedAhead
        (M, L, P), of a forecasting operator; slot = step modulo L.
    stops : FixedAhead
        (M, P), of plants without remote control, for the window of the present day.
    set_point_mw : numpy.ndarray, (M, Z, P)
        What each constraint zone lets each plant feed in at most; infinite outside the zone.
    policies : tuple of Policy
        One for each member, with what it remembers; the only part that changes in place.
    """

    positions: np.ndarray
    outside_steps: np.ndarray
    soc_kwh: np.ndarray
    site_totals: np.ndarray
    average_soc_kwh: np.ndarray
    average_totals: np.ndarray
    device_state: np.ndarray
    device_stored_mwh: np.ndarray
    mode: np.ndarray
    battery_power_pu: np.ndarray
    export_limit_pu: np.ndarray
    soc_min_percent: np.ndarray
    price_ratio: np.ndarray
    device_pu: np.ndarray
    export_mw: np.ndarray
    available_mw: np.ndarray
    delivered_mw: np.ndarray
    history: DayHistory
    device_history: DayHistory
    caps: FixedAhead
    stops: FixedAhead
    set_point_mw: np.ndarray
    policies: tuple[Policy, ...]

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the fields by name, members first, without the policies."""
        values = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "policies"}
        orders = {f"{name}_{part}": array for name in _ORDERS for part, array in vars(values.pop(name)).items()}
        return values | orders | {name: getattr(self, name).as_array() for name in _PACKED}

    @staticmethod
    def from_arrays(values: Mapping[str, np.ndarray], policies: Sequence[Policy]) -> State:
        """Make a state of what `arrays` gave and the members' policies."""
        plain: dict[str, Any] = dict(values)
        parts = [part.name for part in fields(FixedAhead)]
        orders = {name: FixedAhead(*(plain.pop(f"{name}_{part}") for part in parts)) for name in _ORDERS}
        packed = {name: DayHistory.from_array(values[name]) for name in _PACKED}
        return State(**plain | packed | orders, policies=tuple(policies))


def initial_state(case: Case) -> State:
    """Return the state before the first half-hour: batteries at their lowest charge, policies as new, no orders yet."""
    members, groups = len(case.members), len(case.sites.groups)
    nothing = Dispatch.constant(case.order_slots, groups, Mode.IDLE, devices=case.fleet.most_devices)
    positions = np.array([first_positions(case.grid.models[member.grid]) for member in case.members], dtype=np.int64)
    soc_kwh = np.array([lowest_charge(m.devices.battery) for m in case.members])
    day = case.clock.steps_of_day
    return State(
        positions=positions,
        outside_steps=np.zeros_like(positions),
        soc_kwh=soc_kwh,
        site_totals=np.zeros((*soc_kwh.shape, len(TOTALS))),
        average_soc_kwh=np.array([mean_of_groups(case.sites, soc) for soc in soc_kwh]),
        average_totals=np.zeros((members, groups, len(TOTALS))),
        device_state=_device_state(case),
        device_stored_mwh=_device_stored_mwh(case),
        **{name: np.repeat(getattr(nothing, name)[None], members, axis=0) for name in ORDERS},
        export_mw=np.full(members, np.nan),
        available_mw=np.full((members, groups), np.nan),
        delivered_mw=np.full((members, groups), np.nan),
        history=DayHistory.from_array(np.zeros((members, day, 3, groups))),
        device_history=DayHistory.from_array(np.zeros((members, day, 1, len(case.model.areas)))),
        caps=FixedAhead.none(members, case.lead_slots, case.plants),
        stops=FixedAhead.none(members, case.plants),
        set_point_mw=case.zones.free_mw.copy(),
        policies=tuple(copy.deepcopy(member.policy) for member in case.members),
    )


def _device_state(case: Case) -> np.ndarray:
    """Return the devices' states, one member a row, filled up with zeros where a member has fewer."""
    rows = [np.concatenate([np.zeros(0), *(device.initial() for device in m.flexible)]) for m in case.members]
    state = np.zeros((len(rows), max(len(row) for row in rows)))
    for m, row in enumerate(rows):
        state[m, : len(row)] = row
    return state


def _device_stored_mwh(case: Case) -> np.ndarray:
    """Return what the devices hold before the first half-hour, (M, D): batteries their charge, demand nothing."""
    stored = np.zeros((len(case.members), len(case.fleet.device_names)))
    for m, member in enumerate(case.members):
        for device in member.flexible:
            stored[m, case.fleet.device_names.index(device.name)] = device.initial().sum() * device.is_storage
    return stored


def stored_at_start_mwh(case: Case, m: int) -> float:
    """Return the charge of all batteries of member `m` before the first half-hour: sites, grid and plants."""
    member = case.members[m]
    of_sites = float(lowest_charge(member.devices.battery).sum()) / KWH_PER_MWH
    return of_sites + sum(float(device.initial().sum()) for device in member.flexible if device.is_storage)
