"""Conductor temperature over time, and how much and how long a cable may carry (IEC 60287-1-1, IEC 60853-2)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.cable.ladder import SECONDS_PER_HOUR, Ladder

SETTLED_K = 1e-4
HIGHEST_C = 250.0
"""Resistance is not extrapolated beyond this temperature, the short-circuit limit of XLPE."""
MOST_MINUTES = 7 * 24 * 60.0
"""Times to the limit are told up to a week."""


@dataclass(frozen=True)
class Course:
    """Temperatures of a link's circuits in one section over time; axes T steps, C circuits, s states.

    Attributes
    ----------
    conductor_c : numpy.ndarray, (T, C)
        At the end of each step.
    state_w_per_m : numpy.ndarray, (T, C, s)
        The ladder's states then.
    """

    conductor_c: np.ndarray
    state_w_per_m: np.ndarray


def course(ladder: Ladder, current_a: np.ndarray, ambient_c: np.ndarray, step_hours: float) -> Course:
    """Return the temperatures under currents.

    The states start as if the mean loss of the whole period had always been there. The loss of a step is that at the
    mean of its first and last temperature; both are found together, from below.

    Parameters
    ----------
    ladder : Ladder
        The same of all circuits.
    current_a : numpy.ndarray, (T, C)
        Mean of each step; the other circuit's losses are those of all other columns.
    ambient_c : numpy.ndarray, (T,)
        Temperature of the surroundings without the cable.
    step_hours : float
    """
    still = ladder.dielectric_k + ambient_c[:, None]
    during = np.broadcast_to(still, current_a.shape)
    kept = ladder.kept(step_hours * SECONDS_PER_HOUR)
    while True:
        own = ladder.loss_w_per_m(current_a, np.minimum(during, HIGHEST_C))
        followed = [own] * ladder.own + [own.sum(axis=1, keepdims=True) - own] * (len(kept) - ladder.own)
        start = np.stack([loss.mean(axis=0) for loss in followed], axis=-1)
        each = zip(followed, start.T, kept, strict=True)
        states = np.stack([_follow(loss, first, share) for loss, first, share in each], axis=-1)
        end = still + states @ ladder.gain_k_m_per_w
        begin = np.concatenate([still[:1] + start @ ladder.gain_k_m_per_w, end[:-1]])
        now = 0.5 * (begin + end)
        if float(np.max(np.abs(now - during), initial=0.0)) < SETTLED_K:
            return Course(end, states)
        during = now


def _follow(loss: np.ndarray, start: np.ndarray, kept: float) -> np.ndarray:
    from scipy.signal import lfilter  # takes a second, which a report of a finished run need not wait

    found, _ = lfilter([1.0 - kept], [1.0, -kept], loss, axis=0, zi=(kept * start)[None])
    return np.asarray(found)


def continuous_rating_a(ladder: Ladder, ambient_c: float | np.ndarray, *, together: bool = False) -> np.ndarray:
    """Return the current that brings the conductor to its limit after a long time; 0 where nothing is left for it.

    Parameters
    ----------
    ladder : Ladder
    ambient_c : float or numpy.ndarray
    together : bool
        Whether the other circuit carries as much; dead otherwise.
    """
    steady = ladder.together_k_m_per_w if together else ladder.alone_k_m_per_w
    return _current_a(ladder, ladder.losses.limit_c - ladder.dielectric_k - ambient_c, steady)


def emergency_rating_a(
    ladder: Ladder, state_w_per_m: np.ndarray, ambient_c: np.ndarray | float, hours: float
) -> np.ndarray:
    """Return the constant current that brings the conductor to its limit after some hours, the other circuit dead.

    As in IEC 60853-2, the loss is that at the limit, which is on the safe side while the conductor is cooler.

    Parameters
    ----------
    ladder : Ladder
    state_w_per_m : numpy.ndarray, (..., s)
    ambient_c : numpy.ndarray, (...) or float
    hours : float
    """
    seconds = hours * SECONDS_PER_HOUR
    left = state_w_per_m @ (ladder.kept(seconds) * ladder.gain_k_m_per_w)
    room = ladder.losses.limit_c - ladder.dielectric_k - ambient_c - left
    return _current_a(ladder, room, float(ladder.rise_k_m_per_w(seconds)))


def emergency_rating_ahead_a(ladder: Ladder, ambient_c: np.ndarray | float, hours: float, circuits: int) -> np.ndarray:
    """Return the emergency current that may be stated ahead, whatever a circuit has carried before.

    It is the constant current that brings a survivor to its limit after some hours, when before the trip all circuits
    had for ever shared what the survivors carry now: a grid that respects it never carries more. The loss is that at
    the limit.

    Parameters
    ----------
    ladder : Ladder
    ambient_c : numpy.ndarray or float
    hours : float
    circuits : int
        Before the trip, the survivor among them.
    """
    seconds = hours * SECONDS_PER_HOUR
    preload = ((circuits - 1) / circuits) ** 2
    left_of_preload = preload * float(ladder.kept(seconds) @ ladder.gain_k_m_per_w)
    room = ladder.losses.limit_c - ladder.dielectric_k - ambient_c
    return _current_a(ladder, room, float(ladder.rise_k_m_per_w(seconds)) + left_of_preload)


def _current_a(ladder: Ladder, room_k: np.ndarray | float, rise_k_m_per_w: float | np.ndarray) -> np.ndarray:
    per_square_amp = ladder.cores * ladder.losses.limit_ohm_per_m * rise_k_m_per_w
    return np.sqrt(np.maximum(room_k, 0.0) / per_square_amp)


def minutes_to_limit(
    ladder: Ladder, state_w_per_m: np.ndarray, ambient_c: np.ndarray | float, current_a: np.ndarray
) -> np.ndarray:
    """Return how long a constant current may flow before the conductor is at its limit, the other circuit dead.

    As in `emergency_rating_a` with the loss at the limit. `MOST_MINUTES` where it may flow for that long or longer, 0
    where the conductor is at its limit already.

    Parameters
    ----------
    ladder : Ladder
    state_w_per_m : numpy.ndarray, (n, s)
    ambient_c : numpy.ndarray, (n,) or float
    current_a : numpy.ndarray, (n,)
    """
    loss = ladder.cores * current_a**2 * ladder.losses.limit_ohm_per_m
    room = ladder.losses.limit_c - ladder.dielectric_k - np.broadcast_to(ambient_c, loss.shape)

    def within(minutes: np.ndarray, rows: np.ndarray) -> np.ndarray:
        kept = ladder.kept(minutes * 60.0)
        own = (1.0 - kept)[:, : ladder.own] @ ladder.gain_k_m_per_w[: ladder.own]
        left = (state_w_per_m[rows] * kept) @ ladder.gain_k_m_per_w
        return np.asarray(left + loss[rows] * own <= room[rows])

    result = np.full(len(loss), MOST_MINUTES)
    highest = np.maximum(state_w_per_m, np.where(np.arange(state_w_per_m.shape[-1]) < ladder.own, loss[:, None], 0.0))
    grid = np.concatenate([[1e-6], np.geomspace(1.0, MOST_MINUTES, 40)])
    open_rows = np.flatnonzero(highest @ ladder.gain_k_m_per_w > room)
    for earlier, later in zip(np.concatenate([[0.0], grid]), grid, strict=False):
        passed = open_rows[~within(np.full(len(open_rows), later), open_rows)]
        low, high = np.full(len(passed), earlier), np.full(len(passed), later)
        for _ in range(30 if len(passed) else 0):
            middle = 0.5 * (low + high)
            fits = within(middle, passed)
            low, high = np.where(fits, middle, low), np.where(fits, high, middle)
        result[passed] = low
        open_rows = np.setdiff1d(open_rows, passed, assume_unique=True)
    return result


def cyclic_rating_a(
    ladder: Ladder, current_a: np.ndarray, ambient_c: float | np.ndarray, step_hours: float
) -> np.ndarray:
    """Return the peaks of currents' courses that both circuits may repeat for ever (IEC 60853-2, for any cycle).

    Parameters
    ----------
    ladder : Ladder
    current_a : numpy.ndarray, (n, k)
        k cycles of any height.
    ambient_c : float or numpy.ndarray, (k,)
    step_hours : float

    Returns
    -------
    numpy.ndarray, (k,)
        Each cycle's highest current when its hottest moment is at the limit, with the loss at the limit; the cyclic
        factor M is this over `continuous_rating_a` of both circuits together. NaN where no current flows.
    """
    peak = current_a.max(axis=0)
    shape = (current_a / np.where(peak > 0.0, peak, np.nan)) ** 2
    kept = ladder.kept(step_hours * SECONDS_PER_HOUR)
    rise = np.zeros(shape.shape)
    for share, gain in zip(kept, ladder.gain_k_m_per_w, strict=True):
        once = _follow(shape, np.zeros(len(peak)), share)
        start = once[-1] / (1.0 - share ** len(shape))
        rise += gain * _follow(shape, start, share)
    room = ladder.losses.limit_c - ladder.dielectric_k - ambient_c
    return np.asarray(_current_a(ladder, room, rise.max(axis=0)))
