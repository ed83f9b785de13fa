"""A pandapower net as matrices: what the solvers and the security analysis read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
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
    """

    node: np.ndarray
    p_mw: np.ndarray
    q_mvar: np.ndarray
    infeed_per_unit: np.ndarray
    current_share: np.ndarray
    impedance_share: np.ndarray


@dataclass(frozen=True)
class Network:
    """Nodes N are pandapower's internal buses (joined by closed bus-bus switches, auxiliary ones included).

    Attributes
    ----------
    base_mva : float
    y_bus : scipy.sparse.csr_array, (N, N) complex
        With shunts and the constant-impedance part of wards.
    y_from, y_to : scipy.sparse.csr_array, (E, N) complex
        Current into each branch at its ends for unit voltages; branches E are pandapower's internal branches.
    branch_from, branch_to : numpy.ndarray, (E,) int
    branch_rows : mapping of str to numpy.ndarray, (L, k) int
        Branches of each element of ``line``, ``trafo``, ``impedance``, ``xward`` (k = 1) and ``trafo3w`` (k = 3: hv,
        mv, lv), in the table's order; -1 where out of service.
    shunt_node : mapping of str to numpy.ndarray, (L,) int
        Node of each element of ``shunt``, ``ward`` and ``xward``; -1 where out of service.
    shunt_pu : mapping of str to numpy.ndarray, (L,) complex
        The part of `y_bus` that is theirs.
    slack : numpy.ndarray, (K,) int
    slack_v : numpy.ndarray, (K,) complex
    controlled : Controlled
    controlled_by : mapping of str to numpy.ndarray, (L,) int
        Row in `controlled` of each element of ``gen``, ``xward`` and ``svc``; -1 where it controls nothing.
    injectors : mapping of str to Injectors
        By table: ``load``, ``sgen``, ``storage``, ``gen`` (active power only), ``ward``, ``xward`` (constant power).
    node_of_bus : numpy.ndarray, (B,) int
        Node of each bus in the order of ``net.bus``; -1 where de-energised.
    alive : numpy.ndarray, (N,) bool
        Connected to a slack; false only after an outage.
    start : numpy.ndarray, (N,) complex
        Voltages from which pandapower's Newton starts.
    """

    base_mva: float
    y_bus: csr_array
    y_from: csr_array
    y_to: csr_array
    branch_from: np.ndarray
    branch_to: np.ndarray
    branch_rows: Mapping[str, np.ndarray]
    shunt_node: Mapping[str, np.ndarray]
    shunt_pu: Mapping[str, np.ndarray]
    slack: np.ndarray
    slack_v: np.ndarray
    controlled: Controlled
    controlled_by: Mapping[str, np.ndarray]
    injectors: Mapping[str, Injectors]
    node_of_bus: np.ndarray
    alive: np.ndarray
    start: np.ndarray
