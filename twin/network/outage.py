"""The network that an outage leaves: the same node numbers, some of them de-energised."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from twin.core.errors import Problem, raise_if_any
from twin.network.dc_lines import both_ends_or_none, in_parts
from twin.network.model import Element
from twin.network.network import Network, controlled_nodes, slack_nodes

Outage = tuple[str, int]
"""A pandapower table and the position (not the index) of an element in it."""


def tripping_together(
    elements: Iterable[Element], tripped_with: Mapping[Element, tuple[int, ...]]
) -> tuple[Element, ...]:
    """Return what one event takes out: the elements and the shunts (line reactors) that go with one of them."""
    out = tuple(elements)
    return (*out, *dict.fromkeys(s for e in out for at in tripped_with.get(e, ()) if (s := ("shunt", at)) not in out))


def equal_outages(network: Network, outages: Sequence[Sequence[Outage]]) -> tuple[int, ...]:
    """Return for each outage the number of an earlier one that leaves the same equations, -1 without one.

    Parameters
    ----------
    network : Network
        Intact.
    outages : sequence of sequences of (table, position)
        Elements that go out together; none for the intact grid.
    """
    seen: dict[bytes, int] = {}
    earlier = []
    for number, out in enumerate(outages):
        key = _equations(without(network, out), out) if out else b""
        first = seen.setdefault(key, number) if key else number
        earlier.append(first if first < number else -1)
    return tuple(earlier)


def _equations(network: Network, out: Sequence[Outage]) -> bytes:
    """Return what tells that two outages leave the same equations; empty if elements with own injections are out."""
    if any(table in network.injectors or table in network.controlled_by for table, _ in out):
        return b""
    y = network.y_bus.copy()
    y.sum_duplicates()
    y.eliminate_zeros()
    key = hashlib.sha256()
    for values in (y.data, y.indices, y.indptr, network.alive):
        key.update(np.ascontiguousarray(values).tobytes())
    return key.digest()


def without(network: Network, outages: Sequence[Outage]) -> Network:
    """Return the network that outages leave; what they cut off from every slack is de-energised.

    Parameters
    ----------
    network : Network
    outages : sequence of (table, position)
        Elements of any table of branches, shunts, injectors, regulators or slacks. A ``switch`` opens: its branch, or
        its end of a line or transformer. A ``bus`` has no voltage then; what is at it, and nodes that fall apart, are
        `twin.network.reading.switching`'s.

    Returns
    -------
    Network
        Node and branch numbers stay; `alive` tells the nodes that are left. Rows of dead branches are zero, and
        elements that are out of service or dead have -1 for node, branch and row of `controlled`.

    Raises
    ------
    InputError
        If there is no such element.
    """
    _check(network, outages)
    outages = in_parts(outages)
    gone = np.zeros(len(network.branch_from), dtype=bool)
    y_bus = _without_branches_and_shunts(network, outages, gone)
    changes = _without_elements(network, outages)
    opened = _opened_ends(network, outages, gone)
    if len(opened):
        network, y_bus = _with_open_ends(network, y_bus, opened)
        changes["branch_ends"] = dict(network.branch_ends)
    slack, slack_v = slack_nodes(changes["slack_by"], network.slack_v_by)
    fewer = len(slack) < len(network.slack)
    alive = network.alive
    if gone.any() or fewer or len(opened) or not alive.all():
        alive = alive & _connected(network, changes["branch_rows"], slack, opened[:, 0])
        dead_from, dead_to = ~alive[network.branch_from], ~alive[network.branch_to]
        dead_from[opened[opened[:, 1] == 0, 0]] = False  # what is there has no bearing on the other end
        dead_to[opened[opened[:, 1] == 1, 0]] = False
        gone |= dead_from | dead_to
        changes = _only_alive(network, changes, alive, gone)
    controlled, controlled_by = network.controlled, network.controlled_by
    if fewer or any(now is not network.regulators[t] for t, now in changes["regulators"].items()):
        controlled, controlled_by = controlled_nodes(changes["regulators"], slack)
    return replace(
        network, **changes, y_bus=y_bus, y_from=_rows_cleared(network.y_from, gone),
        y_to=_rows_cleared(network.y_to, gone), slack=slack, slack_v=slack_v, alive=alive,
        controlled=controlled, controlled_by=controlled_by,
    )  # fmt: skip


def with_dead_dc_lines(network: Network, out: Sequence[Outage]) -> tuple[Outage, ...]:
    """Return an outage with the dc lines that die with it: with one end cut off, the other sends and gets nothing."""
    before = network.injectors.get("dcline_from")
    if before is None or not out or not (before.node >= 0).any():
        return tuple(out)
    after = without(network, out).injectors["dcline_from"].node
    died = np.flatnonzero((before.node >= 0) & (after < 0))
    return tuple(dict.fromkeys((*out, *in_parts(("dcline", int(at)) for at in died))))


def connected(network: Network) -> Network:
    """Return the network with what no branch connects to a slack de-energised."""
    alive = network.alive & _connected(network, network.branch_rows, network.slack)
    if alive.all():
        return network
    gone = ~alive[network.branch_from] | ~alive[network.branch_to]
    changes = _only_alive(network, _without_elements(network, ()), alive, gone)
    controlled, controlled_by = controlled_nodes(changes["regulators"], network.slack)
    return replace(
        network, **changes, y_from=_rows_cleared(network.y_from, gone), y_to=_rows_cleared(network.y_to, gone),
        alive=alive, controlled=controlled, controlled_by=controlled_by,
    )  # fmt: skip


def _check(network: Network, outages: Sequence[Outage]) -> None:
    sizes: dict[str, int] = {}
    for part in (network.branch_rows, network.shunt_node, network.slack_by, network.controlled_by):
        sizes |= {table: len(values) for table, values in part.items()}
    sizes |= {table: len(elements.node) for table, elements in network.injectors.items()}
    sizes |= {"bus": len(network.node_of_bus), "switch": len(network.switched_end)}
    sizes["dcline"] = sizes.get("dcline_from", 0)
    raise_if_any(
        Problem("no such element", f"outage {outage!r}", accepted=f"a position in one of {', '.join(sorted(sizes))}")
        for outage in outages
        if not 0 <= outage[1] < sizes.get(outage[0], 0)
    )


def _without_branches_and_shunts(network: Network, outages: Sequence[Outage], gone: np.ndarray) -> csr_array:
    """Return the admittance matrix after `outages`, and mark their branches in `gone`."""
    y = csr_array((network.y_bus.data.copy(), network.y_bus.indices, network.y_bus.indptr), shape=network.y_bus.shape)
    for table, at in dict.fromkeys(outages):
        for branch in network.branch_rows[table][at] if table in network.branch_rows else ():
            if branch >= 0:
                _subtract_row(y, network.branch_from[branch], network.y_from, branch)
                _subtract_row(y, network.branch_to[branch], network.y_to, branch)
                gone[branch] = True
        node = network.shunt_node[table][at] if table in network.shunt_node else -1
        if node >= 0:
            y.data[_places(y, node, np.array([node]))] -= network.shunt_pu[table][at]
    return y


def _opened_ends(network: Network, outages: Sequence[Outage], gone: np.ndarray) -> np.ndarray:
    """Return branch and end of each branch that switches leave open at one end, (K, 2); with both open it is `gone`."""
    at = [position for table, position in outages if table == "switch"]
    if not at:
        return np.zeros((0, 2), dtype=np.int64)
    ends: np.ndarray = np.unique(network.switched_end[at], axis=0)
    return np.asarray(ends[(ends[:, 0] >= 0) & ~gone[ends[:, 0]]])


def _with_open_ends(network: Network, y_bus: csr_array, opened: np.ndarray) -> tuple[Network, csr_array]:
    """Return the network whose branches are open at some ends, and its admittances: the other end feeds what is left.

    Without current at the open end, ``I = (y_ff - y_ft y_tf / y_tt) V`` flows at the other one. Where both ends of a
    branch are open, nothing flows.
    """
    y_bus = csr_array((y_bus.data.copy(), y_bus.indices, y_bus.indptr), shape=y_bus.shape)
    y_from, y_to = network.y_from.copy(), network.y_to.copy()
    branch_ends = {table: of.copy() for table, of in network.branch_ends.items()}
    matrices, ends = (y_from, y_to), (network.branch_from, network.branch_to)
    for branch, end in opened:
        here, there = int(ends[end][branch]), int(ends[1 - end][branch])
        _subtract_row(y_bus, ends[0][branch], y_from, branch)
        _subtract_row(y_bus, ends[1][branch], y_to, branch)
        own, across = matrices[1 - end][branch, there], matrices[1 - end][branch, here]
        back, opposite = matrices[end][branch, there], matrices[end][branch, here]
        left = own - across * back / opposite if opposite != 0.0 else 0.0
        for matrix in matrices:
            matrix.data[matrix.indptr[branch] : matrix.indptr[branch + 1]] = 0.0
        other = matrices[1 - end]
        other.data[_places(other, branch, np.array([there]))] = left
        y_bus.data[_places(y_bus, there, np.array([there]))] += left
        for table, rows in network.branch_rows.items():
            row, winding = np.nonzero(rows == branch)
            branch_ends[table][row, winding, end] = -1
    return replace(network, y_from=y_from, y_to=y_to, branch_ends=branch_ends), y_bus


def _subtract_row(y: csr_array, node: int, of_branch: csr_array, branch: int) -> None:
    part = slice(of_branch.indptr[branch], of_branch.indptr[branch + 1])
    y.data[_places(y, node, of_branch.indices[part])] -= of_branch.data[part]


def _places(y: csr_array, row: int, columns: np.ndarray) -> np.ndarray:
    """Return where in ``y.data`` the entries of `row` are; the columns of each row are in order."""
    first = y.indptr[row]
    result: np.ndarray = first + np.searchsorted(y.indices[first : y.indptr[row + 1]], columns)
    return result


def _without_elements(network: Network, outages: Sequence[Outage]) -> dict[str, Any]:
    """Return the mappings of `network` in which the elements of `outages` have no node and no branch."""
    changes: dict[str, Any] = {}
    for name in ("branch_rows", "shunt_node", "slack_by", "injectors", "regulators"):
        changes[name] = dict(getattr(network, name))
    for table, at in outages:
        if table == "bus":
            changes["node_of_bus"] = _cleared(changes.get("node_of_bus", network.node_of_bus), at)
        for tables in (changes["branch_rows"], changes["shunt_node"], changes["slack_by"]):
            if table in tables:
                tables[table] = _cleared(tables[table], at)
        for tables in (changes["injectors"], changes["regulators"]):
            if table in tables:
                tables[table] = replace(tables[table], node=_cleared(tables[table].node, at))
    return changes


def _cleared(values: np.ndarray, at: int) -> np.ndarray:
    result = values.copy()
    result[at] = -1
    return result


def _connected(
    network: Network, branch_rows: Mapping[str, np.ndarray], slack: np.ndarray, open_branches: np.ndarray | None = None
) -> np.ndarray:
    """Return which nodes the branches of `branch_rows` still connect to a slack, (N,) bool."""
    rows = np.concatenate([of_table.ravel() for of_table in branch_rows.values()])
    rows = rows[rows >= 0]
    if open_branches is not None:
        rows = rows[~np.isin(rows, open_branches)]
    ends = network.branch_from[rows], network.branch_to[rows]
    size = len(network.alive)
    label = connected_components(csr_array((np.ones(len(ends[0])), ends), shape=(size, size)), directed=False)[1]
    return np.isin(label, label[slack])


def _only_alive(network: Network, changes: dict[str, Any], alive: np.ndarray, gone: np.ndarray) -> dict[str, Any]:
    """Return `changes` in which dead nodes and branches are no longer referred to."""
    if alive[network.alive].all():
        return changes
    lives, works = np.append(alive, False), np.append(~gone, False)  # the last one is asked for by -1

    def living(nodes: np.ndarray) -> np.ndarray:
        return np.where(lives[nodes], nodes, -1)

    changes["branch_rows"] = {t: np.where(works[rows], rows, -1) for t, rows in changes["branch_rows"].items()}
    branch_ends = changes.get("branch_ends", network.branch_ends)
    changes["branch_ends"] = {t: living(ends) for t, ends in branch_ends.items()}
    for name in ("shunt_node", "slack_by"):
        changes[name] = {table: living(nodes) for table, nodes in changes[name].items()}
    for name in ("injectors", "regulators"):
        changes[name] = {table: replace(e, node=living(e.node)) for table, e in changes[name].items()}
    changes["node_of_bus"] = living(changes.get("node_of_bus", network.node_of_bus))
    return both_ends_or_none(changes)


def _rows_cleared(matrix: csr_array, rows: np.ndarray) -> csr_array:
    if not rows.any():
        return matrix
    data = np.where(np.repeat(rows, np.diff(matrix.indptr)), 0.0, matrix.data)
    result = csr_array((data, matrix.indices.copy(), matrix.indptr.copy()), shape=matrix.shape)
    result.eliminate_zeros()
    return result
