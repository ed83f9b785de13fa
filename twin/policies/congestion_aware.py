"""The policy `congestion_aware`: take energy while the link is expected to be full."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from twin.devices.device import CARS, COMMERCIAL, GRID_BATTERIES, PLANT_BATTERIES, WATER_HEATERS
from twin.policies.interface import THREE_HOURS, Cadence, Dispatch, Mode, View
from twin.policies.ordering import order, stored_mwh

EMPTY_WITHIN_MWH = 1e-3
"""A battery that holds no more than this above its least is left alone: rounding, or not worth an order."""


@dataclass
class CongestionAware:
    """`congestion_aware`: keep room for the steps in which the link's forecast export is highest.

    On a day whose forecast export passes `alert_share` of the operator's limit, the batteries charge only in as many
    steps as they need to fill, the ones with the highest forecast, and hold the sites' feed-in back then; before
    that the surplus feeds in. On other days, and in the evening, it is plain self-consumption. Flexible demand takes
    energy in the steps above that share. Batteries in the grid and beside plants charge in the highest of them, as
    many as a battery needs to fill, and give back what they hold below that share. A battery beside a plant is told to
    charge and not left to what is cut of its own plant: the link is relieved whichever plant the operator would cut.

    Attributes
    ----------
    alert_share : float
    storage_hours : float
        What is assumed of batteries in the grid and beside plants, whose size a policy is not told: hours of full
        power from empty to full.
    least_mwh : dict of str to float
        Remembered: the least above 0 that a battery was ever seen to hold, taken for empty.
    """

    cadence: Cadence = THREE_HOURS
    alert_share: float = 0.9
    storage_hours: float = 4.0
    least_mwh: dict[str, float] = field(default_factory=dict)

    def decide(self, view: View) -> Dispatch:
        """Order charging for the forecast peak."""
        plan = view.plan(Mode.SELF_CONSUMPTION)
        self._order_sites(plan, view)
        self._order_devices(plan, view)
        return plan

    def _order_sites(self, plan: Dispatch, view: View) -> None:
        ahead = view.steps
        rest_of_day = view.outlook.export_mw[: max(view.steps_of_day - view.step_of_day, ahead)]
        if rest_of_day.max() < self.alert_share * view.export_limit_mw:
            return
        rank = _rank(rest_of_day)
        hours_to_fill = view.batteries.hours * (1.0 - view.batteries.soc_percent / 100.0)
        steps_to_fill = np.ceil(hours_to_fill / view.step_hours)
        peak = rank[:ahead, None] < np.maximum(steps_to_fill, 1.0)[None, :]
        later_peak = np.array([(rank[step:] < steps_to_fill.max()).any() for step in range(ahead)])[:, None]
        alert = rest_of_day[:ahead, None] >= self.alert_share * view.export_limit_mw
        plan.mode[~peak & later_peak & (rest_of_day[:ahead, None] > 0.0)] = Mode.IDLE
        plan.export_limit_pu[peak & alert] = 0.0

    def _order_devices(self, plan: Dispatch, view: View) -> None:
        export = view.outlook.export_mw
        alert = export[: view.steps] >= self.alert_share * view.export_limit_mw
        order(plan, view, [WATER_HEATERS, CARS, COMMERCIAL], alert.astype(float))
        charges = alert & (_rank(export)[: view.steps] < self.storage_hours / view.step_hours)
        after_alert = np.concatenate([[False], np.logical_or.accumulate(alert)[:-1]])
        for name in (GRID_BATTERIES, PLANT_BATTERIES):
            stored = stored_mwh(view, name)
            if stored > 0.0:
                self.least_mwh[name] = min(stored, self.least_mwh.get(name, stored))
            gives = ~alert & (after_alert | (stored > self.least_mwh.get(name, 0.0) + EMPTY_WITHIN_MWH))
            order(plan, view, [name], charges.astype(float) - gives)


def _rank(values: np.ndarray) -> np.ndarray:
    """Return the place of each value in the order from the largest on, 0 first."""
    rank = np.empty(len(values), dtype=np.int64)
    rank[np.argsort(-values, kind="stable")] = np.arange(len(values))
    return rank
