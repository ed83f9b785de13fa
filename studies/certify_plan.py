"""Which runs a certificate is made of: one base case under several weather years, with and without the policy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from studies.cases import case_of
from studies.grids import member_grids
from studies.inputs import member_inputs, sources_of
from studies.loop_members import loop_members
from studies.members import Member as StudyMember
from studies.members import label, members, middle_point, resolved
from studies.policy_files import load_policy
from studies.study import Study
from twin.errors import InputError, Problem
from twin.grid.reduction import reduce_grids
from twin.loop.case import Case
from weather.synthetic import NORMAL_YEAR

NONE = "none"
ERROR_FACTORS = (0.0, 1.0, 2.0)
"""Forecast errors over the calibrated ones."""
CALIBRATED = ERROR_FACTORS.index(1.0)
DEFAULT_YEARS = 3


@dataclass(frozen=True)
class Run:
    """One run: a weather year (None: the weather that the study gives), without control or at an error level."""

    year: int | None
    error_factor: float | None

    @property
    def folder(self) -> str:
        """Folder of the run's tables."""
        of_year = "given" if self.year is None else f"{self.year}"
        return f"year={of_year}/" + (NONE if self.error_factor is None else f"error={self.error_factor:g}")


@dataclass(frozen=True)
class Plan:
    """A certificate's base case and its runs, year by year: none first, then the error levels.

    Attributes
    ----------
    study : Study
    scenario : str
        What stands at sites and plants is that of this scenario.
    point : dict
        Values in place of the scenario's, by dotted key.
    policy : str
        As a user names it.
    folder : pathlib.Path
        What a relative path of the policy starts from.
    years : tuple of int or None
    """

    study: Study
    scenario: str
    point: dict[str, object]
    policy: str
    folder: Path
    years: tuple[int | None, ...]

    @property
    def runs(self) -> tuple[Run, ...]:
        """All runs in the order of the case's members."""
        return tuple(Run(year, factor) for year in self.years for factor in (None, *ERROR_FACTORS))

    @property
    def label(self) -> str:
        """The sweep point."""
        return label({key: self.point[key] for key in middle_point(self.study)})


def make_plan(study: Study, policy: str, folder: Path, years: int | None) -> Plan:
    """Return the plan of a certificate.

    The base case is the study's last scenario with new PV at the middle of the sweep, all sites with their batteries,
    and with demand response if any scenario of the study has it.

    Raises
    ------
    InputError
        If no scenario has new PV, or several years are asked of a weather that is given.
    """
    everyone = members(study)
    chosen = [member for member in everyone if member.study.fleet.new_pv]
    if not chosen:
        repair = "write fleet.new_pv = true in a scenario"
        raise InputError(
            [Problem("no scenario has new PV, so there is nothing to dispatch", study.name, repair=repair)]
        )
    of_policy = {"operation.policy": NONE, "operation.forecast": "calibrated"}
    point: dict[str, object] = {**middle_point(study), "fleet.batteries": "all", **of_policy}
    if any(member.study.fleet.demand_response == "plan" for member in everyone):
        point["fleet.demand_response"] = "plan"
    return Plan(study, chosen[-1].scenario, point, policy, folder, _years(study, years))


def _years(study: Study, years: int | None) -> tuple[int | None, ...]:
    if study.weather.source == "synthetic":
        return tuple(range(NORMAL_YEAR + 1, NORMAL_YEAR + 1 + (years or DEFAULT_YEARS)))
    if (years or 1) > 1:
        accepted, repair = "1", "leave --years out, or certify on a study with synthetic weather"
        raise InputError([Problem("the study's weather is one given year", "--years", str(years), accepted, repair)])
    return (None,)


def study_members(plan: Plan) -> list[StudyMember]:
    """Return the runs as members of the study.

    Raises
    ------
    InputError
        If the combination of values is invalid.
    """
    return resolved(plan.study, [(plan.scenario, run.folder, plan.point | _values(run)) for run in plan.runs])


def _values(run: Run) -> dict[str, object]:
    values: dict[str, object] = {} if run.year is None else {"weather.weather_year": run.year}
    return values if run.error_factor is None else values | {"operation.forecast_error_factor": run.error_factor}


def certificate_case(plan: Plan, data: Path | None, days: tuple[int, int] | None) -> Case:
    """Return the loop's case of all runs; each run has its own instance of the policy.

    Raises
    ------
    InputError
        With what is wrong with the policy, the network or the weather.
    """
    policies = [NONE if run.error_factor is None else plan.policy for run in plan.runs]
    loaded = [load_policy(name, plan.folder, "POLICY") for name in policies]
    everyone = study_members(plan)
    grids = member_grids(everyone)
    inputs = member_inputs(plan.study, everyone, grids, sources_of(everyone, data))
    settled = [
        replace(member, scenario=str(run.year), label=run.folder, policy=policy)
        for member, run, policy in zip(loop_members(everyone, grids, inputs), plan.runs, loaded, strict=True)
    ]
    mean_mw = np.array([profiles.area_demand_mw.mean(axis=0) for profiles, _ in inputs.series])
    return case_of(settled, reduce_grids(grids.models), inputs, days, mean_mw[list(inputs.of_member)])


def positions(plan: Plan, error_factor: float | None) -> Sequence[int]:
    """Return the positions of the runs at an error level, one a year; None: without control."""
    return [m for m, run in enumerate(plan.runs) if run.error_factor == error_factor]
