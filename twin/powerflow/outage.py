"""A network after elements went out of service: the same nodes and branches, some of them dead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from twin.powerflow.network import Network

Outage = tuple[str, int]
"""A pandapower table and the position (not the index) of an element in it."""


def without(network: Network, outages: Sequence[Outage]) -> Network:
    """Return `network` after `outages`; nodes without a slack are dead and their injections are lost.

    Parameters
    ----------
    network : Network
    outages : sequence of (table, position)
        Elements of ``line``, ``trafo``, ``trafo3w``, ``impedance``, ``shunt``, ``gen``, ``sgen``, ``load``, ...

    Returns
    -------
    Network
        `alive` tells the nodes that are left; rows of dead branches are zero.
    """
    y_bus, y_from, y_to = network.y_bus.tolil(), network.y_from.tolil(), network.y_to.tolil()
    injectors, by = dict(network.injectors), dict(network.controlled_by)
    gone = np.zeros(network.y_from.shape[0], dtype=bool)
    for table, at in outages:
        for branch in network.branch_rows.get(table, np.full((at + 1, 0), -1))[at]:
            if branch < 0:
                continue
            f, t = network.branch_from[branch], network.branch_to[branch]
            y_bus[[f], :] = y_bus[[f], :] - y_from[[branch], :]
            y_bus[[t], :] = y_bus[[t], :] - y_to[[branch], :]
            gone[branch] = True
        if table in network.shunt_node and network.shunt_node[table][at] >= 0:
            node = network.shunt_node[table][at]
            y_bus[node, node] = y_bus[node, node] - network.shunt_pu[table][at]
        if table in injectors:
            node_of = injectors[table].node.copy()
            node_of[at] = -1
            injectors[table] = replace(injectors[table], node=node_of)
        if table in by:
            row_of = by[table].copy()
            row_of[at] = -1
            by[table] = row_of
    alive = _alive(network, gone)
    gone |= ~alive[network.branch_from] | ~alive[network.branch_to]
    y_from[gone], y_to[gone] = 0.0, 0.0
    injectors = {t: replace(e, node=np.where((e.node >= 0) & alive[e.node], e.node, -1)) for t, e in injectors.items()}
    return replace(
        network, y_bus=csr_array(y_bus), y_from=csr_array(y_from), y_to=csr_array(y_to), injectors=injectors,
        controlled_by=by, alive=alive,
        node_of_bus=np.where((network.node_of_bus >= 0) & alive[network.node_of_bus], network.node_of_bus, -1),
    )  # fmt: skip


def _alive(network: Network, gone: np.ndarray) -> np.ndarray:
    ends = network.branch_from[~gone], network.branch_to[~gone]
    size = len(network.alive)
    label = connected_components(csr_array((np.ones(len(ends[0])), ends), shape=(size, size)), directed=False)[1]
    return np.isin(label, label[network.slack])
