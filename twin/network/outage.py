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
        Elements of any table of branches, shunts, injectors, regulators or slacks.

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
    outages = in_parts(outages)
    _check(network, outages)
    gone = np.zeros(len(network.branch_from), dtype=bool)
    y_bus = _without_branches_and_shunts(network, outages, gone)
    changes = _without_elements(network, outages)
    slack, slack_v = slack_nodes(changes["slack_by"], network.slack_v_by)
    fewer = len(slack) < len(network.slack)
    alive = network.alive
    if gone.any() or fewer:
        alive = alive & _connected(network, changes["branch_rows"], slack)
        gone |= ~alive[network.branch_from] | ~alive[network.branch_to]
        changes = _only_alive(network, changes, alive, gone)
    controlled, controlled_by = network.controlled, network.controlled_by
    if fewer or any(now is not network.regulators[t] for t, now in changes["regulators"].items()):
        controlled, controlled_by = controlled_nodes(changes["regulators"], slack)
    return replace(
        network, **changes, y_bus=y_bus, y_from=_rows_cleared(network.y_from, gone),
        y_to=_rows_cleared(network.y_to, gone), slack=slack, slack_v=slack_v, alive=alive,
        controlled=controlled, controlled_by=controlled_by,
    )  # fmt: skip


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


def _connected(network: Network, branch_rows: Mapping[str, np.ndarray], slack: np.ndarray) -> np.ndarray:
    """Return which nodes the branches of `branch_rows` still connect to a slack, (N,) bool."""
    rows = np.concatenate([of_table.ravel() for of_table in branch_rows.values()])
    rows = rows[rows >= 0]
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
    changes["branch_ends"] = {t: living(ends) for t, ends in network.branch_ends.items()}
    for name in ("shunt_node", "slack_by"):
        changes[name] = {table: living(nodes) for table, nodes in changes[name].items()}
    for name in ("injectors", "regulators"):
        changes[name] = {table: replace(e, node=living(e.node)) for table, e in changes[name].items()}
    changes["node_of_bus"] = living(network.node_of_bus)
    return both_ends_or_none(changes)


def _rows_cleared(matrix: csr_array, rows: np.ndarray) -> csr_array:
    if not rows.any():
        return matrix
    data = np.where(np.repeat(rows, np.diff(matrix.indptr)), 0.0, matrix.data)
    result = csr_array((data, matrix.indices.copy(), matrix.indptr.copy()), shape=matrix.shape)
    result.eliminate_zeros()
    return result
