"""What a flexible device is: it keeps its own limits, whatever a policy orders."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Protocol, runtime_checkable

import numpy as np
from numba import njit

HOMES, WATER_HEATERS, CARS, COMMERCIAL = "homes", "water_heaters", "cars", "commercial"
GRID_BATTERIES = "grid_batteries"
PLANT_BATTERIES = "plant_batteries"


class Mode(IntEnum):
    """What the batteries of a group of sites do."""

    IDLE = 0
    SELF_CONSUMPTION = 1
    POWER = 2


HALF_HOURS_OF_HOUR = 2
ROUNDING = 1e-9

FOLLOWED_WITHIN = 0.01
"""Share of the device's power by which it may miss an order: what a meter of one per cent would not see."""


@njit(cache=True, nogil=True)
def ordered_power(signal_pu: float, habit: float, most: float, least: float) -> float:
    """Return what a signal asks for: 0 the habit, 1 `most`, -1 `least`, in proportion between."""
    toward = most if signal_pu >= 0.0 else least
    return habit + abs(signal_pu) * (toward - habit)


@njit(cache=True, nogil=True)
def not_followed(done_mw: float, ordered_mw: float, power_mw: float, signal_pu: float) -> int:
    """Return 1 where an order (a signal other than 0) was missed by more than `FOLLOWED_WITHIN`.

    An order that is no number is always missed.
    """
    missed = not abs(done_mw - ordered_mw) <= FOLLOWED_WITHIN * power_mw
    return int(missed and signal_pu != 0.0)


@dataclass(frozen=True)
class PlantsNow:
    """What a device beside plants meets in a half-hour, (R, P) MW; axes R members, P plants.

    Attributes
    ----------
    infeed_mw : numpy.ndarray
        Of the plants, as area balance has left it.
    contract_mw : numpy.ndarray
        Most that plant and device may feed in together.
    withheld_mw : numpy.ndarray
        Part of the ordered infeed that the grid did not take; known once cuts are.
    cut_mw : numpy.ndarray
        What is still cut of the plants' infeed and the device may take; known once cuts are.
    """

    infeed_mw: np.ndarray
    contract_mw: np.ndarray
    withheld_mw: np.ndarray
    cut_mw: np.ndarray

    @staticmethod
    def none(rows: int) -> PlantsNow:
        """Return what a device meets that stands beside no plant."""
        return PlantsNow(*(np.zeros((rows, 0)),) * 4)


@dataclass(frozen=True)
class DeviceNow:
    """What a device meets in a step of time; axes R members, A areas.

    Attributes
    ----------
    step_of_day : int
        From 0 at midnight.
    is_workday : bool
        Monday to Friday, no holiday.
    step_hours : float
        Length of the step.
    signal_pu : numpy.ndarray, (R,)
        Order within -1 .. 1: 0 leaves the device to its habit, 1 takes all that it can, -1 takes as little as it can
        (a battery gives back).
    price_ratio : numpy.ndarray, (R,)
        Announced retail price over the usual one, not negative.
    area_demand_mw : numpy.ndarray, (R, A)
        Gross demand of the areas without the devices.
    class_kw_per_kwh : dict of str to numpy.ndarray, (R,)
        Mean demand of a customer class (``residential``, ``commercial``, ``public``) now, kW per kWh of a year.
    month : int
        Calendar month, 1 .. 12: hot water takes twice as much heat in winter as in summer.
    beside_plants : PlantsNow
        For a `PlantDevice` only.
    """

    step_of_day: int
    is_workday: bool
    step_hours: float
    signal_pu: np.ndarray
    price_ratio: np.ndarray
    area_demand_mw: np.ndarray
    class_kw_per_kwh: dict[str, np.ndarray]
    month: int = 1
    beside_plants: PlantsNow = field(default_factory=lambda: PlantsNow.none(0))

    @property
    def half_hour_of_day(self) -> int:
        """Half-hour of the day in which the step begins, 0 .. 47."""
        return int(self.step_of_day * self.step_hours * HALF_HOURS_OF_HOUR + ROUNDING)


@dataclass(frozen=True)
class DeviceSteps:
    """What a device meets in several steps of time, one after the other; fields as in `DeviceNow` with T steps first.

    Attributes
    ----------
    step_of_day, month : numpy.ndarray, (T,) int
    is_workday : numpy.ndarray, (T,) bool
    step_hours : float
    signal_pu, price_ratio : numpy.ndarray, (T, R)
    area_demand_mw : numpy.ndarray, (T, R, A)
    class_kw_per_kwh : dict of str to numpy.ndarray, (T, R)
    """

    step_of_day: np.ndarray
    month: np.ndarray
    is_workday: np.ndarray
    step_hours: float
    signal_pu: np.ndarray
    price_ratio: np.ndarray
    area_demand_mw: np.ndarray
    class_kw_per_kwh: dict[str, np.ndarray]

    def rows(self, members: np.ndarray) -> DeviceSteps:
        """Return the same for some of the members."""
        per_kwh = {name: values[:, members] for name, values in self.class_kw_per_kwh.items()}
        some = (self.signal_pu[:, members], self.price_ratio[:, members], self.area_demand_mw[:, members])
        return DeviceSteps(self.step_of_day, self.month, self.is_workday, self.step_hours, *some, per_kwh)

    def at(self, k: int) -> DeviceNow:
        """Return one of the steps."""
        return DeviceNow(
            step_of_day=int(self.step_of_day[k]),
            is_workday=bool(self.is_workday[k]),
            step_hours=self.step_hours,
            signal_pu=self.signal_pu[k],
            price_ratio=self.price_ratio[k],
            area_demand_mw=self.area_demand_mw[k],
            class_kw_per_kwh={name: values[k] for name, values in self.class_kw_per_kwh.items()},
            month=int(self.month[k]),
        )

    @staticmethod
    def of_one(now: DeviceNow) -> DeviceSteps:
        """Return a single step."""
        return DeviceSteps(
            step_of_day=np.array([now.step_of_day]),
            month=np.array([now.month]),
            is_workday=np.array([now.is_workday]),
            step_hours=now.step_hours,
            signal_pu=now.signal_pu[None],
            price_ratio=now.price_ratio[None],
            area_demand_mw=now.area_demand_mw[None],
            class_kw_per_kwh={name: values[None] for name, values in now.class_kw_per_kwh.items()},
        )


@dataclass(frozen=True)
class DeviceFlows:
    """What a device did in a step of time; axes R members, A areas; several steps have a leading axis.

    Attributes
    ----------
    demand_mw : numpy.ndarray, (R, A)
        Change of what the areas take from the grid, consumption positive; of a `PlantDevice` (R, P), what it takes
        behind each plant's connection point.
    losses_mw : numpy.ndarray, (R,)
        Part of it that is lost and was not lost without the device's flexibility; negative where it saves losses
        (water that is heated later stays warm for less time).
    stored_mwh : numpy.ndarray, (R,)
        Energy held back (positive) or owed (negative) at the end of the step.
    unmet_mwh : numpy.ndarray, (R,)
        Service that was not given in the step: hot water, energy missing in a leaving car; 0 where none.
    clipped : numpy.ndarray, (R,) int
        1 where the order could not be followed; a device that consists of several may count each.
    """

    demand_mw: np.ndarray
    losses_mw: np.ndarray
    stored_mwh: np.ndarray
    unmet_mwh: np.ndarray
    clipped: np.ndarray


@dataclass(frozen=True)
class PlantFlows(DeviceFlows):
    """What a device beside plants did in a half-hour.

    Attributes
    ----------
    taken_mw : numpy.ndarray, (R, P)
        Part of the cut that it took in place of the grid, at most ``PlantsNow.cut_mw``.
    """

    taken_mw: np.ndarray


@runtime_checkable
class Device(Protocol):
    """A flexible device or a cohort of them; frozen, its state is passed through.

    `name` identifies it in `View.devices`, orders and tables; `is_storage` tells a battery of the grid or of plants,
    whose charge counts as stored energy and not as demand: its state is its charge in MWh and nothing else.
    """

    @property
    def name(self) -> str:
        """Name in orders and tables."""
        ...

    @property
    def is_storage(self) -> bool:
        """Whether its flows are charge and discharge of a battery instead of demand."""
        ...

    def initial(self) -> np.ndarray:
        """Return the state before the first step, (K,)."""
        ...

    def step(self, state: np.ndarray, now: DeviceNow) -> tuple[np.ndarray, DeviceFlows]:
        """Run one step of time for R members; `state` is (R, K). A row must not depend on its neighbours."""
        ...


@runtime_checkable
class SeriesDevice(Device, Protocol):
    """A device that can run several steps at once, with the same results as one after the other."""

    def run(self, state: np.ndarray, steps: DeviceSteps) -> tuple[np.ndarray, DeviceFlows]:
        """Run steps of time for R members from `state`, (R, K); the flows have a leading axis of steps."""
        ...


def one_step(device: SeriesDevice, state: np.ndarray, now: DeviceNow) -> tuple[np.ndarray, DeviceFlows]:
    """Run a single step of a device that can run several."""
    after, flows = device.run(state, DeviceSteps.of_one(now))
    return after, DeviceFlows(*(values[0] for values in vars(flows).values()))


@runtime_checkable
class PlantDevice(Device, Protocol):
    """A device behind the connection points of plants: its step comes last, when the cuts are known."""

    def ordered_infeed(self, state: np.ndarray, now: DeviceNow) -> np.ndarray:
        """Return the change of the plants' infeed as ordered, before any cut by the grid; (R, P) MW."""
        ...

    def step(self, state: np.ndarray, now: DeviceNow) -> tuple[np.ndarray, PlantFlows]:
        """Settle the ordered infeed with what was withheld and cut; as `Device.step`."""
        ...
