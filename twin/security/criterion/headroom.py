"""Headroom of the link: extra infeed or demand until the survivor of a trip reaches its rating, in AC.

All rows go in step: each step of the search is one batch of power flows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit

from twin.network.variants.flow import Flow, solve
from twin.network.variants.grids import GridVariants
from twin.network.variants.loadings import in_parts, link_percent
from twin.network.variants.maps import GridArrays
from twin.security.criterion.outages import LinkOutages, outages_of_link

STEPS = 32
LAST_STEP_MW = 0.02
RATING_REACHED_PERCENT = 100.1
SCANNED = 64
NARROWINGS = 60
GOLDEN = 0.3819660112501051
EXPORT, IMPORT = 1.0, -1.0


def link_headroom(grid: GridVariants, intact: Flow, after_link: LinkOutages | None = None) -> np.ndarray:
    """Return export and import headroom in MW, (R, 2); NaN where no extra infeed keeps the rating.

    For each outage of a link circuit the extra infeed x at the headroom bus (unity power factor, taps and reactors
    frozen, the compensator acting) is moved to the root of ``max |i_end(x)| = rating``: the end currents are linear in
    the node currents, which gives the distance to the rating at constant voltages, and secant steps bring that distance
    to zero; each step is solved in AC. A survivor without a solution counts as being beyond its rating. Export is the
    root with rising loading, import the one with falling loading; negative values say that the rating is already
    exceeded in that direction. Where those steps find no root (near voltage collapse) a scan looks for it.

    Parameters
    ----------
    grid : GridVariants
    intact : Flow
        Rows R.
    after_link : LinkOutages, optional
        States after outages of the link, where they are known already.
    """
    a, node = grid.arrays, grid.nodes.headroom
    out = np.full((2, len(intact.variant)), np.inf)
    known = outages_of_link(grid, intact) if after_link is None else after_link
    for o, at_once in known.items():
        rows = np.flatnonzero(a.alive[intact.variant, o, node])
        if not len(rows):
            continue
        both = np.concatenate([rows, rows])
        search = Search(grid, intact.rows(both), o, np.repeat([EXPORT, IMPORT], len(rows)))
        root = search.by_secants(at_once.rows(both))
        lost = np.flatnonzero(np.isnan(root))
        root[lost] = search.rows(lost).by_scan()
        out[:, rows] = np.minimum(out[:, rows], root.reshape(2, -1) * grid.base_mva)
    return out.T


@dataclass(frozen=True)
class Search:
    """Extra infeed at the headroom bus after one outage, per unit along each row's direction.

    Attributes
    ----------
    grid : GridVariants
    intact : Flow
        Injections without it, and where the iteration starts.
    outage : int
        Topology.
    direction : numpy.ndarray, (R,)
        `EXPORT` searches towards more infeed, `IMPORT` towards more demand.
    """

    grid: GridVariants
    intact: Flow
    outage: int
    direction: np.ndarray

    def rows(self, pick: np.ndarray) -> Search:
        """Return the rows `pick`."""
        return Search(self.grid, self.intact.rows(pick), self.outage, self.direction[pick])

    def solved(self, x: np.ndarray, start: np.ndarray | None) -> tuple[Flow, np.ndarray]:
        """Return the states with `x` (R,), and the link's worst loading in percent (infinite without a solution)."""
        grid, intact = self.grid, self.intact
        p_pu, q_pu = intact.with_infeed(np.full(len(x), grid.nodes.headroom), self.direction * x, np.zeros(len(x)))
        topology = np.full(len(x), self.outage)
        flow = solve(grid, intact.variant, p_pu, q_pu, start, topology)
        return flow, self._percent(flow)

    def _percent(self, flow: Flow) -> np.ndarray:
        percent = link_percent(self.grid.arrays, flow.variant, self.outage, in_parts(flow.i))
        return np.where(flow.solved, percent, np.inf)

    def by_secants(self, at_once: Flow) -> np.ndarray:
        """Return the headroom (R,) by secant steps from the states without extra infeed.

        They stay between solved and overloaded or unsolved states. A state that does not solve after the outage is
        entered once from the extra infeed that balances the islands.
        NaN where the steps find nothing.
        """
        count, last = len(self.direction), LAST_STEP_MW / self.grid.base_mva
        x, x_before, root = np.zeros(count), np.zeros(count), np.full(count, np.nan)
        rest_before, inside_percent = np.full(count, np.nan), np.full(count, np.inf)
        inside, outside = np.full(count, -np.inf), np.full(count, np.inf)
        balanced, start = np.zeros(count, dtype=bool), self.intact.v.copy()
        going = np.arange(count)
        for step_number in range(STEPS):
            part = self.rows(going)
            flow, percent = part.solved(x[going], start[going]) if step_number else (at_once, self._percent(at_once))
            rest = _steps_to_rating(self.grid, flow, self.outage, part.direction)
            known, entered = ~np.isnan(rest), inside[going] > -np.inf

            lost = going[~known & entered]  # back between the last good state and this one
            outside[lost] = x[lost]
            x[lost] = 0.5 * (inside[lost] + outside[lost])
            away = going[~known & ~entered & ~balanced[going]]
            start[away], balanced[away] = np.nan, True
            x[away] = -self.direction[away] * self._balance(away)

            at, rest, percent = going[known], rest[known], percent[known]
            start[at] = flow.v[known]
            beyond, better = rest < 0.0, ~(rest < 0.0) & (x[at] > inside[at])
            outside[at[beyond]] = np.minimum(outside[at[beyond]], x[at[beyond]])
            inside[at[better]], inside_percent[at[better]] = x[at[better]], percent[better]
            falls = (rest_before[at] - rest) * (x[at] - x_before[at])
            step = np.where(falls > 0.0, rest * (x[at] - x_before[at]) / _not_zero(rest_before[at] - rest), rest)
            x_before[at], rest_before[at], x[at] = x[at], rest, x[at] + step
            reached = np.abs(step) < last
            root[at[reached]] = np.where(percent[reached] < RATING_REACHED_PERCENT, x[at[reached]], np.nan)
            left = at[~reached & np.isfinite(inside[at]) & np.isfinite(outside[at])]
            left = left[~((inside[left] < x[left]) & (x[left] < outside[left]))]
            x[left] = 0.5 * (inside[left] + outside[left])

            given_up = ~known & ~entered & ~np.isin(going, away)
            narrow = outside[going] - inside[going] < last
            narrow[known] &= ~reached
            ends = going[narrow]
            root[ends] = np.where(inside_percent[ends] < RATING_REACHED_PERCENT, inside[ends], np.nan)
            done = given_up | narrow
            done[known] |= reached
            going = going[~done]
            if not len(going):
                break
        return root

    def by_scan(self) -> np.ndarray:
        """Return the same from a scan of the extra infeed; NaN where the rating is exceeded at every infeed.

        The least loaded point of the scan is narrowed by golden section, then the rating is bisected from there
        outwards.
        """
        count, last = len(self.direction), LAST_STEP_MW / self.grid.base_mva
        if not count:
            return np.zeros(0)
        rows, a = np.arange(count), self.grid.arrays
        reach = np.abs(self._balance(rows)) + a.limit[self.intact.variant][:, a.link_end].sum(axis=1)
        x = np.linspace(-reach, reach, SCANNED, axis=1)
        percent = self.rows(np.repeat(rows, SCANNED)).solved(x.ravel(), None)[1].reshape(count, SCANNED)
        least = percent.argmin(axis=1)
        inside, lowest = x[rows, least], percent[rows, least]
        low, high = x[rows, np.maximum(least - 1, 0)], x[rows, np.minimum(least + 1, SCANNED - 1)]
        for _ in range(NARROWINGS):
            going = np.flatnonzero(np.isfinite(lowest) & (lowest > 100.0) & (high - low >= last))
            if not len(going):
                break
            width = GOLDEN * (high - low)[going]
            left, right = low[going] + width, high[going] - width
            at_left, at_right = (self.rows(going).solved(side, None)[1] for side in (left, right))
            lower = at_left <= at_right
            low[going], high[going] = np.where(lower, low[going], left), np.where(lower, right, high[going])
            inside[going] = np.where(lower, left, right)
            lowest[going] = np.where(lower, at_left, at_right)
        outside = np.full(count, np.inf)
        for s in range(SCANNED):
            ahead = (x[:, s] > inside) & np.isinf(outside)
            beyond = percent[:, s] > 100.0
            outside = np.where(ahead & beyond, x[:, s], outside)
            inside = np.where(ahead & ~beyond, x[:, s], inside)
        while True:
            going = np.flatnonzero((lowest <= 100.0) & np.isfinite(outside) & (outside - inside > 0.1 * last))
            if not len(going):
                break
            middle = 0.5 * (inside[going] + outside[going])
            keeps = self.rows(going).solved(middle, None)[1] <= 100.0
            inside[going], outside[going] = (
                np.where(keeps, middle, inside[going]), np.where(keeps, outside[going], middle)
            )  # fmt: skip
        return np.where(lowest <= 100.0, np.where(np.isfinite(outside), inside, np.inf), np.nan)

    def _balance(self, rows: np.ndarray) -> np.ndarray:
        """Return the infeed of what is alive after the outage, (R,)."""
        alive = self.grid.arrays.alive[self.intact.variant[rows], self.outage]
        total: np.ndarray = (self.intact.p_pu[rows] * alive).sum(axis=1)
        return total


def _not_zero(values: np.ndarray) -> np.ndarray:
    return np.where(values == 0.0, 1.0, values)


def _steps_to_rating(grid: GridVariants, flow: Flow, outage: int, direction: np.ndarray) -> np.ndarray:
    """Return the step of infeed at the headroom bus in pu, (R,); NaN where no step keeps the rating, or unsolved.

    Parameters
    ----------
    grid : GridVariants
    flow : Flow
        After the outage.
    outage : int
        Topology.
    direction : numpy.ndarray, (R,)
        1 towards more infeed, -1 towards more demand.
    """
    node = grid.nodes.headroom
    v = flow.v[:, grid.node_at[node]]
    return _steps_at_voltages(grid.arrays, flow.variant, outage, node, in_parts(v), in_parts(flow.i), direction)


@njit(cache=True, nogil=True)
def _steps_at_voltages(
    a: GridArrays, g: np.ndarray, o: int, node: int, v: np.ndarray, i: np.ndarray, direction: np.ndarray
) -> np.ndarray:
    """Return the smallest step over the link's ends to the far root of ``|c + x d| = rating`` with d = A / conj(V).

    Without fast math: with it, the roots' last bits differed between a run that compiles and one that loads the
    kernels.
    """
    steps = np.full(len(g), np.nan)
    for r in range(len(g)):
        square = v[r, 0] * v[r, 0] + v[r, 1] * v[r, 1]
        yr, yi = direction[r] * v[r, 0] / square, direction[r] * v[r, 1] / square
        best = np.inf
        for k in range(a.limit.shape[1]):
            if not a.link_end[k]:
                continue
            cr, ci = a.br[g[r], o, k], a.bi[g[r], o, k]
            for j in range(i.shape[2]):
                cr += a.ar[g[r], o, k, j] * i[r, 0, j] - a.ai[g[r], o, k, j] * i[r, 1, j]
                ci += a.ar[g[r], o, k, j] * i[r, 1, j] + a.ai[g[r], o, k, j] * i[r, 0, j]
            dr = a.ar[g[r], o, k, node] * yr - a.ai[g[r], o, k, node] * yi
            di = a.ar[g[r], o, k, node] * yi + a.ai[g[r], o, k, node] * yr
            slope = dr * dr + di * di
            if slope == 0.0:
                continue
            half = cr * dr + ci * di
            inside = half * half - slope * (cr * cr + ci * ci - a.limit[g[r], k] * a.limit[g[r], k])
            if not inside >= 0.0:
                best = np.nan
                break
            best = min(best, (-half + np.sqrt(inside)) / slope)
        if best < np.inf:
            steps[r] = best
    return steps
