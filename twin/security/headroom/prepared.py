"""A grid made ready for headroom: each contingency, the limits that count in it, and how far a state is from them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numba import njit
from pandapower import pandapowerNet

from twin.core.errors import Problem, raise_if_any
from twin.network.dc_lines import ENDS, in_parts
from twin.network.model import Element
from twin.network.monitored import MonitoredGrid, branches_of, nodes_at, position
from twin.network.network import Network, Ratings
from twin.network.node_power import NodePower, node_power
from twin.network.outage import with_dead_dc_lines, without
from twin.network.reading.switching import parts_of
from twin.network.solving.solver import Solver
from twin.security.contingencies import Contingency, Outages, branch_outages, contingencies


class Watched(NamedTuple):
    """Limited quantities K in one state of the grid: ``c = y_a V_a + y_b V_b`` with ``low <= |c| <= high``.

    A branch end is a current with a rating, a bus voltage has ``y_a = 1``; what is dead has ``y = 0``.
    """

    node_a: np.ndarray  # (K,)
    node_b: np.ndarray
    y_a: np.ndarray  # (K,) complex
    y_b: np.ndarray
    low: np.ndarray  # (K,)
    high: np.ndarray
    slope: np.ndarray  # (B, K) complex: change of c per unit of infeed at each bus, at the reference state
    slope_v: np.ndarray  # (B,) complex: voltage of that bus at the reference state
    bus_node: np.ndarray  # (B,), -1 where the bus is dead


class Distance(NamedTuple):
    """Per row: how far infeed may still grow (negative: must fall), how far it must at least grow, and what binds."""

    up: np.ndarray  # (R,) per unit
    up_item: np.ndarray  # (R,)
    down: np.ndarray  # (R,) per unit; positive where a limit is broken that only more infeed heals
    down_item: np.ndarray  # (R,)
    excess: np.ndarray  # (R,) largest |c| / high, or low / |c|


@njit(cache=True, nogil=True)
def distance(v: np.ndarray, row: np.ndarray, bus: np.ndarray, sign: float, w: Watched) -> Distance:
    """Return the distances of states `v` (S, N) along infeed at a bus, for pairs of state `row` and `bus` (R,).

    With ``d = slope * conj(V_ref) / conj(V)`` (the current of a power at a node turns with its voltage) a step s keeps
    ``|c + s d|^2 = limit^2`` at the two roots of a quadratic.
    """
    count = len(row)
    out = Distance(
        np.full(count, np.inf), np.full(count, -1), np.full(count, -np.inf), np.full(count, -1), np.zeros(count)
    )
    for r in range(count):
        at, b = row[r], bus[r]
        node = w.bus_node[b]
        turn = 0.0j if node < 0 else sign * np.conj(w.slope_v[b]) / np.conj(v[at, node])
        for k in range(len(w.low)):
            c = w.y_a[k] * v[at, w.node_a[k]] + w.y_b[k] * v[at, w.node_b[k]]
            d = w.slope[b, k] * turn
            size = c.real * c.real + c.imag * c.imag
            bend = d.real * d.real + d.imag * d.imag
            half = c.real * d.real + c.imag * d.imag
            up, down = _below(size, half, bend, w.high[k])
            out.excess[r] = max(out.excess[r], np.sqrt(size) / w.high[k])
            if w.low[k] > 0.0:
                up_low, down_low = _above(size, half, bend, w.low[k])
                up, down = min(up, up_low), max(down, down_low)
                out.excess[r] = max(out.excess[r], w.low[k] / np.sqrt(size))
            if up < out.up[r]:
                out.up[r], out.up_item[r] = up, k
            if down > out.down[r]:
                out.down[r], out.down_item[r] = down, k
    return out


@njit(cache=True, nogil=True)
def _below(size: float, half: float, bend: float, high: float) -> tuple[float, float]:
    """Return the far and the near end of the steps that keep a modulus below `high`.

    Where none does, both are the step to the smallest modulus.
    """
    over = size - high * high
    if bend <= 1e-30 * (1.0 + size):
        return (-np.inf, np.inf) if over > 0.0 else (np.inf, -np.inf)
    inside = half * half - bend * over
    root = np.sqrt(max(inside, 0.0))
    return (-half + root) / bend, (-half - root) / bend


@njit(cache=True, nogil=True)
def _above(size: float, half: float, bend: float, low: float) -> tuple[float, float]:
    """Return the far and the near end of the steps that keep a modulus above `low`, along its present trend."""
    over = size - low * low
    if bend <= 1e-30 * (1.0 + size):
        return (-np.inf, np.inf) if over < 0.0 else (np.inf, -np.inf)
    inside = half * half - bend * over
    if inside < 0.0:
        return np.inf, -np.inf
    root = np.sqrt(inside)
    if half < 0.0:
        return (-half - root) / bend, -np.inf
    return np.inf, (-half + root) / bend


PROBE_SHARE = 1e-3
_RATED_TABLES = ("line", "trafo", "trafo3w")


@dataclass(frozen=True)
class MonitoredLimit:
    """The rating of a branch end (`side` from, to, hv, mv, lv) or the voltage limit of a bus (`side` empty)."""

    element: Element
    side: str


@dataclass(frozen=True)
class HeadroomContingency:
    """The intact grid or the grid after an outage.

    Attributes
    ----------
    outage : tuple of Element
        Empty for the intact grid.
    network : Network
    solver : Solver
    watched : Watched
    slope : numpy.ndarray, (B, N) complex
        Change of the voltages per unit of infeed at each bus at the reference state.
    """

    outage: tuple[Element, ...]
    network: Network
    solver: Solver
    watched: Watched
    slope: np.ndarray


@dataclass(frozen=True)
class PreparedHeadroom:
    """Contingencies and limits made ready for the search of headroom.

    Attributes
    ----------
    base_mva : float
    buses : numpy.ndarray, (B,) int
        pandapower indices of the buses at which infeed is added.
    bus_node : numpy.ndarray, (B,) int
    contingencies : tuple of HeadroomContingency
        The intact grid first.
    items : tuple of MonitoredLimit
    furthest_mw : numpy.ndarray, (B,)
        Extra infeed beyond which no limit is searched.
    """

    base_mva: float
    buses: np.ndarray
    bus_node: np.ndarray
    contingencies: tuple[HeadroomContingency, ...]
    items: tuple[MonitoredLimit, ...]
    furthest_mw: np.ndarray


@dataclass(frozen=True)
class Scope:
    """Buses, outages and limits for which headroom is searched.

    Attributes
    ----------
    buses : tuple of int
    outages : tuple of tuple of Element
        Elements that go out together.
    watched_intact, watched_after_outage : numpy.ndarray, (E,) bool
        Branches whose ratings count.
    voltage_buses : tuple of int
        Buses whose voltage is watched; empty for none.
    vm_min_pu, vm_max_pu : float
    """

    buses: tuple[int, ...]
    outages: tuple[tuple[Element, ...], ...]
    watched_intact: np.ndarray
    watched_after_outage: np.ndarray
    voltage_buses: tuple[int, ...]
    vm_min_pu: float
    vm_max_pu: float


def prepared_headroom(grid: MonitoredGrid, scope: Scope) -> PreparedHeadroom:
    """Make the contingencies and limits of a grid ready for the search of headroom."""
    net, network, limit = grid.net, grid.network, grid.ratings
    items, branch, is_from = _branch_ends(grid, scope.watched_intact | scope.watched_after_outage)
    items += tuple(MonitoredLimit(("bus", bus), "") for bus in scope.voltage_buses)
    bus_node, voltage_node = (nodes_at(net, network, buses) for buses in (scope.buses, scope.voltage_buses))
    high = np.where(is_from, limit.from_pu[branch], limit.to_pu[branch])
    contingencies: list[HeadroomContingency] = []
    for outage in ((), *scope.outages):
        after = without(network, [(e[0], position(net, e)) for e in outage]) if outage else network
        counts = (scope.watched_after_outage if outage else scope.watched_intact)[branch]
        intact = contingencies[0] if contingencies else None
        solver = Solver(after, None if intact is None else intact.solver)
        v, slope = _slopes(after, solver, bus_node, intact)
        watched = _watched(after, branch, is_from, np.where(counts, high, np.inf), voltage_node, scope)
        watched = watched._replace(
            slope=np.ascontiguousarray(watched.y_a * slope[:, watched.node_a] + watched.y_b * slope[:, watched.node_b]),
            slope_v=np.where(bus_node >= 0, v[bus_node], 1.0),
            bus_node=np.where((bus_node >= 0) & after.alive[bus_node], bus_node, -1),
        )
        contingencies.append(HeadroomContingency(outage, after, solver, watched, slope))
    return PreparedHeadroom(
        network.base_mva, np.array(scope.buses), bus_node, tuple(contingencies), items,
        _furthest_mw(network, limit, bus_node),
    )  # fmt: skip


def _branch_ends(grid: MonitoredGrid, wanted: np.ndarray) -> tuple[tuple[MonitoredLimit, ...], np.ndarray, np.ndarray]:
    items, branch, is_from = [], [], []
    for table in _RATED_TABLES:
        for index, rows in zip(grid.net[table].index, grid.network.branch_rows.get(table, ()), strict=False):
            for column, row in enumerate(rows):
                if row < 0 or not wanted[row]:
                    continue
                for side, rated, first in (("from", grid.ratings.from_pu, True), ("to", grid.ratings.to_pu, False)):
                    if np.isfinite(rated[row]):
                        items.append(MonitoredLimit((table, int(index)), _side_name(table, column, side)))
                        branch.append(row)
                        is_from.append(first)
    return tuple(items), np.array(branch, dtype=np.int64), np.array(is_from, dtype=bool)


def _side_name(table: str, column: int, side: str) -> str:
    if table == "line":
        return side
    return ("hv", "mv", "lv")[column] if table == "trafo3w" else {"from": "hv", "to": "lv"}[side]


def _watched(
    network: Network, branch: np.ndarray, is_from: np.ndarray, high: np.ndarray, voltage_node: np.ndarray, scope: Scope
) -> Watched:
    a, b = network.branch_from[branch], network.branch_to[branch]
    y_a, y_b = (
        np.where(is_from, _at(network.y_from, branch, node), _at(network.y_to, branch, node)) for node in (a, b)
    )
    dead = ~(network.alive[a] & network.alive[b])
    slack = network.slack[0]
    seen = (voltage_node >= 0) & network.alive[voltage_node]
    count = len(voltage_node)
    return Watched(
        node_a=np.r_[np.where(dead, slack, a), np.where(seen, voltage_node, slack)],
        node_b=np.r_[np.where(dead, slack, b), np.full(count, slack)],
        y_a=np.r_[np.where(dead, 0.0, y_a), seen.astype(complex)],
        y_b=np.r_[np.where(dead, 0.0, y_b), np.zeros(count, dtype=complex)],
        low=np.r_[np.zeros(len(branch)), np.where(seen, scope.vm_min_pu, 0.0)],
        high=np.r_[high, np.full(count, scope.vm_max_pu)],
        slope=np.zeros((0, 0), dtype=complex), slope_v=np.zeros(0, dtype=complex), bus_node=np.zeros(0, dtype=np.int64),
    )  # fmt: skip


def _at(matrix: object, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    if not len(rows):
        return np.zeros(0, dtype=complex)
    return np.asarray(matrix.tocsr()[rows, columns]).ravel()  # type: ignore[attr-defined]


def _slopes(
    network: Network, solver: Solver, bus_node: np.ndarray, intact: HeadroomContingency | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return voltages (N,) of the net's own state and their change per unit of infeed at each bus (B, N).

    By a small probe of infeed at each bus, so that every control is in it; where the net's own state has no solution
    after the outage, that of the intact grid stands in, as it only proposes where to look.
    """
    own = node_power(network, 1, {})
    buses, size = len(bus_node), len(network.alive)
    probe = PROBE_SHARE * max(float(np.abs(own.constant).sum()), PROBE_SHARE)
    constant = np.repeat(own.constant, buses + 1, axis=0)
    live = np.flatnonzero((bus_node >= 0) & network.alive[bus_node])
    constant[live + 1, bus_node[live]] += probe
    given = [None if x is None else np.repeat(x, buses + 1, axis=0) for x in (own.current, own.impedance)]
    found = solver.solve(NodePower(constant, *given), threads=1)
    if not found.converged.all():
        if intact is None:
            return np.ones(size, dtype=complex), np.zeros((buses, size), dtype=complex)
        return np.where(bus_node.size, intact.network.start, 1.0), intact.slope
    v = np.where(np.isfinite(found.v), found.v, 0.0)
    return v[0], (v[1:] - v[0]) / probe


def _furthest_mw(network: Network, limit: Ratings, bus_node: np.ndarray) -> np.ndarray:
    """Return what the rated branches at a bus could carry with half as much again; all ratings where one has none."""
    size = len(network.alive)
    ends = [(network.branch_from, limit.from_pu), (network.branch_to, limit.to_pu)]
    at_node = np.sum([np.bincount(node, rated, size) for node, rated in ends], axis=0)
    everything = sum(float(rated[np.isfinite(rated)].sum()) for _, rated in ends)
    total = np.where(np.isfinite(at_node[bus_node]), at_node[bus_node], everything)
    return np.asarray(1.5 * network.base_mva * total)


def scope_of(
    grid: MonitoredGrid,
    buses: Sequence[int],
    outages: Outages,
    monitored: Sequence[Element] | None,
    voltage_limits: tuple[float, float] | None,
) -> Scope:
    """Return the buses, outages (with the reactors that go with them) and limits that count.

    Raises
    ------
    InputError
        If an element is not there or not in service.
    """
    net, network = grid.net, grid.network
    listed = branch_outages(net, network) if isinstance(outages, str) else outages
    cases = contingencies(net, network, listed, grid.tripped_with, {}, 0)
    raise_if_any(_not_in_headroom(net, network, cases))
    watched = grid.watched_intact, grid.watched_after_outage
    if monitored is not None:
        marks = np.zeros_like(grid.watched_intact)
        marks[branches_of(net, network, monitored)] = True
        watched = marks, marks
    vm_min, vm_max = voltage_limits or (0.0, np.inf)
    of_buses = tuple(int(bus) for bus in net.bus.index[grid.watched_bus]) if voltage_limits else ()
    return Scope(
        tuple(int(bus) for bus in buses), tuple(case.elements for case in cases[1:]), *watched, of_buses, vm_min, vm_max
    )


def _not_in_headroom(net: pandapowerNet, network: Network, cases: Iterable[Contingency]) -> Iterator[Problem]:
    """Name outages that put elements at another node, or change what a dc line feeds in."""
    for case in cases:
        out = in_parts((e[0], position(net, e)) for e in case.elements)
        moves = parts_of(net, network, case.elements)
        if moves or any(table in ENDS for table, _ in with_dead_dc_lines(network, out)):
            what = "headroom is not calculated after this outage"
            why = "it opens a coupler between energised bars" if moves else "it takes out a dc line"
            yield Problem(
                what, f"outages, {case.name}", why, "outages of other elements", "use SecurityAnalysis for it"
            )
