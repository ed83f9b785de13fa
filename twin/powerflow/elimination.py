"""Order of elimination and the pattern of the factors: once per network, shared by its outages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.sparse import csc_array, csr_array
from scipy.sparse.linalg import splu

from twin.powerflow.network import Network


@dataclass(frozen=True)
class Elimination:
    """Places F of the nodes that are not a slack, in the order of elimination; the slacks' places follow.

    Attributes
    ----------
    node : numpy.ndarray, (N,) int
        Node at each place.
    free : int
        Number of places F before the slacks.
    y_start, y_column : numpy.ndarray, (F + 1,) and (Y,) int
        Rows of the admittance matrix in places.
    y_slot : numpy.ndarray, (Y,) int
        Where each of them adds to the factors; -1 for a slack's column.
    own_admittance : numpy.ndarray, (F,) int
        Where the diagonal of the admittance matrix is among (Y,).
    start, diagonal, column : numpy.ndarray, (F + 1,), (F,) and (B,) int
        Rows of the factors in blocks of 2 x 2: lower part, diagonal, upper part.
    """

    node: np.ndarray
    free: int
    y_start: np.ndarray
    y_column: np.ndarray
    y_slot: np.ndarray
    own_admittance: np.ndarray
    start: np.ndarray
    diagonal: np.ndarray
    column: np.ndarray

    @classmethod
    def of(cls, network: Network) -> Self:
        """Choose an order with little fill."""
        slack = np.unique(network.slack)
        others = np.setdiff1d(np.arange(len(network.alive)), slack)
        node = np.concatenate([others[_little_fill(network.y_bus[others][:, others])], slack])
        y = abs(csr_array(network.y_bus))[node][: len(others), node]
        pattern = csr_array(y + abs(csr_array(network.y_bus.T))[node][: len(others), node])
        pattern.setdiag(1.0)
        pattern.sort_indices()
        rows = np.repeat(np.arange(len(others)), np.diff(pattern.indptr))
        start, diagonal, column = _factor_rows(pattern.indptr, pattern.indices, len(others))
        key = np.repeat(np.arange(len(others)), np.diff(start)) * len(node) + column
        slot = np.searchsorted(key, rows * len(node) + pattern.indices)
        slot = np.where(pattern.indices < len(others), slot, -1)
        y_start, y_column = pattern.indptr.astype(np.int64), pattern.indices.astype(np.int64)
        own = np.flatnonzero(y_column == rows)
        return cls(node, len(others), y_start, y_column, slot, own, start, diagonal, column)

    def admittances(self, network: Network) -> np.ndarray | None:
        """Return the admittances (Y,) of `network` in this pattern, None if it has others besides."""
        size = len(self.node)
        place = np.empty(size, dtype=np.int64)
        place[self.node] = np.arange(size)
        y = network.y_bus.tocoo()
        row, column = place[y.coords[0]], place[y.coords[1]]
        kept = (row < self.free) & (y.data != 0.0)
        wanted = row[kept] * size + column[kept]
        key = np.repeat(np.arange(self.free), np.diff(self.y_start)) * size + self.y_column
        at = np.minimum(np.searchsorted(key, wanted), max(len(key) - 1, 0))
        if len(wanted) and (not len(key) or (key[at] != wanted).any()):
            return None
        values = np.zeros(len(key), dtype=complex)
        np.add.at(values, at, y.data[kept])
        return values


def _little_fill(y: csr_array) -> np.ndarray:
    """Return the minimum-degree order of SuperLU."""
    size = y.shape[0]
    if size < 2:
        return np.arange(size)
    pattern = csc_array(abs(y) + abs(y.T))
    pattern.data[:] = -1.0
    pattern.setdiag(2.0 * size)
    return np.argsort(splu(pattern, permc_spec="MMD_AT_PLUS_A", options={"SymmetricMode": True}).perm_c)


def _factor_rows(indptr: np.ndarray, indices: np.ndarray, free: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the rows of the factors of a matrix with a symmetric pattern: each pivot joins its later neighbours."""
    later = [{int(j) for j in indices[indptr[i] : indptr[i + 1]] if i < j < free} for i in range(free)]
    earlier: list[list[int]] = [[] for _ in range(free)]
    for i, neighbours in enumerate(later):
        if neighbours:
            following = min(neighbours)
            later[following] |= neighbours - {following}
        for j in neighbours:
            earlier[j].append(i)
    rows = [[*earlier[i], i, *sorted(later[i])] for i in range(free)]
    start = np.cumsum([0, *map(len, rows)])
    diagonal = start[:-1] + np.array([len(e) for e in earlier], dtype=np.int64)
    return start, diagonal, np.array([j for row in rows for j in row], dtype=np.int64)
