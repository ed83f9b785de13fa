"""A pandapower net as matrices, the nodes whose voltage is held, and the continuous ratings of branch ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from pandapower import pandapowerNet
from scipy.sparse import csr_array


@dataclass(frozen=True)
class Controlled:
    """Nodes whose voltage magnitude is held by reactive power: generators, extended wards, static var compensators.

    Attributes
    ----------
    node : numpy.ndarray, (C,) int
        Each node once; several generators at a node are one row with the sum of their limits.
    vm_set_pu : numpy.ndarray, (C,)
    slope_pu : numpy.ndarray, (C,)
        Fall of the held voltage per per-unit reactive infeed (droop of a compensator); 0 for a stiff control.
    low_pu, high_pu : numpy.ndarray, (C,)
        Limits of the reactive infeed at 1.0 pu voltage; infinite where there is none or it is not to be enforced.
    is_susceptance : numpy.ndarray, (C,) bool
        At its limit such a device keeps its susceptance (infeed follows the square of the voltage), the others keep
        their reactive power.
    """

    node: np.ndarray
    vm_set_pu: np.ndarray
    slope_pu: np.ndarray
    low_pu: np.ndarray
    high_pu: np.ndarray
    is_susceptance: np.ndarray


@dataclass(frozen=True)
class Regulators:
    """One table of devices that hold a voltage, in the table's order.

    Attributes
    ----------
    node : numpy.ndarray, (L,) int
        Node whose voltage is held; -1 where the device is out of service, not controllable or de-energised.
    vm_set_pu, slope_pu, low_pu, high_pu : numpy.ndarray, (L,)
        As in `Controlled`.
    is_susceptance : bool
        As in `Controlled`, for the whole table.
    """

    node: np.ndarray
    vm_set_pu: np.ndarray
    slope_pu: np.ndarray
    low_pu: np.ndarray
    high_pu: np.ndarray
    is_susceptance: bool


def slack_nodes(
    slack_by: Mapping[str, np.ndarray], slack_v_by: Mapping[str, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Return the slack nodes in order, (K,) int, and their voltages, (K,); the first source at a node counts."""
    node, v = (np.concatenate([part[table] for table in slack_by]) for part in (slack_by, slack_v_by))
    slack, first = np.unique(node[node >= 0], return_index=True)
    return slack, v[node >= 0][first]


def controlled_nodes(
    regulators: Mapping[str, Regulators], slack: np.ndarray
) -> tuple[Controlled, dict[str, np.ndarray]]:
    """Join the devices at each node; those at a slack node control nothing.

    Parameters
    ----------
    regulators : mapping of str to Regulators
    slack : numpy.ndarray, (K,) int

    Returns
    -------
    controlled : Controlled
        Ordered by node.
    controlled_by : dict of str to numpy.ndarray, (L,) int
        Row of each device, -1 for none.
    """
    tables = list(regulators.values())
    node = _joined([t.node for t in tables]).astype(np.int64)
    is_susceptance = _joined([np.full(len(t.node), t.is_susceptance) for t in tables]).astype(bool)
    held = np.flatnonzero((node >= 0) & ~np.isin(node, slack))
    unique, first, row = np.unique(node[held], return_index=True, return_inverse=True)
    low, high = np.zeros(len(unique)), np.zeros(len(unique))
    np.add.at(low, row, _joined([t.low_pu for t in tables])[held])
    np.add.at(high, row, _joined([t.high_pu for t in tables])[held])
    controlled = Controlled(
        node=unique,
        vm_set_pu=_joined([t.vm_set_pu for t in tables])[held][first],
        slope_pu=_joined([t.slope_pu for t in tables])[held][first],
        low_pu=low,
        high_pu=high,
        is_susceptance=is_susceptance[held][first],
    )
    row_of = np.full(len(node), -1)
    row_of[held] = row
    ends = np.cumsum([len(t.node) for t in tables])[:-1]
    return controlled, dict(zip(regulators, np.split(row_of, ends), strict=True))


def _joined(parts: list[np.ndarray]) -> np.ndarray:
    return np.concatenate([np.zeros(0), *parts])


__all__ = ["Controlled", "Injectors", "Network", "Regulators"]


@dataclass(frozen=True)
class Injectors:
    """One element table of loads or infeeds, in the table's order.

    Attributes
    ----------
    node : numpy.ndarray, (L,) int
        Node of each element; -1 where it is out of service or its bus is de-energised.
    p_mw, q_mvar : numpy.ndarray, (L,)
        The net's own values before scaling, in the table's sign.
    infeed_per_unit : numpy.ndarray, (L,)
        ``scaling`` with the sign that turns the table's values into infeed (-1 for loads and storage).
    current_share, impedance_share : numpy.ndarray, (L,) complex
        Share of active (real part) and reactive power (imaginary part) drawn at constant current and impedance.
    q_min_mvar, q_max_mvar : numpy.ndarray, (L,), or None
        Limits within which ``q_mvar`` is clipped before scaling; None where it is taken as it is.
    """

    node: np.ndarray
    p_mw: np.ndarray
    q_mvar: np.ndarray
    infeed_per_unit: np.ndarray
    current_share: np.ndarray
    impedance_share: np.ndarray
    q_min_mvar: np.ndarray | None = None
    q_max_mvar: np.ndarray | None = None


@dataclass(frozen=True)
class Network:
    """Admittances, slacks, held voltages and injections of a net.

    Nodes N are pandapower's internal buses (joined by closed bus-bus switches, auxiliary ones included).

    Attributes
    ----------
    base_mva : float
    vn_kv : numpy.ndarray, (N,)
        Voltage base of each node.
    y_bus : scipy.sparse.csr_array, (N, N) complex
        With shunts, fixed var compensators and the constant-impedance part of wards.
    y_from, y_to : scipy.sparse.csr_array, (E, N) complex
        Current into each branch at its ends for unit voltages; branches E are pandapower's internal branches.
    branch_from, branch_to : numpy.ndarray, (E,) int
    branch_rows : mapping of str to numpy.ndarray, (L, k) int
        Branches of each element of ``line``, ``trafo``, ``impedance``, ``xward``, ``switch`` (k = 1; closed bus-bus
        switches with an impedance) and ``trafo3w`` (k = 3: hv, mv, lv), in the table's order; -1 where out of service.
    branch_ends : mapping of str to numpy.ndarray, (L, k, 2) int
        Nodes at the ends of the same, also where out of service; -1 where de-energised.
    switched_end : numpy.ndarray, (S, 2) int
        Branch and end (0 from, 1 to) that each closed switch at a line or transformer connects; -1 for the others.
    shunt_node : mapping of str to numpy.ndarray, (L,) int
        Node of each element of ``shunt``, ``ward``, ``xward`` and ``svc``; -1 where out of service (``svc``: also where
        it is controllable).
    shunt_pu : mapping of str to numpy.ndarray, (L,) complex
        The part of `y_bus` that is theirs.
    slack : numpy.ndarray, (K,) int
    slack_v : numpy.ndarray, (K,) complex
    slack_by : mapping of str to numpy.ndarray, (L,) int
        Node that each element of ``ext_grid`` and each slack ``gen`` keeps as slack; -1 for the others.
    slack_v_by : mapping of str to numpy.ndarray, (L,) complex
        Voltage that each of these keeps; at one node that of ``ext_grid`` counts, which has an angle.
    controlled : Controlled
    controlled_by : mapping of str to numpy.ndarray, (L,) int
        Row in `controlled` of each element of `regulators`; -1 where it controls nothing.
    regulators : mapping of str to Regulators
        The devices behind `controlled` by table: ``gen``, ``xward``, ``svc``, ``compensator``.
    injectors : mapping of str to Injectors
        By table: ``load``, ``sgen``, ``storage``, ``gen`` (active power only), ``ward``, ``xward`` (constant power),
        ``motor``, ``asymmetric_load``, ``asymmetric_sgen``.
    node_of_bus : numpy.ndarray, (B,) int
        Node of each bus in the order of ``net.bus``; -1 where de-energised.
    alive : numpy.ndarray, (N,) bool
        Connected to a slack by branches.
    start : numpy.ndarray, (N,) complex
        Voltages of a flat start: set points where there are any, else 1 pu, with the angle of no node but the slacks.
    dc_susceptance_pu, shift_radian : numpy.ndarray, (E,)
        Of each branch in the linear flow of active power, whose angles Newton's method starts from as pandapower's.
    """

    base_mva: float
    vn_kv: np.ndarray
    y_bus: csr_array
    y_from: csr_array
    y_to: csr_array
    branch_from: np.ndarray
    branch_to: np.ndarray
    branch_rows: Mapping[str, np.ndarray]
    branch_ends: Mapping[str, np.ndarray]
    switched_end: np.ndarray
    shunt_node: Mapping[str, np.ndarray]
    shunt_pu: Mapping[str, np.ndarray]
    slack: np.ndarray
    slack_v: np.ndarray
    slack_by: Mapping[str, np.ndarray]
    slack_v_by: Mapping[str, np.ndarray]
    controlled: Controlled
    controlled_by: Mapping[str, np.ndarray]
    regulators: Mapping[str, Regulators]
    injectors: Mapping[str, Injectors]
    node_of_bus: np.ndarray
    alive: np.ndarray
    start: np.ndarray
    dc_susceptance_pu: np.ndarray
    shift_radian: np.ndarray


@dataclass(frozen=True)
class Ratings:
    """Largest current of each branch end, per unit of the node's voltage base; infinite where none is given.

    Attributes
    ----------
    from_pu, to_pu : numpy.ndarray, (E,)
    """

    from_pu: np.ndarray
    to_pu: np.ndarray


def ratings(net: pandapowerNet, network: Network) -> Ratings:
    """Return the continuous ratings of all branch ends.

    Lines: ``max_i_ka * df * parallel``; transformers: ``sn_mva * parallel * df`` at the rated voltage of each side (as
    ``runpp(trafo_loading="current")``); three-winding transformers: the rated power of the side at that side's end.
    """
    size = len(network.branch_from)
    from_ka, to_ka = np.full(size, np.inf), np.full(size, np.inf)
    for (table, side), i_ka in rated_currents_ka(net).items():
        column, end = END_OF_SIDE[table, side]
        rows = network.branch_rows[table][:, column]
        (to_ka if end else from_ka)[rows[rows >= 0]] = np.where(np.isnan(i_ka), np.inf, i_ka)[rows >= 0]
    base_ka = network.base_mva / np.sqrt(3.0) / network.vn_kv
    return Ratings(from_ka / base_ka[network.branch_from], to_ka / base_ka[network.branch_to])


END_OF_SIDE = {
    ("line", "from"): (0, 0), ("line", "to"): (0, 1), ("trafo", "hv"): (0, 0), ("trafo", "lv"): (0, 1),
    ("trafo3w", "hv"): (0, 0), ("trafo3w", "mv"): (1, 1), ("trafo3w", "lv"): (2, 1),
    ("impedance", "from"): (0, 0), ("impedance", "to"): (0, 1),
}  # fmt: skip
"""Which of an element's branches a side belongs to, and which end of it (0 from, 1 to)."""


def rated_currents_ka(net: pandapowerNet) -> dict[tuple[str, str], np.ndarray]:
    """Return the rated current of each element by table and side, (L,); not a number where none is given."""
    line, trafo, trafo3w = net.line, net.trafo, net.trafo3w
    of_line = (line.max_i_ka * line.df * line.parallel).to_numpy(float)
    rated = {("line", "from"): of_line, ("line", "to"): of_line}
    for side in ("hv", "lv"):
        rated_mva = trafo.sn_mva * trafo.parallel * trafo.df
        rated["trafo", side] = (rated_mva / np.sqrt(3.0) / trafo[f"vn_{side}_kv"]).to_numpy(float)
    for side in ("hv", "mv", "lv"):
        rated["trafo3w", side] = (trafo3w[f"sn_{side}_mva"] / np.sqrt(3.0) / trafo3w[f"vn_{side}_kv"]).to_numpy(float)
    return rated
