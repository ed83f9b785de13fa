"""Power flows of a pandapower net for many steps at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from pandapower import pandapowerNet

from twin.powerflow.extract import extract
from twin.powerflow.node_power import node_power
from twin.powerflow.result import BatchResult
from twin.powerflow.solver import Solver


class BatchPowerFlow:
    """AC power flow of one net for many steps.

    Parameters
    ----------
    net : pandapowerNet
        Not modified.
    trafo_model : str
        ``t`` or ``pi``, as in ``runpp``.
    enforce_q_lims : bool
        Whether generators keep within their reactive limits.

    Raises
    ------
    InputError
        If the net holds an element that is not supported.
    """

    def __init__(self, net: pandapowerNet, *, trafo_model: str = "t", enforce_q_lims: bool = False) -> None:
        self.net = net
        self.network = extract(net, trafo_model=trafo_model, enforce_q_lims=enforce_q_lims)
        self.solver = Solver(self.network)

    def solve(self, **given: ArrayLike) -> BatchResult:
        """Solve each step; see docs/powerflow.md for the names."""
        arrays = {}
        for name, values in given.items():
            table, column = name.split("_", 1)
            arrays[table, column] = np.atleast_2d(np.asarray(values, dtype=float))
        rows = max((len(values) for values in arrays.values()), default=1)
        power = node_power(self.network, rows, arrays)
        return BatchResult(self.net, self.network, self.solver.solve(power), arrays)
