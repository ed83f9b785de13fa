"""From members, networks and inputs to the loop's case; for studies, uncertainty and certificates alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from studies.measured.feed import Feed
from studies.study.devices import flexible_devices, site_devices
from studies.study.file.members import Member as StudyMember
from studies.study.file.policy_files import load_policy
from studies.study.file.schema import Study
from studies.study.grids import member_grids
from studies.study.inputs import Inputs, member_inputs, orders_day_ahead, sources_of
from studies.study.islands import Grids, tables_of
from studies.study.margins import with_margins
from studies.study.zones import member_zones
from twin.core.clock import HOURS_OF_DAY, steps_in
from twin.core.equal_rows import held_once
from twin.core.errors import InputError, Problem, gathered, raise_if_any
from twin.core.tables import Tables
from twin.metrics.comparisons import other_kind
from twin.network.model import GridModel
from twin.network.variants.flow import Flow, link_export_mw, solve
from twin.network.variants.grids import GridVariants, grid_variants
from twin.operation.case import Case
from twin.operation.member import BY_HALF_HOUR, BY_WINDOW, NOT_AT_ALL, Member
from twin.policies.catalogue import POLICIES
from twin.resources.area_market.balance import AREA_MARKET
from twin.resources.outlook import Outlooks, make_outlooks
from twin.resources.sites import SiteFleet
from twin.security.criterion.headroom import link_headroom

AREA_BALANCE_OFF, OTHER_OPERATOR = "area_balance_off", "other_operator"
"""Counterfactual twins: the same member without area-balance orders, and under the other kind of operator."""

ONSET = "onset"
"""Members that try one value after the other (``[onset]``); only sums are kept of them, too."""

_UNLIMITED_MW = 1e9

AS_LISTED, CONTROL_ORDERS = "as_listed", "control_orders"


def loop_members(members: list[StudyMember], grids: Grids, inputs: Inputs) -> list[Member]:
    """Return the loop's members in the study's order."""
    return [
        replace(_member(member, grids.models[grid], grid, series, inputs), planned_outages=planned)
        for member, grid, series, planned in zip(members, grids.of_member, inputs.of_member, grids.planned, strict=True)
    ]


def counterfactuals(member: Member) -> list[Member]:
    """Return the counterfactuals that are run beside a member; only sums are kept of them."""
    found = [replace(member, twin=OTHER_OPERATOR, operator=other_kind(member.operator))]
    if member.area_balance:
        found.insert(0, replace(member, twin=AREA_BALANCE_OFF, area_balance=False))
    return found


def _member(member: StudyMember, model: GridModel, grid: int, series: int, inputs: Inputs) -> Member:
    operation, tables, fleet = member.study.operation, tables_of(member.study), inputs.fleet
    if isinstance(operation.flow_margin_mw, str):
        repair = "give a number, e.g. what operator_flow_margin_mw says after goto-twin run"
        where, seen = "[operation] flow_margin_mw", operation.flow_margin_mw
        raise InputError([Problem("no margin is looked for in this kind of study", where, seen, "a number", repair)])
    cap = operation.intertrip_cap_mw
    return Member(
        scenario=member.scenario,
        label=member.label,
        twin="",
        grid=grid,
        profiles=series,
        outlook=0,
        criterion=operation.criterion,
        operator=operation.operator,
        uniform_basis=operation.uniform_basis,
        area_balance=operation.area_balance,
        flow_margin_mw=operation.flow_margin_mw,
        forecast_lead_half_hours=operation.forecast_lead_half_hours,
        operator_sees_dispatch=operation.operator_sees_dispatch,
        intertrip_cap_mw=_UNLIMITED_MW if cap is None else cap,
        firmness=(*_plant_firmness(member.study, model), *_group_firmness(member.study, fleet)),
        devices=site_devices(member.study, tables, fleet),
        flexible=flexible_devices(member.study, tables, model),
        policy=load_policy(operation.policy, member.study.folder),
        on_policy_failure=operation.on_policy_failure,
        policy_seconds=np.inf if operation.policy in POLICIES else operation.policy_seconds,
        forecast=operation.forecast,
        forecast_error_factor=operation.forecast_error_factor,
        congestion_rule=operation.congestion_rule,
        relief_minutes=operation.relief_minutes,
        follows=_follows(member.study, model),
        window_hours=_window_hours(member.study),
        area_notice_hour=_area_notice_hour(tables),
        zones=member_zones(member.study, model, inputs.clock),
    )


def _follows(study: Study, model: GridModel) -> tuple[str, ...]:
    """Return how each plant follows a forecasting operator's orders; empty where all do by half-hour."""
    how, tables = study.operation.offline_plants, tables_of(study)
    if how == BY_HALF_HOUR:
        return ()
    by_control = {"offline": str(how)}
    if how == AS_LISTED:
        if CONTROL_ORDERS not in tables:
            where, seen = "[operation] offline_plants", f"{how}, without {CONTROL_ORDERS}.csv"
            repair = f"write one of these, or add {CONTROL_ORDERS}.csv to the island"
            accepted = f"{BY_HALF_HOUR}, {BY_WINDOW} or {NOT_AT_ALL}"
            raise InputError([Problem("the island does not list how plants follow", where, seen, accepted, repair)])
        by_control = dict(
            zip(tables[CONTROL_ORDERS]["area_control"], tables[CONTROL_ORDERS]["congestion"], strict=True)
        )
    return tuple(by_control.get(control, BY_HALF_HOUR) for control in model.plants["area_control"].astype(str))


def _window_hours(study: Study) -> tuple[float, float]:
    """Return the hours from and to which plants stand still that follow by window."""
    if not orders_day_ahead(study):
        return 0.0, float(HOURS_OF_DAY)
    tables = tables_of(study)
    return tables.value("offline_first_hour"), tables.value("offline_last_hour")


def _area_notice_hour(tables: Tables) -> float:
    """Return the hour of the day before at which the area tells its orders; where there is no area, none is told."""
    return tables.value("area_order_notice_hour", "area_parameters") if AREA_MARKET in tables else float(HOURS_OF_DAY)


def _plant_firmness(study: Study, model: GridModel) -> list[str]:
    fixed = {"all_non_firm": "non-firm", "all_firm": "firm"}.get(study.fleet.firmness)
    return [fixed or str(firmness) for firmness in model.plants.firmness]


def _group_firmness(study: Study, fleet: SiteFleet) -> list[str]:
    """Return the firmness of each site group: the study's for new sites, the fleet table's for existing ones."""
    return [
        study.fleet.small_sites if kind == "new" else str(cut)
        for kind, cut in zip(fleet.groups.kind, fleet.groups.cut, strict=True)
    ]


def as_they_are(members: list[Member]) -> Sequence[Member]:
    """Return the loop's members unchanged."""
    return members


def study_case(
    study: Study,
    members: list[StudyMember],
    data: Path | None,
    days: tuple[int, int] | None,
    settled: Callable[[list[Member]], Sequence[Member]] = as_they_are,
) -> Case:
    """Return the loop's case of some members of a study, which run in lock-step.

    Parameters
    ----------
    study : Study
        For what all members share.
    members : list of studies.study.file.members.Member
        Those under the same weather have the operator's stated limit for the mean demand of the first of them.
    data : pathlib.Path, optional
        Folder with measured data or weather files.
    days : tuple of int, optional
        First and last day, 1-based and inclusive; cut out after everything has been calibrated.
    settled : callable, optional
        Makes of the loop's members, one for each of `members`, those that are run: with counterfactuals, other names.

    Raises
    ------
    InputError
        With the problems of the network and of the weather or measured data at once.
    """
    members = with_margins(members, partial(_one_member, data=data))
    problems: list[Problem] = []
    with gathered(problems):
        grids = member_grids(members)
    with gathered(problems):
        sources = sources_of(members, data)
    raise_if_any(problems)
    inputs = member_inputs(study, members, grids, sources)
    raise_if_any(_outside_the_feed(inputs, sources[0].feed, days))
    everyone = settled(loop_members(members, grids, inputs))
    first: dict[int, int] = {}
    known = {k: first.setdefault(id(source), k) for source, k in zip(sources, inputs.of_member, strict=True)}
    mean_mw = np.stack([inputs.series[known[m.profiles]][0].area_demand_mw.mean(axis=0) for m in everyone])
    return case_of(everyone, grid_variants(grids.models), inputs, days, mean_mw)


def _one_member(member: StudyMember, data: Path | None) -> Case:
    return study_case(member.study, [member], data, None)


def _outside_the_feed(inputs: Inputs, feed: Feed | None, days: tuple[int, int] | None) -> list[Problem]:
    """Return what is wrong where days are run that a feed does not have whole."""
    if feed is None:
        return []
    year, of_day = inputs.series[0][0].index, inputs.clock.steps_of_day
    first, stop = day_steps(days, len(year), of_day)
    has = year.isin(feed.index)
    if has[first:stop].all():
        return []
    whole = np.flatnonzero(has.reshape(-1, of_day).all(axis=1)) + 1
    accepted = f"days {whole[0]} to {whole[-1]}" if len(whole) else "a feed of this fiscal year"
    seen = f"{int((~has[first:stop]).sum())} of {stop - first} steps are outside"
    repair = f"--days {whole[0]}:{whole[-1]}" if len(whole) else "another year or folder"
    return [Problem("the feed does not cover what is to be run", "--days", seen, accepted, repair)]


PROBE_MW = 1.0


def case_of(
    members: Sequence[Member],
    grid: GridVariants,
    inputs: Inputs,
    days: tuple[int, int] | None,
    mean_demand_mw: np.ndarray,
) -> Case:
    """Return the case of some members.

    Parameters
    ----------
    members : sequence of Member
        Their `profiles` count in ``inputs.series``; `outlook` is set here.
    grid : GridVariants
    inputs : Inputs
    days : tuple of int, optional
        First and last day, 1-based and inclusive; cut out after everything has been calibrated.
    mean_demand_mw : numpy.ndarray, (M, A)
        Mean demand that the operator's stated limit is for.
    """
    clock = inputs.clock
    steps = day_steps(days, len(inputs.series[0][0].index), clock.steps_of_day)
    told, outlooks = _outlooks(members, inputs)
    series = tuple((profiles.window(*steps), forecasts.window(*steps)) for profiles, forecasts in inputs.series)
    limit, response = _link_at_mean_demand(grid, np.array([member.grid for member in members]), mean_demand_mw)
    return Case(
        index=series[0][0].index,
        grid=grid,
        members=told,
        profiles=series,
        outlooks=tuple(some.window(*steps) for some in outlooks),
        sites=inputs.fleet,
        export_limit_mw=limit,
        export_per_mw=response,
        lead_slots=max(steps_in(member.forecast_lead_half_hours, clock.step_minutes) for member in members),
        clock=clock,
        zone_slots=max(len(member.zones) for member in members),
    )


def day_steps(days: tuple[int, int] | None, length: int, of_day: int) -> tuple[int, int]:
    """Return the first step of some days, 1-based and inclusive, and the one after the last; None takes all."""
    return (0, length) if days is None else ((days[0] - 1) * of_day, days[1] * of_day)


def _outlooks(members: Sequence[Member], inputs: Inputs) -> tuple[tuple[Member, ...], list[Outlooks]]:
    """Return the members with their outlook set, and the distinct outlooks; equal series are held once."""
    of_sites: dict[tuple[int, bytes, bytes], Outlooks] = {}
    position: dict[tuple[object, ...], int] = {}
    known: dict[str, list[np.ndarray]] = {}
    outlooks: list[Outlooks] = []
    told = []
    for member in members:
        devices = member.devices
        sites = (member.profiles, devices.has_pv.tobytes(), devices.demand_kwh.tobytes())
        if sites not in of_sites:
            profiles, forecasts = inputs.series[member.profiles]
            made = make_outlooks(profiles, forecasts, inputs.fleet, devices.has_pv, devices.demand_kwh)
            of_sites[sites] = _with_shared_arrays(made, known)
        key = (*sites, member.forecast, member.forecast_error_factor)
        if key not in position:
            position[key] = len(outlooks)
            outlooks.append(of_sites[sites].told_as(member.forecast, member.forecast_error_factor))
        told.append(replace(member, outlook=position[key]))
    return tuple(told), outlooks


def _with_shared_arrays(made: Outlooks, known: dict[str, list[np.ndarray]]) -> Outlooks:
    """Take series that are equal to known ones from there: members differ in their batteries rather than in PV."""
    values: dict[str, Any] = {}
    for field in fields(made):
        value = getattr(made, field.name)
        if isinstance(value, np.ndarray):
            values[field.name] = held_once(value, known.setdefault(field.name, []))
    return replace(made, **values)


def _link_at_mean_demand(
    grid: GridVariants, network: np.ndarray, mean_demand_mw: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return what an operator would state of the link at mean demand and no generation.

    Parameters
    ----------
    grid : GridVariants
    network : numpy.ndarray, (M,) int
        Position in ``grid.models``.
    mean_demand_mw : numpy.ndarray, (M, A)
        Mean demand of each area.

    Returns
    -------
    limit_mw : numpy.ndarray, (M,)
        N-1 export limit: extra infeed at the headroom bus until the survivor of a trip reaches its rating, less demand.
    export_per_mw : numpy.ndarray, (M, A)
        Change of the export for a MW more infeed in an area.
    """
    rows, inverse = np.unique(np.column_stack([network, mean_demand_mw]), axis=0, return_inverse=True)
    variant, demand = rows[:, 0].astype(np.int64), rows[:, 1:]
    flow = _flow(grid, variant, demand)
    headroom = link_headroom(grid, flow)
    export = _export_mw(grid, flow)
    response = np.zeros_like(demand)
    for area in range(demand.shape[1]):
        less = demand.copy()
        less[:, area] -= PROBE_MW
        response[:, area] = (_export_mw(grid, _flow(grid, variant, less)) - export) / PROBE_MW
    inverse = inverse.ravel()
    return (headroom[:, 0] - demand.sum(axis=1))[inverse], response[inverse]


def _flow(grid: GridVariants, variant: np.ndarray, demand_mw: np.ndarray) -> Flow:
    first = grid.variants[0]
    p = np.zeros((len(variant), len(grid.nodes.buses)))
    np.add.at(p.T, grid.nodes.area, -demand_mw.T / grid.base_mva)
    q = p * np.tan(np.arccos(first.model.areas.power_factor.to_numpy(float).mean()))
    return solve(grid, variant, p, q)


def _export_mw(grid: GridVariants, flow: Flow) -> np.ndarray:
    return link_export_mw(grid, flow.variant, flow.i)
