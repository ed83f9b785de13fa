"""A network with its factors: order of elimination, and the factorisation for one set of held voltages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.sparse import csc_array, csr_array
from scipy.sparse.linalg import splu

from twin.network.network import Network
from twin.network.node_power import NodePower
from twin.network.solving.blocks import Equations, factorise, jacobian, network_currents
from twin.network.solving.iterations import Rules
from twin.network.solving.lanes import LANES
from twin.network.solving.rows import Found, Given, Plan, solve_rows


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


NOTHING, NO_VALUES = np.zeros((0, 0)), np.zeros(0)


@dataclass(frozen=True)
class Point:
    """Where a tier starts.

    Attributes
    ----------
    v : numpy.ndarray, (1, N) complex
    factors : numpy.ndarray, (4 B,), optional
        Factors of the Jacobian there, for all rows; each row has its own (Newton) without them.
    without_power : bool
        Whether nothing is fed in or drawn there: what the fixed point needs.
    """

    v: np.ndarray
    factors: np.ndarray | None
    without_power: bool


@dataclass(frozen=True)
class Prepared:
    """What the compiled iterations need.

    Attributes
    ----------
    network : Network
    elimination : Elimination
    equations : Equations
    controlled : numpy.ndarray, (C,) int
        Place of each controlled node.
    at_limit_q : numpy.ndarray, (F,)
        Reactive infeed of devices that keep it at their limit, pu.
    """

    network: Network
    elimination: Elimination
    equations: Equations
    controlled: np.ndarray
    at_limit_q: np.ndarray

    def solve(
        self, point: Point, rules: Rules, rows: np.ndarray, power: NodePower, start: np.ndarray | None, found: Found
    ) -> None:
        """Solve the rows `rows` in place of what `found` holds for them, from `start` or the point's voltages."""
        free = self.elimination.free
        given = Given(
            parts(power.constant),
            NOTHING if power.current is None else parts(power.current),
            NOTHING if power.impedance is None else parts(power.impedance),
            self.at_limit_q,
            NOTHING if start is None else parts(start),
            parts(point.v[0]),
            parts(self.network.slack_v[np.argsort(self.network.slack)]),
        )
        no_load = parts(point.v[0, self.elimination.node[:free]]) if point.without_power else NO_VALUES
        own = point.factors is None
        shared = NO_VALUES if point.factors is None else point.factors
        plan = Plan(shared, no_load, own, rules, self.elimination.node, self.controlled)
        solve_rows(self.equations, plan, rows, given, found)

    def factors(self, v: np.ndarray, power: NodePower) -> np.ndarray:
        """Return the factors (4 B,) of the Jacobian at voltages `v` (N,) and the one row of `power`."""
        node, free = self.elimination.node, self.elimination.free
        lanes_v = np.repeat(parts(v[node])[:, None], LANES, axis=1)
        lanes_s = np.zeros((6 * free, LANES))
        for k, part in enumerate((power.constant, power.current, power.impedance)):
            if part is not None:
                lanes_s[2 * k * free : 2 * (k + 1) * free] = parts(part[0, node[:free]])[:, None]
        i = np.empty((2 * free, LANES))
        network_currents(self.equations, lanes_v, i)
        a = np.empty((4 * len(self.elimination.column), LANES))
        jacobian(self.equations, lanes_v, i, lanes_s, a)
        factorise(self.equations, a)
        return a[:, 0].copy()


def prepare(network: Network, elimination: Elimination, admittances: np.ndarray, at_limit: np.ndarray) -> Prepared:
    """Return the equations of `network`, whose controlled nodes are held (0), at the lower (-1) or upper limit (1)."""
    free, controls = elimination.free, network.controlled
    place = np.empty(len(elimination.node), dtype=np.int64)
    place[elimination.node] = np.arange(len(place))
    controlled = place[controls.node]
    limit = np.where(at_limit > 0, controls.high_pu, np.where(at_limit < 0, controls.low_pu, 0.0))
    y = admittances.copy()
    at_limit_q = np.zeros(free)
    np.add.at(at_limit_q, controlled, np.where(controls.is_susceptance, 0.0, limit))
    held, set_vm, slope = np.zeros(free, dtype=bool), np.ones(free), np.zeros(free)
    held[controlled], set_vm[controlled], slope[controlled] = at_limit == 0, controls.vm_set_pu, controls.slope_pu
    for k in np.flatnonzero(controls.is_susceptance & (at_limit != 0)):
        y[elimination.own_admittance[controlled[k]]] += 1j * limit[k]
    equations = Equations(
        elimination.y_start, elimination.y_column, elimination.y_slot, y.real.copy(), y.imag.copy(),
        elimination.start, elimination.diagonal, elimination.column,
        network.alive[elimination.node[:free]], held, set_vm, slope,
    )  # fmt: skip
    return Prepared(network, elimination, equations, controlled, at_limit_q)


def parts(values: np.ndarray) -> np.ndarray:
    """Return complex numbers as real and imaginary part in turn along the last axis."""
    return np.ascontiguousarray(values, dtype=complex).view(float)
