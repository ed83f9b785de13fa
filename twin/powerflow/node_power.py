"""Power drawn and fed in at the nodes, from arrays in the order of pandapower's tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

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
    """
    size = len(network.alive)
    constant, current, impedance = (np.zeros((rows, size), dtype=complex) for _ in range(3))
    for table, elements in network.injectors.items():
        s = _infeed_pu(network, elements, given.get((table, "p_mw")), given.get((table, "q_mvar")), rows)
        incidence = np.zeros((len(elements.node), size))
        live = np.flatnonzero(elements.node >= 0)
        incidence[live, elements.node[live]] = 1.0
        of_current = _shared(s, elements.current_share)
        of_impedance = _shared(s, elements.impedance_share)
        constant += (s - of_current - of_impedance) @ incidence
        current += of_current @ incidence
        impedance += of_impedance @ incidence
    depends = [any(x.any() for x in shares) for shares in zip(*(
        (e.current_share, e.impedance_share) for e in network.injectors.values()), strict=True)]  # fmt: skip
    return NodePower(constant, current if depends[0] else None, impedance if depends[1] else None)


def _infeed_pu(
    network: Network, elements: Injectors, p_mw: np.ndarray | None, q_mvar: np.ndarray | None, rows: int
) -> np.ndarray:
    p = elements.p_mw if p_mw is None else p_mw
    q = elements.q_mvar if q_mvar is None else q_mvar
    scale = elements.infeed_per_unit * (elements.node >= 0) / network.base_mva
    return np.broadcast_to((p + 1j * q) * scale, (rows, len(scale)))


def _shared(s: np.ndarray, share: np.ndarray) -> np.ndarray:
    return s.real * share.real + 1j * s.imag * share.imag
