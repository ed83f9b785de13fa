"""The experiment `certify`: a policy over weather years and error levels against none, judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from reports import write_certificate
from studies.execution import RUNS
from studies.execution.folders import CERTIFICATE_FILE
from studies.execution.provenance import policy_inputs
from studies.execution.workers import Progress
from studies.experiments.certificate.bounds import BOUNDS, Bounds, upper_bounds
from studies.experiments.certificate.identity import (
    all_noticed,
    deviations,
    files_digest,
    folder_of,
    inputs_digest,
    policy_files,
    policy_name,
    require_same_files,
    shipped_seeds,
)
from studies.experiments.certificate.limits import SHIPPED, read_limits
from studies.experiments.certificate.look_ahead import check_policy
from studies.experiments.certificate.scores import (
    SCORES,
    Kpis,
    Level,
    gained_and_lost,
    is_passed,
    mean_kpis,
    score,
    verdict,
)
from studies.experiments.certificate.worst_day import worst_day
from studies.experiments.key_figures import own_kpis, previous_price, sample_summary
from studies.experiments.runner import CHECKED_PER_MEMBER, TABLES, Experiment, Work
from studies.study.cases import study_case
from studies.study.file.members import Member as StudyMember
from studies.study.file.members import label, members, middle_point, resolved
from studies.study.file.policy_files import load_policy
from studies.study.file.schema import Study
from twin.core.errors import InputError, Problem
from twin.operation.member import Member
from twin.policies.catalogue import POLICIES
from twin.policies.interface import Policy
from twin.policies.running.process import OwnProcess, Walls
from weather.synthetic.year import NORMAL_YEAR

NONE = "none"
ERROR_FACTORS = (0.0, 1.0, 2.0)
"""Forecast errors over the calibrated ones."""
CALIBRATED = ERROR_FACTORS.index(1.0)
DEFAULT_YEARS = 3
PUBLIC_YEARS = 13
"""Weather years of the public seed on which agents are trained and judged, see `studies.environments`."""
LOGS = "noticed"


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
class HeldOut:
    """What the certifier takes in place of the weather that everybody can train on.

    Attributes
    ----------
    seed : int or None
        In place of the study's.
    first_year : int
        First synthetic weather year; the public ones begin with 1.
    """

    seed: int | None = None
    first_year: int = 1


PUBLIC = HeldOut()


class Certificate(Experiment):
    """A policy on trial: each weather year without control and with the policy at every error level.

    The base case is the study's last scenario with new PV at the middle of the sweep, all sites with their batteries,
    and with demand response if any scenario of the study has it.

    Parameters
    ----------
    study : Study
    policy : str
        As a user names it.
    folder : pathlib.Path
        What a relative path of the policy starts from.
    years : int, optional
        Synthetic weather years; default: `DEFAULT_YEARS`.
    data : pathlib.Path, optional
    days : tuple of int, optional
        Runs, bounds and checks cover these days only: a trial, which certifies nothing.
    held_out : HeldOut, optional
    limits : pathlib.Path, optional
        Table of what customers, owners and batteries may lose; default: the shipped assumptions.

    Attributes
    ----------
    scenario : str
        What stands at sites and plants is that of this scenario.
    point : dict
        Values in place of the scenario's, by dotted key.
    years : tuple of int or None
    runs : tuple of Run
        In the order of the case's members, year by year: none first, then the error levels.

    Raises
    ------
    InputError
        If no scenario has new PV, or several years are asked of a weather that is given.
    """

    record_file = CERTIFICATE_FILE
    scratch = (TABLES, LOGS, BOUNDS)

    def __init__(
        self,
        study: Study,
        policy: str,
        folder: Path,
        years: int | None = None,
        data: Path | None = None,
        days: tuple[int, int] | None = None,
        held_out: HeldOut = PUBLIC,
        limits: Path = SHIPPED,
    ) -> None:
        self.held_out, self.limits_file, self.limits = held_out, limits, read_limits(limits)
        self._public_seeds = {study.seed, *shipped_seeds()}
        study = study if held_out.seed is None else study.model_copy(update={"seed": held_out.seed})
        super().__init__(study, data, days)
        everyone = members(study)
        chosen = [member for member in everyone if member.study.fleet.new_pv]
        if not chosen:
            repair = "write fleet.new_pv = true in a scenario"
            raise InputError(
                [Problem("no scenario has new PV, so there is nothing to dispatch", study.name, repair=repair)]
            )
        of_policy = {"operation.policy": NONE, "operation.forecast": "calibrated"}
        self.policy, self.policy_folder, self.scenario = policy, folder, chosen[-1].scenario
        self.point: dict[str, object] = {**middle_point(study), "fleet.batteries": "all", **of_policy}
        if any(member.study.fleet.demand_response == "plan" for member in everyone):
            self.point["fleet.demand_response"] = "plan"
        self.years = _years(study, years, held_out)
        self.runs = tuple(Run(year, factor) for year in self.years for factor in (None, *ERROR_FACTORS))

    @property
    def folder_name(self) -> str:
        """The policy's, among certificates; of a trial another one."""
        return f"certificates/{folder_of(self.policy, self.policy_folder)}" + ("-trial" if self.is_trial else "")

    @property
    def is_trial(self) -> bool:
        """Whether only some days are run, which certifies nothing."""
        return self.days is not None

    @property
    def label(self) -> str:
        """The sweep point."""
        return label({key: self.point[key] for key in middle_point(self.study)})

    def positions(self, error_factor: float | None) -> Sequence[int]:
        """Return the positions of the runs at an error level, one a year; None: without control."""
        return [m for m, run in enumerate(self.runs) if run.error_factor == error_factor]

    def members(self) -> list[StudyMember]:
        """Return the runs as members of the study.

        Raises
        ------
        InputError
            If the combination of values is invalid.
        """
        return resolved(self.study, [(self.scenario, run.folder, self.point | _values(run)) for run in self.runs])

    def files(self) -> dict[str, Path]:
        """Return the study's files and the policy's."""
        return super().files() | policy_inputs(self.policy, self.policy_folder) | {"limits": self.limits_file}

    def facts(self) -> dict[str, Any]:
        """Return what is reproducible about the certificate beside the study."""
        return {
            "certificate": {
                "policy": policy_name(self.policy),
                "is_trial": self.is_trial,
                "own_process": self.policy not in POLICIES,
                "held_out": self._held_out(),
                "scenario": self.scenario,
                "point": self.point,
                "years": list(self.years),
                "error_factors": list(ERROR_FACTORS),
                "limits_shipped": self.limits == read_limits(),
            }
        }

    def _held_out(self) -> str:
        """Return what keeps the weather from a policy: a seed of the certifier, years none trains on, nothing."""
        if self.held_out.seed is not None and self.held_out.seed not in self._public_seeds:
            return "seed"
        return "years" if self.held_out.first_year > PUBLIC_YEARS else "public"

    def prepare(self, progress: Progress) -> None:
        """Make the case and check the policy: the first year's calibrated run, its truth replaced by the last year's.

        Raises
        ------
        InputError
            With what is wrong with the policy, the network or the weather; where the policy fails, with when and what
            it saw.
        """
        names = [NONE if run.error_factor is None else self.policy for run in self.runs]
        self.walls = Walls(tuple(place.resolve() for place in (RUNS, self.data) if place is not None))

        def own(name: str) -> Policy:
            return load_policy(name, self.policy_folder, "POLICY", self.walls)

        policies = [own(name) for name in names]

        def settled(members: list[Member]) -> list[Member]:
            """Give each run an instance of the policy of its own."""
            return [
                replace(member, scenario=self.scenario, label=run.folder, policy=policy)
                for member, run, policy in zip(members, self.runs, policies, strict=True)
            ]

        self.case = study_case(self.study, self.members(), self.data, self.days, settled)
        progress("look-ahead and determinism", 0, 1)
        of_policy = self.positions(ERROR_FACTORS[CALIBRATED])
        self.checks = check_policy(self.case, of_policy[0], of_policy[-1], lambda: own(self.policy))
        progress("look-ahead and determinism", 1, 1)

    def folders(self, place: Path) -> list[Path]:
        """Return the folder of each run."""
        return [place / TABLES / run.folder for run in self.runs]

    def simulate(self, work: Work) -> None:
        """Run all years and error levels, then solve the bounds of the years."""
        self.logs = [work.folder / LOGS / f"{m}.txt" for m in range(len(self.runs))]
        told = zip(self.case.members, self.logs, strict=True)
        walls = Walls((*self.walls.kept_from, work.folder.resolve()))
        self.case = replace(
            self.case, members=tuple(replace(one, policy=_logged(one.policy, log, walls)) for one, log in told)
        )
        with work.timed("simulation"):
            self.run_members(work, CHECKED_PER_MEMBER, keeps_series=True)
        self.bounds = upper_bounds(self.case, self.positions(None), self.folders(work.folder), work)

    def reduce(self, work: Work) -> dict[str, Any]:
        """Return the whole certificate as plain values."""
        folders, facts = self.folders(work.folder), work.facts
        kpis = self._kpis(folders)
        none = [kpis[m] for m in self.positions(None)]
        levels = [Level(factor, self.years, [kpis[m] for m in self.positions(factor)]) for factor in ERROR_FACTORS]
        noticed = all_noticed(self.checks, self.logs)
        criteria = verdict(levels, none, self.checks, noticed, self.limits, self._commands())
        self.passed = is_passed(criteria, none)
        require_same_files(policy_inputs(self.policy, self.policy_folder), facts["inputs_sha256"])
        files = policy_files(self.policy, self.policy_folder, noticed)
        base = self.members()[0]
        return {
            **facts["certificate"],
            "date": f"{datetime.now(UTC):%Y-%m-%d}",
            "inputs_sha256": inputs_digest(facts),
            "policy_files": files,
            "policy_sha256": files_digest(files) if files else None,
            "deviations": deviations(self.study, base, self.scenario, self.point, self.held_out.seed is not None),
            "noticed": [asdict(one) for one in noticed],
            "clipped_per_decision": self._clipped_per_decision(kpis),
            "sweep": {key: self.point[key] for key in middle_point(self.study)},
            "when_full": base.study.fleet.when_full,
            "study": self._study(),
            "code": facts["code"],
            "passed": self.passed,
            "criteria": len(criteria),
            "limits": [asdict(limit) for limit in self.limits],
            "verdict": [asdict(criterion) for criterion in criteria],
            "checks": asdict(self.checks),
            "levels": [_level(level, none, self.bounds) for level in levels],
            "none": mean_kpis(none),
            "bound": asdict(self.bounds),
            "runs": [
                {"year": run.year, "error_factor": run.error_factor, "kpis": values}
                for run, values in zip(self.runs, kpis, strict=True)
            ],
            "worst_day": self._worst_day(folders),
            "sample_check": sample_summary(folders),
            "substitutes": self.substitutes_record(),
        }

    def _study(self) -> dict[str, Any]:
        study, index = self.study, self.case.index
        return {
            "name": study.name,
            **{f"title_{language}": study.title(language) for language in ("en", "ja")},
            **{f"scenario_{language}": study.scenario_title(self.scenario, language) for language in ("en", "ja")},
            "fiscal_year": study.period.fiscal_year,
            "first_day": f"{index[0]:%Y-%m-%d}",
            "last_day": f"{index[-1]:%Y-%m-%d}",
            "days": len(index) * self.case.step_hours / 24.0,
            "is_part_of_year": self.days is not None,
            "seed": study.seed,
            "currency": self.case.model.currency,
            "step_minutes": self.case.clock.step_minutes,
        }

    def _decisions(self) -> int:
        """Return how often the policy decides in a run."""
        rhythm = self.case.rhythms[self.positions(ERROR_FACTORS[CALIBRATED])[0]]
        return sum(t == 0 or rhythm.is_due(int(step)) for t, step in enumerate(self.case.step_of_day))

    def _commands(self) -> int:
        """Return how many commands a run has at most: one for each site with a battery and each device, every step."""
        member = self.case.members[self.positions(ERROR_FACTORS[CALIBRATED])[0]]
        ordered = int((member.devices.battery.energy > 0.0).sum()) + len(member.flexible)
        return ordered * len(self.case.index)

    def _clipped_per_decision(self, kpis: Sequence[Kpis]) -> float:
        """Return how many commands devices clip for each decision of the calibrated runs."""
        of_policy = self.positions(ERROR_FACTORS[CALIBRATED])
        return sum(kpis[m]["clipped_commands"] or 0.0 for m in of_policy) / (self._decisions() * len(of_policy))

    def _kpis(self, folders: Sequence[Path]) -> list[dict[str, float | None]]:
        """Return the key figures of all runs, payments included."""
        year_before = previous_price(self.study, self.data)
        return [
            own_kpis(member.study, self.case, m, folder, year_before)
            for m, (member, folder) in enumerate(zip(self.members(), folders, strict=True))
        ]

    def _worst_day(self, folders: Sequence[Path]) -> dict[str, Any]:
        none = self.positions(None)
        none_of = [none[self.years.index(run.year)] for run in self.runs]
        kinds = self.case.sites.groups.kind.to_numpy(str)
        battery_mwh = pd.Series(self.case.fleet.battery_mwh[0]).groupby(kinds).sum()
        return worst_day(self.runs, none_of, folders, battery_mwh, self.case.step_hours)

    def report(self, folder: Path, record: Mapping[str, Any]) -> None:
        """Write the certificate from its record."""
        write_certificate(folder)


def _logged(policy: Policy, log: Path, walls: Walls) -> Policy:
    """Return a policy whose process tells in a file what it does beside deciding."""
    return policy.under(log=log, walls=walls) if isinstance(policy, OwnProcess) else policy


def _years(study: Study, years: int | None, held_out: HeldOut) -> tuple[int | None, ...]:
    if study.weather.source == "synthetic":
        first = NORMAL_YEAR + held_out.first_year
        return tuple(range(first, first + (years or DEFAULT_YEARS)))
    if held_out != PUBLIC:
        accepted, repair = "neither", "leave them out, or certify on a study with synthetic weather"
        raise InputError([Problem("the study's weather is given", "--seed, --first-year", "", accepted, repair)])
    if (years or 1) > 1:
        accepted, repair = "1", "leave --years out, or certify on a study with synthetic weather"
        raise InputError([Problem("the study's weather is one given year", "--years", str(years), accepted, repair)])
    return (None,)


def _values(run: Run) -> dict[str, object]:
    values: dict[str, object] = {} if run.year is None else {"weather.weather_year": run.year}
    return values if run.error_factor is None else values | {"operation.forecast_error_factor": run.error_factor}


def _level(level: Level, none: Sequence[Kpis], bounds: Bounds) -> dict[str, Any]:
    scores = {name: score(kpi, level, none, getattr(bounds, name)) for name, kpi in SCORES.items()}
    return {
        "error_factor": level.error_factor,
        "scores": {name: found for name, found in scores.items() if found is not None},
        "gained_and_lost": gained_and_lost(level, none),
        "kpis": mean_kpis(level.kpis),
    }
