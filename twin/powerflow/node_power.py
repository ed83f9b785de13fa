"""Power drawn and fed in at the nodes, from arrays in the order of pandapower's tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numba import njit

from twin.powerflow.network import Injectors, Network


@dataclass(frozen=True)
class NodePower:
    """Infeed per node and row, ``s(V) = constant + current |V| + impedance |V|^2``, in per unit.

    Attributes
    ----------
    constant : numpy.ndarray, (R, N) complex
    current, impedance : numpy.ndarray, (R, N) complex, or None
        None where nothing in the net depends on the voltage in this way.
    """

    constant: np.ndarray
    current: np.ndarray | None
    impedance: np.ndarray | None

    def at(self, vm_pu: np.ndarray) -> np.ndarray:
        """Return the infeed (R, N) at voltage magnitudes (R, N)."""
        s = self.constant
        if self.current is not None:
            s = s + self.current * vm_pu
        if self.impedance is not None:
            s = s + self.impedance * vm_pu**2
        return s

    def rows(self, pick: np.ndarray | slice) -> NodePower:
        """Return the rows `pick` (indices or mask)."""
        current = None if self.current is None else self.current[pick]
        impedance = None if self.impedance is None else self.impedance[pick]
        return NodePower(self.constant[pick], current, impedance)


def node_power(network: Network, rows: int, given: Mapping[tuple[str, str], np.ndarray]) -> NodePower:
    """Sum element powers at the nodes.

    Parameters
    ----------
    network : Network
    rows : int
        Number of steps R.
    given : mapping of (table, column) to numpy.ndarray, (R, L)
        For example ``("load", "p_mw")``; what is left out keeps the net's value.

    Returns
    -------
    NodePower
        A row with a value that is not a number is not a number where it belongs, the other rows are not touched.
    """
    tables = network.injectors.values()
    return NodePower(
        constant=_summed(network, rows, given, "constant"),
        current=_summed(network, rows, given, "current") if any(t.current_share.any() for t in tables) else None,
        impedance=_summed(network, rows, given, "impedance") if any(t.impedance_share.any() for t in tables) else None,
    )


def table_power(elements: Injectors, column: str, values: np.ndarray | None) -> np.ndarray:
    """Return a table's ``p_mw`` or ``q_mvar`` before scaling, clipped at its limits, (1, L) or (R, L)."""
    if values is None:
        values = (elements.p_mw if column == "p_mw" else elements.q_mvar)[None]
    if column == "q_mvar" and elements.q_min_mvar is not None:
        values = np.clip(values, elements.q_min_mvar, elements.q_max_mvar)
    return values


def _summed(network: Network, rows: int, given: Mapping[tuple[str, str], np.ndarray], kind: str) -> np.ndarray:
    """Sum the part of all powers that is constant, follows the voltage or its square."""
    total = np.empty((rows, len(network.alive), 2))
    total[:] = _sums_of_net(network, given, kind)
    for (table, column), values in given.items():
        elements = network.injectors[table]
        weight = _weight(network, elements, column, kind)
        live = np.flatnonzero((elements.node >= 0) & (weight != 0.0))
        _add(total, table_power(elements, column, values), live, elements.node, weight, int(column == "q_mvar"))
    return total.view(complex)[..., 0]


def _sums_of_net(network: Network, given: Mapping[tuple[str, str], np.ndarray], kind: str) -> np.ndarray:
    """Sum what keeps the net's own value, (N, 2) real and imaginary part."""
    total = np.zeros((len(network.alive), 2))
    for table, elements in network.injectors.items():
        live = elements.node >= 0
        for part, column in enumerate(("p_mw", "q_mvar")):
            if (table, column) not in given:
                power = table_power(elements, column, None)[0] * _weight(network, elements, column, kind)
                np.add.at(total[:, part], elements.node[live], power[live])
    return total


def _weight(network: Network, elements: Injectors, column: str, kind: str) -> np.ndarray:
    part = np.real if column == "p_mw" else np.imag
    current, impedance = part(elements.current_share), part(elements.impedance_share)
    share = {"constant": 1.0 - current - impedance, "current": current, "impedance": impedance}[kind]
    return share * elements.infeed_per_unit / network.base_mva


@njit(cache=True, nogil=True)
def _add(
    total: np.ndarray, values: np.ndarray, live: np.ndarray, node: np.ndarray, weight: np.ndarray, part: int
) -> None:
    for row in range(total.shape[0]):
        for at in live:
            total[row, node[at], part] += values[row, at] * weight[at]
