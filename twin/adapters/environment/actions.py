"""Actions: every order that a policy may give, as numbers within -1 .. 1."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import gymnasium
import numpy as np

from twin.core.errors import InputError, Problem
from twin.operation.case import Case
from twin.policies.interface import ORDERS as FIELDS
from twin.policies.interface import ROUNDING, Dispatch, Mode

ORDERS = ("mode", "power", "export_limit", "charge_kept", "price", "devices")
"""What an action may consist of; what is left out stays as in `OF_NO_ORDER`, the mode at POWER."""
_OF_GROUPS = ORDERS[:4]
_BETWEEN_MODES = 1.0 / 3.0
"""A mode is -1 (IDLE), 0 (SELF_CONSUMPTION) or 1 (POWER); the nearest one counts."""
_HALF_OF_PERCENT = 50.0
_SAME_WITHIN = 1e-9


@dataclass(frozen=True)
class ActionLayout:
    """What all members can be ordered.

    Attributes
    ----------
    orders : tuple of str
        Of `ORDERS`.
    together : bool
        Whether all site groups get the same orders.
    batteries : numpy.ndarray, (B,) int
        Site groups with batteries.
    groups, devices : tuple of str
        Names of those groups and of the flexible devices.
    """

    orders: tuple[str, ...]
    together: bool
    batteries: np.ndarray
    groups: tuple[str, ...]
    devices: tuple[str, ...]

    @staticmethod
    def of(case: Case, m: int, orders: Sequence[str], together: bool) -> ActionLayout:
        """Return the layout of a member."""
        batteries = np.flatnonzero(case.fleet.battery_mwh[m] > 0.0)
        groups = tuple(case.sites.groups.index[batteries].astype(str))
        ordered = tuple(name for name in ORDERS if name in orders)
        return ActionLayout(ordered, together, batteries, groups, case.members[m].orderable)

    @cached_property
    def columns(self) -> dict[str, slice]:
        """Where each order stands in an action."""
        found, end = {}, 0
        for name in self.orders:
            start, end = end, end + len(self._places(name))
            found[name] = slice(start, end)
        return found

    def _places(self, order: str) -> tuple[str, ...]:
        if order == "devices":
            return self.devices
        if order == "price":
            return ("",)
        return (("all",) if self.together else self.groups) if self.groups else ()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the values of an action."""
        words = {"devices": "device", "power": "battery"}
        return tuple(f"{words.get(name, name)} {place}".strip() for name in self.orders for place in self._places(name))

    @property
    def is_empty(self) -> bool:
        """Whether there is neither a battery nor a device."""
        return not self.groups and not self.devices

    @property
    def space(self) -> gymnasium.spaces.Box:
        """Actions of one member."""
        return gymnasium.spaces.Box(-1.0, 1.0, (len(self.names),), np.float32)

    def told(self, actions: np.ndarray, groups: int, devices: int) -> Dispatch:
        """Return the orders of actions, (M, A), in the case's numbers of site groups and devices; members for steps."""
        mode = Mode.IDLE if "mode" in self.orders else Mode.POWER
        told = Dispatch.constant(len(actions), groups, mode, devices=devices)
        values = {name: actions[:, columns] for name, columns in self.columns.items()}
        if "mode" in values:
            nearest = np.where(np.abs(values["mode"]) <= _BETWEEN_MODES, 0.0, np.sign(values["mode"]))
            told.mode[:, self.batteries] = 1 + nearest.astype(np.int8)
        if "power" in values:
            told.battery_power_pu[:, self.batteries] = values["power"]
        if "export_limit" in values:
            told.export_limit_pu[:, self.batteries] = 0.5 * (1.0 + values["export_limit"])
        if "charge_kept" in values:
            told.soc_min_percent[:, self.batteries] = _HALF_OF_PERCENT * (1.0 + values["charge_kept"])
        if "price" in values:
            told.price_ratio[:] = 1.0 + values["price"][:, 0]
        if "devices" in values:
            told.device_pu[:, : len(self.devices)] = values["devices"]
        return told

    def action(self, told: Dispatch) -> np.ndarray:
        """Return the actions that say some orders, (M, A), members for steps.

        Raises
        ------
        InputError
            Where no action says them: a price above twice the usual one, an order that is left out.
        """
        of_groups = {
            "mode": told.mode - 1.0,
            "power": told.battery_power_pu,
            "export_limit": 2.0 * told.export_limit_pu - 1.0,
            "charge_kept": told.soc_min_percent / _HALF_OF_PERCENT - 1.0,
        }
        rest = {"price": told.price_ratio[:, None] - 1.0, "devices": told.device_pu[:, : len(self.devices)]}
        parts = []
        for name in self.orders:
            values = of_groups[name][:, self.batteries] if name in of_groups else rest[name]
            parts.append(values[:, :1] if self.together and name in _OF_GROUPS else values)
        actions = np.concatenate(parts, axis=1)
        back = self.told(actions, told.mode.shape[1], told.device_pu.shape[1])
        for name in FIELDS:
            meant, said = getattr(told, name), getattr(back, name)
            mine = (
                (meant, said)
                if name in ("price_ratio", "device_pu")
                else (meant[:, self.batteries], said[:, self.batteries])
            )
            if (
                np.abs(actions).max(initial=0.0) > 1.0 + ROUNDING
                or np.abs(mine[0] - mine[1]).max(initial=0.0) > _SAME_WITHIN
            ):
                accepted = f"orders {', '.join(self.orders)}{', the same for all groups' if self.together else ''}"
                repair = "make the environment with all orders and together=False"
                raise InputError([Problem("no action says this order", name, "", accepted, repair)])
        return actions
