"""Cars that charge at home and may supply the home; they leave with what they need."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from twin.core.clock import HALF_HOURS_OF_DAY, HOURS_OF_DAY
from twin.core.units import KWH_PER_MWH
from twin.devices.battery import Batteries, lowest_charge, power_to_reach, run_batteries, without_standby
from twin.devices.device import CARS, DeviceFlows, DeviceNow, not_followed, ordered_power


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
        """Drive, charge or supply the home; see `twin.devices.device.Device.step`.

        Orders reach the cars that are at home. ``unmet_mwh`` is what leaving cars lack of `needed_kwh`.
        """
        day, step, hours = int(not now.is_workday), now.step_of_day, now.step_hours
        goes = (self.leave[day] == step) & (self.back[day] > step)
        is_home = (step < self.leave[day]) | (step >= self.back[day])
        charge = state.reshape(len(state), 2, len(self.cars))
        missing = np.where(goes, np.maximum(self.needed_kwh[day] - charge, 0.0), 0.0)
        charge = charge - np.where(goes, np.minimum(self.trip_kwh[day], charge), 0.0)

        signal = np.stack([now.signal_pu, np.zeros(len(state))], axis=1)[:, :, None]
        home_kw = np.minimum((now.class_kw_per_kwh["residential"] * self.home_kwh)[:, None, None], self.battery.power)
        most_kw = power_to_reach(self.battery, charge, self.full_kwh, hours)
        ordered_kw = ordered_power(signal, most_kw, np.broadcast_to(self.battery.power, most_kw.shape), -home_kw)
        least = self.least_kwh[day, step]
        needed_kw = power_to_reach(self.battery, charge, least, hours)
        wanted_kw = np.where(needed_kw > 0.0, np.fmax(ordered_kw, needed_kw), ordered_kw)
        floor = np.maximum(least, lowest_charge(self.battery))
        done = run_batteries(self.battery, charge, np.where(is_home, wanted_kw, 0.0), hours, floor)
        after = np.clip(done.soc, 0.0, self.full_kwh)

        done_mw = (done.power * self.cars).sum(axis=2) / KWH_PER_MWH
        wanted_mw = (np.where(is_home, ordered_kw, 0.0) * self.cars).sum(axis=2) / KWH_PER_MWH
        lost_mw = (done.losses * self.cars).sum(axis=2) / KWH_PER_MWH
        power_mw = np.full(len(state), (self.battery.power * self.cars).sum() / KWH_PER_MWH)
        return after.reshape(state.shape), DeviceFlows(
            demand_mw=done_mw[:, :1] * self.area_share,
            losses_mw=lost_mw[:, 0] - lost_mw[:, 1],
            stored_mwh=((after[:, 0] - after[:, 1]) * self.cars).sum(axis=1) / KWH_PER_MWH,
            unmet_mwh=(missing[:, 0] * self.cars).sum(axis=1) / KWH_PER_MWH,
            clipped=not_followed(done_mw[:, 0], wanted_mw[:, 0], power_mw, now.signal_pu),
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
