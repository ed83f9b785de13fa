"""Blackout: how long battery, PV and a car supply each small site if both circuits are lost at any step."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numba import njit

from twin.core.row_arrays import for_kernel
from twin.devices.battery import Batteries, Battery, standby_from_charge, step_battery, unit
from twin.metrics.series import read_table
from twin.resources.sites import SiteFleet

HORIZON_HOURS = 168.0
"""A supply that lasts for a week is not followed further."""
A_DAY_HOURS = 24.0
EMPTY_KWH = 1e-9
"""Rounding of a charge that is just used up."""


@dataclass(frozen=True)
class MoreStorage:
    """A car that stands at the site when the blackout begins, and stays.

    Attributes
    ----------
    energy_kwh, power_kw : float
        As given by the site's battery, its efficiency taken for the car's too; both 0 without a car.
    """

    energy_kwh: float = 0.0
    power_kw: float = 0.0


NO_CAR = MoreStorage()


@dataclass(frozen=True)
class SupplyHours:
    """Sites and what they have, to follow their supply from every step; arrays over N sites.

    Attributes
    ----------
    battery : Battery
        (N,), kWh and kW. Its lowest charge is that of usual days, the reserve for blackouts included.
    usable_from_share : numpy.ndarray, (N,)
        Charge that even a blackout leaves.
    pv_kw, load_kw : numpy.ndarray, (T, N)
    hours : float
        Length of a step.
    """

    battery: Batteries
    usable_from_share: np.ndarray
    pv_kw: np.ndarray
    load_kw: np.ndarray
    hours: float

    @cached_property
    def charge_kwh(self) -> np.ndarray:
        """Charge at the end of each step in which the grid is there, under self-consumption; (T, N)."""
        return _charges(self.battery, for_kernel((self.pv_kw - self.load_kw).T), self.hours).T

    def lasted(self, share_of_load: float, car: MoreStorage = NO_CAR) -> np.ndarray:
        """Return how long the demand is met from the charge at each step and the PV after it, (T, N) hours.

        A blackout begins with what is stored at the end of the step before, all of it usable: reserves are made for
        this. It ends the supply in the step in which charge or power do not do. PV beyond the demand charges. At most
        `HORIZON_HOURS`; the period is taken as a circle, so that its last steps are followed as far as its first.

        Parameters
        ----------
        share_of_load : float
            Part of the demand that is kept up.
        car : MoreStorage, optional
            Full at the beginning, at each of the sites.
        """
        lowest = self.usable_from_share * self.battery.energy
        stored = np.roll(self.charge_kwh, 1, axis=0) - lowest + car.energy_kwh
        room = self.battery.soc_max_share * self.battery.energy - lowest + car.energy_kwh
        power = self.battery.power + car.power_kw
        found = _lasting(
            for_kernel(np.maximum(stored, 0.0).T),
            for_kernel(room),
            for_kernel(power),
            for_kernel(self.battery.efficiency),
            for_kernel(self.battery.standby),
            for_kernel((self.pv_kw - share_of_load * self.load_kw).T),
            self.hours,
            round(HORIZON_HOURS / self.hours),
        )
        return found.T * self.hours


@njit(cache=True, nogil=True)
def _charges(battery: Batteries, wanted_kw: np.ndarray, hours: float) -> np.ndarray:
    """Return the charge after each step of each site, (N, T)."""
    found = np.empty_like(wanted_kw)
    for n in range(wanted_kw.shape[0]):
        one = unit(battery, n)
        lowest = one.soc_min_share * one.energy
        charge = lowest
        for t in range(wanted_kw.shape[1]):
            from_outside = one.standby - standby_from_charge(one, charge, lowest, hours)
            charge = step_battery(one, charge, lowest, wanted_kw[n, t] - from_outside, hours).soc
            found[n, t] = charge
    return found


@njit(cache=True, nogil=True)
def _fails_in(
    first: int, stored: float, room: float, power: float, change_kwh: np.ndarray, given_kw: np.ndarray,
    from_full: np.ndarray,
) -> int:  # fmt: skip
    """Return the step in which a charge at the beginning of a step does no more; from a full one on it is known."""
    count, end = len(change_kwh), len(from_full) - 1
    for step in range(first, end):
        at = step % count
        stored += change_kwh[at]
        if given_kw[at] > power or stored < -EMPTY_KWH:
            return step
        if stored >= room:
            return int(from_full[step + 1])
    return end


@njit(cache=True, nogil=True)
def _lasting(
    stored: np.ndarray, room: np.ndarray, power: np.ndarray, efficiency: np.ndarray, standby: np.ndarray,
    surplus_kw: np.ndarray, hours: float, horizon: int,
) -> np.ndarray:  # fmt: skip
    """Return for how many steps each site is supplied from each step on, (N, T)."""
    count = surplus_kw.shape[1]
    found = np.zeros(surplus_kw.shape)
    for n in range(surplus_kw.shape[0]):
        taken_kw = np.minimum(np.maximum(surplus_kw[n], 0.0), power[n])
        given_kw = np.maximum(-surplus_kw[n], 0.0)
        change = hours * (taken_kw * efficiency[n] - given_kw / efficiency[n] - standby[n])
        from_full = np.full(count + horizon + 1, count + horizon)
        for step in range(count + horizon - 1, -1, -1):
            from_full[step] = _fails_in(step, room[n], room[n], power[n], change, given_kw, from_full)
        for step in range(count):
            fails = _fails_in(step, min(stored[n, step], room[n]), room[n], power[n], change, given_kw, from_full)
            found[n, step] = min(fails - step, horizon)
    return found


def supply_of(
    fleet: SiteFleet, pv_per_kw: np.ndarray, demand_per_kwh: np.ndarray, battery: Batteries, wanted: np.ndarray,
    hours: float, soc_min_percent: float | None = None,
) -> SupplyHours:  # fmt: skip
    """Return some sites of a fleet, ready to be followed.

    Parameters
    ----------
    fleet : SiteFleet
    pv_per_kw, demand_per_kwh : numpy.ndarray
        ``site_pv_per_kw`` and ``site_demand_per_kwh`` of `Profiles`.
    battery : Battery
        (S,), of all sites of a member.
    wanted : numpy.ndarray, (S,) bool
    hours : float
    soc_min_percent : float, optional
        Charge that even a blackout leaves, in place of the fleet's.
    """
    sites = np.flatnonzero(wanted)
    pv = np.minimum(pv_per_kw[:, fleet.pv_shape[sites]] * fleet.pv_dc_kw[sites], fleet.pv_ac_kw[sites])
    lowest = fleet.soc_min_percent if soc_min_percent is None else np.full(len(wanted), soc_min_percent)
    return SupplyHours(
        battery=Battery(*(for_kernel(values[sites]) for values in battery)),
        usable_from_share=lowest[sites] / 100.0,
        pv_kw=pv,
        load_kw=demand_per_kwh[:, fleet.demand_shape[sites]] * fleet.demand_kwh[sites],
        hours=hours,
    )


def summary(lasted: np.ndarray) -> dict[str, float]:
    """Return hours in the middle and at 5 % of all sites and steps, and how many of them last a day, %."""
    return {
        "p05_hours": float(np.quantile(lasted, 0.05)),
        "median_hours": float(np.median(lasted)),
        "day_percent": float(100.0 * np.mean(lasted >= A_DAY_HOURS)),
    }


def diesel_supply(folder: Path, diesel_mw: float, least_share: float) -> dict[str, float]:
    """Return what the diesels, and PV and wind beside them, could carry of the demand of all islands.

    Parameters
    ----------
    folder : pathlib.Path
        With the member's tables.
    diesel_mw : float
        Power of all sets.
    least_share : float
        Lowest load of a set over its power. Sets that can carry the whole demand run, so this share of the demand is
        theirs.

    Returns
    -------
    dict of str to float
        Shares of the steps in which all sets, and half of them, could carry the demand, what lacks at most, and the
        share of the energy that plants and sites could give while the sets stay above their lowest load.
    """
    table = read_table(folder, "system", ["demand_mw", "available_mw"])
    demand, available = table["demand_mw"].to_numpy(float), table["available_mw"].to_numpy(float)
    return {
        "diesel_covers_percent": float(100.0 * np.mean(demand <= diesel_mw)),
        "diesel_half_covers_percent": float(100.0 * np.mean(demand <= diesel_mw / 2.0)),
        "diesel_short_max_mw": float(np.maximum(demand - diesel_mw, 0.0).max()),
        "diesel_half_short_max_mw": float(np.maximum(demand - diesel_mw / 2.0, 0.0).max()),
        "diesel_saved_percent": float(100.0 * np.minimum(available, (1.0 - least_share) * demand).sum() / demand.sum()),
    }


def car_as_storage(cars: Batteries, efficiency: float) -> MoreStorage:
    """Return one full car as storage beside a battery of another efficiency; cars are alike."""
    at_home = cars.energy * cars.soc_max_share * cars.efficiency / efficiency
    return MoreStorage(float(at_home.mean()), float(cars.power.mean()))
