"""Batteries beside plants: they take what was cut, and sell when they are told to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.loop.case import Case
from twin.loop.ledger import Ledger
from twin.loop.state import State


@dataclass(frozen=True)
class PlantBatteryFlows:
    """What the batteries beside plants did in a half-hour; (M, P) in MW, `stored_mwh` at its end, `clipped` (M,)."""

    charge_mw: np.ndarray
    discharge_mw: np.ndarray
    losses_mw: np.ndarray
    stored_mwh: np.ndarray
    clipped: np.ndarray


def offer(case: Case, state: State, t: int, unit_mw: np.ndarray) -> np.ndarray:
    """Return what the batteries would add to the plants' infeed as ordered, (M, P): discharging is positive.

    Parameters
    ----------
    case : Case
    state : State
    t : int
        Step.
    unit_mw : numpy.ndarray, (M, U)
        Infeed that area balance has left; plant and battery together stay within the contract.
    """
    return np.zeros((len(unit_mw), case.plants))


def absorb(
    case: Case, state: State, ledger: Ledger, offered_mw: np.ndarray, ordered_mw: np.ndarray, unit_mw: np.ndarray
) -> tuple[PlantBatteryFlows, np.ndarray]:
    """Settle the batteries once the cuts are known: a cut falls on the discharge first, then it is charged.

    What the battery takes is given back in the ledger, so that the unit's cut is what is lost in fact; the infeed at
    the node does not change.

    Parameters
    ----------
    case : Case
    state : State
    ledger : Ledger
        Its cuts of plants with a battery are reduced by what the battery takes.
    offered_mw : numpy.ndarray, (M, P)
        From `offer`.
    ordered_mw, unit_mw : numpy.ndarray, (M, U)
        Infeed with the offer before caps and congestion management, and after them.

    Returns
    -------
    flows : PlantBatteryFlows
    plant_soc_mwh : numpy.ndarray, (M, P)
    """
    nothing = np.zeros((len(unit_mw), case.plants))
    flows = PlantBatteryFlows(nothing, nothing, nothing, state.plant_soc_mwh, np.zeros(len(unit_mw), dtype=np.int64))
    return flows, state.plant_soc_mwh
