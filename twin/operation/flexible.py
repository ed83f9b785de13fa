"""Run the flexible devices of all members; members with the same devices run in one lane."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.devices.device import DeviceFlows, DeviceNow
from twin.operation.case import Case
from twin.operation.state import State


@dataclass(frozen=True)
class FlexibleFlows:
    """What the flexible devices did in a half-hour; axes M members, A areas, K devices of `Case.device_names`.

    `demand_mw` (M, K) is the change of demand of each device, `area_mw` (M, A) the sum by area of those that are
    demand, `storage_mw` (M, A) the charge (positive) of grid batteries; the rest is as in `DeviceFlows`, (M, K).
    """

    area_mw: np.ndarray
    storage_mw: np.ndarray
    demand_mw: np.ndarray
    losses_mw: np.ndarray
    stored_mwh: np.ndarray
    unmet_mwh: np.ndarray
    clipped: np.ndarray


def run_flexible(case: Case, state: State, t: int, area_demand_mw: np.ndarray) -> tuple[FlexibleFlows, np.ndarray]:
    """Run all flexible devices over one half-hour.

    Parameters
    ----------
    case : Case
    state : State
        Devices' state and the orders in force.
    t : int
        Step.
    area_demand_mw : numpy.ndarray, (M, A)
        Gross demand without the devices.

    Returns
    -------
    flows : FlexibleFlows
    device_state : numpy.ndarray, (M, K)
    """
    members, areas = area_demand_mw.shape
    names = case.device_names
    of_area = np.zeros((2, members, areas))
    sums = np.zeros((5, members, len(names)))
    device_state = state.device_state
    if case.lanes:
        device_state = device_state.copy()
    slot, month = t % case.order_slots, case.index[t].month
    of_members = case.class_kw_per_kwh(t) if case.lanes else {}
    for lane in case.lanes:
        classes = {name: per_kwh[lane.rows] for name, per_kwh in of_members.items()}
        for position, (device, columns) in enumerate(zip(lane.devices, lane.columns, strict=True)):
            now = DeviceNow(
                step_of_day=int(case.step_of_day[t]),
                is_workday=bool(case.is_workday[t]),
                step_hours=case.step_hours,
                signal_pu=state.device_pu[lane.rows, slot, position],
                price_ratio=state.price_ratio[lane.rows, slot],
                area_demand_mw=area_demand_mw[lane.rows],
                class_kw_per_kwh=classes,
                month=month,
            )
            after, flows = device.step(device_state[lane.rows, columns], now)
            device_state[lane.rows, columns] = after
            of_area[int(device.is_storage), lane.rows] += flows.demand_mw
            sums[:, lane.rows, names.index(device.name)] = _sums(flows)
    return FlexibleFlows(*of_area, *sums), device_state


def _sums(flows: DeviceFlows) -> np.ndarray:
    return np.stack(
        [flows.demand_mw.sum(axis=1), flows.losses_mw, flows.stored_mwh, flows.unmet_mwh, flows.clipped.astype(float)]
    )
