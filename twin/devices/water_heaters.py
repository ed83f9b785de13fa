"""Heat-pump water heaters: heated when it suits, but never too late for the hot water."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numba import njit

from twin.core.clock import HOURS_OF_DAY
from twin.core.row_arrays import for_kernel
from twin.core.units import KWH_PER_MWH
from twin.devices.device import (
    WATER_HEATERS,
    DeviceFlows,
    DeviceNow,
    DeviceSteps,
    not_followed,
    one_step,
    ordered_power,
)


class _Days(NamedTuple):
    """What the steps ask for: draw and least heat (T, C), habit (T,)."""

    draw_kwh: np.ndarray
    least_kwh: np.ndarray
    fill_share: np.ndarray


@njit(cache=True, nogil=True)
def _heat(
    days: _Days, tanks: np.ndarray, signal_pu: np.ndarray, units: np.ndarray, electric: np.ndarray, tank_kwh: float,
    full_kwh: float, kept: float, power_mw: float, hours: float,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """Return change of demand, losses, stored energy, heat that lacks and missed orders, (T, R); moves tanks on.

    `tanks` is (R, 2, C): real ones, then those by habit; `electric` the MWh of all tanks of a size for 1 kWh of heat.
    """
    demand_mw, losses_mw, stored_mwh, unmet_kwh = np.zeros((4, *signal_pu.shape))
    clipped = np.zeros(signal_pu.shape, dtype=np.int64)
    done_mw, ordered_mw, lost_mw = np.zeros(2), np.zeros(2), np.zeros(2)
    for t in range(signal_pu.shape[0]):
        for r in range(signal_pu.shape[1]):
            done_mw[:], ordered_mw[:], lost_mw[:] = 0.0, 0.0, 0.0
            for way in range(2):
                signal = signal_pu[t, r] if way == 0 else 0.0
                for c in range(len(units)):
                    draw, before = days.draw_kwh[t, c], tanks[r, way, c]
                    warm = before * kept
                    room = tank_kwh + draw - warm
                    habit = min(days.fill_share[t] * room, full_kwh)
                    ordered = ordered_power(signal, habit, full_kwh, 0.0)
                    needed = days.least_kwh[t, c] + draw - warm
                    heated = min(min(max(ordered, needed), full_kwh), room)
                    served = min(draw, warm + heated)
                    tanks[r, way, c] = warm + heated - served
                    done_mw[way] += heated * electric[c]
                    ordered_mw[way] += ordered * electric[c]
                    lost_mw[way] += (before - warm) * electric[c]
                    if way == 0:
                        unmet_kwh[t, r] += (draw - served) * units[c]
            done_mw /= hours
            ordered_mw /= hours
            lost_mw /= hours
            demand_mw[t, r], losses_mw[t, r] = done_mw[0] - done_mw[1], lost_mw[0] - lost_mw[1]
            for c in range(len(units)):
                stored_mwh[t, r] += (tanks[r, 0, c] - tanks[r, 1, c]) * electric[c]
            clipped[t, r] = not_followed(done_mw[0], ordered_mw[0], power_mw, signal_pu[t, r])
    return demand_mw, losses_mw, stored_mwh, unmet_kwh, clipped


@dataclass(frozen=True, eq=False)
class WaterHeaters:
    """Water heaters by size of the household; arrays over C sizes and D steps of the day, heat in kWh above cold water.

    Their habit is in the demand of the areas already. Beside the real tank runs the tank that a heater would have with
    its habit alone; the device gives the difference. State: heat in a real tank of each size, then in one by habit.

    Attributes
    ----------
    units : numpy.ndarray, (C,)
    power_kw : float
        Electric power of a heat pump.
    heat_per_energy : float
        Heat per electric energy.
    tank_kwh : float
        Heat in a full tank.
    draw_kwh : numpy.ndarray, (12, D, C)
        Hot water of a step by calendar month.
    fill_share : numpy.ndarray, (D,)
        Habit: share of what a tank lacks that is heated in the step.
    standing_loss_per_hour : float
        Share of the heat in the tank that is lost in an hour.
    reserve_share : float
        Of the tank, kept in any case.
    area_share : numpy.ndarray, (A,)
    name : str
    is_storage : bool
    least_kwh : numpy.ndarray, (12, D, C)
        Least heat at the end of a step with which full power from then on still gives all hot water in time.
    """

    units: np.ndarray
    power_kw: float
    heat_per_energy: float
    tank_kwh: float
    draw_kwh: np.ndarray
    fill_share: np.ndarray
    standing_loss_per_hour: float
    reserve_share: float
    area_share: np.ndarray
    name: str = WATER_HEATERS
    is_storage: bool = False
    least_kwh: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "least_kwh", self._least())

    def initial(self) -> np.ndarray:
        """Return the state before the first half-hour: full tanks."""
        return np.full(2 * len(self.units), self.tank_kwh)

    def step(self, state: np.ndarray, now: DeviceNow) -> tuple[np.ndarray, DeviceFlows]:
        """Run a single step; see `run`."""
        return one_step(self, state, now)

    def run(self, state: np.ndarray, steps: DeviceSteps) -> tuple[np.ndarray, DeviceFlows]:
        """Heat as ordered within what the tanks hold and need; see `twin.devices.device.SeriesDevice.run`.

        ``unmet_mwh`` is heat; ``stored_mwh`` and ``losses_mw`` are the electric energy behind heat. A tank that is
        heated later than by habit loses less than by habit: losses may then be negative.
        """
        tanks = np.array(state, dtype=float).reshape(len(state), 2, len(self.units))
        at = steps.month - 1, steps.step_of_day
        days = _Days(self.draw_kwh[at], self.least_kwh[at], self.fill_share[steps.step_of_day])
        full_kwh = self.power_kw * self.heat_per_energy * steps.step_hours
        kept = math.exp(-self.standing_loss_per_hour * steps.step_hours)
        electric = self.units / self.heat_per_energy / KWH_PER_MWH
        power_mw = self.power_kw * float(self.units.sum()) / KWH_PER_MWH
        demand_mw, losses_mw, stored_mwh, unmet_kwh, clipped = _heat(
            days, tanks, for_kernel(steps.signal_pu), self.units, electric, self.tank_kwh, full_kwh, kept, power_mw,
            steps.step_hours,
        )  # fmt: skip
        return tanks.reshape(state.shape), DeviceFlows(
            demand_mw=demand_mw[:, :, None] * self.area_share,
            losses_mw=losses_mw,
            stored_mwh=stored_mwh,
            unmet_mwh=unmet_kwh / KWH_PER_MWH,
            clipped=clipped,
        )

    def _least(self) -> np.ndarray:
        """Return the least heat after each step, backward over two equal days; see `least_kwh`."""
        day = self.draw_kwh.shape[1]
        hours = HOURS_OF_DAY / day
        full_kwh = self.power_kw * self.heat_per_energy * hours
        kept = np.exp(-self.standing_loss_per_hour * hours)
        reserve = self.reserve_share * self.tank_kwh
        least = np.full_like(self.draw_kwh, reserve)
        for step in reversed(range(2 * day)):
            following = (step + 1) % day
            needed = (least[:, following] + self.draw_kwh[:, following] - full_kwh) / kept
            least[:, step % day] = np.clip(needed, reserve, self.tank_kwh)
        return least
