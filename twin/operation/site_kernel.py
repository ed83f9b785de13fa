"""Compiled sites behind their meters, and beside them one average site a group; every limit is enforced here."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from twin.operation.member import DeviceArrays
from twin.policies.interface import Mode
from twin.resources.sites import SiteFleet


class AverageSites(NamedTuple):
    """Means over the sites of each group; axes C classes of members, G groups.

    Attributes
    ----------
    sites, pv_ac_kw : numpy.ndarray, (G,)
        Number of sites, mean PV rating.
    battery_kwh, battery_kw, standby_w : numpy.ndarray, (C, G)
        Mean of all sites of the group.
    efficiency, soc_min_share, soc_max_share : numpy.ndarray, (C, G)
        Mean over the capacity; 1, 0 and 1 without batteries.
    """

    sites: np.ndarray
    pv_ac_kw: np.ndarray
    battery_kwh: np.ndarray
    battery_kw: np.ndarray
    standby_w: np.ndarray
    efficiency: np.ndarray
    soc_min_share: np.ndarray
    soc_max_share: np.ndarray


def average_sites(devices: DeviceArrays, fleet: SiteFleet) -> AverageSites:
    """Return the average site of each group.

    PV and demand are not here: the mean over the sites of a half-hour is the average site's PV and demand.

    Parameters
    ----------
    devices : DeviceArrays
    fleet : SiteFleet
    """
    groups = len(fleet.groups)
    sites = np.bincount(fleet.group, minlength=groups).astype(float)

    def mean(per_site: np.ndarray) -> np.ndarray:
        result: np.ndarray = np.array([np.bincount(fleet.group, row, groups) for row in per_site]) / sites
        return result

    battery_kwh = mean(devices.battery_kwh)

    def over_capacity(per_kwh: np.ndarray, without: float) -> np.ndarray:
        total = mean(per_kwh * devices.battery_kwh)
        result: np.ndarray = np.divide(total, battery_kwh, out=np.full_like(total, without), where=battery_kwh > 0.0)
        return result

    return AverageSites(
        sites=sites,
        pv_ac_kw=mean(fleet.pv_ac_kw[None])[0],
        battery_kwh=battery_kwh,
        battery_kw=mean(devices.battery_kw),
        standby_w=mean(devices.standby_w),
        efficiency=over_capacity(devices.efficiency, 1.0),
        soc_min_share=over_capacity(devices.soc_min_share, 0.0),
        soc_max_share=over_capacity(devices.soc_max_share, 1.0),
    )


FOLLOWED_WITHIN_KW = 1e-6
_SELF, _POWER = int(Mode.SELF_CONSUMPTION), int(Mode.POWER)
_KW_PER_W = 1e-3


@njit(cache=True, nogil=True)
def run_rows(
    pv_per_kw: np.ndarray, demand_per_kwh: np.ndarray,
    group: np.ndarray, pv_shape: np.ndarray, demand_shape: np.ndarray, pv_dc_kw: np.ndarray, pv_ac_kw: np.ndarray,
    device_class: np.ndarray, devices: DeviceArrays, average: AverageSites,
    orders: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray], hours: float,
    soc_kwh: np.ndarray, totals: np.ndarray, average_soc_kwh: np.ndarray, average_totals: np.ndarray, sums: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """Run the sites of several members, one a row R, over a half-hour; returns the clipped commands of each.

    Parameters
    ----------
    pv_per_kw, demand_per_kwh : numpy.ndarray, (R, shapes)
        PV per kW of panels and demand per kWh of a year, kW.
    group, pv_shape, demand_shape, pv_dc_kw, pv_ac_kw : numpy.ndarray, (S,)
    device_class : numpy.ndarray, (R,) int
    devices : DeviceArrays
    average : AverageSites
    orders : tuple of numpy.ndarray, (R, G)
        Mode, battery power, export limit and kept charge, as in `Dispatch`.
    hours : float
    soc_kwh, totals, average_soc_kwh, average_totals, sums : numpy.ndarray
        (R, S), (R, S, W), (R, G), (R, G, W) and (R, G, fields of `SiteFlows`): the charges are moved on, to the rest
        is added.
    """
    clipped = np.zeros(len(device_class), dtype=np.int64)
    groups = np.arange(sums.shape[1])
    unused = np.zeros(sums.shape[1:])
    for r in range(len(device_class)):
        d = device_class[r]
        behaviour = (
            devices.constant_share[d], devices.quadratic_share[d], devices.export_at_night[d],
            devices.throttle_when_full[d],
        )  # fmt: skip
        ordered = (orders[0][r], orders[1][r], orders[2][r], orders[3][r])
        from_roof, load = _raw(
            pv_per_kw[r], demand_per_kwh[r], pv_shape, demand_shape, pv_dc_kw, devices.has_pv[d], devices.demand_kwh[d]
        )
        clipped[r] = _run(
            from_roof, load, group, pv_ac_kw, devices.battery_kwh[d], devices.battery_kw[d], devices.efficiency[d],
            devices.soc_min_share[d], devices.soc_max_share[d], devices.standby_w[d], *behaviour, *ordered, hours,
            soc_kwh[r], totals[r], sums[r],
        )  # fmt: skip
        _run(
            _means(from_roof, group, average.sites), _means(load, group, average.sites), groups, average.pv_ac_kw,
            average.battery_kwh[d], average.battery_kw[d], average.efficiency[d], average.soc_min_share[d],
            average.soc_max_share[d], average.standby_w[d], *behaviour, *ordered, hours,
            average_soc_kwh[r], average_totals[r], unused,
        )  # fmt: skip
    return clipped


@njit(cache=True, nogil=True)
def _raw(
    pv_per_kw: np.ndarray, demand_per_kwh: np.ndarray, pv_shape: np.ndarray, demand_shape: np.ndarray,
    pv_dc_kw: np.ndarray, has_pv: np.ndarray, demand_kwh: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Return PV before the inverter's rating and demand of one member's sites, (S,) kW."""
    from_roof, load = np.zeros(len(pv_shape)), np.empty(len(pv_shape))
    for s in range(len(pv_shape)):
        if has_pv[s]:
            from_roof[s] = pv_per_kw[pv_shape[s]] * pv_dc_kw[s]
        load[s] = demand_per_kwh[demand_shape[s]] * demand_kwh[s]
    return from_roof, load


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
    from_roof: np.ndarray, load_kw: np.ndarray, group: np.ndarray, pv_ac_kw: np.ndarray,
    battery_kwh: np.ndarray, battery_kw: np.ndarray, efficiency: np.ndarray, soc_min_share: np.ndarray,
    soc_max_share: np.ndarray, standby_w: np.ndarray,
    constant_share: float, quadratic_share: float, export_at_night: bool, throttle: bool,
    mode: np.ndarray, power_pu: np.ndarray, limit_pu: np.ndarray, soc_min_percent: np.ndarray, hours: float,
    soc_kwh: np.ndarray, totals: np.ndarray, sums: np.ndarray,
) -> int:  # fmt: skip
    """Run one member's sites, kW and kWh; moves their charges on, adds to totals and sums. Returns the clips.

    Standby comes out of the charge above the lowest permitted one, else from PV or grid. It and the losses of
    conversion are losses of the battery.
    """
    clipped = 0
    for s in range(len(group)):
        g = group[s]
        pv, load = min(from_roof[s], pv_ac_kw[s]), load_kw[s]
        charge, discharge, throttled = 0.0, 0.0, 0.0
        if battery_kwh[s] > 0.0:
            before, rating = soc_kwh[s], battery_kw[s]
            floor = max(soc_min_share[s], soc_min_percent[g] / 100.0) * battery_kwh[s]
            standby = standby_w[s] * _KW_PER_W
            out_of_charge = min(standby, max(before - floor, 0.0) / hours)
            charged = before - out_of_charge * hours
            surplus = pv - load - (standby - out_of_charge)
            wish_in, wish_out, wanted = 0.0, 0.0, 0.0
            if mode[g] == _SELF:
                wish_in, wish_out = max(surplus, 0.0), max(-surplus, 0.0)
            elif mode[g] == _POWER:
                wanted = power_pu[g] * rating
                beyond = min(max(limit_pu[g], 0.0), 1.0) * pv_ac_kw[s] if export_at_night else 0.0
                wish_in, wish_out = max(wanted, 0.0), min(max(-wanted, 0.0), max(beyond - surplus, 0.0))
            lost = 0.0
            if wish_in > 0.0:
                per_pu = 1.0 - efficiency[s]
                room_kw = max(soc_max_share[s] * battery_kwh[s] - charged, 0.0) / hours
                most = _most_in_pu(room_kw / rating, per_pu, constant_share, quadratic_share)
                pu = min(wish_in / rating, most)
                charge, lost = _converted(pu, rating, per_pu, constant_share, quadratic_share)
                charged += hours * (charge - lost)
            elif wish_out > 0.0:
                per_pu = 1.0 / efficiency[s] - 1.0
                most = _most_out_pu(
                    max(charged - floor, 0.0) / hours / rating, per_pu, constant_share, quadratic_share
                )  # fmt: skip
                pu = min(wish_out / rating, most)
                discharge, lost = _converted(pu, rating, per_pu, constant_share, quadratic_share)
                charged -= hours * (discharge + lost)
            if mode[g] == _POWER and abs(charge - discharge - wanted) > FOLLOWED_WITHIN_KW:
                clipped += 1
            charge += standby - out_of_charge
            soc_kwh[s] = charged
            totals[s, 0] += hours * discharge
            totals[s, 1] += hours * 0.5 * (before + charged)
            sums[g, 7] += lost + standby
            sums[g, 8] += charged
            if throttle:
                throttled = min(max(pv - load - charge + discharge - limit_pu[g] * pv_ac_kw[s], 0.0), pv)
        net = pv - throttled - load - charge + discharge
        exported, imported = max(net, 0.0), max(-net, 0.0)
        totals[s, 2] += hours * (load - imported)
        totals[s, 3] += hours * exported
        totals[s, 4] += hours * throttled
        totals[s, 5] += hours * imported
        sums[g, 0] += pv
        sums[g, 1] += throttled
        sums[g, 2] += load
        sums[g, 3] += exported
        sums[g, 4] += imported
        sums[g, 5] += charge
        sums[g, 6] += discharge
    return clipped


@njit(cache=True, nogil=True)
def _converted(
    pu: float, battery_kw: float, per_pu: float, constant_share: float, quadratic_share: float
) -> tuple[float, float]:
    """Return the AC power and what conversion loses of it, kW; nothing where it would lose as much as it moves."""
    pu = min(pu, 1.0)
    lost = per_pu * (constant_share + (1.0 - constant_share - quadratic_share) * pu + quadratic_share * pu * pu)
    if lost >= pu:
        return 0.0, 0.0
    return pu * battery_kw, lost * battery_kw


@njit(cache=True, nogil=True)
def _most_in_pu(room_pu: float, per_pu: float, constant_share: float, quadratic_share: float) -> float:
    """Return the AC power at which `room_pu` reaches the charge, per unit; 0 without room.

    Smaller root of ``x - per_pu (c + l x + q x**2) = room_pu``; 1 where losses keep the charge below it at any power.
    """
    if room_pu <= 0.0:
        return 0.0
    slope = 1.0 - per_pu * (1.0 - constant_share - quadratic_share)
    needed = room_pu + per_pu * constant_share
    under_root = slope * slope - 4.0 * per_pu * quadratic_share * needed
    if slope <= 0.0 or under_root < 0.0:
        return 1.0
    return min(2.0 * needed / (slope + math.sqrt(under_root)), 1.0)


@njit(cache=True, nogil=True)
def _most_out_pu(store_pu: float, per_pu: float, constant_share: float, quadratic_share: float) -> float:
    """Return the AC power that takes `store_pu` out of the charge, per unit; 0 where that covers only the losses.

    Positive root of ``x + per_pu (c + l x + q x**2) = store_pu``.
    """
    left = store_pu - per_pu * constant_share
    if left <= 0.0:
        return 0.0
    slope = 1.0 + per_pu * (1.0 - constant_share - quadratic_share)
    return 2.0 * left / (slope + math.sqrt(slope * slope + 4.0 * per_pu * quadratic_share * left))
