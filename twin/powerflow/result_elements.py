"""Powers of the elements at the buses, with pandapower's names, signs and definitions."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from pandapower import pandapowerNet

from twin.powerflow.network import Network
from twin.powerflow.node_power import table_power
from twin.powerflow.result_sources import ext_grid_power, gen_power
from twin.powerflow.solution import Solution

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
    if table == "ext_grid":
        power = ext_grid_power(net, network, solution, given, column)
    elif table == "gen":
        power = gen_power(net, network, solution, given, column)
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
