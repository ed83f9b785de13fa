"""When a limit is violated, and the search for the smallest action that heals it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

VIOLATED_ABOVE_PERCENT = 0.001
"""A limit counts as violated above 100 percent of it and this much; below that the search has met it."""
ACCEPT_PERCENT = 0.002
"""How far below a limit the search for the smallest action may end."""
BEHIND_SHARE = 0.2
"""An action reaches a limit where a MW of it moves this much of the most that a MW of any moves."""
MAX_STEPS = 40
NEAR_ZERO = 1e-3
"""Share of the bracket at which the excess is looked at to see whether it falls from 0 on."""

GOLDEN = (5.0**0.5 - 1.0) / 2.0


def largest_kept(
    excess: Callable[[np.ndarray, np.ndarray], np.ndarray], top: np.ndarray, excess_top: np.ndarray, accept: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return how much may be kept until a limit is met: the largest x in [0, top] with an excess in [-accept, 0].

    By the Illinois rule (a false position that cannot get stuck at one end).

    Where x = 0 leaves an excess although a larger x would not (so much infeed is gone that the same element is now
    overloaded the other way), the bracket begins at the first point found without excess.

    Parameters
    ----------
    excess : callable
        ``excess(rows, x)`` gives, for the rows (indices) at their x, a convex number that rises towards `top`.
    top, excess_top : numpy.ndarray, (R,)
        Upper ends and their excess, above 0.
    accept : float
        How far below 0 the excess may stay.

    Returns
    -------
    x : numpy.ndarray, (R,)
        Where every x leaves an excess above 0, the one that leaves least (0 where it rises with x).
    met : numpy.ndarray, (R,) bool
        Whether the excess at `x` is at most 0.
    """
    rows = np.arange(len(top))
    high, f_high = top.copy(), excess_top.copy()
    low, f_low = _least(excess, top)
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


def _least(excess: Callable[[np.ndarray, np.ndarray], np.ndarray], top: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return 0 and its excess, or, where that is above 0 and falls with x, a point without excess or the least one.

    Golden-section search, ended at the first point without excess.
    """
    x = np.zeros_like(top)
    f = excess(np.arange(len(top)), x)
    todo = np.flatnonzero(f > 0.0)
    if len(todo):
        todo = todo[excess(todo, NEAR_ZERO * top[todo]) < f[todo]]
    left, right = np.zeros_like(top), top.copy()
    for _ in range(MAX_STEPS):
        if not len(todo):
            break
        inner = right[todo] - GOLDEN * (right[todo] - left[todo])
        outer = left[todo] + GOLDEN * (right[todo] - left[todo])
        f_inner, f_outer = excess(todo, inner), excess(todo, outer)
        to_left = f_inner < f_outer
        x[todo], f[todo] = np.where(to_left, inner, outer), np.where(to_left, f_inner, f_outer)
        right[todo], left[todo] = np.where(to_left, outer, right[todo]), np.where(to_left, left[todo], inner)
        todo = todo[f[todo] > 0.0]
    return x, f


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
