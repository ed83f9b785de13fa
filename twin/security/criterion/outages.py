"""N-1 of the closed loop: screen outages at constant node currents, solve the ones that matter, shed by inter-trip.

All rows go in step: each outage, and each plant that is shed, is one batch of power flows.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple, Self

import numpy as np

from twin.core.row_arrays import map_arrays, put_rows, rows_of, sum_at, with_rows
from twin.network.variants.flow import Flow, solve
from twin.network.variants.grids import GridVariants
from twin.network.variants.loadings import ALL_ENDS, in_parts, percent_at_same_currents, worst_ends

SCREEN_BELOW_PERCENT = 75.0
SCREEN_ERROR_SHARE = 0.1
SCREEN_ERROR_PERCENT = 1.0
UNSOLVED_PERCENT = 1e6
MOST_PLANTS_TRIED_TOGETHER = 12


class Trips(NamedTuple):
    """What acts after an outage, per row: plants that inter-trip may shed, and what the link's survivor may carry.

    `cap_pu` 0 means no inter-trip; `link_share` is the current that circuits of the link may carry after an outage of
    one of them, over their continuous rating. `smallest_total` sheds the sufficient set of plants with the least output
    instead of the largest plants first.
    """

    p: np.ndarray  # (R, J)
    q: np.ndarray  # (R, J)
    node: np.ndarray  # (J,)
    cap_pu: np.ndarray  # (R,)
    link_share: np.ndarray  # (R,)
    smallest_total: bool = False

    def rows(self, pick: np.ndarray) -> Trips:
        """Return the rows `pick`."""
        return self._replace(p=self.p[pick], q=self.q[pick], cap_pu=self.cap_pu[pick], link_share=self.link_share[pick])


@dataclass(frozen=True)
class WorstOutages:
    """Worst outage of each row.

    `measure` is the loading over what the criterion allows (100 = at the limit), `settled` tells that the state
    after shedding binds (then cutting a plant that would be tripped does not help), `tripped` which plants go.
    """

    measure: np.ndarray  # (R,) percent
    end: np.ndarray  # (R,) monitored end, -1 without one
    outage: np.ndarray  # (R,) topology
    settled: np.ndarray  # (R,) bool
    tripped: np.ndarray  # (R, J) bool, for the worst outage
    shed_pu: np.ndarray  # (R,) largest shed of any outage
    link: np.ndarray  # (R,) worst link loading over the outages of a link circuit, before shedding, percent
    solved: np.ndarray  # (R,) outages solved in AC

    @classmethod
    def none(cls, rows: int, plants: int) -> Self:
        """Return it for no outage at all."""
        return cls(
            np.zeros(rows), np.full(rows, -1), np.zeros(rows, dtype=np.int64), np.zeros(rows, dtype=bool),
            np.zeros((rows, plants), dtype=bool), np.zeros(rows), np.zeros(rows), np.zeros(rows, dtype=np.int64),
        )  # fmt: skip


@dataclass(frozen=True)
class AfterOutage:
    """One outage a row: the state at once, and the one after shedding; axes R rows, J plants that may be shed.

    Attributes
    ----------
    at_once, settled : Flow
    topology, only_end : numpy.ndarray, (R,) int
        The outage, and the one end that counts (`ALL_ENDS` for all that are watched).
    ignored : numpy.ndarray, (R, k) bool
        Watched ends that do not count.
    at_once_percent, at_once_end, link_percent : numpy.ndarray, (R,)
        Worst loading over what is allowed, its end, and the link's; `UNSOLVED_PERCENT` and -1 without a solution.
    settled_percent, settled_end : numpy.ndarray, (R,)
        After shedding.
    tripped : numpy.ndarray, (R, J) bool
    shed_pu : numpy.ndarray, (R,)
    """

    at_once: Flow
    settled: Flow
    topology: np.ndarray
    only_end: np.ndarray
    ignored: np.ndarray
    at_once_percent: np.ndarray
    at_once_end: np.ndarray
    link_percent: np.ndarray
    settled_percent: np.ndarray
    settled_end: np.ndarray
    tripped: np.ndarray
    shed_pu: np.ndarray

    def solved_with(
        self, grid: GridVariants, p_pu: np.ndarray, q_pu: np.ndarray
    ) -> tuple[Flow, np.ndarray, np.ndarray]:
        """Return the settled state with other injections (R, n), its worst loading (infinite if unsolved) and end."""
        flow = solve(grid, self.settled.variant, p_pu, q_pu, self.settled.v, self.topology)
        percent, end, _ = _worst(grid, flow, self, np.ones(len(p_pu)))
        return flow, np.where(flow.solved, percent, np.inf), end

    def measure(self, grid: GridVariants, trips: Trips) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the loading over what the criterion allows, its end, and whether the settled state binds, (R,) each.

        With inter-trip at once the short-time rating counts, settled the continuous one; a settled state within its
        rating tells nothing about how close it is, as another plant could be tripped.
        """
        short_time = self.at_once_percent / grid.arrays.short_time_factor[self.at_once.variant]
        sheds = (trips.cap_pu > 0.0) & self.at_once.solved
        binds = sheds & (self.settled_percent > 100.0) & (self.settled_percent > short_time)
        at_once = np.where(sheds, np.maximum(short_time, np.minimum(self.settled_percent, 100.0)), self.at_once_percent)
        return (
            np.where(binds, self.settled_percent, at_once),
            np.where(binds, self.settled_end, self.at_once_end),
            binds,
        )


def _worst(
    grid: GridVariants, flow: Flow, state: AfterOutage, link_share: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return worst_ends(
        grid.arrays, flow.variant, state.topology, in_parts(flow.i), state.ignored, state.only_end, link_share
    )


def assess_outages(
    grid: GridVariants, intact: Flow, trips: Trips, ignored: np.ndarray, after_link: LinkOutages | None = None
) -> WorstOutages:
    """Assess every outage of every row.

    Outages of the link are always solved. Another one is left out when, with the node currents of the intact grid, its
    worst loading stays below `SCREEN_BELOW_PERCENT` and, with an allowance for that estimate's error, below the worst
    one found: first those of the link, then the one with the largest estimate.

    Parameters
    ----------
    grid : GridVariants
    intact : Flow
        Rows R.
    trips : Trips
    ignored : numpy.ndarray, (R, o, k) bool
        Limits that are left out.
    after_link : LinkOutages, optional
        States after outages of the link, where they are known already.
    """
    a, (rows, plants) = grid.arrays, trips.p.shape
    worst = WorstOutages.none(rows, plants)
    if not rows:
        return worst
    known = outages_of_link(grid, intact) if after_link is None else after_link
    for o, flow in known.items():
        _note_worst(grid, worst, np.arange(rows), judged(grid, flow, np.full(rows, o), trips, ignored[:, o]), trips)
    others = np.array(solved_outages(grid, always=False), dtype=np.int64)
    if not len(others):
        return worst
    guess = percent_at_same_currents(a, intact.variant, others, in_parts(intact.i), ignored)
    largest = guess * (1.0 + SCREEN_ERROR_SHARE) + SCREEN_ERROR_PERCENT
    likeliest = np.zeros_like(guess, dtype=bool)
    likeliest[np.arange(rows), guess.argmax(axis=1)] = True
    for turn in (likeliest, ~likeliest):
        row, at = np.nonzero(turn & ~((guess < SCREEN_BELOW_PERCENT) & (largest < worst.measure[:, None])))
        if not len(row):
            continue
        of_rows = trips.rows(row)
        state = after_outage(grid, intact.rows(row), others[at], of_rows, ignored[row, others[at]])
        for o in np.unique(others[at]).tolist():
            mine = np.flatnonzero(state.topology == o)
            _note_worst(grid, worst, row[mine], rows_of(state, mine), of_rows.rows(mine))
    return worst


LinkOutages = dict[int, Flow]
"""States at once after outages of a circuit of the link, by topology."""


def outages_of_link(grid: GridVariants, intact: Flow) -> LinkOutages:
    """Return the states after each outage of the link; circuits with the same data share theirs."""

    def after(o: int) -> Flow:
        return solve(grid, intact.variant, intact.p_pu, intact.q_pu, intact.v, np.full(len(intact.variant), o))

    return {o: after(o) for o in solved_outages(grid, always=True)}


def solved_outages(grid: GridVariants, *, always: bool) -> list[int]:
    """Return the outages that are always solved, or the others; none that is the same as an earlier one."""
    a = grid.arrays
    return [o for o in range(1, len(a.repeats)) if a.solve_always[o] == always and not a.repeats[o]]


def _note_worst(grid: GridVariants, worst: WorstOutages, rows: np.ndarray, state: AfterOutage, trips: Trips) -> None:
    """Note one outage of some rows; of equal ones the first stays."""
    measure, end, settled = state.measure(grid, trips)
    o = int(state.topology[0])
    worst.solved[rows] += 1
    worst.shed_pu[rows] = np.maximum(worst.shed_pu[rows], state.shed_pu)
    if grid.arrays.solve_always[o]:
        worst.link[rows] = np.maximum(worst.link[rows], state.link_percent)
    higher = measure > worst.measure[rows]
    at = rows[higher]
    worst.measure[at], worst.end[at], worst.settled[at] = measure[higher], end[higher], settled[higher]
    worst.outage[at], worst.tripped[at] = o, state.tripped[higher]


def assess_pairs(
    grid: GridVariants, intact: Flow, topology: np.ndarray, end: np.ndarray, trips: Trips, ignored: np.ndarray
) -> tuple[np.ndarray, Flow]:
    """Assess one (topology, end) pair per row; topology 0 is the intact grid.

    Returns the measure (R,) and the assessed state.
    """
    everything = trips._replace(cap_pu=np.where(topology > 0, trips.cap_pu, 0.0))
    state = after_outage(grid, intact, topology, everything, ignored[np.arange(len(topology)), topology], end)
    return state.measure(grid, everything)[0], state.settled


def after_outage(
    grid: GridVariants,
    intact: Flow,
    topology: np.ndarray,
    trips: Trips,
    ignored: np.ndarray,
    only_end: np.ndarray | None = None,
) -> AfterOutage:
    """Return the state at once after one outage a row, and the one that inter-trip leads to.

    A plant whose trip does not lower the worst loading (an overload in import direction) stays connected.

    Parameters
    ----------
    grid : GridVariants
    intact : Flow
        Injections, and where the iteration starts.
    topology : numpy.ndarray, (R,) int
    trips : Trips
    ignored : numpy.ndarray, (R, k) bool
    only_end : numpy.ndarray, (R,) int, optional
        The one end that counts.
    """
    flow = solve(grid, intact.variant, intact.p_pu, intact.q_pu, intact.v, topology)
    return judged(grid, flow, topology, trips, ignored, only_end)


def judged(
    grid: GridVariants,
    flow: Flow,
    topology: np.ndarray,
    trips: Trips,
    ignored: np.ndarray,
    only_end: np.ndarray | None = None,
) -> AfterOutage:
    """Return what `after_outage` does for states at once that are solved already."""
    rows, plants = trips.p.shape
    only_end = np.full(rows, ALL_ENDS) if only_end is None else only_end
    nothing = np.zeros(rows)
    state = AfterOutage(
        flow, flow, topology, only_end, ignored, nothing, topology, nothing, nothing, topology,
        np.zeros((rows, plants), dtype=bool), np.zeros(rows),
    )  # fmt: skip
    share = np.where(grid.arrays.solve_always[topology], trips.link_share, 1.0)
    percent, end, link = _worst(grid, flow, state, share)
    percent, link = (np.where(flow.solved, x, UNSOLVED_PERCENT) for x in (percent, link))
    end = np.where(flow.solved, end, -1)
    state = replace(
        state, at_once_percent=percent, at_once_end=end, link_percent=link, settled_percent=percent, settled_end=end
    )
    shed = np.flatnonzero(flow.solved & (trips.cap_pu > 0.0) & (percent > 100.0) & (plants > 0))
    if not len(shed):
        return state
    return with_rows(state, shed, _relieved(grid, rows_of(state, shed), trips.rows(shed)))


def _relieved(grid: GridVariants, at_once: AfterOutage, trips: Trips) -> AfterOutage:
    """Shed whole plants until the continuous rating is kept: the largest first, or the set with the least output."""
    found = _largest_first(grid, at_once, trips)
    return _smallest_total(grid, at_once, found, trips) if trips.smallest_total else found


def _largest_first(grid: GridVariants, at_once: AfterOutage, trips: Trips) -> AfterOutage:
    """Shed the largest plant that fits under the cap and lowers the loading, until the rating is kept."""
    state = map_arrays(np.copy, at_once)
    considered = ~_connected(grid, at_once, trips)
    going = np.arange(len(considered))
    while len(going):
        p_pu, fits = trips.p[going], state.shed_pu[going, None] + trips.p[going] <= trips.cap_pu[going, None]
        free = fits & ~considered[going]
        going, plant = going[free.any(axis=1)], np.where(free, p_pu, -np.inf).argmax(axis=1)[free.any(axis=1)]
        if not len(going):
            break
        considered[going, plant] = True
        part = rows_of(state, going)
        left = part.settled.with_infeed(trips.node[plant], -trips.p[going, plant], -trips.q[going, plant])
        flow, percent, end = part.solved_with(grid, *left)
        lower = percent < part.settled_percent
        kept, plant = going[lower], plant[lower]
        put_rows(state.settled, kept, flow.rows(lower))
        state.settled_percent[kept], state.settled_end[kept] = percent[lower], end[lower]
        state.tripped[kept, plant] = True
        state.shed_pu[kept] += trips.p[kept, plant]
        going = going[state.settled_percent[going] > 100.0]
    return state


def _connected(grid: GridVariants, state: AfterOutage, trips: Trips) -> np.ndarray:
    """Return (R, J) whether a plant runs and is alive after the outage."""
    alive = grid.arrays.alive[state.at_once.variant, state.topology][:, trips.node]
    result: np.ndarray = alive & (trips.p > 0.0)
    return result


def _smallest_total(grid: GridVariants, at_once: AfterOutage, found: AfterOutage, trips: Trips) -> AfterOutage:
    """Replace each set of trips by the sufficient one with the least output; of equal ones the first plants go.

    Sets are tried in the order of their output. Without a sufficient set the one `found` stays, and so it does where
    there are too many plants to try all sets.
    """
    connected = _connected(grid, at_once, trips)
    sets = [_sets_to_try(connected[r], trips.p[r], trips.cap_pu[r], found, r) for r in range(len(connected))]
    state, tried, going = found, 0, np.flatnonzero([len(of_row) > 0 for of_row in sets])
    while len(going):
        chosen = np.array([sets[r][tried] for r in going])
        part = rows_of(at_once, going)
        of_nodes = [np.where(chosen, x[going], 0.0) for x in (trips.p, trips.q)]
        left = [
            before - sum_at(x, trips.node, before.shape[1])
            for before, x in zip((part.settled.p_pu, part.settled.q_pu), of_nodes, strict=True)
        ]
        flow, percent, end = part.solved_with(grid, *left)
        enough = percent <= 100.0
        rows = going[enough]
        part = replace(
            rows_of(part, enough), settled=flow.rows(enough), settled_percent=percent[enough], settled_end=end[enough],
            tripped=chosen[enough], shed_pu=np.where(chosen, trips.p[going], 0.0).sum(axis=1)[enough],
        )  # fmt: skip
        state = with_rows(state, rows, part)
        tried += 1
        going = np.array([r for r in going[~enough] if tried < len(sets[r])], dtype=np.int64)
    return state


def _sets_to_try(connected: np.ndarray, p_pu: np.ndarray, cap_pu: float, found: AfterOutage, r: int) -> np.ndarray:
    """Return the sets of plants (S, J) with less output than the one found, if that is enough, the smallest first."""
    plants = np.flatnonzero(connected)
    if len(plants) > MOST_PLANTS_TRIED_TOGETHER:
        return np.zeros((0, len(connected)), dtype=bool)
    sets = np.zeros((1 << len(plants), len(connected)), dtype=bool)
    sets[:, plants] = np.arange(len(sets))[:, None] >> np.arange(len(plants)) & 1
    total = np.where(sets, p_pu, 0.0).sum(axis=1)
    order = np.argsort(total, kind="stable")[1:]
    most = found.shed_pu[r] if found.settled_percent[r] <= 100.0 else np.inf
    result: np.ndarray = sets[order][(total[order] <= cap_pu) & (total[order] < most)]
    return result
