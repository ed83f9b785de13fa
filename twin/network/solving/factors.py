"""A network with its factors: order of elimination, and the factors at its voltages without power."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, Self

import numpy as np
from scipy.sparse import csc_array, csr_array
from scipy.sparse.linalg import splu

from twin.network.network import Network
from twin.network.solving.blocks import ACTIVE, SIGN, Equations, Work, factorise, jacobian, network_currents
from twin.network.solving.bystanders import Bystanders, Entries
from twin.network.solving.iterations import NOT_SOLVED, Rules
from twin.network.solving.rows import Devices, Found, Given, Plan, Recovery, solve_anew


class Numbers(NamedTuple):
    """What one network puts into an elimination's pattern.

    Admittances (Y,) and shares (X,) of the neighbours in bystanders' voltages; of the linear flow of active power the
    matrix (L,) between the nodes that are kept, and what is fed in (N,) beside the power of a row.
    """

    admittances: np.ndarray
    shares: np.ndarray
    dc: np.ndarray
    dc_infeed: np.ndarray


@dataclass(frozen=True)
class Elimination:
    """Places F of the nodes that are not a slack, in the order of elimination; the slacks' follow, then bystanders'.

    Attributes
    ----------
    bystanders : Bystanders
        Nodes that no iteration meets.
    node : numpy.ndarray, (N,) int
        Node at each place.
    free : int
        Number of places F before the slacks.
    y_start, y_column : numpy.ndarray, (F + 1,) and (Y,) int
        Rows of the admittance matrix in places.
    y_slot : numpy.ndarray, (Y,) int
        Where each of them adds to the factors; -1 for a slack's column.
    start, diagonal, column : numpy.ndarray, (F + 1,), (F,) and (B,) int
        Rows of the factors in blocks of 2 x 2: lower part, diagonal, upper part.
    """

    bystanders: Bystanders
    node: np.ndarray
    free: int
    y_start: np.ndarray
    y_column: np.ndarray
    y_slot: np.ndarray
    start: np.ndarray
    diagonal: np.ndarray
    column: np.ndarray

    @classmethod
    def of(cls, network: Network, bystanders: Bystanders) -> Self:
        """Choose an order with little fill for the nodes that are kept."""
        row, column, size = bystanders.row, bystanders.column, len(network.alive)
        slack = np.unique(network.slack)
        others = np.setdiff1d(np.flatnonzero(bystanders.kept), slack)
        ones = np.ones(2 * len(row))
        both = np.concatenate([row, column]), np.concatenate([column, row])
        pattern = csr_array((ones, both), shape=(size, size))
        kept = np.concatenate([others[_little_fill(pattern[others][:, others])], slack])
        pattern = pattern[kept[: len(others)]][:, kept]
        pattern.setdiag(1.0)
        pattern.sort_indices()
        rows = np.repeat(np.arange(len(others)), np.diff(pattern.indptr))
        start, diagonal, column = _factor_rows(pattern.indptr, pattern.indices, len(others))
        key = np.repeat(np.arange(len(others)), np.diff(start)) * size + column
        slot = np.searchsorted(key, rows * size + pattern.indices)
        slot = np.where(pattern.indices < len(others), slot, -1)
        y_start, y_column = pattern.indptr.astype(np.int64), pattern.indices.astype(np.int64)
        node = np.concatenate([kept, bystanders.turns.node[::-1]])
        return cls(bystanders, node, len(others), y_start, y_column, slot, start, diagonal, column)

    @cached_property
    def place(self) -> np.ndarray:
        """(N,) int, of each node."""
        place = np.empty(len(self.node), dtype=np.int64)
        place[self.node] = np.arange(len(self.node))
        return place

    @cached_property
    def of_free(self) -> np.ndarray:
        """Which entries (L,) between kept nodes stand in the row of one that is not a slack, bool."""
        result: np.ndarray = self.place[self.bystanders.row] < self.free
        return result

    @cached_property
    def y_at(self) -> np.ndarray:
        """Where each of these entries stands among the admittances (Y,)."""
        return self._find(self.y_start, self.y_column, self.of_free)

    @cached_property
    def between_free(self) -> np.ndarray:
        """Which entries (L,) stand between two nodes that are no slack, bool."""
        result: np.ndarray = self.of_free & (self.place[self.bystanders.column] < self.free)
        return result

    @cached_property
    def block_at(self) -> np.ndarray:
        """Where each of these entries stands among the blocks of the factors (B,)."""
        return self._find(self.start, self.column, self.between_free)

    def _find(self, start: np.ndarray, column: np.ndarray, chosen: np.ndarray) -> np.ndarray:
        size = len(self.node)
        key = np.repeat(np.arange(self.free), np.diff(start)) * size + column
        order = np.argsort(key)
        wanted = self.place[self.bystanders.row[chosen]] * size + self.place[self.bystanders.column[chosen]]
        found: np.ndarray = order[np.searchsorted(key, wanted, sorter=order)]
        return found

    def numbers(self, network: Network) -> Numbers | None:
        """Return what `network` puts into this pattern, None if it has entries besides, or a bystander must stay."""
        reduced, linear = _reduced(network, self.bystanders), _linear_flow(network, self.bystanders)
        if reduced is None or linear is None:
            return None
        value, shares = reduced
        admittances = np.zeros(len(self.y_column), dtype=complex)
        admittances[self.y_at] = value[self.of_free]
        return Numbers(admittances, shares, *linear)


def _reduced(network: Network, bystanders: Bystanders) -> tuple[np.ndarray, np.ndarray] | None:
    """Return the admittances between the nodes that are kept, and the shares in the voltages of the others."""
    y = network.y_bus.tocoo()
    row, column = y.coords
    found = bystanders.eliminate(Entries(row, column, y.data), network.alive, np.zeros(len(network.alive)))
    return None if found is None else (found[0], found[2])


def _linear_flow(network: Network, bystanders: Bystanders) -> tuple[np.ndarray, np.ndarray] | None:
    """Return ``B angle = P`` between the nodes that are kept, with the constant part of P."""
    live = np.diff(network.y_from.indptr) > 0
    b, f, t = np.where(live, network.dc_susceptance_pu, 0.0), network.branch_from, network.branch_to
    shift = b * network.shift_radian
    p = np.zeros(len(network.alive))
    np.add.at(p, f, shift)
    np.subtract.at(p, t, shift)
    for table, nodes in network.shunt_node.items():
        at = nodes >= 0
        np.subtract.at(p, nodes[at], network.shunt_pu[table][at].real)
    rows, columns = np.concatenate([f, t, f, t]), np.concatenate([f, t, t, f])
    found = bystanders.eliminate(Entries(rows, columns, np.concatenate([b, b, -b, -b])), network.alive, p)
    return None if found is None else (found[0].real, found[1].real)


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


ROUNDING = 8.0 * np.finfo(float).eps
"""Of a node's current, as a share of the sum of its admittances: a mismatch below it cannot be told from zero."""
MOST_ROUNDING_PU = 1e-6
"""A mismatch above it is no rounding of a grid: a coupler of 1 mOhm at 380 kV leaves a two-hundredth of it."""
NOTHING = np.zeros((0, 0))


@dataclass(frozen=True)
class Prepared:
    """What the compiled iterations need.

    Attributes
    ----------
    elimination : Elimination
    equations : Equations
    devices : Devices
    plan : Plan
    """

    elimination: Elimination
    equations: Equations
    devices: Devices
    plan: Plan


def prepare(
    network: Network, elimination: Elimination, numbers: Numbers, rules: Rules, intact: Prepared | None
) -> Prepared:
    """Return the equations of `network` with the factors at its voltages without power.

    Neither depends on what the net's elements draw or feed in: no answer does. After an outage where devices hold
    voltages the factors are those at the voltages of the `intact` network, which need not be a solution.
    """
    free, controls, node, place = elimination.free, network.controlled, elimination.node, elimination.place
    admittances = numbers.admittances
    device = np.full(free, -1)
    live = (place[controls.node] < free) & network.alive[controls.node]
    device[place[controls.node][live]] = np.flatnonzero(live)
    rounding_pu = ROUNDING * np.add.reduceat(np.abs(np.r_[admittances, 0.0]), elimination.y_start[:-1])[:free]
    allowed_pu = np.maximum(rules.mismatch_pu, np.minimum(rounding_pu, MOST_ROUNDING_PU))
    equations = Equations(
        elimination.y_start, elimination.y_column, elimination.y_slot, admittances.real.copy(),
        admittances.imag.copy(), elimination.start, elimination.diagonal, elimination.column,
        network.alive[node[:free]], device, controls.vm_set_pu, controls.slope_pu, 1.0 / allowed_pu**2,
    )  # fmt: skip
    limited = bool(np.isfinite(controls.low_pu[live]).any() or np.isfinite(controls.high_pu[live]).any())
    devices = Devices(place[controls.node], controls.is_susceptance, controls.low_pu, controls.high_pu, limited)
    plan = _plan(network, elimination, numbers, equations, devices, rules, intact)
    return Prepared(elimination, equations, devices, plan)


def _plan(
    network: Network,
    elimination: Elimination,
    numbers: Numbers,
    equations: Equations,
    devices: Devices,
    rules: Rules,
    intact: Prepared | None,
) -> Plan:
    node, free = elimination.node, elimination.free
    start = network.start.copy()
    start[network.controlled.node] = network.controlled.vm_set_pu
    dc, dc_infeed = _dc_factors(network, elimination, numbers, equations)
    plan = Plan(
        shared=np.zeros(0), base=parts(start[node[:free]]), linear=not (equations.device >= 0).any(), dc=dc,
        dc_infeed=dc_infeed, start_vm=np.abs(start[node[:free]]), sign=1.0,
        slack=parts(network.slack_v[np.argsort(network.slack)]), node=node,
        recovery=_recovery(network, elimination, numbers.shares),
    )  # fmt: skip
    if intact is not None and not plan.linear:
        plan = plan._replace(base=intact.plan.base)
    else:
        plan = plan._replace(base=_without_power(equations, plan, devices, rules))
    shared, sign = _factors(equations, plan, len(devices.place))
    return plan._replace(shared=shared, sign=sign)


def _recovery(network: Network, elimination: Elimination, shares: np.ndarray) -> Recovery:
    """Return how bystanders' voltages follow, last eliminated first; what is not alive has no part in others'."""
    turns, place, alive = elimination.bystanders.turns, elimination.place, network.alive
    count = len(turns.node)
    turn = np.repeat(np.arange(count), np.diff(turns.start))
    counts = np.flatnonzero(alive[turns.neighbour] | ~alive[turns.node[turn]])
    counts = counts[np.argsort(-turn[counts], kind="stable")]
    y = network.y_bus.tocoo()
    backwards = np.full(len(alive), -1)
    backwards[turns.node] = np.arange(count)[::-1]
    mine = np.flatnonzero((backwards[y.coords[0]] >= 0) & alive[y.coords[0]] & alive[y.coords[1]])
    mine = mine[np.argsort(backwards[y.coords[0][mine]], kind="stable")]

    def starts(of: np.ndarray) -> np.ndarray:
        return np.concatenate([[0], np.cumsum(np.bincount(of, minlength=count))])

    return Recovery(
        starts(backwards[turns.node[turn[counts]]]), place[turns.neighbour[counts]], shares.real[counts],
        shares.imag[counts], starts(backwards[y.coords[0][mine]]), place[y.coords[1][mine]], y.data.real[mine],
        y.data.imag[mine],
    )  # fmt: skip


def _without_power(equations: Equations, plan: Plan, devices: Devices, rules: Rules) -> np.ndarray:
    """Return the voltages without power (2 F,), those of `plan.base` where there is no such solution."""
    node, free = plan.node, len(equations.alive)
    found = Found.empty(1, len(node), len(devices.place))
    solve_anew(equations, plan, devices, rules, Given(np.zeros((1, 2 * len(node))), NOTHING, NOTHING, NOTHING), found)
    if found.steps[0] == NOT_SOLVED:
        return plan.base
    v = found.v[0].view(complex)[node[:free]]
    return np.where(np.repeat(np.isfinite(v), 2), parts(v), plan.base)


def _one(equations: Equations, v: np.ndarray, devices: int) -> Work:
    """Return the arrays of one operating point without power at voltages `v` (2 N,)."""
    free = len(equations.alive)
    return Work(
        v, np.zeros(6 * free), np.zeros(free), np.ones(devices), np.empty(2 * free), np.empty(2 * free),
        np.zeros(4 * len(equations.column)), np.zeros(3), np.zeros(8), np.zeros(free, dtype=np.int64),
        np.zeros(1, dtype=np.int64), np.zeros(1),
    )  # fmt: skip


def _factors(equations: Equations, plan: Plan, devices: int) -> tuple[np.ndarray, float]:
    """Return the factors (4 B,) of the Jacobian at the base and the sign of its determinant."""
    work = _one(equations, np.concatenate([plan.base, plan.slack]), devices)
    work.lane[ACTIVE] = 1.0
    network_currents(equations, work)
    jacobian(equations, work)
    factorise(equations, work)
    return work.a, float(work.lane[SIGN])


def _dc_factors(
    network: Network, elimination: Elimination, numbers: Numbers, equations: Equations
) -> tuple[np.ndarray, np.ndarray]:
    """Return the factors of ``B angle = P`` (with ones in place of the other equation) and the constant part of P."""
    size, p = len(elimination.node), numbers.dc_infeed.copy()
    angle = np.zeros(size)
    angle[network.slack] = np.angle(network.slack_v)
    to_slack = elimination.of_free & ~elimination.between_free
    bystanders = elimination.bystanders
    np.subtract.at(p, bystanders.row[to_slack], numbers.dc[to_slack] * angle[bystanders.column[to_slack]])
    work = _one(equations, np.zeros(2 * size), 0)
    work.a[4 * elimination.block_at] = numbers.dc[elimination.between_free]
    work.a[4 * elimination.diagonal + 3] = 1.0
    work.a[4 * elimination.diagonal[~equations.alive]] = 1.0
    factorise(equations, work)
    return work.a, p[elimination.node[: elimination.free]]


def parts(values: np.ndarray) -> np.ndarray:
    """Return complex numbers as real and imaginary part in turn along the last axis."""
    return np.ascontiguousarray(values, dtype=complex).view(float)
