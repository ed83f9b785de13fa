"""Nodes at which nothing feeds in or is drawn: eliminated once for each network, recovered from the other voltages.

Without a current of its own a node's equation is linear, ``Y V = 0``, and goes into those of its neighbours (Kron
reduction). No iteration meets it again. A row that has power there all the same is solved with every node.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
from numba import njit

from twin.network.network import Network

MOST_NEIGHBOURS = 3
"""With more of them an elimination leaves more admittances than it takes away."""
LARGEST_RATIO = 1e3
"""Between the admittances to a node's neighbours: beyond it, digits of the small ones are lost in the large ones."""
SMALLEST_PIVOT = 1e-2
"""Share of its largest admittance that a node's own entry must have: near resonance a node is not eliminated."""


class Entries(NamedTuple):
    """Entries of a matrix between nodes; several at the same place add up."""

    row: np.ndarray
    column: np.ndarray
    value: np.ndarray


class Turns(NamedTuple):
    """Nodes P in the order of elimination, their neighbours then, and where the entries stand.

    Neighbours X of each node are at ``start[p]`` to ``start[p + 1]``; `own` (P,) is the place of the node's own entry,
    `in_row` and `in_column` (X,) those beside it, `pair` (Z,) those between any two of its neighbours.
    """

    node: np.ndarray
    start: np.ndarray
    neighbour: np.ndarray
    own: np.ndarray
    in_row: np.ndarray
    in_column: np.ndarray
    pair: np.ndarray


@dataclass(frozen=True)
class Bystanders:
    """The nodes of a network that are eliminated, and the pattern of what that does to a matrix.

    Attributes
    ----------
    kept : numpy.ndarray, (N,) bool
        The nodes that are not.
    row, column : numpy.ndarray, (L,) int
        Nodes of the places between those that are kept.
    slot : numpy.ndarray, (L,) int
        Where these are in `key`.
    key : numpy.ndarray, (S,) int
        Places of the matrix, with those that are filled: row times the number of nodes, plus column; ascending.
    turns : Turns
    """

    kept: np.ndarray
    row: np.ndarray
    column: np.ndarray
    slot: np.ndarray
    key: np.ndarray
    turns: Turns

    @classmethod
    def none(cls, network: Network) -> Self:
        """Return it where no node is eliminated."""
        return cls._eliminating(network, np.zeros(0, dtype=np.int64))

    @classmethod
    def of(cls, network: Network) -> Self:
        """Find the nodes with few neighbours and without injector, held voltage or slack."""
        busy = ~network.alive
        busy[network.slack] = busy[network.controlled.node] = True
        for table in network.injectors.values():
            busy[table.node[table.node >= 0]] = True
        y = network.y_bus.tocoo()
        between = (y.coords[0] != y.coords[1]) & (y.data != 0.0)
        row, size = y.coords[0][between], abs(y.data[between])
        largest, smallest = np.zeros(len(busy)), np.full(len(busy), np.inf)
        np.maximum.at(largest, row, size)
        np.minimum.at(smallest, row, size)
        return cls._eliminating(network, np.flatnonzero(~busy & (largest <= LARGEST_RATIO * smallest)))

    @classmethod
    def _eliminating(cls, network: Network, candidates: np.ndarray) -> Self:
        size, y = len(network.alive), network.y_bus.tocoo()
        near: list[set[int]] = [{i} for i in range(size)]
        for i, j in zip(*(c[y.data != 0.0].tolist() for c in y.coords), strict=True):
            near[i].add(j)
            near[j].add(i)
        pattern = {i * size + j for i, of_node in enumerate(near) for j in of_node}
        order, neighbours = _few_neighbours(near, candidates.tolist())
        pairs = [i * size + j for of_node in neighbours for i in of_node for j in of_node]
        key = np.array(sorted(pattern.union(pairs)), dtype=np.int64)
        node = np.array(order, dtype=np.int64)
        neighbour = np.array([j for of_node in neighbours for j in of_node], dtype=np.int64)
        count = np.array([len(of_node) for of_node in neighbours], dtype=np.int64)
        turn = np.repeat(node, count)
        wanted = node * (size + 1), turn * size + neighbour, neighbour * size + turn, np.array(pairs, dtype=np.int64)
        kept = np.ones(size, dtype=bool)
        kept[node] = False
        row, column = np.divmod(key, size)
        slot = np.flatnonzero(kept[row] & kept[column])
        start = np.concatenate([[0], np.cumsum(count)])
        turns = Turns(node, start, neighbour, *(np.searchsorted(key, w) for w in wanted))
        return cls(kept, row[slot], column[slot], slot, key, turns)

    def eliminate(
        self, matrix: Entries, alive: np.ndarray, right: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
        """Eliminate the nodes from equations ``matrix @ v = right``.

        Parameters
        ----------
        matrix : Entries
        alive : numpy.ndarray, (N,) bool
            A node that is not alive is left out.
        right : numpy.ndarray, (N,) complex

        Returns
        -------
        value : numpy.ndarray, (L,) complex
            Of the matrix between the nodes that are kept.
        right : numpy.ndarray, (N,) complex
        shares : numpy.ndarray, (X,) complex
            What each neighbour's voltage adds to that of the node; not a number where that is not alive.
        None
            Where the matrix has entries besides the pattern, or a node's own one is too small.
        """
        size, there = len(alive), matrix.value != 0.0
        wanted = (matrix.row * size + matrix.column)[there]
        at = np.minimum(np.searchsorted(self.key, wanted), len(self.key) - 1)
        if (self.key[at] != wanted).any():
            return None
        values = np.zeros(len(self.key), dtype=complex)
        np.add.at(values, at, matrix.value[there])
        right, shares = right.astype(complex), np.full(len(self.turns.neighbour), np.nan, dtype=complex)
        if not _eliminate(self.turns, alive, values, right, shares):
            return None
        return values[self.slot], right, shares


def _few_neighbours(near: list[set[int]], candidates: list[int]) -> tuple[list[int], list[list[int]]]:
    """Return the candidates that are eliminated, in order, and each one's neighbours when its turn comes."""
    order: list[int] = []
    neighbours: list[list[int]] = []
    while True:
        waiting = []
        for node in candidates:
            others = near[node] - {node}
            if not 0 < len(others) <= MOST_NEIGHBOURS:
                waiting.append(node)
                continue
            for other in others:
                near[other] |= others
                near[other].discard(node)
            order.append(node)
            neighbours.append(sorted(others))
        if len(waiting) == len(candidates):
            return order, neighbours
        candidates = waiting


@njit(cache=True, nogil=True, error_model="numpy")
def _eliminate(turns: Turns, alive: np.ndarray, values: np.ndarray, right: np.ndarray, shares: np.ndarray) -> bool:
    """Change `values`, `right` and `shares` in place; tell whether every node's own entry is large enough."""
    pair = 0
    for turn in range(len(turns.node)):
        first, end = turns.start[turn], turns.start[turn + 1]
        count, own = end - first, values[turns.own[turn]]
        largest = 0.0
        for x in range(first, end):
            largest = max(largest, abs(values[turns.in_row[x]]))
        if not alive[turns.node[turn]]:
            pair += count * count
            continue
        if not abs(own) > SMALLEST_PIVOT * largest:
            return False
        for x in range(first, end):
            shares[x] = -values[turns.in_row[x]] / own
        for x in range(first, end):
            factor = values[turns.in_column[x]]
            right[turns.neighbour[x]] -= factor * right[turns.node[turn]] / own
            for z in range(first, end):
                values[turns.pair[pair]] += factor * shares[z]
                pair += 1
    return True


@njit(cache=True, nogil=True, error_model="numpy")
def has_power(nodes: np.ndarray, rows: np.ndarray, constant: np.ndarray, current: np.ndarray, impedance: np.ndarray,
              found: np.ndarray) -> None:  # fmt: skip
    """Tell in `found` (R,) of each row whether there is power, or what is no number, at one of the nodes."""
    for at in range(len(rows)):
        found[at] = False
        for node in nodes:
            for k in range(2 * node, 2 * node + 2):
                total = abs(constant[rows[at], k])
                if len(current):
                    total += abs(current[rows[at], k])
                if len(impedance):
                    total += abs(impedance[rows[at], k])
                found[at] |= total != 0.0
