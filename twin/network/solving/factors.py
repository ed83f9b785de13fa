"""A network with its factors: order of elimination, and the factors at its voltages without power."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.sparse import csc_array, csr_array
from scipy.sparse.linalg import splu

from twin.network.network import Network
from twin.network.solving.blocks import ACTIVE, SIGN, Equations, Work, factorise, jacobian, network_currents
from twin.network.solving.iterations import NOT_SOLVED, Rules
from twin.network.solving.rows import Devices, Found, Given, Plan, solve_anew


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


ROUNDING = 8.0 * np.finfo(float).eps
MOST_ROUNDING_PU = 1e-6
"""A mismatch above it is no rounding of a grid: a coupler of 1 mOhm at 380 kV leaves a two-hundredth of it."""
"""Of a node's current, as a share of the sum of its admittances: a mismatch below it cannot be told from zero."""
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
    network: Network, elimination: Elimination, admittances: np.ndarray, rules: Rules, intact: Prepared | None
) -> Prepared:
    """Return the equations of `network` with the factors at its voltages without power.

    Neither depends on what the net's elements draw or feed in: no answer does. After an outage where devices hold
    voltages the factors are those at the voltages of the `intact` network, which need not be a solution.
    """
    free, controls, node = elimination.free, network.controlled, elimination.node
    place = np.empty(len(node), dtype=np.int64)
    place[node] = np.arange(len(node))
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
    return Prepared(elimination, equations, devices, _plan(network, elimination, equations, devices, rules, intact))


def _plan(
    network: Network,
    elimination: Elimination,
    equations: Equations,
    devices: Devices,
    rules: Rules,
    intact: Prepared | None,
) -> Plan:
    node, free = elimination.node, elimination.free
    start = network.start.copy()
    start[network.controlled.node] = network.controlled.vm_set_pu
    dc, dc_infeed = _linear_flow(network, elimination, equations)
    plan = Plan(
        shared=np.zeros(0), base=parts(start[node[:free]]), linear=not (equations.device >= 0).any(), dc=dc,
        dc_infeed=dc_infeed, start_vm=np.abs(start[node[:free]]), sign=1.0,
        slack=parts(network.slack_v[np.argsort(network.slack)]), node=node,
    )  # fmt: skip
    if intact is not None and not plan.linear:
        plan = plan._replace(base=intact.plan.base)
    else:
        plan = plan._replace(base=_without_power(equations, plan, devices, rules))
    shared, sign = _factors(equations, plan, len(devices.place))
    return plan._replace(shared=shared, sign=sign)


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


def _linear_flow(network: Network, elimination: Elimination, equations: Equations) -> tuple[np.ndarray, np.ndarray]:
    """Return the factors of ``B angle = P`` (with ones in place of the other equation) and the constant part of P."""
    free, node = elimination.free, elimination.node
    place = np.empty(len(node), dtype=np.int64)
    place[node] = np.arange(len(node))
    live = np.diff(network.y_from.indptr) > 0
    b = np.where(live, network.dc_susceptance_pu, 0.0)
    f, t = place[network.branch_from], place[network.branch_to]
    size = len(node)
    matrix = csr_array(
        (np.concatenate([b, b, -b, -b]), (np.concatenate([f, t, f, t]), np.concatenate([f, t, t, f]))),
        shape=(size, size),
    )
    shift = b * network.shift_radian
    p = np.zeros(size)
    np.add.at(p, f, shift)
    np.subtract.at(p, t, shift)
    for table, nodes in network.shunt_node.items():
        at = nodes >= 0
        np.subtract.at(p, place[nodes[at]], network.shunt_pu[table][at].real)
    angle = np.angle(network.slack_v[np.argsort(network.slack)])
    p[:free] -= matrix[:free, free:] @ angle
    work = _one(equations, np.zeros(2 * size), 0)
    entries = matrix[:free, :free].tocoo()
    key = np.repeat(np.arange(free), np.diff(elimination.start)) * size + elimination.column
    at = np.searchsorted(key, entries.coords[0] * size + entries.coords[1])
    np.add.at(work.a, 4 * at, entries.data)
    work.a[4 * elimination.diagonal + 3] = 1.0
    work.a[4 * elimination.diagonal[~equations.alive]] = 1.0
    factorise(equations, work)
    return work.a, p[:free]


def parts(values: np.ndarray) -> np.ndarray:
    """Return complex numbers as real and imaginary part in turn along the last axis."""
    return np.ascontiguousarray(values, dtype=complex).view(float)
