"""Builder of small cases for the tests of the loop: the real grid, a synthetic year, few members, few days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from shipped import GOTO, goto

from twin.core.clock import DEFAULT_CLOCK, Clock, steps_in
from twin.devices.battery import Battery, BatteryWear, make_batteries
from twin.devices.sites import SiteDevices
from twin.network.model import GridModel
from twin.network.reduced.reduction import reduce_grids
from twin.operation.case import Case
from twin.operation.half_hour import assess, step
from twin.operation.injections import Injections, solve_injections
from twin.operation.member import Member
from twin.operation.record import Record
from twin.operation.state import State, initial_state
from twin.operation.uniform_cap import Managed
from twin.policies.catalogue import shipped_policy
from twin.resources.forecasts import make_forecasts
from twin.resources.outlook import make_outlooks
from twin.resources.profiles import Forecasts, Profiles, build_profiles
from twin.resources.sites import SiteFleet, build_fleet
from weather.synthetic.year import synthetic_year

SEED = 20240614
STEPS_PER_DAY = 48
WINDY_DAY, PEAK_DAY, IMPORT_DAY, MONTH_END = 354, 120, 149, 333
"""Days of fiscal 2030 (0 = 1 April) with the highest export, demand and import of this seed, and 28 February."""


@dataclass(frozen=True)
class Inputs:
    """A whole year of one grid."""

    model: GridModel
    fleet: SiteFleet
    profiles: Profiles
    forecasts: Forecasts

    def days(self, first: int, count: int = 1) -> Inputs:
        """Return the same, cut to some days."""
        steps = (first * STEPS_PER_DAY, (first + count) * STEPS_PER_DAY)
        return replace(self, profiles=self.profiles.window(*steps), forecasts=self.forecasts.window(*steps))

    def half_hours(self, count: int) -> Inputs:
        """Return the same, cut to the first half-hours."""
        return replace(self, profiles=self.profiles.window(0, count), forecasts=self.forecasts.window(0, count))

    def with_profiles(self, **changes: np.ndarray) -> Inputs:
        """Return the same with other series of the truth."""
        return replace(self, profiles=replace(self.profiles, **changes))

    def with_model(self, **changes: Any) -> Inputs:
        """Return the same with other parts of the grid model."""
        return replace(self, model=replace(self.model, **changes))


def make_inputs() -> Inputs:
    """Return the goto grid of 2030 with its synthetic year."""
    model = goto(2030)
    fleet = build_fleet(GOTO, GOTO["sites"], model.areas, seed=SEED)
    profiles = build_profiles(GOTO, model, synthetic_year(GOTO, 2030, 0, SEED), fleet, seed=SEED, weather_year=0)
    dc_kw = np.bincount(fleet.pv_shape, fleet.pv_dc_kw, profiles.site_pv_per_kw.shape[1])
    forecasts = make_forecasts(
        GOTO,
        profiles,
        model.plants,
        model.areas,
        profiles.site_pv_per_kw @ dc_kw / 1000.0,
        seed=SEED,
        weather_year=0,
        lead_hours=2.0,
    )
    return Inputs(model, fleet, profiles, forecasts)


def devices(
    fleet: SiteFleet, *, new_pv: bool = True, batteries: bool = True, throttle: bool = False, **changes: Any
) -> SiteDevices:
    """Return what stands at the sites: all batteries or none, of the same efficiency at any power, without standby.

    `changes` are fields of `SiteDevices` or of `Battery`.
    """
    new = fleet.groups.kind.to_numpy(str)[fleet.group] == "new"
    has_battery = batteries & (fleet.battery_kwh > 0.0) & (new_pv | ~new)
    values = {
        "has_pv": ~new | new_pv,
        "demand_kwh": fleet.demand_kwh,
        "export_at_night": False,
        "throttle_when_full": throttle,
        "wear": BatteryWear(cycle_percent=0.01, calendar_empty_percent=1.0, calendar_full_percent=3.0),
    }
    of_battery = {
        "energy": fleet.battery_kwh * has_battery,
        "power": fleet.battery_kw * has_battery,
        "efficiency": np.sqrt(fleet.round_trip_efficiency),
        "soc_min_share": fleet.soc_min_percent / 100.0,
        "soc_max_share": fleet.soc_max_percent / 100.0,
    }
    named = {name: changes.pop(name) for name in Battery._fields if name in changes}
    return SiteDevices(**values | changes, battery=make_batteries(**of_battery | named))


def member(inputs: Inputs, **changes: Any) -> Member:
    """Return a member: n-1, perfect operator, no area balance, no batteries; `policy` may be a name."""
    values: dict[str, Any] = {
        "scenario": "test",
        "label": "base",
        "twin": "",
        "grid": 0,
        "profiles": 0,
        "outlook": 0,
        "criterion": "n-1",
        "operator": "perfect",
        "uniform_basis": "contract",
        "area_balance": False,
        "flow_margin_mw": 0.0,
        "forecast_lead_half_hours": 4,
        "operator_sees_dispatch": True,
        "intertrip_cap_mw": 1e9,
        "firmness": (*map(str, inputs.model.plants.firmness), *inputs.fleet.groups.cut),
        "devices": devices(inputs.fleet, batteries=False),
        "flexible": (),
        "policy": "none",
        "on_policy_failure": "stop",
        "policy_seconds": 60.0,
        "forecast": "calibrated",
        "forecast_error_factor": 1.0,
    }
    values |= changes
    if isinstance(values["policy"], str):
        values["policy"] = shipped_policy(values["policy"])
    return Member(**values)


def all_plants(inputs: Inputs, firmness: str) -> tuple[str, ...]:
    """Return one firmness for all plants; sites stay as their table has them."""
    return (*([firmness] * len(inputs.model.plants)), *inputs.fleet.groups.cut)


def make_case(
    inputs: Inputs,
    members: Sequence[Member],
    models: Sequence[GridModel] = (),
    export_limit_mw: float = 50.0,
    clock: Clock = DEFAULT_CLOCK,
) -> Case:
    """Return a case of `inputs`; `models` are grid variants in place of the inputs' one."""
    outlooks = tuple(
        make_outlooks(
            inputs.profiles, inputs.forecasts, inputs.fleet, some.devices.has_pv, some.devices.demand_kwh,
            some.forecast, some.forecast_error_factor,
        )
        for some in members
    )  # fmt: skip
    return Case(
        index=inputs.profiles.index,
        grid=reduce_grids(models or [inputs.model]),
        members=tuple(replace(some, outlook=m) for m, some in enumerate(members)),
        profiles=((inputs.profiles, inputs.forecasts),),
        outlooks=outlooks,
        sites=inputs.fleet,
        export_limit_mw=np.full(len(members), export_limit_mw),
        export_per_mw=np.ones((len(members), len(inputs.model.areas))),
        lead_slots=max(steps_in(some.forecast_lead_half_hours, clock.step_minutes) for some in members),
        clock=clock,
    )


def run(case: Case, steps: range | None = None, state: State | None = None) -> tuple[list[State], list[Record]]:
    """Run half-hours; returns the state after each and its record."""
    state = initial_state(case) if state is None else state
    states, records = [], []
    for t in steps or range(len(case.index)):
        state, record = step(case, state, t)
        states.append(state)
        records.append(record)
    return states, records


def total_cut_mw(records: Sequence[Record], causes: Sequence[str], m: int = 0) -> np.ndarray:
    """Return (T, U) what some causes took from member `m`."""
    return np.array([sum(record.ledger.cut_mw[cause][m] for cause in causes) for record in records])


def criterion_percent(case: Case, m: int, injections: Injections) -> float:
    """Return the worst loading of member `m` under its own criterion, solved anew from no load."""
    found = assess(case, Managed(injections, solve_injections(case, injections)))
    after_outage = found.loading_percent[m] if case.secures_outages[m] else 0.0
    return float(max(found.intact_percent[m], after_outage))
