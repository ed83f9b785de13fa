"""Search of the first limit violation along extra infeed: a first-order distance proposes, AC confirms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from twin.network.node_power import NodePower
from twin.security.headroom.prepared import Distance, HeadroomContingency, PreparedHeadroom, distance

TRUST_SHARE = 0.25
"""A first-order distance may be wrong by this share of itself, and by `TRUST_REACH` of the furthest infeed."""
TRUST_REACH = 0.005
CLOSE = 0.9
"""A state with a quantity beyond this share of its limit is solved whatever first order says about its direction."""
TOLERANCE_MW = 0.002
TOLERANCE_REACH = 2e-5
"""A root is exact to the smaller of `TOLERANCE_MW` and this share of the furthest infeed."""
MOST_ROUNDS = 400
AT_LIMIT = 1.0 + 1e-4
"""Loading (share of the limit) up to which a found state counts as being at the limit."""


class Outcome(IntEnum):
    """How a search of headroom ended."""

    FOUND = 0
    NOT_HEALED = 1
    BEYOND = 2
    NOT_SETTLED = 3


@dataclass(frozen=True)
class Rows:
    """Pairs R of a half-hour of the block and a bus of the case."""

    step: np.ndarray
    bus: np.ndarray

    def pick(self, which: np.ndarray) -> Rows:
        """Return some of them."""
        return Rows(self.step[which], self.bus[which])


@dataclass(frozen=True)
class FirstViolation:
    """The first limit violation of each row.

    Attributes
    ----------
    headroom_mw : numpy.ndarray, (R,)
        NaN where no reduction heals, infinite where nothing is breached within reach.
    topology : numpy.ndarray, (R,) int
        Outage that binds, 0 the intact grid, -1 where nothing does.
    item : numpy.ndarray, (R,) int
        What binds; -1 where the state has no solution beyond.
    outcome : numpy.ndarray, (R,) int
        `Outcome`.
    solved : int
        Power flows solved.
    """

    headroom_mw: np.ndarray
    topology: np.ndarray
    item: np.ndarray
    outcome: np.ndarray
    solved: int


class _Search:
    """Estimates and brackets of every row R and topology O, in MW of extra infeed."""

    def __init__(self, case: PreparedHeadroom, powers: Sequence[NodePower], rows: Rows, sign: float) -> None:
        self.case, self.powers, self.rows, self.sign = case, powers, rows, sign
        shape = (len(rows.step), len(case.contingencies))
        self.root = np.full(shape, np.inf)  # where the first limit is expected when infeed rises
        self.seen_at = np.zeros(shape)  # where that was estimated
        self.exact = np.zeros(shape, dtype=bool)
        self.inside = np.full(shape, -np.inf)  # largest infeed known to be within limits of this kind
        self.outside = np.full(shape, np.inf)  # smallest infeed known to be beyond
        self.healed_from = np.full(shape, -np.inf)  # infeed that other limits need at least
        self.item = np.full(shape, -1)
        self.healed_item = np.full(shape, -1)
        self.excess = np.full(shape, np.inf)
        self.before_x = np.full(shape, np.nan)
        self.before_rest = np.full(shape, np.nan)
        self.furthest = case.furthest_mw[rows.bus]
        self.tolerance = np.minimum(TOLERANCE_MW, TOLERANCE_REACH * self.furthest)
        self.base_v: list[np.ndarray] = []
        self.solved = 0

    def start(self) -> None:
        """Solve every topology without extra infeed, once for all buses, and estimate from there."""
        everyone = np.arange(len(self.rows.step))
        for o, (topology, power) in enumerate(zip(self.case.contingencies, self.powers, strict=True)):
            found = topology.solver.solve(power, threads=1).only_operable()
            self.solved += len(power.constant)
            self.base_v.append(found.v)
            ok = found.converged[self.rows.step]
            good, bad = everyone[ok], everyone[~ok]
            at = self.rows.pick(good)
            self._learn(good, o, np.zeros(len(good)), distance(found.v, at.step, at.bus, self.sign, topology.watched))
            self.outside[bad, o] = 0.0
            self.root[bad, o] = -0.02 * self.furthest[bad]

    def evaluate(self, r: np.ndarray, o: int, x_mw: np.ndarray) -> None:
        """Solve topology `o` of the rows `r` with `x_mw` more infeed and learn from it."""
        topology, at = self.case.contingencies[o], self.rows.pick(r)
        power = self.powers[o].rows(at.step)
        constant, start = power.constant.copy(), self._start(topology, o, at, x_mw)
        constant[np.arange(len(r)), self.case.bus_node[at.bus]] += self.sign * x_mw / self.case.base_mva
        found = topology.solver.solve(
            NodePower(constant, power.current, power.impedance), start, threads=1
        ).only_operable()
        self.solved += len(r)
        good = np.flatnonzero(found.converged)
        self._learn(
            r[good], o, x_mw[good], distance(found.v, good, at.bus[good], self.sign, topology.watched)
        )  # fmt: skip
        self._unsolved(r[~found.converged], o, x_mw[~found.converged])

    def _start(self, topology: HeadroomContingency, o: int, at: Rows, x_mw: np.ndarray) -> np.ndarray:
        moved = (self.sign * x_mw / self.case.base_mva)[:, None] * topology.slope[at.bus]
        return np.asarray(self.base_v[o][at.step] + moved)

    def _learn(self, r: np.ndarray, o: int, x: np.ndarray, far: Distance) -> None:
        base = self.case.base_mva
        rest, down = far.up * base, far.down * base
        within = rest >= 0.0
        self.inside[r, o] = np.where(within, np.maximum(self.inside[r, o], x), self.inside[r, o])
        self.outside[r, o] = np.where(within, self.outside[r, o], np.minimum(self.outside[r, o], x))
        step = self._secant(rest, x, self.before_x[r, o], self.before_rest[r, o])
        root = x + step
        low, high = self.inside[r, o], self.outside[r, o]
        bisect = (np.isfinite(low) & np.isfinite(high)) & ~((root > low) & (root < high))
        exact, closed = np.abs(step) < self.tolerance[r], high - low < self.tolerance[r]
        root = np.where(bisect & ~exact, 0.5 * (low + high), root)
        self.root[r, o], self.seen_at[r, o] = np.where(closed, low, root), x
        self.exact[r, o] = exact | closed
        self.healed_from[r, o] = x + down
        self.item[r, o], self.healed_item[r, o] = far.up_item, far.down_item
        self.excess[r, o] = far.excess
        self.before_x[r, o], self.before_rest[r, o] = x, rest

    @staticmethod
    def _secant(rest: np.ndarray, x: np.ndarray, before_x: np.ndarray, before_rest: np.ndarray) -> np.ndarray:
        with np.errstate(invalid="ignore", divide="ignore"):
            ratio = (x - before_x) / (before_rest - rest)
        trusted = np.isfinite(ratio) & (ratio > 0.3) & (ratio < 3.0)
        with np.errstate(invalid="ignore"):
            return np.where(trusted, rest * ratio, rest)

    def _unsolved(self, r: np.ndarray, o: int, x: np.ndarray) -> None:
        self.outside[r, o] = np.minimum(self.outside[r, o], x)
        low, high = self.inside[r, o], self.outside[r, o]
        bracketed = np.isfinite(low)
        further = high - np.maximum(np.abs(high), 0.02 * self.furthest[r])
        closed = high - low < self.tolerance[r]
        middle = 0.5 * (np.where(bracketed, low, 0.0) + high)
        self.root[r, o] = np.where(closed, low, np.where(bracketed, middle, further))
        self.exact[r, o] = closed
        self.seen_at[r, o], self.item[r, o] = self.root[r, o], -1
        self.before_x[r, o], self.excess[r, o] = np.nan, np.inf

    def next_topology(self, active: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return per active row the topology to solve next, -1 where none can come first any more, and where."""
        root, exact = self.root[active], self.exact[active]
        first = np.where(exact, root, np.inf).min(axis=1)
        trust = TRUST_SHARE * np.abs(root - self.seen_at[active]) + TRUST_REACH * self.furthest[active, None]
        with np.errstate(invalid="ignore"):
            earliest = np.where(np.isfinite(root), root - trust, root)
        bound = np.minimum(first, self.furthest[active])[:, None]
        may_be_first = (earliest < bound) | (self.excess[active] > CLOSE)
        open_ = ~exact & may_be_first & (self.inside[active] < bound - self.tolerance[active, None])
        open_ &= root > -np.inf
        order = np.where(open_, root, np.inf)
        pick = order.argmin(axis=1)
        pick[~open_.any(axis=1)] = -1
        return pick, np.minimum(order.min(axis=1), bound[:, 0])


def first_violation(case: PreparedHeadroom, powers: Sequence[NodePower], rows: Rows, sign: float) -> FirstViolation:
    """Return the first limit violation of each row along extra infeed (`sign` 1) or demand (-1).

    Parameters
    ----------
    case : PreparedHeadroom
    powers : sequence of NodePower, (T, N)
        Infeed of the block's half-hours in each topology.
    rows : Rows
    sign : float

    Returns
    -------
    FirstViolation

    Notes
    -----
    For every topology the search holds an estimate of the infeed at which its first limit is reached. The smallest
    estimate is solved in AC at its place, which gives a better one (secant, within brackets), until the smallest
    estimate is exact to `TOLERANCE_MW` and no other one, less an allowance for its error, lies before it.
    """
    search = _Search(case, powers, rows, sign)
    search.start()
    outcome = np.full(len(rows.step), Outcome.FOUND)
    broken_for_good = (search.healed_from > search.tolerance[:, None]).any(axis=1) | (search.root == -np.inf).any(
        axis=1
    )
    outcome[broken_for_good] = Outcome.NOT_HEALED
    active = np.flatnonzero(~broken_for_good)
    for _ in range(MOST_ROUNDS):
        pick, x = search.next_topology(active)
        lost = x < -search.furthest[active]
        outcome[active[lost]] = Outcome.NOT_HEALED
        going = (pick >= 0) & ~lost
        if not going.any():
            active = active[:0]
            break
        active, pick, x = active[going], pick[going], x[going]
        for o in np.unique(pick):
            here = pick == o
            search.evaluate(active[here], int(o), x[here])
    outcome[active] = Outcome.NOT_SETTLED
    return _result(search, outcome)


def _result(search: _Search, outcome: np.ndarray) -> FirstViolation:
    everyone = np.arange(len(outcome))
    exact = np.where(search.exact, search.root, np.inf)
    topology = exact.argmin(axis=1)
    value = exact[everyone, topology]
    outcome[(outcome == Outcome.FOUND) & ~(value < search.furthest)] = Outcome.BEYOND
    stuck = (value < 0.0) & (search.excess[everyone, topology] > AT_LIMIT) & (search.item[everyone, topology] >= 0)
    outcome[(outcome == Outcome.FOUND) & stuck] = Outcome.NOT_HEALED
    item = search.item[everyone, topology]
    _confirm_healed(search, outcome, value)
    never = outcome == Outcome.NOT_HEALED
    worst = np.where(np.isfinite(search.excess), search.excess, np.inf).argmax(axis=1)
    topology = np.where(never, worst, topology)
    item = np.where(never, search.healed_item[everyone, worst], item)
    value = np.where(outcome == Outcome.BEYOND, np.inf, np.where(outcome == Outcome.FOUND, value, np.nan))
    none = outcome == Outcome.BEYOND
    return FirstViolation(value, np.where(none, -1, topology), np.where(none, -1, item), outcome, search.solved)


def _confirm_healed(search: _Search, outcome: np.ndarray, value: np.ndarray) -> None:
    """Mark rows whose reduction breaks another limit: there is no reduction that heals all."""
    reduced = (outcome == Outcome.FOUND) & (value < 0.0)
    for o in range(len(search.case.contingencies)):
        known = np.where(np.isfinite(search.healed_from[:, o]), search.healed_from[:, o], -2.0 * search.furthest)
        trust = TRUST_SHARE * np.abs(known) + TRUST_REACH * search.furthest
        may_break = (known + trust > value) | (search.excess[:, o] > CLOSE)
        r = np.flatnonzero(reduced & (outcome == Outcome.FOUND) & may_break)
        if len(r):
            search.evaluate(r, o, value[r])
            outcome[r[~(search.excess[r, o] <= AT_LIMIT)]] = Outcome.NOT_HEALED
