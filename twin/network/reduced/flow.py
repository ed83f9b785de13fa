"""Solve many states of the reduced grid at once; the flow of the link in a solved state."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.network.reduced.kernels import IntactStates, solve_rows
from twin.network.reduced.reduction import ReducedGrid


@dataclass(frozen=True)
class Flow:
    """Solved states of the intact grid, one per row.

    Attributes
    ----------
    variant : numpy.ndarray, (R,) int
        Grid variant: network and position of its taps and reactors.
    p_pu, q_pu : numpy.ndarray, (R, n)
        Injections at the nodes, infeed positive, without the compensator.
    v : numpy.ndarray, (R, 2, n)
        Real and imaginary part of the node voltages.
    i : numpy.ndarray, (R, 2, n)
        The node currents.
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

    @property
    def states(self) -> IntactStates:
        """The same for the compiled kernels."""
        return IntactStates(self.variant, self.p_pu, self.q_pu, self.v, self.i, self.q_svc_pu)

    def rows(self, pick: np.ndarray) -> Flow:
        """Return the rows `pick` (indices or mask)."""
        return Flow(*(values[pick] for values in self.arrays()))

    def replaced(self, pick: np.ndarray, part: Flow) -> Flow:
        """Return a copy with the rows `pick` taken from `part`."""
        fields = []
        for mine, theirs in zip(self.arrays(), part.arrays(), strict=True):
            new = mine.copy()
            new[pick] = theirs
            fields.append(new)
        return Flow(*fields)

    def arrays(self) -> tuple[np.ndarray, ...]:
        """Return the fields in order."""
        return self.variant, self.p_pu, self.q_pu, self.v, self.i, self.q_svc_pu, self.solved


def solve(
    grid: ReducedGrid,
    variant: np.ndarray,
    p_pu: np.ndarray,
    q_pu: np.ndarray,
    v_start: np.ndarray,
    q_svc_start: np.ndarray,
) -> Flow:
    """Solve the intact grid for each row.

    Parameters
    ----------
    grid : ReducedGrid
    variant : numpy.ndarray, (R,) int
        Grid variant of each row.
    p_pu, q_pu : numpy.ndarray, (R, n)
        Injections at `grid.nodes`.
    v_start : numpy.ndarray, (R, 2, n)
    q_svc_start : numpy.ndarray, (R,)
        Where the iteration starts; the start does not change the answer beyond the tolerance.

    Returns
    -------
    Flow
    """
    v, q_svc = v_start.copy(), q_svc_start.copy()
    used, i = solve_rows(grid.arrays, variant, np.zeros_like(variant), p_pu, q_pu, v, q_svc)
    return Flow(variant, p_pu, q_pu, v, i, q_svc, used > 0)


def flat_start(grid: ReducedGrid, variant: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return no-load voltages (R, 2, n) and zero compensator outputs (R,) to start from."""
    a = grid.arrays
    return np.stack([a.wr[variant, 0], a.wi[variant, 0]], axis=1), np.zeros(len(variant))


def link_export_mw(grid: ReducedGrid, variant: np.ndarray, node_i: np.ndarray) -> np.ndarray:
    """Return the link's flow at the island side, (R,) MW, export positive.

    Parameters
    ----------
    grid : ReducedGrid
    variant : numpy.ndarray, (R,) int
    node_i : numpy.ndarray, (R, n) complex
        Node currents in per unit.
    """
    maps = grid.maps
    v = maps.link_w[variant] + np.einsum("rln,rn->rl", maps.link_z[variant], node_i)
    current = np.einsum("rln,rn->rl", maps.link_a[variant], node_i) + maps.link_b[variant]
    result: np.ndarray = (v * np.conj(current)).real.sum(axis=1) * grid.base_mva
    return result
