"""Take the matrices of a pandapower net from pandapower itself."""

from __future__ import annotations

import numpy as np
from pandapower import pandapowerNet
from scipy.sparse import csr_array

from twin.powerflow.controls import fixed_svc_admittance, regulators, slack_sources
from twin.powerflow.conversion import Converted, convert
from twin.powerflow.elements import injectors, nodes_of, shunt_admittances
from twin.powerflow.network import Network
from twin.powerflow.regulators import controlled_nodes, slack_nodes
from twin.powerflow.supported import check_supported


def extract(net: pandapowerNet, *, trafo_model: str = "t", enforce_q_lims: bool = False) -> Network:
    """Return the matrices of `net`, which is not modified and need not have a solution.

    Parameters
    ----------
    net : pandapowerNet
    trafo_model : str
        ``t`` or ``pi``, as in ``runpp``.
    enforce_q_lims : bool
        Whether generators keep within ``min_q_mvar`` and ``max_q_mvar``, and the reactive power of ``sgen`` is clipped
        at them.

    Returns
    -------
    Network

    Raises
    ------
    InputError
        If the net holds an element that is not supported or a value that is not a number, has no slack, or pandapower
        refuses it.
    """
    check_supported(net, trafo_model, enforce_q_lims)
    part = convert(net, trafo_model)
    of_index = part.node_of_index
    slack_by, slack_v_by = slack_sources(net, of_index)
    slack, slack_v = slack_nodes(slack_by, slack_v_by)
    inner = part.auxiliary.get("xward", np.zeros(0, dtype=np.int64))
    devices = regulators(net, of_index, inner, part.vn_kv, part.base_mva, enforce_q_lims)
    controlled, controlled_by = controlled_nodes(devices, slack)
    shunt_node, shunt_pu = _shunts(net, part)
    start = part.start.copy()
    start[slack] = slack_v
    return Network(
        base_mva=part.base_mva,
        vn_kv=part.vn_kv,
        y_bus=_full_y_bus(part, shunt_node["svc"], shunt_pu["svc"]),
        y_from=part.y_from,
        y_to=part.y_to,
        branch_from=part.branch_from,
        branch_to=part.branch_to,
        branch_rows=part.branch_rows,
        branch_ends=part.branch_ends,
        shunt_node=shunt_node,
        shunt_pu=shunt_pu,
        slack=slack,
        slack_v=slack_v,
        slack_by=slack_by,
        slack_v_by=slack_v_by,
        controlled=controlled,
        controlled_by=controlled_by,
        regulators=devices,
        injectors=injectors(net, of_index, enforce_q_lims),
        node_of_bus=np.where(net.bus.in_service.to_numpy(bool), of_index[net.bus.index], -1),
        alive=np.ones(len(part.vn_kv), dtype=bool),
        start=start,
    )


def _shunts(net: pandapowerNet, part: Converted) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    nodes = {table: nodes_of(net, table, part.node_of_index) for table in ("shunt", "ward", "xward", "svc")}
    nodes["svc"] = np.where(net.svc.controllable.to_numpy(bool), -1, nodes["svc"])
    admittances = shunt_admittances(net, _at(part.vn_kv, nodes["shunt"]), part.base_mva)
    admittances["svc"] = fixed_svc_admittance(net, _at(part.vn_kv, nodes["svc"]), part.base_mva)
    return nodes, admittances


def _at(of_node: np.ndarray, nodes: np.ndarray) -> np.ndarray:
    return np.where(nodes >= 0, of_node[nodes], np.nan)


def _full_y_bus(part: Converted, nodes: np.ndarray, admittance: np.ndarray) -> csr_array:
    """Return the admittance matrix with more shunts; the places of all branch ends are there even where zero."""
    y, f, t, live = part.y_bus.tocoo(), part.branch_from, part.branch_to, nodes >= 0
    every = np.arange(len(part.vn_kv))
    rows = np.concatenate([y.coords[0], nodes[live], f, f, t, t, every])
    columns = np.concatenate([y.coords[1], nodes[live], f, t, f, t, every])
    added = np.zeros(len(rows) - y.nnz, dtype=complex)
    added[: live.sum()] = admittance[live]
    result = csr_array((np.concatenate([y.data, added]), (rows, columns)), shape=y.shape)
    result.sum_duplicates()
    return result
