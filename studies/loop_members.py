"""From a study's members to the loop's: arrays instead of settings, and the counterfactual twins."""

from __future__ import annotations

from dataclasses import replace

from studies.flexibility import flexible_devices
from studies.grids import Grids
from studies.inputs import Inputs
from studies.members import Member as StudyMember
from studies.policy_files import load_policy
from studies.site_devices import site_devices
from studies.storage import plant_batteries
from studies.study import Study
from twin.grid.model import GridModel
from twin.loop.member import Member
from twin.profiles.sites import SiteFleet

AREA_BALANCE_OFF, OTHER_OPERATOR = "area_balance_off", "other_operator"
"""Counterfactual twins: the same member without area-balance orders, and under the other kind of operator."""

ONSET = "onset"
"""Members that try one value after the other (``[onset]``); only sums are kept of them, too."""

_UNLIMITED_MW = 1e9


def loop_members(members: list[StudyMember], grids: Grids, inputs: Inputs) -> list[Member]:
    """Return the loop's members in the study's order."""
    return [
        _member(member, grids.models[grid], grid, series, inputs.fleet)
        for member, grid, series in zip(members, grids.of_member, inputs.of_member, strict=True)
    ]


def twins(member: Member) -> list[Member]:
    """Return the counterfactuals that are run beside a member; only sums are kept of them."""
    other = "forecast" if member.operator == "perfect" else "perfect"
    found = [replace(member, twin=OTHER_OPERATOR, operator=other)]
    if member.area_balance:
        found.insert(0, replace(member, twin=AREA_BALANCE_OFF, area_balance=False))
    return found


def _member(member: StudyMember, model: GridModel, grid: int, series: int, fleet: SiteFleet) -> Member:
    operation = member.study.operation
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
        devices=site_devices(member.study, fleet),
        flexible=flexible_devices(member.study, model),
        plant_batteries=plant_batteries(member.study, model),
        policy=load_policy(operation.policy, member.study.folder),
        on_policy_failure=operation.on_policy_failure,
        policy_seconds=operation.policy_seconds,
        forecast=operation.forecast,
        forecast_error_factor=operation.forecast_error_factor,
    )


def _plant_firmness(study: Study, model: GridModel) -> list[str]:
    fixed = {"all_non_firm": "non-firm", "all_firm": "firm"}.get(study.fleet.firmness)
    return [fixed or str(firmness) for firmness in model.plants.firmness]


def _group_firmness(study: Study, fleet: SiteFleet) -> list[str]:
    """Return the firmness of each site group: the study's for new sites, the fleet table's for existing ones."""
    return [
        study.fleet.small_sites if kind == "new" else str(cut)
        for kind, cut in zip(fleet.groups.kind, fleet.groups.cut, strict=True)
    ]
