"""The shipped policies by the name used in study files; nothing heavy is imported before one is made."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from twin.policies.interface import Policy

POLICIES: dict[str, str] = {
    "none": "twin.policies.rules:Idle",
    "self_consumption": "twin.policies.rules:SelfConsumption",
    "hold_behind_meter": "twin.policies.rules:HoldBehindMeter",
    "congestion_aware": "twin.policies.congestion_aware:CongestionAware",
    "price": "twin.policies.price:Price",
    "free_hour": "twin.policies.rules:FreeHour",
    "linked_price": "twin.policies.tariffs:LinkedPrice",
    "order_8_10": "twin.policies.tariffs:MorningOrder",
    "order_10_14": "twin.policies.tariffs:OrderWindow",
    "order_14_16": "twin.policies.tariffs:AfternoonOrder",
    "mpc": "twin.policies.mpc:Mpc",
}
"""Module and class, which needs no arguments."""


def shipped_policy(name: str) -> Policy:
    """Return a new policy of the catalogue.

    Raises
    ------
    KeyError
        If there is none of this name.
    """
    module, _, policy = POLICIES[name].partition(":")
    made: Policy = getattr(importlib.import_module(module), policy)()
    return made
