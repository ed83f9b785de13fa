"""Assess operating points against every contingency, each solved in AC: nothing is left to an estimate."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pandas as pd

from twin.network.dc_lines import ENDS
from twin.network.monitored import MonitoredGrid
from twin.network.node_power import NodePower
from twin.network.solving.solver import Solution
from twin.security.contingencies import Contingency, OutageClass
from twin.security.operating_points import OperatingPoints, active_mw, at_nodes, less, moved, operating_points
from twin.security.prepared import PreparedContingencies, PreparedContingency
from twin.security.result import SecurityResult
from twin.security.tally import (
    KINDS,
    MILLIWATT_PER_MW,
    UNSOLVED,
    CaseTally,
    ClassTally,
    Tally,
    Worst,
    empty_tally,
    merge,
    split,
)
from twin.security.violations import Found, Judged, SolvedRows, find_violations

Relief = Callable[[PreparedContingency, NodePower, np.ndarray], NodePower]
"""``relief(contingency, power, v)``: the node power (R, N) after the actions that follow an outage.

`power` and `v` are the state at once; rows that need nothing are returned as they are (NaN rows of `v` are unsolved).
"""


class Settled(NamedTuple):
    """States some minutes after an outage, in which a control may have moved.

    Attributes
    ----------
    positions : tuple of int
        Of the controls.
    picked : numpy.ndarray, (R,) bool
        Rows that this holds for.
    contingency : PreparedContingency
        The same outage with the controls where they stand then.
    solution : Solution
        Of all R rows.
    """

    positions: tuple[int, ...]
    picked: np.ndarray
    contingency: PreparedContingency
    solution: Solution


Reaction = Callable[[int, NodePower, Solution], Iterable[Settled]]
"""``reaction(number, power, at_once)``: what the controls make of an outage's states; each row is picked once."""

MOST_LOST_MW = 1e9
THREADS = 1
"""Of one solve; the blocks share the processors."""


class _Stage(NamedTuple):
    """Where the state at once and the settled one of a class are written."""

    at_once: Found
    settled: Found


class _Kept(NamedTuple):
    """Where the states of a case are written, either at once or after the controls, and what relieves them."""

    stage: _Stage
    cases: CaseTally
    relief: Relief | None
    short_time: bool  # whether the states have to keep the short-time rating
    flags: np.ndarray  # (R,) how the case breaks the criterion


class _Rows(NamedTuple):
    """Rows R in order of groups, then steps; G groups begin at the first G of `bounds`."""

    steps: np.ndarray  # (R,)
    groups: np.ndarray  # (R,)
    bounds: np.ndarray  # (G + 1,)
    cases: int


def assess_steps(
    contingencies: PreparedContingencies,
    power: OperatingPoints,
    steps: np.ndarray,
    groups: np.ndarray,
    relief: Relief | None = None,
    reaction: Reaction | None = None,
) -> tuple[list[Tally], list[Tally]]:
    """Solve every contingency at every operating point of a block and find the limit violations.

    Parameters
    ----------
    contingencies : PreparedContingencies
        The intact grid first.
    power : OperatingPoints
        Rows R; each is solved by itself.
    steps : numpy.ndarray, (R,) int
        Absolute step of each row.
    groups : numpy.ndarray, (R,) int
        Group of each row, 0 to G - 1, none empty; the same step may stand in several.
    relief : callable, optional
        Acts between the state at once and the settled one; without it they are the same state. With a reaction it acts
        after the controls.
    reaction : callable, optional
        What taps and reactors do after the outage; the state that they lead to has a tally of its own.

    Returns
    -------
    at_once, after_controls : list of Tally
        By group; the second is empty without a reaction.
    """
    order = np.lexsort((steps, groups))
    bounds = np.flatnonzero(np.diff(groups[order], prepend=-1, append=groups.max(initial=-1) + 1))
    rows = _Rows(steps[order], groups[order], bounds, len(contingencies))
    whole, after = _assess_rows(contingencies, power.rows(order), rows, relief, reaction)
    return split(whole, bounds), [] if after is None else split(after, bounds)


def _assess_rows(
    contingencies: PreparedContingencies,
    steps: OperatingPoints,
    rows: _Rows,
    relief: Relief | None,
    reaction: Reaction | None,
) -> tuple[Tally, Tally | None]:
    intact, groups = contingencies[0], len(rows.bounds) - 1
    branches, buses = groups * len(intact.branches.watched), groups * len(intact.buses.node)
    sizes = branches, buses, groups * rows.cases, len(OutageClass)
    tally = empty_tally(rows.steps, *sizes)
    after = None if reaction is None else empty_tally(rows.steps, *sizes)
    tallies = [tally] if after is None else [tally, after]
    stages, stages_after = (
        [] if of is None else [_stage(of_class, of.cases, rows, intact) for of_class in of.classes]
        for of in (tally, after)
    )
    first_relief = relief if reaction is None else None
    everywhere = np.ones(len(rows.steps), dtype=bool)
    start: np.ndarray | None = None
    known: dict[int, Solution] = {}
    repeated = set(contingencies.repeats)
    for number, contingency in enumerate(contingencies):
        power = power_after(contingency, steps)
        found = (
            known[contingency.repeats]
            if contingency.repeats >= 0
            else contingency.solver.solve(power, start, THREADS).only_operable()
        )
        if number == 0:
            start = found.v
        if number in repeated:
            known[number] = found
        kind = contingency.case.outage_class
        first = _Kept(stages[kind], tally.cases, first_relief, True, np.zeros(len(rows.steps), dtype=np.uint8))
        states = [([Settled((), everywhere, contingency, found)], first)]
        if after is not None and reaction is not None:
            last = _Kept(stages_after[kind], after.cases, relief, relief is not None, np.zeros_like(first.flags))
            states.append((list(reaction(number, power, found)), last))
        _assess_case(number, power, states, rows)
        for (_, kept), of in zip(states, tallies, strict=True):
            _count_case(number, kept.flags, rows, of.cases, of.classes[kind])
        _count_lost(number, contingency, steps, rows, tally.cases)
    for of_class, stage in zip(tally.classes, stages, strict=True):
        _count_elements(of_class, stage.at_once, rows)
        if first_relief is None:
            _settled_as_at_once(of_class)
    if first_relief is None:
        _copy(tally.cases.worst, tally.cases.settled)
    if after is not None:
        for of_class, stage in zip(after.classes, stages_after, strict=True):
            _count_elements(of_class, stage.at_once, rows)
            if relief is None:
                _settled_as_at_once(of_class)
        if relief is None:
            _copy(after.cases.worst, after.cases.settled)
    return tally, after


def _stage(of_class: ClassTally, cases: CaseTally, rows: _Rows, intact: PreparedContingency) -> _Stage:
    count = len(rows.steps)
    flags = (
        np.zeros((count, len(intact.branches.watched)), dtype=np.uint8),
        np.zeros((count, len(intact.buses.node)), dtype=np.uint8),
    )
    voltages = cases.low, cases.high, *flags

    def found(step: Worst, branch: Worst, case: Worst) -> Found:
        return Found(
            step, of_class.step_export, of_class.step_import, of_class.step_low, of_class.step_high, branch,
            of_class.bus_low, of_class.bus_high, case, *voltages,
        )  # fmt: skip

    at_once = found(of_class.step, of_class.branch, cases.worst)
    return _Stage(at_once, found(of_class.step_settled, of_class.branch_settled, cases.settled))


def power_after(contingency: PreparedContingency, steps: OperatingPoints) -> NodePower:
    """Return the nodes' power without the tripped elements; what dead nodes lose is left to the network."""
    power = steps.power
    for element in contingency.out:
        if element in steps.of_element:
            power = less(power, steps.of_element[element])
    for element, node, new_node in contingency.moved:
        if element not in contingency.out:
            power = moved(power, steps.of_element[element], node, new_node)
    return power


def _assess_case(number: int, power: NodePower, states: list[tuple[list[Settled], _Kept]], rows: _Rows) -> None:
    """Find how the states of a case break the criterion, at once and after the controls, each followed by its relief.

    Where nothing moves the two are the same state, which is looked at once for both.
    """
    looks: dict[tuple[int, int], tuple[Settled, list[Judged]]] = {}
    for of_kept, kept in states:
        for state in of_kept:
            picked, stage = state.picked & state.solution.converged, kept.stage.at_once
            judged = Judged(number, rows.cases, kept.short_time, kept.relief is None, picked, kept.flags, stage)
            looks.setdefault((id(state.contingency), id(state.solution)), (state, []))[1].append(judged)
    for state, of_state in looks.values():
        _find(state, rows, tuple(of_state))
    for of_kept, kept in states:
        for state in of_kept:
            _relieve(number, power, state, kept, rows)


def _relieve(number: int, power: NodePower, state: Settled, kept: _Kept, rows: _Rows) -> None:
    """Let the relief act, if there is one, find what it leaves, and note the rows without a solution."""
    found = last = state.solution
    if kept.relief is not None:
        relieved = kept.relief(state.contingency, power, found.v)
        last = state.contingency.solver.solve(relieved, found.v, THREADS).only_operable()
        picked = state.picked & last.converged
        judged = Judged(number, rows.cases, False, True, picked, kept.flags, kept.stage.settled)
        _find(state._replace(solution=last), rows, (judged,))
    unsolved = ~(found.converged & last.converged) & state.picked
    kept.flags[unsolved] |= UNSOLVED
    failure = np.where(found.converged, last.failure, found.failure)
    np.add.at(kept.cases.unsolved, (_case_rows(number, rows)[unsolved], failure[unsolved]), 1)


def _find(state: Settled, rows: _Rows, judged: tuple[Judged, ...]) -> None:
    """Find the violations of a case's states, for whatever they count."""
    solved = SolvedRows(np.ascontiguousarray(state.solution.v), rows.steps, rows.groups)
    contingency = state.contingency
    unknown = np.zeros(contingency.branches.limit.shape, dtype=bool)
    while True:
        find_violations(solved, contingency.directions.of(contingency.branches), contingency.buses, judged, unknown)
        if not unknown.any():
            return
        contingency.directions.learn(unknown)
        unknown[:] = False


def _case_rows(number: int, rows: _Rows) -> np.ndarray:
    """Return where each row's group keeps the case."""
    return rows.groups * rows.cases + number


def _count_case(number: int, flags: np.ndarray, rows: _Rows, cases: CaseTally, of_class: ClassTally) -> None:
    of_groups = slice(number, None, rows.cases)
    for bit in range(KINDS):
        cases.steps[bit, of_groups] += _per_group((flags & (1 << bit)) > 0, rows)
    cases.steps_violated[of_groups] += _per_group(flags > 0, rows)
    of_class.step_violating[:] += flags > 0
    of_class.step_unsolved[:] += (flags & UNSOLVED) > 0


def _count_elements(of_class: ClassTally, found: Found, rows: _Rows) -> None:
    for bit in range(KINDS):
        of_class.branch_steps[bit] += _per_group((found.branch_flags & (1 << bit)) > 0, rows).ravel()
        of_class.bus_steps[bit] += _per_group((found.bus_flags & (1 << bit)) > 0, rows).ravel()


def _per_group(values: np.ndarray, rows: _Rows) -> np.ndarray:
    """Return the sums of (R, ...) values over the rows of each group, (G, ...)."""
    return np.asarray(np.add.reduceat(values, rows.bounds[:-1], axis=0, dtype=np.int64))


def _count_lost(
    number: int, contingency: PreparedContingency, steps: OperatingPoints, rows: _Rows, cases: CaseTally
) -> None:
    """Count the demand and infeed of dead nodes and of tripped elements elsewhere, at 1 pu voltage."""
    dead = contingency.dead
    lost = np.zeros((2, len(steps.power.constant)))
    if len(dead):
        infeed_mw = active_mw(contingency.network, at_nodes(steps.infeed, dead)).sum(axis=1)
        lost += [infeed_mw - active_mw(contingency.network, at_nodes(steps.power, dead)).sum(axis=1), infeed_mw]
    for element in contingency.out:
        if element in steps.of_element:
            sends = element[0] in ENDS  # what a dc line sends is no demand: out of the sum of the dead nodes again
            nodes = dead if sends else np.flatnonzero(contingency.network.alive)
            p_mw = active_mw(contingency.network, at_nodes(steps.of_element[element], nodes)).sum(axis=1)
            sign = -1.0 if sends else 1.0
            lost += [sign * np.maximum(-p_mw, 0.0), sign * np.maximum(p_mw, 0.0)]
    for element, node, new_node in contingency.moved:
        alive = contingency.network.alive
        if alive[node] != alive[new_node] and element not in contingency.out:
            p_mw = active_mw(contingency.network, steps.of_element[element])[:, node]
            sign = 1.0 if alive[node] else -1.0  # a dead node was counted with all that had been there
            lost += [sign * np.maximum(-p_mw, 0.0), sign * np.maximum(p_mw, 0.0)]
    unsolved = ~(np.abs(lost) < MOST_LOST_MW).all(axis=0)  # with a given value that is no number, or of no size
    lost[:, unsolved] = 0.0
    of_groups = slice(number, None, rows.cases)
    cases.lost_most_mw[:, of_groups] = np.maximum.reduceat(lost, rows.bounds[:-1], axis=1).clip(min=0.0)
    milliwatts = np.rint(lost * MILLIWATT_PER_MW).astype(np.int64)
    cases.lost_milliwatt_steps[:, of_groups] = np.add.reduceat(milliwatts, rows.bounds[:-1], axis=1)


def _settled_as_at_once(of_class: ClassTally) -> None:
    _copy(of_class.step, of_class.step_settled)
    _copy(of_class.branch, of_class.branch_settled)


def _copy(source: Worst, target: Worst) -> None:
    target.value[:], target.address[:] = source.value, source.address


@dataclass(frozen=True)
class OutageAnalysis:
    """The contingencies of a grid made ready, for blocks of operating points.

    Attributes
    ----------
    grid : MonitoredGrid
    contingencies : PreparedContingencies
        The intact grid first, then the outages in the order of the list.
    relief : callable or None
    """

    grid: MonitoredGrid
    contingencies: PreparedContingencies
    relief: Relief | None = None

    @property
    def cases(self) -> tuple[Contingency, ...]:
        """The intact grid and every outage."""
        return self.contingencies.cases

    @cached_property
    def number_of(self) -> dict[tuple[str, OutageClass], int]:
        """The number of each case by its name and class; the first one where two are alike."""
        numbers = ((one.name, one.outage_class) for one in self.cases)
        return {key: number for number, key in reversed(list(enumerate(numbers)))}

    def assess(self, steps: OperatingPoints, first_step: int) -> Tally:
        """Assess consecutive operating points.

        Parameters
        ----------
        steps : OperatingPoints
        first_step : int
            Absolute number of the first row; tallies of several calls are joined by it.
        """
        numbers = first_step + np.arange(len(steps.power.constant))
        return self.assess_groups(steps, numbers, np.zeros_like(numbers))[0][0]

    def assess_groups(
        self, power: OperatingPoints, steps: np.ndarray, groups: np.ndarray, reaction: Reaction | None = None
    ) -> tuple[list[Tally], list[Tally]]:
        """Assess operating points of any steps; each group of them has a tally of its own.

        Parameters
        ----------
        power : OperatingPoints
            Rows R.
        steps : numpy.ndarray, (R,) int
            Absolute step of each row.
        groups : numpy.ndarray, (R,) int
            Group of each row, 0 to G - 1, none empty.
        reaction : callable, optional
            What taps and reactors do after an outage.

        Returns
        -------
        at_once, after_controls : list of Tally
            By group; the second is empty without a reaction.
        """
        return assess_steps(self.contingencies, power, steps, groups, self.relief, reaction)

    def loadings(self, power: OperatingPoints) -> Iterator[tuple[Contingency, np.ndarray]]:
        """Yield each single outage and how full the branches are at once, (R, E) percent of the continuous rating.

        NaN where an outage has no solution.
        """
        start: np.ndarray | None = None
        for contingency in self.contingencies:
            found = contingency.solver.solve(power_after(contingency, power), start, THREADS).only_operable()
            if start is None:
                start = found.v
            if contingency.case.outage_class == OutageClass.SINGLE:
                percent = self.grid.loading_percent(found.v, contingency.network)
                yield contingency.case, np.where(found.converged[:, None], percent, np.nan)

    def power(self, rows: int, given: Mapping[tuple[str, str], np.ndarray]) -> OperatingPoints:
        """Return the nodes' power of some steps from arrays in the order of pandapower's tables."""
        contingencies = self.contingencies
        return operating_points(contingencies.grid.network, rows, given, contingencies.tripping)

    def result(self, tallies: list[Tally], step_hours: float, index: pd.Index | None = None) -> SecurityResult:
        """Join the tallies of consecutive blocks, given in any order, into the tables of the whole time."""
        repeats = self.contingencies.repeats
        return SecurityResult(self.grid, self.cases, repeats, merge(tallies), step_hours, index)
