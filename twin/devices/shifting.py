"""Shifted use: energy taken early is not taken later, energy put off is caught up with; both ways cost something."""

from __future__ import annotations

import numpy as np


def settled(change_mw: np.ndarray, efficiency: float, hours: float) -> tuple[np.ndarray, np.ndarray]:
    """Return what a change of demand adds to the energy held back, and what of it is lost.

    Use taken early counts with `efficiency`; use put off counts by `efficiency` more. One unit moved to an earlier hour
    hence saves ``efficiency ** 2`` later, one put off costs ``1 / efficiency ** 2``.

    Parameters
    ----------
    change_mw : numpy.ndarray
        Change of demand, consumption positive.
    efficiency : float
        One-way, above 0 and at most 1.
    hours : float

    Returns
    -------
    held_back_mwh : numpy.ndarray
        Positive where use was taken early or caught up with.
    losses_mw : numpy.ndarray
        Not negative.
    """
    kept_mw = np.where(change_mw > 0.0, efficiency * change_mw, change_mw / efficiency)
    return kept_mw * hours, change_mw - kept_mw


def coming_back(held_back_mwh: np.ndarray, return_hours: float, efficiency: float, hours: float) -> np.ndarray:
    """Return the change of demand by which shifted use comes back by itself, MW.

    It takes off the share ``1 - exp(-hours / return_hours)`` of what is held back (positive, demand falls) or owed
    (negative, demand rises).
    """
    part_mw = held_back_mwh * -np.expm1(-hours / return_hours) / hours
    return np.where(held_back_mwh > 0.0, -efficiency * part_mw, -part_mw / efficiency)
