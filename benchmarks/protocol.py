"""How programs are timed: interleaved repeats, medians, each answer held against a converged reference."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from benchmarks.cases import Case
from benchmarks.reference import voltages

REPEATS = 5
ERROR_PU = 1e-8
TOLERANCES = (1e-8, 1e-9, 1e-10, 1e-11, 1e-12)
SHORTEST_SECONDS = 0.2


class Program(Protocol):
    """A case made ready; what is timed goes from injections in memory to the voltages of all buses in memory."""

    def solve(self) -> np.ndarray:
        """Return voltage magnitudes, (steps, buses) pu, NaN where a step is not solved."""


@dataclass(frozen=True)
class Entry:
    """A program in the race.

    Attributes
    ----------
    name : str
    make : callable of (Case, tolerance)
        Makes the case ready; not timed.
    steps : int, optional
        Steps to time where all would take too long; the time is extrapolated and marked.
    """

    name: str
    make: Callable[[Case, float], Program]
    steps: int | None = None


@dataclass
class Outcome:
    """What a program took and how exact it was.

    Attributes
    ----------
    seconds : list of float
        Per repeat, extrapolated to all steps.
    error_pu : float
        Largest voltage error at the sampled steps.
    """

    name: str
    tolerance: float
    steps: int
    unsolved: int
    error_pu: float
    seconds: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)


def race(case: Case, entries: Sequence[Entry], repeats: int = REPEATS) -> list[Outcome]:
    """Time every entry on `case`, one after the other within each repeat."""
    sample = _sample(case, min(entry.steps or case.steps for entry in entries))
    exact = voltages(case, sample)
    outcomes, programs = [], []
    for entry in entries:
        outcome, program = _admit(entry, case, sample, exact)
        outcomes.append(outcome)
        programs.append(program)
    times = interleaved([program.solve for program in programs], repeats)
    for outcome, seconds in zip(outcomes, times, strict=True):
        outcome.seconds = [value * case.steps / outcome.steps for value in seconds]
    return outcomes


def interleaved(calls: Sequence[Callable[[], object]], repeats: int) -> list[list[float]]:
    """Return seconds per call and repeat; a call shorter than 0.2 s is repeated within its turn."""
    times: list[list[float]] = [[] for _ in calls]
    for _ in range(repeats):
        for call, taken in zip(calls, times, strict=True):
            gc.collect()
            taken.append(_seconds(call))
    return times


def _seconds(call: Callable[[], object]) -> float:
    start, count = time.perf_counter(), 0
    while True:
        call()
        count += 1
        elapsed = time.perf_counter() - start
        if elapsed >= SHORTEST_SECONDS:
            return elapsed / count


def _sample(case: Case, shortest: int) -> np.ndarray:
    """Return about 24 steps over the whole case, half of them among those that every program solves."""
    early = np.linspace(0, shortest - 1, 12).astype(int)
    return np.unique(np.r_[early, np.linspace(0, case.steps - 1, 12).astype(int)])


def _admit(entry: Entry, case: Case, sample: np.ndarray, exact: np.ndarray) -> tuple[Outcome, Program]:
    """Return the program at the loosest tolerance with answers within `ERROR_PU`, at the tightest where none is."""
    timed = case.cut(slice(entry.steps))
    within = sample < timed.steps
    for tolerance in TOLERANCES:
        program = entry.make(timed, tolerance)
        vm_pu = program.solve()
        error = float(np.abs(vm_pu[sample[within]] - exact[within]).max())
        if error <= ERROR_PU:
            break
    return Outcome(entry.name, tolerance, timed.steps, int(np.isnan(vm_pu).any(1).sum()), error), program
