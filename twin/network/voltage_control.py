"""Devices that hold a voltage by reactive power."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from pandapower import pandapowerNet

from twin.core.errors import Problem, raise_if_any
from twin.network.dc_lines import ENDS, end_nodes
from twin.network.model import Compensator
from twin.network.network import Network, Regulators, controlled_nodes
from twin.network.node_power import limit, nodes_of


def slack_sources(net: pandapowerNet, node_of_index: np.ndarray) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Return the node that each ``ext_grid`` and slack ``gen`` keeps, -1 for the others, and at which voltage."""
    gen = np.where(net.gen.slack.to_numpy(bool), nodes_of(net, "gen", node_of_index), -1)
    angle = np.radians(net.ext_grid.va_degree.to_numpy(float))
    v = {
        "ext_grid": net.ext_grid.vm_pu.to_numpy(float) * np.exp(1j * angle),
        "gen": net.gen.vm_pu.to_numpy(float).astype(complex),
    }
    return {"ext_grid": nodes_of(net, "ext_grid", node_of_index), "gen": gen}, v


def regulators(
    net: pandapowerNet,
    node_of_index: np.ndarray,
    inner_of_xward: np.ndarray,
    vn_kv: np.ndarray,
    base_mva: float,
    enforce_q_lims: bool,
) -> dict[str, Regulators]:
    """Return the devices that hold a voltage, by table.

    Parameters
    ----------
    net : pandapowerNet
    node_of_index : numpy.ndarray, int
        Node of each bus index, -1 for none.
    inner_of_xward : numpy.ndarray, (L,) int
        Node behind the impedance of each extended ward.
    vn_kv : numpy.ndarray, (N,)
    base_mva : float
    enforce_q_lims : bool
        Whether generators and the ends of dc lines keep within their reactive limits.

    Raises
    ------
    InputError
        If a controllable ``svc`` shares its node with another device that holds the voltage.
    """
    gen_low, gen_high = (np.full(len(net.gen), bound) for bound in (-np.inf, np.inf))
    if enforce_q_lims:
        gen_low, gen_high = limit(net.gen, "min_q_mvar", -np.inf), limit(net.gen, "max_q_mvar", np.inf)
    xward_node = np.where(nodes_of(net, "xward", node_of_index) >= 0, inner_of_xward, -1)
    unlimited = np.full(len(xward_node), np.inf)
    svc_node = np.where(net.svc.controllable.to_numpy(bool), nodes_of(net, "svc", node_of_index), -1)
    low, high = (_svc_susceptance(net, f"{side}_angle_degree", vn_kv[svc_node], base_mva) for side in ("min", "max"))
    found = {
        "gen": _stiff(nodes_of(net, "gen", node_of_index), net.gen.vm_pu, gen_low / base_mva, gen_high / base_mva),
        "xward": _stiff(xward_node, net.xward.vm_pu, -unlimited, unlimited),
        "svc": replace(_stiff(svc_node, net.svc.set_vm_pu, low, high), is_susceptance=True),
    }
    for table, node in end_nodes(net, node_of_index).items():
        end = ENDS[table]
        dc_low, dc_high = (np.full(len(node), bound) for bound in (-np.inf, np.inf))
        if enforce_q_lims:
            dc_low = limit(net.dcline, f"min_q_{end}_mvar", -np.inf)
            dc_high = limit(net.dcline, f"max_q_{end}_mvar", np.inf)
        found[table] = _stiff(node, net.dcline[f"vm_{end}_pu"], dc_low / base_mva, dc_high / base_mva)
    _check_svc(net, found, nodes_of(net, "ext_grid", node_of_index))
    return found


def fixed_svc_admittance(net: pandapowerNet, vn_kv: np.ndarray, base_mva: float) -> np.ndarray:
    """Return the admittance of each ``svc`` at its firing angle in per unit, (L,) complex."""
    return 1j * _svc_susceptance(net, "thyristor_firing_angle_degree", vn_kv, base_mva)


def with_compensator(network: Network, net: pandapowerNet, compensator: Compensator) -> Network:
    """Return `network` with a var compensator with droop in place of the generators at its bus.

    Parameters
    ----------
    network : Network
        Of `net`.
    net : pandapowerNet
    compensator : twin.network.model.Compensator
        Its output falls the held voltage along the slope; at its limits it is a fixed susceptance.

    Returns
    -------
    Network
        The compensator is the only element of table ``compensator`` in `regulators` and `controlled_by`.
    """
    node = network.node_of_bus[[net.bus.index.get_loc(compensator.bus)]]
    limits = np.array([[compensator.q_min_mvar], [compensator.q_max_mvar]]) / network.base_mva
    slope = compensator.slope_percent / 100.0 / limits[1]
    device = Regulators(node, np.array([compensator.set_vm_pu]), slope, limits[0], limits[1], is_susceptance=True)
    gen = network.regulators["gen"]
    gen = replace(gen, node=np.where(gen.node == node, -1, gen.node))
    found = {**network.regulators, "gen": gen, "compensator": device}
    controlled, controlled_by = controlled_nodes(found, network.slack)
    return replace(network, regulators=found, controlled=controlled, controlled_by=controlled_by)


def _stiff(node: np.ndarray, vm_pu: np.ndarray, low_pu: np.ndarray, high_pu: np.ndarray) -> Regulators:
    return Regulators(node, np.asarray(vm_pu, dtype=float), np.zeros(len(node)), low_pu, high_pu, is_susceptance=False)


def _svc_susceptance(net: pandapowerNet, angle: str, vn_kv: np.ndarray, base_mva: float) -> np.ndarray:
    """Return the susceptance of each ``svc`` at one of its angles, infeed (capacitive) positive, (L,).

    A reactor behind thyristors beside a fixed capacitor, ``b = (2 (alpha - pi) - sin(2 alpha)) / (pi x_l) -
    1 / x_cvar`` with a capacitor's reactance below zero: ``calc_y_svc_pu`` of pandapower with the sign of an infeed.
    """
    alpha = np.radians(net.svc[angle].to_numpy(float))
    per_ohm = vn_kv**2 / base_mva
    x_l, x_cvar = (net.svc[name].to_numpy(float) / per_ohm for name in ("x_l_ohm", "x_cvar_ohm"))
    result: np.ndarray = (2.0 * (alpha - np.pi) - np.sin(2.0 * alpha)) / (np.pi * x_l) - 1.0 / x_cvar
    return result


def _check_svc(net: pandapowerNet, found: dict[str, Regulators], ext_grid: np.ndarray) -> None:
    at, problems = found["svc"].node, []
    unique, count = np.unique(at[at >= 0], return_counts=True)
    others = [of.node for table, of in found.items() if table != "svc"]
    taken = np.concatenate([*others, ext_grid, unique[count > 1]])
    shared = net.svc.index[np.isin(at, taken[taken >= 0])].tolist()
    if shared:
        problems.append(Problem(
            "its node's voltage is held by another device too", "net.svc", f"index {shared}",
            "one controllable svc at a node, without ext_grid or gen", "set controllable to False, or join the devices",
        ))  # fmt: skip
    wrong = net.svc.index[(at >= 0) & ~(found["svc"].low_pu < found["svc"].high_pu)].tolist()
    if wrong:
        problems.append(Problem("no range of firing angles", "net.svc", f"index {wrong}",
                                "min_angle_degree below max_angle_degree, x_l_ohm above 0"))  # fmt: skip
    raise_if_any(problems)
