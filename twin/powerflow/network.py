"""A pandapower net as matrices: what the solvers and the security analysis read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from twin.powerflow.regulators import Controlled, Regulators

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
    """Nodes N are pandapower's internal buses (joined by closed bus-bus switches, auxiliary ones included).

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
        Connected to a slack; false only after an outage.
    start : numpy.ndarray, (N,) complex
        Voltages from which pandapower's Newton starts.
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
