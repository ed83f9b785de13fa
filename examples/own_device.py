"""A device of one's own: an ice plant of the fishing port runs on surplus at noon. All its numbers are made up."""

from dataclasses import dataclass

import numpy as np

from studies.api import load_case, run_case
from twin.devices.device import DeviceFlows, DeviceNow
from twin.operation.case import under_policies, with_devices
from twin.policies.interface import HALF_HOUR, Dispatch, Mode, View


@dataclass(frozen=True)
class IcePlant:
    """Makes the ice that is used; ordered, up to twice as much into a store, or less and lives on the store."""

    area: int
    name: str = "ice_plant"
    is_storage: bool = False
    used_mw: float = 0.1
    store_mwh: float = 0.4
    melts_per_hour: float = 0.01

    def initial(self) -> np.ndarray:
        """Return an empty store."""
        return np.zeros(1)

    def step(self, state: np.ndarray, now: DeviceNow) -> tuple[np.ndarray, DeviceFlows]:
        """Make ice as ordered as far as the store has room or ice."""
        hours, melted_mw = now.step_hours, self.melts_per_hour * state[:, 0]
        store = state[:, 0] - melted_mw * hours
        wanted = now.signal_pu * self.used_mw
        more_mw = np.clip(wanted, -store / hours, (self.store_mwh - store) / hours)
        after = store + more_mw * hours
        demand_mw = more_mw[:, None] * np.eye(now.area_demand_mw.shape[1])[self.area]
        clipped = (np.abs(more_mw - wanted) > 1e-9).astype(int)
        return after[:, None], DeviceFlows(demand_mw, melted_mw, after, np.zeros_like(after), clipped)


class IceAtNoon:
    """More ice from ten to three, none while the store lasts in the evening."""

    cadence = HALF_HOUR

    def decide(self, view: View) -> Dispatch:
        """Order the ice plant; batteries follow their sites."""
        plan = view.plan(Mode.SELF_CONSUMPTION)
        ordered = 1.0 if 20 <= view.half_hour_of_day < 30 else -1.0 if view.half_hour_of_day >= 34 else 0.0
        plan.device_pu[:, view.devices.index("ice_plant")] = ordered
        return plan


case = load_case("goto_2030", scenario="new_pv_self_consumption", days=(36, 37))
case = with_devices(case, [IcePlant(area=case.model.areas.index.get_loc("fukue"))])
ice = run_case(under_policies(case, 0, [IceAtNoon()]))[0]["devices"].query("device == 'ice_plant'")
more_mwh, less_mwh = 0.5 * ice["demand_mw"].clip(lower=0.0).sum(), -0.5 * ice["demand_mw"].clip(upper=0.0).sum()
print(f"{more_mwh:.3f} MWh more at noon, {less_mwh:.3f} MWh less later, {0.5 * ice['losses_mw'].sum():.3f} MWh melted,")
print(f"{ice['stored_mwh'].iloc[-1]:.3f} MWh left, {ice['clipped'].sum():.0f} orders beyond the store")
