"""Outages of buses and switches: what hangs on a bus, and a node that falls into parts when a coupler opens."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from pandapower import pandapowerNet
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

from twin.network.network import Network, controlled_nodes, slack_nodes

Element = tuple[str, int]
_AT_BUS = (
    *("load", "sgen", "storage", "motor", "asymmetric_load", "asymmetric_sgen", "gen", "ext_grid", "shunt", "ward"),
    *("xward", "svc"),
)
_BETWEEN_BUSES = {
    "line": ("from_bus", "to_bus"), "trafo": ("hv_bus", "lv_bus"), "trafo3w": ("hv_bus", "mv_bus", "lv_bus"),
    "impedance": ("from_bus", "to_bus"), "dcline": ("from_bus", "to_bus"),
}  # fmt: skip
_BRANCH_AND_END = {
    ("line", "from_bus"): (0, 0), ("line", "to_bus"): (0, 1), ("trafo", "hv_bus"): (0, 0), ("trafo", "lv_bus"): (0, 1),
    ("trafo3w", "hv_bus"): (0, 0), ("trafo3w", "mv_bus"): (1, 1), ("trafo3w", "lv_bus"): (2, 1),
    ("impedance", "from_bus"): (0, 0), ("impedance", "to_bus"): (0, 1),
}  # fmt: skip
_SWITCHED = {"l": "line", "t": "trafo", "t3": "trafo3w"}


def at_bus(net: pandapowerNet, bus: int) -> tuple[Element, ...]:
    """Return every element with an end at a bus, ``(table, index)``, switches included."""
    found = [(table, int(index)) for table in _AT_BUS for index in net[table].index[net[table].bus == bus]]
    for table, columns in _BETWEEN_BUSES.items():
        at = (net[table][list(columns)] == bus).any(axis=1)
        found += [(table, int(index)) for index in net[table].index[at]]
    between = (net.switch.et == "b") & ((net.switch.bus == bus) | (net.switch.element == bus))
    return (*found, *(("switch", int(index)) for index in net.switch.index[between]))


def switched_ends(net: pandapowerNet, branch_rows: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return branch and end (0 from, 1 to) that each closed switch connects to its bus, (S, 2) int; -1 for others."""
    found = np.full((len(net.switch), 2), -1)
    kinds, buses, elements, closed = (net.switch[c].to_numpy() for c in ("et", "bus", "element", "closed"))
    for at in range(len(found)):
        table = _SWITCHED.get(kinds[at])
        if table is None or not closed[at] or elements[at] not in net[table].index:
            continue
        row = int(net[table].index.get_loc(elements[at]))
        for column in _BETWEEN_BUSES[table]:
            if net[table][column].iloc[row] == buses[at]:
                winding, end = _BRANCH_AND_END[table, column]
                branch = branch_rows[table][row, winding]
                found[at] = (branch, end) if branch >= 0 else -1
    return found


@dataclass(frozen=True)
class Part:
    """Buses that leave their node, and the node that they get: -1 until it is known."""

    buses: tuple[int, ...]
    node: int
    new_node: int = -1


def parts_of(net: pandapowerNet, network: Network, out: Collection[Element]) -> tuple[Part, ...]:
    """Return what leaves the nodes that fall apart when the switches and buses in `out` are gone.

    The part with the lowest bus index keeps the node.

    Parameters
    ----------
    net : pandapowerNet
    network : Network
        Intact.
    out : collection of (table, index)
    """
    if not any(table in ("bus", "switch") for table, _ in out):
        return ()
    gone_buses = [index for table, index in out if table == "bus"]
    opened = [index for table, index in out if table == "switch"]
    joins = net.switch[(net.switch.et == "b") & net.switch.closed.astype(bool)]
    z_ohm = joins.z_ohm.fillna(0.0) if "z_ohm" in joins else 0.0
    joins = joins[z_ohm <= 0.0]
    touched = {int(b) for b in joins.loc[joins.index.isin(opened), "bus"]} | set(gone_buses)
    positions = net.bus.index.get_indexer(sorted(touched))
    nodes = np.unique(network.node_of_bus[positions[positions >= 0]])
    left = joins[~joins.index.isin(opened) & ~joins.bus.isin(gone_buses) & ~joins.element.isin(gone_buses)]
    ends = (net.bus.index.get_indexer(left[column]) for column in ("bus", "element"))
    size = len(net.bus)
    label = connected_components(csr_array((np.ones(len(left)), tuple(ends)), shape=(size, size)), directed=False)[1]
    parts: list[Part] = []
    for node in nodes[nodes >= 0]:
        here = np.flatnonzero((network.node_of_bus == node) & ~net.bus.index.isin(gone_buses))
        groups = [here[label[here] == one] for one in dict.fromkeys(label[here])]
        for group in groups[1:]:
            buses = tuple(int(bus) for bus in net.bus.index[group])
            parts.append(Part(buses, int(node)))
    return tuple(parts)


def with_new_nodes(network: Network, parts: Sequence[tuple[Part, ...]]) -> tuple[Network, tuple[tuple[Part, ...], ...]]:
    """Return the network with as many dead nodes at its end as any of the cases needs, and the parts with theirs."""
    spare: dict[tuple[int, int], int] = {}
    numbered = []
    for of_case in parts:
        count: dict[int, int] = {}
        found = []
        for part in of_case:
            count[part.node] = count.get(part.node, 0) + 1
            new_node = spare.setdefault((part.node, count[part.node]), len(network.alive) + len(spare))
            found.append(replace(part, new_node=new_node))
        numbered.append(tuple(found))
    return _with_spare_nodes(network, [node for node, _ in spare]), tuple(numbered)


def _with_spare_nodes(network: Network, nodes: Sequence[int]) -> Network:
    """Return the network with dead nodes at its end, of the voltage levels of `nodes`."""
    if not len(nodes):
        return network
    like = np.asarray(nodes)
    size, more = len(network.alive), len(network.alive) + len(like)

    def wider(matrix: csr_array, rows: int) -> csr_array:
        indptr = np.concatenate([matrix.indptr, np.full(rows - matrix.shape[0], matrix.indptr[-1])])
        return csr_array((matrix.data, matrix.indices, indptr), shape=(rows, more))

    diagonal = coo_array((np.zeros(len(like), dtype=complex), (np.arange(size, more),) * 2), shape=(more, more))
    return replace(
        network, vn_kv=np.concatenate([network.vn_kv, network.vn_kv[like]]),
        y_bus=_with_entries(wider(network.y_bus, more), diagonal),
        y_from=wider(network.y_from, network.y_from.shape[0]), y_to=wider(network.y_to, network.y_to.shape[0]),
        alive=np.concatenate([network.alive, np.zeros(len(like), dtype=bool)]),
        start=np.concatenate([network.start, network.start[like]]),
    )  # fmt: skip


def split(
    net: pandapowerNet, network: Network, parts: Iterable[Part]
) -> tuple[Network, tuple[tuple[Element, int, int], ...]]:
    """Give each part a node of its own.

    Parameters
    ----------
    net : pandapowerNet
    network : Network
        Intact, with spare nodes.
    parts : iterable of Part

    Returns
    -------
    network : Network
        With the parts' nodes alive; which of them are still supplied tells `twin.network.outage.without`.
    moved : tuple of ((table, position), node, new node)
        Elements with power of their own that have another node.
    """
    moved: list[tuple[Element, int, int]] = []
    for part in parts:
        network = _with_moved_branches(net, network, part)
        injectors = {t: replace(of, node=_moved(net, t, of.node, part)) for t, of in network.injectors.items()}
        regulators = {t: replace(of, node=_moved(net, t, of.node, part)) for t, of in network.regulators.items()}
        shunt_node, slack_by = (
            {t: _moved(net, t, node, part) for t, node in of.items()} for of in (network.shunt_node, network.slack_by)
        )
        for table, of in injectors.items():
            at = np.flatnonzero(of.node != network.injectors[table].node)
            moved += [((table, int(k)), part.node, part.new_node) for k in at]
        slack, slack_v = slack_nodes(slack_by, network.slack_v_by)
        controlled, controlled_by = controlled_nodes(regulators, slack)
        here = net.bus.index.isin(part.buses)
        alive = network.alive.copy()
        alive[part.new_node] = True
        network = replace(
            network, injectors=injectors, regulators=regulators, shunt_node=shunt_node, slack_by=slack_by, slack=slack,
            slack_v=slack_v, controlled=controlled, controlled_by=controlled_by, alive=alive,
            node_of_bus=np.where(here & (network.node_of_bus == part.node), part.new_node, network.node_of_bus),
            y_bus=_with_moved_shunts(network, shunt_node, part),
        )  # fmt: skip
    return network, tuple(moved)


def _moved(net: pandapowerNet, table: str, node: np.ndarray, part: Part) -> np.ndarray:
    """Return the nodes of a table's elements with those at the part's buses at the new node."""
    if table == "compensator":  # a bus of its own, which no switch leads to
        return node
    end = table.removeprefix("dcline_")
    buses = net[table].bus if end == table else net.dcline[f"{end}_bus"]
    return np.where(buses.isin(part.buses).to_numpy(bool) & (node == part.node), part.new_node, node)


def _with_moved_branches(net: pandapowerNet, network: Network, part: Part) -> Network:
    """Return the network with the branch ends at the part's buses at the new node."""
    ends = [network.branch_from.copy(), network.branch_to.copy()]
    matrices = [network.y_from.tocoo(), network.y_to.tocoo()]
    branch_ends = {table: of.copy() for table, of in network.branch_ends.items()}
    columns = {("xward", "bus"): (0, 0), ("switch", "bus"): (0, 0), ("switch", "element"): (0, 1)} | _BRANCH_AND_END
    old_rows, new_rows = [], []
    touched = np.zeros((2, len(ends[0])), dtype=bool)
    for (table, column), (winding, end) in columns.items():
        at = np.flatnonzero(net[table][column].isin(part.buses).to_numpy(bool))
        at = at[branch_ends[table][at, winding, end] == part.node]
        branch_ends[table][at, winding, end] = part.new_node
        branches = network.branch_rows[table][at, winding]
        touched[end, branches[branches >= 0]] = True
    changed = touched.any(axis=0)
    for end in range(2):
        ends[end][touched[end]] = part.new_node
    moved_matrices = []
    for end, matrix in enumerate(matrices):
        row, column = matrix.coords
        before = (network.branch_from, network.branch_to)
        new_column = column.copy()
        for side in range(2):
            new_column[touched[side][row] & (column == before[side][row])] = part.new_node
        moved_matrices.append(csr_array((matrix.data, (row, new_column)), shape=matrix.shape))
        moved_matrices[-1].sum_duplicates()
        of = np.asarray(changed)[row]
        old_rows.append((matrix.data[of], before[end][row[of]], column[of]))
        new_rows.append((matrix.data[of], ends[end][row[of]], new_column[of]))
    data, at_row, at_column = (np.concatenate(x) for x in zip(*old_rows, *new_rows, strict=True))
    sign = np.repeat([-1.0, 1.0], [sum(len(x[0]) for x in old_rows), sum(len(x[0]) for x in new_rows)])
    change = coo_array((sign * data, (at_row, at_column)), shape=network.y_bus.shape)
    return replace(
        network, branch_from=ends[0], branch_to=ends[1], y_from=moved_matrices[0], y_to=moved_matrices[1],
        branch_ends=branch_ends, y_bus=_with_entries(network.y_bus, change),
    )  # fmt: skip


def _with_moved_shunts(network: Network, shunt_node: Mapping[str, np.ndarray], part: Part) -> csr_array:
    total = sum(
        network.shunt_pu[table][(node == part.new_node) & (network.shunt_node[table] == part.node)].sum()
        for table, node in shunt_node.items()
    )
    at = np.array([part.node, part.new_node])
    return _with_entries(network.y_bus, coo_array((np.array([-total, total]), (at, at)), shape=network.y_bus.shape))


def _with_entries(matrix: csr_array, more: coo_array) -> csr_array:
    """Return the sum of both; every place of both is there even where it is zero."""
    whole = matrix.tocoo()
    coords = tuple(np.concatenate([a, b]) for a, b in zip(whole.coords, more.coords, strict=True))
    result = csr_array((np.concatenate([whole.data, more.data]), coords), shape=matrix.shape)
    result.sum_duplicates()
    return result
