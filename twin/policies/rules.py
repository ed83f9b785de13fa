"""The rule-based policies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.policies.interface import DAY, THREE_HOURS, Cadence, Dispatch, Mode, Policy, View


@dataclass(frozen=True)
class Idle:
    """`none`: batteries rest, PV feeds in what the site does not use."""

    cadence: Cadence = DAY

    def decide(self, view: View) -> Dispatch:
        """Order nothing."""
        return view.plan(Mode.IDLE)


@dataclass(frozen=True)
class SelfConsumption:
    """`self_consumption`: charge any surplus at once, cover the site's own demand later, feed in the rest."""

    cadence: Cadence = DAY

    def decide(self, view: View) -> Dispatch:
        """Order self-consumption."""
        return view.plan(Mode.SELF_CONSUMPTION)


@dataclass(frozen=True)
class HoldBehindMeter:
    """`hold_behind_meter`: self-consumption and no feed-in at all."""

    cadence: Cadence = DAY

    def decide(self, view: View) -> Dispatch:
        """Order self-consumption without feed-in."""
        return view.plan(Mode.SELF_CONSUMPTION, export_limit_pu=0.0)


@dataclass(frozen=True)
class CongestionAware:
    """`congestion_aware`: keep room for the half-hours in which the link's forecast export is highest.

    On a day whose forecast export passes `alert_share` of the operator's limit, the batteries charge only in as many
    half-hours as they need to fill, the ones with the highest forecast, and hold the sites' feed-in back then; before
    that the surplus feeds in. On other days, and in the evening, it is plain self-consumption.
    """

    cadence: Cadence = THREE_HOURS
    alert_share: float = 0.9

    def decide(self, view: View) -> Dispatch:
        """Order charging for the forecast peak."""
        ahead = view.half_hours
        plan = view.plan(Mode.SELF_CONSUMPTION)
        rest_of_day = view.outlook.export_mw[: 48 - view.half_hour_of_day]
        if rest_of_day.max() < self.alert_share * view.export_limit_mw:
            return plan
        rank = np.empty(len(rest_of_day), dtype=np.int64)
        rank[np.argsort(-rest_of_day, kind="stable")] = np.arange(len(rest_of_day))
        half_hours_to_fill = np.ceil(2.0 * view.batteries.hours * (1.0 - view.batteries.soc_percent / 100.0))
        peak = rank[:ahead, None] < np.maximum(half_hours_to_fill, 1.0)[None, :]
        later_peak = np.array([(rank[step:] < half_hours_to_fill.max()).any() for step in range(ahead)])[:, None]
        alert = rest_of_day[:ahead, None] >= self.alert_share * view.export_limit_mw
        plan.mode[~peak & later_peak & (rest_of_day[:ahead, None] > 0.0)] = Mode.IDLE
        plan.export_limit_pu[peak & alert] = 0.0
        return plan


POLICIES: dict[str, Policy] = {
    "none": Idle(),
    "self_consumption": SelfConsumption(),
    "hold_behind_meter": HoldBehindMeter(),
    "congestion_aware": CongestionAware(),
}
"""The shipped policies by the name used in study files."""
