"""Solve many states of a study's grids at once, intact or after outages; the flow of the link in a solved state."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.core.row_arrays import rows_of, with_rows
from twin.network.node_power import NodePower
from twin.network.solving.solver import Solver, solve_each
from twin.network.variants.grids import GridVariants


@dataclass(frozen=True)
class Flow:
    """Solved states, one per row.

    Attributes
    ----------
    variant : numpy.ndarray, (R,) int
        Grid variant: network and position of its taps and reactors.
    p_pu, q_pu : numpy.ndarray, (R, n)
        Injections at the nodes, infeed positive, without the compensator.
    v : numpy.ndarray, (R, N) complex
        Voltages of all nodes of the network; NaN where dead or without a solution.
    i : numpy.ndarray, (R, n) complex
        Currents fed in at the nodes with injections, the compensator's in it; zero where dead, NaN without a solution.
    q_svc_pu : numpy.ndarray, (R,)
        Output of the compensator.
    solved : numpy.ndarray, (R,) bool
    """

    variant: np.ndarray
    p_pu: np.ndarray
    q_pu: np.ndarray
    v: np.ndarray
    i: np.ndarray
    q_svc_pu: np.ndarray
    solved: np.ndarray

    def rows(self, pick: np.ndarray) -> Flow:
        """Return the rows `pick` (indices or mask)."""
        return rows_of(self, pick)

    def replaced(self, pick: np.ndarray, part: Flow) -> Flow:
        """Return a copy with the rows `pick` taken from `part`."""
        return with_rows(self, pick, part)

    def with_infeed(self, node: np.ndarray, p_pu: np.ndarray, q_pu: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the injections, two arrays (R, n), with more infeed (R,) at one node of each row."""
        rows, p, q = np.arange(len(self.variant)), self.p_pu.copy(), self.q_pu.copy()
        p[rows, node] += p_pu
        q[rows, node] += q_pu
        return p, q


def solve(
    grid: GridVariants,
    variant: np.ndarray,
    p_pu: np.ndarray,
    q_pu: np.ndarray,
    start: np.ndarray | None = None,
    topology: np.ndarray | None = None,
) -> Flow:
    """Solve each row.

    Parameters
    ----------
    grid : GridVariants
    variant : numpy.ndarray, (R,) int
        Grid variant of each row.
    p_pu, q_pu : numpy.ndarray, (R, n)
        Injections at `grid.nodes`.
    start : numpy.ndarray, (R, N) complex, optional
        Voltages where the iteration starts; no load where they are no numbers. The start does not change the answer
        beyond the tolerance.
    topology : numpy.ndarray, (R,) int, optional
        What is out of service; the intact grid where not given.

    Returns
    -------
    Flow
    """
    topology = np.zeros_like(variant) if topology is None else topology
    power = np.zeros((len(variant), grid.size), dtype=complex)
    power.real[:, grid.node_at], power.imag[:, grid.node_at] = p_pu, q_pu
    solvers, of_rows = _networks(grid, variant, topology)
    found = solve_each(solvers, of_rows, NodePower(power, None, None), start)
    solved = found.converged & found.operable
    v, q_svc = found.v, np.zeros(len(variant))
    if grid.nodes.svc >= 0:
        q_svc = found.q_controlled_pu[:, 0]
    v[~solved], q_svc[~solved] = np.nan, np.nan
    s = power[:, grid.node_at]
    if grid.nodes.svc >= 0:
        s.imag[:, grid.nodes.svc] += q_svc
    return Flow(variant, p_pu, q_pu, v, _currents(s, v[:, grid.node_at], solved), q_svc, solved)


def _networks(grid: GridVariants, variant: np.ndarray, topology: np.ndarray) -> tuple[list[Solver], list[np.ndarray]]:
    """Return the networks of some rows and the rows of each; that of the grid as it is where there are none."""
    key = variant * len(grid.outages) + topology
    if not len(key) or (key == key[0]).all():
        keys, of_rows = key[:1].tolist() or [0], [np.arange(len(key))]
    else:
        found, number, count = np.unique(key, return_inverse=True, return_counts=True)
        keys, of_rows = found.tolist(), np.split(np.argsort(number, kind="stable"), np.cumsum(count)[:-1])
    return [grid.solver(*divmod(k, len(grid.outages))) for k in keys], of_rows


def _currents(s: np.ndarray, v: np.ndarray, solved: np.ndarray) -> np.ndarray:
    """Return ``conj(s / V)``, (R, n): zero where dead, NaN without a solution."""
    live = np.isfinite(v)
    nothing = np.where(solved[:, None], np.zeros_like(s), np.nan)
    i: np.ndarray = np.conj(np.divide(s, v, out=nothing, where=live))
    return i


def link_export_mw(grid: GridVariants, variant: np.ndarray, node_i: np.ndarray) -> np.ndarray:
    """Return the link's flow at the island side, (R,) MW, export positive.

    Parameters
    ----------
    grid : GridVariants
    variant : numpy.ndarray, (R,) int
    node_i : numpy.ndarray, (R, n) complex
        Node currents in per unit.
    """
    maps = grid.maps
    v = maps.link_w[variant] + np.einsum("rln,rn->rl", maps.link_z[variant], node_i)
    current = np.einsum("rln,rn->rl", maps.link_a[variant], node_i) + maps.link_b[variant]
    result: np.ndarray = (v * np.conj(current)).real.sum(axis=1) * grid.base_mva
    return result
