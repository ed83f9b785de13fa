"""What the engine needs to know of a grid: the pandapower net and the roles of its parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from pandapower import pandapowerNet

Element = tuple[str, int]
"""A pandapower table and an index in it, e.g. ``("line", 3)``."""


@dataclass(frozen=True)
class LinkCircuit:
    """One circuit of the link; `mainland_side` is ``"from"``/``"to"`` (line) or ``"hv"``/``"lv"`` (trafo)."""

    element: Element
    mainland_side: str


@dataclass(frozen=True)
class Roles:
    """Which branches are the link, which outages count, what is watched.

    Attributes
    ----------
    link : tuple of LinkCircuit
        The circuits whose sum is the link's flow (export positive).
    outages : tuple of Element
        Single outages of the N-1 criterion.
    monitored : tuple of Element
        Lines and transformers whose loading is held within their rating in N-0.
    monitored_after_outage : tuple of Element
        The ones that are held within it after an outage.
    voltage_buses : tuple of int
        Buses whose voltage is held within `Limits`.
    headroom_bus : int
        Bus at which the link's headroom is measured by extra infeed.
    boundary_bus : int
        Bus of the external grid: import and export are counted there.
    shunts_tripped_with : mapping of Element to tuple of int
        Shunts that an outage of a branch takes out too (line reactors); empty for reactors on the bus.
    """

    link: tuple[LinkCircuit, ...]
    outages: tuple[Element, ...]
    monitored: tuple[Element, ...]
    monitored_after_outage: tuple[Element, ...]
    voltage_buses: tuple[int, ...]
    headroom_bus: int
    boundary_bus: int
    shunts_tripped_with: Mapping[Element, tuple[int, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Compensator:
    """A static var compensator: holds a voltage within its susceptance limits.

    Attributes
    ----------
    bus : int
        pandapower bus.
    set_vm_pu : float
        Voltage at zero output.
    slope_percent : float
        Voltage change over the full output `q_max_mvar`, in percent of 1 pu.
    q_min_mvar, q_max_mvar : float
        Output at 1.0 pu at the limits, infeed (capacitive) positive; at a limit the susceptance is constant.
    """

    bus: int
    set_vm_pu: float
    slope_percent: float
    q_min_mvar: float
    q_max_mvar: float


@dataclass(frozen=True)
class Limits:
    """Voltage band and the rating's factor for the first minutes after an outage."""

    vm_min_pu: float
    vm_max_pu: float
    short_time_factor: float


@dataclass(frozen=True)
class GridModel:
    """A checked pandapower net with the roles of its parts; see docs/architecture.md.

    Attributes
    ----------
    net : pandapowerNet
        Never modified by the engine.
    plants, areas, diesels : pandas.DataFrame
        Tables described in docs/architecture.md; `plants` in the order of ``net.sgen``, `areas` in that of
        ``net.load``.
    roles, compensator, limits
        See their classes; `compensator` is None where reactive compensation is fixed.
    """

    net: pandapowerNet
    plants: pd.DataFrame
    areas: pd.DataFrame
    diesels: pd.DataFrame
    roles: Roles
    compensator: Compensator | None
    limits: Limits
