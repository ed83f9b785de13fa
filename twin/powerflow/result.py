"""Results of a batch in the order of pandapower's tables, computed on demand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from pandapower import pandapowerNet

from twin.powerflow.network import Network
from twin.powerflow.solution import Failure, Method, Solution


@dataclass(frozen=True)
class BatchResult:
    """Results of `BatchPowerFlow.solve`; rows are steps, columns are elements in their table's order.

    Attributes
    ----------
    net : pandapowerNet
    network : Network
    solution : Solution
    given : mapping of (table, column) to numpy.ndarray, (R, L)
    """

    net: pandapowerNet
    network: Network
    solution: Solution
    given: Mapping[tuple[str, str], np.ndarray]

    @property
    def converged(self) -> np.ndarray:
        """(R,) bool."""
        return self.solution.converged

    @property
    def failure(self) -> np.ndarray:
        """(R,) class of failure, empty where solved."""
        return np.array(["" if f == Failure.NONE else Failure(f).name.lower() for f in self.solution.failure])

    @property
    def method(self) -> np.ndarray:
        """(R,) tier used."""
        return np.array([Method(m).name.lower() for m in self.solution.method])

    @property
    def residual_mva(self) -> np.ndarray:
        """(R,) largest mismatch."""
        return self.solution.residual_mva

    @property
    def vm_pu(self) -> np.ndarray:
        """(R, B) voltage magnitudes in the order of ``net.bus``, NaN where de-energised."""
        return np.abs(self._bus_v())

    @property
    def va_degree(self) -> np.ndarray:
        """(R, B) voltage angles."""
        return np.degrees(np.angle(self._bus_v()))

    def _bus_v(self) -> np.ndarray:
        node = self.network.node_of_bus
        return np.where(node >= 0, self.solution.v[:, node], np.nan)
