"""The layers of a cable as thermal resistances and capacities (IEC 60287-2-1, IEC 60853-2)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np

LAID_UP = 1.0 + 2.0 / math.sqrt(3.0)
"""Diameter over three equal cores that touch each other, over the diameter of one."""
CONDUCTOR_CAPACITY = 3.45e6
"""Heat capacity of copper in J/(m3 K) [IEC 60853-2, table E.1]."""
RING_RATIO = 1.25
"""Layers are cut into rings whose outer radius is at most this multiple of the inner one."""

Around = Literal["core", "cable"]


@dataclass(frozen=True)
class Layer:
    """A layer around each core or around the whole cable, from the inside outwards.

    Attributes
    ----------
    name : str
    around : {"core", "cable"}
    thickness_mm : float
        Of a filler, what is left of it between the cores and the next layer.
    resistivity_k_m_per_w : float
        Thermal resistivity; 0 for metal.
    capacity_j_per_m3_k : float
        Heat capacity.
    """

    name: str
    around: Around
    thickness_mm: float
    resistivity_k_m_per_w: float
    capacity_j_per_m3_k: float

    @property
    def is_metal(self) -> bool:
        """Whether it has no thermal resistance; the first metal around a core is its sheath, around all the armour."""
        return self.resistivity_k_m_per_w == 0.0


@dataclass(frozen=True)
class Chain:
    """A cable as a chain of heat capacities with thermal resistances between them, per metre of the whole cable.

    Attributes
    ----------
    resistance_k_m_per_w : numpy.ndarray, (k,)
        Between each node and the next; the last one ends at the cable's surface.
    capacity_j_per_m_k : numpy.ndarray, (k,)
        Of each node; node 0 is the conductors. What belongs to the surface stands at the last node.
    sheath, armour : int
        Nodes at which their losses arise; the last node where there is no such layer.
    cores : int
    diameter_mm : float
        Over the outermost layer.
    """

    resistance_k_m_per_w: np.ndarray
    capacity_j_per_m_k: np.ndarray
    sheath: int
    armour: int
    cores: int
    diameter_mm: float

    def scaled(self, factor: float) -> Chain:
        """Return the chain with all its resistances multiplied."""
        resistance = self.resistance_k_m_per_w * factor
        return Chain(resistance, self.capacity_j_per_m_k, self.sheath, self.armour, self.cores, self.diameter_mm)


def chain_of(cores: int, conductor_mm2: float, conductor_diameter_mm: float, layers: Sequence[Layer]) -> Chain:
    """Return the chain of a cable with one core or three.

    Parameters
    ----------
    cores : int
        1 or 3.
    conductor_mm2, conductor_diameter_mm : float
        Of one core.
    layers : sequence of Layer
        Those around each core, then those around the cable; of three cores the first one around the cable is the filler
        between them.
    """
    nodes = _Nodes(cores * conductor_mm2 * 1e-6 * CONDUCTOR_CAPACITY)
    diameter, laid_up, metals = conductor_diameter_mm, cores == 1, {"core": -1, "cable": -1}
    for layer in layers:
        if layer.around == "cable" and not laid_up:
            diameter = _add_filler(nodes, layer, diameter)
            laid_up = True
            continue
        parallel = cores if layer.around == "core" else 1
        outer = diameter + 2.0 * layer.thickness_mm
        if layer.is_metal:
            nodes.capacity[-1] += parallel * _area_m2(diameter, outer) * layer.capacity_j_per_m3_k
            if metals[layer.around] < 0:
                metals[layer.around] = len(nodes.capacity) - 1
        else:
            _add_rings(nodes, layer, diameter, outer, parallel)
        diameter = outer
    surface = nodes.capacity.pop()
    nodes.capacity[-1] += surface
    last = len(nodes.capacity) - 1
    sheath, armour = (min(at, last) if at >= 0 else last for at in metals.values())
    return Chain(np.array(nodes.resistance), np.array(nodes.capacity), sheath, armour, cores, diameter)


class _Nodes:
    """The chain while it grows outwards."""

    def __init__(self, conductor_capacity: float) -> None:
        self.capacity, self.resistance = [conductor_capacity], list[float]()

    def add(self, resistance: float, capacity: float, inner_share: float) -> None:
        """Add a body whose capacity is split between the node inside and the one outside of it."""
        self.capacity[-1] += inner_share * capacity
        self.resistance.append(resistance)
        self.capacity.append((1.0 - inner_share) * capacity)


def _area_m2(inner_mm: float, outer_mm: float) -> float:
    return math.pi / 4.0 * (outer_mm**2 - inner_mm**2) * 1e-6


def _add_rings(nodes: _Nodes, layer: Layer, inner_mm: float, outer_mm: float, parallel: int) -> None:
    count = max(1, math.ceil(math.log(outer_mm / inner_mm) / math.log(RING_RATIO)))
    edges = np.geomspace(inner_mm, outer_mm, count + 1)
    for inside, outside in pairwise(edges):
        resistance = layer.resistivity_k_m_per_w / (2.0 * math.pi) * math.log(outside / inside) / parallel
        capacity = parallel * _area_m2(inside, outside) * layer.capacity_j_per_m3_k
        nodes.add(resistance, capacity, van_wormer(outside / inside))


def van_wormer(ratio: float) -> float:
    """Return the share of a ring's heat capacity that counts at its inner face (IEC 60853-2, 4.2.2.1)."""
    return 1.0 / (2.0 * math.log(ratio)) - 1.0 / (ratio**2 - 1.0)


def _add_filler(nodes: _Nodes, layer: Layer, core_mm: float) -> float:
    """Add filler and bedding of three cores in a row of metal sheaths (IEC 60287-2-1, T2 of SL-type cables)."""
    outer = LAID_UP * core_mm + 2.0 * layer.thickness_mm
    resistance = layer.resistivity_k_m_per_w / (6.0 * math.pi) * sl_factor(layer.thickness_mm / core_mm)
    area = math.pi / 4.0 * (outer**2 - 3.0 * core_mm**2) * 1e-6
    nodes.add(resistance, area * layer.capacity_j_per_m3_k, 0.5)
    return outer


SL_FACTOR_TO = 0.15


def sl_factor(thickness: float) -> float:
    """Return the geometric factor of the filler of three touching sheathed cores (IEC 60287-2-1, 5.5).

    Parameters
    ----------
    thickness : float
        Of the filler over the cores, over the diameter of one core; 0 to `SL_FACTOR_TO`.
    """
    x = thickness
    if x <= 0.03:
        return 2.0 * math.pi * (0.000202380 + 2.03214 * x - 21.6667 * x**2)
    return 2.0 * math.pi * (0.0126529 + 1.101 * x - 4.56104 * x**2 + 11.5093 * x**3)
