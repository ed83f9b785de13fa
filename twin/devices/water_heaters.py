"""Heat-pump water heaters: heated when it suits, but never too late for the hot water."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from twin.core.clock import HOURS_OF_DAY
from twin.core.units import KWH_PER_MWH
from twin.devices.device import WATER_HEATERS, DeviceFlows, DeviceNow, not_followed, ordered_power


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
        """Heat as ordered within what the tanks hold and need; see `twin.devices.device.Device.step`.

        ``unmet_mwh`` is heat; ``stored_mwh`` and ``losses_mw`` are the electric energy behind heat. A tank that is
        heated later than by habit loses less than by habit: losses may then be negative.
        """
        before = state.reshape(len(state), 2, len(self.units))
        signal = np.stack([now.signal_pu, np.zeros(len(state))], axis=1)[:, :, None]
        draw = self.draw_kwh[now.month - 1, now.step_of_day]
        full_kwh = self.power_kw * self.heat_per_energy * now.step_hours
        warm = before * np.exp(-self.standing_loss_per_hour * now.step_hours)
        room = self.tank_kwh + draw - warm
        habit = np.minimum(self.fill_share[now.step_of_day] * room, full_kwh)
        ordered = ordered_power(signal, habit, np.full_like(habit, full_kwh), np.zeros_like(habit))
        needed = self.least_kwh[now.month - 1, now.step_of_day] + draw - warm
        heated = np.minimum(np.minimum(np.maximum(ordered, needed), full_kwh), room)
        served = np.minimum(draw, warm + heated)
        after = warm + heated - served

        electric = self.units / self.heat_per_energy / KWH_PER_MWH
        done_mw, ordered_mw = ((kwh * electric).sum(axis=2) / now.step_hours for kwh in (heated, ordered))
        lost_mw = ((before - warm) * electric).sum(axis=2) / now.step_hours
        power_mw = np.full(len(state), self.power_kw * self.units.sum() / KWH_PER_MWH)
        return after.reshape(state.shape), DeviceFlows(
            demand_mw=(done_mw[:, 0] - done_mw[:, 1])[:, None] * self.area_share,
            losses_mw=lost_mw[:, 0] - lost_mw[:, 1],
            stored_mwh=((after[:, 0] - after[:, 1]) * electric).sum(axis=1),
            unmet_mwh=((draw - served[:, 0]) * self.units).sum(axis=1) / KWH_PER_MWH,
            clipped=not_followed(done_mw[:, 0], ordered_mw[:, 0], power_mw, now.signal_pu),
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
