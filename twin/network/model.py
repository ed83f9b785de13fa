"""What the engine needs to know of a grid: the pandapower net and the roles of its parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd

from twin.cable.circuit import CableCircuit

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
class TapChanger:
    """Parallel transformers whose taps move together and hold the voltage of a bus.

    Attributes
    ----------
    transformers : tuple of int
        Rows of ``net.trafo``.
    bus : int
        pandapower bus whose voltage is held.
    target_vm_pu, dead_band_pu : float
        Nothing moves while the voltage is within ``target +- dead_band``.
    step_pu : float
        Change of that voltage by one position if nothing else acted; negative where a higher position lowers it.
    lowest, highest : int
        Range of ``tap_pos``.
    delay_half_hours : int
        Half-hours in a row that the voltage must lie outside on the same side before the taps move.
    most_steps : int
        Largest move in a half-hour.
    step_minutes : float
        After an outage: minutes until a step, while the voltage lies outside.
    """

    transformers: tuple[int, ...]
    bus: int
    target_vm_pu: float
    dead_band_pu: float
    step_pu: float
    lowest: int
    highest: int
    delay_half_hours: int
    most_steps: int
    step_minutes: float


@dataclass(frozen=True)
class Reactors:
    """Shunt reactors that are switched to keep the compensator's reserve free.

    Attributes
    ----------
    shunts : tuple of int
        Rows of ``net.shunt`` in the order in which they are switched in; a position is how many are in service.
    step_mvar : float
        Reactive power of one at 1.0 pu.
    in_below_mvar, out_above_mvar : float
        One more is switched in while the compensator's output (infeed positive) is below the first value, one out while
        it is above the second.
    delay_half_hours, most_steps : int
    step_minutes : float
        As in `TapChanger`.
    """

    shunts: tuple[int, ...]
    step_mvar: float
    in_below_mvar: float
    out_above_mvar: float
    delay_half_hours: int
    most_steps: int
    step_minutes: float


@dataclass(frozen=True)
class Controls:
    """What moves between half-hours; where `automatic` is False all stay in the position that the net has.

    The positions are those of the tap changer, then the number of reactors in service, as far as there are any.
    """

    tap: TapChanger | None = None
    reactors: Reactors | None = None
    automatic: bool = True


@dataclass(frozen=True)
class Limits:
    """Voltage band and the rating's factor for the first minutes after an outage."""

    vm_min_pu: float
    vm_max_pu: float
    short_time_factor: float


@dataclass(frozen=True)
class GridModel:
    """A checked pandapower net with the roles of its parts; see docs/concepts/architecture.md.

    Attributes
    ----------
    net : pandapowerNet
        Never modified by the engine.
    plants, areas, diesels : pandas.DataFrame
        Tables described in docs/concepts/architecture.md; `plants` in the order of ``net.sgen``, `areas` in that of
        ``net.load``.
    roles, compensator, limits, controls
        See their classes; `compensator` is None where reactive compensation is fixed.
    currency : str
        Code of three letters, of the prices that the islands see.
    cables : tuple of CableCircuit
        The link's circuits as bodies that warm up, in the order of ``roles.link``; none where nothing is known of them.
    planned_out : tuple of Element
        Branches that are in `net` and out of service for a while.
    """

    net: pandapowerNet
    plants: pd.DataFrame
    areas: pd.DataFrame
    diesels: pd.DataFrame
    roles: Roles
    compensator: Compensator | None
    limits: Limits
    controls: Controls = Controls()
    currency: str = ""
    cables: tuple[CableCircuit, ...] = ()
    planned_out: tuple[Element, ...] = ()
