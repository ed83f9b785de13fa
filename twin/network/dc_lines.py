"""Direct-current lines between two buses, ``dcline``: a fixed power, losses, and a held voltage at each end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from pandapower import pandapowerNet

from twin.network.network import Injectors

ENDS = {"dcline_from": "from", "dcline_to": "to"}
"""The two ends are tables of their own in `twin.network.network.Network`, with infeed positive."""
DC_RESULTS = {
    f"dcline_{quantity}_{end}_{unit}": (f"dcline_{end}", quantity)
    for quantity, unit in (("p", "mw"), ("q", "mvar"), ("vm", "pu"), ("va", "degree"))
    for end in ENDS.values()
} | {"dcline_pl_mw": ("", "pl")}
"""Results by name: the table of the end (empty for the whole line) and the quantity."""


def infeed_mw(net: pandapowerNet, p_mw: np.ndarray) -> dict[str, np.ndarray]:
    """Return what each end feeds in, (R, L), by its table.

    Parameters
    ----------
    net : pandapowerNet
    p_mw : numpy.ndarray, (R, L)
        Power sent: positive from ``from_bus``, else from ``to_bus``. The other end receives it less
        ``loss_percent`` of it and ``loss_mw``, as in pandapower.
    """
    sent = np.abs(p_mw)
    received = sent * (1.0 - net.dcline.loss_percent.to_numpy(float) / 100.0) - net.dcline.loss_mw.to_numpy(float)
    forward = ~(p_mw <= 0.0)
    return {"dcline_from": np.where(forward, -sent, received), "dcline_to": np.where(forward, received, -sent)}


def with_infeed_of_ends(
    net: pandapowerNet, given: Mapping[tuple[str, str], np.ndarray]
) -> dict[tuple[str, str], np.ndarray]:
    """Return `given` with the infeed of both ends in place of the power of the lines."""
    found = dict(given)
    p_mw = found.pop(("dcline", "p_mw"), None)
    if p_mw is not None:
        found |= {(table, "p_mw"): infeed for table, infeed in infeed_mw(net, p_mw).items()}
    return found


def end_nodes(net: pandapowerNet, node_of_index: np.ndarray) -> dict[str, np.ndarray]:
    """Return the node of each line's end, (L,) int by the table of the end; -1 where either end is dead."""
    node = {table: node_of_index[net.dcline[f"{end}_bus"].to_numpy(np.int64)] for table, end in ENDS.items()}
    works = net.dcline.in_service.to_numpy(bool) & np.all([at >= 0 for at in node.values()], axis=0)
    return {table: np.where(works, at, -1) for table, at in node.items()} if len(works) else {}


def end_injectors(net: pandapowerNet, node_of_index: np.ndarray) -> dict[str, Injectors]:
    """Return the ends as sources of active power."""
    node = end_nodes(net, node_of_index)
    size = len(net.dcline)
    nothing = np.zeros(size)
    infeed = infeed_mw(net, net.dcline.p_mw.to_numpy(float)[None])
    return {
        table: Injectors(
            node=node[table], p_mw=infeed[table][0], q_mvar=nothing, infeed_per_unit=np.ones(size),
            current_share=nothing.astype(complex), impedance_share=nothing.astype(complex),
        )
        for table in node
    }  # fmt: skip


def in_parts(outages: Iterable[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
    """Return outages with both ends in place of a line."""
    return tuple(
        part for table, at in outages for part in ([(e, at) for e in ENDS] if table == "dcline" else [(table, at)])
    )


def both_ends_or_none(changes: dict[str, Any]) -> dict[str, Any]:
    """Return mappings of a network in which a line with one dead end has none: nothing is sent from nowhere."""
    injectors, regulators = changes["injectors"], changes["regulators"]
    if "dcline_from" not in injectors:
        return changes
    dead = np.any([injectors[table].node < 0 for table in ENDS], axis=0)
    if dead.any():
        for tables in (injectors, regulators):
            for table in ENDS:
                tables[table] = replace(tables[table], node=np.where(dead, -1, tables[table].node))
    return changes
