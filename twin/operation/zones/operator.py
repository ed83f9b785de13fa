"""A real-time operator without forecast: he measures a branch, trims and trips units, and releases them in steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from twin.operation.zones.cuts import RULES

FREE_BELOW_MW = 1e-6
"""A set-point that is this near to the contract is none."""


@dataclass(frozen=True)
class Zone:
    """A constraint zone: the units that keep a measured quantity within its limit, and how they are ordered to.

    All margins are shares of the limit.

    Attributes
    ----------
    name : str
    units : tuple of int
        Columns of the units in the series, U of them; the first is cut first.
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
    units: tuple[int, ...]
    rule: str
    trim: float = 1.0
    trip: float = np.inf
    release: float = 1.0
    release_mw: float = np.inf


class Orders(NamedTuple):
    """What a quantity as it arrives asks for, (R,) bool each; at most one of them holds."""

    trips: np.ndarray
    trims: np.ndarray
    releases: np.ndarray


def orders(zone: Zone, flow_mw: np.ndarray, limit_mw: np.ndarray) -> Orders:
    """Return what the zone's operator does about quantities that arrive, (R,); nothing where one is not known."""
    trips = flow_mw > zone.trip * limit_mw
    trims = ~trips & (flow_mw > zone.trim * limit_mw)
    return Orders(trips, trims, ~trips & ~trims & (flow_mw < zone.release * limit_mw))


class Units(NamedTuple):
    """A zone's units when the orders are given, (R, U) each.

    `set_point_mw` are those of the step before, `potential_mw` what they would feed in without the zone; `effect` is
    the change of the measured quantity for a MW more of a unit, at least 0.
    """

    set_point_mw: np.ndarray
    potential_mw: np.ndarray
    contract_mw: np.ndarray
    effect: np.ndarray


def set_points(zone: Zone, given: Orders, units: Units, excess_mw: np.ndarray) -> np.ndarray:
    """Carry out orders.

    Parameters
    ----------
    zone : Zone
    given : Orders
    units : Units
    excess_mw : numpy.ndarray, (R,)
        By how much the quantity has to fall to stand at the trim limit; negative where there is room.

    Returns
    -------
    numpy.ndarray, (R, U)
        New set-points in MW; the contract where a unit is free.
    """
    found = units.set_point_mw
    if given.trims.any():
        output = np.minimum(units.potential_mw, found)
        lowered = output - RULES[zone.rule](output, units.contract_mw, units.effect, excess_mw)
        found = np.where(given.trims[:, None] & (lowered < output - FREE_BELOW_MW), lowered, found)
    if given.releases.any():
        found = np.where(given.releases[:, None], _released(zone, units, -excess_mw), found)
    return np.where(given.trips[:, None], 0.0, found)


def _released(zone: Zone, units: Units, room_mw: np.ndarray) -> np.ndarray:
    """Raise set-points from the last one cut on, by at most a step, and by no more than there is room for.

    Only what a unit would feed in takes room; a set-point above that is free to return to the contract.
    """
    left, room = np.full(len(room_mw), zone.release_mw), room_mw.copy()
    raised = units.set_point_mw.copy()
    for u in range(len(zone.units))[::-1]:
        potential, effect = units.potential_mw[:, u], units.effect[:, u]
        held = np.minimum(raised[:, u], potential)
        wanted = np.maximum(potential - held, 0.0)
        most = np.divide(np.maximum(room, 0.0), effect, out=np.full_like(room, np.inf), where=effect > 0.0)
        allowed = np.minimum(np.minimum(wanted, left), most)
        is_free = allowed >= wanted - FREE_BELOW_MW
        partly = np.where(allowed > 0.0, held + allowed, raised[:, u])
        raised[:, u] = np.where(is_free, units.contract_mw[:, u], partly)
        left, room = left - allowed, room - allowed * effect
    return raised


def status_of(set_point_mw: np.ndarray, contract_mw: np.ndarray) -> np.ndarray:
    """Return 0 (no unit held), 0.5 (some held) or 1 (all stopped), over the last axis of (..., U) set-points."""
    held = set_point_mw < contract_mw - FREE_BELOW_MW
    stopped = (set_point_mw < FREE_BELOW_MW).all(axis=-1)
    return np.where(held.any(axis=-1), np.where(stopped, 1.0, 0.5), 0.0)


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
    status : numpy.ndarray, (T, M)
        See `status_of`.
    """

    set_point_mw: np.ndarray
    measured_mw: np.ndarray
    tripped: np.ndarray
    status: np.ndarray


def manage(
    zone: Zone,
    contract_mw: np.ndarray,
    effect: np.ndarray,
    beside_mw: np.ndarray,
    potential_mw: np.ndarray,
    limit_mw: np.ndarray,
) -> Managed:
    """Run the operator of one zone through a series, for several limits at once.

    He sees the present step only: the quantity as it arrives under the set-points of the step before decides between
    trip, trim and release. Nothing is forecast.

    Parameters
    ----------
    zone : Zone
    contract_mw, effect : numpy.ndarray, (U,)
        Of the zone's units; `effect` as in `Units`.
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
    (steps, variants), shape = limit_mw.shape, (limit_mw.shape[1], len(zone.units))
    contract, effects = (np.broadcast_to(values, shape) for values in (contract_mw, effect))
    set_point = contract
    kept = np.empty((steps, *shape))
    measured, tripped = np.empty((steps, variants)), np.zeros((steps, variants), dtype=bool)
    for t in range(steps):
        potential = np.broadcast_to(potential_mw[t], shape)
        flow = beside_mw[t] + np.minimum(potential, set_point) @ effect
        given = orders(zone, flow, limit_mw[t])
        units = Units(set_point, potential, contract, effects)
        set_point = set_points(zone, given, units, flow - zone.trim * limit_mw[t])
        kept[t], tripped[t] = set_point, given.trips
        measured[t] = beside_mw[t] + np.minimum(potential, set_point) @ effect
    return Managed(kept, measured, tripped, status_of(kept, contract))
