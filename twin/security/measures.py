"""What can relieve an overload in import direction: reactors off, batteries and demand response, diesels, shedding."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from pandapower import pandapowerNet

from twin.powerflow.network import Network
from twin.powerflow.outage import without
from twin.security.breach import Breach, State
from twin.security.power import StepPower, active_mw, added, times

DIESEL_COLUMNS = ("bus", "p_max_mw", "p_min_mw", "start_half_hours", "available")
PROBE_SHARE = 0.01
RELIEF_DIGITS = 3
"""Percentage points per MW to which diesels are told apart; ties keep the table's order."""
HOURS_PER_HALF_HOUR = 0.5


@dataclass(frozen=True)
class Means:
    """What can be used beside reactors and shedding.

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
class Measure:
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
    apply: Callable[[State, float], State]
    amount: Callable[[float], float]
    steps: int = 0
    start_hours: float = 0.0


def reactors_off(net: pandapowerNet, first: State, breach: Breach) -> Measure:
    """Take reactors out one by one, the most helpful first; those that do not help stay."""
    absorbs_mvar = (net.shunt.q_mvar * net.shunt.step).to_numpy(float)
    candidates = [int(at) for at in np.flatnonzero((absorbs_mvar > 0.0) & (first.network.shunt_node["shunt"] >= 0))]
    now = breach.loading_percent(first)
    relief = {at: now - breach.loading_percent(_switched_off(first, [at])) for at in candidates}
    order = sorted((at for at in candidates if relief[at] > 0.0), key=lambda at: -relief[at])

    def taken(share: float) -> list[int]:
        return order[: round(share * len(order))]

    return Measure(
        name="reactors off",
        unit="Mvar",
        apply=lambda state, share: _switched_off(state, taken(share)),
        amount=lambda share: float(absorbs_mvar[taken(share)].sum()),
        steps=len(order),
    )


def flexibility(net: pandapowerNet, first: State, means: Means) -> Measure:
    """Discharge batteries and use demand response, everywhere the same share."""
    live = {bus: mw for bus, mw in means.flexible_mw.items() if _node(net, first.network, bus) >= 0}
    infeed_pu = _infeed_pu(net, first.network, list(live), np.array(list(live.values()), dtype=float))
    return Measure(
        name="batteries and demand response",
        unit="MW",
        apply=lambda state, share: state.fed(share * infeed_pu),
        amount=lambda share: share * float(sum(live.values())),
    )


def diesels(net: pandapowerNet, first: State, breach: Breach, means: Means) -> Measure:
    """Start diesels one after another, the most helpful first.

    None runs below its least stable output, all together give no more than the islands import.
    """
    table = means.diesels
    live = np.array([_node(net, first.network, int(bus)) >= 0 for bus in table.bus], dtype=bool)
    table = table.loc[live & table.available.to_numpy(bool)]
    buses, p_max = table.bus.to_numpy(np.int64), table.p_max_mw.to_numpy(float)
    p_min = np.minimum(table.p_min_mw.to_numpy(float), p_max)
    now = breach.loading_percent(first)
    relief = np.zeros(len(buses))
    for row, bus in enumerate(buses):
        probe_mw = PROBE_SHARE * p_max[row]
        probed = first.fed(_infeed_pu(net, first.network, [int(bus)], np.array([probe_mw])))
        relief[row] = (now - breach.loading_percent(probed)) / probe_mw
    order = np.argsort(-np.round(relief, RELIEF_DIGITS), kind="stable")
    buses, p_max, p_min = buses[order], p_max[order], p_min[order]
    imported = max(-float(active_mw(first.network, first.power)[0, first.network.alive].sum()), 0.0)
    p_max = np.where(p_min.cumsum() <= imported, p_max, 0.0)
    most = min(imported, float(p_max.sum()))

    def output_mw(share: float) -> np.ndarray:
        running = (p_max > 0.0) & (p_max.cumsum() - p_max < share * most)
        least, room = np.where(running, p_min, 0.0), np.where(running, p_max - p_min, 0.0)
        more = max(share * most - least.sum(), 0.0) / max(room.sum(), 1e-9)
        return np.asarray(least + min(more, 1.0) * room)

    return Measure(
        name="diesel",
        unit="MW",
        apply=lambda state, share: state.fed(_infeed_pu(net, state.network, buses.tolist(), output_mw(share))),
        amount=lambda share: float(output_mw(share).sum()),
        start_hours=HOURS_PER_HALF_HOUR * float(table.start_half_hours.max()) if len(table) else 0.0,
    )


def shedding(first: State, steps: StepPower) -> Measure:
    """Shed demand, everywhere the same share of active and reactive power."""
    demand = steps.demand
    live_mw = -float(active_mw(first.network, demand)[0, first.network.alive].sum())
    return Measure(
        name="load shed",
        unit="MW",
        apply=lambda state, share: State(state.network, added(state.power, times(demand, -share))),
        amount=lambda share: share * live_mw,
    )


def _switched_off(state: State, shunts: Sequence[int]) -> State:
    return State(without(state.network, [("shunt", at) for at in shunts]), state.power) if shunts else state


def _node(net: pandapowerNet, network: Network, bus: int) -> int:
    return int(network.node_of_bus[net.bus.index.get_loc(bus)])


def _infeed_pu(net: pandapowerNet, network: Network, buses: Sequence[int], mw: np.ndarray) -> np.ndarray:
    """Return the infeed (N,) of some MW at some buses that are alive."""
    infeed = np.zeros(len(network.alive))
    np.add.at(infeed, np.array([_node(net, network, bus) for bus in buses], dtype=np.int64), mw / network.base_mva)
    return infeed
