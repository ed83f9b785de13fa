"""Policies by rule: idle, self-consumption, held behind the meter, the free hour, a given schedule."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from twin.core.errors import InputError, Problem
from twin.devices.device import CARS, HOMES, WATER_HEATERS
from twin.devices.homes import FREE, free_hour_price_ratio
from twin.policies.interface import DAY, Cadence, Dispatch, Mode, View
from twin.policies.ordering import order, order_power


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
class FreeHour:
    """`free_hour`: self-consumption; homes see the free hour's prices, water heaters and cars take energy in it."""

    cadence: Cadence = DAY

    def decide(self, view: View) -> Dispatch:
        """Order the same for every day."""
        plan = view.plan(Mode.SELF_CONSUMPTION)
        half_hour = view.half_hour_of_steps()
        plan.price_ratio[:] = free_hour_price_ratio()[half_hour]
        is_free = (half_hour >= FREE.start) & (half_hour < FREE.stop)
        order(plan, view, [WATER_HEATERS, CARS], is_free.astype(float))
        return plan


@dataclass(frozen=True)
class Schedule:
    """Powers of the groups; axes T steps, N groups, G site groups.

    Attributes
    ----------
    index : pandas.DatetimeIndex
        (T,).
    groups : tuple of str
        Kinds of sites, then devices as in `View.devices`.
    charge_mw, discharge_mw : numpy.ndarray, (T, N)
        Without the part of the charge that comes out of area-balance cuts.
    ordered_off_mw : numpy.ndarray, (T, N)
        That part.
    stored_percent : numpy.ndarray, (T, N)
        Charge at the end of the step, of the capacity.
    signal_pu : numpy.ndarray, (T, N)
        What is ordered of it: of what is left between the usual power and the most, either way, positive to charge.
    group_of_sites : numpy.ndarray, (G,) int
        Group of each site group; -1 where it has none.
    """

    index: pd.DatetimeIndex
    groups: tuple[str, ...]
    charge_mw: np.ndarray
    discharge_mw: np.ndarray
    ordered_off_mw: np.ndarray
    stored_percent: np.ndarray
    signal_pu: np.ndarray
    group_of_sites: np.ndarray


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
        """Order the coming steps of the schedule; beyond its end nothing.

        Raises
        ------
        InputError
            If the schedule does not hold the step.
        """
        schedule = self.schedule
        first = int(schedule.index.get_indexer(pd.DatetimeIndex([view.outlook.start]))[0])
        if first < 0:
            accepted = f"{schedule.index[0]} to {schedule.index[-1]}"
            raise InputError([Problem("not in the schedule", "Replay", str(view.outlook.start), accepted)])
        orders = view.plan(Mode.IDLE)
        steps = slice(first, first + view.steps)
        count = len(schedule.index[steps])
        for k, name in enumerate(schedule.groups):
            sites = np.flatnonzero(schedule.group_of_sites == k)
            power_pu, stored = np.zeros(view.steps), np.zeros(view.steps)
            power_pu[:count], stored[:count] = schedule.signal_pu[steps, k], schedule.stored_percent[steps, k]
            if len(sites):
                order_power(orders, sites, power_pu, stored)
            elif name == HOMES:
                orders.price_ratio[:] = np.clip(1.0 - power_pu, 0.0, None)
            else:
                order(orders, view, [name], power_pu)
        return orders
