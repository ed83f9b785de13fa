"""Which controlling devices are at a limit: the conditions that a solution has to meet, and the next guess."""

from __future__ import annotations

import numpy as np

from twin.powerflow.network import Controlled

MOST_ROUNDS = 40
ROUNDS_ALL_AT_ONCE = 8
LIMIT_TOLERANCE_PU = 1e-9


def next_limits(
    controls: Controlled, at_limit: np.ndarray, vm_pu: np.ndarray, q_pu: np.ndarray, rounds: int
) -> np.ndarray:
    """Return the next guess, equal to `at_limit` in rows where every device keeps to its law.

    The law: between the limits the voltage is ``set - slope q``; at the upper limit it is not above that, at the lower
    one not below. The first rounds change all devices that break it, later ones only the one that breaks it most, so
    that rows do not go round in circles.

    Parameters
    ----------
    controls : Controlled
    at_limit, vm_pu, q_pu : numpy.ndarray, (R, C)
        Guess, voltage and reactive infeed of the solved rows.
    rounds : int
        Rounds before this one.

    Returns
    -------
    numpy.ndarray, (R, C) int8
    """
    scale = np.where(controls.is_susceptance, vm_pu**2, 1.0)
    held = at_limit == 0
    above, below = q_pu - controls.high_pu * scale, controls.low_pu * scale - q_pu
    too_high = vm_pu + controls.slope_pu * q_pu - controls.vm_set_pu
    breach = np.where(held, np.maximum(above, below), np.where(at_limit > 0, too_high, -too_high))
    wanted = np.where(held, np.where(above > below, 1, -1), 0)
    broken = breach > LIMIT_TOLERANCE_PU
    if rounds >= ROUNDS_ALL_AT_ONCE and breach.shape[1]:
        broken &= np.arange(breach.shape[1]) == np.argmax(breach, axis=1)[:, None]
    return np.where(broken, wanted, at_limit).astype(np.int8)


def infeed_at_limit(controls: Controlled, at_limit: np.ndarray, vm_pu: np.ndarray) -> np.ndarray:
    """Return the reactive infeed (R, C) of devices that are at a limit, NaN for the others."""
    limit = np.where(at_limit > 0, controls.high_pu, np.where(at_limit < 0, controls.low_pu, np.nan))
    return limit * np.where(controls.is_susceptance, vm_pu**2, 1.0)
