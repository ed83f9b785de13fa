"""Devices that hold a voltage magnitude by reactive power, and the nodes that they control together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Controlled:
    """Nodes whose voltage magnitude is held by reactive power: generators, extended wards, static var compensators.

    Attributes
    ----------
    node : numpy.ndarray, (C,) int
        Each node once; several generators at a node are one row with the sum of their limits.
    vm_set_pu : numpy.ndarray, (C,)
    slope_pu : numpy.ndarray, (C,)
        Fall of the held voltage per per-unit reactive infeed (droop of a compensator); 0 for a stiff control.
    low_pu, high_pu : numpy.ndarray, (C,)
        Limits of the reactive infeed at 1.0 pu voltage; infinite where there is none or it is not to be enforced.
    is_susceptance : numpy.ndarray, (C,) bool
        At its limit such a device keeps its susceptance (infeed follows the square of the voltage), the others keep
        their reactive power.
    """

    node: np.ndarray
    vm_set_pu: np.ndarray
    slope_pu: np.ndarray
    low_pu: np.ndarray
    high_pu: np.ndarray
    is_susceptance: np.ndarray


@dataclass(frozen=True)
class Regulators:
    """One table of devices that hold a voltage, in the table's order.

    Attributes
    ----------
    node : numpy.ndarray, (L,) int
        Node whose voltage is held; -1 where the device is out of service, not controllable or de-energised.
    vm_set_pu, slope_pu, low_pu, high_pu : numpy.ndarray, (L,)
        As in `Controlled`.
    is_susceptance : bool
        As in `Controlled`, for the whole table.
    """

    node: np.ndarray
    vm_set_pu: np.ndarray
    slope_pu: np.ndarray
    low_pu: np.ndarray
    high_pu: np.ndarray
    is_susceptance: bool


def slack_nodes(
    slack_by: Mapping[str, np.ndarray], slack_v_by: Mapping[str, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Return the slack nodes in order, (K,) int, and their voltages, (K,); the first source at a node counts."""
    node, v = (np.concatenate([part[table] for table in slack_by]) for part in (slack_by, slack_v_by))
    slack, first = np.unique(node[node >= 0], return_index=True)
    return slack, v[node >= 0][first]


def controlled_nodes(
    regulators: Mapping[str, Regulators], slack: np.ndarray
) -> tuple[Controlled, dict[str, np.ndarray]]:
    """Join the devices at each node; those at a slack node control nothing.

    Parameters
    ----------
    regulators : mapping of str to Regulators
    slack : numpy.ndarray, (K,) int

    Returns
    -------
    controlled : Controlled
        Ordered by node.
    controlled_by : dict of str to numpy.ndarray, (L,) int
        Row of each device, -1 for none.
    """
    tables = list(regulators.values())
    node = _joined([t.node for t in tables]).astype(np.int64)
    is_susceptance = _joined([np.full(len(t.node), t.is_susceptance) for t in tables]).astype(bool)
    held = np.flatnonzero((node >= 0) & ~np.isin(node, slack))
    unique, first, row = np.unique(node[held], return_index=True, return_inverse=True)
    low, high = np.zeros(len(unique)), np.zeros(len(unique))
    np.add.at(low, row, _joined([t.low_pu for t in tables])[held])
    np.add.at(high, row, _joined([t.high_pu for t in tables])[held])
    controlled = Controlled(
        node=unique,
        vm_set_pu=_joined([t.vm_set_pu for t in tables])[held][first],
        slope_pu=_joined([t.slope_pu for t in tables])[held][first],
        low_pu=low,
        high_pu=high,
        is_susceptance=is_susceptance[held][first],
    )
    row_of = np.full(len(node), -1)
    row_of[held] = row
    ends = np.cumsum([len(t.node) for t in tables])[:-1]
    return controlled, dict(zip(regulators, np.split(row_of, ends), strict=True))


def _joined(parts: list[np.ndarray]) -> np.ndarray:
    return np.concatenate([np.zeros(0), *parts])
