"""Running results of the security analysis: worst values and where they occur, hours violated, what is cut off."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from twin.network.solving.solver import Failure

STEP, CASE, ELEMENT, SIDE = range(4)
"""Columns of an address: absolute step, outage case, branch or bus, side of the branch (0 from/hv, 1 to/lv)."""

SHORT_TIME, CONTINUOUS, EXPORT, IMPORT, LOW, HIGH, UNSOLVED = (1 << bit for bit in range(7))
"""Bits that tell how a case breaks the criterion at a step."""
KINDS = 7

MILLIWATT_PER_MW = 1e9
"""Energies are summed in whole milliwatts and steps, so that the sum does not depend on the blocks."""


_CASES_FIRST = ("unsolved",)
"""Fields of `CaseTally` with the cases on the first axis; on the others it is the last."""


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
    """Results of each contingency O."""

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
    """Results of some steps: by step, branch, bus and contingency."""

    steps: np.ndarray  # (R,) absolute steps, ascending
    classes: tuple[ClassTally, ...]
    cases: CaseTally


def nothing(size: int) -> Worst:
    """Return `size` rows without a value."""
    return Worst(np.full(size, -np.inf), np.full((size, 4), -1, dtype=np.int32))


def empty_tally(steps: np.ndarray, branches: int, buses: int, cases: int, classes: int) -> Tally:
    """Return a tally to be filled."""
    of_classes = tuple(_empty_class(len(steps), branches, buses) for _ in range(classes))
    of_cases = CaseTally(
        worst=nothing(cases), settled=nothing(cases), low=nothing(cases), high=nothing(cases),
        steps=_zeros(KINDS, cases), steps_violated=_zeros(cases), unsolved=_zeros(cases, len(Failure)),
        lost_most_mw=np.zeros((2, cases)), lost_milliwatt_steps=_zeros(2, cases),
    )  # fmt: skip
    return Tally(steps, of_classes, of_cases)


def _empty_class(steps: int, branches: int, buses: int) -> ClassTally:
    return ClassTally(
        step=nothing(steps), step_settled=nothing(steps), step_export=nothing(steps), step_import=nothing(steps),
        step_low=nothing(steps), step_high=nothing(steps), step_violating=_zeros(steps), step_unsolved=_zeros(steps),
        branch=nothing(branches), branch_settled=nothing(branches), branch_steps=_zeros(KINDS, branches),
        bus_low=nothing(buses), bus_high=nothing(buses), bus_steps=_zeros(KINDS, buses),
    )  # fmt: skip


def _zeros(*shape: int) -> np.ndarray:
    return np.zeros(shape, dtype=np.int64)


def split(tally: Tally, bounds: np.ndarray) -> list[Tally]:
    """Return the tally of each group of rows.

    Parameters
    ----------
    tally : Tally
        Of G groups: rows ordered by group, elements and cases of all groups one group after the other.
    bounds : numpy.ndarray, (G + 1,) int
        First row of each group, then the number of rows.
    """
    groups = len(bounds) - 1
    parts = []
    for group in range(groups):
        rows = slice(int(bounds[group]), int(bounds[group + 1]))
        classes = tuple(_part_of_class(of_class, rows, group, groups) for of_class in tally.classes)
        cases = CaseTally(*(_part(name, getattr(tally.cases, name), group, groups) for name in CaseTally._fields))
        parts.append(Tally(tally.steps[rows], classes, cases))
    return parts


def _part_of_class(whole: ClassTally, rows: slice, group: int, groups: int) -> ClassTally:
    values: list[Any] = []
    for name in ClassTally._fields:
        value = getattr(whole, name)
        if not name.startswith("step"):
            values.append(_part(name, value, group, groups))
        else:
            values.append(Worst(*(x[rows] for x in value)) if isinstance(value, Worst) else value[rows])
    return ClassTally(*values)


def _part(name: str, value: Worst | np.ndarray, group: int, groups: int) -> Any:  # noqa: ANN401 - as `value`
    """Return one group's share of an array whose elements (cases) stand group after group."""
    if isinstance(value, Worst):
        return Worst(*(x[len(x) // groups * group : len(x) // groups * (group + 1)] for x in value))
    axis = 0 if name in _CASES_FIRST else value.ndim - 1
    return np.split(value, groups, axis=axis)[group]


def renumbered(tally: Tally, lookup: np.ndarray, cases: int) -> Tally:
    """Return the tally with other case numbers, for merging tallies whose lists of outages differ.

    Parameters
    ----------
    tally : Tally
    lookup : numpy.ndarray, (O,) int
        New number of each case.
    cases : int
        Cases of the common list; those that this tally does not have stay empty.
    """

    def moved(value: Any) -> Any:  # noqa: ANN401 - a `Worst` or counts, which stay as they are
        if not isinstance(value, Worst):
            return value
        address = value.address.copy()
        known = address[:, CASE] >= 0
        address[known, CASE] = lookup[address[known, CASE]]
        return Worst(value.value, address)

    classes = tuple(ClassTally(*(moved(x) for x in of_class)) for of_class in tally.classes)
    of_cases = empty_tally(tally.steps, 0, 0, cases, 0).cases
    for name in CaseTally._fields:
        old, new = getattr(tally.cases, name), getattr(of_cases, name)
        if isinstance(old, Worst):
            new.value[lookup], new.address[lookup] = moved(old)
        elif name in _CASES_FIRST:
            new[lookup] = old
        else:
            new[..., lookup] = old
    return Tally(tally.steps, classes, of_cases)


def merge(tallies: Sequence[Tally]) -> Tally:
    """Join tallies of different steps into one.

    Parameters
    ----------
    tallies : sequence of Tally
        In any order; together they cover consecutive steps, each once.

    Raises
    ------
    ValueError
        If steps are missing or covered twice.
    """
    steps = np.concatenate([tally.steps for tally in tallies])
    order = np.argsort(steps, kind="stable")
    wrong = np.flatnonzero(np.diff(steps[order]) != 1)
    if len(wrong):
        before, after = steps[order][wrong[0]], steps[order][wrong[0] + 1]
        raise ValueError(f"tallies do not join: step {before + 1} was expected, {after} follows")
    by_class = zip(*(tally.classes for tally in tallies), strict=True)
    classes = tuple(_merge_class(parts, order) for parts in by_class)
    return Tally(steps[order], classes, _merge_cases([tally.cases for tally in tallies]))


def _merge_class(parts: Sequence[ClassTally], order: np.ndarray) -> ClassTally:
    joined: dict[str, object] = {}
    for name in ClassTally._fields:
        values = [getattr(part, name) for part in parts]
        if name.startswith("step"):
            joined[name] = _joined(values, order)
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


def _joined(values: Sequence[Worst] | Sequence[np.ndarray], order: np.ndarray) -> Worst | np.ndarray:
    if isinstance(values[0], Worst):
        return Worst(*(np.concatenate(column)[order] for column in zip(*values, strict=True)))
    result: Worst | np.ndarray = np.concatenate(values)[order]
    return result


def _worst_of(values: Sequence[Worst]) -> Worst:
    """Return the larger value of each row; of equal ones that of the earlier step."""
    value, address = values[0].value.copy(), values[0].address.copy()
    for other in values[1:]:
        earlier = (other.value == value) & (other.address[:, STEP] < address[:, STEP])
        better = (other.value > value) | earlier
        value[better], address[better] = other.value[better], other.address[better]
    return Worst(value, address)
