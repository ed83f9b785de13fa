"""Run a block of samples as members in lock-step and keep their headlines only."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from studies.cases import case_of
from studies.grids import Grids, member_grids
from studies.inputs import Inputs, member_inputs, sources_of
from studies.loop_members import loop_members
from studies.members import Member
from studies.study import Study
from studies.uncertainty_design import Sample, sample_members
from studies.uncertainty_headlines import BENEFIT, CONGESTION, half_hours, headlines, joined, net_benefit_mwh
from studies.unknowns import Unknown
from twin.errors import InputError
from twin.grid.reduction import ReducedGrid, reduce_grids
from twin.loop.case import Case
from twin.loop.state import initial_state
from twin.loop.step import step
from twin.profiles.types import Forecasts, Profiles

STRETCH_STEPS = 96
Row = dict[str, Any]
"""A sample in a scenario: ``part number scenario weather_year failure`` and, unless refused, its headlines."""


@dataclass(frozen=True)
class Setup:
    """What all blocks of an analysis have in common."""

    study: Study
    data: Path | None
    days: tuple[int, int] | None
    scenarios: tuple[str, ...]
    unknowns: tuple[Unknown, ...]


def run_block(setup: Setup, samples: Sequence[Sample]) -> list[Row]:
    """Run samples in lock-step, a member for each sample and scenario.

    Returns
    -------
    list of dict
        One a sample and scenario. ``failure`` says why a sample was refused, or that half-hours have no solution.
    """
    case, run, refused = _accepted(setup, samples)
    figures = [] if case is None else _figures(setup, case)
    found = {sample.label: figures[k] for k, sample in enumerate(run)}
    rows = []
    for sample in samples:
        head = {"part": sample.part, "number": sample.number, "weather_year": sample.weather_year}
        of_scenarios = found.get(sample.label, [{} for _ in setup.scenarios])
        for scenario, values in zip(setup.scenarios, of_scenarios, strict=True):
            failure = refused.get(sample.label) or _unsolved(values)
            rows.append({**head, "scenario": scenario, "failure": failure, **values})
    return rows


def _unsolved(values: Mapping[str, float | None]) -> str:
    count = values["unsolved_half_hours"] or 0
    return f"{count:.0f} half-hours without a solution" if count else ""


def _accepted(setup: Setup, samples: Sequence[Sample]) -> tuple[Case | None, list[Sample], dict[str, str]]:
    """Return the case of the samples that can be run, those samples, and why the others cannot, by label."""
    left, refused = list(samples), dict[str, str]()
    for check in (_networks, _case):
        try:
            return _case(setup, left), left, refused
        except InputError:
            refused |= {sample.label: why for sample in left if (why := _refusal(check, setup, sample))}
            left = [sample for sample in left if sample.label not in refused]
            if not left:
                return None, [], refused
    return _case(setup, left), left, refused


def _refusal(check: Any, setup: Setup, sample: Sample) -> str:  # noqa: ANN401 - one of the two functions below
    try:
        check(setup, [sample])
    except InputError as error:
        return "; ".join(f"{problem.where}: {problem.what}" for problem in error.problems)
    return ""


def _networks(setup: Setup, samples: Sequence[Sample]) -> tuple[list[Member], Grids, ReducedGrid]:
    unknowns = {unknown.name: unknown for unknown in setup.unknowns}
    members: list[Member] = []
    for sample in samples:
        members += sample_members(setup.study, sample, setup.scenarios, unknowns)
    grids = member_grids(members)
    return members, grids, reduce_grids(grids.models)


def _case(setup: Setup, samples: Sequence[Sample]) -> Case:
    """Return the loop's case of the samples: scenario by scenario of the first sample, then of the next."""
    members, grids, reduced = _networks(setup, samples)
    inputs = _inputs(setup, members, grids)
    settled = tuple(loop_members(members, grids, inputs))
    # each sample is a study of its own: its operator knows the mean demand of its first scenario
    first = np.repeat(np.arange(0, len(members), len(setup.scenarios)), len(setup.scenarios))
    mean_mw = np.stack([profiles.area_demand_mw.mean(axis=0) for profiles, _ in inputs.series])
    return case_of(settled, reduced, inputs, setup.days, mean_mw[[settled[m].profiles for m in first]])


def _inputs(setup: Setup, members: list[Member], grids: Grids) -> Inputs:
    """Return the series of all members, made sky by sky: a sample's weather is let go of when its series are made."""
    of_sky: dict[str, list[int]] = {}
    for m, member in enumerate(members):
        sky = json.dumps([member.study.weather.model_dump(mode="json"), member.study.inputs], sort_keys=True)
        of_sky.setdefault(sky, []).append(m)
    series: list[tuple[Profiles, Forecasts]] = []
    of_member = [0] * len(members)
    for some in of_sky.values():
        mine = [members[m] for m in some]
        their_grids = Grids(grids.models, tuple(grids.of_member[m] for m in some))
        made = member_inputs(setup.study, mine, their_grids, sources_of(mine, setup.data))
        for m, position in zip(some, made.of_member, strict=True):
            of_member[m] = len(series) + position
        series += made.series
    return Inputs(made.fleet, tuple(series), tuple(of_member))


def _figures(setup: Setup, case: Case) -> list[list[dict[str, float | None]]]:
    """Return the headlines of each sample of a case, scenario by scenario; None where one is not defined."""
    state, records, stretches = initial_state(case), [], []
    for t in range(len(case.index)):
        state, record = step(case, state, t)
        records.append(record)
        if len(records) == STRETCH_STEPS or t == len(case.index) - 1:
            stretches.append(half_hours(case, records))
            records = []
    series = joined(stretches)
    found = headlines(series, case.step_hours)
    count, base = len(setup.scenarios), _uncontrolled(setup)
    figures = []
    for m, member in enumerate(case.members):
        values = {f"{member.operator}_operator_{CONGESTION}": float(found[CONGESTION][m])}
        values |= {name: float(column[m]) for name, column in found.items() if name != CONGESTION}
        if base is not None and m % count != base:
            values[BENEFIT] = net_benefit_mwh(series, m, m - m % count + base, case.step_hours)
        figures.append({name: value if np.isfinite(value) else None for name, value in values.items()})
    return [figures[first : first + count] for first in range(0, len(figures), count)]


def _uncontrolled(setup: Setup) -> int | None:
    """Return the position of the uncontrolled scenario, None where it is not sampled."""
    name = setup.study.compare.uncontrolled
    return setup.scenarios.index(name) if name in setup.scenarios else None
