"""Batteries in the grid and beside plants: they charge and discharge as they are told."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.devices.battery import Batteries, lowest_charge, run_batteries, run_batteries_over, without_standby
from twin.devices.device import (
    GRID_BATTERIES,
    PLANT_BATTERIES,
    DeviceFlows,
    DeviceNow,
    DeviceSteps,
    PlantFlows,
    one_step,
)

FOLLOWED_WITHIN_MW = 1e-6


@dataclass(frozen=True, eq=False)
class GridBattery:
    """Batteries at the areas, all ordered alike. State: their charge, MWh.

    Attributes
    ----------
    battery : Battery
        (A,), MWh and MW; 0 where an area has none.
    name : str
    is_storage : bool
    """

    battery: Batteries
    name: str = GRID_BATTERIES
    is_storage: bool = True

    def initial(self) -> np.ndarray:
        """Return the charge before the first half-hour, (A,) MWh: the lowest."""
        return lowest_charge(self.battery)

    def step(self, state: np.ndarray, now: DeviceNow) -> tuple[np.ndarray, DeviceFlows]:
        """Run a single step; see `run`."""
        return one_step(self, state, now)

    def run(self, state: np.ndarray, steps: DeviceSteps) -> tuple[np.ndarray, DeviceFlows]:
        """Charge or discharge as ordered within power and charge; see `twin.devices.device.SeriesDevice.run`."""
        ordered_mw = steps.signal_pu[:, :, None] * self.battery.power
        done = run_batteries_over(self.battery, state, ordered_mw, steps.step_hours)
        return done.soc[-1].copy(), DeviceFlows(
            demand_mw=done.power + done.standby,
            losses_mw=done.losses.sum(axis=2),
            stored_mwh=done.soc.sum(axis=2),
            unmet_mwh=np.zeros(steps.signal_pu.shape),
            clipped=np.minimum(_missed(done.power, ordered_mw), 1),
        )


@dataclass(frozen=True, eq=False)
class PlantBatteries:
    """Batteries beside plants, all ordered alike. State: their charge, MWh.

    They sell when they are told to, charge out of their plant's infeed, and take what the grid has cut of it.

    Attributes
    ----------
    battery : Battery
        (P,), MWh and MW, without standby; 0 where a plant has none.
    name : str
    is_storage : bool

    Raises
    ------
    InputError
        Where a battery has standby: a plant that does not produce could not supply it.
    """

    battery: Batteries
    name: str = PLANT_BATTERIES
    is_storage: bool = True

    def __post_init__(self) -> None:
        without_standby(self.battery, self.name)

    def initial(self) -> np.ndarray:
        """Return the charge before the first half-hour, (P,) MWh: the lowest."""
        return lowest_charge(self.battery)

    def ordered_infeed(self, state: np.ndarray, now: DeviceNow) -> np.ndarray:
        """Return the change of the plants' infeed as ordered; see `twin.devices.device.PlantDevice.ordered_infeed`.

        Charging comes out of the plant's infeed; plant and battery together stay within the plant's contract.
        """
        plants = now.beside_plants
        ordered_mw = now.signal_pu[:, None] * self.battery.power
        below_contract_mw = np.maximum(plants.contract_mw - plants.infeed_mw, 0.0)
        wanted_mw = np.clip(ordered_mw, -below_contract_mw, np.maximum(plants.infeed_mw, 0.0))
        return -run_batteries(self.battery, state, wanted_mw, now.step_hours).power

    def step(self, state: np.ndarray, now: DeviceNow) -> tuple[np.ndarray, PlantFlows]:
        """Settle once the cuts are known: a cut falls on the discharge first, the rest of it is charged.

        A battery that discharges does not charge in the same half-hour. See `twin.devices.device.Device.step`.
        """
        plants = now.beside_plants
        ordered_infeed_mw = self.ordered_infeed(state, now)
        sold_mw = np.maximum(ordered_infeed_mw, 0.0) - plants.withheld_mw
        bought_mw = np.maximum(-ordered_infeed_mw, 0.0)
        wanted_mw = np.where(sold_mw > 0.0, -sold_mw, bought_mw + plants.cut_mw)
        done = run_batteries(self.battery, state, wanted_mw, now.step_hours)
        taken_mw = np.where(sold_mw > 0.0, 0.0, np.clip(done.power - bought_mw, 0.0, plants.cut_mw))
        return done.soc, PlantFlows(
            demand_mw=done.power,
            losses_mw=done.losses.sum(axis=1),
            stored_mwh=done.soc.sum(axis=1),
            unmet_mwh=np.zeros(len(state)),
            clipped=_missed(-ordered_infeed_mw, now.signal_pu[:, None] * self.battery.power),
            taken_mw=taken_mw,
        )


def _missed(done_mw: np.ndarray, ordered_mw: np.ndarray) -> np.ndarray:
    """Return how many batteries did not follow an order, (..., R) int; one that is no number is never followed."""
    result: np.ndarray = np.count_nonzero(~(np.abs(done_mw - ordered_mw) <= FOLLOWED_WITHIN_MW), axis=-1)
    return result
