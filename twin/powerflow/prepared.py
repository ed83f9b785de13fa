"""A network with its factors, for one pattern of held voltages and devices at a limit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.powerflow.block_kernels import Equations, factorise, jacobian, network_currents
from twin.powerflow.elimination import Elimination
from twin.powerflow.iteration_kernels import Rules
from twin.powerflow.lanes import LANES
from twin.powerflow.network import Network
from twin.powerflow.node_power import NodePower
from twin.powerflow.row_kernels import Found, Given, solve_rows

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
        solve_rows(
            self.equations, shared, no_load, own, rules, self.elimination.node, self.controlled, rows, given, found
        )

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
