"""The grid under judgement, what is watched in it, and each contingency made ready for the solver."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import overload

import numpy as np
import pandas as pd
from pandapower import pandapowerNet
from scipy.sparse.linalg import splu

from twin.network.extraction import extract
from twin.network.model import Element, GridModel, Limits
from twin.network.network import Network, ratings
from twin.network.outage import Outage, without
from twin.network.solver import Solver
from twin.network.voltage_control import with_compensator
from twin.security.contingencies import OutageCase, element_names, position
from twin.security.judging_kernels import Branches, Buses


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


_PLANT_TABLES = ("sgen", "gen")
KEPT_NUMBERS = 10_000_000
"""Complex numbers (160 MB) up to which the cases of a grid stay in memory from block to block."""


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
    solver : Solver
        Of what is left.
    branches, buses : Branches, Buses
        For the kernels.
    repeats : int
        Number of an earlier case with the same matrices and injections, -1 if there is none: its voltages hold here.
    """

    case: OutageCase
    out: tuple[Outage, ...]
    network: Network
    solver: Solver
    dead: np.ndarray
    branches: Branches
    buses: Buses
    repeats: int


class Topologies(Sequence[Topology]):
    """The intact grid and the outage cases, made when asked for; kept where all of them together are small.

    Parameters
    ----------
    grid : Subject
    cases : sequence of OutageCase
        The intact grid first.
    """

    def __init__(self, grid: Subject, cases: Sequence[OutageCase]) -> None:
        self.grid, self.cases = grid, tuple(cases)
        self.outs = tuple(tuple((e[0], position(grid.net, e)) for e in case.elements) for case in cases)
        self.repeats = _repeats(grid, self.outs)
        self._intact = Solver(grid.network)
        numbers = 2 * len(grid.network.branch_from) * len(_plant_nodes(grid.network)) + grid.network.y_bus.nnz
        self._keep = numbers * len(cases) <= KEPT_NUMBERS
        self._kept: dict[int, Topology] = {}

    def __len__(self) -> int:
        return len(self.cases)

    @overload
    def __getitem__(self, number: int) -> Topology: ...

    @overload
    def __getitem__(self, number: slice) -> list[Topology]: ...

    def __getitem__(self, number: int | slice) -> Topology | list[Topology]:
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

    def _made(self, number: int) -> Topology:
        grid, out = self.grid, self.outs[number]
        network = without(grid.network, out) if out else grid.network
        return Topology(
            case=self.cases[number],
            out=out,
            network=network,
            solver=Solver(network, like=self._intact) if out else self._intact,
            dead=np.flatnonzero(grid.network.alive & ~network.alive),
            branches=_monitored_branches(grid, network),
            buses=_buses(grid, network),
            repeats=self.repeats[number],
        )


def _repeats(grid: Subject, outs: Sequence[tuple[Outage, ...]]) -> tuple[int, ...]:
    """Return for each outage the number of an earlier one that leaves the same equations, -1 without one."""
    seen: dict[bytes, int] = {}
    repeats = []
    for number, out in enumerate(outs):
        key = _key(without(grid.network, out), out) if out else b""
        first = seen.setdefault(key, number) if key else number
        repeats.append(first if first < number else -1)
    return tuple(repeats)


def _key(network: Network, out: Sequence[Outage]) -> bytes:
    """Return what tells that two outages leave the same equations; empty if elements with own injections are out."""
    if any(table in network.injectors or table in network.controlled_by for table, _ in out):
        return b""
    y = network.y_bus.copy()
    y.sum_duplicates()
    y.eliminate_zeros()
    key = hashlib.sha256()
    for values in (y.data, y.indices, y.indptr, network.alive):
        key.update(np.ascontiguousarray(values).tobytes())
    return key.digest()


def _monitored_branches(grid: Subject, network: Network) -> Branches:
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
