"""Flexible demand as groups of the bound: what each device can do at most, read from its own parameters."""

from __future__ import annotations

import numpy as np

from twin.bound.fleet_group import FleetGroup, fleet_group
from twin.devices.cars import Cars
from twin.devices.commercial import Commercial
from twin.devices.contract import Device
from twin.devices.homes import Homes
from twin.devices.water_heaters import WaterHeaters
from twin.loop.case import Case
from twin.units import KWH_PER_MWH


def demand_group(case: Case, m: int, device: Device) -> FleetGroup | None:
    """Return the group of a flexible device of member `m`; None where it is not known what it can do."""
    if isinstance(device, Homes):
        return _homes(case, m, device)
    if isinstance(device, Commercial):
        return _commercial(case, m, device)
    if isinstance(device, WaterHeaters):
        return _water_heaters(case, device)
    if isinstance(device, Cars):
        return _cars(case, m, device)
    return None


def class_load_mw(case: Case, m: int, demand_class: str, energy_kwh: float) -> np.ndarray:
    """Return the demand of customers of a class with some yearly demand, (T,) MW."""
    per_kwh = [case.class_kw_per_kwh(t)[demand_class][m] for t in range(len(case.index))]
    return np.array(per_kwh) * energy_kwh / KWH_PER_MWH


def _homes(case: Case, m: int, homes: Homes) -> FleetGroup:
    """Shifted use within the flexible share, and what comes back of it by itself.

    With `a` the share that comes back in a half-hour, neither side of zero can grow beyond what the largest change adds
    before as much comes back: ``hours * most / (a * efficiency ** 2)`` is beyond both.
    """
    most = homes.flexible_share * class_load_mw(case, m, "residential", float(homes.energy_kwh.sum()))
    share_back = -np.expm1(-case.step_hours / homes.return_hours)
    reach = case.step_hours * float(most.max()) / (share_back * homes.efficiency**2)
    back = reach * share_back / (case.step_hours * homes.efficiency)
    return fleet_group(
        homes.name, len(case.index), reach, (most + back, most), (-reach, reach, 0.0), _shifting(homes.efficiency)
    )


def _commercial(case: Case, m: int, some: Commercial) -> FleetGroup:
    load = class_load_mw(case, m, "commercial", some.energy_kwh)
    power = some.flexible_share * load
    return fleet_group(
        some.name, len(case.index), some.buffer_mwh, (power, power), (-some.buffer_mwh, some.buffer_mwh, 0.0),
        _shifting(some.efficiency), given_up_mw=some.down_share * load,
        given_up_half_hours=np.ceil(some.down_hours / case.step_hours),
    )  # fmt: skip


def _shifting(efficiency: float) -> tuple[float, float]:
    """Return the losses of `twin.devices.shifting.settled`."""
    return 1.0 - efficiency, 1.0 / efficiency - 1.0


def _water_heaters(case: Case, heaters: WaterHeaters) -> FleetGroup:
    """Real tanks in electric energy: heating within power, hot water and standing losses as they come."""
    electric = heaters.units / heaters.heat_per_energy / KWH_PER_MWH
    month, slot = case.index.month.to_numpy() - 1, case.half_hour_of_day
    kept = np.exp(-heaters.standing_loss_per_hour * case.step_hours)
    draw = heaters.draw_kwh[month, slot]
    usual, before = _usual_heat(heaters, draw, slot, month, kept, case.step_hours)
    settled = np.ones(len(case.index), dtype=bool)
    settled[case.index.day == 1] = False
    least = np.where(settled[:, None], np.minimum(heaters.least_kwh[month, slot], heaters.tank_kwh), 0.0)
    full = float(electric.sum()) * heaters.tank_kwh
    usual_mw = usual @ electric / case.step_hours
    return fleet_group(
        heaters.name, len(case.index), full,
        (heaters.power_kw * float(heaters.units.sum()) / KWH_PER_MWH, 0.0), (least @ electric, full, full), (0.0, 0.0),
        leak=1.0 - kept, drain_mw=draw @ electric / case.step_hours, usual_mw=usual_mw, in_demand_mw=usual_mw,
        usual_losses_mw=(1.0 - kept) * (before @ electric) / case.step_hours,
    )  # fmt: skip


def _usual_heat(
    heaters: WaterHeaters, draw: np.ndarray, slot: np.ndarray, month: np.ndarray, kept: float, hours: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the heat added in each half-hour by habit and the heat before it, (T, C) kWh of one heater each."""
    tank = np.full(len(heaters.units), heaters.tank_kwh)
    most = heaters.power_kw * heaters.heat_per_energy * hours
    added, held = np.empty_like(draw), np.empty_like(draw)
    for t in range(len(draw)):
        held[t], warm = tank, tank * kept
        room = heaters.tank_kwh + draw[t] - warm
        by_habit = np.minimum(heaters.fill_share[slot[t]] * room, most)
        needed = heaters.least_kwh[month[t], slot[t]] + draw[t] - warm
        added[t] = np.minimum(np.minimum(np.maximum(by_habit, needed), most), room)
        tank = np.maximum(warm + added[t] - draw[t], 0.0)
    return added, held


def _cars(case: Case, m: int, some: Cars) -> FleetGroup:
    """All cars as one battery: charged at home, emptied by trips and by homes."""
    day, slot = (~case.is_workday).astype(np.int64), case.half_hour_of_day
    leave, back = some.leave[day], some.back[day]
    home = (slot[:, None] < leave) | (slot[:, None] >= back)
    goes = (leave == slot[:, None]) & (back > slot[:, None])
    trip_mw = (goes * some.trip_kwh[day]) @ some.cars / KWH_PER_MWH / case.step_hours
    at_home = home @ some.cars / KWH_PER_MWH
    use_kw = class_load_mw(case, m, "residential", some.home_kwh) * KWH_PER_MWH
    energy = float(some.cars.sum()) * some.battery_kwh / KWH_PER_MWH
    usual = _usual_charge_mw(some, goes * some.trip_kwh[day], home, case.step_hours)
    return fleet_group(
        some.name, len(case.index), energy,
        (some.power_kw * at_home, np.minimum(use_kw, some.power_kw) * at_home),
        (some.reserve_share * energy, energy, energy), _shifting(some.efficiency),
        drain_mw=trip_mw, usual_mw=usual, usual_losses_mw=(1.0 - some.efficiency) * usual,
    )  # fmt: skip


def _usual_charge_mw(some: Cars, trip_kwh: np.ndarray, home: np.ndarray, hours: float) -> np.ndarray:
    """Return the charging power by habit: at once when at home, (T,) MW."""
    charge = np.full(len(some.cars), some.battery_kwh)
    drawn = np.zeros(len(trip_kwh))
    for t in range(len(trip_kwh)):
        charge = np.maximum(charge - trip_kwh[t], 0.0)
        kw = np.clip((some.battery_kwh - charge) / (some.efficiency * hours), 0.0, some.power_kw) * home[t]
        charge = charge + hours * some.efficiency * kw
        drawn[t] = kw @ some.cars / KWH_PER_MWH
    return drawn
