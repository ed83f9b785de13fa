"""One overloaded branch after one outage, looked at again with something changed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.powerflow.network import Network
from twin.powerflow.node_power import NodePower
from twin.powerflow.solver import Solver
from twin.security.power import added


@dataclass(frozen=True)
class State:
    """A network after an outage and the power at its nodes, one row."""

    network: Network
    power: NodePower

    def fed(self, infeed_pu: np.ndarray) -> State:
        """Return the state with more infeed (N,) at constant power."""
        return State(self.network, added(self.power, NodePower(infeed_pu[None].astype(complex), None, None)))


@dataclass(frozen=True)
class Breach:
    """The branch whose loading is to come down to its continuous rating.

    Attributes
    ----------
    branch : int
    rating_pu : numpy.ndarray, (2, E)
    start : numpy.ndarray, (1, N) complex
        Voltages from which solving starts.
    """

    branch: int
    rating_pu: np.ndarray
    start: np.ndarray

    def loading_percent(self, state: State) -> float:
        """Return the loading of the branch's worse end; infinite without a solution."""
        return float(self._loadings(state)[self.branch])

    def worst_percent(self, state: State) -> float:
        """Return the highest loading of any watched branch."""
        return float(self._loadings(state).max())

    def _loadings(self, state: State) -> np.ndarray:
        solution = Solver(state.network).solve(state.power, self.start)
        if not solution.converged[0]:
            return np.full(self.rating_pu.shape[1], np.inf)
        v = np.where(state.network.alive, solution.v[0], 0.0)
        ends = np.abs(np.stack([state.network.y_from @ v, state.network.y_to @ v]))
        return np.asarray(100.0 * (ends / self.rating_pu).max(axis=0))
