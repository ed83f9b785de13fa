"""Sites behind their meters: PV, own demand, battery; the limits are enforced in `twin.operation.site_kernel`."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from twin.operation.case import Case
from twin.operation.equal_states import distinct_rows
from twin.operation.member import TOTALS
from twin.operation.site_kernel import run_rows
from twin.operation.state import State
from twin.policies.interface import ORDER_SLOTS

_FIELDS = 9


@dataclass(frozen=True)
class SiteFlows:
    """Sums over the sites of each group, (M, G) in MW, over one half-hour.

    `available_mw` is PV at the inverter's AC side; `throttled_mw` what the inverter throttled; `load_mw` own demand;
    `export_mw` and `import_mw` the exchange with the grid, site by site; `charge_mw` what the battery systems take,
    standby that does not come out of the charge included; `battery_losses_mw` conversion and all standby;
    `raw_net_mw` PV minus demand as without any battery; `stored_mwh` the charge at the end; `clipped` (M,) counts
    commands that a device could not follow.
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
        result: np.ndarray = self.available_mw - self.load_mw
        return result


def run_sites(case: Case, state: State, t: int) -> tuple[SiteFlows, State]:
    """Run all sites of all members over one half-hour, and the average sites beside them with the same orders.

    Members in the same state to the bit share the work.

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
    state : State
        With the charges at the end and the totals up to it.
    """
    slot, sites = t % ORDER_SLOTS, case.sites
    orders = (state.mode, state.battery_power_pu, state.export_limit_pu, state.soc_min_percent)
    now = [order[:, slot] for order in orders]
    first, row = distinct_rows(case.device_class, case.profile, *now, state.soc_kwh, state.average_soc_kwh)
    mode, power_pu, export_limit_pu, soc_min_percent = (np.ascontiguousarray(order[first]) for order in now)
    soc_kwh, average_soc_kwh = state.soc_kwh[first], state.average_soc_kwh[first]
    sums = np.zeros((len(first), len(sites.groups), _FIELDS))
    totals = np.zeros((*soc_kwh.shape, len(TOTALS)))
    average_totals = np.zeros((*average_soc_kwh.shape, len(TOTALS)))
    profile = case.profile[first]
    clipped = run_rows(
        np.stack([profiles.site_pv_per_kw[t] for profiles, _ in case.profiles])[profile],
        np.stack([profiles.site_demand_per_kwh[t] for profiles, _ in case.profiles])[profile],
        sites.group, sites.pv_shape, sites.demand_shape, sites.pv_dc_kw, sites.pv_ac_kw,
        case.device_class[first], case.device_arrays, case.average_sites,
        (mode, power_pu, export_limit_pu, soc_min_percent),
        case.step_hours, soc_kwh, totals, average_soc_kwh, average_totals, sums,
    )  # fmt: skip
    fields = [*np.moveaxis(sums[row], 2, 0) / 1000.0, clipped[row]]
    return SiteFlows(*fields), replace(
        state,
        soc_kwh=soc_kwh[row],
        site_totals=state.site_totals.plus(totals, row, case.recorded),
        average_soc_kwh=average_soc_kwh[row],
        average_totals=state.average_totals + average_totals[row],
    )
