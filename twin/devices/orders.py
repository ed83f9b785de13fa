"""Whether an order was followed, for all kinds of flexible demand alike."""

from __future__ import annotations

import numpy as np

FOLLOWED_WITHIN = 0.01
"""Share of the device's power by which it may miss an order: what a meter of one per cent would not see."""


def ordered_power(signal_pu: np.ndarray, habit: np.ndarray, most: np.ndarray, least: np.ndarray) -> np.ndarray:
    """Return what a signal asks for: 0 the habit, 1 `most`, -1 `least`, in proportion between; broadcast."""
    toward = np.where(signal_pu >= 0.0, most, least)
    return habit + np.abs(signal_pu) * (toward - habit)


def not_followed(
    done_mw: np.ndarray, ordered_mw: np.ndarray, power_mw: np.ndarray, signal_pu: np.ndarray
) -> np.ndarray:
    """Return 1 where an order (a signal other than 0) was missed by more than `FOLLOWED_WITHIN`; (R,) int."""
    missed = np.abs(done_mw - ordered_mw) > FOLLOWED_WITHIN * power_mw
    return (missed & (signal_pu != 0.0)).astype(np.int64)
