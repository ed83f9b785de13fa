"""A study made ready for the loop: members, grid, profiles and sites as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from twin.core.clock import DEFAULT_CLOCK, Clock, step_minutes, step_of_day
from twin.core.errors import InputError, Problem, raise_if_any
from twin.devices.device import Device
from twin.network.model import GridModel
from twin.network.variants.controls import Bands
from twin.network.variants.grids import GridVariants
from twin.operation.case_parts import (
    Areas,
    Criteria,
    Fleet,
    Operators,
    Units,
    Zones,
    areas_of,
    criteria_of,
    fleet_of,
    operators_of,
    units_of,
    zones_of,
)
from twin.operation.member import Member
from twin.policies.interface import DAYS_AHEAD, Policy, Rhythm
from twin.resources.outlook import Outlooks
from twin.resources.profiles import Forecasts, Profiles
from twin.resources.sites import SiteFleet


@dataclass(frozen=True)
class Case:
    """Everything that does not change while a study runs; axes M members, U = P plants + G site groups.

    Attributes
    ----------
    index : pandas.DatetimeIndex
    grid : GridVariants
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
    zone_slots : int
        Most constraint zones of any member of the study, also of members that another worker runs.
    judges_outages : bool
        Whether N-1 over all outages is judged after the loop and told in tables, beside the loading of every branch.
    """

    index: pd.DatetimeIndex
    grid: GridVariants
    members: tuple[Member, ...]
    profiles: tuple[tuple[Profiles, Forecasts], ...]
    outlooks: tuple[Outlooks, ...]
    sites: SiteFleet
    export_limit_mw: np.ndarray
    export_per_mw: np.ndarray
    lead_slots: int
    clock: Clock = DEFAULT_CLOCK
    zone_slots: int = 0
    judges_outages: bool = True

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
    def orders_reach(self) -> int:
        """Steps from a decision to the end of what any policy's orders cover."""
        return max(self.clock.steps_of_day, *(rhythm.lead + rhythm.every for rhythm in self.rhythms))

    def network_at(self, member: np.ndarray, step: np.ndarray) -> np.ndarray:
        """Return the network of each row, (R,) int: the member's own, or another one while branches are out."""
        found: np.ndarray = self.network[member]
        for m, steps, grid in self._planned:
            found[(member == m) & (step >= steps.start) & (step < steps.stop)] = grid
        return found

    @cached_property
    def _planned(self) -> list[tuple[int, range, int]]:
        """Member, steps and network of each planned outage."""
        found = []
        for m, member in enumerate(self.members):
            for outage in member.planned_outages:
                first, after = (pd.Timestamp(day, tz=self.index.tz) for day in (outage.first, outage.last))
                steps = self.index.searchsorted([first, after + pd.DateOffset(days=1)])
                found.append((m, range(*map(int, steps)), outage.grid))
        return found

    @cached_property
    def bands(self) -> Bands:
        """When taps and reactors move."""
        return Bands.of(self.grid.models, self.network, self.clock.step_minutes)

    @cached_property
    def profile(self) -> np.ndarray:
        """(M,) position of each member's profiles."""
        return np.array([member.profiles for member in self.members], dtype=np.int64)

    @cached_property
    def units(self) -> Units:
        """Plants and site groups in the order of the ledger."""
        return units_of(self.grid, self.members, self.network, self.sites)

    @cached_property
    def areas(self) -> Areas:
        """Demand areas and what lies in them."""
        return areas_of(self.grid, self.sites)

    @cached_property
    def criterion(self) -> Criteria:
        """What each member's network has to withstand."""
        return criteria_of(self.grid, self.members, self.network)

    def link_share(self, member: np.ndarray, step: np.ndarray) -> np.ndarray:
        """Return what the link's survivor may carry until redispatch, over its continuous rating, (R,)."""
        result: np.ndarray = self.criterion.link_share[member, self.month[step] - 1]
        return result

    @cached_property
    def operator(self) -> Operators:
        """How each member's operator works."""
        return operators_of(self.members, self.clock.step_minutes, self.plants)

    @cached_property
    def zones(self) -> Zones:
        """The constraint zones."""
        return zones_of(self.grid, self.members, self.units.contract_mw[:, : self.plants], self.zone_slots)

    def in_window(self, member: np.ndarray, step: np.ndarray) -> np.ndarray:
        """Return whether steps lie in the window in which plants without remote control stand still, (R,)."""
        hour, window = self.step_of_day[step] * self.step_hours, self.operator.window_hours[member]
        result: np.ndarray = (hour >= window[:, 0]) & (hour < window[:, 1])
        return result

    @cached_property
    def fleet(self) -> Fleet:
        """Sites and flexible devices."""
        return fleet_of(self.members, self.sites)

    @cached_property
    def is_workday(self) -> np.ndarray:
        """(T,) days on which offices are open."""
        return self.profiles[0][0].is_workday

    @cached_property
    def month(self) -> np.ndarray:
        """(T,) calendar months, 1 .. 12."""
        return self.index.month.to_numpy()

    @cached_property
    def _classes(self) -> dict[str, np.ndarray]:
        """Columns of `Profiles.site_demand_per_kwh` by customer class."""
        of_shape = np.array([shape.demand_class for shape in self.sites.demand_shapes])
        return {str(name): np.flatnonzero(of_shape == name) for name in np.unique(of_shape)}

    def class_kw_per_kwh(self, steps: range) -> dict[str, np.ndarray]:
        """Return the mean demand of each customer class in some steps, (T, M) kW per kWh of a year."""
        of_steps = slice(steps.start, steps.stop)
        per_kwh = np.stack([profiles.site_demand_per_kwh[of_steps] for profiles, _ in self.profiles], axis=1)
        # rows in a block of their own: a sum over columns of another layout depends on how many rows there are
        classes = {name: np.ascontiguousarray(per_kwh[..., columns]) for name, columns in self._classes.items()}
        return {name: values.mean(axis=2)[:, self.profile] for name, values in classes.items()}

    def truth(self, name: str, step: np.ndarray, member: np.ndarray) -> np.ndarray:
        """Return what comes, (R, ...): for each row the series of that name in its member's own profiles."""
        return self._series([getattr(profiles, name) for profiles, _ in self.profiles], step, member)

    def forecast(self, name: str, step: np.ndarray, member: np.ndarray) -> np.ndarray:
        """Return the same of the operator's forecasts."""
        return self._series([getattr(forecasts, name) for _, forecasts in self.profiles], step, member)

    def _series(self, of_profiles: list[np.ndarray], step: np.ndarray, member: np.ndarray) -> np.ndarray:
        if len(of_profiles) == 1:
            result: np.ndarray = of_profiles[0][step]
            return result
        values = np.empty((len(step), *next(series for series in of_profiles if series is not None).shape[1:]))
        profile = self.profile[member]
        for k, series in enumerate(of_profiles):
            rows = np.flatnonzero(profile == k)
            if len(rows):
                values[rows] = series[step[rows]]
        return values

    @cached_property
    def plants(self) -> int:
        """Number of plants."""
        return len(self.model.plants)

    @cached_property
    def is_twin(self) -> np.ndarray:
        """(M,) counterfactual twins, of which only sums are kept."""
        return np.array([bool(member.twin) for member in self.members])

    @cached_property
    def recorded(self) -> tuple[int, ...]:
        """Members that are no counterfactual twins."""
        return tuple(np.flatnonzero(~self.is_twin).tolist())


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


def of_members(case: Case, share: Sequence[int]) -> Case:
    """Return the case of some members, with only the series that they use.

    Parameters
    ----------
    case : Case
    share : sequence of int
        Positions of the members; their results do not depend on who else is in the case.
    """
    members = [case.members[m] for m in share]
    used = sorted({member.profiles for member in members})
    told = sorted({member.outlook for member in members})
    return replace(
        case,
        members=tuple(
            replace(member, profiles=used.index(member.profiles), outlook=told.index(member.outlook))
            for member in members
        ),
        profiles=tuple(case.profiles[k] for k in used),
        outlooks=tuple(case.outlooks[k] for k in told),
        export_limit_mw=case.export_limit_mw[list(share)],
        export_per_mw=case.export_per_mw[list(share)],
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
