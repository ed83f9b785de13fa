"""The admittance matrix of a pandapower net, taken from pandapower once, and what is left of it after an outage."""

from __future__ import annotations

import contextlib
import copy
from dataclasses import dataclass

import numpy as np
import pandapower as pp
import pandas as pd
from pandapower import pandapowerNet
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from twin.core.errors import InputError, Problem
from twin.network.model import Element


@dataclass(frozen=True)
class Topology:
    """One state of the switches.

    Attributes
    ----------
    alive : numpy.ndarray, (B,) bool
        Buses that are still connected to the external grid.
    in_service : numpy.ndarray, (E,) bool
        Branches in service with both ends alive.
    z : numpy.ndarray, (B, B) complex
        Voltage at each bus per unit of current injected; zero rows and columns for dead buses and the slack.
    w : numpy.ndarray, (B,) complex
        Voltage without any injection; zero at dead buses.
    """

    alive: np.ndarray
    in_service: np.ndarray
    z: np.ndarray
    w: np.ndarray


def topology(grid: Admittance, out: tuple[Element, ...] = ()) -> Topology:
    """Return the grid's impedances with the branches and shunts `out` removed; shunts not in service do not matter.

    Solves ``Y_LL V_L = I_L - Y_Ls V_s`` for the live buses L once; every later power flow is a product with `z`. The
    inverse is taken directly: at 44 buses it costs 0.3 ms, a low-rank correction could save less than 10 ms of the
    60 ms that a new control position costs once.
    """
    in_service = np.ones(len(grid.branches), dtype=bool)
    y = grid.y_bus.copy()
    for element in out:
        if element[0] == "shunt":
            if element[1] in grid.shunts:
                bus, y_shunt = grid.shunts[element[1]]
                y[bus, bus] -= y_shunt
            continue
        row = grid.branches.index(element)
        in_service[row] = False
        y[grid.bus_from[row]] -= grid.y_from[row]
        y[grid.bus_to[row]] -= grid.y_to[row]
    alive = _connected_to_slack(grid, in_service)
    in_service &= alive[grid.bus_from] & alive[grid.bus_to]
    live = np.flatnonzero(alive & (np.arange(len(y)) != grid.slack))
    z = np.zeros_like(y)
    w = np.zeros(len(y), dtype=complex)
    inverse = np.linalg.inv(y[np.ix_(live, live)])
    z[np.ix_(live, live)] = inverse
    w[live] = -inverse @ (y[live, grid.slack] * grid.v_slack_pu)
    w[grid.slack] = grid.v_slack_pu
    return Topology(alive, in_service, z, w)


def _connected_to_slack(grid: Admittance, in_service: np.ndarray) -> np.ndarray:
    ends = (grid.bus_from[in_service], grid.bus_to[in_service])
    size = len(grid.y_bus)
    graph = csr_matrix((np.ones(len(ends[0])), ends), shape=(size, size))
    label = connected_components(graph, directed=False)[1]
    result: np.ndarray = label == label[grid.slack]
    return result


SUPPORTED_TABLES = ("bus", "line", "trafo", "impedance", "load", "sgen", "shunt", "ext_grid", "gen")
_BRANCH_TABLES = ("line", "trafo", "impedance")
_ELEMENT_TABLES = (
    *("load", "sgen", "motor", "asymmetric_load", "asymmetric_sgen", "storage", "gen", "switch", "shunt", "svc", "ssc"),
    *("vsc", "tcsc", "ext_grid", "line", "trafo", "trafo3w", "impedance", "dcline", "ward", "xward"),
)
POWER_FLOW_OPTIONS = {
    "trafo_model": "t",
    "calculate_voltage_angles": True,
    "init": "dc",
    "tolerance_mva": 1e-9,
    "max_iteration": 50,
    "numba": False,
}


@dataclass(frozen=True)
class Admittance:
    """Bus and branch admittances of a net, in per unit of `base_mva`.

    Attributes
    ----------
    base_mva : float
    y_bus : numpy.ndarray, (B, B) complex
    y_from, y_to : numpy.ndarray, (E, B) complex
        Current into a branch at its first (from, hv) and second (to, lv) end for unit voltages.
    bus_from, bus_to : numpy.ndarray, (E,) int
        End buses of each branch in matrix order.
    branches : tuple of Element
        The pandapower element of each branch.
    i_from_max_pu, i_to_max_pu : numpy.ndarray, (E,)
        Continuous rating of each end; infinite for impedances.
    position : dict of int to int
        Matrix row of each pandapower bus.
    slack : int
        Matrix row of the external grid.
    v_slack_pu : complex
    shunt_g_pu : numpy.ndarray, (B,)
        Conductance of the shunts at each bus, for the losses.
    shunts : dict of int to (int, complex)
        Matrix row and admittance of each pandapower shunt in service.
    """

    base_mva: float
    y_bus: np.ndarray
    y_from: np.ndarray
    y_to: np.ndarray
    bus_from: np.ndarray
    bus_to: np.ndarray
    branches: tuple[Element, ...]
    i_from_max_pu: np.ndarray
    i_to_max_pu: np.ndarray
    position: dict[int, int]
    slack: int
    v_slack_pu: complex
    shunt_g_pu: np.ndarray
    shunts: dict[int, tuple[int, complex]]


def admittance(net: pandapowerNet) -> Admittance:
    """Check that the closed loop can hold `net` and that pandapower solves it, and return its matrices.

    Parameters
    ----------
    net : pandapowerNet
        Not modified. Elements: buses, lines, two-winding transformers, impedances, constant-power loads and static
        generators, shunts, one external grid, and voltage-controlled generators (whose bus becomes an injection).

    Returns
    -------
    Admittance

    Raises
    ------
    InputError
        If the net holds an element that the closed loop does not support, or pandapower does not solve it.
    """
    _refuse_unsupported(net)
    solved = copy.deepcopy(net)
    try:
        pp.runpp(solved, **POWER_FLOW_OPTIONS)
    except pp.LoadflowNotConverged as error:
        raise InputError(
            [
                Problem(
                    "pandapower does not solve the base case",
                    "network",
                    str(error),
                    "a net that runpp solves",
                    "check the net",
                )
            ]
        ) from error
    return _from_pandapower(solved)


def moved_admittance(net: pandapowerNet) -> Admittance:
    """Return the matrices of a net that `admittance` has accepted, after taps or reactors were moved in it.

    pandapower builds them and stops before its first Newton step; its internal matrices are left in `net`.
    """
    with contextlib.suppress(pp.LoadflowNotConverged):
        pp.runpp(net, **POWER_FLOW_OPTIONS | {"max_iteration": 0})
    return _from_pandapower(net)


def _from_pandapower(solved: pandapowerNet) -> Admittance:
    internal = solved._ppc["internal"]
    lookup = solved._pd2ppc_lookups["bus"]
    position = {int(bus): int(lookup[bus]) for bus in solved.bus.index}
    branches = _branch_elements(solved)
    limit_from, limit_to = _current_limits_pu(solved, branches)
    bus_table = internal["bus"]
    slack = int(internal["ref"][0])
    return Admittance(
        base_mva=float(internal["baseMVA"]),
        y_bus=_dense(internal["Ybus"]),
        y_from=_dense(internal["Yf"]),
        y_to=_dense(internal["Yt"]),
        bus_from=internal["branch"][:, 0].real.astype(np.int64),
        bus_to=internal["branch"][:, 1].real.astype(np.int64),
        branches=branches,
        i_from_max_pu=limit_from,
        i_to_max_pu=limit_to,
        position=position,
        slack=slack,
        v_slack_pu=complex(internal["V"][slack]),
        shunt_g_pu=bus_table[:, 4].real / float(internal["baseMVA"]),
        shunts={
            int(i): (position[int(row.bus)], _shunt_pu(solved, row))
            for i, row in solved.shunt.iterrows()
            if row.in_service
        },
    )


def _shunt_pu(net: pandapowerNet, row: pd.Series) -> complex:
    at_bus_voltage = (net.bus.vn_kv.loc[row.bus] / row.vn_kv) ** 2
    result: complex = complex(row.p_mw, -row.q_mvar) * row.step * at_bus_voltage / net.sn_mva
    return result


def _dense(matrix: csr_matrix) -> np.ndarray:
    return np.asarray(matrix.toarray(), dtype=complex)


def _refuse_unsupported(net: pandapowerNet) -> None:
    problems = [
        Problem(
            f"{len(net[table])} element(s) of the table '{table}' are not supported in the closed loop",
            f"network, table {table}",
            ", ".join(str(index) for index in net[table].index[:10]),
            ", ".join(SUPPORTED_TABLES),
            "replace them by supported elements",
        )
        for table in _ELEMENT_TABLES
        if table not in SUPPORTED_TABLES and table in net and len(net[table])
    ]
    problems += [
        Problem(
            f"{table} out of service", f"network, table {table}, index {index}", repair="drop the element from the net"
        )
        for table in ("bus", *_BRANCH_TABLES)
        for index in net[table].index[~net[table].in_service.astype(bool)]
    ]
    if len(net.ext_grid) != 1:
        problems.append(
            Problem("the closed loop needs one external grid", "network, table ext_grid", str(len(net.ext_grid)), "1")
        )
    for column in ("const_z_p_percent", "const_i_p_percent", "const_z_q_percent", "const_i_q_percent"):
        if column in net.load and (net.load[column].fillna(0.0) != 0.0).any():
            problems.append(Problem("voltage-dependent load", f"network, table load, column {column}", accepted="0"))
    if problems:
        raise InputError(problems)


def _branch_elements(net: pandapowerNet) -> tuple[Element, ...]:
    """Return the element of each branch row, in pandapower's own order of tables."""
    spans = sorted((start, table) for table, (start, _) in net._pd2ppc_lookups["branch"].items())
    return tuple((table, int(index)) for _, table in spans for index in net[table].index)


def _current_limits_pu(net: pandapowerNet, branches: tuple[Element, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Continuous ratings as per-unit currents; the same definitions as pandapower's ``loading_percent``."""
    limit_from, limit_to = np.full(len(branches), np.inf), np.full(len(branches), np.inf)
    for row, (table, index) in enumerate(branches):
        element = net[table].loc[index]
        if table == "line":
            i_max_ka = element.max_i_ka * element.df * element.parallel
            limit_from[row] = i_max_ka * np.sqrt(3.0) * net.bus.vn_kv.loc[element.from_bus] / net.sn_mva
            limit_to[row] = i_max_ka * np.sqrt(3.0) * net.bus.vn_kv.loc[element.to_bus] / net.sn_mva
        elif table == "trafo":
            rated_mva = element.sn_mva * element.parallel * element.get("df", 1.0)
            limit_from[row] = rated_mva / element.vn_hv_kv * net.bus.vn_kv.loc[element.hv_bus] / net.sn_mva
            limit_to[row] = rated_mva / element.vn_lv_kv * net.bus.vn_kv.loc[element.lv_bus] / net.sn_mva
    return limit_from, limit_to
