"""Sites behind their meters: PV, own demand, battery; every limit is enforced here, not by the policy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit

from twin.loop.case import Case
from twin.loop.distinct import distinct_rows
from twin.loop.member import DeviceArrays
from twin.loop.state import State
from twin.policies.interface import ORDER_SLOTS, Mode

FOLLOWED_WITHIN_KW = 1e-6
_IDLE, _SELF, _POWER = int(Mode.IDLE), int(Mode.SELF_CONSUMPTION), int(Mode.POWER)
_FIELDS = 9


@dataclass(frozen=True)
class SiteFlows:
    """Sums over the sites of each group, (M, G) in MW, over one half-hour.

    `available_mw` is PV at the inverter's AC side; `throttled_mw` what the inverter throttled; `load_mw` own demand;
    `export_mw` and `import_mw` the exchange with the grid, site by site; `raw_net_mw` PV minus demand as without any
    battery; `stored_mwh` the charge at the end; `clipped` (M,) counts commands that a device could not follow.
    """

    available_mw: np.ndarray
    throttled_mw: np.ndarray
    load_mw: np.ndarray
    export_mw: np.ndarray
    import_mw: np.ndarray
    charge_mw: np.ndarray
    discharge_mw: np.ndarray
    battery_losses_mw: np.ndarray
    stored_mwh: np.ndarray
    clipped: np.ndarray

    @property
    def raw_net_mw(self) -> np.ndarray:
        """PV minus demand, as it would be without batteries and limits."""
        return self.available_mw - self.load_mw


def run_sites(case: Case, state: State, t: int) -> tuple[SiteFlows, np.ndarray]:
    """Run all sites of all members over one half-hour.

    Parameters
    ----------
    case : Case
    state : State
        Charge and the orders in force.
    t : int
        Step.

    Returns
    -------
    flows : SiteFlows
    soc_kwh : numpy.ndarray, (M, S)
        Charge at the end.
    """
    slot = t % ORDER_SLOTS
    sites = case.sites
    orders = (state.mode, state.battery_power_pu, state.export_limit_pu, state.soc_min_percent)
    now = [order[:, slot] for order in orders]
    first, inverse = distinct_rows(case.device_class, case.profile, *now, state.soc_kwh)
    mode, power_pu, export_limit_pu, soc_min_percent = (np.ascontiguousarray(order[first]) for order in now)
    soc_kwh = state.soc_kwh[first]
    sums = np.zeros((len(first), len(sites.groups), _FIELDS))
    profile = case.profile[first]
    clipped = _run_members(
        np.stack([profiles.site_pv_per_kw[t] for profiles, _ in case.profiles])[profile],
        np.stack([profiles.site_demand_per_kwh[t] for profiles, _ in case.profiles])[profile],
        sites.group, sites.pv_shape, sites.demand_shape, sites.pv_dc_kw, sites.pv_ac_kw,
        case.device_class[first], case.device_arrays, mode, power_pu, export_limit_pu, soc_min_percent,
        case.step_hours, soc_kwh, sums,
    )  # fmt: skip
    fields = [*np.moveaxis(sums[inverse], 2, 0) / 1000.0, clipped[inverse]]
    return SiteFlows(*fields), soc_kwh[inverse]


@njit(cache=True, nogil=True)
def _run_members(
    pv_per_kw: np.ndarray, demand_per_kwh: np.ndarray,
    group: np.ndarray, pv_shape: np.ndarray, demand_shape: np.ndarray, pv_dc_kw: np.ndarray, pv_ac_kw: np.ndarray,
    device_class: np.ndarray, devices: DeviceArrays,
    mode: np.ndarray, power_pu: np.ndarray, export_limit_pu: np.ndarray, soc_min_percent: np.ndarray,
    hours: float, soc_kwh: np.ndarray, sums: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """Run the sites of several members, one a row; returns the clipped commands of each."""
    clipped = np.zeros(len(device_class), dtype=np.int64)
    for r in range(len(device_class)):
        d = device_class[r]
        clipped[r] = _member_sites(
            pv_per_kw[r], demand_per_kwh[r], group, pv_shape, demand_shape,
            pv_dc_kw, pv_ac_kw, devices.battery_kwh[d], devices.battery_kw[d], devices.demand_kwh[d], devices.has_pv[d],
            mode[r], power_pu[r], export_limit_pu[r], soc_min_percent[r],
            devices.soc_min_share[d], devices.soc_max_share[d], devices.throttle_when_full[d],
            devices.efficiency[d], hours, soc_kwh[r], sums[r],
        )  # fmt: skip
    return clipped


@njit(cache=True, nogil=True)
def _member_sites(
    pv_per_kw: np.ndarray, demand_per_kwh: np.ndarray,
    group: np.ndarray, pv_shape: np.ndarray, demand_shape: np.ndarray,
    pv_dc_kw: np.ndarray, pv_ac_kw: np.ndarray, battery_kwh: np.ndarray, battery_kw: np.ndarray,
    demand_kwh: np.ndarray,
    has_pv: np.ndarray, mode: np.ndarray, power_pu: np.ndarray, export_limit_pu: np.ndarray,
    soc_min_percent: np.ndarray, soc_min_share: np.ndarray, soc_max_share: np.ndarray, throttle: bool,
    efficiency: np.ndarray, hours: float, soc_kwh: np.ndarray, sums: np.ndarray,
) -> int:  # fmt: skip
    """Run one member's sites; `soc_kwh` (S,) and `sums` (G, fields) are updated. Returns the clipped commands."""
    clipped = 0
    for s in range(group.shape[0]):
        g = group[s]
        pv = min(pv_per_kw[pv_shape[s]] * pv_dc_kw[s], pv_ac_kw[s]) if has_pv[s] else 0.0
        load = demand_per_kwh[demand_shape[s]] * demand_kwh[s]
        charge, discharge, throttled = 0.0, 0.0, 0.0
        if battery_kwh[s] > 0.0:
            before, eta = soc_kwh[s], efficiency[s]
            floor = max(soc_min_share[s], soc_min_percent[g] / 100.0) * battery_kwh[s]
            room = max(soc_max_share[s] * battery_kwh[s] - before, 0.0) / (eta * hours)
            store = max(before - floor, 0.0) * eta / hours
            surplus = pv - load
            if mode[g] == _SELF:
                charge = min(max(surplus, 0.0), battery_kw[s], room)
                discharge = min(max(-surplus, 0.0), battery_kw[s], store)
            elif mode[g] == _POWER:
                wanted = power_pu[g] * battery_kw[s]
                charge = min(max(wanted, 0.0), battery_kw[s], room)
                discharge = min(max(-wanted, 0.0), battery_kw[s], store, max(-surplus, 0.0))
                if abs(charge - discharge - wanted) > FOLLOWED_WITHIN_KW:
                    clipped += 1
            soc_kwh[s] = before + hours * (charge * eta - discharge / eta)
            sums[g, 7] += charge * (1.0 - eta) + discharge * (1.0 / eta - 1.0)
            sums[g, 8] += soc_kwh[s]
            if throttle:
                throttled = min(max(pv - load - charge + discharge - export_limit_pu[g] * pv_ac_kw[s], 0.0), pv)
        net = pv - throttled - load - charge + discharge
        sums[g, 0] += pv
        sums[g, 1] += throttled
        sums[g, 2] += load
        sums[g, 3] += max(net, 0.0)
        sums[g, 4] += max(-net, 0.0)
        sums[g, 5] += charge
        sums[g, 6] += discharge
    return clipped
