"""Results of a batch with pandapower's names, signs and definitions, computed on demand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from difflib import get_close_matches

import numpy as np
from numba import njit
from pandapower import pandapowerNet

from twin.network.bus_and_switch_results import BUS_RESULTS, SWITCH_RESULTS, bus_power, switch_result
from twin.network.dc_lines import DC_RESULTS, ENDS
from twin.network.network import END_OF_SIDE, Network, rated_currents_ka
from twin.network.node_power import limit, node_power, table_power
from twin.network.solving.solver import Failure, Method, Solution, default_threads

Given = Mapping[tuple[str, str], np.ndarray]

_INJECTED = ("load", "sgen", "storage", "motor", "asymmetric_load", "asymmetric_sgen")
_AT_VOLTAGE = ("shunt", "ward", "xward", "svc")
_TABLES = (*_INJECTED, *_AT_VOLTAGE, "ext_grid", "gen")
ELEMENT_RESULTS = {f"{table}_{column}": (table, column) for table in _TABLES for column in ("p_mw", "q_mvar")}
"""Table and column of each result's name."""


def element_result(net: pandapowerNet, network: Network, solution: Solution, given: Given, name: str) -> np.ndarray:
    """Return one of `ELEMENT_RESULTS` for all steps, (R, L).

    Signs as in pandapower: ``ext_grid``, ``gen`` and ``sgen`` feed in, the others draw. Elements out of service have no
    power; rows without a solution are not a number.
    """
    table, column = ELEMENT_RESULTS[name]
    if table in ("ext_grid", "gen"):
        power = source_power(net, network, solution, given, column)[table]
    elif table in _INJECTED:
        power = _injected(network, solution, given, table, column)
    else:
        part = np.real if column == "p_mw" else np.imag
        power = part(_at_voltage(network, solution, table))
    power[~solution.converged] = np.nan
    return power


def _injected(network: Network, solution: Solution, given: Given, table: str, column: str) -> np.ndarray:
    elements = network.injectors[table]
    values = table_power(elements, column, given.get((table, column)))
    live = elements.node >= 0
    power = np.zeros((len(solution.v), len(live)))
    power[:, live] = (values * np.abs(elements.infeed_per_unit))[:, live]
    part = np.real if column == "p_mw" else np.imag
    current, impedance = part(elements.current_share), part(elements.impedance_share)
    depends = np.flatnonzero(live & ((current != 0.0) | (impedance != 0.0)))
    vm = np.abs(solution.v[:, elements.node[depends]])
    current, impedance = current[depends], impedance[depends]
    power[:, depends] *= 1.0 - current - impedance + current * vm + impedance * vm**2
    return power


def _at_voltage(network: Network, solution: Solution, table: str) -> np.ndarray:
    """Return the power drawn by fixed admittances and by what stands beside them in the same element, MVA (R, L)."""
    node = network.shunt_node[table]
    live = node >= 0
    power = np.zeros((len(solution.v), len(node)), dtype=complex)
    vm = np.abs(solution.v[:, node[live]])
    power[:, live] = vm**2 * np.conj(network.shunt_pu[table][live]) * network.base_mva
    if table in network.injectors:
        elements = network.injectors[table]
        power[:, live] += (elements.p_mw + 1j * elements.q_mvar)[live]
    if table == "xward":
        power += _into_inner_branch(network, solution)
    if table == "svc":
        row = network.controlled_by["svc"]
        power[:, row >= 0] = -1j * solution.q_controlled_pu[:, row[row >= 0]] * network.base_mva
    return power


def _into_inner_branch(network: Network, solution: Solution) -> np.ndarray:
    rows = network.branch_rows["xward"][:, 0]
    live = rows >= 0
    power = np.zeros((len(solution.v), len(rows)), dtype=complex)
    v = solution.v[:, network.branch_from[rows[live]]]
    power[:, live] = v * np.conj((network.y_from[rows[live]] @ solution.v.T).T) * network.base_mva
    return power


_ROWS_PER_BLOCK = 4096
_NO_LIMIT_MVAR = 1e9
"""pandapower's own number for a generator without a reactive limit; only the shares of several depend on it."""
_MACHINES = ("gen", *ENDS)
"""What holds a voltage and shares the reactive power of a node."""


def source_power(
    net: pandapowerNet, network: Network, solution: Solution, given: Given, column: str
) -> dict[str, np.ndarray]:
    """Return the power that external grids, generators and ends of dc lines feed in, (R, L) by table."""
    rest = _rest_at_slacks(network, solution, given)
    if column == "p_mw":
        return _active(net, network, solution, given, rest.real)
    return _reactive(net, network, solution, rest.imag)


def _rest_at_slacks(network: Network, solution: Solution, given: Given) -> np.ndarray:
    """Return what slack nodes feed in beside their loads and the set active power of their generators, MVA (R, K)."""
    rest = np.empty((len(solution.v), len(network.slack)), dtype=complex)
    rows_of_slack = network.y_bus[network.slack]
    for first in range(0, len(rest), _ROWS_PER_BLOCK):
        rows = slice(first, first + _ROWS_PER_BLOCK)
        v = solution.v[rows]
        known = node_power(network, len(v), {name: values[rows] for name, values in given.items()})
        drawn = known.at(np.abs(v))[:, network.slack]
        filled = np.where(network.alive, v, 0.0)
        rest[rows] = v[:, network.slack] * np.conj((rows_of_slack @ filled.T).T) - drawn
    return rest * network.base_mva


def _active(
    net: pandapowerNet, network: Network, solution: Solution, given: Given, rest: np.ndarray
) -> dict[str, np.ndarray]:
    """Share the rest at each slack node by ``slack_weight``; equal parts of the whole where there is none."""
    power = {"ext_grid": np.zeros((len(solution.v), len(net.ext_grid)))}
    for table in _machines(network):
        elements = network.injectors[table]
        set_mw = table_power(elements, "p_mw", given.get((table, "p_mw"))) * elements.infeed_per_unit
        live = elements.node >= 0
        power[table] = np.zeros((len(solution.v), len(live)))
        power[table][:, live] = np.broadcast_to(set_mw, power[table].shape)[:, live]
    for column, node in enumerate(network.slack):
        at = [(table, np.flatnonzero(of_table == node)) for table, of_table in network.slack_by.items()]
        weight = np.concatenate([net[table].slack_weight.to_numpy(float)[found] for table, found in at])
        before = np.concatenate([power[table][:, found] for table, found in at], axis=1)
        total = before.sum(axis=1) + rest[:, column]
        if weight.sum() > 0.0:
            shared = before + rest[:, [column]] * weight / weight.sum()
        else:
            shared = np.repeat(total[:, None] / len(weight), len(weight), axis=1)
        for (table, found), part in zip(at, np.split(shared, [len(at[0][1])], axis=1), strict=True):
            power[table][:, found] = part
    return power


def _reactive(net: pandapowerNet, network: Network, solution: Solution, rest: np.ndarray) -> dict[str, np.ndarray]:
    """Share the reactive power of each node in proportion to the ranges of its generators, as pandapower does."""
    machines = _machines(network)
    node_of = np.concatenate([network.regulators[table].node for table in machines])
    row_of = np.concatenate([network.controlled_by[table] for table in machines])
    low, high = (np.concatenate([_limit_mvar(net, table, side) for table in machines]) for side in ("min", "max"))
    kept_low, kept_high = (
        np.concatenate([getattr(network.regulators[table], name) for table in machines]) * network.base_mva
        for name in ("low_pu", "high_pu")
    )
    of_grids = np.zeros((len(solution.v), len(net.ext_grid)))
    of_machines = np.zeros((len(solution.v), len(node_of)))
    totals = [(node, rest[:, k]) for k, node in enumerate(network.slack)]
    held = solution.q_controlled_pu * network.base_mva
    totals += [(network.controlled.node[row], held[:, row]) for row in np.unique(row_of[row_of >= 0])]
    for node, total in totals:
        at, grids = np.flatnonzero(node_of == node), np.flatnonzero(network.slack_by["ext_grid"] == node)
        none = np.zeros(len(grids))
        shared = _shared(total, np.r_[none, low[at]], np.r_[none, high[at]])
        if len(grids):
            kept = np.clip(shared[:, len(grids) :], kept_low[at], kept_high[at])
            left = (total - shared[:, : len(grids)].sum(axis=1) - kept.sum(axis=1)) / len(grids)
            shared = np.concatenate([shared[:, : len(grids)] + left[:, None], kept], axis=1)
        of_grids[:, grids], of_machines[:, at] = np.split(shared, [len(grids)], axis=1)
    ends = np.cumsum([len(network.regulators[table].node) for table in machines])[:-1]
    return {"ext_grid": of_grids} | dict(zip(machines, np.split(of_machines, ends, axis=1), strict=True))


def _machines(network: Network) -> tuple[str, ...]:
    return tuple(table for table in _MACHINES if table in network.injectors)


def _limit_mvar(net: pandapowerNet, table: str, side: str) -> np.ndarray:
    column = f"{side}_q_mvar" if table == "gen" else f"{side}_q_{ENDS[table]}_mvar"
    return limit(
        net.gen if table == "gen" else net.dcline, column, -_NO_LIMIT_MVAR if side == "min" else _NO_LIMIT_MVAR
    )


def _shared(total: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Return the share of each source, (R, sources); equal parts where there is no range."""
    span = (high - low).sum()
    if span == 0.0:
        return np.repeat(total[:, None] / len(low), len(low), axis=1)
    share = (high - low) / span
    result: np.ndarray = low - share * low.sum() + total[:, None] * share
    return result


def dc_line_result(net: pandapowerNet, network: Network, solution: Solution, given: Given, name: str) -> np.ndarray:
    """Return one of `DC_RESULTS` for all steps, (R, L): power into the line, its losses, voltages at its ends."""
    table, quantity = DC_RESULTS[name]
    if table not in network.injectors and table:
        return np.zeros((len(solution.v), 0))
    if quantity in ("vm", "va"):
        node = network.node_of_bus[net.bus.index.get_indexer(net.dcline[f"{ENDS[table]}_bus"])]
        v = np.where(node >= 0, solution.v[:, node], np.nan)
        return np.abs(v) if quantity == "vm" else np.degrees(np.angle(v))
    power = source_power(net, network, solution, given, "q_mvar" if quantity == "q" else "p_mw")
    found = -sum(power.get(end, np.zeros((len(solution.v), 0))) for end in ([table] if table else ENDS))
    result = np.asarray(found, dtype=float)
    result[~solution.converged] = np.nan
    return result


_VALUES_PER_BLOCK = 2_000_000
_SIDES = {"line": ("from", "to"), "trafo": ("hv", "lv"), "trafo3w": ("hv", "mv", "lv"), "impedance": ("from", "to")}
_RATED = ("line", "trafo", "trafo3w")
_OF_SIDE = ("p_{}_mw", "q_{}_mvar", "i_{}_ka", "vm_{}_pu", "va_{}_degree")
_WITHOUT_VOLTAGE = {"impedance": 3}


def _catalogue() -> dict[str, tuple[str, str, str]]:
    """Return table, quantity and side (empty for the whole element) of each result's name."""
    names = {}
    for table, sides in _SIDES.items():
        for side in sides:
            for pattern in _OF_SIDE[: _WITHOUT_VOLTAGE.get(table)]:
                names[f"{table}_{pattern.format(side)}"] = (table, pattern.split("_", 1)[0], side)
        for quantity, unit in (("pl", "mw"), ("ql", "mvar")):
            names[f"{table}_{quantity}_{unit}"] = (table, quantity, "")
    for table in _RATED:
        names[f"{table}_loading_percent"] = (table, "loading", "")
    names["line_i_ka"] = ("line", "i", "")
    names["trafo3w_vm_internal_pu"] = ("trafo3w", "vm", "internal")
    names["trafo3w_va_internal_degree"] = ("trafo3w", "va", "internal")
    return names


BRANCH_RESULTS = _catalogue()


def branch_result(
    net: pandapowerNet, network: Network, solution: Solution, name: str, trafo_loading: str = "current"
) -> np.ndarray:
    """Return one of `BRANCH_RESULTS` for all steps, (R, L), not a number in rows without a solution.

    Powers flow into the element. A branch out of service has no power and no current; its current and loading are not
    a number where an end is de-energised, as in pandapower.
    """
    table, quantity, side = BRANCH_RESULTS[name]
    sides = _SIDES[table]
    if side:
        return _in_blocks(network, solution, table, lambda v: _of_side(network, v, table, quantity, side))
    if quantity in ("pl", "ql"):
        part = np.real if quantity == "pl" else np.imag
        return _in_blocks(network, solution, table, lambda v: part(sum(_power(network, v, table, s) for s in sides)))
    if quantity == "i":
        return _in_blocks(
            network, solution, table, lambda v: _largest(_current_ka(network, v, table, s) for s in sides)
        )
    rated = rated_currents_ka(net)

    if table != "line" and trafo_loading == "power":
        return _in_blocks(network, solution, table, lambda v: _loading_by_power(net, network, v, table))

    def loading(v: np.ndarray) -> np.ndarray:
        with np.errstate(divide="ignore", invalid="ignore"):
            parts = [_percent(_current_ka(network, v, table, s), rated[table, s]) for s in sides]
        return _largest(parts)

    return _in_blocks(network, solution, table, loading)


def _loading_by_power(net: pandapowerNet, network: Network, v: np.ndarray, table: str) -> np.ndarray:
    """Return the largest apparent power of a side over its rated power, in percent; NaN where an end is dead."""
    parts = []
    for side in _SIDES[table]:
        rated = (
            net.trafo.sn_mva * net.trafo.parallel * net.trafo.df if table == "trafo" else net[table][f"sn_{side}_mva"]
        )
        power = np.abs(_power(network, v, table, side))
        with np.errstate(divide="ignore", invalid="ignore"):
            parts.append(_percent(power, rated.to_numpy(float)))
    return _largest(parts)


def total_losses_mw(network: Network, solution: Solution) -> np.ndarray:
    """Return the active losses of all branches but those inside extended wards, (R,)."""
    counted = np.ones(len(network.branch_from), dtype=bool)
    inside = network.branch_rows["xward"].ravel()
    counted[inside[inside >= 0]] = False
    counted &= network.alive[network.branch_from] & network.alive[network.branch_to]
    total = np.full(len(solution.v), np.nan)
    for rows in _blocks(len(solution.v), len(counted)):
        v = solution.v[rows]
        flows = [
            (v[:, ends[counted]] * np.conj((matrix[counted] @ v.T).T)).real
            for ends, matrix in ((network.branch_from, network.y_from), (network.branch_to, network.y_to))
        ]
        total[rows] = (flows[0] + flows[1]).sum(axis=1) * network.base_mva
    return total


def _in_blocks(
    network: Network, solution: Solution, table: str, compute: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray:
    result = np.full((len(solution.v), len(network.branch_rows[table])), np.nan)
    for rows in _blocks(len(result), result.shape[1] + 1):
        result[rows] = compute(solution.v[rows])
    result[~solution.converged] = np.nan
    return result


def _blocks(rows: int, columns: int) -> list[slice]:
    size = max(1, _VALUES_PER_BLOCK // max(1, columns))
    return [slice(first, first + size) for first in range(0, rows, size)]


def _of_side(network: Network, v: np.ndarray, table: str, quantity: str, side: str) -> np.ndarray:
    if quantity in ("vm", "va"):
        voltage = _end_voltage(network, v, table, side)
        result: np.ndarray = np.abs(voltage) if quantity == "vm" else np.degrees(np.angle(voltage))
        return result
    if quantity == "i":
        return _current_ka(network, v, table, side)
    power = _power(network, v, table, side)
    return power.real if quantity == "p" else power.imag


def _power(network: Network, v: np.ndarray, table: str, side: str) -> np.ndarray:
    """Return the power into an element at one side, MVA (R, L); zero where out of service."""
    current, live, node = _current_pu(network, v, table, side)
    power = np.zeros((len(v), len(live)), dtype=complex)
    power[:, live] = v[:, node[live]] * np.conj(current) * network.base_mva
    return power


def _current_ka(network: Network, v: np.ndarray, table: str, side: str) -> np.ndarray:
    current, live, node = _current_pu(network, v, table, side)
    result = np.zeros((len(v), len(live)))
    result[:, node < 0] = np.nan
    result[:, live] = np.abs(current) * network.base_mva / np.sqrt(3.0) / network.vn_kv[node[live]]
    return result


def _current_pu(network: Network, v: np.ndarray, table: str, side: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the current into the elements in service, (R, live), which those are and the nodes of all."""
    column, end = END_OF_SIDE[table, side]
    rows, node = network.branch_rows[table][:, column], network.branch_ends[table][:, column, end]
    live = rows >= 0
    matrix = (network.y_to if end else network.y_from)[rows[live]]
    return (matrix @ v.T).T, live, node


def _end_voltage(network: Network, v: np.ndarray, table: str, side: str) -> np.ndarray:
    column, end = (0, 1) if side == "internal" else END_OF_SIDE[table, side]
    node = network.branch_ends[table][:, column, end]
    return np.where(node >= 0, v[:, node], np.nan)


def _percent(current: np.ndarray, rated: np.ndarray) -> np.ndarray:
    return np.where(rated == 0.0, np.inf, 100.0 * current / rated)


def _largest(parts: Iterable[np.ndarray]) -> np.ndarray:
    result: np.ndarray = np.maximum.reduce(list(parts))
    return result


@dataclass(frozen=True)
class BatchResult:
    """Results of `BatchPowerFlow.solve`; rows are steps, columns are elements in their table's order.

    Beside the properties, every name in `names` is an attribute: ``line_loading_percent`` is pandapower's
    ``res_line.loading_percent`` for all steps, and so on. Each access computes the array anew.

    Attributes
    ----------
    net : pandapowerNet
    network : Network
    solution : Solution
    given : mapping of (table, column) to numpy.ndarray, (R, L)
    trafo_loading : str
        ``current`` or ``power``.
    """

    net: pandapowerNet
    network: Network
    solution: Solution
    given: Mapping[tuple[str, str], np.ndarray]
    trafo_loading: str = "current"

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all results of elements, each an attribute of shape (R, L)."""
        return (*BRANCH_RESULTS, *ELEMENT_RESULTS, *DC_RESULTS, *BUS_RESULTS, *SWITCH_RESULTS)

    @property
    def converged(self) -> np.ndarray:
        """(R,) bool."""
        return self.solution.converged

    @property
    def failure(self) -> np.ndarray:
        """(R,) class of failure, empty where solved."""
        names = np.array(["" if f == Failure.NONE else f.name.lower() for f in Failure])
        return names[np.searchsorted(np.array([int(f) for f in Failure]), self.solution.failure)]

    @property
    def method(self) -> np.ndarray:
        """(R,) tier used."""
        names = np.array([m.name.lower() for m in Method])
        return names[np.searchsorted(np.array([int(m) for m in Method]), self.solution.method)]

    @property
    def operable(self) -> np.ndarray:
        """(R,) bool: solved, and the state in which a grid is operated (`Solution.operable`)."""
        return self.solution.operable

    @property
    def residual_mva(self) -> np.ndarray:
        """(R,) largest mismatch."""
        return self.solution.residual_mva

    @property
    def vm_pu(self) -> np.ndarray:
        """(R, B) voltage magnitudes in the order of ``net.bus``, NaN where de-energised."""
        vm_pu = np.empty((len(self.solution.v), len(self.network.node_of_bus)))
        v, node, threads = self.solution.v, self.network.node_of_bus, default_threads()
        bounds = np.linspace(0, len(v), threads + 1).astype(int)
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(lambda a, b: _magnitudes(v[a:b], node, vm_pu[a:b]), bounds[:-1], bounds[1:]))
        return vm_pu

    @property
    def va_degree(self) -> np.ndarray:
        """(R, B) voltage angles, NaN where de-energised."""
        result: np.ndarray = np.degrees(np.angle(self._bus_v()))
        return result

    @property
    def pl_mw(self) -> np.ndarray:
        """(R,) active losses of all lines, transformers, impedances and closed switches with an impedance."""
        return total_losses_mw(self.network, self.solution)

    def __getattr__(self, name: str) -> np.ndarray:
        """Return a result of elements, (R, L); see `names`."""
        if name in BRANCH_RESULTS:
            return branch_result(self.net, self.network, self.solution, name, self.trafo_loading)
        if name in ELEMENT_RESULTS:
            return element_result(self.net, self.network, self.solution, self.given, name)
        if name in DC_RESULTS:
            return dc_line_result(self.net, self.network, self.solution, self.given, name)
        if name in BUS_RESULTS:
            return bus_power(self.net, _TABLES, BUS_RESULTS[name], len(self.solution.v), self.__getattr__)
        if name in SWITCH_RESULTS:
            return switch_result(self.net, self.network, self.solution.v, SWITCH_RESULTS[name], self.__getattr__)
        near = get_close_matches(name, self.names, n=1)
        raise AttributeError(f"no result {name!r}" + (f"; did you mean {near[0]!r}?" if near else ""))

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self.names]

    def _bus_v(self) -> np.ndarray:
        node = self.network.node_of_bus
        return np.where(node >= 0, self.solution.v[:, node], np.nan)


@njit(cache=True, nogil=True)
def _magnitudes(v: np.ndarray, node: np.ndarray, vm_pu: np.ndarray) -> None:
    """Put the magnitudes of `v` (R, N) at `node` (B,) into `vm_pu` (R, B), NaN where the node is negative."""
    for row in range(v.shape[0]):
        for bus in range(node.shape[0]):
            at = v[row, node[bus]] if node[bus] >= 0 else complex(np.nan, np.nan)
            vm_pu[row, bus] = np.sqrt(at.real * at.real + at.imag * at.imag)
