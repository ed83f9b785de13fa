"""What of a grid is held within limits: branch ends within their ratings, buses within the voltage band, the link."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from pandapower import pandapowerNet

from twin.network.model import Element, GridModel, Limits
from twin.network.network import Network, Ratings, ratings
from twin.network.voltage_control import with_compensator

PLAIN_LIMITS = Limits(vm_min_pu=0.9, vm_max_pu=1.1, short_time_factor=1.0)
"""For a net that says nothing of its own."""

DRAWN_TABLES = ("line", "trafo")
"""Tables of the elements whose loading is kept for diagrams."""


def position(net: pandapowerNet, element: Element) -> int:
    """Return the element's row in its table."""
    return int(net[element[0]].index.get_loc(element[1]))


def element_names(net: pandapowerNet, elements: Iterable[Element]) -> list[str]:
    """Return the name of each element if no other of its table has it, else table and index."""
    unique: dict[str, dict[int, str]] = {}
    names = []
    for table, index in elements:
        if table not in unique:
            named = net[table]["name"] if table in net and "name" in net[table] else pd.Series(dtype=object)
            named = named[~named.duplicated(keep=False)]
            unique[table] = {
                i: name for i, name in zip(named.index, named, strict=True) if isinstance(name, str) and name
            }
        names.append(unique[table].get(index, f"{table} {index}"))
    return names


def nodes_at(net: pandapowerNet, network: Network, buses: Iterable[int]) -> np.ndarray:
    """Return the node of each bus, (n,) int; -1 where it is de-energised."""
    return np.asarray(network.node_of_bus[net.bus.index.get_indexer(pd.Index(list(buses), dtype=np.int64))])


def branches_of(net: pandapowerNet, network: Network, elements: Sequence[Element]) -> np.ndarray:
    """Return the branches in service of some elements, in their order; a three-winding transformer has three."""
    rows = [network.branch_rows[element[0]][position(net, element)] for element in elements]
    found = np.concatenate(rows) if rows else np.zeros(0, dtype=np.int64)
    return np.asarray(found[found >= 0])


@dataclass(frozen=True)
class MonitoredGrid:
    """A grid and its limits; branches E are those of `network`, buses B those of ``net.bus``.

    Attributes
    ----------
    net : pandapowerNet
        For names and tables; what is in service is told by `network`.
    network : Network
        With the slope and the limits of a `GridModel`'s var compensator.
    ratings : Ratings
        Continuous ratings of all branch ends.
    watched_intact, watched_after_outage : numpy.ndarray, (E,) bool
        Branches whose ratings count in the intact grid and after an outage.
    mainland_side : numpy.ndarray, (E,) int
        Side of a link circuit that faces the mainland (0 from/hv, 1 to/lv), -1 on other branches.
    watched_bus : numpy.ndarray, (B,) bool
    vm_min_pu, vm_max_pu : numpy.ndarray, (B,)
    short_time_factor : float
        Of the continuous rating, until the actions after an outage are done.
    tripped_with : mapping of Element to tuple of int
        Shunts that an outage of a branch takes out too.
    """

    net: pandapowerNet
    network: Network
    ratings: Ratings
    watched_intact: np.ndarray
    watched_after_outage: np.ndarray
    mainland_side: np.ndarray
    watched_bus: np.ndarray
    vm_min_pu: np.ndarray
    vm_max_pu: np.ndarray
    short_time_factor: float
    tripped_with: Mapping[Element, tuple[int, ...]]

    @cached_property
    def rating_pu(self) -> np.ndarray:
        """Ratings after an outage, (2, E): from and to ends; infinite where the branch is not watched."""
        rated = np.stack([self.ratings.from_pu, self.ratings.to_pu])
        return np.where(self.watched_after_outage, rated, np.inf)

    def loading_percent(self, v: np.ndarray, network: Network) -> np.ndarray:
        """Return how full the branches are at the worse end, (R, E) percent of the continuous rating.

        Parameters
        ----------
        v : numpy.ndarray, (R, N) complex
            Voltages of the nodes in per unit.
        network : Network
            Its own one, or what an outage leaves of it: a branch that is out carries nothing.

        Returns
        -------
        numpy.ndarray, (R, E)
            0 on a branch without a rating, NaN where `v` is.
        """
        from_end, to_end = (np.abs((of_end @ v.T).T) for of_end in (network.y_from, network.y_to))
        return np.asarray(100.0 * np.fmax(from_end / self.ratings.from_pu, to_end / self.ratings.to_pu))

    @cached_property
    def drawn(self) -> dict[str, int]:
        """The rated lines and transformers by name: their branches, whose loadings are kept for diagrams."""
        named = zip(self.branch_names, self.branch_element, self.ratings.from_pu, strict=True)
        return {
            name: branch
            for branch, (name, element, rated) in enumerate(named)
            if element[0] in DRAWN_TABLES and np.isfinite(rated)
        }

    @cached_property
    def branch_element(self) -> tuple[Element, ...]:
        """The element of each branch, (E,); the windings of a three-winding transformer share theirs."""
        elements: list[Element] = [("", -1)] * len(self.network.branch_from)
        for table, rows in self.network.branch_rows.items():
            for at, index in enumerate(self.net[table].index if len(rows) else ()):
                for branch in rows[at][rows[at] >= 0]:
                    elements[branch] = table, int(index)
        return tuple(elements)

    @cached_property
    def branch_names(self) -> list[str]:
        """Name of each branch's element, (E,)."""
        return element_names(self.net, self.branch_element)

    @cached_property
    def bus_names(self) -> list[str]:
        """Name of each bus in the order of ``net.bus``, (B,)."""
        return element_names(self.net, [("bus", int(bus)) for bus in self.net.bus.index])


def monitored_net(net: pandapowerNet, network: Network, limits: Limits) -> MonitoredGrid:
    """Return the limits of a plain net: every rated branch and every bus is watched.

    The voltage band is ``min_vm_pu``, ``max_vm_pu`` of the bus table and where that is empty the one of `limits`.
    """
    everything = np.ones(len(network.branch_from), dtype=bool)
    return MonitoredGrid(
        net=net,
        network=network,
        ratings=ratings(net, network),
        watched_intact=everything,
        watched_after_outage=everything,
        mainland_side=np.full(len(network.branch_from), -1),
        watched_bus=np.ones(len(net.bus), dtype=bool),
        vm_min_pu=_band(net.bus, "min_vm_pu", limits.vm_min_pu),
        vm_max_pu=_band(net.bus, "max_vm_pu", limits.vm_max_pu),
        short_time_factor=limits.short_time_factor,
        tripped_with={},
    )


def monitored_model(model: GridModel, network: Network, rated: Ratings | None = None) -> MonitoredGrid:
    """Return the limits of a grid model: what its roles name, its compensator acting by slope and susceptance limits.

    Parameters
    ----------
    model : GridModel
    network : Network
        Of the model's net, in any position of its taps and reactors.
    rated : Ratings, optional
        Of `network`, where they are known already.
    """
    if model.compensator is not None:
        network = with_compensator(network, model.net, model.compensator)
    net, size = model.net, len(model.net.bus)
    mainland_side = np.full(len(network.branch_from), -1)
    for circuit in model.roles.link:
        side = 0 if circuit.mainland_side in ("from", "hv") else 1
        mainland_side[branches_of(net, network, (circuit.element,))] = side
    return MonitoredGrid(
        net=net,
        network=network,
        ratings=ratings(net, network) if rated is None else rated,
        watched_intact=_marked(net, network, model.roles.monitored),
        watched_after_outage=_marked(net, network, model.roles.monitored_after_outage),
        mainland_side=mainland_side,
        watched_bus=net.bus.index.isin(model.roles.voltage_buses),
        vm_min_pu=np.full(size, model.limits.vm_min_pu),
        vm_max_pu=np.full(size, model.limits.vm_max_pu),
        short_time_factor=model.limits.short_time_factor,
        tripped_with=model.roles.shunts_tripped_with,
    )


def _marked(net: pandapowerNet, network: Network, elements: Sequence[Element]) -> np.ndarray:
    marks = np.zeros(len(network.branch_from), dtype=bool)
    marks[branches_of(net, network, elements)] = True
    return marks


def _band(bus: pd.DataFrame, column: str, default: float) -> np.ndarray:
    if column not in bus:
        return np.full(len(bus), default)
    return bus[column].astype(float).fillna(default).to_numpy()
