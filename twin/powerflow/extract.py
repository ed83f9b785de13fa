"""Take the matrices of a pandapower net from pandapower itself."""

from __future__ import annotations

import contextlib
import copy

import numpy as np
import pandapower as pp
from pandapower import pandapowerNet
from scipy.sparse import csr_array

from twin.powerflow.network import Controlled, Injectors, Network

POWER_FLOW_OPTIONS = {"trafo_model": "t", "calculate_voltage_angles": True, "init": "dc", "numba": False}
_BRANCH_TABLES = ("line", "trafo", "trafo3w", "impedance", "xward")
_INFEED_SIGN = {"load": -1.0, "storage": -1.0, "sgen": 1.0, "gen": 1.0}


def extract(net: pandapowerNet, *, trafo_model: str = "t", enforce_q_lims: bool = False) -> Network:
    """Return the matrices of `net`, which is not modified and need not have a solution.

    Parameters
    ----------
    net : pandapowerNet
    trafo_model : str
        ``t`` or ``pi``, as in ``runpp``.
    enforce_q_lims : bool
        Whether generators keep within ``min_q_mvar`` and ``max_q_mvar``.

    Returns
    -------
    Network

    Raises
    ------
    InputError
        If the net holds an element that is not supported.
    """
    converted = _converted(net, trafo_model)
    internal, lookups = converted._ppc["internal"], converted._pd2ppc_lookups
    size, base_mva = len(internal["bus"]), float(internal["baseMVA"])
    node_of_bus = np.array([lookups["bus"][bus] for bus in net.bus.index], dtype=np.int64)
    node_of_bus[(node_of_bus >= size) | ~net.bus.in_service.to_numpy(bool)] = -1
    node_by_index = dict(zip(net.bus.index, node_of_bus, strict=True))
    branch = internal["branch"][:, :2].real.astype(np.int64)
    start = np.asarray(internal["V"], dtype=complex)
    slack = np.asarray(internal["ref"], dtype=np.int64)
    controlled, controlled_by = _controlled(net, node_by_index, slack, base_mva, enforce_q_lims)
    return Network(
        base_mva=base_mva,
        y_bus=csr_array(internal["Ybus"]),
        y_from=csr_array(internal["Yf"]),
        y_to=csr_array(internal["Yt"]),
        branch_from=branch[:, 0],
        branch_to=branch[:, 1],
        branch_rows=_branch_rows(converted, np.asarray(internal["branch_is"], dtype=bool)),
        shunt_node={"shunt": _nodes(net, "shunt", node_by_index)},
        shunt_pu={"shunt": _shunt_pu(net, base_mva)},
        slack=slack,
        slack_v=start[slack],
        controlled=controlled,
        controlled_by=controlled_by,
        injectors={table: _injectors(net, table, node_by_index) for table in _INFEED_SIGN},
        node_of_bus=node_of_bus,
        alive=np.ones(size, dtype=bool),
        start=start,
    )


def _converted(net: pandapowerNet, trafo_model: str) -> pandapowerNet:
    """Return a copy that holds pandapower's matrices: stopped before the first Newton step, nothing is solved."""
    converted = copy.deepcopy(net)
    with contextlib.suppress(pp.LoadflowNotConverged):
        pp.runpp(converted, **(POWER_FLOW_OPTIONS | {"trafo_model": trafo_model, "max_iteration": 0}))
    return converted


def _branch_rows(net: pandapowerNet, in_service: np.ndarray) -> dict[str, np.ndarray]:
    number = np.where(in_service, np.cumsum(in_service) - 1, -1)
    spans = net._pd2ppc_lookups["branch"]
    rows = {table: number[slice(*spans[table])] if table in spans else number[:0] for table in _BRANCH_TABLES}
    return {table: r.reshape(3, -1).T if table == "trafo3w" else r[:, None] for table, r in rows.items()}


def _nodes(net: pandapowerNet, table: str, node_by_index: dict[int, int]) -> np.ndarray:
    nodes = np.array([node_by_index[bus] for bus in net[table].bus], dtype=np.int64)
    return np.where(net[table].in_service.to_numpy(bool), nodes, -1)


def _shunt_pu(net: pandapowerNet, base_mva: float) -> np.ndarray:
    table = net.shunt
    at_bus_voltage = (net.bus.vn_kv.loc[table.bus].to_numpy() / table.vn_kv.to_numpy()) ** 2
    return (table.p_mw - 1j * table.q_mvar).to_numpy() * table.step.to_numpy() * at_bus_voltage / base_mva


def _injectors(net: pandapowerNet, table: str, node_by_index: dict[int, int]) -> Injectors:
    elements = net[table]
    shares = np.zeros((2, len(elements)), dtype=complex)
    if table == "load":
        for row, kind in enumerate("iz"):
            shares[row] = (elements[f"const_{kind}_p_percent"] + 1j * elements[f"const_{kind}_q_percent"]) / 100.0
    q_mvar = elements.q_mvar.to_numpy(float) if table != "gen" else np.zeros(len(elements))
    return Injectors(
        node=_nodes(net, table, node_by_index),
        p_mw=elements.p_mw.to_numpy(float),
        q_mvar=q_mvar,
        infeed_per_unit=_INFEED_SIGN[table] * elements.scaling.to_numpy(float),
        current_share=shares[0],
        impedance_share=shares[1],
    )


def _controlled(
    net: pandapowerNet, node_by_index: dict[int, int], slack: np.ndarray, base_mva: float, enforce: bool
) -> tuple[Controlled, dict[str, np.ndarray]]:
    nodes = _nodes(net, "gen", node_by_index)
    held = np.flatnonzero((nodes >= 0) & ~np.isin(nodes, slack))
    unique, first, row = np.unique(nodes[held], return_index=True, return_inverse=True)
    low, high = (np.zeros(len(unique)) for _ in range(2))
    if enforce:
        np.add.at(low, row, net.gen.min_q_mvar.to_numpy(float)[held] / base_mva)
        np.add.at(high, row, net.gen.max_q_mvar.to_numpy(float)[held] / base_mva)
    else:
        low, high = low - np.inf, high + np.inf
    of_gen = np.full(len(nodes), -1)
    of_gen[held] = row
    vm_set = net.gen.vm_pu.to_numpy(float)[held][first] if len(held) else np.zeros(0)
    controlled = Controlled(unique, vm_set, np.zeros(len(unique)), low, high, np.zeros(len(unique), dtype=bool))
    return controlled, {"gen": of_gen}
