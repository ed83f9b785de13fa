"""Operating points: power at the nodes at each step, the infeed in it, and what tripping elements give."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from twin.network.network import Injectors, Network
from twin.network.node_power import NodePower, node_power
from twin.network.outage import Outage


@dataclass(frozen=True)
class OperatingPoints:
    """Operating points R on nodes N, per unit; elements of wards that are shunts are not in it.

    Attributes
    ----------
    power : NodePower
        (R, N), all infeed minus all demand.
    infeed : NodePower
        (R, N), the part of the elements that feed in active power; the rest is demand.
    of_element : mapping of (table, position) to NodePower
        Infeed (demand negative) of each plant, load or storage that an outage case takes out, (R, N).
    """

    power: NodePower
    infeed: NodePower
    of_element: Mapping[Outage, NodePower]

    @property
    def demand(self) -> NodePower:
        """The part of the elements that draw active power, as negative infeed."""
        return less(self.power, self.infeed)

    def rows(self, pick: np.ndarray | slice) -> OperatingPoints:
        """Return the rows `pick` (indices or mask)."""
        elements = {element: power.rows(pick) for element, power in self.of_element.items()}
        return OperatingPoints(self.power.rows(pick), self.infeed.rows(pick), elements)


def operating_points(
    network: Network, rows: int, given: Mapping[tuple[str, str], np.ndarray], tripping: Iterable[Outage]
) -> OperatingPoints:
    """Return the operating points of some steps from the powers of the elements.

    Parameters
    ----------
    network : Network
        The intact one.
    rows : int
    given : mapping of (table, column) to numpy.ndarray, (R, L)
        As for `twin.network.node_power.node_power`.
    tripping : iterable of (table, position)
        Elements of injecting tables that some outage case takes out.
    """
    infeed = dict(given)
    for table, elements in network.injectors.items():
        p_mw = given.get((table, "p_mw"), elements.p_mw[None])
        feeds_in = p_mw * elements.infeed_per_unit > 0.0
        infeed[table, "p_mw"] = np.where(feeds_in, p_mw, 0.0)
        infeed[table, "q_mvar"] = np.where(feeds_in, given.get((table, "q_mvar"), elements.q_mvar[None]), 0.0)
    infeed = {key: np.broadcast_to(values, (rows, values.shape[1])) for key, values in infeed.items()}
    return OperatingPoints(
        power=node_power(network, rows, given),
        infeed=node_power(network, rows, infeed),
        of_element={
            (table, at): node_power(_only(network, table, at), rows, given)
            for table, at in tripping
            if table in network.injectors
        },
    )


def less(power: NodePower, part: NodePower) -> NodePower:
    """Return `power` without `part`."""
    return NodePower(
        power.constant - part.constant, _difference(power.current, part.current),
        _difference(power.impedance, part.impedance),
    )  # fmt: skip


def added(power: NodePower, part: NodePower) -> NodePower:
    """Return `power` and `part` together."""
    return NodePower(
        power.constant + part.constant, _sum(power.current, part.current), _sum(power.impedance, part.impedance)
    )


def moved(power: NodePower, part: NodePower, node: int, new_node: int) -> NodePower:
    """Return `power` with `part`, which stands at `node`, at `new_node`."""

    def shifted(whole: np.ndarray | None, of_part: np.ndarray | None) -> np.ndarray | None:
        if whole is None or of_part is None:
            return whole
        result = whole.copy()
        result[:, node] -= of_part[:, node]
        result[:, new_node] += of_part[:, node]
        return result

    constant = shifted(power.constant, part.constant)
    assert constant is not None
    return NodePower(constant, shifted(power.current, part.current), shifted(power.impedance, part.impedance))


def times(power: NodePower, factor: float) -> NodePower:
    """Return `factor` times `power`."""
    current = None if power.current is None else factor * power.current
    return NodePower(factor * power.constant, current, None if power.impedance is None else factor * power.impedance)


def at_nodes(power: NodePower, nodes: np.ndarray) -> NodePower:
    """Return the power at some nodes only, (R, len(nodes))."""
    current = None if power.current is None else power.current[:, nodes]
    return NodePower(power.constant[:, nodes], current, None if power.impedance is None else power.impedance[:, nodes])


def active_mw(network: Network, power: NodePower) -> np.ndarray:
    """Return the active infeed (R, N) at 1 pu voltage."""
    return power.at(np.ones(power.constant.shape[1])).real * network.base_mva


def _only(network: Network, table: str, at: int) -> Network:
    """Return the network with a single injecting element."""

    def nobody(elements: Injectors) -> Injectors:
        return replace(elements, node=np.full_like(elements.node, -1))

    injectors = {name: nobody(elements) for name, elements in network.injectors.items()}
    injectors[table].node[at] = network.injectors[table].node[at]
    return replace(network, injectors=injectors)


def _difference(whole: np.ndarray | None, part: np.ndarray | None) -> np.ndarray | None:
    return whole if whole is None or part is None else whole - part


def _sum(one: np.ndarray | None, other: np.ndarray | None) -> np.ndarray | None:
    if one is None or other is None:
        return other if one is None else one
    result: np.ndarray | None = one + other
    return result


def power_at_buses(
    network: Network,
    nodes: np.ndarray,
    infeed_mva: np.ndarray,
    demand_mva: np.ndarray,
    of_element: Mapping[Outage, tuple[int, np.ndarray]],
) -> OperatingPoints:
    """Return the nodes' power from what is fed in and drawn at some of them, all at constant power.

    Parameters
    ----------
    network : Network
    nodes : numpy.ndarray, (n,) int
        ``network.node_of_bus`` of the buses.
    infeed_mva, demand_mva : numpy.ndarray, (R, n) complex
        Both positive for active power in their own direction.
    of_element : mapping of (table, position) to (node, (R,) complex MVA)
        Infeed, contained in `infeed_mva`, of the plants that an outage case takes out.
    """
    rows, size = len(infeed_mva), len(network.alive)

    def spread(at: np.ndarray, mva: np.ndarray) -> NodePower:
        constant = np.zeros((rows, size), dtype=complex)
        for column, node in enumerate(at):
            constant[:, node] += mva[:, column] / network.base_mva
        return NodePower(constant, None, None)

    infeed = spread(nodes, infeed_mva)
    elements = {element: spread(np.array([node]), mva[:, None]) for element, (node, mva) in of_element.items()}
    return OperatingPoints(less(infeed, spread(nodes, demand_mva)), infeed, elements)
