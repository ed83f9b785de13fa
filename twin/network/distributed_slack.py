"""Distributed slack: external grid and generators share by ``slack_weight`` what the set powers leave open."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace

import numpy as np
from pandapower import pandapowerNet

from twin.core.errors import Problem, raise_if_any
from twin.network.network import Network
from twin.network.node_power import NodePower, table_power
from twin.network.solving.solver import Failure, Solution, Solver

MOST_SOLUTIONS = 20
ROUNDING = 64.0 * np.finfo(float).eps
"""Of the power at the slack node, relative to the sum of the amounts that it is the rest of."""


@dataclass(frozen=True)
class Shares:
    """Who shares, weights normalised to 1.

    Attributes
    ----------
    of_gen : numpy.ndarray, (L,)
        Weight of each generator that is no slack.
    nodes, weights : numpy.ndarray, (W,)
        Their nodes, and the sum of their weights there; the rest is the slack node's.
    """

    of_gen: np.ndarray
    nodes: np.ndarray
    weights: np.ndarray


def shares(net: pandapowerNet, network: Network, where: str = "slack_weight") -> Shares:
    """Return who shares the open power; who is out of service or not supplied takes no share.

    Parameters
    ----------
    net : pandapowerNet
    network : Network
        Of the net, perhaps after an outage.
    where : str
        What is told where nobody is left.

    Raises
    ------
    InputError
        More than one slack node, weights below zero or none, an extended ward with a weight.
    """
    raise_if_any(_problems(net, network, where))
    of_slack = sum(
        net[table].slack_weight.to_numpy(float)[nodes >= 0].sum() for table, nodes in network.slack_by.items()
    )
    is_slack = network.slack_by["gen"] >= 0
    node = network.injectors["gen"].node
    of_gen = np.where((node >= 0) & ~is_slack, net.gen.slack_weight.to_numpy(float), 0.0)
    total = of_slack + of_gen.sum()
    nodes = np.unique(node[of_gen > 0.0])
    weights = np.zeros(len(nodes))
    np.add.at(weights, np.searchsorted(nodes, node[of_gen > 0.0]), of_gen[of_gen > 0.0] / total)
    return Shares(of_gen / total, nodes, weights)


def _problems(net: pandapowerNet, network: Network, where: str) -> Iterator[Problem]:
    if len(network.slack) != 1:
        buses = net.bus.index[np.isin(network.node_of_bus, network.slack)].tolist()
        yield Problem("a distributed slack needs one slack node", "net.ext_grid and net.gen.slack", f"at buses {buses}",
                      "one", "make generators of the others")  # fmt: skip
    total = 0.0
    for table in ("ext_grid", "gen", "xward"):
        if "slack_weight" not in net[table]:
            continue
        live = network.injectors[table].node >= 0 if table in network.injectors else network.slack_by[table] >= 0
        weight = net[table].slack_weight.to_numpy(float)
        wrong = live & ~((weight >= 0.0) & (weight < np.inf))
        if table == "xward":
            wrong, accepted = live & (weight != 0.0), "0: extended wards take no share"
        else:
            accepted, total = "a number from 0", total + float(weight[live & ~wrong].sum())
            if table == "gen":
                idle = live & ~wrong & (weight > 0.0) & (network.injectors["gen"].infeed_per_unit == 0.0)
                wrong = wrong | idle
                accepted += ", and a scaling that is not 0"
        if wrong.any():
            seen = f"{weight[wrong].tolist()} at index {net[table].index[wrong].tolist()}"
            yield Problem("cannot be a share of the slack", f"net.{table}.slack_weight", seen, accepted)
    if total == 0.0:
        yield Problem("nobody takes a share of the slack", where, "0 everywhere", "a weight above 0")


@dataclass(frozen=True)
class SharingSolver:
    """A solver with a slack node that feeds in its own share only."""

    solver: Solver
    share: Shares

    def solve(self, power: NodePower, start: np.ndarray | None = None, threads: int | None = None) -> Solution:
        """Solve each row, as `Solver.solve` does."""
        return solve_shared(self.solver, power, self.share, start, threads)[0]


def sharing(solver: Solver, share: Shares | None) -> Solver | SharingSolver:
    """Return the solver with shares, the same where there are none."""
    return solver if share is None else SharingSolver(solver, share)


def solve_shared(
    solver: Solver, power: NodePower, share: Shares, start: np.ndarray | None = None, threads: int | None = 1
) -> tuple[Solution, np.ndarray]:
    """Solve rows so that the slack node feeds in its own share only.

    The open power of a row is found by the secant method; each trial is a whole power flow from the last voltages.

    Parameters
    ----------
    solver : Solver
    power : NodePower
        Infeed, rows R.
    share : Shares
    start, threads
        As for `Solver.solve`.

    Returns
    -------
    solution : Solution
        Its residual counts what the slack node is off its share.
    open_mw : numpy.ndarray, (R,)
        Power shared in all.
    """
    rows, network = len(power.constant), solver.network
    slack, own = int(network.slack[0]), 1.0 - share.weights.sum()
    tried = np.zeros(rows)
    solution = solver.solve(power, start, threads)
    amounts = np.abs(power.constant.real).sum(axis=1)
    off = _at_slack(network, solution.v, power, slack)
    allowed = np.maximum(solver.tolerance_mva / network.base_mva, ROUNDING * amounts)
    going = np.flatnonzero(solution.converged & ~(np.abs(off) <= allowed))
    before, off_before = np.full(rows, np.nan), np.full(rows, np.nan)
    for _ in range(MOST_SOLUTIONS):
        if not len(going):
            break
        with np.errstate(divide="ignore", invalid="ignore"):
            secant = tried[going] - off[going] * (tried[going] - before[going]) / (off[going] - off_before[going])
        step = np.where(np.isfinite(secant), secant, tried[going] + off[going])
        before[going], off_before[going], tried[going] = tried[going], off[going], step
        trial = power.rows(going)
        constant = trial.constant.copy()
        constant[:, share.nodes] += share.weights * step[:, None]
        trial = replace(trial, constant=constant)
        found = solver.solve(trial, solution.v[going], threads)
        for field in fields(Solution):
            getattr(solution, field.name)[going] = getattr(found, field.name)
        off[going] = _at_slack(network, found.v, trial, slack) - own * step
        going = going[found.converged & ~(np.abs(off[going]) <= allowed[going])]
    solution.failure[going] = Failure.NOT_CONVERGED
    solution.v[going] = np.nan
    solution.operable[going] = False
    np.fmax(solution.residual_mva, np.abs(off) * network.base_mva, out=solution.residual_mva)
    return solution, tried * network.base_mva


def _at_slack(network: Network, v: np.ndarray, power: NodePower, slack: int) -> np.ndarray:
    """Return the active power that the slack node feeds in beside what is set there, pu (R,)."""
    filled = np.where(network.alive, v, 0.0)
    into_grid = v[:, slack] * np.conj((network.y_bus[[slack]] @ filled.T)[0])
    result: np.ndarray = (into_grid - power.at(np.abs(v))[:, slack]).real
    return result


def with_shares(
    network: Network, share: Shares, given: dict[tuple[str, str], np.ndarray], open_mw: np.ndarray
) -> dict[tuple[str, str], np.ndarray]:
    """Return the powers with the generators' shares in theirs, so that all results are those of the solution."""
    elements = network.injectors["gen"]
    takes = share.of_gen > 0.0
    if not takes.any():
        return given
    set_mw = table_power(elements, "p_mw", given.get(("gen", "p_mw")))
    p_mw = np.broadcast_to(set_mw, (len(open_mw), len(takes))).copy()
    p_mw[:, takes] += open_mw[:, None] * share.of_gen[takes] / elements.infeed_per_unit[takes]
    return given | {("gen", "p_mw"): p_mw}
