"""Running results of the security analysis: worst values with their address, counts, what islands lose."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from twin.powerflow.solution import Failure

STEP, CASE, ELEMENT, SIDE = range(4)
"""Columns of an address: absolute step, outage case, branch or bus, side of the branch (0 from/hv, 1 to/lv)."""

SHORT_TIME, CONTINUOUS, EXPORT, IMPORT, LOW, HIGH, UNSOLVED = (1 << bit for bit in range(7))
"""Bits that tell how a case breaks the criterion at a step."""
KINDS = 7

MILLIWATT_PER_MW = 1e9
"""Energies are summed in whole milliwatts and steps, so that the sum does not depend on the blocks."""


class Worst(NamedTuple):
    """The largest value of each row and where it was found; -inf and -1 where there is none.

    Voltages below the band are kept as their negative, so that larger is worse everywhere.
    """

    value: np.ndarray  # (n,)
    address: np.ndarray  # (n, 4) int32: step, case, element, side


class ClassTally(NamedTuple):
    """Results of one class of outages over a stretch of steps R; branches E, buses B."""

    step: Worst  # (R,) loading at once, percent of the continuous rating
    step_settled: Worst
    step_export: Worst  # (R,) worst breach in export direction
    step_import: Worst
    step_low: Worst  # (R,)
    step_high: Worst
    step_violating: np.ndarray  # (R,) cases that break the criterion, unsolved ones included
    step_unsolved: np.ndarray  # (R,)
    branch: Worst  # (E,)
    branch_settled: Worst
    branch_steps: np.ndarray  # (KINDS, E) steps with at least one case of the kind
    bus_low: Worst  # (B,)
    bus_high: Worst
    bus_steps: np.ndarray  # (KINDS, B)


class CaseTally(NamedTuple):
    """Results of each outage case O."""

    worst: Worst  # (O,)
    settled: Worst
    low: Worst
    high: Worst
    steps: np.ndarray  # (KINDS, O) steps with a breach of the kind
    steps_violated: np.ndarray  # (O,)
    unsolved: np.ndarray  # (O, failures)
    lost_most_mw: np.ndarray  # (2, O) demand, infeed
    lost_milliwatt_steps: np.ndarray  # (2, O) int


class Tally(NamedTuple):
    """Everything kept of the steps `first_step` and following."""

    first_step: int
    classes: tuple[ClassTally, ...]
    cases: CaseTally


def nothing(size: int) -> Worst:
    """Return `size` rows without a value."""
    return Worst(np.full(size, -np.inf), np.full((size, 4), -1, dtype=np.int32))


def empty_tally(first_step: int, steps: int, branches: int, buses: int, cases: int, classes: int) -> Tally:
    """Return a tally to be filled."""
    of_classes = tuple(_empty_class(steps, branches, buses) for _ in range(classes))
    of_cases = CaseTally(
        worst=nothing(cases), settled=nothing(cases), low=nothing(cases), high=nothing(cases),
        steps=_zeros(KINDS, cases), steps_violated=_zeros(cases), unsolved=_zeros(cases, len(Failure)),
        lost_most_mw=np.zeros((2, cases)), lost_milliwatt_steps=_zeros(2, cases),
    )  # fmt: skip
    return Tally(first_step, of_classes, of_cases)


def _empty_class(steps: int, branches: int, buses: int) -> ClassTally:
    return ClassTally(
        step=nothing(steps), step_settled=nothing(steps), step_export=nothing(steps), step_import=nothing(steps),
        step_low=nothing(steps), step_high=nothing(steps), step_violating=_zeros(steps), step_unsolved=_zeros(steps),
        branch=nothing(branches), branch_settled=nothing(branches), branch_steps=_zeros(KINDS, branches),
        bus_low=nothing(buses), bus_high=nothing(buses), bus_steps=_zeros(KINDS, buses),
    )  # fmt: skip


def _zeros(*shape: int) -> np.ndarray:
    return np.zeros(shape, dtype=np.int64)


def merge(tallies: Sequence[Tally]) -> Tally:
    """Join the tallies of consecutive stretches into one.

    Parameters
    ----------
    tallies : sequence of Tally
        In any order; together they cover consecutive steps, each once.

    Raises
    ------
    ValueError
        If steps are missing or covered twice.
    """
    ordered = sorted(tallies, key=lambda tally: tally.first_step)
    expected = ordered[0].first_step
    for tally in ordered:
        if tally.first_step != expected:
            raise ValueError(f"tallies do not join: step {expected} was expected, {tally.first_step} follows")
        expected += len(tally.classes[0].step_violating)
    by_class = zip(*(tally.classes for tally in ordered), strict=True)
    classes = tuple(_merge_class(parts) for parts in by_class)
    return Tally(ordered[0].first_step, classes, _merge_cases([tally.cases for tally in ordered]))


def _merge_class(parts: Sequence[ClassTally]) -> ClassTally:
    joined: dict[str, object] = {}
    for name in ClassTally._fields:
        values = [getattr(part, name) for part in parts]
        if name.startswith("step"):
            joined[name] = _joined(values)
        elif isinstance(values[0], Worst):
            joined[name] = _worst_of(values)
        else:
            joined[name] = np.sum(values, axis=0)
    return ClassTally(**joined)  # type: ignore[arg-type]


def _merge_cases(parts: Sequence[CaseTally]) -> CaseTally:
    joined: dict[str, object] = {}
    for name in CaseTally._fields:
        values = [getattr(part, name) for part in parts]
        if isinstance(values[0], Worst):
            joined[name] = _worst_of(values)
        elif name == "lost_most_mw":
            joined[name] = np.max(values, axis=0)
        else:
            joined[name] = np.sum(values, axis=0)
    return CaseTally(**joined)  # type: ignore[arg-type]


def _joined(values: Sequence[Worst] | Sequence[np.ndarray]) -> Worst | np.ndarray:
    if isinstance(values[0], Worst):
        return Worst(*(np.concatenate(column) for column in zip(*values, strict=True)))
    return np.concatenate(values)


def _worst_of(values: Sequence[Worst]) -> Worst:
    """Return the larger value of each row; the earlier step where they are equal."""
    value, address = values[0].value.copy(), values[0].address.copy()
    for later in values[1:]:
        larger = later.value > value
        value[larger], address[larger] = later.value[larger], later.address[larger]
    return Worst(value, address)
