"""The policy `free_hour`: the plan's free electricity at 12 to 13 h."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.clock import HALF_HOURS_OF_DAY
from twin.devices.free_hour import FREE, free_hour_price_ratio
from twin.devices.names import CARS, WATER_HEATERS
from twin.policies.interface import DAY, Cadence, Dispatch, Mode, View
from twin.policies.signals import order


@dataclass(frozen=True)
class FreeHour:
    """`free_hour`: self-consumption; homes see the free hour's prices, water heaters and cars take energy in it."""

    cadence: Cadence = DAY

    def decide(self, view: View) -> Dispatch:
        """Order the same for every day."""
        plan = view.plan(Mode.SELF_CONSUMPTION)
        half_hour = (view.half_hour_of_day + np.arange(view.half_hours)) % HALF_HOURS_OF_DAY
        plan.price_ratio[:] = free_hour_price_ratio()[half_hour]
        is_free = (half_hour >= FREE.start) & (half_hour < FREE.stop)
        order(plan, view, [WATER_HEATERS, CARS], is_free.astype(float))
        return plan
