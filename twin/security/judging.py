"""Judge a block of steps: every outage solved in AC, nothing left to an estimate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from twin.powerflow.node_power import NodePower
from twin.powerflow.solution import Solution
from twin.security.kernels import Found, judge_block
from twin.security.outages import OutageClass
from twin.security.power import StepPower, active_mw, at_nodes, less
from twin.security.tally import (
    KINDS,
    MILLIWATT_PER_MW,
    UNSOLVED,
    CaseTally,
    ClassTally,
    Tally,
    Worst,
    empty_tally,
)
from twin.security.topology import Topology

Relief = Callable[[Topology, NodePower, np.ndarray], NodePower]
"""``relief(topology, power, v)``: the node power (R, N) after the actions that follow an outage.

`power` and `v` are the state at once; rows that need nothing are returned as they are (NaN rows of `v` are unsolved).
"""


class _Stage(NamedTuple):
    """Where the state at once and the settled one of a class are written."""

    at_once: Found
    settled: Found


def judge_steps(
    topologies: Sequence[Topology], steps: StepPower, first_step: int, relief: Relief | None = None
) -> Tally:
    """Solve and judge every case at every step of a block.

    Parameters
    ----------
    topologies : sequence of Topology
        The intact grid first.
    steps : StepPower
        Rows R.
    first_step : int
        Absolute number of the first row.
    relief : callable, optional
        Acts between the state at once and the settled one; without it they are the same state.

    Returns
    -------
    Tally
    """
    rows, intact = len(steps.power.constant), topologies[0]
    branches, buses = len(intact.branches.watched), len(intact.buses.node)
    tally = empty_tally(first_step, rows, branches, buses, len(topologies), len(OutageClass))
    stages = [_stage(of_class, tally.cases, rows, branches, buses) for of_class in tally.classes]
    start: np.ndarray | None = None
    kept: dict[int, Solution] = {}
    repeated = {topology.repeats for topology in topologies}
    for number, topology in enumerate(topologies):
        power = _power_after(topology, steps)
        found = kept[topology.repeats] if topology.repeats >= 0 else topology.solver.solve(power, start)
        if number == 0:
            start = np.where(found.converged[:, None], found.v, intact.network.start)
        if number in repeated:
            kept[number] = found
        kind = topology.case.outage_class
        flags = _judge_case(number, topology, power, found, first_step, stages[kind], tally.cases, relief)
        _count_case(number, flags, tally.cases, tally.classes[kind])
        _count_lost(number, topology, steps, tally.cases)
    for of_class, stage in zip(tally.classes, stages, strict=True):
        _count_elements(of_class, stage.at_once)
        if relief is None:
            _settled_as_at_once(of_class)
    if relief is None:
        _copy(tally.cases.worst, tally.cases.settled)
    return tally


def _stage(of_class: ClassTally, cases: CaseTally, rows: int, branches: int, buses: int) -> _Stage:
    flags = np.zeros((rows, branches), dtype=np.uint8), np.zeros((rows, buses), dtype=np.uint8)
    voltages = cases.low, cases.high, *flags

    def found(step: Worst, branch: Worst, case: Worst) -> Found:
        return Found(
            step, of_class.step_export, of_class.step_import, of_class.step_low, of_class.step_high, branch,
            of_class.bus_low, of_class.bus_high, case, *voltages,
        )  # fmt: skip

    at_once = found(of_class.step, of_class.branch, cases.worst)
    return _Stage(at_once, found(of_class.step_settled, of_class.branch_settled, cases.settled))


def _power_after(topology: Topology, steps: StepPower) -> NodePower:
    power = steps.power
    for element in topology.out:
        if element in steps.of_element:
            power = less(power, steps.of_element[element])
    return power


def _judge_case(
    number: int,
    topology: Topology,
    power: NodePower,
    found: Solution,
    first_step: int,
    stage: _Stage,
    cases: CaseTally,
    relief: Relief | None,
) -> np.ndarray:
    """Return (R,) flags of how the case breaks the criterion."""
    flags = np.zeros(len(found.v), dtype=np.uint8)
    settled = found
    _judge_state(number, topology, found, first_step, (True, relief is None), stage.at_once, flags)
    if relief is not None:
        start = np.where(found.converged[:, None], found.v, topology.network.start)
        settled = topology.solver.solve(relief(topology, power, found.v), start)
        _judge_state(number, topology, settled, first_step, (False, True), stage.settled, flags)
    unsolved = ~found.converged | ~settled.converged
    flags[unsolved] |= UNSOLVED
    failure = np.where(found.converged, settled.failure, found.failure)
    np.add.at(cases.unsolved[number], failure[unsolved], 1)
    return flags


def _judge_state(
    number: int,
    topology: Topology,
    state: Solution,
    first_step: int,
    judged: tuple[bool, bool],
    written: Found,
    flags: np.ndarray,
) -> None:
    judge_block(
        np.ascontiguousarray(state.v), state.converged, first_step, number, *judged, topology.branches,
        topology.buses, written, flags,
    )  # fmt: skip


def _count_case(number: int, flags: np.ndarray, cases: CaseTally, of_class: ClassTally) -> None:
    for bit in range(KINDS):
        cases.steps[bit, number] += np.count_nonzero(flags & (1 << bit))
    cases.steps_violated[number] += np.count_nonzero(flags)
    of_class.step_violating[:] += flags > 0
    of_class.step_unsolved[:] += (flags & UNSOLVED) > 0


def _count_elements(of_class: ClassTally, found: Found) -> None:
    for bit in range(KINDS):
        of_class.branch_steps[bit] += np.count_nonzero(found.branch_flags & (1 << bit), axis=0)
        of_class.bus_steps[bit] += np.count_nonzero(found.bus_flags & (1 << bit), axis=0)


def _count_lost(number: int, topology: Topology, steps: StepPower, cases: CaseTally) -> None:
    """Count the demand and infeed of dead nodes and of tripped elements elsewhere, at 1 pu voltage."""
    dead = topology.dead
    lost = np.zeros((2, len(steps.power.constant)))
    if len(dead):
        infeed_mw = active_mw(topology.network, at_nodes(steps.infeed, dead)).sum(axis=1)
        lost += [infeed_mw - active_mw(topology.network, at_nodes(steps.power, dead)).sum(axis=1), infeed_mw]
    for element in topology.out:
        if element in steps.of_element:
            of_element = at_nodes(steps.of_element[element], np.flatnonzero(topology.network.alive))
            p_mw = active_mw(topology.network, of_element).sum(axis=1)
            lost += [np.maximum(-p_mw, 0.0), np.maximum(p_mw, 0.0)]
    lost[:, ~np.isfinite(lost).all(axis=0)] = 0.0  # rows with a given value that is no number are unsolved
    cases.lost_most_mw[:, number] = lost.max(axis=1, initial=0.0)
    cases.lost_milliwatt_steps[:, number] = np.rint(lost * MILLIWATT_PER_MW).astype(np.int64).sum(axis=1)


def _settled_as_at_once(of_class: ClassTally) -> None:
    _copy(of_class.step, of_class.step_settled)
    _copy(of_class.branch, of_class.branch_settled)


def _copy(source: Worst, target: Worst) -> None:
    target.value[:], target.address[:] = source.value, source.address
