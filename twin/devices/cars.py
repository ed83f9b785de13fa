"""Cars that charge at home and may supply the home; they leave with what they need."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numba import njit

from twin.core.clock import HALF_HOURS_OF_DAY, HOURS_OF_DAY
from twin.core.row_arrays import for_kernel
from twin.core.units import KWH_PER_MWH
from twin.devices.battery import Batteries, lowest_charge, power_to_fill, step_battery, unit, without_standby
from twin.devices.device import CARS, DeviceFlows, DeviceNow, DeviceSteps, not_followed, one_step, ordered_power


class _Patterns(NamedTuple):
    """As in `Cars`."""

    cars: np.ndarray
    battery: Batteries
    leave: np.ndarray
    back: np.ndarray
    trip_kwh: np.ndarray
    least_kwh: np.ndarray


@njit(cache=True, nogil=True)
def _drive(
    some: _Patterns, charge: np.ndarray, signal_pu: np.ndarray, home_kw: np.ndarray, kind_of_day: np.ndarray,
    step_of_day: np.ndarray, hours: float,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """Return demand and losses, kW, stored energy and what lacks, kWh, and missed orders, (T, R); moves charges on.

    `charge` is (R, 2, C): real cars, then those by habit.
    """
    demand, losses, stored, unmet = np.zeros((4, *signal_pu.shape))
    clipped = np.zeros(signal_pu.shape, dtype=np.int64)
    done_kw, lost_kw, power_kw = np.zeros(2), np.zeros(2), np.sum(some.battery.power * some.cars)
    for t in range(signal_pu.shape[0]):
        day, step = kind_of_day[t], step_of_day[t]
        for r in range(signal_pu.shape[1]):
            done_kw[:], lost_kw[:], ordered_kw = 0.0, 0.0, 0.0
            for way in range(2):
                signal = signal_pu[t, r] if way == 0 else 0.0
                for c in range(len(some.cars)):
                    battery, soc = unit(some.battery, c), charge[r, way, c]
                    lowest, full = battery.soc_min_share * battery.energy, battery.soc_max_share * battery.energy
                    leave, back, trip = some.leave[day, c], some.back[day, c], some.trip_kwh[day, c]
                    if leave == step and back > step:
                        if way == 0:
                            unmet[t, r] += max(trip + lowest - soc, 0.0) * some.cars[c]
                        soc -= min(trip, soc)
                    wanted, least = 0.0, some.least_kwh[day, step, c]
                    if step < leave or step >= back:
                        most = power_to_fill(battery, soc, full, hours)
                        given = -min(home_kw[t, r], battery.power)
                        ordered = ordered_power(signal, most, battery.power, given)
                        needed = power_to_fill(battery, soc, least, hours)
                        wanted = ordered if needed <= 0.0 or ordered > needed else needed
                        if way == 0:
                            ordered_kw += ordered * some.cars[c]
                    done = step_battery(battery, soc, max(least, lowest), wanted, hours)
                    charge[r, way, c] = min(max(done.soc, 0.0), full)
                    done_kw[way] += done.power * some.cars[c]
                    lost_kw[way] += done.losses * some.cars[c]
            demand[t, r], losses[t, r] = done_kw[0], lost_kw[0] - lost_kw[1]
            for c in range(len(some.cars)):
                stored[t, r] += (charge[r, 0, c] - charge[r, 1, c]) * some.cars[c]
            clipped[t, r] = not_followed(done_kw[0], ordered_kw, power_kw, signal_pu[t, r])
    return demand, losses, stored, unmet, clipped


@dataclass(frozen=True, eq=False)
class Cars:
    """Cars by pattern of use; arrays over C patterns, first axis of 2 for work days and free days.

    Their demand is new: it is in no area's demand. Beside the real battery runs the one that a car would have with its
    habit alone (charge on arrival until full); losses and ``stored_mwh`` are what differs from it. State: charge of a
    real battery of each pattern, then of one by habit, kWh.

    Attributes
    ----------
    cars : numpy.ndarray, (C,)
    battery : Battery
        (C,), kWh and kW of one car, without standby. The lowest charge is never discharged to the home, and left after
        the next trip.
    leave, back : numpy.ndarray, (2, C) int
        Steps of the day at whose beginning a car leaves and is back; equal where it stays.
    trip_kwh : numpy.ndarray, (2, C)
        Energy of the day's trip.
    home_kwh : float
        Yearly demand of a car's home.
    area_share : numpy.ndarray, (A,)
    steps_of_day : int
    name : str
    is_storage : bool
    least_kwh : numpy.ndarray, (2, steps of the day, C)
        Least charge at the end of a step with which full power from then on still suffices for the next trip.
    """

    cars: np.ndarray
    battery: Batteries
    leave: np.ndarray
    back: np.ndarray
    trip_kwh: np.ndarray
    home_kwh: float
    area_share: np.ndarray
    steps_of_day: int = HALF_HOURS_OF_DAY
    name: str = CARS
    is_storage: bool = False
    least_kwh: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        without_standby(self.battery, self.name)
        object.__setattr__(self, "least_kwh", self._least())

    @property
    def needed_kwh(self) -> np.ndarray:
        """Charge with which a car must leave, (2, C)."""
        result: np.ndarray = self.trip_kwh + lowest_charge(self.battery)
        return result

    @property
    def full_kwh(self) -> np.ndarray:
        """Highest charge, (C,)."""
        return self.battery.soc_max_share * self.battery.energy

    def initial(self) -> np.ndarray:
        """Return the state before the first half-hour: full batteries."""
        return np.tile(self.full_kwh, 2)

    def step(self, state: np.ndarray, now: DeviceNow) -> tuple[np.ndarray, DeviceFlows]:
        """Run a single step; see `run`."""
        return one_step(self, state, now)

    def run(self, state: np.ndarray, steps: DeviceSteps) -> tuple[np.ndarray, DeviceFlows]:
        """Drive, charge or supply the home; see `twin.devices.device.SeriesDevice.run`.

        Orders reach the cars that are at home. ``unmet_mwh`` is what leaving cars lack of `needed_kwh`.
        """
        charge = np.array(state, dtype=float).reshape(len(state), 2, len(self.cars))
        patterns = _Patterns(self.cars, self.battery, self.leave, self.back, self.trip_kwh, self.least_kwh)
        home_kw = steps.class_kw_per_kwh["residential"] * self.home_kwh
        demand, losses, stored, unmet, clipped = _drive(
            patterns,
            charge,
            for_kernel(steps.signal_pu),
            for_kernel(home_kw),
            for_kernel(1 - steps.is_workday, of=int),
            for_kernel(steps.step_of_day, of=int),
            steps.step_hours,
        )
        return charge.reshape(state.shape), DeviceFlows(
            demand_mw=demand[:, :, None] / KWH_PER_MWH * self.area_share,
            losses_mw=losses / KWH_PER_MWH,
            stored_mwh=stored / KWH_PER_MWH,
            unmet_mwh=unmet / KWH_PER_MWH,
            clipped=clipped,
        )

    def _least(self) -> np.ndarray:
        """Return the least charge after each step; the owner does not say what day comes next.

        Before today's trip it counts; after it (or without one) tomorrow's, of a work day or a free day, whichever asks
        for more.
        """
        a_step_kwh = self.battery.power * self.battery.efficiency * (HOURS_OF_DAY / self.steps_of_day)
        goes = self.back > self.leave
        least = np.zeros((2, self.steps_of_day, len(self.cars)))
        for step in range(self.steps_of_day):
            left = self.leave - step - 1
            tomorrow = np.where(goes, self.needed_kwh - (left + self.steps_of_day) * a_step_kwh, 0.0).max(axis=0)
            today = self.needed_kwh - left * a_step_kwh
            least[:, step] = np.where(goes & (left >= 0), today, tomorrow)
        return np.clip(least, 0.0, self.full_kwh)
