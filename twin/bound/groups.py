"""The fleet as a few groups, each at least as able as the sum of its devices."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.devices.grid_battery import GridBattery
from twin.errors import InputError, Problem
from twin.loop.case import Case
from twin.loop.member import PLANT_BATTERIES, Member, SiteDevices
from twin.profiles.sites import KINDS

MOST_GROUPS = 8
_KW_PER_MW = 1e3
_W_PER_MW = 1e6


@dataclass(frozen=True)
class StorageGroup:
    """Batteries as one; axes T half-hours.

    Attributes
    ----------
    name : str
        Kind of sites, or name of the device.
    charge_mw : float
        Most charging power.
    discharge_mw : numpy.ndarray, (T,)
        Most discharging power.
    capacity_mwh, lowest_mwh, highest_mwh, first_mwh : float
        Capacity and charge.
    loss_in, loss_out : float
        Lost of a MW charged, and beside a MW discharged: the least of all devices at any power.
    standby_mw : float
        What the devices take all the time.
    ordered_off_mw : numpy.ndarray, (T,)
        Area-balance cuts that it may take at no change of infeed.
    """

    name: str
    charge_mw: float
    discharge_mw: np.ndarray
    capacity_mwh: float
    lowest_mwh: float
    highest_mwh: float
    first_mwh: float
    loss_in: float
    loss_out: float
    standby_mw: float
    ordered_off_mw: np.ndarray


def storage_groups(case: Case, m: int, site_import_mw: dict[str, np.ndarray]) -> list[StorageGroup]:
    """Return the batteries of member `m` in groups: kinds of sites, in the grid, beside plants.

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
    groups = [
        *_of_sites(case, member, site_import_mw),
        *_of_grid_batteries(case, member),
        *_of_plants(case, m),
    ]
    unknown = [device.name for device in member.flexible if not isinstance(device, GridBattery)]
    problems = [
        Problem("it is not known what the device can do at most", "perfect_foresight, device", name, "grid batteries")
        for name in unknown
    ]
    if len(groups) > MOST_GROUPS:
        problems.append(Problem("too many groups", "perfect_foresight", str(len(groups)), f"at most {MOST_GROUPS}"))
    if problems:
        raise InputError(problems)
    return groups


def stored_at_start_mwh(case: Case, m: int) -> float:
    """Return the charge of all batteries of member `m` before the first half-hour."""
    nothing = {kind: np.zeros(len(case.index)) for kind in KINDS}
    return sum(group.first_mwh for group in storage_groups(case, m, nothing))


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


def _of_sites(case: Case, member: Member, site_import_mw: dict[str, np.ndarray]) -> list[StorageGroup]:
    devices = member.devices
    kind_of_site = case.sites.groups.kind.to_numpy(str)[case.sites.group]
    groups = []
    for kind in KINDS:
        some = (kind_of_site == kind) & (devices.battery_kwh > 0.0)
        if not some.any():
            continue
        energy = devices.battery_kwh[some] / _KW_PER_MW
        power = float(devices.battery_kw[some].sum()) / _KW_PER_MW
        efficiency, share = float(devices.efficiency[some].max()), least_loss_share(devices)
        lowest = float((devices.soc_min_share[some] * energy).sum())
        groups.append(
            StorageGroup(
                name=kind,
                charge_mw=power,
                discharge_mw=np.full(len(case.index), power)
                if devices.export_at_night
                else np.minimum(site_import_mw[kind], power),
                capacity_mwh=float(energy.sum()),
                lowest_mwh=lowest,
                highest_mwh=float((devices.soc_max_share[some] * energy).sum()),
                first_mwh=lowest,
                loss_in=(1.0 - efficiency) * share,
                loss_out=(1.0 / efficiency - 1.0) * share,
                standby_mw=float(devices.standby_w[some].sum()) / _W_PER_MW,
                ordered_off_mw=np.zeros(len(case.index)),
            )
        )
    return groups


def _of_grid_batteries(case: Case, member: Member) -> list[StorageGroup]:
    return [
        _simple(
            case,
            device.name,
            (sum(device.power_mw), sum(device.energy_mwh)),
            (device.soc_min_share, device.soc_max_share, device.efficiency),
            np.zeros(len(case.index)),
        )
        for device in member.flexible
        if isinstance(device, GridBattery)
    ]


def _of_plants(case: Case, m: int) -> list[StorageGroup]:
    some = case.members[m].plant_batteries
    if some is None:
        return []
    profiles = case.profiles[case.profile[m]][0]
    remaining = profiles.plant_available_mw - profiles.plant_unavailable_mw
    ordered_off = profiles.area_physical * remaining * case.members[m].area_balance
    return [
        _simple(
            case,
            PLANT_BATTERIES,
            (float(some.power_mw.sum()), float(some.energy_mwh.sum())),
            (some.soc_min_share, some.soc_max_share, some.efficiency),
            np.minimum(ordered_off, some.power_mw).sum(axis=1),
        )
    ]


def _simple(
    case: Case,
    name: str,
    amount: tuple[float, float],
    shares_and_efficiency: tuple[float, float, float],
    ordered_off_mw: np.ndarray,
) -> StorageGroup:
    (power, energy), (low, high, efficiency) = amount, shares_and_efficiency
    return StorageGroup(
        name, power, np.full(len(case.index), power), energy, low * energy, high * energy, low * energy,
        1.0 - efficiency, 1.0 / efficiency - 1.0, 0.0, ordered_off_mw,
    )  # fmt: skip
