"""A real-time operator without forecast: he measures a branch, trims and trips units, and releases them in steps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.operation.zones.cuts import RULES

FREE_BELOW_MW = 1e-6
"""A set-point that is this near to the contract is none."""


@dataclass(frozen=True)
class Zone:
    """A constraint zone: a measured quantity, its limit, and the units that keep it.

    All margins are shares of the limit, above 1 or below. Axes: U units in the order of cuts of the zone.

    Attributes
    ----------
    name : str
    units : numpy.ndarray, (U,) int
        Columns of the units in the series; the first is cut first.
    contract_mw : numpy.ndarray, (U,)
    effect : numpy.ndarray, (U,)
        Change of the measured quantity for a MW more of a unit.
    rule : str
        One of `twin.operation.zones.cuts.RULES`.
    trim : float
        Above this share of the limit set-points are lowered until the quantity stands at it; 1: at the limit.
    trip : float
        Above this share, found on arrival, all units of the zone are tripped to 0.
    release : float
        Below this share set-points are raised.
    release_mw : float
        By so much in a step, all units together, the last one cut first; never beyond `trim`.
    """

    name: str
    units: np.ndarray
    contract_mw: np.ndarray
    effect: np.ndarray
    rule: str
    trim: float = 1.0
    trip: float = np.inf
    release: float = 1.0
    release_mw: float = np.inf


@dataclass(frozen=True)
class Managed:
    """What the operator did; axes T steps, M variants of the limit, U units.

    Attributes
    ----------
    set_point_mw : numpy.ndarray, (T, M, U)
        What each unit may feed in at most; its contract where it is free.
    measured_mw : numpy.ndarray, (T, M)
        The zone's quantity after the operator has acted.
    tripped : numpy.ndarray, (T, M) bool
        Whether the zone was tripped in the step.
    """

    set_point_mw: np.ndarray
    measured_mw: np.ndarray
    tripped: np.ndarray

    def status(self, zone: Zone) -> np.ndarray:
        """Return 0 (no unit held), 0.5 (some held) or 1 (all stopped) of each step, (T, M)."""
        held = self.set_point_mw < zone.contract_mw - FREE_BELOW_MW
        stopped = (self.set_point_mw < FREE_BELOW_MW).all(axis=2)
        return np.where(stopped, 1.0, np.where(held.any(axis=2), 0.5, 0.0))


def manage(zone: Zone, beside_mw: np.ndarray, potential_mw: np.ndarray, limit_mw: np.ndarray) -> Managed:
    """Run the operator of one zone through a series, for several limits at once.

    He sees the present step only: the quantity as it arrives under the set-points of the step before decides between
    trip, trim and release. Nothing is forecast.

    Parameters
    ----------
    zone : Zone
    beside_mw : numpy.ndarray, (T,)
        The measured quantity without the zone's units.
    potential_mw : numpy.ndarray, (T, U)
        What the zone's units would feed in, uncut.
    limit_mw : numpy.ndarray, (T, M)
        Limit of each step and variant.

    Returns
    -------
    Managed
    """
    steps, variants = limit_mw.shape
    cut, count = RULES[zone.rule], len(zone.units)
    set_point = np.tile(zone.contract_mw, (variants, 1))
    kept = np.empty((steps, variants, count))
    measured, tripped = np.empty((steps, variants)), np.zeros((steps, variants), dtype=bool)
    for t in range(steps):
        limit, potential = limit_mw[t], np.broadcast_to(potential_mw[t], (variants, count))
        output = np.minimum(potential, set_point)
        flow = beside_mw[t] + output @ zone.effect
        trips = flow > zone.trip * limit
        trims = ~trips & (flow > zone.trim * limit)
        releases = ~trips & ~trims & (flow < zone.release * limit)
        if trims.any():
            lowered = output - cut(output, zone.contract_mw, zone.effect, flow - zone.trim * limit)
            acts = trims[:, None] & (lowered < output - FREE_BELOW_MW)
            set_point = np.where(acts, lowered, set_point)
        if releases.any():
            raised = _released(zone, set_point, potential, zone.trim * limit - flow)
            set_point = np.where(releases[:, None], raised, set_point)
        set_point = np.where(trips[:, None], 0.0, set_point)
        kept[t], tripped[t] = set_point, trips
        measured[t] = beside_mw[t] + np.minimum(potential, set_point) @ zone.effect
    return Managed(kept, measured, tripped)


def _released(zone: Zone, set_point: np.ndarray, potential: np.ndarray, room_mw: np.ndarray) -> np.ndarray:
    """Raise set-points from the last one cut on, by at most a step, and by no more than there is room for.

    Only what a unit would feed in takes room; a set-point above that is free to return to the contract.
    """
    left, room = np.full(len(set_point), zone.release_mw), room_mw.copy()
    raised = set_point.copy()
    for u in range(len(zone.units))[::-1]:
        effect = zone.effect[u]
        held = np.minimum(raised[:, u], potential[:, u])
        wanted = np.maximum(potential[:, u] - held, 0.0)
        allowed = np.minimum(wanted, left)
        if effect > 0.0:
            allowed = np.minimum(allowed, np.maximum(room, 0.0) / effect)
        is_free = allowed >= wanted - FREE_BELOW_MW
        raised[:, u] = np.where(is_free, zone.contract_mw[u], np.where(allowed > 0.0, held + allowed, raised[:, u]))
        left, room = left - allowed, room - allowed * effect
    return raised
