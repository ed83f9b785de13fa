"""The fleet as a few groups, each at least as able as the sum of its devices."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.core.errors import Problem, raise_if_any
from twin.core.units import KW_PER_MW, KWH_PER_MWH
from twin.devices.battery import Batteries, Battery, least_loss_share, lowest_charge, power_to_reach, run_batteries
from twin.devices.cars import Cars
from twin.devices.commercial import Commercial
from twin.devices.device import Device
from twin.devices.homes import Homes
from twin.devices.storage import GridBattery, PlantBatteries
from twin.devices.water_heaters import WaterHeaters
from twin.operation.case import Case
from twin.operation.member import Member
from twin.resources.sites import KINDS


@dataclass(frozen=True)
class FleetGroup:
    """A part of the fleet as one storage, at least as able as its devices; axes T half-hours.

    ``stored = (1 - leak) * stored before + hours * (charge * (1 - loss_in) - discharge * (1 + loss_out) - lost -
    standby - drain)``.

    Attributes
    ----------
    name : str
        Kind of sites, or name of the device.
    capacity_mwh : float
        What 100 % of its charge is.
    charge_mw, discharge_mw : numpy.ndarray, (T,)
        Most power either way; flexible demand that is used later discharges.
    lowest_mwh, highest_mwh : numpy.ndarray, (T,)
        Charge.
    first_mwh : float
        Charge before the first half-hour.
    loss_in, loss_out : float
        Lost of a MW charged, and beside a MW discharged: the least of all devices at any power.
    more_lost_mw : float
        Most that the devices can lose beyond that; 0 where `loss_in` and `loss_out` are exact.
    leak : float
        Share of the charge that is lost in a half-hour.
    standby_mw : float
        What the devices take all the time, out of the charge or from outside.
    drain_mw : numpy.ndarray, (T,)
        What is used of the charge: hot water, trips.
    usual_mw : numpy.ndarray, (T,)
        Charge without orders.
    in_demand_mw : numpy.ndarray, (T,)
        Part of it that the areas' demand contains already.
    usual_losses_mw : numpy.ndarray, (T,)
        Losses that are no losses of flexibility, as they are there without it.
    ordered_off_mw : numpy.ndarray, (T,)
        Area-balance cuts that it may take at no change of infeed.
    given_up_mw : numpy.ndarray, (T,)
        Demand that can be called off for good, in at most `given_up_half_hours`.
    given_up_half_hours : int
    """

    name: str
    capacity_mwh: float
    charge_mw: np.ndarray
    discharge_mw: np.ndarray
    lowest_mwh: np.ndarray
    highest_mwh: np.ndarray
    first_mwh: float
    loss_in: float
    loss_out: float
    more_lost_mw: float
    leak: float
    standby_mw: float
    drain_mw: np.ndarray
    usual_mw: np.ndarray
    in_demand_mw: np.ndarray
    usual_losses_mw: np.ndarray
    ordered_off_mw: np.ndarray
    given_up_mw: np.ndarray
    given_up_half_hours: int

    @property
    def additions_mw(self) -> np.ndarray:
        """Most infeed that the group can add to the state without orders, (T,)."""
        result: np.ndarray = self.discharge_mw + self.usual_mw + self.standby_mw + self.given_up_mw
        return result


def fleet_group(
    name: str,
    steps: int,
    capacity_mwh: float,
    power_mw: tuple[np.ndarray | float, np.ndarray | float],
    charge_mwh: tuple[np.ndarray | float, np.ndarray | float, float],
    losses: tuple[float, float],
    **more: np.ndarray | float,
) -> FleetGroup:
    """Return a group of which only what it has is given.

    Parameters
    ----------
    name : str
    steps : int
        Half-hours T.
    capacity_mwh : float
    power_mw : tuple
        Most charge and discharge.
    charge_mwh : tuple
        Lowest, highest, first.
    losses : tuple of float
        Of a MW charged and beside a MW discharged.
    more : numpy.ndarray or float
        Other fields of `FleetGroup`; 0 where not given.
    """
    series = {"drain_mw", "usual_mw", "in_demand_mw", "usual_losses_mw", "ordered_off_mw", "given_up_mw"}
    values: dict[str, np.ndarray] = {key: _series(more.get(key, 0.0), steps) for key in series}
    return FleetGroup(
        name=name,
        capacity_mwh=capacity_mwh,
        charge_mw=_series(power_mw[0], steps),
        discharge_mw=_series(power_mw[1], steps),
        lowest_mwh=_series(charge_mwh[0], steps),
        highest_mwh=_series(charge_mwh[1], steps),
        first_mwh=charge_mwh[2],
        loss_in=losses[0],
        loss_out=losses[1],
        more_lost_mw=float(more.get("more_lost_mw", 0.0)),
        leak=float(more.get("leak", 0.0)),
        standby_mw=float(more.get("standby_mw", 0.0)),
        given_up_half_hours=int(more.get("given_up_half_hours", 0)),
        **values,
    )


def _series(values: np.ndarray | float, steps: int) -> np.ndarray:
    return np.array(np.broadcast_to(values, steps), dtype=float)


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
    per_kwh = case.class_kw_per_kwh(range(len(case.index)))[demand_class][:, m]
    return per_kwh * energy_kwh / KWH_PER_MWH


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
    """Return the losses of `twin.devices.homes.settled`."""
    return 1.0 - efficiency, 1.0 / efficiency - 1.0


def _water_heaters(case: Case, heaters: WaterHeaters) -> FleetGroup:
    """Real tanks in electric energy: heating within power, hot water and standing losses as they come."""
    electric = heaters.units / heaters.heat_per_energy / KWH_PER_MWH
    month, slot = case.index.month.to_numpy() - 1, case.step_of_day
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
    day, slot = (~case.is_workday).astype(np.int64), case.step_of_day
    leave, back = some.leave[day], some.back[day]
    home = (slot[:, None] < leave) | (slot[:, None] >= back)
    goes = (leave == slot[:, None]) & (back > slot[:, None])
    trip_mw = (goes * some.trip_kwh[day]) @ some.cars / KWH_PER_MWH / case.step_hours
    use_kw = class_load_mw(case, m, "residential", some.home_kwh) * KWH_PER_MWH
    battery = some.battery
    usual, usual_losses = _usual_charge_mw(some, goes * some.trip_kwh[day], home, case.step_hours)
    given_kw = np.minimum(use_kw[:, None], battery.power)
    lowest, highest = (
        float((per_car * some.cars).sum()) / KWH_PER_MWH for per_car in (lowest_charge(battery), some.full_kwh)
    )
    losses, more_lost_mw = _least_losses(battery, float((battery.power * some.cars).sum()) / KW_PER_MW)
    return fleet_group(
        some.name, len(case.index), float((battery.energy * some.cars).sum()) / KWH_PER_MWH,
        ((home * battery.power) @ some.cars / KWH_PER_MWH, (home * given_kw) @ some.cars / KWH_PER_MWH),
        (lowest, highest, highest), losses, more_lost_mw=more_lost_mw,
        drain_mw=trip_mw, usual_mw=usual, usual_losses_mw=usual_losses,
    )  # fmt: skip


def _usual_charge_mw(some: Cars, trip_kwh: np.ndarray, home: np.ndarray, hours: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the charging power by habit, at once when at home, and what of it is lost; (T,) MW."""
    charge = some.full_kwh
    drawn, lost = np.zeros(len(trip_kwh)), np.zeros(len(trip_kwh))
    for t in range(len(trip_kwh)):
        charge = np.maximum(charge - trip_kwh[t], 0.0)
        wanted = power_to_reach(some.battery, charge, some.full_kwh, hours) * home[t]
        done = run_batteries(some.battery, charge, wanted, hours)
        charge = done.soc
        drawn[t], lost[t] = done.power @ some.cars / KWH_PER_MWH, done.losses @ some.cars / KWH_PER_MWH
    return drawn, lost


MOST_GROUPS = 8
_KNOWN = "homes, water heaters, cars, commercial sites and batteries of twin.devices"


def fleet_groups(case: Case, m: int, site_import_mw: dict[str, np.ndarray]) -> list[FleetGroup]:
    """Return the fleet of member `m` in groups: kinds of sites, flexible devices, batteries beside plants.

    Parameters
    ----------
    case : Case
    m : int
    site_import_mw : dict of str to numpy.ndarray, (T,)
        Own demand that PV does not cover, by kind of sites.

    Raises
    ------
    InputError
        Where there are more groups than `MOST_GROUPS`, or a device of which it is not known what it can do.
    """
    member = case.members[m]
    of_devices = {device.name: _of_device(case, m, device) for device in member.flexible}
    problems = [
        Problem("it is not known what the device can do at most", "perfect_foresight, device", name, _KNOWN)
        for name, group in of_devices.items()
        if group is None
    ]
    known = [group for group in of_devices.values() if group is not None]
    groups = [*_of_sites(case, member, site_import_mw), *known]
    if len(groups) > MOST_GROUPS:
        problems.append(Problem("too many groups", "perfect_foresight", str(len(groups)), f"at most {MOST_GROUPS}"))
    raise_if_any(problems)
    return groups


def site_column(case: Case, names: list[str]) -> np.ndarray:
    """Return the group of each site group, (G,) int; -1 where it has none."""
    return np.array([names.index(kind) if kind in names else -1 for kind in case.sites.groups.kind])


def _of_device(case: Case, m: int, device: Device) -> FleetGroup | None:
    if isinstance(device, GridBattery):
        return _of_battery(case, device.name, device.battery, np.inf, np.zeros(len(case.index)))
    if isinstance(device, PlantBatteries):
        profiles = case.profiles[case.profile[m]][0]
        remaining = profiles.plant_available_mw - profiles.plant_unavailable_mw
        ordered_off = profiles.area_physical * remaining * case.members[m].area_balance
        may_take = np.minimum(ordered_off, device.battery.power).sum(axis=1)
        return _of_battery(case, device.name, device.battery, np.inf, may_take)
    return demand_group(case, m, device)


def _of_sites(case: Case, member: Member, site_import_mw: dict[str, np.ndarray]) -> list[FleetGroup]:
    devices, kw = member.devices, member.devices.battery
    in_mw = kw._replace(energy=kw.energy / KWH_PER_MWH, power=kw.power / KW_PER_MW, standby=kw.standby / KW_PER_MW)
    kind_of_site = case.sites.groups.kind.to_numpy(str)[case.sites.group]
    groups = []
    for kind in KINDS:
        some = (kind_of_site == kind) & (kw.energy > 0.0)
        if not some.any():
            continue
        battery = Battery(*(values[some] for values in in_mw))
        most = np.inf if devices.export_at_night else site_import_mw[kind]
        groups.append(_of_battery(case, kind, battery, most, np.zeros(len(case.index))))
    return groups


def _of_battery(
    case: Case, name: str, battery: Batteries, most_out_mw: np.ndarray | float, ordered_off_mw: np.ndarray
) -> FleetGroup:
    """Return batteries (N,) in MW and MWh as one; they discharge at most `most_out_mw` together."""
    power = float(battery.power.sum())
    lowest = float(lowest_charge(battery).sum())
    highest = float((battery.soc_max_share * battery.energy).sum())
    losses, more_lost_mw = _least_losses(battery, power)
    return fleet_group(
        name, len(case.index), float(battery.energy.sum()), (power, np.minimum(power, most_out_mw)),
        (lowest, highest, lowest), losses, more_lost_mw=more_lost_mw, standby_mw=float(battery.standby.sum()),
        ordered_off_mw=ordered_off_mw,
    )  # fmt: skip


def _least_losses(battery: Batteries, power: float) -> tuple[tuple[float, float], float]:
    """Return the least losses of a MW charged and beside a MW discharged, and the most that can be lost beyond."""
    there = battery.energy > 0.0
    best, worst = float(battery.efficiency[there].max()), float(battery.efficiency[there].min())
    share = float(least_loss_share(battery.constant_share[there], battery.quadratic_share[there]).min())
    exact = best == worst and not (battery.constant_share[there].any() or battery.quadratic_share[there].any())
    losses = ((1.0 - best) * share, (1.0 / best - 1.0) * share)
    return losses, 0.0 if exact else power * (1.0 / worst - 1.0)
