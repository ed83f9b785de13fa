"""Power flows of a pandapower net for many steps at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields

import numpy as np
from numpy.typing import ArrayLike
from pandapower import pandapowerNet

from twin.powerflow.extract import extract
from twin.powerflow.given import checked
from twin.powerflow.node_power import NodePower, node_power
from twin.powerflow.result import BatchResult
from twin.powerflow.solution import Failure, Method, Solution
from twin.powerflow.solver import Solver
from twin.powerflow.threads import default_threads

_VALUES_PER_BLOCK = 4_000_000
_ROWS_WORTH_A_THREAD = 256


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

    Raises
    ------
    InputError
        If the net holds an element that is not supported, or what pandapower itself refuses.
    """

    def __init__(self, net: pandapowerNet, *, trafo_model: str = "t", enforce_q_lims: bool = False) -> None:
        self.net = net
        self.network = extract(net, trafo_model=trafo_model, enforce_q_lims=enforce_q_lims)
        self.solver = Solver(self.network)

    def solve(self, **given: ArrayLike) -> BatchResult:
        """Solve each step.

        Parameters
        ----------
        **given : array_like, (steps, elements) or (elements,) for one step
            ``load_p_mw``, ``load_q_mvar``, ``sgen_p_mw``, ``sgen_q_mvar``, ``storage_p_mw``, ``storage_q_mvar``,
            ``gen_p_mw`` in the order and with the sign of pandapower's tables, before ``scaling``; what is left out
            keeps the net's value. A row with a value that is not a number fails alone.

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
        size = max(_ROWS_WORTH_A_THREAD, min(_VALUES_PER_BLOCK // len(self.network.alive), -(-rows // threads)))
        blocks = [slice(first, min(first + size, rows)) for first in range(0, rows, size)]
        with ThreadPoolExecutor(threads) as pool:
            solved = list(pool.map(lambda block: self._solve_block(block, arrays), blocks))
        parts = {f.name: np.concatenate([getattr(s, f.name) for s in solved]) for f in fields(Solution)}
        return BatchResult(self.net, self.network, Solution(**parts), arrays)

    def _solve_block(self, block: slice, arrays: dict[tuple[str, str], np.ndarray]) -> Solution:
        part = {name: values[block] for name, values in arrays.items()}
        power = node_power(self.network, block.stop - block.start, part)
        usable = _finite_rows(power)
        if usable.all():
            return self.solver.solve(power, threads=1)
        return _spread(self.solver.solve(power.rows(usable), threads=1), usable)


def _finite_rows(power: NodePower) -> np.ndarray:
    usable = np.isfinite(power.constant).all(axis=1)
    for part in (power.current, power.impedance):
        if part is not None:
            usable &= np.isfinite(part).all(axis=1)
    return usable


def _spread(solution: Solution, usable: np.ndarray) -> Solution:
    """Return the solution of the usable rows with the others in between, as failed."""

    def rows(values: np.ndarray, other: complex) -> np.ndarray:
        result = np.full((len(usable), *values.shape[1:]), other, dtype=values.dtype)
        result[usable] = values
        return result

    return Solution(
        v=rows(solution.v, np.nan),
        q_controlled_pu=rows(solution.q_controlled_pu, np.nan),
        at_limit=rows(solution.at_limit, 0),
        method=rows(solution.method, Method.NONE),
        failure=rows(solution.failure, Failure.INPUT_NOT_FINITE),
        residual_mva=rows(solution.residual_mva, np.nan),
    )
