"""One member of a study: a scenario at one sweep point, with what stands at its sites and plants."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from twin.devices.device import PLANT_BATTERIES, Device
from twin.policies.interface import Policy
from twin.resources.outlook import Kind

TOTALS = ("discharged_kwh", "stored_kwh_hours", "self_consumed_kwh", "exported_kwh", "throttled_kwh", "imported_kwh")
"""What is summed up at each site over a run: ``stored_kwh_hours`` is the integral of the charge over time,
``self_consumed_kwh`` the demand less what the site imports, ``exported_kwh`` what it feeds in before any cut."""


class BatteryWear(NamedTuple):
    """How batteries lose capacity.

    Attributes
    ----------
    cycle_percent : float
        Of the capacity, per equivalent full cycle.
    calendar_empty_percent, calendar_full_percent : float
        Of the capacity, per year at an empty and at a full battery; linear in the mean state of charge between.
    """

    cycle_percent: float
    calendar_empty_percent: float
    calendar_full_percent: float


@dataclass(frozen=True)
class SiteDevices:
    """What stands at the sites of one member.

    Conversion at a share x of the rated power loses ``constant_share + (1 - constant_share - quadratic_share) x +
    quadratic_share x**2`` of what it loses at rated power, and nothing at rest.

    Attributes
    ----------
    has_pv : numpy.ndarray, (S,) bool
    demand_kwh, battery_kwh, battery_kw : numpy.ndarray, (S,)
        Yearly demand; battery capacity and power, 0 without a battery.
    efficiency : numpy.ndarray, (S,)
        One-way efficiency of the batteries at rated power.
    soc_min_share, soc_max_share : numpy.ndarray, (S,)
        Charge that is never used (the reserve for blackouts is part of it), charge that is never passed, of the
        capacity.
    standby_w : numpy.ndarray, (S,)
        What a battery system takes all the time; 0 without a battery.
    constant_share, quadratic_share : float
    export_at_night : bool
        Whether an ordered discharge may go beyond the site's own demand, up to the export limit.
    throttle_when_full : bool
        A site that may not feed in and has a full battery throttles (True) or feeds in all the same (False).
    wear : BatteryWear
    """

    has_pv: np.ndarray
    demand_kwh: np.ndarray
    battery_kwh: np.ndarray
    battery_kw: np.ndarray
    efficiency: np.ndarray
    soc_min_share: np.ndarray
    soc_max_share: np.ndarray
    standby_w: np.ndarray
    constant_share: float
    quadratic_share: float
    export_at_night: bool
    throttle_when_full: bool
    wear: BatteryWear


class DeviceArrays(NamedTuple):
    """`SiteDevices` of several classes of members, (C, S); what is one value in `SiteDevices` is (C,)."""

    has_pv: np.ndarray
    demand_kwh: np.ndarray
    battery_kwh: np.ndarray
    battery_kw: np.ndarray
    efficiency: np.ndarray
    soc_min_share: np.ndarray
    soc_max_share: np.ndarray
    standby_w: np.ndarray
    constant_share: np.ndarray
    quadratic_share: np.ndarray
    export_at_night: np.ndarray
    throttle_when_full: np.ndarray


@dataclass(frozen=True)
class PlantBatteries:
    """Batteries beside the plants of one member; arrays (P,), 0 without a battery.

    Attributes
    ----------
    power_mw, energy_mwh : numpy.ndarray
    efficiency : float
        One-way.
    soc_min_share, soc_max_share : float
        Charge that is never used, charge that is never passed, of the capacity.
    """

    power_mw: np.ndarray
    energy_mwh: np.ndarray
    efficiency: float
    soc_min_share: float
    soc_max_share: float


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
        ``n-0``, ``n-1`` or ``n-1-intertrip``.
    operator : str
        ``perfect`` or ``forecast``.
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
    firmness : tuple of str, (U,)
        Per plant and site group: ``firm``, ``non-firm`` or ``cut-last``.
    devices : SiteDevices
    flexible : tuple of Device
        Demand response and grid batteries.
    plant_batteries : PlantBatteries, optional
    policy : Policy
    on_policy_failure : str
        ``stop``, or ``hold_behind_meter``: what happens where the policy fails.
    policy_seconds : float
        Longest time that a decision may take.
    forecast : str
        ``calibrated``, ``persistence``, ``climatology`` or ``perfect``: what the policy is told, see
        `twin.resources.outlook.Outlooks`.
    forecast_error_factor : float
        Factor on the calibrated error.
    congestion_rule : str
        Who is cut first among plants of equal connection terms, see `twin.operation.congestion_rules`.
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
    plant_batteries: PlantBatteries | None
    policy: Policy
    on_policy_failure: str
    policy_seconds: float
    forecast: Kind
    forecast_error_factor: float
    congestion_rule: str = "uniform"

    @property
    def name(self) -> str:
        """Name in messages."""
        return f"scenario {self.scenario}, {self.label}" + (f", {self.twin}" if self.twin else "")

    @property
    def orderable(self) -> tuple[str, ...]:
        """Names of the devices in the order of `Dispatch.device_pu`."""
        return (
            *(device.name for device in self.flexible),
            *((PLANT_BATTERIES,) if self.plant_batteries is not None else ()),
        )
