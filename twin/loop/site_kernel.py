"""Compiled sites behind their meters, and beside them one average site a group; every limit is enforced here."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from twin.loop.average_site import AverageSites
from twin.loop.member import DeviceArrays
from twin.policies.interface import Mode

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
    groups = sums.shape[1]
    dc_kw, load_kw = np.empty(groups), np.empty(groups)
    for r in range(len(device_class)):
        d = device_class[r]
        mode, power_pu, limit_pu, kept = orders[0][r], orders[1][r], orders[2][r], orders[3][r]
        dc_kw[:] = 0.0
        load_kw[:] = 0.0
        for s in range(group.shape[0]):
            g = group[s]
            from_roof = pv_per_kw[r, pv_shape[s]] * pv_dc_kw[s] if devices.has_pv[d, s] else 0.0
            load = demand_per_kwh[r, demand_shape[s]] * devices.demand_kwh[d, s]
            dc_kw[g] += from_roof
            load_kw[g] += load
            clipped[r] += _site(
                min(from_roof, pv_ac_kw[s]), load, pv_ac_kw[s], devices.battery_kwh[d, s], devices.battery_kw[d, s],
                devices.efficiency[d, s], devices.soc_min_share[d, s], devices.soc_max_share[d, s],
                devices.standby_w[d, s], devices.constant_share[d], devices.quadratic_share[d],
                devices.export_at_night[d], devices.throttle_when_full[d],
                mode[g], power_pu[g], limit_pu[g], kept[g], hours, soc_kwh[r], s, totals[r, s], sums[r, g],
            )  # fmt: skip
        unused = np.zeros(sums.shape[2])
        for g in range(groups):
            sites = average.sites[g]
            _site(
                min(dc_kw[g] / sites, average.pv_ac_kw[g]), load_kw[g] / sites, average.pv_ac_kw[g],
                average.battery_kwh[d, g], average.battery_kw[d, g],
                average.efficiency[d, g], average.soc_min_share[d, g], average.soc_max_share[d, g],
                average.standby_w[d, g], devices.constant_share[d], devices.quadratic_share[d],
                devices.export_at_night[d], devices.throttle_when_full[d],
                mode[g], power_pu[g], limit_pu[g], kept[g], hours, average_soc_kwh[r], g, average_totals[r, g], unused,
            )  # fmt: skip
    return clipped


@njit(cache=True, nogil=True)
def _site(
    pv: float, load: float, pv_ac_kw: float, battery_kwh: float, battery_kw: float,
    efficiency: float, soc_min_share: float, soc_max_share: float, standby_w: float,
    constant_share: float, quadratic_share: float, export_at_night: bool, throttle: bool,
    mode: int, power_pu: float, limit_pu: float, soc_min_percent: float, hours: float,
    soc_kwh: np.ndarray, at: int, totals: np.ndarray, sums: np.ndarray,
) -> int:  # fmt: skip
    """Run one site, kW and kWh; moves its charge on and adds to its totals and its group's sums. Returns the clips.

    Standby comes out of the charge above the lowest permitted one, else from PV or grid. It and the losses of
    conversion are losses of the battery.
    """
    clipped = 0
    charge, discharge, throttled = 0.0, 0.0, 0.0
    if battery_kwh > 0.0:
        before = soc_kwh[at]
        floor = max(soc_min_share, soc_min_percent / 100.0) * battery_kwh
        standby = standby_w * _KW_PER_W
        out_of_charge = min(standby, max(before - floor, 0.0) / hours)
        charged = before - out_of_charge * hours
        surplus = pv - load - (standby - out_of_charge)
        wish_in, wish_out, wanted = 0.0, 0.0, 0.0
        if mode == _SELF:
            wish_in, wish_out = max(surplus, 0.0), max(-surplus, 0.0)
        elif mode == _POWER:
            beyond = max(min(max(limit_pu, 0.0), 1.0) * pv_ac_kw, 0.0) if export_at_night else 0.0
            wanted = power_pu * battery_kw
            wish_in, wish_out = max(wanted, 0.0), min(max(-wanted, 0.0), max(beyond - surplus, 0.0))
        lost = 0.0
        if wish_in > 0.0:
            room = max(soc_max_share * battery_kwh - charged, 0.0) / hours
            per_pu = 1.0 - efficiency
            most = _most_in_pu(room / battery_kw, per_pu, constant_share, quadratic_share)
            pu = min(wish_in / battery_kw, most)
            charge, lost = _converted(pu, battery_kw, per_pu, constant_share, quadratic_share)
            charged += hours * (charge - lost)
        elif wish_out > 0.0:
            store = max(charged - floor, 0.0) / hours
            per_pu = 1.0 / efficiency - 1.0
            most = _most_out_pu(store / battery_kw, per_pu, constant_share, quadratic_share)
            pu = min(wish_out / battery_kw, most)
            discharge, lost = _converted(pu, battery_kw, per_pu, constant_share, quadratic_share)
            charged -= hours * (discharge + lost)
        if mode == _POWER and abs(charge - discharge - wanted) > FOLLOWED_WITHIN_KW:
            clipped = 1
        charge += standby - out_of_charge
        soc_kwh[at] = charged
        totals[0] += hours * discharge
        totals[1] += hours * 0.5 * (before + charged)
        sums[7] += lost + standby
        sums[8] += charged
        if throttle:
            throttled = min(max(pv - load - charge + discharge - limit_pu * pv_ac_kw, 0.0), pv)
    net = pv - throttled - load - charge + discharge
    exported, imported = max(net, 0.0), max(-net, 0.0)
    totals[2] += hours * (load - imported)
    totals[3] += hours * exported
    totals[4] += hours * throttled
    totals[5] += hours * imported
    sums[0] += pv
    sums[1] += throttled
    sums[2] += load
    sums[3] += exported
    sums[4] += imported
    sums[5] += charge
    sums[6] += discharge
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
