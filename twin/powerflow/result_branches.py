"""Flows, currents and loadings of branches, with pandapower's names and definitions."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from pandapower import pandapowerNet

from twin.powerflow.network import Network
from twin.powerflow.ratings import END_OF_SIDE, rated_currents_ka
from twin.powerflow.solution import Solution

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


def branch_result(net: pandapowerNet, network: Network, solution: Solution, name: str) -> np.ndarray:
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

    def loading(v: np.ndarray) -> np.ndarray:
        with np.errstate(divide="ignore", invalid="ignore"):
            parts = [_percent(_current_ka(network, v, table, s), rated[table, s]) for s in sides]
        return _largest(parts)

    return _in_blocks(network, solution, table, loading)


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
    size = max(1, _VALUES_PER_BLOCK // columns)
    return [slice(first, first + size) for first in range(0, rows, size)]


def _of_side(network: Network, v: np.ndarray, table: str, quantity: str, side: str) -> np.ndarray:
    if quantity in ("vm", "va"):
        voltage = _end_voltage(network, v, table, side)
        return np.abs(voltage) if quantity == "vm" else np.degrees(np.angle(voltage))
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
    return np.maximum.reduce(list(parts))
