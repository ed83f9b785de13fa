"""One battery for sites, plants, the grid and cars: efficiency by power, standby, limits of charge and power, wear.

Energy and power are in kWh and kW or in MWh and MW, whichever the battery is given in.
"""

from __future__ import annotations

import math
from typing import Generic, NamedTuple, TypeVar

import numpy as np
from numba import njit

from twin.core.clock import HOURS_PER_YEAR
from twin.core.errors import InputError, Problem
from twin.core.row_arrays import for_kernel

V = TypeVar("V", float, np.ndarray)
"""A value of one battery, or an array of those of several."""


class Battery(NamedTuple, Generic[V]):
    """What a battery system can do, or one value for each of N systems in arrays (N,).

    Conversion at a share x of the rated power loses ``constant_share + (1 - constant_share - quadratic_share) x +
    quadratic_share x**2`` of what it loses at rated power, and nothing at rest. With both shares 0 the efficiency is
    the same at any power.

    Attributes
    ----------
    energy, power : float
        Capacity and rated power at the AC side; 0 without a battery.
    efficiency : float
        One way, at rated power.
    soc_min_share, soc_max_share : float
        Charge that discharging leaves, charge that is never passed, of the capacity.
    standby : float
        Power that the system takes all the time.
    constant_share, quadratic_share : float
    """

    energy: V
    power: V
    efficiency: V
    soc_min_share: V
    soc_max_share: V
    standby: V
    constant_share: V
    quadratic_share: V


class BatteryStep(NamedTuple, Generic[V]):
    """What a battery did in a step: ``hours * (power + standby - losses)`` is what its charge has grown by.

    Attributes
    ----------
    power : float
        Converted power at the AC side; charging positive, discharging negative.
    standby : float
        Standby that came from outside and not out of the charge.
    losses : float
        Of conversion, and all standby.
    soc : float
        Charge at the end.
    """

    power: V
    standby: V
    losses: V
    soc: V


Batteries = Battery[np.ndarray]
Values = np.ndarray | float


def make_batteries(
    energy: Values,
    power: Values,
    efficiency: Values,
    *,
    soc_min_share: Values = 0.0,
    soc_max_share: Values = 1.0,
    standby: Values = 0.0,
    constant_share: Values = 0.0,
    quadratic_share: Values = 0.0,
) -> Batteries:
    """Return batteries as arrays (N,); what is not given makes them ideal: no standby, efficiency by no power."""
    given = (energy, power, efficiency, soc_min_share, soc_max_share, standby, constant_share, quadratic_share)
    return Battery(*(np.ascontiguousarray(x) for x in np.broadcast_arrays(*np.atleast_1d(*map(_floats, given)))))


def _floats(values: Values) -> np.ndarray:
    return np.asarray(values, dtype=float)


def without_standby(battery: Batteries, device: str) -> None:
    """Refuse standby where nothing can supply it.

    Raises
    ------
    InputError
        Where a battery has standby.
    """
    if battery.standby.any():
        seen = f"{battery.standby.max():g}"
        raise InputError([Problem("this battery cannot have standby of its own", f"device {device}", seen, "0")])


def lowest_charge(battery: Batteries) -> np.ndarray:
    """Return the charge that discharging leaves, (N,); what batteries begin a run with."""
    return battery.soc_min_share * battery.energy


def run_batteries(battery: Batteries, soc: np.ndarray, wanted: np.ndarray, hours: float) -> BatteryStep[np.ndarray]:
    """Run batteries over a step: each does what is wanted of it as far as its rating and its charge allow.

    Parameters
    ----------
    battery : Battery
        Arrays (N,).
    soc : numpy.ndarray, (..., N)
        Charge at the start.
    wanted : numpy.ndarray, (..., N)
        Power at the AC side, charging positive; a battery of which no number is wanted rests.
    hours : float

    Returns
    -------
    BatteryStep
        Arrays (..., N).
    """
    lowest = lowest_charge(battery)
    found = _run_rows(battery, _rows(soc, soc), _rows(lowest, soc), _rows(wanted, soc), hours)
    return BatteryStep(*(part.reshape(soc.shape) for part in found))


def run_batteries_over(
    battery: Batteries, soc: np.ndarray, wanted: np.ndarray, hours: float
) -> BatteryStep[np.ndarray]:
    """Run batteries over several steps, one after the other; `soc` (R, N) at the start, all else (T, R, N)."""
    lowest, done = _rows(lowest_charge(battery), soc), []
    for power in wanted:
        done.append(_run_rows(battery, for_kernel(soc), lowest, for_kernel(power), hours))
        soc = done[-1][3]
    return BatteryStep(*(np.stack(values) for values in zip(*done, strict=True)))


def power_to_reach(battery: Batteries, soc: np.ndarray, target: np.ndarray | float, hours: float) -> np.ndarray:
    """Return the charging power that lifts the charge to a target within a step, at most the rating; (..., N)."""
    return _powers_to_reach(battery, _rows(soc, soc), _rows(target, soc), hours).reshape(soc.shape)


def _rows(values: Values, like: np.ndarray) -> np.ndarray:
    """Return values of the shape of others as rows of batteries, (R, N)."""
    whole = for_kernel(np.broadcast_to(np.asarray(values, dtype=float), like.shape))
    return whole.reshape(-1, like.shape[-1])


@njit(cache=True, nogil=True)
def unit(battery: Batteries, n: int) -> Battery[float]:
    """Return one of several batteries."""
    return Battery(
        battery.energy[n], battery.power[n], battery.efficiency[n], battery.soc_min_share[n], battery.soc_max_share[n],
        battery.standby[n], battery.constant_share[n], battery.quadratic_share[n],
    )  # fmt: skip


@njit(cache=True, nogil=True)
def standby_from_charge(battery: Battery[float], soc: float, floor: float, hours: float) -> float:
    """Return the part of the standby that the charge above `floor` can give."""
    return min(battery.standby, max(soc - floor, 0.0) / hours)


@njit(cache=True, nogil=True)
def step_battery(battery: Battery[float], soc: float, floor: float, wanted: float, hours: float) -> BatteryStep[float]:
    """Run one battery over a step; power is chosen so that the charge ends exactly at a limit where one binds.

    Where conversion would lose as much as it moves, the battery rests.
    """
    out_of_charge = standby_from_charge(battery, soc, floor, hours)
    after = soc - out_of_charge * hours
    rating, power, lost = battery.power, 0.0, 0.0
    if wanted > 0.0 and rating > 0.0:
        per_pu = 1.0 - battery.efficiency
        room = max(battery.soc_max_share * battery.energy - after, 0.0) / hours
        most = _most_in_pu(room / rating, per_pu, battery.constant_share, battery.quadratic_share)
        power, lost = _converted(
            min(wanted / rating, most), rating, per_pu, battery.constant_share, battery.quadratic_share
        )  # fmt: skip
        after += hours * (power - lost)
    elif wanted < 0.0 and rating > 0.0:
        per_pu = 1.0 / battery.efficiency - 1.0
        store = max(after - floor, 0.0) / hours
        most = _most_out_pu(store / rating, per_pu, battery.constant_share, battery.quadratic_share)
        given, lost = _converted(
            min(-wanted / rating, most), rating, per_pu, battery.constant_share, battery.quadratic_share
        )  # fmt: skip
        after -= hours * (given + lost)
        power = -given
    return BatteryStep(power, battery.standby - out_of_charge, lost + battery.standby, after)


@njit(cache=True, nogil=True)
def _run_rows(
    battery: Batteries, soc: np.ndarray, floor: np.ndarray, wanted: np.ndarray, hours: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Run batteries of several members, (R, N)."""
    power, standby, losses, after = (np.empty_like(soc), np.empty_like(soc), np.empty_like(soc), np.empty_like(soc))
    for r in range(soc.shape[0]):
        for n in range(soc.shape[1]):
            done = step_battery(unit(battery, n), soc[r, n], floor[r, n], wanted[r, n], hours)
            power[r, n], standby[r, n], losses[r, n], after[r, n] = done.power, done.standby, done.losses, done.soc
    return power, standby, losses, after


@njit(cache=True, nogil=True)
def _powers_to_reach(battery: Batteries, soc: np.ndarray, target: np.ndarray, hours: float) -> np.ndarray:
    power = np.zeros_like(soc)
    for r in range(soc.shape[0]):
        for n in range(soc.shape[1]):
            power[r, n] = power_to_fill(unit(battery, n), soc[r, n], target[r, n], hours)
    return power


@njit(cache=True, nogil=True)
def power_to_fill(battery: Battery[float], soc: float, target: float, hours: float) -> float:
    """Return the charging power of one battery that lifts its charge to a target within a step, at most its rating."""
    rating = battery.power
    if rating <= 0.0:
        return 0.0
    room = max(target - soc, 0.0) / hours
    return rating * _most_in_pu(
        room / rating, 1.0 - battery.efficiency, battery.constant_share, battery.quadratic_share
    )


@njit(cache=True, nogil=True)
def _converted(
    pu: float, rating: float, per_pu: float, constant_share: float, quadratic_share: float
) -> tuple[float, float]:
    """Return the AC power and what conversion loses of it; nothing where it would lose as much as it moves."""
    pu = min(pu, 1.0)
    lost = per_pu * (constant_share + (1.0 - constant_share - quadratic_share) * pu + quadratic_share * pu * pu)
    if lost >= pu:
        return 0.0, 0.0
    return pu * rating, lost * rating


@njit(cache=True, nogil=True)
def _most_in_pu(room_pu: float, per_pu: float, constant_share: float, quadratic_share: float) -> float:
    """Return the AC power at which `room_pu` reaches the charge, per unit; 0 without room.

    Smaller root of ``x - per_pu (c + l x + q x**2) = room_pu``; 1 where losses keep the charge below it at any power.
    """
    if room_pu <= 0.0:
        return 0.0
    slope = 1.0 - per_pu * (1.0 - constant_share - quadratic_share)
    needed = room_pu + per_pu * constant_share
    under_root = slope * slope - 4.0 * per_pu * quadratic_share * needed
    if slope <= 0.0 or under_root < 0.0:
        return 1.0
    return min(2.0 * needed / (slope + math.sqrt(under_root)), 1.0)


@njit(cache=True, nogil=True)
def _most_out_pu(store_pu: float, per_pu: float, constant_share: float, quadratic_share: float) -> float:
    """Return the AC power that takes `store_pu` out of the charge, per unit; 0 where that covers only the losses.

    Positive root of ``x + per_pu (c + l x + q x**2) = store_pu``.
    """
    left = store_pu - per_pu * constant_share
    if left <= 0.0:
        return 0.0
    slope = 1.0 + per_pu * (1.0 - constant_share - quadratic_share)
    return 2.0 * left / (slope + math.sqrt(slope * slope + 4.0 * per_pu * quadratic_share * left))


def least_loss_share(constant_share: Values, quadratic_share: Values) -> np.ndarray:
    """Return the least loss per unit of power over that at rated power; broadcast.

    ``constant / x + linear + quadratic x`` over the share x of the rated power is least at ``sqrt(constant /
    quadratic)``, or at rated power where that is beyond it.
    """
    linear = 1.0 - constant_share - quadratic_share
    inside = linear + 2.0 * np.sqrt(constant_share * quadratic_share)
    return np.where(constant_share >= quadratic_share, 1.0, inside)


class BatteryWear(NamedTuple):
    """How batteries lose capacity.

    Attributes
    ----------
    cycle_percent : float
        Of the capacity, per equivalent full cycle.
    calendar_empty_percent, calendar_full_percent : float
        Of the capacity, per year at an empty and at a full battery; linear in the mean state of charge between.
    """

    cycle_percent: float
    calendar_empty_percent: float
    calendar_full_percent: float


def battery_wear(
    wear: BatteryWear, energy: np.ndarray, discharged: np.ndarray, stored_hours: np.ndarray, hours: float
) -> dict[str, np.ndarray]:
    """Return cycles, mean charge and loss of capacity of batteries over `hours`.

    Both losses are linear: ``cycles x cycle_percent``, and a yearly loss that lies between the one of an empty and the
    one of a full battery as the mean state of charge does.

    Parameters
    ----------
    wear : BatteryWear
    energy, discharged, stored_hours : numpy.ndarray, (N,)
        Capacity, what was delivered at the AC side, integral of the charge; all figures are 0 without a capacity.
    hours : float

    Returns
    -------
    dict of str to numpy.ndarray, (N,)
        ``cycles``, ``mean_soc_percent``, ``cycle_loss_percent``, ``calendar_loss_percent``.
    """
    cycles = _ratio(discharged, energy)
    soc = _ratio(stored_hours, energy * hours)
    per_year = wear.calendar_empty_percent + (wear.calendar_full_percent - wear.calendar_empty_percent) * soc
    return {
        "cycles": cycles,
        "mean_soc_percent": 100.0 * soc,
        "cycle_loss_percent": wear.cycle_percent * cycles,
        "calendar_loss_percent": per_year * (energy > 0.0) * hours / HOURS_PER_YEAR,
    }


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    result: np.ndarray = np.divide(part, whole, out=np.zeros_like(part), where=whole > 0.0)
    return result
