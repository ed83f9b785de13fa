"""Compiled: how full the monitored branch ends are for the node currents of solved states."""

from __future__ import annotations

import numpy as np
from numba import njit

from twin.network.variants.maps import GridArrays

FLAGS = {"reassoc", "contract", "nsz", "arcp"}
"""For kernels of real arrays only. numba compiles the product of two complex numbers once a process, with the flags of
whoever needs it first: a complex product under these flags would reach into every other kernel.
"""
ALL_ENDS = -1
"""In place of an end: all that are watched count."""


def in_parts(i: np.ndarray) -> np.ndarray:
    """Return complex numbers (R, n) or (R,) as the kernels take them, (R, 2, n) or (R, 2)."""
    return np.ascontiguousarray(np.stack([i.real, i.imag], axis=1))


@njit(cache=True, fastmath=FLAGS, nogil=True)
def end_loading_percent(a: GridArrays, g: int, o: int, i: np.ndarray, k: int) -> float:
    """Return the loading of one monitored branch end for the node currents `i`, (2, n)."""
    re, im = a.br[g, o, k], a.bi[g, o, k]
    for node in range(i.shape[1]):
        re += a.ar[g, o, k, node] * i[0, node] - a.ai[g, o, k, node] * i[1, node]
        im += a.ar[g, o, k, node] * i[1, node] + a.ai[g, o, k, node] * i[0, node]
    result: float = 100.0 * np.sqrt(re * re + im * im) / a.limit[g, k]
    return result


@njit(cache=True, fastmath=FLAGS, nogil=True)
def worst_ends(
    a: GridArrays,
    g: np.ndarray,
    o: np.ndarray,
    i: np.ndarray,
    ignored: np.ndarray,
    only_end: np.ndarray,
    link_share: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the worst loading that counts, its end and the worst link loading of each row.

    Parameters
    ----------
    g, o : (R,) variant and topology of each row
    i : (R, 2, n) node currents
    ignored : (R, k) bool: watched ends that do not count
    only_end : (R,) the one end that counts, `ALL_ENDS` for all that are watched in the topology
    link_share : (R,) what circuits of the link may carry over their rating

    Returns
    -------
    worst : (R,) percent of what is allowed
    where : (R,) end, -1 where nothing is loaded
    link : (R,) percent of the continuous rating
    """
    worst, link = np.zeros(len(g)), np.zeros(len(g))
    where = np.full(len(g), -1)
    for r in range(len(g)):
        for k in range(a.limit.shape[1]):
            watched = a.watch_intact[k] if o[r] == 0 else a.watch_outage[k]
            counts = only_end[r] == k if only_end[r] >= 0 else watched and not ignored[r, k]
            if not (counts or a.link_end[k]):
                continue
            loading = end_loading_percent(a, g[r], o[r], i[r], k)
            if a.link_end[k]:
                link[r] = max(link[r], loading)
                loading /= link_share[r]
            if counts and loading > worst[r]:
                worst[r], where[r] = loading, k
    return worst, where, link


@njit(cache=True, fastmath=FLAGS, nogil=True)
def link_percent(a: GridArrays, g: np.ndarray, o: int, i: np.ndarray) -> np.ndarray:
    """Return the worst loading of the link's circuits, (R,) percent.

    Parameters
    ----------
    g : (R,) variant of each row
    o : topology
    i : (R, 2, n) node currents
    """
    percent = np.zeros(len(g))
    for r in range(len(g)):
        for k in range(a.limit.shape[1]):
            if a.link_end[k]:
                percent[r] = max(percent[r], end_loading_percent(a, g[r], o, i[r], k))
    return percent


@njit(cache=True, fastmath=FLAGS, nogil=True)
def percent_at_same_currents(
    a: GridArrays, g: np.ndarray, outages: np.ndarray, i: np.ndarray, ignored: np.ndarray
) -> np.ndarray:
    """Return the worst loading after each of some outages if the node currents stayed as they are, (R, S).

    Parameters
    ----------
    g : (R,) variant of each row
    outages : (S,) topologies
    i : (R, 2, n) node currents of the intact grid
    ignored : (R, o, k) bool: ends that do not count
    """
    ends = a.ar_by_node.shape[3]
    percent, re, im = np.empty((len(g), len(outages))), np.empty(ends), np.empty(ends)
    for s in range(len(outages)):  # outside, so that its maps stay in the cache
        o = outages[s]
        for r in range(len(g)):
            ar, ai = a.ar_by_node[g[r], o], a.ai_by_node[g[r], o]
            re[:], im[:] = a.br[g[r], o, :ends], a.bi[g[r], o, :ends]
            for node in range(i.shape[2]):
                i_re, i_im = i[r, 0, node], i[r, 1, node]
                for k in range(ends):
                    re[k] += ar[node, k] * i_re - ai[node, k] * i_im
                    im[k] += ar[node, k] * i_im + ai[node, k] * i_re
            worst, limit, not_counted = 0.0, a.limit[g[r]], ignored[r, o]
            for k in range(ends):
                if not not_counted[k]:
                    worst = max(worst, (re[k] * re[k] + im[k] * im[k]) / (limit[k] * limit[k]))
            percent[r, s] = 100.0 * np.sqrt(worst)
    return percent
