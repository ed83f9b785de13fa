"""From a pandapower net to its matrices: pandapower converts, nothing is solved."""

from __future__ import annotations

import contextlib
import copy
import warnings
from dataclasses import dataclass

import numpy as np
import pandapower as pp
from pandapower import pandapowerNet
from pandapower.pypower.idx_brch import BR_X, SHIFT, TAP
from pandapower.pypower.idx_bus import BASE_KV, BUS_TYPE, NONE, VA, VM
from pandapower.pypower.makeYbus import makeYbus
from scipy.sparse import csr_array

from twin.core.errors import InputError, Problem
from twin.network.network import Network, controlled_nodes, slack_nodes
from twin.network.node_power import injectors, nodes_of, shunt_admittances
from twin.network.outage import connected
from twin.network.reading.as_read import with_every_table
from twin.network.reading.supported import POWER_FLOW_OPTIONS, check_supported, left_out_tables
from twin.network.reading.switching import switched_ends
from twin.network.voltage_control import fixed_svc_admittance, regulators, slack_sources

_BRANCH_TABLES = ("line", "trafo", "trafo3w", "impedance", "xward", "switch")
_PANDAPOWER_REFUSES = (
    ArithmeticError, AssertionError, AttributeError, IndexError, KeyError, NotImplementedError, RuntimeError, TypeError,
    UserWarning, ValueError,
)  # fmt: skip


@dataclass(frozen=True)
class Converted:
    """The matrices of a net on pandapower's internal buses; names as in `twin.network.network.Network`.

    Attributes
    ----------
    node_of_index : numpy.ndarray, int
        Node of each bus index; -1 where there is no such bus or it is de-energised.
    auxiliary : dict of str to numpy.ndarray, (L,) int
        Inner node of each element of ``xward`` and ``trafo3w``; -1 where de-energised.
    """

    base_mva: float
    vn_kv: np.ndarray
    y_bus: csr_array
    y_from: csr_array
    y_to: csr_array
    branch_from: np.ndarray
    branch_to: np.ndarray
    branch_rows: dict[str, np.ndarray]
    branch_ends: dict[str, np.ndarray]
    start: np.ndarray
    dc_susceptance_pu: np.ndarray
    shift_radian: np.ndarray
    node_of_index: np.ndarray
    auxiliary: dict[str, np.ndarray]


def convert(net: pandapowerNet, trafo_model: str) -> Converted:
    """Return the matrices of `net`, which is not modified.

    Raises
    ------
    InputError
        If pandapower refuses the net or an admittance is not finite.
    """
    reduced = _reduced_copy(net)
    refusal = _build(reduced, {"trafo_model": trafo_model, "init": "flat"})
    if refusal is not None:
        problem = Problem("pandapower cannot convert the net", "net", str(refusal), "a net that runpp accepts",
                          "pandapower.diagnostic(net) helps to find the element")  # fmt: skip
        raise InputError([problem]) from refusal
    converted = _taken(reduced)
    _check_finite(net, converted)
    return converted


def _reduced_copy(net: pandapowerNet) -> pandapowerNet:
    """Return a copy without var compensators, which are added later, and without tables that take no part."""
    reduced = copy.deepcopy(net)
    for table in ("svc", *left_out_tables(net)):
        if table in reduced:
            reduced[table] = reduced[table].iloc[:0]
    reduced["user_pf_options"] = {}
    return reduced


def _build(net: pandapowerNet, options: dict[str, object]) -> Exception | None:
    """Let pandapower build its matrices in `net`, stopped before the first Newton step; return its refusal, if any."""
    with warnings.catch_warnings(), np.errstate(all="ignore"), contextlib.suppress(pp.LoadflowNotConverged):
        warnings.simplefilter("ignore")
        try:
            pp.runpp(net, **(POWER_FLOW_OPTIONS | options | {"max_iteration": 0}))
        except _PANDAPOWER_REFUSES as error:
            return error
    return None


def _taken(net: pandapowerNet) -> Converted:
    """Return what pandapower has built in `net`."""
    ppc, lookups = net._ppc, net._pd2ppc_lookups
    internal = ppc["internal"]
    size = int(np.count_nonzero(ppc["bus"][:, BUS_TYPE] != NONE))
    in_service = np.asarray(internal["branch_is"], dtype=bool)
    bus, branch = ppc["bus"][:size], ppc["branch"]
    if "V" in internal:
        y, start = (internal["Ybus"], internal["Yf"], internal["Yt"]), np.asarray(internal["V"], dtype=complex)
    else:  # only slack nodes: pandapower builds no solver
        y, start = makeYbus(ppc["baseMVA"], bus, branch[in_service]), bus[:, VM] * np.exp(1j * np.radians(bus[:, VA]))
    ends = _existing(branch[:, :2].real.astype(np.int64), size)
    y_bus, y_from, y_to = (_canonical(matrix) for matrix in y)
    x_pu, ratio, shift = (branch[in_service, column].real for column in (BR_X, TAP, SHIFT))
    per_x = np.divide(1.0, x_pu * np.where(ratio == 0.0, 1.0, ratio), out=np.zeros_like(x_pu), where=x_pu != 0.0)
    return Converted(
        base_mva=float(ppc["baseMVA"]),
        vn_kv=bus[:, BASE_KV].copy(),
        y_bus=y_bus,
        y_from=y_from,
        y_to=y_to,
        branch_from=ends[in_service, 0],
        branch_to=ends[in_service, 1],
        branch_rows=_by_table(net, np.where(in_service, np.cumsum(in_service) - 1, -1)),
        branch_ends=_by_table(net, ends),
        start=start.copy(),
        dc_susceptance_pu=per_x,
        shift_radian=np.radians(shift),
        node_of_index=_existing(lookups["bus"], size),
        auxiliary={t: _existing(lookups["bus"][at], size) for t, at in lookups["aux"].items()},
    )


def _existing(nodes: np.ndarray, size: int) -> np.ndarray:
    return np.where(nodes < size, nodes, -1)


def _canonical(matrix: object) -> csr_array:
    result = csr_array(matrix)
    result.sum_duplicates()
    return result


def _by_table(net: pandapowerNet, per_branch: np.ndarray) -> dict[str, np.ndarray]:
    """Cut what is known of each of pandapower's branches into tables, (L, k, ...) for k branches per element."""
    spans, parts = net._pd2ppc_lookups["branch"], {}
    for table in _BRANCH_TABLES:
        part = per_branch[slice(*spans[table])] if table in spans else per_branch[:0]
        if table == "trafo3w":
            parts[table] = np.stack(np.split(part, 3), axis=1)
        elif table == "switch":
            parts[table] = np.full((len(net.switch), 1, *part.shape[1:]), -1)
            parts[table][np.asarray(net._impedance_bb_switches, dtype=bool), 0] = part
        else:
            parts[table] = part[:, None]
    return parts


def _check_finite(net: pandapowerNet, converted: Converted) -> None:
    problems = []
    wrong = np.zeros(len(converted.branch_from) + 1, dtype=bool)
    for matrix in (converted.y_from, converted.y_to):
        wrong[:-1] |= np.add.reduceat(~np.isfinite(np.r_[matrix.data, 0.0]), matrix.indptr[:-1]) > 0
    for table, rows in converted.branch_rows.items():
        found = net[table].index[wrong[rows].any(axis=1)].tolist()
        if found:
            problems.append(
                Problem(
                    "admittance is not finite", f"net.{table}", f"index {found}", "an impedance above 0",
                    "give a resistance and a reactance, or use a closed bus-bus switch",
                )
            )  # fmt: skip
    if not problems and not np.isfinite(converted.y_bus.data).all():
        problems.append(Problem("an admittance at a bus is not finite", "net.shunt, net.ward or net.xward"))
    if problems:
        raise InputError(problems)


def extract(
    net: pandapowerNet, *, trafo_model: str = "t", enforce_q_lims: bool = False, distributed_slack: bool = False
) -> Network:
    """Return the matrices of `net`, which is not modified and need not have a solution.

    Parameters
    ----------
    net : pandapowerNet
    trafo_model : str
        ``t`` or ``pi``, as in ``runpp``.
    enforce_q_lims : bool
        Whether generators keep within ``min_q_mvar`` and ``max_q_mvar``, and the reactive power of ``sgen`` is clipped
        at them.
    distributed_slack : bool
        Only held against the options kept in the net.

    Returns
    -------
    Network

    Raises
    ------
    InputError
        If the net holds an element that is not supported or a value that is not a number, has no slack, or pandapower
        refuses it.
    """
    net = with_every_table(net)
    used = {"trafo_model": trafo_model, "enforce_q_lims": enforce_q_lims, "distributed_slack": distributed_slack}
    check_supported(net, used)
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
    network = Network(
        base_mva=part.base_mva,
        vn_kv=part.vn_kv,
        y_bus=_full_y_bus(part, shunt_node["svc"], shunt_pu["svc"]),
        y_from=part.y_from,
        y_to=part.y_to,
        branch_from=part.branch_from,
        branch_to=part.branch_to,
        branch_rows=part.branch_rows,
        branch_ends=part.branch_ends,
        switched_end=switched_ends(net, part.branch_rows),
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
        dc_susceptance_pu=part.dc_susceptance_pu,
        shift_radian=part.shift_radian,
    )
    return connected(network)


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
