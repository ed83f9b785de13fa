"""Batteries beside plants: they take what was cut, and sell when they are told to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.core.quantities import CONGESTION_CAUSES, CutCause
from twin.devices.grid_battery import FOLLOWED_WITHIN_MW
from twin.operation.case import Case
from twin.operation.dispatch import plant_battery_pu
from twin.operation.ledger import Ledger
from twin.operation.state import State

AT_THE_LINK = (*CONGESTION_CAUSES, CutCause.VOLTAGE)
"""Causes that act on the infeed of plant and battery together."""
CHARGED = (CutCause.AREA_BALANCE, *AT_THE_LINK)
"""Cuts that a battery may take: the plant could have produced it, only the grid did not want it."""


@dataclass(frozen=True)
class PlantBatteryFlows:
    """What the batteries beside plants did in a half-hour; (M, P) in MW, `stored_mwh` at its end, `clipped` (M,)."""

    charge_mw: np.ndarray
    discharge_mw: np.ndarray
    losses_mw: np.ndarray
    stored_mwh: np.ndarray
    clipped: np.ndarray


@dataclass(frozen=True)
class Offer:
    """What the batteries add to their plants' infeed as ordered, (M, P) MW; `clipped` (M,) counts orders cut short.

    Attributes
    ----------
    discharge_mw, charge_mw : numpy.ndarray, (M, P)
        Not negative, at most one of the two above 0.
    clipped : numpy.ndarray, (M,) int
    """

    discharge_mw: np.ndarray
    charge_mw: np.ndarray
    clipped: np.ndarray

    @property
    def infeed_mw(self) -> np.ndarray:
        """Change of the plants' infeed, (M, P)."""
        result: np.ndarray = self.discharge_mw - self.charge_mw
        return result


def offer(case: Case, state: State, t: int, unit_mw: np.ndarray) -> Offer:
    """Return what the batteries do as ordered, within power, charge and the plants' contracts.

    Parameters
    ----------
    case : Case
    state : State
    t : int
        Step.
    unit_mw : numpy.ndarray, (M, U)
        Infeed that area balance has left: charging comes out of it, plant and battery together stay within the
        contract.
    """
    plant_mw = unit_mw[:, : case.plants]
    ordered_mw = plant_battery_pu(case, state, t)[:, None] * case.plant_battery_mw
    power = case.plant_battery_mw
    below_contract = np.maximum(case.contract_mw[:, : case.plants] - plant_mw, 0.0)
    charge = np.minimum.reduce([np.maximum(ordered_mw, 0.0), power, _room_mw(case, state), plant_mw])
    discharge = np.minimum.reduce([np.maximum(-ordered_mw, 0.0), power, _store_mw(case, state), below_contract])
    missed = np.abs(charge - discharge - ordered_mw) > FOLLOWED_WITHIN_MW
    return Offer(discharge, charge, missed.sum(axis=1))


def absorb(
    case: Case, state: State, ledger: Ledger, offered: Offer, ordered_mw: np.ndarray, unit_mw: np.ndarray
) -> tuple[PlantBatteryFlows, np.ndarray]:
    """Settle the batteries once the cuts are known: a cut falls on the discharge first, the rest of it is charged.

    What the battery takes is given back in the ledger, so that the unit's cut is what is lost in fact; the infeed at
    the node does not change. A battery that discharges does not charge in the same half-hour.

    Parameters
    ----------
    case : Case
    state : State
    ledger : Ledger
        Its cuts of plants with a battery are reduced by what the battery takes.
    offered : Offer
    ordered_mw, unit_mw : numpy.ndarray, (M, U)
        Infeed with the offer before caps and congestion management, and after them.

    Returns
    -------
    flows : PlantBatteryFlows
    plant_soc_mwh : numpy.ndarray, (M, P)
        Charge at the end.
    """
    reduced_mw = np.maximum(ordered_mw - unit_mw, 0.0)[:, : case.plants]
    withheld = np.minimum(reduced_mw, offered.discharge_mw)
    discharge = offered.discharge_mw - withheld
    ledger.give_back(AT_THE_LINK, withheld)
    free_mw = np.minimum(case.plant_battery_mw, _room_mw(case, state)) - offered.charge_mw
    cut_mw = ledger.booked_mw(CHARGED)[:, : case.plants]
    taken = np.where(discharge > 0.0, 0.0, np.minimum(cut_mw, np.maximum(free_mw, 0.0)))
    ledger.give_back(CHARGED, taken)
    charge = offered.charge_mw + taken
    eta = case.plant_battery_efficiency[:, None]
    soc = state.plant_soc_mwh + case.step_hours * (charge * eta - discharge / eta)
    losses = charge * (1.0 - eta) + discharge * (1.0 / eta - 1.0)
    return PlantBatteryFlows(charge, discharge, losses, soc, offered.clipped), soc


def _room_mw(case: Case, state: State) -> np.ndarray:
    """Return the charging power that fills the batteries within the step, (M, P)."""
    full = case.plant_soc_max_share[:, None] * case.plant_battery_mwh
    result: np.ndarray = np.maximum(full - state.plant_soc_mwh, 0.0) / (
        case.plant_battery_efficiency[:, None] * case.step_hours
    )
    return result


def _store_mw(case: Case, state: State) -> np.ndarray:
    """Return the discharging power that empties the batteries within the step, (M, P)."""
    empty = case.plant_soc_min_share[:, None] * case.plant_battery_mwh
    result: np.ndarray = (
        np.maximum(state.plant_soc_mwh - empty, 0.0) * case.plant_battery_efficiency[:, None] / case.step_hours
    )
    return result
