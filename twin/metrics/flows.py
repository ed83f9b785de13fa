"""Branch flows, losses, voltages and the boundary of many half-hours, from their node currents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from twin.network.reduced.reduction import Variant
from twin.network.reduced.stacking import Nodes

REVERSE_ABOVE_MW = 0.01


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
    grid, model = variant.grid, variant.model
    at = [grid.position[bus] for bus in nodes.buses]
    v = variant.intact.w + node_i @ variant.intact.z[:, at].T
    i_from, i_to = v @ grid.y_from.T, v @ grid.y_to.T
    p_from = (v[:, grid.bus_from] * np.conj(i_from)).real * grid.base_mva
    p_to = (v[:, grid.bus_to] * np.conj(i_to)).real * grid.base_mva
    boundary = grid.position[model.roles.boundary_bus]
    of_source = _source_branches(variant, boundary)
    links = [grid.branches.index(circuit.element) for circuit in model.roles.link]
    mainland_first = np.array([circuit.mainland_side in ("from", "hv") for circuit in model.roles.link])
    p_first, p_second = p_from[:, links], p_to[:, links]
    loading = np.maximum(
        np.abs(i_from[:, links]) / grid.i_from_max_pu[links], np.abs(i_to[:, links]) / grid.i_to_max_pu[links]
    )
    shunts = (np.abs(v) ** 2) @ grid.shunt_g_pu * grid.base_mva
    watched = [grid.position[bus] for bus in model.roles.voltage_buses]
    return BlockFlows(
        mainland_mw=-np.where(mainland_first, p_first, p_second),
        island_mw=np.where(mainland_first, p_second, p_first),
        loading_percent=100.0 * loading,
        losses_mw=(p_from + p_to)[:, ~of_source].sum(axis=1) + shunts,
        import_mw=_import_mw(variant, boundary, of_source, (p_from, p_to)),
        vm_pu=np.abs(v[:, watched]),
        reverse_flow=(p_from[:, _banks(variant)] < -REVERSE_ABOVE_MW).any(axis=1),
    )


def _source_branches(variant: Variant, boundary: int) -> np.ndarray:
    """Return the branches between the ideal source and the boundary; they model the mainland and lose its energy."""
    grid = variant.grid
    if boundary == grid.slack:
        return np.zeros(len(grid.branches), dtype=bool)
    result: np.ndarray = (grid.bus_from == grid.slack) | (grid.bus_to == grid.slack)
    return result


def _import_mw(
    variant: Variant,
    boundary: int,
    of_source: np.ndarray,
    powers: tuple[np.ndarray, np.ndarray],
) -> np.ndarray:
    grid = variant.grid
    total = np.zeros(len(powers[0]))
    for power, bus in zip(powers, (grid.bus_from, grid.bus_to), strict=True):
        inward = (bus == boundary) & of_source
        outward = (bus == boundary) & ~of_source if boundary == grid.slack else np.zeros_like(inward)
        total += power[:, outward].sum(axis=1) - power[:, inward].sum(axis=1)
    return total


def _banks(variant: Variant) -> list[int]:
    """Return the transformers between a watched bus and an area's; pandapower's first end is the high-voltage side."""
    model, grid = variant.model, variant.grid
    areas, watched = set(model.areas.bus), set(model.roles.voltage_buses)
    trafo = model.net.trafo
    between = [hv in watched and lv in areas for hv, lv in zip(trafo.hv_bus, trafo.lv_bus, strict=True)]
    banks = {("trafo", index) for index, is_bank in zip(trafo.index, between, strict=True) if is_bank}
    return [row for row, element in enumerate(grid.branches) if element in banks]
