"""The fleet as a few groups, each at least as able as the sum of its devices."""

from __future__ import annotations

import numpy as np

from twin.bound.demand_groups import demand_group
from twin.bound.fleet_group import FleetGroup, fleet_group
from twin.devices.grid_battery import GridBattery
from twin.devices.names import PLANT_BATTERIES
from twin.errors import Problem, raise_if_any
from twin.loop.case import Case
from twin.loop.member import Member, SiteDevices
from twin.profiles.sites import KINDS
from twin.units import KW_PER_MW, KWH_PER_MWH

MOST_GROUPS = 8
_KNOWN = "homes, water heaters, cars, commercial sites and grid batteries of twin.devices"
_W_PER_MW = 1e6


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
    of_devices = {
        device.name: _of_grid_battery(case, device)
        if isinstance(device, GridBattery)
        else demand_group(case, m, device)
        for device in member.flexible
    }
    problems = [
        Problem("it is not known what the device can do at most", "perfect_foresight, device", name, _KNOWN)
        for name, group in of_devices.items()
        if group is None
    ]
    known = [group for group in of_devices.values() if group is not None]
    groups = [*_of_sites(case, member, site_import_mw), *known, *_of_plants(case, m)]
    if len(groups) > MOST_GROUPS:
        problems.append(Problem("too many groups", "perfect_foresight", str(len(groups)), f"at most {MOST_GROUPS}"))
    raise_if_any(problems)
    return groups


def site_column(case: Case, names: list[str]) -> np.ndarray:
    """Return the group of each site group, (G,) int; -1 where it has none."""
    return np.array([names.index(kind) if kind in names else -1 for kind in case.sites.groups.kind])


def least_loss_share(devices: SiteDevices) -> float:
    """Return the least loss per MW at any power over that at rated power, for the loss curve of `SiteDevices`.

    ``constant / x + linear + quadratic x`` over the share x of the rated power is least at ``sqrt(constant /
    quadratic)``, or at rated power where that is beyond it.
    """
    constant, quadratic = devices.constant_share, devices.quadratic_share
    linear = 1.0 - constant - quadratic
    if constant >= quadratic:
        return 1.0
    return linear + 2.0 * float(np.sqrt(constant * quadratic))


def _of_sites(case: Case, member: Member, site_import_mw: dict[str, np.ndarray]) -> list[FleetGroup]:
    devices = member.devices
    kind_of_site = case.sites.groups.kind.to_numpy(str)[case.sites.group]
    groups = []
    for kind in KINDS:
        some = (kind_of_site == kind) & (devices.battery_kwh > 0.0)
        if not some.any():
            continue
        energy = devices.battery_kwh[some] / KWH_PER_MWH
        power = float(devices.battery_kw[some].sum()) / KW_PER_MW
        efficiency, share = float(devices.efficiency[some].max()), least_loss_share(devices)
        lowest = float((devices.soc_min_share[some] * energy).sum())
        discharge = power if devices.export_at_night else np.minimum(site_import_mw[kind], power)
        highest = float((devices.soc_max_share[some] * energy).sum())
        groups.append(
            fleet_group(
                kind, len(case.index), float(energy.sum()), (power, discharge), (lowest, highest, lowest),
                ((1.0 - efficiency) * share, (1.0 / efficiency - 1.0) * share),
                more_lost_mw=power * (1.0 / float(devices.efficiency[some].min()) - 1.0),
                standby_mw=float(devices.standby_w[some].sum()) / _W_PER_MW,
            )
        )  # fmt: skip
    return groups


def _of_grid_battery(case: Case, battery: GridBattery) -> FleetGroup:
    amount = (sum(battery.power_mw), sum(battery.energy_mwh))
    limits = (battery.soc_min_share, battery.soc_max_share, battery.efficiency)
    return _simple(case, battery.name, amount, limits, np.zeros(len(case.index)))


def _of_plants(case: Case, m: int) -> list[FleetGroup]:
    some = case.members[m].plant_batteries
    if some is None:
        return []
    profiles = case.profiles[case.profile[m]][0]
    remaining = profiles.plant_available_mw - profiles.plant_unavailable_mw
    ordered_off = profiles.area_physical * remaining * case.members[m].area_balance
    amount = (float(some.power_mw.sum()), float(some.energy_mwh.sum()))
    limits = (some.soc_min_share, some.soc_max_share, some.efficiency)
    return [_simple(case, PLANT_BATTERIES, amount, limits, np.minimum(ordered_off, some.power_mw).sum(axis=1))]


def _simple(
    case: Case,
    name: str,
    amount: tuple[float, float],
    limits: tuple[float, float, float],
    ordered_off_mw: np.ndarray,
) -> FleetGroup:
    """Return a battery of some power and energy; `limits` are lowest and highest charge, shares, and efficiency."""
    (power, energy), (low, high, efficiency) = amount, limits
    losses = (1.0 - efficiency, 1.0 / efficiency - 1.0)
    charge = (low * energy, high * energy, low * energy)
    return fleet_group(name, len(case.index), energy, (power, power), charge, losses, ordered_off_mw=ordered_off_mw)
