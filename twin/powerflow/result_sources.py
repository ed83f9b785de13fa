"""Power of external grids and generators: what the balance of their node leaves, shared as pandapower shares it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from pandapower import pandapowerNet

from twin.powerflow.elements import limit
from twin.powerflow.network import Network
from twin.powerflow.node_power import node_power, table_power
from twin.powerflow.solution import Solution

Given = Mapping[tuple[str, str], np.ndarray]

_ROWS_PER_BLOCK = 4096
_NO_LIMIT_MVAR = 1e9
"""pandapower's own number for a generator without a reactive limit; only the shares of several depend on it."""


def ext_grid_power(net: pandapowerNet, network: Network, solution: Solution, given: Given, column: str) -> np.ndarray:
    """Return the power that external grids feed in, (R, L)."""
    return _source_power(net, network, solution, given, column)["ext_grid"]


def gen_power(net: pandapowerNet, network: Network, solution: Solution, given: Given, column: str) -> np.ndarray:
    """Return the power that generators feed in, (R, L)."""
    return _source_power(net, network, solution, given, column)["gen"]


def _source_power(
    net: pandapowerNet, network: Network, solution: Solution, given: Given, column: str
) -> dict[str, np.ndarray]:
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
    elements = network.injectors["gen"]
    set_mw = table_power(elements, "p_mw", given.get(("gen", "p_mw"))) * elements.infeed_per_unit
    live = elements.node >= 0
    of_gen = np.zeros((len(solution.v), len(live)))
    of_gen[:, live] = np.broadcast_to(set_mw, of_gen.shape)[:, live]
    power = {"ext_grid": np.zeros((len(solution.v), len(net.ext_grid))), "gen": of_gen}
    for column, node in enumerate(network.slack):
        at = [(table, np.flatnonzero(network.slack_by[table] == node)) for table in power]
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
    power = {table: np.zeros((len(solution.v), len(net[table]))) for table in ("ext_grid", "gen")}
    node_of_gen, row_of_gen = network.regulators["gen"].node, network.controlled_by["gen"]
    low, high = limit(net.gen, "min_q_mvar", -_NO_LIMIT_MVAR), limit(net.gen, "max_q_mvar", _NO_LIMIT_MVAR)
    totals = [(node, rest[:, k]) for k, node in enumerate(network.slack)]
    held = solution.q_controlled_pu * network.base_mva
    totals += [(network.controlled.node[row], held[:, row]) for row in np.unique(row_of_gen[row_of_gen >= 0])]
    for node, total in totals:
        gens, grids = np.flatnonzero(node_of_gen == node), np.flatnonzero(network.slack_by["ext_grid"] == node)
        none = np.zeros(len(grids))
        shared = _shared(total, np.r_[none, low[gens]], np.r_[none, high[gens]])
        if len(grids):
            limits = (bound[gens] * network.base_mva for bound in
                      (network.regulators["gen"].low_pu, network.regulators["gen"].high_pu))  # fmt: skip
            kept = np.clip(shared[:, len(grids) :], *limits)
            left = (total - shared[:, : len(grids)].sum(axis=1) - kept.sum(axis=1)) / len(grids)
            shared = np.concatenate([shared[:, : len(grids)] + left[:, None], kept], axis=1)
        power["ext_grid"][:, grids], power["gen"][:, gens] = np.split(shared, [len(grids)], axis=1)
    return power


def _shared(total: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Return the share of each source, (R, sources); equal parts where there is no range."""
    span = (high - low).sum()
    if span == 0.0:
        return np.repeat(total[:, None] / len(low), len(low), axis=1)
    share = (high - low) / span
    return low - share * low.sum() + total[:, None] * share
