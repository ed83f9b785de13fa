"""Comparison B for taps and reactors: injections stay constant until the loop's rule moves nothing more."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from types import SimpleNamespace

import numpy as np
from pandapower import pandapowerNet
from shipped import goto

from twin.network.model import GridModel
from twin.network.variants.controls import Bands
from twin.network.variants.flow import solve
from twin.network.variants.grids import GridVariants, grid_variants
from twin.operation.management.controls import next_positions

MOST_HALF_HOURS = 60
QUIET_HALF_HOURS = 12
STATES = {"calm evening": (0.0, 1.9), "mean": (0.4, 1.0), "windy night": (0.75, 0.4)}
"""Share of each plant's contract and factor on each area's mean demand."""
SOURCES_PU = (0.98, 1.0, 1.03)


@dataclass(frozen=True)
class AtRest:
    """Where taps and reactors come to rest.

    Attributes
    ----------
    positions : tuple of int
        Tap, then reactors in service, as far as the model has them.
    half_hours : int
        Until the last move; -1 where they still moved after `MOST_HALF_HOURS`.
    moves : int
        Positions passed, all controls together.
    held_vm_pu : float
        Voltage at the tap changer's bus.
    q_svc_mvar : float
    """

    positions: tuple[int, ...]
    half_hours: int
    moves: int
    held_vm_pu: float
    q_svc_mvar: float


@dataclass(frozen=True)
class Settled:
    """One state of the 2030 grid with tap, reactors and compensator free.

    Attributes
    ----------
    source_vm_pu : float
    state : str
    rest : AtRest
    tap_outside_pu, reactors_outside_mvar : float
        How far the measured quantity lies outside its band; 0 where the control stands at the end of its range that
        the band asks for.
    """

    source_vm_pu: float
    state: str
    rest: AtRest
    tap_outside_pu: float
    reactors_outside_mvar: float

    @property
    def misses(self) -> bool:
        """Something still moves, or rests outside its band without need."""
        return self.rest.half_hours < 0 or self.tap_outside_pu > 0.0 or self.reactors_outside_mvar > 0.0


def settled(sources: Sequence[float] = SOURCES_PU) -> Iterator[Settled]:
    """Let every state settle from the positions of the parameter table."""
    for source in sources:
        model = goto(2030, "controlled", {"source_vm_pu": source})
        grid = grid_variants([model])
        for state in STATES:
            rest = come_to_rest(grid, at_state(model, state).net, grid.variants[0].positions)
            tap, reactors = model.controls.tap, model.controls.reactors
            assert tap is not None
            assert reactors is not None
            tap_position, in_service = rest.positions
            below = tap.target_vm_pu - tap.dead_band_pu - rest.held_vm_pu
            above = rest.held_vm_pu - tap.target_vm_pu - tap.dead_band_pu
            tap_free = (below if tap_position > tap.lowest else 0.0, above if tap_position < tap.highest else 0.0)
            take_in, take_out = reactors.in_below_mvar - rest.q_svc_mvar, rest.q_svc_mvar - reactors.out_above_mvar
            reactors_free = (take_in if in_service < len(reactors.shunts) else 0.0, take_out if in_service else 0.0)
            yield Settled(source, state, rest, max(0.0, *tap_free), max(0.0, *reactors_free))


def at_state(model: GridModel, state: str) -> GridModel:
    """Return the model with plants and demand set, reactive power in the proportion that the net has."""
    plants, demand = STATES[state]
    net = copy.deepcopy(model.net)
    net.sgen[["p_mw", "q_mvar"]] *= plants / 0.5
    net.load[["p_mw", "q_mvar"]] *= demand
    return replace(model, net=net)


def come_to_rest(grid: GridVariants, net: pandapowerNet, start: tuple[int, ...]) -> AtRest:
    """Apply the loop's rule half-hour by half-hour at the injections of `net`, from positions `start`."""
    network, base_mva = np.zeros(1, dtype=np.int64), float(net.sn_mva)
    case = SimpleNamespace(grid=grid, bands=Bands.of(grid.models, network), base_mva=base_mva)
    p, q = node_injections(grid, net)
    positions = np.array([start], dtype=np.int64)
    outside, last_move, moves, half_hour = np.zeros_like(positions), 0, 0, 0
    while half_hour < min(last_move + QUIET_HALF_HOURS, MOST_HALF_HOURS):
        half_hour += 1
        variant = grid.variants_at(network, positions)
        flow = solve(grid, variant, p, q)
        assert flow.solved.all()
        after, outside = next_positions(case, positions, outside, flow)
        moves += int(np.abs(after - positions).sum())
        last_move = half_hour if (after != positions).any() else last_move
        positions = after
    at_rest = half_hour < MOST_HALF_HOURS
    held = abs(flow.v[0, grid.tap_at])
    return AtRest(
        tuple(positions[0].tolist()), last_move if at_rest else -1, moves, float(held),
        float(flow.q_svc_pu[0]) * base_mva,
    )  # fmt: skip


def node_injections(grid: GridVariants, net: pandapowerNet) -> tuple[np.ndarray, np.ndarray]:
    """Return the infeed of the net's loads and static generators at the reduced grid's nodes, (1, n) pu each."""
    buses = grid.nodes.buses
    p, q = np.zeros((2, 1, len(buses)))
    for table, sign in (("load", -1.0), ("sgen", 1.0)):
        for row in net[table][net[table].in_service].itertuples():
            p[0, buses.index(row.bus)] += sign * row.p_mw / net.sn_mva
            q[0, buses.index(row.bus)] += sign * row.q_mvar / net.sn_mva
    return p, q
