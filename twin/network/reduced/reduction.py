"""The networks of a study reduced to the buses with injections, at every position of taps and reactors that is met."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from twin.core.errors import raise_if_any
from twin.network.model import Element, GridModel
from twin.network.reduced.admittance import Admittance, Topology, admittance, moved_admittance, topology
from twin.network.reduced.controls import first_positions, hunting_problems, net_at
from twin.network.reduced.stacking import (
    Frame,
    GridArrays,
    NodeMaps,
    Nodes,
    end_limits,
    frame_of,
    joined,
    joined_maps,
    stack_variant,
    variant_arrays,
    with_settings,
)

Key = tuple[int, tuple[int, ...]]
"""A network of the study and the positions of its taps and reactors."""


@dataclass(frozen=True)
class Variant:
    """One network at one position of taps and reactors in full: for results, not for the loop."""

    model: GridModel
    positions: tuple[int, ...]
    grid: Admittance
    intact: Topology


@dataclass
class Stock:
    """The variants made so far, in the order in which they were met; no result depends on that order."""

    variants: list[Variant] = field(default_factory=list)
    number: dict[Key, int] = field(default_factory=dict)
    arrays: GridArrays | None = None
    maps: NodeMaps | None = None


@dataclass(frozen=True)
class ReducedGrid:
    """All networks of a study on one set of nodes, topologies and monitored ends.

    A *variant* is a network at one position of its taps and reactors. The first variants are the networks as they are
    given; others are made when `variants_at` first asks for them, the admittance matrix taken from pandapower.

    Attributes
    ----------
    models : tuple of GridModel
        The networks.
    frame : Frame
    outages : tuple of tuple of Element
        Elements that are out in each topology (reactors among them only where they are in service); the first entry is
        empty.
    end_elements : tuple of Element
        The element of each monitored end.
    outage_names, end_names : tuple of str
        Names of the topologies (empty for the intact grid) and of the element of each monitored end.
    end_rating_mva : numpy.ndarray, (networks, k)
    stock : Stock
    """

    models: tuple[GridModel, ...]
    frame: Frame
    outages: tuple[tuple[Element, ...], ...]
    end_elements: tuple[Element, ...]
    outage_names: tuple[str, ...]
    end_names: tuple[str, ...]
    end_rating_mva: np.ndarray
    stock: Stock

    @property
    def nodes(self) -> Nodes:
        """The buses that can carry an injection."""
        return self.frame.nodes

    @property
    def variants(self) -> Sequence[Variant]:
        """The variants made so far."""
        return self.stock.variants

    @property
    def arrays(self) -> GridArrays:
        """What the kernels read, of all variants made so far."""
        assert self.stock.arrays is not None
        return self.stock.arrays

    @property
    def maps(self) -> NodeMaps:
        """Linear maps from node currents, of all variants made so far."""
        assert self.stock.maps is not None
        return self.stock.maps

    def variants_at(self, network: np.ndarray, positions: np.ndarray) -> np.ndarray:
        """Return the variant of each row, (R,) int; variants that are new are made.

        Parameters
        ----------
        network : numpy.ndarray, (R,) int
        positions : numpy.ndarray, (R, C) int
            Tap, then reactors in service, as far as the networks have them.
        """
        keys: list[Key] = list(zip(network.tolist(), map(tuple, positions.tolist()), strict=True))
        number = self.stock.number
        new = [key for key in dict.fromkeys(keys) if key not in number]
        if new:
            self.make(new, lambda model, positions: moved_admittance(net_at(model, positions)))
        return np.array([number[key] for key in keys], dtype=np.int64)

    def make(self, keys: Sequence[Key], matrices: Callable[[GridModel, tuple[int, ...]], Admittance]) -> None:
        """Add variants to the stock; networks that share a net share its matrices."""
        stock = self.stock
        made: list[tuple[GridArrays, NodeMaps]] = []
        for network, positions in keys:
            model = self.models[network]
            variant, arrays, maps = self._same_net(model, positions, made) or self._from_matrices(
                model, positions, matrices(model, positions)
            )
            made.append((arrays, maps))
            stock.number[network, positions] = len(stock.variants)
            stock.variants.append(variant)
        before = ([], []) if stock.arrays is None or stock.maps is None else ([stock.arrays], [stock.maps])
        stock.arrays = joined([*before[0], *(arrays for arrays, _ in made)])
        stock.maps = joined_maps([*before[1], *(maps for _, maps in made)])

    def _same_net(
        self, model: GridModel, positions: tuple[int, ...], made: Sequence[tuple[GridArrays, NodeMaps]]
    ) -> tuple[Variant, GridArrays, NodeMaps] | None:
        """Return what an earlier variant has on the same net in the same positions, with this model's settings."""
        stock = self.stock
        joined_before = len(stock.variants) - len(made)
        for g, other in enumerate(stock.variants):
            if other.model.net is not model.net or other.positions != positions:
                continue
            arrays, maps = made[g - joined_before] if g >= joined_before else (
                variant_arrays(self.arrays, g), NodeMaps(*(x[g : g + 1] for x in self.maps))
            )  # fmt: skip
            return replace(other, model=model), with_settings(arrays, model, other.grid), maps
        return None

    def _from_matrices(
        self, model: GridModel, positions: tuple[int, ...], grid: Admittance
    ) -> tuple[Variant, GridArrays, NodeMaps]:
        states = [topology(grid, out) for out in self.outages]
        return Variant(model, positions, grid, states[0]), *stack_variant(model, grid, states, self.frame)


def reduce_grids(models: Sequence[GridModel]) -> ReducedGrid:
    """Reduce the networks of a study and stack them.

    Parameters
    ----------
    models : sequence of GridModel
        Networks with the same elements, plants and areas; only parameters may differ.

    Returns
    -------
    ReducedGrid

    Raises
    ------
    InputError
        If a net cannot be held by the loop, or a control would hunt.
    """
    first = models[0]
    of_net = {id(model.net): admittance(model.net) for model in {id(model.net): model for model in models}.values()}
    grids = [of_net[id(model.net)] for model in models]
    frame = frame_of(models, grids[0])
    outages = ((), *((element, *_tripped_with(first, element)) for element in first.roles.outages))
    elements = [grids[0].branches[row] for row, _ in frame.ends]
    grid = ReducedGrid(
        models=tuple(models),
        frame=frame,
        outages=outages,
        end_elements=tuple(elements),
        outage_names=tuple("" if not out else element_name(first, out[0]) for out in outages),
        end_names=tuple(element_name(first, element) for element in elements),
        end_rating_mva=np.stack([end_limits(one, frame.ends) * one.base_mva for one in grids]),
        stock=Stock(),
    )
    keys = [(number, first_positions(model)) for number, model in enumerate(models)]
    grid.make(keys, lambda model, _: of_net[id(model.net)])
    x_svc_pu = grid.arrays.zi[:, 0, frame.nodes.svc, frame.nodes.svc]
    raise_if_any(
        problem
        for model, x_pu in zip(models, x_svc_pu, strict=True)
        if model.controls.automatic
        for problem in hunting_problems(model, float(x_pu), grids[0].base_mva)
    )
    return grid


def element_name(model: GridModel, element: Element) -> str:
    """Return the name of an element in its pandapower table."""
    table, index = element
    name = model.net[table].name.at[index]
    return str(name) if name else f"{table} {index}"


def _tripped_with(model: GridModel, branch: Element) -> tuple[Element, ...]:
    return tuple(("shunt", shunt) for shunt in model.roles.shunts_tripped_with.get(branch, ()))
