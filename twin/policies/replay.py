"""The policy `Replay`: a schedule of the bound ordered half-hour by half-hour."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from twin.bound.schedule import Schedule
from twin.devices.names import HOMES
from twin.errors import InputError, Problem
from twin.policies.following import order_power
from twin.policies.interface import DAY, Cadence, Dispatch, Mode, View
from twin.policies.signals import order


@dataclass(frozen=True)
class Replay:
    """Orders what a schedule says, to see what the real devices and network make of it.

    It knows the future: no policy to compare with, but what the bound's optimum is worth in the loop.

    Attributes
    ----------
    schedule : Schedule
    """

    schedule: Schedule
    cadence: Cadence = DAY

    def decide(self, view: View) -> Dispatch:
        """Order the coming half-hours of the schedule; beyond its end nothing.

        Raises
        ------
        InputError
            If the schedule does not hold the half-hour.
        """
        schedule = self.schedule
        first = int(schedule.index.get_indexer(pd.DatetimeIndex([view.outlook.start]))[0])
        if first < 0:
            accepted = f"{schedule.index[0]} to {schedule.index[-1]}"
            raise InputError([Problem("not in the schedule", "Replay", str(view.outlook.start), accepted)])
        orders = view.plan(Mode.IDLE)
        steps = slice(first, first + view.half_hours)
        count = len(schedule.index[steps])
        for k, name in enumerate(schedule.groups):
            sites = np.flatnonzero(schedule.group_of_sites == k)
            power_pu, stored = np.zeros(view.half_hours), np.zeros(view.half_hours)
            power_pu[:count], stored[:count] = schedule.signal_pu[steps, k], schedule.stored_percent[steps, k]
            if len(sites):
                order_power(orders, sites, power_pu, stored)
            elif name == HOMES:
                orders.price_ratio[:] = np.clip(1.0 - power_pu, 0.0, None)
            else:
                order(orders, view, [name], power_pu)
        return orders
