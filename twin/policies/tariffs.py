"""Policies by tariff: homes follow the exchange's price, flexible demand is ordered up in a window of the day."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.core.clock import MINUTES_OF_HALF_HOUR, MINUTES_OF_HOUR
from twin.devices.device import CARS, COMMERCIAL, WATER_HEATERS
from twin.policies.interface import DAY, Cadence, Dispatch, Mode, View
from twin.policies.ordering import order
from twin.policies.price import Price


@dataclass(frozen=True)
class LinkedPrice(Price):
    """`linked_price`: as `price`, and the homes' tariff follows the expected price of the exchange.

    The ratio is neutral over the steps of a decision: a home that uses the same in all of them pays what it paid.

    Attributes
    ----------
    linked_share : float
        Part of the retail price that follows the exchange; an assumption.
    """

    linked_share: float = 0.5

    def decide(self, view: View) -> Dispatch:
        """Order devices by the rank of the expected price, and announce the homes' price."""
        plan = super().decide(view)
        price = view.outlook.price_jpy_per_kwh[: view.steps]
        mean = float(price.mean())
        if mean > 0.0:
            plan.price_ratio[:] = 1.0 - self.linked_share + self.linked_share * np.maximum(price, 0.0) / mean
        return plan


@dataclass(frozen=True)
class OrderWindow:
    """`order_8_10`, `order_10_14`, `order_14_16`: flexible demand is told to take energy in a window of every day.

    Water heaters, cars and commercial sites follow; homes have no order and keep their price. Sites run on
    self-consumption.

    Attributes
    ----------
    first_hour, last_hour : int
        Clock hours between which the order holds.
    """

    first_hour: int = 10
    last_hour: int = 14
    cadence: Cadence = DAY

    def decide(self, view: View) -> Dispatch:
        """Order the same for every day."""
        plan = view.plan(Mode.SELF_CONSUMPTION)
        hour = view.half_hour_of_steps() * MINUTES_OF_HALF_HOUR / MINUTES_OF_HOUR
        ordered = (hour >= self.first_hour) & (hour < self.last_hour)
        order(plan, view, [WATER_HEATERS, CARS, COMMERCIAL], ordered.astype(float))
        return plan


@dataclass(frozen=True)
class MorningOrder(OrderWindow):
    """`order_8_10`: in the morning."""

    first_hour: int = 8
    last_hour: int = 10


@dataclass(frozen=True)
class AfternoonOrder(OrderWindow):
    """`order_14_16`: in the afternoon."""

    first_hour: int = 14
    last_hour: int = 16
