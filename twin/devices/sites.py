"""Sites behind their meters, compiled: PV, own demand, battery, and beside them one average site a group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numba import njit

from twin.devices.battery import Batteries, Battery, BatteryWear, standby_from_charge, step_battery, unit
from twin.devices.device import Mode
from twin.resources.sites import SiteFleet

TOTALS = ("discharged_kwh", "stored_kwh_hours", "self_consumed_kwh", "exported_kwh", "throttled_kwh", "imported_kwh")
"""What is summed up at each site over a run: ``stored_kwh_hours`` is the integral of the charge over time,
``self_consumed_kwh`` the demand less what the site imports, ``exported_kwh`` what it feeds in before any cut."""
FOLLOWED_WITHIN_KW = 1e-6
_SELF, _POWER = int(Mode.SELF_CONSUMPTION), int(Mode.POWER)


@dataclass(frozen=True)
class SiteDevices:
    """What stands at the sites of one member.

    Attributes
    ----------
    has_pv : numpy.ndarray, (S,) bool
    demand_kwh : numpy.ndarray, (S,)
        Yearly demand.
    battery : Battery
        (S,), kWh and kW; the reserve for blackouts is part of the lowest charge.
    export_at_night : bool
        Whether an ordered discharge may go beyond the site's own demand, up to the export limit.
    throttle_when_full : bool
        A site that may not feed in and has a full battery throttles (True) or feeds in all the same (False).
    wear : BatteryWear
    """

    has_pv: np.ndarray
    demand_kwh: np.ndarray
    battery: Batteries
    export_at_night: bool
    throttle_when_full: bool
    wear: BatteryWear

    @property
    def identity(self) -> tuple[bytes, ...]:
        """The same for sites with the same devices."""
        return tuple(np.asarray(value).tobytes() for value in vars(self).values())


class SiteArrays(NamedTuple):
    """`SiteDevices` of several classes of members, (C, S); what is one value in `SiteDevices` is (C,)."""

    has_pv: np.ndarray
    demand_kwh: np.ndarray
    battery: Batteries
    export_at_night: np.ndarray
    throttle_when_full: np.ndarray


class FleetArrays(NamedTuple):
    """Where the sites are and what PV they have, the same in all members, (S,); see `SiteFleet`."""

    group: np.ndarray
    pv_shape: np.ndarray
    demand_shape: np.ndarray
    pv_dc_kw: np.ndarray
    pv_ac_kw: np.ndarray


class AverageSites(NamedTuple):
    """Means over the sites of each group; axes C classes of members, G groups.

    Attributes
    ----------
    sites, pv_ac_kw : numpy.ndarray, (G,)
        Number of sites, mean PV rating.
    battery : Battery
        (C, G). Mean capacity, power and standby of all sites of the group; the rest is the mean over the capacity, and
        without batteries that of a battery without losses and limits.
    """

    sites: np.ndarray
    pv_ac_kw: np.ndarray
    battery: Batteries


def site_arrays(devices: Sequence[SiteDevices]) -> SiteArrays:
    """Return the devices of several classes of members as arrays."""
    return SiteArrays(
        has_pv=np.stack([some.has_pv for some in devices]),
        demand_kwh=np.stack([some.demand_kwh for some in devices]),
        battery=Battery(*(np.stack(values) for values in zip(*(some.battery for some in devices), strict=True))),
        export_at_night=np.array([some.export_at_night for some in devices]),
        throttle_when_full=np.array([some.throttle_when_full for some in devices]),
    )


def fleet_arrays(fleet: SiteFleet) -> FleetArrays:
    """Return what the compiled sites need of the fleet."""
    return FleetArrays(*(np.ascontiguousarray(getattr(fleet, name)) for name in FleetArrays._fields))


def average_sites(devices: SiteArrays, fleet: SiteFleet) -> AverageSites:
    """Return the average site of each group.

    PV and demand are not here: the mean over the sites of a half-hour is the average site's PV and demand.

    Parameters
    ----------
    devices : SiteArrays
    fleet : SiteFleet
    """
    groups = len(fleet.groups)
    sites = np.bincount(fleet.group, minlength=groups).astype(float)
    battery = devices.battery

    def mean(per_site: np.ndarray) -> np.ndarray:
        result: np.ndarray = np.array([np.bincount(fleet.group, row, groups) for row in per_site]) / sites
        return result

    energy = mean(battery.energy)

    def over_capacity(per_kwh: np.ndarray, without: float) -> np.ndarray:
        total = mean(per_kwh * battery.energy)
        result: np.ndarray = np.divide(total, energy, out=np.full_like(total, without), where=energy > 0.0)
        return result

    return AverageSites(
        sites=sites,
        pv_ac_kw=mean(fleet.pv_ac_kw[None])[0],
        battery=Battery(
            energy=energy,
            power=mean(battery.power),
            efficiency=over_capacity(battery.efficiency, 1.0),
            soc_min_share=over_capacity(battery.soc_min_share, 0.0),
            soc_max_share=over_capacity(battery.soc_max_share, 1.0),
            standby=mean(battery.standby),
            constant_share=over_capacity(battery.constant_share, 0.0),
            quadratic_share=over_capacity(battery.quadratic_share, 0.0),
        ),
    )


class SiteSeries(NamedTuple):
    """PV per kW of panels and demand per kWh of a year of each set of profiles, (K, T, shapes) kW."""

    pv_per_kw: np.ndarray
    demand_per_kwh: np.ndarray


class SiteOrders(NamedTuple):
    """Orders of each row and step, (R, T, G), as in `twin.policies.interface.Dispatch`."""

    mode: np.ndarray
    battery_power_pu: np.ndarray
    export_limit_pu: np.ndarray
    soc_min_percent: np.ndarray


class SiteRows(NamedTuple):
    """Who is run: rows of members that share the work.

    Attributes
    ----------
    device_class, profile : numpy.ndarray, (R,) int
        Class of the devices and set of profiles of each row.
    of_member : numpy.ndarray, (M,) int
        Row of each member.
    """

    device_class: np.ndarray
    profile: np.ndarray
    of_member: np.ndarray


class SiteSums(NamedTuple):
    """What some steps change: charges are moved on, to the totals is added, the rest is written.

    Attributes
    ----------
    soc_kwh, average_soc_kwh : numpy.ndarray, (R, S), (R, G)
        Charge of each site, and of the average sites.
    totals, average_totals : numpy.ndarray, (M, S, W), (M, G, W)
        Their `TOTALS`.
    of_groups : numpy.ndarray, (T, R, G, 9)
        kW: available, throttled, load, export, import, charge, discharge, battery losses; kWh stored.
    clipped : numpy.ndarray, (T, R) int
        How many orders could not be followed.
    """

    soc_kwh: np.ndarray
    average_soc_kwh: np.ndarray
    totals: np.ndarray
    average_totals: np.ndarray
    of_groups: np.ndarray
    clipped: np.ndarray


class _Sites(NamedTuple):
    """Sites of one member: their group, PV rating and battery, and what they may do."""

    group: np.ndarray
    pv_ac_kw: np.ndarray
    battery: Batteries
    export_at_night: bool
    throttle: bool


@njit(cache=True, nogil=True)
def run_steps(
    fleet: FleetArrays, devices: SiteArrays, average: AverageSites, rows: SiteRows, keeps_totals: np.ndarray,
    series: SiteSeries, orders: SiteOrders, hours: float, sums: SiteSums,
) -> None:  # fmt: skip
    """Run the sites of several members over some steps, one after the other.

    Parameters
    ----------
    fleet : FleetArrays
    devices : SiteArrays
    average : AverageSites
    rows : SiteRows
    keeps_totals : numpy.ndarray, (M,) bool
        Members whose totals are wanted.
    series : SiteSeries
    orders : SiteOrders
    hours : float
        Length of a step.
    sums : SiteSums
        Changed in place.
    """
    count, groups = len(fleet.group), sums.of_groups.shape[2]
    from_roof, load = np.zeros(count), np.zeros(count)
    of_sites, of_average = np.zeros((count, sums.totals.shape[2])), np.zeros((groups, sums.totals.shape[2]))
    group, unused = np.arange(groups), np.zeros(sums.of_groups.shape[2:])
    for r in range(len(rows.device_class)):
        d, profile = rows.device_class[r], rows.profile[r]
        night, throttle = devices.export_at_night[d], devices.throttle_when_full[d]
        sites = _Sites(fleet.group, fleet.pv_ac_kw, _of_class(devices.battery, d), night, throttle)
        means = _Sites(group, average.pv_ac_kw, _of_class(average.battery, d), night, throttle)
        for t in range(sums.of_groups.shape[0]):
            ordered = SiteOrders(
                orders.mode[r, t], orders.battery_power_pu[r, t], orders.export_limit_pu[r, t],
                orders.soc_min_percent[r, t],
            )  # fmt: skip
            _raw(fleet, series.pv_per_kw[profile, t], series.demand_per_kwh[profile, t], devices.has_pv[d],
                 devices.demand_kwh[d], from_roof, load)  # fmt: skip
            sums.clipped[t, r] = _run(
                sites, from_roof, load, ordered, hours, sums.soc_kwh[r], of_sites, sums.of_groups[t, r]
            )
            mean_roof = _means(from_roof, fleet.group, average.sites)
            mean_load = _means(load, fleet.group, average.sites)
            _run(means, mean_roof, mean_load, ordered, hours, sums.average_soc_kwh[r], of_average, unused)
            for m in range(len(rows.of_member)):
                if rows.of_member[m] == r:
                    sums.average_totals[m] += of_average
                    if keeps_totals[m]:
                        sums.totals[m] += of_sites


@njit(cache=True, nogil=True)
def _of_class(battery: Batteries, d: int) -> Batteries:
    """Return the batteries of one class of members, (S,)."""
    return Battery(
        battery.energy[d], battery.power[d], battery.efficiency[d], battery.soc_min_share[d], battery.soc_max_share[d],
        battery.standby[d], battery.constant_share[d], battery.quadratic_share[d],
    )  # fmt: skip


@njit(cache=True, nogil=True)
def _raw(
    fleet: FleetArrays, pv_per_kw: np.ndarray, demand_per_kwh: np.ndarray, has_pv: np.ndarray, demand_kwh: np.ndarray,
    from_roof: np.ndarray, load: np.ndarray,
) -> None:  # fmt: skip
    """Write PV before the inverter's rating and demand of one member's sites, (S,) kW."""
    for s in range(len(fleet.group)):
        from_roof[s] = pv_per_kw[fleet.pv_shape[s]] * fleet.pv_dc_kw[s] if has_pv[s] else 0.0
        load[s] = demand_per_kwh[fleet.demand_shape[s]] * demand_kwh[s]


@njit(cache=True, nogil=True)
def _means(per_site: np.ndarray, group: np.ndarray, sites: np.ndarray) -> np.ndarray:
    """Return the mean over the sites of each group, (G,)."""
    total = np.zeros(len(sites))
    for s in range(len(group)):
        total[group[s]] += per_site[s]
    result: np.ndarray = total / sites
    return result


@njit(cache=True, nogil=True)
def _run(
    sites: _Sites, from_roof: np.ndarray, load_kw: np.ndarray, orders: SiteOrders, hours: float,
    soc_kwh: np.ndarray, totals: np.ndarray, sums: np.ndarray,
) -> int:  # fmt: skip
    """Run one member's sites, kW and kWh; moves their charges on, writes totals, adds to sums. Returns the clips.

    Standby that comes from PV or the grid is part of what the battery system charges.
    """
    clipped = 0
    for s in range(len(sites.group)):
        g = sites.group[s]
        pv, load, rating = min(from_roof[s], sites.pv_ac_kw[s]), load_kw[s], sites.pv_ac_kw[s]
        limit_pu = orders.export_limit_pu[g]
        charge, discharge, throttled = 0.0, 0.0, 0.0
        is_followed = True
        totals[s, 1] = 0.0
        if sites.battery.energy[s] > 0.0:
            battery, before = unit(sites.battery, s), soc_kwh[s]
            floor = max(battery.soc_min_share, orders.soc_min_percent[g] / 100.0) * battery.energy
            surplus = pv - load - (battery.standby - standby_from_charge(battery, before, floor, hours))
            wish, wanted = 0.0, 0.0
            if orders.mode[g] == _SELF:
                wish = surplus
            elif orders.mode[g] == _POWER:
                wanted = orders.battery_power_pu[g] * battery.power
                beyond = min(max(limit_pu, 0.0), 1.0) * rating if sites.export_at_night else 0.0
                wish = wanted if wanted > 0.0 else -min(-wanted, max(beyond - surplus, 0.0))
            done = step_battery(battery, before, floor, wish, hours)
            charge, discharge = max(done.power, 0.0), max(-done.power, 0.0)
            if orders.mode[g] == _POWER:
                is_followed = abs(done.power - wanted) <= FOLLOWED_WITHIN_KW
            charge += done.standby
            soc_kwh[s] = done.soc
            totals[s, 1] = hours * 0.5 * (before + done.soc)
            sums[g, 7] += done.losses
            sums[g, 8] += done.soc
            if sites.throttle:
                throttled = min(max(pv - load - charge + discharge - limit_pu * rating, 0.0), pv)
            elif pv - load - charge + discharge > limit_pu * rating + FOLLOWED_WITHIN_KW:
                is_followed = False  # it feeds in all the same
        if not is_followed:
            clipped += 1
        net = pv - throttled - load - charge + discharge
        exported, imported = max(net, 0.0), max(-net, 0.0)
        totals[s, 0] = hours * discharge
        totals[s, 2] = hours * (load - imported)
        totals[s, 3] = hours * exported
        totals[s, 4] = hours * throttled
        totals[s, 5] = hours * imported
        sums[g, 0] += pv
        sums[g, 1] += throttled
        sums[g, 2] += load
        sums[g, 3] += exported
        sums[g, 4] += imported
        sums[g, 5] += charge
        sums[g, 6] += discharge
    return clipped
