"""Root search for many members at once, each with its own bracket."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

MAX_STEPS = 40


def largest_kept(
    excess: Callable[[np.ndarray, np.ndarray], np.ndarray], top: np.ndarray, excess_top: np.ndarray, accept: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the largest x in [0, top] whose excess lies in [-accept, 0], by the Illinois rule.

    Parameters
    ----------
    excess : callable
        ``excess(rows, x)`` gives, for the rows (indices) at their x, a number that rises with x.
    top, excess_top : numpy.ndarray, (R,)
        Upper ends and their excess, above 0.
    accept : float
        How far below 0 the excess may stay.

    Returns
    -------
    x : numpy.ndarray, (R,)
        0 where even x = 0 leaves an excess above 0.
    met : numpy.ndarray, (R,) bool
        Whether the excess at `x` is at most 0.
    """
    rows = np.arange(len(top))
    low, high = np.zeros_like(top), top.copy()
    f_low, f_high = excess(rows, low), excess_top.copy()
    met = f_low <= 0.0
    side = np.zeros(len(top), dtype=np.int64)
    best_excess = f_low.copy()
    todo = rows[met & (f_low < -accept)]
    for _ in range(MAX_STEPS):
        if not len(todo):
            break
        width = high[todo] - low[todo]
        aim = -0.5 * accept
        x = low[todo] + width * np.clip((aim - f_low[todo]) / (f_high[todo] - f_low[todo]), 0.001, 0.999)
        f = excess(todo, x)
        under = f <= 0.0
        _move(todo[under], x[under], f[under], low, f_low, f_high, side, -1)
        _move(todo[~under], x[~under], f[~under], high, f_high, f_low, side, 1)
        best_excess[todo[under]] = f[under]
        todo = todo[(best_excess[todo] < -accept) & (high[todo] - low[todo] > 1e-12 * top[todo])]
    return low, met


def _move(
    rows: np.ndarray,
    x: np.ndarray,
    f: np.ndarray,
    end: np.ndarray,
    f_end: np.ndarray,
    f_other: np.ndarray,
    side: np.ndarray,
    now: int,
) -> None:
    """Move one end of the brackets; where the same end moves twice, halve the other end's weight."""
    again = rows[side[rows] == now]
    f_other[again] *= 0.5
    end[rows], f_end[rows], side[rows] = x, f, now
