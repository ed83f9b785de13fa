"""An outage case made ready: the network that is left, its solver, its branches for the kernels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse.linalg import splu

from twin.powerflow.network import Network
from twin.powerflow.outage import Outage, without
from twin.powerflow.solver import Solver
from twin.security.kernels import Branches, Buses
from twin.security.outages import OutageCase, position
from twin.security.subject import Subject

_PLANT_TABLES = ("sgen", "gen")


@dataclass(frozen=True)
class Topology:
    """One outage case ready to be solved and judged.

    Attributes
    ----------
    case : OutageCase
    out : tuple of (table, position)
    network : Network
        What is left.
    dead : numpy.ndarray, (D,) int
        Nodes that were alive and are cut off.
    branches, buses : Branches, Buses
        For the kernels.
    repeats : int
        Number of an earlier case with the same matrices and injections, -1 if there is none: its voltages hold here.
    """

    case: OutageCase
    out: tuple[Outage, ...]
    network: Network
    dead: np.ndarray
    branches: Branches
    buses: Buses
    repeats: int

    @cached_property
    def solver(self) -> Solver:
        """The solver of the network that is left."""
        return Solver(self.network)


def topologies(grid: Subject, cases: Sequence[OutageCase]) -> list[Topology]:
    """Return each case's topology; the first case is the intact grid."""
    seen: dict[tuple[bytes, ...], int] = {}
    made = []
    for number, case in enumerate(cases):
        out = tuple((table, position(grid.net, (table, index))) for table, index in case.elements)
        network = without(grid.network, out) if out else grid.network
        key = _key(network, out)
        repeats = seen.setdefault(key, number) if key else number
        made.append(
            Topology(
                case, out, network, np.flatnonzero(grid.network.alive & ~network.alive), _branches(grid, network),
                _buses(grid, network), repeats if repeats < number else -1,
            )
        )  # fmt: skip
    return made


def _key(network: Network, out: Sequence[Outage]) -> tuple[bytes, ...]:
    """Return what tells that two outages leave the same equations; empty if elements with own injections are out."""
    if any(table in network.injectors or table in network.controlled_by for table, _ in out):
        return ()
    y = network.y_bus.copy()
    y.sum_duplicates()
    y.eliminate_zeros()
    return y.data.tobytes(), y.indices.tobytes(), y.indptr.tobytes(), network.alive.tobytes()


def _branches(grid: Subject, network: Network) -> Branches:
    at = np.arange(len(network.branch_from))
    from_node, to_node = network.branch_from, network.branch_to
    y_from, y_to = network.y_from.copy(), network.y_to.copy()
    y_ff, y_ft, y_tf, y_tt = (
        np.asarray(y[at, node], dtype=complex).ravel()
        for y, node in ((y_from, from_node), (y_from, to_node), (y_to, from_node), (y_to, to_node))
    )
    in_service = (np.abs(y_ff) + np.abs(y_ft) + np.abs(y_tf) + np.abs(y_tt)) > 0.0
    plants = _plant_nodes(grid.network)
    return Branches(
        from_node=from_node,
        to_node=to_node,
        y_ff=y_ff,
        y_ft=y_ft,
        y_tf=y_tf,
        y_tt=y_tt,
        limit=grid.rating_pu,
        watched=in_service & np.isfinite(grid.rating_pu).any(axis=0),
        mainland_side=grid.mainland_side,
        plant_node=np.where(network.alive[plants], plants, -1),
        current_per_infeed=_current_per_infeed(network, plants),
        short_time_factor=grid.short_time_factor,
    )


def _plant_nodes(network: Network) -> np.ndarray:
    """Return the nodes with plants in service, or those with loads where there is no plant."""
    for tables in (_PLANT_TABLES, ("load",)):
        nodes = [network.injectors[table].node for table in tables if table in network.injectors]
        found = np.unique(np.concatenate([np.zeros(0, dtype=np.int64), *nodes]))
        found = found[(found >= 0) & ~np.isin(found, network.slack)]
        if len(found):
            return found
    return found


def _current_per_infeed(network: Network, plants: np.ndarray) -> np.ndarray:
    """Return how each branch end's current moves with current fed in at `plants`, (2, E, W).

    All other node currents are held and the slack takes what is fed in.
    """
    live = np.setdiff1d(np.flatnonzero(network.alive), network.slack)
    fed = np.zeros((len(network.alive), len(plants)), dtype=complex)
    connected = np.isin(plants, live)
    fed[plants[connected], np.flatnonzero(connected)] = 1.0
    v = np.zeros_like(fed)
    if connected.any():
        v[live] = splu(network.y_bus[live][:, live].tocsc()).solve(fed[live])
    return np.ascontiguousarray(np.stack([network.y_from @ v, network.y_to @ v]))


def _buses(grid: Subject, network: Network) -> Buses:
    return Buses(np.where(grid.watched_bus, network.node_of_bus, -1), grid.vm_min_pu, grid.vm_max_pu)
