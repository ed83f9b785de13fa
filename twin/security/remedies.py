"""Remedies for an overload in import direction in their order, and the smallest amount of each."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from pandapower import pandapowerNet

from twin.network.distributed_slack import Shares, SharingSolver, sharing
from twin.network.network import Network
from twin.network.node_power import NodePower
from twin.network.outage import without
from twin.network.solving.solver import Solver
from twin.security.assessment import power_after
from twin.security.limits import largest_kept
from twin.security.operating_points import OperatingPoints, active_mw, added, times

if TYPE_CHECKING:
    from twin.security.assessment import OutageAnalysis


@dataclass(frozen=True)
class OutageState:
    """A network after an outage and the power at its nodes, one row."""

    network: Network
    power: NodePower

    def fed(self, infeed_pu: np.ndarray) -> OutageState:
        """Return the state with more infeed (N,) at constant power."""
        return OutageState(self.network, added(self.power, NodePower(infeed_pu[None].astype(complex), None, None)))


@dataclass(frozen=True)
class Overload:
    """The overloaded branch, whose loading is to come down to its continuous rating.

    Attributes
    ----------
    branch : int
    rating_pu : numpy.ndarray, (2, E)
    start : numpy.ndarray, (1, N) complex
        Voltages from which solving starts.
    share : Shares or None
        Of what the powers leave open, where not all of it is the slack node's.
    """

    branch: int
    rating_pu: np.ndarray
    start: np.ndarray
    share: Shares | None = None

    def loading_percent(self, state: OutageState) -> float:
        """Return the loading of the branch's worse end; infinite without a solution."""
        return float(self._loadings(state)[self.branch])

    def worst_percent(self, state: OutageState) -> float:
        """Return the highest loading of any watched branch."""
        return float(self._loadings(state).max())

    def _loadings(self, state: OutageState) -> np.ndarray:
        solution = sharing(Solver(state.network), self.share).solve(state.power, self.start)
        if not solution.converged[0]:
            return np.full(self.rating_pu.shape[1], np.inf)
        v = np.where(state.network.alive, solution.v[0], 0.0)
        ends = np.abs(np.stack([state.network.y_from @ v, state.network.y_to @ v]))
        return np.asarray(100.0 * (ends / self.rating_pu).max(axis=0))


DIESEL_COLUMNS = ("bus", "p_max_mw", "p_min_mw", "start_half_hours", "available")
PROBE_SHARE = 0.1
"""Share of a remedy that is tried to see how much it helps."""
STRAIGHT_LINE_SHARE = 0.01
EXACT_PERCENT = 1e-9
"""How far below the rating the smallest amount of a remedy may end."""
RELIEF_DIGITS = 3
"""Percentage points per MW to which diesels are told apart; ties keep the table's order."""
HOURS_PER_HALF_HOUR = 0.5


def most_helpful_first(relief_percent_per_mw: np.ndarray) -> np.ndarray:
    """Return the order in which diesels are started, the most relief a MW first, (..., D) int."""
    return np.argsort(-np.round(relief_percent_per_mw, RELIEF_DIGITS), axis=-1, kind="stable")


def diesel_output_mw(share: np.ndarray, imported_mw: np.ndarray, p_max: np.ndarray, p_min: np.ndarray) -> np.ndarray:
    """Return what diesels give that are started one after another, (R, D) MW.

    None runs below its least stable output, all together give no more than the islands import.

    Parameters
    ----------
    share : numpy.ndarray, (R,)
        Of the most that they may give: 0 nothing, 1 all.
    imported_mw : numpy.ndarray, (R,)
        Without diesels.
    p_max, p_min : numpy.ndarray, (R, D)
        In the order in which they are started; 0 where not available.
    """
    imported_mw = np.maximum(imported_mw, 0.0)
    p_max = np.where(p_min.cumsum(axis=1) <= imported_mw[:, None], p_max, 0.0)
    wanted = share * np.minimum(imported_mw, p_max.sum(axis=1))
    running = (p_max > 0.0) & (p_max.cumsum(axis=1) - p_max < wanted[:, None])
    least, room = np.where(running, p_min, 0.0), np.where(running, p_max - p_min, 0.0)
    more = np.maximum(wanted - least.sum(axis=1), 0.0) / np.maximum(room.sum(axis=1), 1e-9)
    return np.asarray(least + more[:, None] * room)


@dataclass(frozen=True)
class Means:
    """Batteries, demand response and diesels that can relieve an import overload.

    Attributes
    ----------
    flexible_mw : mapping of int to float
        Bus -> MW by which batteries (discharging) and demand response can relieve it.
    diesels : pandas.DataFrame
        As ``GridModel.diesels``: ``bus p_max_mw p_min_mw start_half_hours available``.
    """

    flexible_mw: Mapping[int, float] = field(default_factory=dict)
    diesels: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(DIESEL_COLUMNS)))


@dataclass(frozen=True)
class Remedy:
    """A remedy that can be used in part.

    Attributes
    ----------
    name, unit : str
    apply : callable
        ``apply(state, share)``: the state with a share of it, 0 nothing to 1 all.
    amount : callable
        ``amount(share)`` in `unit`.
    steps : int
        Number of equal steps of the share; 0 where it is continuous.
    start_hours : float
        Time until it acts.
    """

    name: str
    unit: str
    apply: Callable[[OutageState, float], OutageState]
    amount: Callable[[float], float]
    steps: int = 0
    start_hours: float = 0.0


def reactors_off(net: pandapowerNet, first: OutageState, overload: Overload) -> Remedy:
    """Take reactors out one by one, the most helpful first; those that do not help stay."""
    absorbs_mvar = (net.shunt.q_mvar * net.shunt.step).to_numpy(float)
    candidates = [int(at) for at in np.flatnonzero((absorbs_mvar > 0.0) & (first.network.shunt_node["shunt"] >= 0))]
    now = overload.loading_percent(first)
    relief = {at: now - overload.loading_percent(_switched_off(first, [at])) for at in candidates}
    order = sorted((at for at in candidates if relief[at] > 0.0), key=lambda at: -relief[at])

    def taken(share: float) -> list[int]:
        return order[: round(share * len(order))]

    return Remedy(
        name="reactors off",
        unit="Mvar",
        apply=lambda state, share: _switched_off(state, taken(share)),
        amount=lambda share: float(absorbs_mvar[taken(share)].sum()),
        steps=len(order),
    )


def flexibility(net: pandapowerNet, first: OutageState, means: Means) -> Remedy:
    """Discharge batteries and use demand response, everywhere the same share."""
    live = {bus: mw for bus, mw in means.flexible_mw.items() if _node(net, first.network, bus) >= 0}
    infeed_pu = _infeed_pu(net, first.network, list(live), np.array(list(live.values()), dtype=float))
    return Remedy(
        name="batteries and demand response",
        unit="MW",
        apply=lambda state, share: state.fed(share * infeed_pu),
        amount=lambda share: share * float(sum(live.values())),
    )


def diesels(net: pandapowerNet, first: OutageState, overload: Overload, means: Means) -> Remedy:
    """Start diesels one after another, the most helpful first; see `diesel_output_mw`."""
    table = means.diesels
    live = np.array([_node(net, first.network, int(bus)) >= 0 for bus in table.bus], dtype=bool)
    table = table.loc[live & table.available.to_numpy(bool)]
    buses, p_max = table.bus.to_numpy(np.int64), table.p_max_mw.to_numpy(float)
    p_min = np.minimum(table.p_min_mw.to_numpy(float), p_max)
    now = overload.loading_percent(first)
    relief = np.zeros(len(buses))
    for row, bus in enumerate(buses):
        probe_mw = PROBE_SHARE * p_max[row]
        probed = first.fed(_infeed_pu(net, first.network, [int(bus)], np.array([probe_mw])))
        relief[row] = (now - overload.loading_percent(probed)) / probe_mw
    order = most_helpful_first(relief)
    p_max, p_min = p_max[None, order], p_min[None, order]
    imported = -active_mw(first.network, first.power)[:, first.network.alive].sum(axis=1)

    def output_mw(share: float) -> np.ndarray:
        output: np.ndarray = diesel_output_mw(np.array([share]), imported, p_max, p_min)[0]
        return output

    return Remedy(
        name="diesel",
        unit="MW",
        apply=lambda state, share: state.fed(_infeed_pu(net, state.network, buses[order].tolist(), output_mw(share))),
        amount=lambda share: float(output_mw(share).sum()),
        start_hours=HOURS_PER_HALF_HOUR * float(table.start_half_hours.max()) if len(table) else 0.0,
    )


def shedding(first: OutageState, steps: OperatingPoints) -> Remedy:
    """Shed demand, everywhere the same share of active and reactive power."""
    demand = steps.demand
    live_mw = -float(active_mw(first.network, demand)[0, first.network.alive].sum())
    return Remedy(
        name="load shed",
        unit="MW",
        apply=lambda state, share: OutageState(state.network, added(state.power, times(demand, -share))),
        amount=lambda share: share * live_mw,
    )


def _switched_off(state: OutageState, shunts: Sequence[int]) -> OutageState:
    return OutageState(without(state.network, [("shunt", at) for at in shunts]), state.power) if shunts else state


def _node(net: pandapowerNet, network: Network, bus: int) -> int:
    return int(network.node_of_bus[net.bus.index.get_loc(bus)])


def _infeed_pu(net: pandapowerNet, network: Network, buses: Sequence[int], mw: np.ndarray) -> np.ndarray:
    """Return the infeed (N,) of some MW at some buses that are alive."""
    infeed = np.zeros(len(network.alive))
    np.add.at(infeed, np.array([_node(net, network, bus) for bus in buses], dtype=np.int64), mw / network.base_mva)
    return infeed


class Use(NamedTuple):
    """The share of a remedy, and whether the branch is within its rating then."""

    share: float
    suffices: bool


def import_remedies(
    analysis: OutageAnalysis, steps: OperatingPoints, case: int, branch: int, means: Means
) -> pd.DataFrame:
    """Return what each remedy must give until a branch is within its continuous rating after an outage.

    Parameters
    ----------
    analysis : OutageAnalysis
    steps : OperatingPoints
        One row: the step of the overload.
    case, branch : int
        Numbers of the outage case and of the overloaded branch, as in the addresses of the tally.
    means : Means

    Returns
    -------
    pandas.DataFrame
        One row for each remedy, in order: reactors off, batteries and demand response, diesels, shedding. `available`;
        `estimate`, by a straight line, if it is used alone; `needed` of it alone, found in AC (NaN: not enough);
        `used` after the remedies above it; `loading_percent` of the branch and `worst_loading_percent` of all branches
        with the remedies down to this row; `start_hours`.
    """
    contingency = analysis.contingencies[case]
    first = OutageState(contingency.network, power_after(contingency, steps))
    solution = contingency.solver.solve(first.power)
    start = solution.v
    share = contingency.solver.share if isinstance(contingency.solver, SharingSolver) else None
    overload, net = Overload(branch, contingency.branches.limit, start, share), analysis.grid.net
    remedies = (
        reactors_off(net, first, overload),
        flexibility(net, first, means),
        diesels(net, first, overload, means),
        shedding(first, steps),
    )
    rows, state = [], first
    for remedy in remedies:
        alone, used = _smallest(overload, first, remedy), _smallest(overload, state, remedy)
        state = remedy.apply(state, used.share)
        rows.append(
            {
                "remedy": remedy.name,
                "unit": remedy.unit,
                "available": remedy.amount(1.0),
                "estimate": _estimate(overload, first, remedy),
                "needed": remedy.amount(alone.share) if alone.suffices else math.nan,
                "used": remedy.amount(used.share),
                "loading_percent": overload.loading_percent(state),
                "worst_loading_percent": overload.worst_percent(state),
                "start_hours": remedy.start_hours,
            }
        )
    return pd.DataFrame(rows)


def _smallest(overload: Overload, state: OutageState, remedy: Remedy) -> Use:
    """Return the smallest share that brings the branch to its rating; all of it where that helps but is not enough."""
    now = overload.loading_percent(state)
    if now <= 100.0:
        return Use(0.0, True)
    with_all = overload.loading_percent(remedy.apply(state, 1.0)) if remedy.amount(1.0) > 0.0 else now
    if with_all > 100.0:
        return Use(1.0 if with_all < now else 0.0, False)
    if remedy.steps:
        shares = (step / remedy.steps for step in range(1, remedy.steps + 1))
        return Use(next(x for x in shares if overload.loading_percent(remedy.apply(state, x)) <= 100.0), True)

    def excess(_: np.ndarray, unused: np.ndarray) -> np.ndarray:
        return np.array([overload.loading_percent(remedy.apply(state, 1.0 - float(unused[0]))) - 100.0])

    unused, _ = largest_kept(excess, np.ones(1), np.array([now - 100.0]), EXACT_PERCENT)
    return Use(1.0 - float(unused[0]), True)


def _estimate(overload: Overload, state: OutageState, remedy: Remedy) -> float:
    """Return the amount that a straight line through a small share gives; NaN where that does not help."""
    share = 1.0 / remedy.steps if remedy.steps else STRAIGHT_LINE_SHARE
    if remedy.amount(1.0) <= 0.0:
        return math.nan
    now = overload.loading_percent(state)
    relief = now - overload.loading_percent(remedy.apply(state, share))
    return max(now - 100.0, 0.0) / relief * remedy.amount(share) if relief > 0.0 else math.nan
