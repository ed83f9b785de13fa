"""Settings that change the matrices from step to step: set points, taps, steps, switches, what is in service."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from pandapower import pandapowerNet

from twin.core.errors import InputError, Problem, raise_if_any
from twin.network.profiles import Column
from twin.network.result import BatchResult

_IN_SERVICE = (
    *("load", "sgen", "storage", "gen", "ext_grid", "line", "trafo", "trafo3w", "impedance", "shunt", "ward", "xward"),
    *("motor", "svc", "dcline"),
)
SETTINGS: dict[str, Column] = {
    "ext_grid_vm_pu": ("ext_grid", "vm_pu"), "ext_grid_va_degree": ("ext_grid", "va_degree"),
    "gen_vm_pu": ("gen", "vm_pu"), "svc_set_vm_pu": ("svc", "set_vm_pu"),
    "trafo_tap_pos": ("trafo", "tap_pos"), "trafo3w_tap_pos": ("trafo3w", "tap_pos"),
    "dcline_vm_from_pu": ("dcline", "vm_from_pu"), "dcline_vm_to_pu": ("dcline", "vm_to_pu"),
    "shunt_step": ("shunt", "step"), "switch_closed": ("switch", "closed"),
} | {f"{table}_in_service": (table, "in_service") for table in _IN_SERVICE}  # fmt: skip
"""Names of settings that can be given, with their table and column."""
_YES_OR_NO = ("in_service", "closed")


@dataclass(frozen=True)
class ResultBySettings:
    """Results of steps with different settings, in the order of the steps; attributes as `BatchResult` has them.

    Attributes
    ----------
    parts : sequence of BatchResult
        One for each combination of settings.
    order : numpy.ndarray, (R,) int
        Place of each step in the parts one after the other.
    """

    parts: Sequence[BatchResult]
    order: np.ndarray

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all results of elements, each an attribute of shape (R, L)."""
        return self.parts[0].names

    def __getattr__(self, name: str) -> np.ndarray:
        """Return a result for all steps, (R, ...)."""
        if name.startswith("__"):
            raise AttributeError(name)
        result: np.ndarray = np.concatenate([getattr(part, name) for part in self.parts])[self.order]
        return result

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *dir(self.parts[0])]


def solve_by_settings(
    net: pandapowerNet,
    given: Mapping[Column, np.ndarray],
    solve: Callable[[pandapowerNet, Mapping[Column, np.ndarray], int], BatchResult],
) -> ResultBySettings:
    """Solve the steps of each combination of settings on a net that has them.

    Parameters
    ----------
    net : pandapowerNet
        Not modified.
    given : mapping of (table, column) to numpy.ndarray, (R, L)
        Settings and powers.
    solve : callable
        ``solve(net, powers, rows)`` for a net with the settings of these rows.

    Raises
    ------
    InputError
        If a setting is not a number, or a step's net cannot be calculated; with the first such step.
    """
    settings = {key: given[key] for key in given if key in SETTINGS.values()}
    raise_if_any(_wrong(settings))
    powers = {key: values for key, values in given.items() if key not in settings}
    stacked = np.concatenate(list(settings.values()), axis=1)
    _, first, which = np.unique(stacked, axis=0, return_index=True, return_inverse=True)
    parts, rows = [], []
    for number, step in enumerate(first):
        members = np.flatnonzero(which.ravel() == number)
        changed = _with_settings(net, {key: values[step] for key, values in settings.items()})
        try:
            parts.append(solve(changed, {key: values[members] for key, values in powers.items()}, len(members)))
        except InputError as error:
            where = f"step {members[0]}" + (f" and {len(members) - 1} more" if len(members) > 1 else "")
            raise InputError([
                Problem(p.what, f"{where}, {p.where}", p.seen, p.accepted, p.repair) for p in error.problems
            ]) from error  # fmt: skip
        rows.append(members)
    order = np.empty(len(stacked), dtype=np.int64)
    order[np.concatenate(rows)] = np.arange(len(stacked))
    return ResultBySettings(tuple(parts), order)


def _wrong(settings: Mapping[Column, np.ndarray]) -> list[Problem]:
    problems = []
    for (table, column), values in settings.items():
        wrong = ~np.isfinite(values)
        accepted = "a finite number"
        if column in _YES_OR_NO:
            wrong, accepted = (values != 0.0) & (values != 1.0), "True or False"
        if wrong.any():
            row, at = np.argwhere(wrong)[0]
            problems.append(Problem(
                "not a setting", f"solve({table}_{column}=...), step {row}, element {at}", str(values[row, at]),
                accepted, f"{int(wrong.sum())} in all",
            ))  # fmt: skip
    return problems


def _with_settings(net: pandapowerNet, settings: Mapping[Column, np.ndarray]) -> pandapowerNet:
    changed = copy.copy(net)
    for (table, column), values in settings.items():
        if changed[table] is net[table]:
            changed[table] = net[table].copy()
        kind = bool if column in _YES_OR_NO else float
        changed[table][column] = values.astype(kind)
    return changed
