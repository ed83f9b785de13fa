"""Power flows of a pandapower net for many steps at once."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from difflib import get_close_matches

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from pandapower import pandapowerNet

from twin.core.errors import InputError, Problem, raise_if_any
from twin.network.extraction import extract
from twin.network.node_power import node_power
from twin.network.result import BatchResult
from twin.network.solving.solver import TOLERANCE_MVA, Solution, Solver, default_threads, empty_solution

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


_VALUES_PER_BLOCK = 1_000_000
"""Nodes times rows of a block (16 MB an array); smaller blocks were not quicker."""
_LEAST_ROWS = 256


class BatchPowerFlow:
    """AC power flow of one net for many steps.

    Parameters
    ----------
    net : pandapowerNet
        Not modified; must not be changed while this object and its results are in use.
    trafo_model : str
        ``t`` or ``pi``, as in ``runpp``.
    enforce_q_lims : bool
        Whether generators keep within their reactive limits.
    tolerance_mva : float
        Largest complex power mismatch at a bus, in MVA (``runpp`` compares its own in per unit). Where an admittance is
        so large that rounding alone leaves more, that is what the bus may keep; ``residual_mva`` tells.

    Raises
    ------
    InputError
        If the net holds an element that is not supported, or what pandapower itself refuses; a tolerance that is not a
        power above 0.
    """

    def __init__(
        self,
        net: pandapowerNet,
        *,
        trafo_model: str = "t",
        enforce_q_lims: bool = False,
        tolerance_mva: float = TOLERANCE_MVA,
    ) -> None:
        if not 0.0 < tolerance_mva < np.inf:
            raise InputError([Problem("the tolerance is not a power", "BatchPowerFlow, tolerance_mva",
                                      str(tolerance_mva), "a number above 0, in MVA")])  # fmt: skip
        self.net = net
        self.network = extract(net, trafo_model=trafo_model, enforce_q_lims=enforce_q_lims)
        self.solver = Solver(self.network, tolerance_mva=tolerance_mva)

    def solve(self, **given: ArrayLike) -> BatchResult:
        """Solve each step.

        Parameters
        ----------
        **given : array_like, (steps, elements) or (elements,) for one step
            ``load_p_mw``, ``load_q_mvar``, ``sgen_p_mw``, ``sgen_q_mvar``, ``storage_p_mw``, ``storage_q_mvar``,
            ``gen_p_mw`` in the order and with the sign of pandapower's tables, before ``scaling``; what is left out
            keeps the net's value. A row with a value that is not a number fails alone. The arrays are not copied:
            leave them as they are while results of these elements are still to be read.

        Returns
        -------
        BatchResult

        Raises
        ------
        InputError
            With everything that is wrong with the arrays.
        """
        rows, arrays = checked(self.net, given)
        threads = default_threads()
        solution = empty_solution(rows, len(self.network.alive), len(self.network.controlled.node))
        size = max(_LEAST_ROWS, min(_VALUES_PER_BLOCK // len(self.network.alive), -(-rows // threads)))
        blocks = [slice(first, min(first + size, rows)) for first in range(0, rows, size)]
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(lambda block: self._solve_block(block, arrays, solution), blocks))
        return BatchResult(self.net, self.network, solution, arrays)

    def _solve_block(self, block: slice, arrays: dict[tuple[str, str], np.ndarray], solution: Solution) -> None:
        """Solve the rows of a block and put them into `solution`."""
        part = {name: values[block] for name, values in arrays.items()}
        power = node_power(self.network, block.stop - block.start, part)
        solved = self.solver.solve(power, threads=1)
        for field in fields(Solution):
            getattr(solution, field.name)[block] = getattr(solved, field.name)
