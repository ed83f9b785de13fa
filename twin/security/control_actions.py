"""Taps and reactors in the minutes after an outage: each acts by its own rule until redispatch acts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from twin.core.row_arrays import map_arrays, put_rows
from twin.network.model import GridModel
from twin.network.monitored import position
from twin.network.node_power import NodePower
from twin.network.solving.solver import Solution
from twin.network.variants.controls import Bands
from twin.security.assessment import THREADS, OutageAnalysis, Settled
from twin.security.prepared import PreparedContingency

Positions = tuple[int, ...]
"""Of the tap changer, then of the reactors, as far as there are any."""


@dataclass(frozen=True)
class ControlActions:
    """What the controls of a grid do after an outage.

    A control looks at its quantity every `step_minutes` of its own, and moves by one step where that lies outside its
    band; nothing moves after the relief time. Reactors that have tripped with a circuit are gone for good.

    Attributes
    ----------
    model : GridModel
    start : tuple of int
        Positions before the outage.
    relief_minutes : float
        Until redispatch acts.
    analysis_at : callable
        Gives the outages of the grid at some positions, made ready once.
    """

    model: GridModel
    start: Positions
    relief_minutes: float
    analysis_at: Callable[[Positions], OutageAnalysis]

    def __call__(self, number: int, power: NodePower, at_once: Solution) -> Iterator[Settled]:
        """Return the states in which the controls come to rest or the relief time ends, by their positions.

        Parameters
        ----------
        number : int
            Of the contingency at the start positions; 0 is the intact grid, in which nothing moves.
        power : NodePower
            (R, N), without what has tripped.
        at_once : Solution
            Of all R rows.
        """
        contingency = self.analysis_at(self.start).contingencies[number]
        positions = np.tile(np.array(self.start, dtype=np.int64), (len(at_once.v), 1))
        wanted, found, moving = np.zeros_like(positions), at_once, np.flatnonzero(at_once.converged)
        if number:
            wanted[moving] = self._wanted(contingency, at_once, moving, positions[moving])
        for due in self._looks():
            if not wanted.any():
                break
            moved = np.flatnonzero((wanted * due).any(axis=1))
            positions[moved] += wanted[moved] * due
            found = map_arrays(np.copy, found) if found is at_once and len(moved) else found
            for at in np.unique(positions[moved], axis=0):
                rows = moved[(positions[moved] == at).all(axis=1)]
                solver = self.contingency(number, tuple(at.tolist())).solver
                put_rows(found, rows, solver.solve(power.rows(rows), found.v[rows], THREADS).only_operable())
            wanted[moved] = 0
            going = moved[found.converged[moved]]
            wanted[going] = self._wanted(contingency, found, going, positions[going])
        if found is at_once:  # nothing has moved
            yield Settled(self.start, np.ones(len(positions), dtype=bool), contingency, found)
            return
        for row in np.unique(positions, axis=0):
            at, picked = tuple(row.tolist()), (positions == row).all(axis=1)
            yield Settled(at, picked, self.contingency(number, at), found)

    def _looks(self) -> Iterator[np.ndarray]:
        """Yield which controls look at their quantity, (C,) bool, at one moment after the other."""
        every = self._every_minutes
        counts = np.floor(self.relief_minutes / every + 1e-9).astype(int)
        times = np.unique(
            np.concatenate([minutes * np.arange(1, n + 1) for minutes, n in zip(every, counts, strict=True)])
        )
        for minute in times:
            share = minute / every
            yield np.abs(share - np.round(share)) < 1e-6

    @cached_property
    def _every_minutes(self) -> np.ndarray:
        controls = (self.model.controls.tap, self.model.controls.reactors)
        return np.array([control.step_minutes for control in controls if control is not None])

    @cached_property
    def _tap_row(self) -> int:
        """Position in ``net.bus`` of the bus whose voltage the tap changer holds."""
        assert self.model.controls.tap is not None
        return position(self.model.net, ("bus", self.model.controls.tap.bus))

    @cached_property
    def _bands(self) -> Bands:
        return Bands.of([self.model], np.zeros(1, dtype=np.int64))

    def _wanted(
        self, contingency: PreparedContingency, state: Solution, rows: np.ndarray, positions: np.ndarray
    ) -> np.ndarray:
        """Return by how much each control moves in some rows of a state when it looks, (R, C) int."""
        bands, measured = self._bands, self._measured(contingency, state, rows)
        side = (measured > bands.high).astype(np.int64) - (measured < bands.low)
        wanted = positions - side * np.sign(bands.effect).astype(np.int64)
        return np.asarray(np.clip(wanted, bands.lowest, bands.highest) - positions)

    def _measured(self, contingency: PreparedContingency, state: Solution, rows: np.ndarray) -> np.ndarray:
        """Return the voltage that the tap changer holds and the compensator's output, (R, C); NaN where dead."""
        network, controls = contingency.network, self.model.controls
        columns = []
        if controls.tap is not None:
            node = int(network.node_of_bus[self._tap_row])
            columns.append(np.abs(state.v[rows, node]) if node >= 0 else np.full(len(rows), np.nan))
        if controls.reactors is not None:
            row = int(network.controlled_by["compensator"][0]) if "compensator" in network.controlled_by else -1
            output = state.q_controlled_pu[rows, row] * network.base_mva if row >= 0 else np.full(len(rows), np.nan)
            columns.append(output)
        return np.stack(columns, axis=1)

    def contingency(self, number: int, positions: Positions) -> PreparedContingency:
        """Return a contingency at other positions: the intact grid where a reactor that tripped is out of service."""
        case, analysis = self.analysis_at(self.start).cases[number], self.analysis_at(positions)
        return analysis.contingencies[analysis.number_of.get((case.name, case.outage_class), 0)]
