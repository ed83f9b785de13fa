"""Cars that charge at home and may supply the home; they leave with what they need."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from twin.core.clock import HALF_HOURS_OF_DAY
from twin.core.units import KWH_PER_MWH
from twin.devices.device import CARS, DeviceFlows, DeviceNow, not_followed, ordered_power

STEP_HOURS = 24.0 / HALF_HOURS_OF_DAY


@dataclass(frozen=True, eq=False)
class Cars:
    """Cars by pattern of use; arrays over C patterns, first axis of 2 for work days and free days.

    Their demand is new: it is in no area's demand. Beside the real battery runs the one that a car would have with its
    habit alone (charge on arrival until full); losses and ``stored_mwh`` are what differs from it. State: charge of a
    real battery of each pattern, then of one by habit, kWh.

    Attributes
    ----------
    cars : numpy.ndarray, (C,)
    battery_kwh, power_kw : float
        Of a car; power either way, on the grid's side.
    efficiency : float
        One-way.
    reserve_share : float
        Of the battery: never discharged to the home, and left after the next trip.
    leave, back : numpy.ndarray, (2, C) int
        Half-hours at whose beginning a car leaves and is back; equal where it stays.
    trip_kwh : numpy.ndarray, (2, C)
        Energy of the day's trip.
    home_kwh : float
        Yearly demand of a car's home.
    area_share : numpy.ndarray, (A,)
    name : str
    is_storage : bool
    least_kwh : numpy.ndarray, (2, 48, C)
        Least charge at the end of a half-hour with which full power from then on still suffices for the next trip.
    """

    cars: np.ndarray
    battery_kwh: float
    power_kw: float
    efficiency: float
    reserve_share: float
    leave: np.ndarray
    back: np.ndarray
    trip_kwh: np.ndarray
    home_kwh: float
    area_share: np.ndarray
    name: str = CARS
    is_storage: bool = False
    least_kwh: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "least_kwh", self._least())

    @property
    def needed_kwh(self) -> np.ndarray:
        """Charge with which a car must leave, (2, C)."""
        return self.trip_kwh + self.reserve_share * self.battery_kwh

    def initial(self) -> np.ndarray:
        """Return the state before the first half-hour: full batteries."""
        return np.full(2 * len(self.cars), self.battery_kwh)

    def step(self, state: np.ndarray, now: DeviceNow) -> tuple[np.ndarray, DeviceFlows]:
        """Drive, charge or supply the home; see `twin.devices.device.Device.step`.

        Orders reach the cars that are at home. ``unmet_mwh`` is what leaving cars lack of `needed_kwh`.
        """
        day, half_hour, hours = int(not now.is_workday), now.half_hour_of_day, now.step_hours
        goes = (self.leave[day] == half_hour) & (self.back[day] > half_hour)
        is_home = (half_hour < self.leave[day]) | (half_hour >= self.back[day])
        charge = state.reshape(len(state), 2, len(self.cars))
        missing = np.where(goes, np.maximum(self.needed_kwh[day] - charge, 0.0), 0.0)
        charge = charge - np.where(goes, np.minimum(self.trip_kwh[day], charge), 0.0)

        signal = np.stack([now.signal_pu, np.zeros(len(state))], axis=1)[:, :, None]
        home_kw = np.minimum(now.class_kw_per_kwh["residential"] * self.home_kwh, self.power_kw)[:, None, None]
        most_kw = np.clip((self.battery_kwh - charge) / (self.efficiency * hours), 0.0, self.power_kw)
        ordered_kw = ordered_power(signal, most_kw, np.full_like(most_kw, self.power_kw), -home_kw)
        kw = np.where(is_home, self._possible(ordered_kw, most_kw, charge, day, now), 0.0)
        after = charge + hours * np.where(kw > 0.0, kw * self.efficiency, kw / self.efficiency)
        after = np.clip(after, 0.0, self.battery_kwh)

        done_mw = (kw * self.cars).sum(axis=2) / KWH_PER_MWH
        wanted_mw = (np.where(is_home, ordered_kw, 0.0) * self.cars).sum(axis=2) / KWH_PER_MWH
        lost_kw = np.where(kw > 0.0, kw * (1.0 - self.efficiency), -kw * (1.0 / self.efficiency - 1.0))
        lost_mw = (lost_kw * self.cars).sum(axis=2) / KWH_PER_MWH
        power_mw = np.full(len(state), self.power_kw * self.cars.sum() / KWH_PER_MWH)
        return after.reshape(state.shape), DeviceFlows(
            demand_mw=done_mw[:, :1] * self.area_share,
            losses_mw=lost_mw[:, 0] - lost_mw[:, 1],
            stored_mwh=((after[:, 0] - after[:, 1]) * self.cars).sum(axis=1) / KWH_PER_MWH,
            unmet_mwh=(missing[:, 0] * self.cars).sum(axis=1) / KWH_PER_MWH,
            clipped=not_followed(done_mw[:, 0], wanted_mw[:, 0], power_mw, now.signal_pu),
        )

    def _possible(
        self, ordered_kw: np.ndarray, most_kw: np.ndarray, charge: np.ndarray, day: int, now: DeviceNow
    ) -> np.ndarray:
        """Return the power nearest to the order that reserve, room and the next trip allow."""
        least = self.least_kwh[day, now.half_hour_of_day]
        above = charge - np.maximum(least, self.reserve_share * self.battery_kwh)
        given_kw = np.maximum(above, 0.0) * self.efficiency / now.step_hours
        needed_kw = np.maximum(least - charge, 0.0) / (self.efficiency * now.step_hours)
        lowest_kw = np.where(needed_kw > 0.0, needed_kw, -given_kw)
        result: np.ndarray = np.minimum(np.maximum(ordered_kw, lowest_kw), most_kw)
        return result

    def _least(self) -> np.ndarray:
        """Return the least charge after each half-hour; the owner does not say what day comes next.

        Before today's trip it counts; after it (or without one) tomorrow's, of a work day or a free day, whichever asks
        for more.
        """
        full_kwh = self.power_kw * self.efficiency * STEP_HOURS
        goes = self.back > self.leave
        least = np.zeros((2, HALF_HOURS_OF_DAY, len(self.cars)))
        for half_hour in range(HALF_HOURS_OF_DAY):
            left = self.leave - half_hour - 1
            tomorrow = np.where(goes, self.needed_kwh - (left + HALF_HOURS_OF_DAY) * full_kwh, 0.0).max(axis=0)
            today = self.needed_kwh - left * full_kwh
            least[:, half_hour] = np.where(goes & (left >= 0), today, tomorrow)
        return np.clip(least, 0.0, self.battery_kwh)
