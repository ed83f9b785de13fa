"""One member of a study: a scenario at one sweep point, with what stands at its sites and plants."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Generic, NamedTuple, TypeVar

import numpy as np

from twin.devices.device import Device, PlantDevice, SeriesDevice
from twin.devices.sites import SiteDevices
from twin.operation.zones.flows import MeasuredZone
from twin.policies.interface import Policy
from twin.resources.outlook import Kind


class PlannedOutage(NamedTuple):
    """Days, `last` among them, on which the network `grid` holds in place of the member's own."""

    first: date
    last: date
    grid: int


BY_HALF_HOUR, BY_WINDOW, NOT_AT_ALL = "half-hourly", "windows", "not"
"""How a plant follows a forecasting operator's orders for congestion."""


@dataclass(frozen=True)
class Member:
    """One scenario at one sweep point.

    Attributes
    ----------
    scenario, label : str
        Names of the scenario and of the sweep point.
    twin : str
        Empty, or which counterfactual of the member this is (``"area_balance_off"``, ``"other_operator"``).
    grid, profiles, outlook : int
        Positions in the case's lists.
    criterion : str
        ``n-0``, ``n-1``, ``n-1-thermal`` or ``n-1-intertrip``.
    operator : str
        ``perfect``, ``forecast`` or ``zones``.
    uniform_basis : str
        ``contract`` (one cap on all plants' contract) or ``available`` (one share of all plants' output).
    area_balance : bool
        Whether area-balance orders reach the islands.
    flow_margin_mw : float
        What a forecasting operator keeps free on each element.
    forecast_lead_half_hours : int
        How far ahead a forecasting operator fixes caps.
    operator_sees_dispatch : bool
        Whether the batteries' effect is in that forecast.
    intertrip_cap_mw : float
        Most that one inter-trip may shed.
    relief_minutes : float
        Until redispatch has acted after an outage.
    planned_outages : tuple of PlannedOutage
        When another network holds, in order, none overlapping.
    firmness : tuple of str, (U,)
        Per plant and site group: ``firm``, ``non-firm`` or ``cut-last``.
    devices : SiteDevices
    flexible : tuple of Device
        Demand response, batteries in the grid and beside plants; a policy orders them in this order.
    policy : Policy
    on_policy_failure : str
        ``stop``, or ``hold_behind_meter``: what happens where the policy fails.
    policy_seconds : float
        Longest time that a decision may take by the clock; infinite for shipped policies, whose runs shall not depend
        on how busy the machine is.
    forecast : str
        ``calibrated``, ``persistence``, ``climatology`` or ``perfect``: what the policy is told, see
        `twin.resources.outlook.Outlooks`.
    forecast_error_factor : float
        Factor on the calibrated error.
    congestion_rule : str
        Who is cut first among plants of equal connection terms, see `twin.operation.management.congestion_rules`.
    follows : tuple of str, (P,)
        How each plant follows a forecasting operator's orders: `BY_HALF_HOUR`, `BY_WINDOW` or `NOT_AT_ALL`; empty
        where all follow by half-hour.
    window_hours : (float, float)
        Hours of the day from and to which plants stand still that follow by window.
    area_notice_hour : float
        Hour of the day before at which the area tells its orders of a day; 24: not before the day begins.
    zones : tuple of MeasuredZone
        What an operator by zones watches, in the order in which he acts.
    """

    scenario: str
    label: str
    twin: str
    grid: int
    profiles: int
    outlook: int
    criterion: str
    operator: str
    uniform_basis: str
    area_balance: bool
    flow_margin_mw: float
    forecast_lead_half_hours: int
    operator_sees_dispatch: bool
    intertrip_cap_mw: float
    firmness: tuple[str, ...]
    devices: SiteDevices
    flexible: tuple[Device, ...]
    policy: Policy
    on_policy_failure: str
    policy_seconds: float
    forecast: Kind
    forecast_error_factor: float
    congestion_rule: str = "uniform"
    relief_minutes: float = 30.0
    planned_outages: tuple[PlannedOutage, ...] = ()
    follows: tuple[str, ...] = ()
    window_hours: tuple[float, float] = (0.0, 24.0)
    area_notice_hour: float = 24.0
    zones: tuple[MeasuredZone, ...] = ()

    @property
    def name(self) -> str:
        """Name in messages."""
        return f"scenario {self.scenario}, {self.label}" + (f", {self.twin}" if self.twin else "")

    @property
    def orderable(self) -> tuple[str, ...]:
        """Names of the devices in the order of `Dispatch.device_pu`."""
        return tuple(device.name for device in self.flexible)


D = TypeVar("D", bound=Device)


class Placed(NamedTuple, Generic[D]):
    """A device of the members that have the same devices.

    Attributes
    ----------
    device : Device
    rows : numpy.ndarray, (R,) int
        Members.
    columns : slice
        Of the members' device state.
    position : int
        Among the members' devices, as in `Dispatch.device_pu`.
    in_series : bool
        Whether the device can run several steps at once.
    """

    device: D
    rows: np.ndarray
    columns: slice
    position: int
    in_series: bool


def placed_devices(members: Sequence[Member]) -> tuple[tuple[Placed[Device], ...], tuple[Placed[PlantDevice], ...]]:
    """Return the devices at the areas and those beside plants; members with equal devices run together."""
    alike: dict[bytes, list[int]] = {}
    for m, member in enumerate(members):
        if member.flexible:
            alike.setdefault(pickle.dumps(member.flexible), []).append(m)
    at_areas: list[Placed[Device]] = []
    beside_plants: list[Placed[PlantDevice]] = []
    for equal in alike.values():
        rows, devices = np.array(equal), members[equal[0]].flexible
        ends = np.cumsum([0, *(len(device.initial()) for device in devices)])
        for position, (device, ends_at) in enumerate(zip(devices, pairwise(ends), strict=True)):
            columns = slice(int(ends_at[0]), int(ends_at[1]))
            if isinstance(device, PlantDevice):
                beside_plants.append(Placed(device, rows, columns, position, False))
            else:
                at_areas.append(Placed(device, rows, columns, position, isinstance(device, SeriesDevice)))
    return tuple(at_areas), tuple(beside_plants)
