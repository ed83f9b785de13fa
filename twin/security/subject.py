"""The grid under judgement: its network, what is watched, and within which limits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from pandapower import pandapowerNet

from twin.grid.model import Element, GridModel, Limits
from twin.powerflow.controls import with_compensator
from twin.powerflow.extract import extract
from twin.powerflow.network import Network
from twin.powerflow.ratings import ratings
from twin.security.outages import element_names, position


@dataclass(frozen=True)
class Subject:
    """A grid made ready for judging; branches E are those of `network`.

    Attributes
    ----------
    net : pandapowerNet
    network : Network
        With the slope and the limits of a `GridModel`'s var compensator.
    branch_element : tuple of Element
        The element of each branch; windings of a three-winding transformer share theirs.
    rating_pu : numpy.ndarray, (2, E)
        Continuous rating of each end, infinite where the end is not watched.
    mainland_side : numpy.ndarray, (E,) int
        Side of a link circuit that faces the mainland (0 from/hv, 1 to/lv), -1 on other branches.
    watched_bus : numpy.ndarray, (B,) bool
    vm_min_pu, vm_max_pu : numpy.ndarray, (B,)
    short_time_factor : float
    tripped_with : mapping of Element to tuple of int
    """

    net: pandapowerNet
    network: Network
    branch_element: tuple[Element, ...]
    rating_pu: np.ndarray
    mainland_side: np.ndarray
    watched_bus: np.ndarray
    vm_min_pu: np.ndarray
    vm_max_pu: np.ndarray
    short_time_factor: float
    tripped_with: Mapping[Element, tuple[int, ...]]

    @cached_property
    def branch_names(self) -> list[str]:
        """Name of each branch's element, (E,)."""
        return element_names(self.net, self.branch_element)

    @cached_property
    def bus_names(self) -> list[str]:
        """Name of each bus in the order of ``net.bus``, (B,)."""
        return element_names(self.net, [("bus", int(bus)) for bus in self.net.bus.index])


def subject(grid: pandapowerNet | GridModel, limits: Limits, *, trafo_model: str, enforce_q_lims: bool) -> Subject:
    """Make a net or a grid model ready.

    A plain net: every rated branch and every bus is watched; the voltage band is ``min_vm_pu``, ``max_vm_pu`` of the
    bus table and where that is empty the one of `limits`. A grid model: its own compensator, limits and roles
    (branches ``monitored_after_outage``, ``voltage_buses``, ``link``); `limits` is not used.
    """
    if isinstance(grid, GridModel):
        return _of_model(grid, trafo_model)
    network = extract(grid, trafo_model=trafo_model, enforce_q_lims=enforce_q_lims)
    rated = ratings(grid, network)
    return Subject(
        net=grid,
        network=network,
        branch_element=_branch_elements(grid, network),
        rating_pu=np.stack([rated.from_pu, rated.to_pu]),
        mainland_side=np.full(len(network.branch_from), -1),
        watched_bus=np.ones(len(grid.bus), dtype=bool),
        vm_min_pu=_band(grid.bus, "min_vm_pu", limits.vm_min_pu),
        vm_max_pu=_band(grid.bus, "max_vm_pu", limits.vm_max_pu),
        short_time_factor=limits.short_time_factor,
        tripped_with={},
    )


def network_of(model: GridModel, *, trafo_model: str = "t") -> Network:
    """Return the matrices of a model's net, its compensator acting by slope and susceptance limits."""
    network = extract(model.net, trafo_model=trafo_model)
    return network if model.compensator is None else with_compensator(network, model.net, model.compensator)


def _of_model(model: GridModel, trafo_model: str) -> Subject:
    net = model.net
    network = network_of(model, trafo_model=trafo_model)
    rated = ratings(net, network)
    rating_pu = np.stack([rated.from_pu, rated.to_pu])
    watched = np.zeros(len(network.branch_from), dtype=bool)
    watched[_branches(net, network, model.roles.monitored_after_outage)] = True
    rating_pu[:, ~watched] = np.inf
    mainland_side = np.full(len(network.branch_from), -1)
    for circuit in model.roles.link:
        side = 0 if circuit.mainland_side in ("from", "hv") else 1
        mainland_side[_branches(net, network, (circuit.element,))] = side
    size = len(net.bus)
    return Subject(
        net=net,
        network=network,
        branch_element=_branch_elements(net, network),
        rating_pu=rating_pu,
        mainland_side=mainland_side,
        watched_bus=net.bus.index.isin(model.roles.voltage_buses),
        vm_min_pu=np.full(size, model.limits.vm_min_pu),
        vm_max_pu=np.full(size, model.limits.vm_max_pu),
        short_time_factor=model.limits.short_time_factor,
        tripped_with=model.roles.shunts_tripped_with,
    )


def _branches(net: pandapowerNet, network: Network, elements: Sequence[Element]) -> np.ndarray:
    rows = [network.branch_rows[e[0]][position(net, e)] for e in elements]
    found = np.concatenate(rows) if rows else np.zeros(0, dtype=np.int64)
    return found[found >= 0]


def _branch_elements(net: pandapowerNet, network: Network) -> tuple[Element, ...]:
    elements: list[Element] = [("", -1)] * len(network.branch_from)
    for table, rows in network.branch_rows.items():
        for at, index in enumerate(net[table].index if len(rows) else ()):
            for branch in rows[at][rows[at] >= 0]:
                elements[branch] = table, int(index)
    return tuple(elements)


def _band(bus: pd.DataFrame, column: str, default: float) -> np.ndarray:
    if column not in bus:
        return np.full(len(bus), default)
    return bus[column].astype(float).fillna(default).to_numpy()
