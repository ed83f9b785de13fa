"""Results of a batch in the order of pandapower's tables, computed on demand."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from difflib import get_close_matches

import numpy as np
from numba import njit
from pandapower import pandapowerNet

from twin.powerflow.network import Network
from twin.powerflow.result_branches import BRANCH_RESULTS, branch_result, total_losses_mw
from twin.powerflow.result_elements import ELEMENT_RESULTS, element_result
from twin.powerflow.solution import Failure, Method, Solution
from twin.powerflow.threads import default_threads


@dataclass(frozen=True)
class BatchResult:
    """Results of `BatchPowerFlow.solve`; rows are steps, columns are elements in their table's order.

    Beside the properties, every name in `names` is an attribute: ``line_loading_percent`` is pandapower's
    ``res_line.loading_percent`` for all steps, and so on. Each access computes the array anew.

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
    def names(self) -> tuple[str, ...]:
        """Names of all results of elements, each an attribute of shape (R, L)."""
        return (*BRANCH_RESULTS, *ELEMENT_RESULTS)

    @property
    def converged(self) -> np.ndarray:
        """(R,) bool."""
        return self.solution.converged

    @property
    def failure(self) -> np.ndarray:
        """(R,) class of failure, empty where solved."""
        names = np.array(["" if f == Failure.NONE else f.name.lower() for f in Failure])
        return names[np.searchsorted(np.array([int(f) for f in Failure]), self.solution.failure)]

    @property
    def method(self) -> np.ndarray:
        """(R,) tier used."""
        names = np.array([m.name.lower() for m in Method])
        return names[np.searchsorted(np.array([int(m) for m in Method]), self.solution.method)]

    @property
    def residual_mva(self) -> np.ndarray:
        """(R,) largest mismatch."""
        return self.solution.residual_mva

    @property
    def vm_pu(self) -> np.ndarray:
        """(R, B) voltage magnitudes in the order of ``net.bus``, NaN where de-energised."""
        vm_pu = np.empty((len(self.solution.v), len(self.network.node_of_bus)))
        v, node, threads = self.solution.v, self.network.node_of_bus, default_threads()
        bounds = np.linspace(0, len(v), threads + 1).astype(int)
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(lambda a, b: _magnitudes(v[a:b], node, vm_pu[a:b]), bounds[:-1], bounds[1:]))
        return vm_pu

    @property
    def va_degree(self) -> np.ndarray:
        """(R, B) voltage angles, NaN where de-energised."""
        return np.degrees(np.angle(self._bus_v()))

    @property
    def pl_mw(self) -> np.ndarray:
        """(R,) active losses of all lines, transformers, impedances and closed switches with an impedance."""
        return total_losses_mw(self.network, self.solution)

    def __getattr__(self, name: str) -> np.ndarray:
        """Return a result of elements, (R, L); see `names`."""
        if name in BRANCH_RESULTS:
            return branch_result(self.net, self.network, self.solution, name)
        if name in ELEMENT_RESULTS:
            return element_result(self.net, self.network, self.solution, self.given, name)
        near = get_close_matches(name, (*BRANCH_RESULTS, *ELEMENT_RESULTS), n=1)
        raise AttributeError(f"no result {name!r}" + (f"; did you mean {near[0]!r}?" if near else ""))

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *BRANCH_RESULTS, *ELEMENT_RESULTS]

    def _bus_v(self) -> np.ndarray:
        node = self.network.node_of_bus
        return np.where(node >= 0, self.solution.v[:, node], np.nan)


@njit(cache=True, nogil=True)
def _magnitudes(v: np.ndarray, node: np.ndarray, vm_pu: np.ndarray) -> None:
    """Put the magnitudes of `v` (R, N) at `node` (B,) into `vm_pu` (R, B), NaN where the node is negative."""
    for row in range(v.shape[0]):
        for bus in range(node.shape[0]):
            at = v[row, node[bus]] if node[bus] >= 0 else complex(np.nan, np.nan)
            vm_pu[row, bus] = np.sqrt(at.real * at.real + at.imag * at.imag)
