"""Each contingency of a grid made ready: the network that it leaves, its solver, and the limits that count in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import overload

import numpy as np
from scipy.sparse.linalg import splu

from twin.network.dc_lines import in_parts
from twin.network.distributed_slack import Shares, SharingSolver, shares, sharing
from twin.network.monitored import MonitoredGrid, position
from twin.network.network import Network
from twin.network.outage import Outage, equal_outages, with_dead_dc_lines, without
from twin.network.reading.switching import parts_of, split, with_new_nodes
from twin.network.solving.solver import Solver
from twin.security.contingencies import Contingency
from twin.security.violations import Branches, Buses

_PLANT_TABLES = ("sgen", "gen")
KEPT_NUMBERS = 10_000_000
"""Complex numbers (160 MB) up to which the cases of a grid stay in memory from block to block."""


class Directions:
    """How currents at branch ends move with infeed, worked out for the ends that are overloaded somewhere.

    Parameters
    ----------
    network : Network
    nodes : numpy.ndarray, (W,) int
        Where is fed in.
    """

    def __init__(self, network: Network, nodes: np.ndarray) -> None:
        self.network, self.nodes = network, nodes
        self._known = np.full((2, len(network.branch_from)), -1), np.zeros((0, len(nodes)), dtype=complex)

    def of(self, branches: Branches) -> Branches:
        """Return `branches` with what is known."""
        direction, current_per_infeed = self._known
        return branches._replace(direction=direction, current_per_infeed=current_per_infeed)

    def learn(self, wanted: np.ndarray) -> None:
        """Work out the ends `wanted`, (2, E) bool.

        All other node currents are held and the slack takes what is fed in; one solution of the transposed equations
        for each end gives all nodes. Several threads may do this at once: what one of them loses is asked for again.
        """
        direction, before = self._known
        network = self.network
        side, branch = np.nonzero(wanted & (direction < 0))
        live = np.setdiff1d(np.flatnonzero(network.alive), network.slack)
        y_end = np.zeros((len(side), len(network.alive)), dtype=complex)
        for row, (end, at) in enumerate(zip(side, branch, strict=True)):
            y_end[row] = (network.y_to if end else network.y_from)[[at]].toarray()[0]
        per_infeed = np.zeros_like(y_end)
        if len(live):
            per_infeed[:, live] = splu(network.y_bus[live][:, live].tocsc()).solve(y_end[:, live].T, trans="T").T
        new = direction.copy()
        new[side, branch] = len(before) + np.arange(len(side))
        self._known = new, np.concatenate([before, per_infeed[:, self.nodes]])


@dataclass(frozen=True)
class PreparedContingency:
    """A contingency ready to be solved and assessed.

    Attributes
    ----------
    case : Contingency
    out : tuple of (table, position)
    network : Network
        What is left.
    dead : numpy.ndarray, (D,) int
        Nodes that were alive and are cut off.
    moved : tuple of ((table, position), node, new node)
        Elements whose node fell apart and which are at another one now; dead where it is not supplied.
    solver : Solver or SharingSolver
        Of what is left.
    branches, buses : Branches, Buses
        For the kernels.
    directions : Directions
        Of the branches' ends.
    repeats : int
        Number of an earlier case with the same matrices and injections, -1 if there is none: its voltages hold here.
    """

    case: Contingency
    out: tuple[Outage, ...]
    network: Network
    solver: Solver | SharingSolver
    dead: np.ndarray
    moved: tuple[tuple[Outage, int, int], ...]
    branches: Branches
    buses: Buses
    directions: Directions
    repeats: int


class PreparedContingencies(Sequence[PreparedContingency]):
    """The intact grid and its contingencies, made ready when asked for; kept where all together are small.

    Parameters
    ----------
    grid : MonitoredGrid
    cases : sequence of Contingency
        The intact grid first.
    distributed_slack : bool
        Whether the machines that a case leaves share by their weights what the powers leave open.
    """

    def __init__(self, grid: MonitoredGrid, cases: Sequence[Contingency], *, distributed_slack: bool = False) -> None:
        parts = [parts_of(grid.net, grid.network, case.elements) for case in cases]
        network, self._parts = with_new_nodes(grid.network, parts)
        self.grid = grid if network is grid.network else replace(grid, network=network)
        self.cases = tuple(cases)
        outs = [in_parts((e[0], position(grid.net, e)) for e in case.elements) for case in cases]
        self.outs = tuple(with_dead_dc_lines(network, out) for out in outs)
        self.repeats = equal_outages(
            network, [() if of_case else out for of_case, out in zip(self._parts, self.outs, strict=True)]
        )
        self._intact, self._distributed_slack = Solver(network), distributed_slack
        self._keep = 10 * network.y_bus.nnz * len(cases) <= KEPT_NUMBERS
        self._kept: dict[int, PreparedContingency] = {}

    def __len__(self) -> int:
        return len(self.cases)

    @cached_property
    def tripping(self) -> tuple[Outage, ...]:
        """Elements with power of their own that some case takes out or puts at another node."""
        out = {element for of_case in self.outs for element in of_case}
        split_cases = (split(self.grid.net, self.grid.network, parts)[1] for parts in self._parts if parts)
        moved = {element for of_case in split_cases for element, _, _ in of_case}
        return tuple(sorted(out | moved))

    @overload
    def __getitem__(self, number: int) -> PreparedContingency: ...

    @overload
    def __getitem__(self, number: slice) -> list[PreparedContingency]: ...

    def __getitem__(self, number: int | slice) -> PreparedContingency | list[PreparedContingency]:
        if isinstance(number, slice):
            return [self[k] for k in range(*number.indices(len(self)))]
        if not 0 <= number < len(self):
            raise IndexError(number)
        if number not in self._kept:
            made = self._made(number)
            if not self._keep:
                return made
            self._kept.setdefault(number, made)
        return self._kept[number]

    def _made(self, number: int) -> PreparedContingency:
        grid, out = self.grid, self.outs[number]
        whole, moved = split(grid.net, grid.network, self._parts[number])
        network = without(whole, out) if out else whole
        share = self._share(number, network)
        nodes, weights = _infeeds(whole, network, share)
        return PreparedContingency(
            case=self.cases[number],
            out=out,
            network=network,
            solver=sharing(Solver(network, like=self._intact) if out else self._intact, share),
            dead=np.flatnonzero(grid.network.alive & ~network.alive),
            moved=moved,
            branches=_monitored_branches(grid, network, nodes, weights),
            buses=_buses(grid, network),
            directions=Directions(network, nodes),
            repeats=self.repeats[number],
        )

    def _share(self, number: int, network: Network) -> Shares | None:
        """Return who shares the open power in a case; nobody has to where nothing is supplied."""
        if not self._distributed_slack or not len(network.slack):
            return None
        return shares(self.grid.net, network, f"slack_weight, {self.cases[number].name or 'intact grid'}")


def _monitored_branches(grid: MonitoredGrid, network: Network, nodes: np.ndarray, weights: np.ndarray) -> Branches:
    at = np.arange(len(network.branch_from))
    from_node, to_node = network.branch_from, network.branch_to
    y_from, y_to = network.y_from.copy(), network.y_to.copy()
    y_ff, y_ft, y_tf, y_tt = (
        np.asarray(y[at, node], dtype=complex).ravel() if len(at) else np.zeros(0, dtype=complex)
        for y, node in ((y_from, from_node), (y_from, to_node), (y_to, from_node), (y_to, to_node))
    )
    in_service = (np.abs(y_ff) + np.abs(y_ft) + np.abs(y_tf) + np.abs(y_tt)) > 0.0
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
        infeed_node=np.where(network.alive[nodes], nodes, -1),
        infeed_weight=weights,
        direction=np.full((2, len(at)), -1),
        current_per_infeed=np.zeros((0, len(nodes)), dtype=complex),
        short_time_factor=grid.short_time_factor,
    )


def _infeeds(whole: Network, network: Network, share: Shares | None) -> tuple[np.ndarray, np.ndarray]:
    """Return nodes (W,) and weights of a little more infeed: 1 at each plant, what that takes from those who share."""
    plants = _plant_nodes(whole)
    ones = np.ones(len(plants))
    if share is None:
        return plants, ones
    taken = -share.weights * np.count_nonzero(network.alive[plants])
    return np.concatenate([plants, share.nodes]), np.concatenate([ones, taken])


def _plant_nodes(network: Network) -> np.ndarray:
    """Return the nodes with plants in service, or those with loads where there is no plant."""
    for tables in (_PLANT_TABLES, ("load",)):
        nodes = [network.injectors[table].node for table in tables if table in network.injectors]
        found = np.unique(np.concatenate([np.zeros(0, dtype=np.int64), *nodes]))
        found = found[(found >= 0) & ~np.isin(found, network.slack)]
        if len(found):
            return found
    return found


def _buses(grid: MonitoredGrid, network: Network) -> Buses:
    return Buses(np.where(grid.watched_bus, network.node_of_bus, -1), grid.vm_min_pu, grid.vm_max_pu)
