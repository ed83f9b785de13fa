"""A study made ready for the loop: members, grid, profiles and sites as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from twin.core.clock import DEFAULT_CLOCK, Clock, step_minutes, step_of_day, steps_in
from twin.core.errors import InputError, Problem, raise_if_any
from twin.devices.device import Device, PlantDevice
from twin.devices.sites import AverageSites, FleetArrays, SiteArrays, average_sites, fleet_arrays, site_arrays
from twin.network.model import GridModel
from twin.network.reduced.controls import Bands
from twin.network.reduced.reduction import ReducedGrid
from twin.operation.member import Member, Placed, placed_devices
from twin.policies.interface import DAYS_AHEAD, Policy, Rhythm
from twin.resources.outlook import Outlooks
from twin.resources.profiles import Forecasts, Profiles
from twin.resources.sites import SiteFleet

TIER_NON_FIRM, TIER_FIRM, TIER_LAST = 0, 1, 2
_TIERS = {"non-firm": TIER_NON_FIRM, "firm": TIER_FIRM, "cut-last": TIER_LAST}


@dataclass(frozen=True)
class Case:
    """Everything that does not change while a study runs; axes M members, U = P plants + G site groups.

    Attributes
    ----------
    index : pandas.DatetimeIndex
    grid : ReducedGrid
    members : tuple of Member
    profiles : tuple of (Profiles, Forecasts)
    outlooks : tuple of Outlooks
        What policies are told.
    sites : SiteFleet
    export_limit_mw : numpy.ndarray, (M,)
        The operator's stated limit of the link's export, given to policies.
    export_per_mw : numpy.ndarray, (M, A)
        Change of the link's export for a MW more infeed in an area, given to policies.
    lead_slots : int
        Longest lead in steps of any member of the study, also of members that another worker runs.
    clock : Clock
        How the island counts time, with the step of the study.
    """

    index: pd.DatetimeIndex
    grid: ReducedGrid
    members: tuple[Member, ...]
    profiles: tuple[tuple[Profiles, Forecasts], ...]
    outlooks: tuple[Outlooks, ...]
    sites: SiteFleet
    export_limit_mw: np.ndarray
    export_per_mw: np.ndarray
    lead_slots: int
    clock: Clock = DEFAULT_CLOCK

    def __post_init__(self) -> None:
        if len(self.index) > 1 and step_minutes(self.index) != self.clock.step_minutes:
            seen, accepted = f"{step_minutes(self.index)} minutes", f"{self.clock.step_minutes} minutes"
            raise InputError([Problem("the series have another step than the clock", "Case, index", seen, accepted)])

    @cached_property
    def model(self) -> GridModel:
        """The first network; all share its plants, areas and names."""
        return self.grid.models[0]

    @cached_property
    def base_mva(self) -> float:
        """Base of the per-unit power."""
        return self.grid.base_mva

    @cached_property
    def step_hours(self) -> float:
        """Length of a step."""
        return self.clock.step_hours

    @cached_property
    def step_of_day(self) -> np.ndarray:
        """(T,) steps since midnight."""
        return step_of_day(self.index, self.clock.step_minutes)

    @property
    def order_slots(self) -> int:
        """Steps that orders may reach ahead."""
        return DAYS_AHEAD * self.clock.steps_of_day

    @cached_property
    def rhythms(self) -> tuple[Rhythm, ...]:
        """When each member's policy decides."""
        return tuple(member.policy.cadence.in_steps(self.clock.step_minutes) for member in self.members)

    @cached_property
    def network(self) -> np.ndarray:
        """(M,) position of each member's network."""
        return np.array([member.grid for member in self.members], dtype=np.int64)

    @cached_property
    def bands(self) -> Bands:
        """When taps and reactors move."""
        return Bands.of(self.grid.models, self.network, self.clock.step_minutes)

    @cached_property
    def profile(self) -> np.ndarray:
        """(M,) position of each member's profiles."""
        return np.array([member.profiles for member in self.members], dtype=np.int64)

    @cached_property
    def device_class(self) -> np.ndarray:
        """(M,) the same number for members whose sites have the same devices."""
        parts = [member.devices.identity for member in self.members]
        known = {part: number for number, part in enumerate(dict.fromkeys(parts))}
        return np.array([known[part] for part in parts])

    @cached_property
    def device_arrays(self) -> SiteArrays:
        """What stands at the sites of each class of members."""
        first = np.unique(self.device_class, return_index=True)[1]
        return site_arrays([self.members[m].devices for m in first])

    @cached_property
    def fleet_arrays(self) -> FleetArrays:
        """Group, shapes and PV of each site."""
        return fleet_arrays(self.sites)

    @cached_property
    def average_sites(self) -> AverageSites:
        """The average site of each group, run beside the real ones."""
        return average_sites(self.device_arrays, self.sites)

    @cached_property
    def device_names(self) -> tuple[str, ...]:
        """Names of the flexible devices of any member."""
        return tuple(dict.fromkeys(device.name for member in self.members for device in member.flexible))

    @cached_property
    def is_storage(self) -> np.ndarray:
        """(D,) which of `device_names` are batteries in the grid or beside plants."""
        of_names = {device.name: device.is_storage for member in self.members for device in member.flexible}
        return np.array([of_names[name] for name in self.device_names], dtype=bool)

    @cached_property
    def placed_devices(self) -> tuple[tuple[Placed[Device], ...], tuple[Placed[PlantDevice], ...]]:
        """Flexible devices at the areas and beside plants, each with the members that have it."""
        return placed_devices(self.members)

    @cached_property
    def most_devices(self) -> int:
        """Largest number of devices that one member's policy may order."""
        return max(len(member.orderable) for member in self.members)

    @cached_property
    def is_workday(self) -> np.ndarray:
        """(T,) days on which offices are open."""
        return self.profiles[0][0].is_workday

    @cached_property
    def _classes(self) -> dict[str, np.ndarray]:
        """Columns of `Profiles.site_demand_per_kwh` by customer class."""
        of_shape = np.array([shape.demand_class for shape in self.sites.demand_shapes])
        return {str(name): np.flatnonzero(of_shape == name) for name in np.unique(of_shape)}

    @cached_property
    def is_home_shape(self) -> np.ndarray:
        """Which columns of `Profiles.site_demand_per_kwh` are homes, (D,) bool."""
        return np.array([shape.demand_class == "residential" for shape in self.sites.demand_shapes])

    def class_kw_per_kwh(self, t: int) -> dict[str, np.ndarray]:
        """Return the mean demand of each customer class at step `t`, (M,) kW per kWh of a year."""
        per_kwh = np.stack([profiles.site_demand_per_kwh[t] for profiles, _ in self.profiles])
        # rows in a block of their own: a sum over columns of another layout depends on how many rows there are
        classes = {name: np.ascontiguousarray(per_kwh[:, columns]) for name, columns in self._classes.items()}
        return {name: values.mean(axis=1)[self.profile] for name, values in classes.items()}

    @cached_property
    def plants(self) -> int:
        """Number of plants."""
        return len(self.model.plants)

    @cached_property
    def area_of_group(self) -> np.ndarray:
        """(G,) area of each site group."""
        return self.model.areas.index.get_indexer(pd.Index(self.sites.groups.area))

    @cached_property
    def unit_node(self) -> np.ndarray:
        """(U,) node at which each unit feeds in."""
        return np.concatenate([self.grid.nodes.plant, self.grid.nodes.area[self.area_of_group]])

    @cached_property
    def unit_names(self) -> tuple[str, ...]:
        """(U,) plant ids, then site groups."""
        return (*self.model.plants.index.astype(str), *self.sites.groups.index.astype(str))

    @cached_property
    def tier(self) -> np.ndarray:
        """(M, U) place in the order of cuts."""
        return np.array([[_TIERS[firmness] for firmness in member.firmness] for member in self.members])

    @cached_property
    def contract_mw(self) -> np.ndarray:
        """(M, U) contract of the plants, PV rating of the site groups as far as the member has it."""
        return np.array([
            [
                *self.grid.models[m.grid].plants.contract_mw,
                *self.by_group(self.sites.pv_ac_kw * m.devices.has_pv) / 1000.0,
            ]
            for m in self.members
        ])  # fmt: skip

    @cached_property
    def by_contract(self) -> np.ndarray:
        """(M,) whether uniform means one cap on contract MW."""
        return np.array([member.uniform_basis == "contract" for member in self.members])

    @cached_property
    def unit_q_per_p(self) -> np.ndarray:
        """(M, U) reactive infeed per active infeed; sites feed in at unity power factor."""
        return self._of_units(
            [_q_per_p(model.plants, "power_factor") * model.plants.q_sign.to_numpy(float) for model in self.grid.models]
        )

    @cached_property
    def unit_q_per_p_limit(self) -> np.ndarray:
        """(M, U) largest reactive over active infeed, either sign; at least what the unit has anyway."""
        of_model = [_q_per_p(model.plants, "power_factor_limit") for model in self.grid.models]
        result: np.ndarray = np.maximum(self._of_units(of_model), np.abs(self.unit_q_per_p))
        return result

    def _of_units(self, of_model: list[np.ndarray]) -> np.ndarray:
        """Return (M, U) values of the plants of each member's network, 0 for site groups."""
        return np.pad(np.array(of_model, dtype=float)[self.network], ((0, 0), (0, len(self.sites.groups))))

    @cached_property
    def load_q_per_p(self) -> np.ndarray:
        """(A,) reactive per active demand."""
        result: np.ndarray = np.tan(np.arccos(self.model.areas.power_factor.to_numpy(float)))
        return result

    @cached_property
    def trippable(self) -> np.ndarray:
        """(J,) plants that inter-trip may shed in any network."""
        return np.flatnonzero(np.any([model.plants.trippable for model in self.grid.models], axis=0))

    @cached_property
    def may_trip(self) -> np.ndarray:
        """(M, J) whether inter-trip may shed them in the member's own network."""
        of_model = np.array([model.plants.trippable.to_numpy(bool) for model in self.grid.models])
        result: np.ndarray = of_model[:, self.trippable][self.network]
        return result

    @cached_property
    def vm_max_pu(self) -> np.ndarray:
        """(M,) highest permitted voltage."""
        result: np.ndarray = np.array([model.limits.vm_max_pu for model in self.grid.models])[self.network]
        return result

    @cached_property
    def vm_min_pu(self) -> np.ndarray:
        """(M,) lowest permitted voltage."""
        result: np.ndarray = np.array([model.limits.vm_min_pu for model in self.grid.models])[self.network]
        return result

    @cached_property
    def intertrip_cap_pu(self) -> np.ndarray:
        """(M,) most that one inter-trip may shed; 0 under the other criteria."""
        return np.array([m.intertrip_cap_mw * (m.criterion == "n-1-intertrip") for m in self.members]) / self.base_mva

    @cached_property
    def secures_outages(self) -> np.ndarray:
        """(M,) whether the criterion covers outages."""
        return np.array([member.criterion != "n-0" for member in self.members])

    @cached_property
    def forecast_operator(self) -> np.ndarray:
        """(M,) whether caps are fixed ahead."""
        return np.array([member.operator == "forecast" for member in self.members])

    @cached_property
    def obeys_area_balance(self) -> np.ndarray:
        """(M,) whether area-balance orders reach the member."""
        return np.array([member.area_balance for member in self.members])

    @cached_property
    def incidence(self) -> np.ndarray:
        """(U, n) 1 where a unit feeds in at a node."""
        result: np.ndarray = np.eye(len(self.grid.nodes.buses))[self.unit_node]
        return result

    @cached_property
    def area_incidence(self) -> np.ndarray:
        """(A, n) 1 where an area takes from a node."""
        result: np.ndarray = np.eye(len(self.grid.nodes.buses))[self.grid.nodes.area]
        return result

    @cached_property
    def diesel_incidence(self) -> np.ndarray:
        """(D, n) 1 where a diesel feeds in at a node."""
        result: np.ndarray = np.eye(len(self.grid.nodes.buses))[self.grid.nodes.diesel]
        return result

    @cached_property
    def group_to_area(self) -> np.ndarray:
        """(G, A) 1 where a site group lies in an area."""
        result: np.ndarray = np.eye(len(self.model.areas))[self.area_of_group]
        return result

    @cached_property
    def lead_steps(self) -> np.ndarray:
        """(M,) how far ahead a forecasting operator fixes caps."""
        return np.array([steps_in(m.forecast_lead_half_hours, self.clock.step_minutes) for m in self.members])

    @cached_property
    def flow_margin_mw(self) -> np.ndarray:
        """(M,) what a forecasting operator keeps free."""
        return np.array([member.flow_margin_mw for member in self.members])

    @cached_property
    def sees_dispatch(self) -> np.ndarray:
        """(M,) whether batteries are in the operator's forecast."""
        return np.array([member.operator_sees_dispatch for member in self.members])

    @cached_property
    def battery_mwh(self) -> np.ndarray:
        """(M, G) battery capacity."""
        return np.array([self.by_group(member.devices.battery.energy) for member in self.members]) / 1000.0

    def mean_of_groups(self, per_site: np.ndarray) -> np.ndarray:
        """Average (S,) values over the sites of each group, (G,)."""
        result: np.ndarray = self.by_group(per_site) / self.by_group(np.ones(len(per_site)))
        return result

    def by_group(self, per_site: np.ndarray) -> np.ndarray:
        """Sum (S,) values over the sites of each group, (G,)."""
        return np.bincount(self.sites.group, per_site, len(self.sites.groups)).astype(float)  # whole numbers of nothing

    @cached_property
    def is_twin(self) -> np.ndarray:
        """(M,) counterfactual twins, of which only sums are kept."""
        return np.array([bool(member.twin) for member in self.members])

    @cached_property
    def recorded(self) -> tuple[int, ...]:
        """Members that are no counterfactual twins."""
        return tuple(np.flatnonzero(~self.is_twin).tolist())

    @cached_property
    def unit_in_city(self) -> np.ndarray:
        """(U,) units in the municipality."""
        of_areas = self.model.areas.municipality.to_numpy(bool)[self.area_of_group]
        return np.concatenate([self.model.plants.municipality.to_numpy(bool), of_areas])


def _q_per_p(plants: pd.DataFrame, column: str) -> np.ndarray:
    result: np.ndarray = np.tan(np.arccos(plants[column].to_numpy(float)))
    return result


def under_policies(case: Case, m: int, policies: Sequence[Policy]) -> Case:
    """Return a case in which member `m` runs once under each policy, all in lock-step.

    Parameters
    ----------
    case : Case
    m : int
        Position of the member.
    policies : sequence of Policy

    Returns
    -------
    Case
        Its members are in the order of the policies.
    """
    copies = [m] * len(policies)
    return replace(
        case,
        members=tuple(replace(case.members[m], policy=policy) for policy in policies),
        export_limit_mw=case.export_limit_mw[copies],
        export_per_mw=case.export_per_mw[copies],
    )


def with_devices(case: Case, devices: Sequence[Device]) -> Case:
    """Return a case whose members have some devices beside those that they have already.

    Parameters
    ----------
    case : Case
    devices : sequence of Device
        A policy finds them at the end of `View.devices`.

    Raises
    ------
    InputError
        Where two devices of a member would have the same name, or a device's first state is not a row of numbers.
    """
    problems = []
    for device in devices:
        if device.name in {name for member in case.members for name in member.orderable}:
            repair = "give the device a name of its own"
            problems.append(Problem("two devices have the same name", type(device).__name__, device.name, "", repair))
        if np.asarray(device.initial()).ndim != 1:
            seen = str(np.asarray(device.initial()).shape)
            problems.append(Problem("the first state is no row of numbers", f"device {device.name}", seen, "(K,)"))
    raise_if_any(problems)
    members = tuple(replace(member, flexible=(*member.flexible, *devices)) for member in case.members)
    return replace(case, members=members)
