"""Flow of the link from the node currents of a solved state."""

from __future__ import annotations

import numpy as np

from twin.grid.reduction import ReducedGrid


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
    return (v * np.conj(current)).real.sum(axis=1) * grid.variants[0].grid.base_mva
