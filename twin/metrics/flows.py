"""Branch flows, losses, voltages and the boundary of many half-hours, from their node currents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from twin.network.variants.grids import Variant
from twin.network.variants.maps import Nodes

REVERSE_ABOVE_MW = 0.01
LOADING_DIGITS = 1
"""Digits of a kept branch loading in percent."""


@dataclass(frozen=True)
class BlockFlows:
    """Flows of one member over T half-hours; L link circuits, b watched buses.

    `mainland_mw` and `island_mw` (T, L) are export positive at each end; `loading_percent` (T, L) is the worse end's;
    `import_mw` counts at the boundary bus, negative for export; `vm_pu` (T, b); `reverse_flow` (T,) tells of any bank.
    """

    mainland_mw: np.ndarray
    island_mw: np.ndarray
    loading_percent: np.ndarray
    losses_mw: np.ndarray
    import_mw: np.ndarray
    vm_pu: np.ndarray
    reverse_flow: np.ndarray


def block_flows(variants: Sequence[Variant], nodes: Nodes, variant: np.ndarray, node_i: np.ndarray) -> BlockFlows:
    """Return the flows of some half-hours.

    Parameters
    ----------
    variants : sequence of Variant
    nodes : Nodes
    variant : numpy.ndarray, (T,) int
        Grid variant of each half-hour.
    node_i : numpy.ndarray, (T, n) complex
        Node currents; NaN where unsolved.
    """
    groups = [np.flatnonzero(variant == g) for g in np.unique(variant)]
    parts = [_flows(variants[variant[rows[0]]], nodes, node_i[rows]) for rows in groups]
    in_time = np.argsort(np.concatenate(groups))
    return BlockFlows(
        *(np.concatenate([getattr(part, field.name) for part in parts])[in_time] for field in fields(BlockFlows))
    )


def _flows(variant: Variant, nodes: Nodes, node_i: np.ndarray) -> BlockFlows:
    network, model = variant.network, variant.model
    v = variant.intact.w + node_i @ variant.intact.z[:, variant.nodes(nodes.buses)].T
    i_from, i_to = (network.y_from @ v.T).T, (network.y_to @ v.T).T
    p_from = (v[:, network.branch_from] * np.conj(i_from)).real * network.base_mva
    p_to = (v[:, network.branch_to] * np.conj(i_to)).real * network.base_mva
    boundary = int(variant.nodes([model.roles.boundary_bus])[0])
    of_source = _source_branches(variant, boundary)
    links = variant.branches([circuit.element for circuit in model.roles.link])
    mainland_first = np.array([circuit.mainland_side in ("from", "hv") for circuit in model.roles.link])
    p_first, p_second = p_from[:, links], p_to[:, links]
    rated = variant.ratings
    loading = np.maximum(np.abs(i_from[:, links]) / rated.from_pu[links], np.abs(i_to[:, links]) / rated.to_pu[links])
    shunts = (np.abs(v[:, network.shunt_node["shunt"]]) ** 2) @ _conductance_pu(variant) * network.base_mva
    return BlockFlows(
        mainland_mw=-np.where(mainland_first, p_first, p_second),
        island_mw=np.where(mainland_first, p_second, p_first),
        loading_percent=100.0 * loading,
        losses_mw=(p_from + p_to)[:, ~of_source].sum(axis=1) + shunts,
        import_mw=_import_mw(variant, boundary, of_source, (p_from, p_to)),
        vm_pu=np.abs(v[:, variant.nodes(model.roles.voltage_buses)]),
        reverse_flow=(p_from[:, _banks(variant)] < -REVERSE_ABOVE_MW).any(axis=1),
    )


def branch_loadings(
    variants: Sequence[Variant], nodes: Nodes, variant: np.ndarray, node_i: np.ndarray, whole: int
) -> dict[str, np.ndarray]:
    """Return how full each line and transformer is, percent of its continuous rating at the worse end.

    Parameters
    ----------
    variants : sequence of Variant
    nodes : Nodes
    variant : numpy.ndarray, (T,) int
        Grid variant of each half-hour of one member: positions of taps and reactors of one network.
    node_i : numpy.ndarray, (T, n) complex
        Node currents; NaN where unsolved.
    whole : int
        Variant with everything in service: its elements are told even while some of them are out for days.

    Returns
    -------
    dict of str to numpy.ndarray, (T,)
        By name of the element; NaN where it is out of service, has no rating, or the flow is unsolved.
    """
    found = {name: np.full(len(variant), np.nan) for name in variants[whole].monitored.drawn}
    for g in np.unique(variant).tolist():
        rows, grid = np.flatnonzero(variant == g), variants[g].monitored
        v = variants[g].intact.w + node_i[rows] @ variants[g].intact.z[:, variants[g].nodes(nodes.buses)].T
        percent = grid.loading_percent(v, variants[g].network)
        for name, branch in grid.drawn.items():
            found.setdefault(name, np.full(len(variant), np.nan))[rows] = percent[:, branch]
    return found


def _conductance_pu(variant: Variant) -> np.ndarray:
    """Return the conductance of each shunt, (L,); 0 where it is out of service."""
    network = variant.network
    return np.where(network.shunt_node["shunt"] >= 0, network.shunt_pu["shunt"].real, 0.0)


def _source_branches(variant: Variant, boundary: int) -> np.ndarray:
    """Return the branches between the ideal source and the boundary; they model the mainland and lose its energy."""
    network = variant.network
    slack = network.slack[0]
    if boundary == slack:
        return np.zeros(len(network.branch_from), dtype=bool)
    result: np.ndarray = (network.branch_from == slack) | (network.branch_to == slack)
    return result


def _import_mw(
    variant: Variant,
    boundary: int,
    of_source: np.ndarray,
    powers: tuple[np.ndarray, np.ndarray],
) -> np.ndarray:
    network = variant.network
    total = np.zeros(len(powers[0]))
    for power, bus in zip(powers, (network.branch_from, network.branch_to), strict=True):
        inward = (bus == boundary) & of_source
        outward = (bus == boundary) & ~of_source if boundary == network.slack[0] else np.zeros_like(inward)
        total += power[:, outward].sum(axis=1) - power[:, inward].sum(axis=1)
    return total


def _banks(variant: Variant) -> np.ndarray:
    """Return the transformers between a watched bus and an area's; pandapower's first end is the high-voltage side."""
    model = variant.model
    areas, watched = set(model.areas.bus), set(model.roles.voltage_buses)
    trafo = model.net.trafo
    between = [hv in watched and lv in areas for hv, lv in zip(trafo.hv_bus, trafo.lv_bus, strict=True)]
    return variant.branches([("trafo", int(index)) for index in trafo.index[between]])
