"""The arrays that are given to `BatchPowerFlow.solve`, checked all at once."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from pandapower import pandapowerNet

from twin.errors import Problem, raise_if_any

GIVEN = {
    "load_p_mw": ("load", "p_mw"), "load_q_mvar": ("load", "q_mvar"),
    "sgen_p_mw": ("sgen", "p_mw"), "sgen_q_mvar": ("sgen", "q_mvar"),
    "storage_p_mw": ("storage", "p_mw"), "storage_q_mvar": ("storage", "q_mvar"),
    "gen_p_mw": ("gen", "p_mw"),
}  # fmt: skip
"""Names that can be given, with their table and column."""


def checked(net: pandapowerNet, given: Mapping[str, ArrayLike]) -> tuple[int, dict[tuple[str, str], np.ndarray]]:
    """Return the number of steps R and the arrays as (R, L) floats by table and column.

    Parameters
    ----------
    net : pandapowerNet
    given : mapping of str to array_like, (R, L) or (L,) for one step
        Values that are not a number are left as they are. A table must have the net's indices as columns.

    Raises
    ------
    InputError
        Unknown names, text, wrong shapes, different numbers of steps, elements of a table that is empty.
    """
    arrays: dict[str, np.ndarray] = {}
    problems: list[Problem] = []
    for name, values in given.items():
        found = _unknown(name) if name not in GIVEN else _read(net, name, values, arrays)
        if found:
            problems.append(found)
    steps = {name: len(array) for name, array in arrays.items()}
    if len(set(steps.values())) > 1:
        seen = ", ".join(f"{name} {count}" for name, count in steps.items())
        problems.append(Problem("different numbers of steps", "solve", seen, "the same number of rows everywhere"))
    raise_if_any(problems)
    return next(iter(steps.values()), 1), {GIVEN[name]: array for name, array in arrays.items()}


def _unknown(name: str) -> Problem:
    near = get_close_matches(name, GIVEN, n=1)
    repair = f"did you mean {near[0]}?" if near else "set it in the net before BatchPowerFlow(net)"
    return Problem("cannot be given", f"solve({name}=...)", "", ", ".join(GIVEN), repair)


def _read(net: pandapowerNet, name: str, values: ArrayLike, arrays: dict[str, np.ndarray]) -> Problem | None:
    """Put one array into `arrays`, or return what is wrong with it."""
    table, where = GIVEN[name][0], f"solve({name}=...)"
    elements, index = len(net[table]), net[table].index
    if elements == 0:
        return Problem("the net has no such element", where, f"net.{table} is empty", repair="leave it out")
    if isinstance(values, pd.DataFrame) and not values.columns.equals(index):
        return Problem(
            "columns are not the elements", where, str(values.columns.tolist()[:10]), str(index.tolist()[:10]),
            f"reindex(columns=net.{table}.index)",
        )  # fmt: skip
    try:
        raw = np.asarray(values)
        if raw.dtype.kind not in "buifO" or (raw.dtype.kind == "O" and any(isinstance(x, str) for x in raw.flat)):
            return Problem("not numbers", where, f"{raw.dtype}: {raw.flat[0]!r}", "an array of numbers")
        array = np.asarray(raw, dtype=float)
    except (TypeError, ValueError) as error:
        return Problem("not numbers", where, str(error), "an array of numbers")
    if array.ndim == 1:
        array = array[None]
    if array.ndim != 2 or array.shape[1] != elements or not len(array):
        return Problem("wrong shape", where, str(np.shape(values)), f"(steps, {elements}), columns as net.{table}")
    arrays[name] = array
    return None
