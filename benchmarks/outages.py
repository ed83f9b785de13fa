"""Every single outage at every step: what the programs deliver and how they are timed.

The outages are all lines and transformers of the portable net but the source impedance, without which nothing is fed.
Each program delivers the highest loading of each branch with the outage that causes it and the lowest voltage of each
bus. The error is that of the lowest voltages at three single steps.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from benchmarks.cases import Case
from benchmarks.protocol import ERROR_PU, TOLERANCES, Outcome, interleaved
from benchmarks.reference import lowest_voltages

CHECKED_STEPS = 3


@dataclass(frozen=True)
class Worst:
    """Over all steps and outages; branches L are the lines, then the transformers, buses B the net's.

    Attributes
    ----------
    loading_percent : numpy.ndarray, (L,)
    outage : numpy.ndarray, (L,) int
        Number of the outage that causes it.
    vm_pu : numpy.ndarray, (B,)
        Lowest voltage of buses with supply.
    unsolved : int
        Cases without a solution.
    """

    loading_percent: np.ndarray
    outage: np.ndarray
    vm_pu: np.ndarray
    unsolved: int


class OutageProgram(Protocol):
    """A case and its outages made ready."""

    def solve(self) -> Worst:
        """Solve every outage at every step."""


@dataclass(frozen=True)
class OutageEntry:
    """A program in the race; `make` takes (Case, outages, tolerance)."""

    name: str
    make: Callable[[Case, list[tuple[str, int]], float], OutageProgram]
    steps: int | None = None


def all_branches(case: Case) -> list[tuple[str, int]]:
    """Return lines and transformers, without those that feed the net alone from the ext_grid."""
    net, slack = case.net, case.net.ext_grid.bus.iloc[0]
    at_slack = [("line", i) for i in net.line.index[(net.line[["from_bus", "to_bus"]] == slack).any(axis=1)]]
    at_slack += [("trafo", i) for i in net.trafo.index[(net.trafo[["hv_bus", "lv_bus"]] == slack).any(axis=1)]]
    everything = [("line", i) for i in net.line.index] + [("trafo", i) for i in net.trafo.index]
    return [branch for branch in everything if len(at_slack) > 1 or branch not in at_slack]


def race(case: Case, entries: Sequence[OutageEntry], repeats: int) -> list[Outcome]:
    """Time every entry, interleaved; errors are those of the lowest voltages at some single steps."""
    outages = all_branches(case)
    steps = np.linspace(0, case.steps - 1, CHECKED_STEPS).astype(int)
    exact = lowest_voltages(case, steps, outages)
    outcomes, programs = [], []
    for entry in entries:
        tolerance, error = _tolerance(entry, case, outages, steps, exact)
        timed = case.cut(slice(entry.steps))
        program = entry.make(timed, outages, tolerance)
        unsolved = program.solve().unsolved
        outcomes.append(Outcome(entry.name, tolerance, timed.steps, unsolved, error))
        programs.append(program)
    times = interleaved([program.solve for program in programs], repeats)
    for outcome, seconds in zip(outcomes, times, strict=True):
        outcome.seconds = [value * case.steps / outcome.steps for value in seconds]
    return outcomes


def _tolerance(
    entry: OutageEntry, case: Case, outages: list[tuple[str, int]], steps: np.ndarray, exact: np.ndarray
) -> tuple[float, float]:
    for tolerance in TOLERANCES:
        found = [entry.make(case.cut(slice(s, s + 1)), outages, tolerance).solve().vm_pu for s in steps]
        error = float(np.abs(np.array(found) - exact).max())
        if error <= ERROR_PU:
            break
    return tolerance, error
