"""The networks of a study at every position of taps and reactors that is met."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from pandapower import pandapowerNet

from twin.core.equal_rows import distinct_rows
from twin.core.errors import raise_if_any
from twin.network.model import Element, GridModel
from twin.network.monitored import MonitoredGrid, branches_of, element_names, monitored_model, nodes_at
from twin.network.network import Network, Ratings, ratings
from twin.network.outage import tripping_together, without
from twin.network.reading.extraction import extract
from twin.network.reading.supported import check_closed_loop
from twin.network.solving.solver import Solver
from twin.network.variants.controls import first_positions, hunting_problems, net_at
from twin.network.variants.maps import (
    Equipment,
    GridArrays,
    Impedances,
    NodeMaps,
    Nodes,
    after_outages,
    equipment_of,
    in_service,
    joined,
    joined_maps,
    positions_of,
    stack_variant,
    variant_arrays,
    with_settings,
)

Key = tuple[int, tuple[int, ...]]
"""A network of the study and the positions of its taps and reactors."""


@dataclass(frozen=True)
class Variant:
    """One network at one position of taps and reactors, with all nodes and branches.

    Attributes
    ----------
    model : GridModel
    positions : tuple of int
    whole : Network
        The model's net at `positions`; the compensator is an injection.
    network : Network
        The same without what is out of service for a while.
    ratings : Ratings
    intact : Impedances
    """

    model: GridModel
    positions: tuple[int, ...]
    whole: Network
    network: Network
    ratings: Ratings
    intact: Impedances

    @property
    def base_mva(self) -> float:
        """Power base of all per-unit values."""
        return self.network.base_mva

    @cached_property
    def monitored(self) -> MonitoredGrid:
        """The same network for the security analysis, the compensator acting in it; with the same ratings."""
        return monitored_model(self.model, self.network, self.ratings)

    @cached_property
    def _solvers(self) -> dict[tuple[Element, ...], Solver]:
        return {(): Solver(self.monitored.network)}

    def solver(self, out: tuple[Element, ...]) -> Solver:
        """Return what is left without some elements, made ready to be solved; the compensator acts in it."""
        if out not in self._solvers:
            network = without(self.monitored.network, positions_of(self.model, out))
            self._solvers[out] = Solver(network, like=self._solvers[()])
        return self._solvers[out]

    def nodes(self, buses: Sequence[int]) -> np.ndarray:
        """Return the node of each pandapower bus."""
        return nodes_at(self.model.net, self.network, buses)

    def branches(self, elements: Sequence[Element]) -> np.ndarray:
        """Return the branch of each element."""
        return branches_of(self.model.net, self.whole, elements)


@dataclass
class VariantCache:
    """The variants made so far, in the order in which they were met; no result depends on that order."""

    variants: list[Variant] = field(default_factory=list)
    number: dict[Key, int] = field(default_factory=dict)
    arrays: GridArrays | None = None
    maps: NodeMaps | None = None


@dataclass(frozen=True)
class GridVariants:
    """All networks of a study on one set of nodes, topologies and monitored ends.

    A *variant* is a network at one position of its taps and reactors. The first variants are the networks as they are
    given; others are made when `variants_at` first asks for them, the admittance matrix taken from pandapower.

    Attributes
    ----------
    models : tuple of GridModel
        The networks.
    equipment : Equipment
    end_elements : tuple of Element
        The element of each monitored end.
    outage_names, end_names : tuple of str
        Names of the topologies (empty for the intact grid) and of the element of each monitored end.
    cache : VariantCache
    """

    models: tuple[GridModel, ...]
    equipment: Equipment
    end_elements: tuple[Element, ...]
    outage_names: tuple[str, ...]
    end_names: tuple[str, ...]
    cache: VariantCache

    @property
    def nodes(self) -> Nodes:
        """The buses that can carry an injection."""
        return self.equipment.nodes

    @property
    def size(self) -> int:
        """Number of nodes N of each network."""
        return len(self.variants[0].network.alive)

    @cached_property
    def node_at(self) -> np.ndarray:
        """Where the buses with injections are among the nodes of a network, (n,) int."""
        return self.variants[0].nodes(self.nodes.buses)

    @cached_property
    def watched_at(self) -> np.ndarray:
        """The same of the buses whose voltage is kept within limits, (b,) int."""
        return self.variants[0].nodes(self.models[0].roles.voltage_buses)

    @cached_property
    def tap_at(self) -> int:
        """The same of the bus whose voltage the tap changer holds."""
        tap = self.models[0].controls.tap
        assert tap is not None
        return int(self.variants[0].nodes([tap.bus])[0])

    def solver(self, variant: int, topology: int) -> Solver:
        """Return a variant's network made ready, intact (topology 0) or after an outage."""
        return self.variants[variant].solver(self.outages[topology])

    @property
    def outages(self) -> tuple[tuple[Element, ...], ...]:
        """Elements that are out in each topology; the first entry is empty."""
        return self.equipment.outages

    @property
    def base_mva(self) -> float:
        """Power base of all per-unit values."""
        return self.variants[0].base_mva

    @property
    def end_rating_mva(self) -> np.ndarray:
        """Rating of each monitored end, (networks, k)."""
        return np.asarray(self.arrays.limit[: len(self.models)] * self.base_mva)

    @property
    def variants(self) -> Sequence[Variant]:
        """The variants made so far."""
        return self.cache.variants

    @property
    def arrays(self) -> GridArrays:
        """What the kernels read, of all variants made so far."""
        assert self.cache.arrays is not None
        return self.cache.arrays

    @property
    def maps(self) -> NodeMaps:
        """Linear maps from node currents, of all variants made so far."""
        assert self.cache.maps is not None
        return self.cache.maps

    def variants_at(self, network: np.ndarray, positions: np.ndarray) -> np.ndarray:
        """Return the variant of each row, (R,) int; variants that are new are made.

        Parameters
        ----------
        network : numpy.ndarray, (R,) int
        positions : numpy.ndarray, (R, C) int
            Tap, then reactors in service, as far as the networks have them.
        """
        first, inverse = distinct_rows(network, positions)
        keys: list[Key] = list(zip(network[first].tolist(), map(tuple, positions[first].tolist()), strict=True))
        number = self.cache.number
        new = [key for key in keys if key not in number]
        if new:
            self.make(new, {})
        made: np.ndarray = np.array([number[key] for key in keys], dtype=np.int64)[inverse]
        return made

    def network_of(self, variant: np.ndarray) -> np.ndarray:
        """Return the network of each variant, (R,) int: position in `models`."""
        networks = np.array([network for network, _ in self.cache.number])  # in the order in which they were made
        result: np.ndarray = networks[variant]
        return result

    def make(self, keys: Sequence[Key], known: Mapping[int, Network]) -> None:
        """Add variants to the cache; networks that share a net share its matrices.

        Parameters
        ----------
        keys : sequence of (int, tuple of int)
        known : mapping of int to Network
            Matrices that are there already, by network.
        """
        cache = self.cache
        made: list[tuple[GridArrays, NodeMaps]] = []
        for network, positions in keys:
            model = self.models[network]
            found = self._same_net(model, positions, made)
            if found is None:
                matrices = known[network] if network in known else extract(net_at(model, positions))
                found = self._from_matrices(model, positions, matrices)
            variant, arrays, maps = found
            made.append((arrays, maps))
            cache.number[network, positions] = len(cache.variants)
            cache.variants.append(variant)
        before = ([], []) if cache.arrays is None or cache.maps is None else ([cache.arrays], [cache.maps])
        cache.arrays = joined([*before[0], *(arrays for arrays, _ in made)])
        cache.maps = joined_maps([*before[1], *(maps for _, maps in made)])

    def _same_net(
        self, model: GridModel, positions: tuple[int, ...], made: Sequence[tuple[GridArrays, NodeMaps]]
    ) -> tuple[Variant, GridArrays, NodeMaps] | None:
        """Return what an earlier variant has on the same net in the same positions, with this model's settings."""
        cache = self.cache
        joined_before = len(cache.variants) - len(made)
        for g, other in enumerate(cache.variants):
            same_net = other.model.net is model.net and other.model.planned_out == model.planned_out
            if not same_net or other.positions != positions:
                continue
            arrays, maps = made[g - joined_before] if g >= joined_before else (
                variant_arrays(self.arrays, g), NodeMaps(*(x[g : g + 1] for x in self.maps))
            )  # fmt: skip
            return replace(other, model=model), with_settings(arrays, model), maps
        return None

    def _from_matrices(
        self, model: GridModel, positions: tuple[int, ...], network: Network
    ) -> tuple[Variant, GridArrays, NodeMaps]:
        rated, there = ratings(model.net, network), in_service(model, network)
        topologies = after_outages(model, there, self.equipment)
        arrays, maps, intact = stack_variant(model, network, topologies, rated, self.equipment)
        return Variant(model, positions, network, there, rated, intact), arrays, maps


def grid_variants(models: Sequence[GridModel]) -> GridVariants:
    """Return the networks of a study, ready to be solved intact and after each outage.

    Parameters
    ----------
    models : sequence of GridModel
        Networks with the same elements, plants and areas; only parameters may differ.

    Returns
    -------
    GridVariants

    Raises
    ------
    InputError
        If a net cannot be held by the loop, or a control would hunt.
    """
    first = models[0]
    of_net = {id(model.net): checked_network(model.net) for model in {id(m.net): m for m in models}.values()}
    networks = [of_net[id(model.net)] for model in models]
    rated = [ratings(model.net, network) for model, network in zip(models, networks, strict=True)]
    outages = ((), *(tripping_together((e,), first.roles.shunts_tripped_with) for e in first.roles.outages))
    there = [in_service(model, network) for model, network in zip(models, networks, strict=True)]
    equipment = equipment_of(models, there, rated, outages)
    elements = tuple(element for element, _ in equipment.ends)
    grid = GridVariants(
        models=tuple(models),
        equipment=equipment,
        end_elements=elements,
        outage_names=("", *element_names(first.net, [out[0] for out in outages[1:]])),
        end_names=tuple(element_names(first.net, elements)),
        cache=VariantCache(),
    )
    keys = [(number, first_positions(model)) for number, model in enumerate(models)]
    grid.make(keys, dict(enumerate(networks)))
    at_svc = grid.node_at[equipment.nodes.svc]
    raise_if_any(
        problem
        for variant in grid.variants
        if variant.model.controls.automatic
        for problem in hunting_problems(variant.model, float(variant.intact.z[at_svc, at_svc].imag), grid.base_mva)
    )
    return grid


def checked_network(net: pandapowerNet) -> Network:
    """Return the matrices of a net that the closed loop can hold.

    Raises
    ------
    InputError
        If it cannot, or pandapower does not solve the net.
    """
    check_closed_loop(net)
    return extract(net)
