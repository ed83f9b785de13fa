"""A first try of a policy: one day in memory, what it is told and orders, and what devices would clip."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pandas as pd

from studies.execution import RUNS
from studies.experiments.certificate.certify import CALIBRATED, ERROR_FACTORS, Certificate
from studies.study.cases import study_case
from studies.study.file.policy_files import load_policy
from studies.study.file.schema import Study
from twin.metrics.kpis import key_figures
from twin.metrics.member_tables import TablesInMemory
from twin.metrics.series import series_of_tables
from twin.operation.case import Case
from twin.operation.dispatch import covered, make_view
from twin.operation.member import Member
from twin.operation.simulate import simulate
from twin.operation.state import initial_state, stored_at_start_mwh
from twin.policies.running.decision import decide
from twin.policies.running.process import OwnProcess, Walls
from twin.policies.running.watch import READS

FIGURES = ("energy_used_mwh", "curtailed_congestion_mwh", "battery_losses_mwh", "local_use_with_batteries_percent")
SHOWN = 5
"""So many half-hours with clipped commands are named."""


def first_try(study: Study, policy: str, folder: Path, day: int, data: Path | None) -> Iterator[str]:
    """Yield the lines of a trial of one day of the first weather year, beside the same day without control.

    Parameters
    ----------
    study, policy, folder, data
        As of `Certificate`.
    day : int
        Of the fiscal year, from 1.

    Raises
    ------
    InputError
        Where the policy fails: who, when, what it saw.
    """
    asked = Certificate(study, policy, folder, 1, data, (day, day))
    none, mine = asked.positions(None)[0], asked.positions(ERROR_FACTORS[CALIBRATED])[0]
    members, loaded = asked.members(), load_policy(policy, folder, "POLICY", Walls((RUNS.resolve(),)))

    def settled(made: list[Member]) -> list[Member]:
        return [made[0], replace(made[1], policy=loaded)]

    case = study_case(asked.study, [members[none], members[mine]], data, (day, day), settled)
    yield f"{case.index[0]:%Y-%m-%d}, {asked.scenario}, {policy}"
    yield from _first_decision(case)
    kept = TablesInMemory(case)
    simulate(case, kept)
    tables = [{name: table.to_pandas() for name, table in of_member.items()} for of_member in kept.tables()]
    figures = [
        key_figures(series_of_tables(of_member, case.step_hours, stored_at_start_mwh(case, m)), FIGURES)
        for m, of_member in enumerate(tables)
    ]
    for name in FIGURES:
        without, controlled = (float(found[name]) for found in figures)
        yield f"{name:28}{controlled:12.3f}   without control {without:12.3f}   {controlled - without:+12.3f}"
    yield from _clipped(tables[1]["system"], tables[1].get("devices"))
    if isinstance(loaded, OwnProcess):
        beside = [one for one in case.members[1].policy.noticed if one.kind != READS]  # type: ignore[attr-defined]
        yield from (f"beside deciding it {one.kind} {one.what}" for one in beside)


def _first_decision(case: Case) -> Iterator[str]:
    """Yield the shapes of what the policy is told and of what it orders."""
    member, state = case.members[1], initial_state(case)
    lead, steps = covered(case, 1, 0, int(case.step_of_day[0]))
    view = make_view(case, state, 0, 1, lead, steps)
    parts = (("view", view), ("view.batteries", view.batteries), ("view.outlook", view.outlook))
    for title, part in parts:
        shapes = [f"{field.name} {values.shape}" for field in fields(part)
                  if isinstance(values := getattr(part, field.name), np.ndarray)]  # fmt: skip
        yield f"{title}: {', '.join(shapes)}"
    fresh = member.policy.under() if isinstance(member.policy, OwnProcess) else member.policy
    dispatch, _ = decide(fresh, view, "stop", member.policy_seconds, member.name)
    for field in fields(dispatch):
        values = np.asarray(getattr(dispatch, field.name))
        spread = f"{values.min():g} to {values.max():g}" if values.size else "left to the devices"
        yield f"first order: {field.name} {values.shape}, {spread}"


def _clipped(system: pd.DataFrame, devices: pd.DataFrame | None) -> Iterator[str]:
    clipped = system.set_index("time")["clipped_commands"]
    yield f"commands that devices clip: {clipped.sum():.0f}"
    most = clipped[clipped > 0].sort_values(ascending=False, kind="stable").head(SHOWN)
    yield from (f"    {pd.Timestamp(str(time)):%H:%M} {count:.0f}" for time, count in most.items())
    if devices is not None and len(devices):
        of_device = devices.groupby("device", observed=True)["clipped"].sum()
        yield from (f"    {name}: {count:.0f}" for name, count in of_device[of_device > 0].items())
