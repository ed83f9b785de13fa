"""What does not change while a study runs, by subject: units, areas, criteria, operators, zones, fleet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import pandas as pd

from twin.core.clock import HOURS_OF_DAY, MINUTES_OF_HOUR, MONTHS_OF_YEAR, steps_in
from twin.core.row_arrays import sum_at
from twin.core.units import KW_PER_MW, KWH_PER_MWH
from twin.devices.device import Device, PlantDevice
from twin.devices.sites import (
    AverageSites,
    FleetArrays,
    SiteArrays,
    SiteDevices,
    average_sites,
    fleet_arrays,
    site_arrays,
)
from twin.network.model import GridModel
from twin.network.variants.grids import GridVariants
from twin.operation.member import BY_HALF_HOUR, BY_WINDOW, Member, Placed, placed_devices
from twin.operation.zones.flows import MeasuredZone, ReducedMeter
from twin.policies.interface import Batteries
from twin.resources.sites import SiteFleet


class Tier(IntEnum):
    """Place of a unit in the order of cuts: the lowest is cut first."""

    NON_FIRM = 0
    FIRM = 1
    LAST = 2


TIER_OF_FIRMNESS = {"non-firm": Tier.NON_FIRM, "firm": Tier.FIRM, "cut-last": Tier.LAST}


@dataclass(frozen=True)
class Units:
    """Plants, then site groups: what the ledger has a row for; axes M members, U = P plants + G site groups.

    Attributes
    ----------
    names : tuple of str, (U,)
        Plant ids, then site groups.
    node : numpy.ndarray, (U,) int
        Node at which each unit feeds in.
    in_municipality : numpy.ndarray, (U,) bool
        Units in the municipality that the study is about.
    tier : numpy.ndarray, (M, U) int
        Place in the order of cuts, `Tier`.
    contract_mw : numpy.ndarray, (M, U)
        Contract of the plants, PV rating of the site groups as far as the member has it.
    by_contract : numpy.ndarray, (M,) bool
        Whether a uniform cut means one cap on contract MW.
    q_per_p : numpy.ndarray, (M, U)
        Reactive infeed per active infeed; sites feed in at unity power factor.
    q_per_p_limit : numpy.ndarray, (M, U)
        Largest reactive over active infeed, either sign; at least what the unit has anyway.
    trippable : numpy.ndarray, (J,) int
        Plants that inter-trip may shed in any network.
    may_trip : numpy.ndarray, (M, J) bool
        Whether inter-trip may shed them in the member's own network.
    """

    names: tuple[str, ...]
    node: np.ndarray
    in_municipality: np.ndarray
    tier: np.ndarray
    contract_mw: np.ndarray
    by_contract: np.ndarray
    q_per_p: np.ndarray
    q_per_p_limit: np.ndarray
    trippable: np.ndarray
    may_trip: np.ndarray


def units_of(grid: GridVariants, members: Sequence[Member], network: np.ndarray, sites: SiteFleet) -> Units:
    """Return the units of all members.

    Parameters
    ----------
    grid : GridVariants
    members : sequence of Member
    network : numpy.ndarray, (M,) int
        Position of each member's network.
    sites : SiteFleet
    """
    models, area_of_group = grid.models, _area_of_group(grid, sites)
    plants = models[0].plants
    node = np.concatenate([grid.nodes.plant, grid.nodes.area[area_of_group]])

    def of_plants(of_model: list[np.ndarray]) -> np.ndarray:
        return np.pad(np.array(of_model, dtype=float)[network], ((0, 0), (0, len(sites.groups))))

    q_per_p = of_plants([_q_per_p(m.plants, "power_factor") * m.plants["q_sign"].to_numpy(float) for m in models])
    widest = of_plants([_q_per_p(model.plants, "power_factor_limit") for model in models])
    sheddable = np.array([model.plants["trippable"].to_numpy(bool) for model in models])
    trippable = np.flatnonzero(sheddable.any(axis=0))
    in_city = models[0].areas["municipality"].to_numpy(bool)[area_of_group]
    return Units(
        names=(*plants.index.astype(str), *sites.groups.index.astype(str)),
        node=node,
        in_municipality=np.concatenate([plants["municipality"].to_numpy(bool), in_city]),
        tier=np.array([[TIER_OF_FIRMNESS[firmness] for firmness in member.firmness] for member in members], dtype=int),
        contract_mw=np.array([_contract_mw(grid, member, sites) for member in members]),
        by_contract=np.array([member.uniform_basis == "contract" for member in members]),
        q_per_p=q_per_p,
        q_per_p_limit=np.maximum(widest, np.abs(q_per_p)),
        trippable=trippable,
        may_trip=sheddable[:, trippable][network],
    )


def _contract_mw(grid: GridVariants, member: Member, sites: SiteFleet) -> np.ndarray:
    of_plants = grid.models[member.grid].plants["contract_mw"].to_numpy(float)
    of_groups = sum_by_group(sites, sites.pv_ac_kw * member.devices.has_pv) / KW_PER_MW
    return np.concatenate([of_plants, of_groups])


def _q_per_p(plants: pd.DataFrame, column: str) -> np.ndarray:
    tangent: np.ndarray = np.tan(np.arccos(plants[column].to_numpy(float)))
    return tangent


@dataclass(frozen=True)
class Areas:
    """Demand areas; axes A areas, G site groups.

    Attributes
    ----------
    of_group : numpy.ndarray, (G,) int
        Area of each site group.
    q_per_p : numpy.ndarray, (A,)
        Reactive per active demand.
    """

    of_group: np.ndarray
    q_per_p: np.ndarray

    def sums(self, of_groups: np.ndarray) -> np.ndarray:
        """Sum (R, G) values over the site groups of each area, (R, A)."""
        return sum_at(of_groups, self.of_group, len(self.q_per_p))


def areas_of(grid: GridVariants, sites: SiteFleet) -> Areas:
    """Return the demand areas, which all networks of a study share."""
    return Areas(_area_of_group(grid, sites), _q_per_p(grid.models[0].areas, "power_factor"))


def _area_of_group(grid: GridVariants, sites: SiteFleet) -> np.ndarray:
    found: np.ndarray = grid.models[0].areas.index.get_indexer(pd.Index(sites.groups.area))
    return found


@dataclass(frozen=True)
class Criteria:
    """What each member's network has to withstand; axis M members.

    Attributes
    ----------
    vm_min_pu, vm_max_pu : numpy.ndarray, (M,)
        Permitted voltage.
    secures_outages : numpy.ndarray, (M,) bool
        Whether the criterion covers outages.
    intertrip_cap_pu : numpy.ndarray, (M,)
        Most that one inter-trip may shed; 0 under the other criteria.
    link_share : numpy.ndarray, (M, 12)
        What the survivor of the link may carry until redispatch has acted, over its continuous rating, by calendar
        month; 1 but under ``n-1-thermal``.
    """

    vm_min_pu: np.ndarray
    vm_max_pu: np.ndarray
    secures_outages: np.ndarray
    intertrip_cap_pu: np.ndarray
    link_share: np.ndarray


def criteria_of(grid: GridVariants, members: Sequence[Member], network: np.ndarray) -> Criteria:
    """Return limits and criterion of all members."""
    limits = [model.limits for model in grid.models]
    cap_mw = np.array([member.intertrip_cap_mw * (member.criterion == "n-1-intertrip") for member in members])
    return Criteria(
        vm_min_pu=np.array([limit.vm_min_pu for limit in limits])[network],
        vm_max_pu=np.array([limit.vm_max_pu for limit in limits])[network],
        secures_outages=np.array([member.criterion != "n-0" for member in members]),
        intertrip_cap_pu=cap_mw / grid.base_mva,
        link_share=np.array([_link_share(grid.models[member.grid], member) for member in members]),
    )


def _link_share(model: GridModel, member: Member) -> np.ndarray:
    """Return (12,) the emergency over the continuous rating of the circuit that allows least."""
    if member.criterion != "n-1-thermal":
        return np.ones(MONTHS_OF_YEAR)
    hours, circuits = member.relief_minutes / MINUTES_OF_HOUR, len(model.cables)
    of_circuits = [circuit.emergency_a(hours, circuits) / circuit.rated_a for circuit in model.cables]
    return np.asarray(np.min(of_circuits, axis=0))


@dataclass(frozen=True)
class Operators:
    """How each member's operator works; axis M members.

    Attributes
    ----------
    forecasts : numpy.ndarray, (M,) bool
        Whether caps are fixed ahead.
    by_zones : numpy.ndarray, (M,) bool
        Whether only constraint zones cut for congestion.
    lead_steps : numpy.ndarray, (M,) int
        How far ahead.
    flow_margin_mw : numpy.ndarray, (M,)
        What a forecasting operator keeps free.
    sees_dispatch : numpy.ndarray, (M,) bool
        Whether batteries are in the operator's forecast.
    obeys_area_balance : numpy.ndarray, (M,) bool
        Whether area-balance orders reach the member.
    by_half_hour : numpy.ndarray, (M, U) bool
        Units that a forecasting operator's orders reach by half-hour; the rest has no remote control.
    by_window : numpy.ndarray, (M, P) bool
        Plants that he stops for the whole window of a day, told the day before.
    window_hours : numpy.ndarray, (M, 2)
        Hours of the day at which the window begins and ends.
    area_notice_steps : numpy.ndarray, (M,)
        Steps before midnight at which the area tells its orders of the next day.
    """

    forecasts: np.ndarray
    by_zones: np.ndarray
    lead_steps: np.ndarray
    flow_margin_mw: np.ndarray
    sees_dispatch: np.ndarray
    obeys_area_balance: np.ndarray
    by_half_hour: np.ndarray
    by_window: np.ndarray
    window_hours: np.ndarray
    area_notice_steps: np.ndarray


def operators_of(members: Sequence[Member], step_minutes: int, plants: int) -> Operators:
    """Return how the members' operators work, with leads in steps of `step_minutes`."""
    is_ahead = np.array([member.operator == "forecast" for member in members])
    follows = [member.follows or (BY_HALF_HOUR,) * plants for member in members]
    rows = [
        (*of_plants, *[BY_HALF_HOUR] * (len(m.firmness) - plants))
        for m, of_plants in zip(members, follows, strict=True)
    ]
    return Operators(
        forecasts=is_ahead,
        by_zones=np.array([member.operator == "zones" for member in members]),
        lead_steps=np.array([steps_in(member.forecast_lead_half_hours, step_minutes) for member in members]),
        flow_margin_mw=np.array([member.flow_margin_mw for member in members]),
        sees_dispatch=np.array([member.operator_sees_dispatch for member in members]),
        obeys_area_balance=np.array([member.area_balance for member in members]),
        by_half_hour=np.array([[how == BY_HALF_HOUR for how in row] for row in rows]),
        by_window=np.array([[how == BY_WINDOW for how in row] for row in follows]) & is_ahead[:, None],
        window_hours=np.array([member.window_hours for member in members]),
        area_notice_steps=np.array([HOURS_OF_DAY - m.area_notice_hour for m in members])
        * (MINUTES_OF_HOUR / step_minutes),
    )


@dataclass(frozen=True)
class Zones:
    """The constraint zones of all members; axes M members, Z zones of a member, P plants.

    Attributes
    ----------
    all : tuple of MeasuredZone
        The distinct ones.
    meters : tuple of ReducedMeter
        Of each.
    number : numpy.ndarray, (M, Z) int
        Position in `all` of each member's zones in the order in which its operator acts; -1 where it has fewer.
    free_mw : numpy.ndarray, (M, Z, P)
        Set-points at which nobody is held: contracts, infinite for plants outside the zone.
    circuits : numpy.ndarray
        How many circuits of the link are in service, by network.
    """

    all: tuple[MeasuredZone, ...]
    meters: tuple[ReducedMeter, ...]
    number: np.ndarray
    free_mw: np.ndarray
    circuits: np.ndarray


def zones_of(grid: GridVariants, members: Sequence[Member], contract_mw: np.ndarray, slots: int) -> Zones:
    """Return the zones of the members whose operator works by them.

    Parameters
    ----------
    grid : GridVariants
    members : sequence of Member
    contract_mw : numpy.ndarray, (M, P)
    slots : int
        Most zones of a member.
    """
    of_members = [member.zones if member.operator == "zones" else () for member in members]
    known = {zone: k for k, zone in enumerate(dict.fromkeys(zone for zones in of_members for zone in zones))}
    number = np.full((len(members), slots), -1)
    free_mw = np.full((*number.shape, contract_mw.shape[1]), np.inf)
    for m, zones in enumerate(of_members):
        for z, zone in enumerate(zones):
            units = list(zone.zone.units)
            number[m, z], free_mw[m, z, units] = known[zone], contract_mw[m, units]
    return Zones(
        all=tuple(known),
        meters=tuple(ReducedMeter(grid, zone.measurement) for zone in known),
        number=number,
        free_mw=free_mw,
        circuits=np.array([_circuits_in_service(model) for model in grid.models], dtype=np.int64),
    )


def _circuits_in_service(model: GridModel) -> int:
    circuits = [circuit.element for circuit in model.roles.link if circuit.element not in model.planned_out]
    return sum(bool(model.net[table].loc[row, "in_service"]) for table, row in circuits)


@dataclass(frozen=True)
class Fleet:
    """Small sites and flexible devices; axes M members, S sites, G site groups, D devices.

    Attributes
    ----------
    device_class : numpy.ndarray, (M,) int
        The same number for members whose sites have the same devices.
    site_arrays : SiteArrays
        What stands at the sites of each class of members.
    arrays : FleetArrays
        Group, shapes and PV of each site.
    average_sites : AverageSites
        The average site of each group, run beside the real ones.
    battery_mwh : numpy.ndarray, (M, G)
        Battery capacity of the site groups.
    battery_kwh : numpy.ndarray, (C, G)
        The same of each class of members, kWh.
    batteries_of_groups : tuple of Batteries, (C,)
        What a policy is told of the site groups' batteries in each class of members, without charge.
    is_home_shape : numpy.ndarray, (D,) bool
        Which columns of `Profiles.site_demand_per_kwh` are homes.
    device_names : tuple of str, (D,)
        Names of the flexible devices of any member.
    is_storage : numpy.ndarray, (D,) bool
        Which of them are batteries in the grid or beside plants.
    is_beside_plants : numpy.ndarray, (D,) bool
        Which of them stand beside plants.
    has_plant_device : numpy.ndarray, (M,) bool
        Which members have such devices.
    is_plant_state : numpy.ndarray, (M, K) bool
        Which of the states of the members' devices are theirs.
    placed_devices : tuple
        Flexible devices at the areas and beside plants, each with the members that have it.
    most_devices : int
        Largest number of devices that one member's policy may order.
    """

    device_class: np.ndarray
    site_arrays: SiteArrays
    arrays: FleetArrays
    average_sites: AverageSites
    battery_mwh: np.ndarray
    battery_kwh: np.ndarray
    batteries_of_groups: tuple[Batteries, ...]
    is_home_shape: np.ndarray
    device_names: tuple[str, ...]
    is_storage: np.ndarray
    is_beside_plants: np.ndarray
    has_plant_device: np.ndarray
    is_plant_state: np.ndarray
    placed_devices: tuple[tuple[Placed[Device], ...], tuple[Placed[PlantDevice], ...]]
    most_devices: int


def fleet_of(members: Sequence[Member], sites: SiteFleet) -> Fleet:
    """Return sites and devices of all members."""
    identities = [member.devices.identity for member in members]
    known = {identity: number for number, identity in enumerate(dict.fromkeys(identities))}
    device_class = np.array([known[identity] for identity in identities])
    first = np.unique(device_class, return_index=True)[1]
    arrays = site_arrays([members[m].devices for m in first])
    stores = {device.name: device.is_storage for member in members for device in member.flexible}
    beside_plants = {device.name for m in members for device in m.flexible if isinstance(device, PlantDevice)}
    placed = placed_devices(members)
    width = max(sum(len(device.initial()) for device in member.flexible) for member in members)
    is_plant_state = np.zeros((len(members), width), dtype=bool)
    for some in placed[1]:
        is_plant_state[some.rows, some.columns] = True
    return Fleet(
        device_class=device_class,
        site_arrays=arrays,
        arrays=fleet_arrays(sites),
        average_sites=average_sites(arrays, sites),
        battery_mwh=np.array([sum_by_group(sites, member.devices.battery.energy) for member in members]) / KW_PER_MW,
        battery_kwh=np.array([sum_by_group(sites, members[m].devices.battery.energy) for m in first]),
        batteries_of_groups=tuple(_batteries_of_groups(members[m].devices, sites) for m in first),
        is_home_shape=np.array([shape.demand_class == "residential" for shape in sites.demand_shapes]),
        device_names=tuple(stores),
        is_storage=np.array(list(stores.values()), dtype=bool),
        is_beside_plants=np.array([name in beside_plants for name in stores], dtype=bool),
        has_plant_device=np.array([any(isinstance(d, PlantDevice) for d in m.flexible) for m in members]),
        is_plant_state=is_plant_state,
        placed_devices=placed,
        most_devices=max(len(member.orderable) for member in members),
    )


def _batteries_of_groups(devices: SiteDevices, sites: SiteFleet) -> Batteries:
    battery = devices.battery
    energy = sum_by_group(sites, battery.energy)

    def mean(per_kwh: np.ndarray) -> np.ndarray:
        """Average over the capacity of each group; 0 without batteries."""
        total = sum_by_group(sites, per_kwh * battery.energy)
        result: np.ndarray = np.divide(total, energy, out=np.zeros_like(energy), where=energy > 0.0)
        return result

    return Batteries(
        energy_mwh=energy / KWH_PER_MWH,
        power_mw=sum_by_group(sites, battery.power) / KW_PER_MW,
        soc_percent=np.zeros_like(energy),
        soc_min_percent=100.0 * mean(battery.soc_min_share),
        soc_max_percent=100.0 * mean(battery.soc_max_share),
        efficiency=mean(battery.efficiency),
    )


def sum_by_group(sites: SiteFleet, per_site: np.ndarray) -> np.ndarray:
    """Sum (S,) values over the sites of each group, (G,)."""
    # bincount of no sites gives integers
    sums: np.ndarray = np.bincount(sites.group, per_site, len(sites.groups)).astype(float)
    return sums


def mean_of_groups(sites: SiteFleet, per_site: np.ndarray) -> np.ndarray:
    """Average (S,) values over the sites of each group, (G,)."""
    means: np.ndarray = sum_by_group(sites, per_site) / sum_by_group(sites, np.ones(len(per_site)))
    return means
