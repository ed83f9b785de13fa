"""The experiment `certify`: a policy over weather years and error levels against none, judged."""

from __future__ import annotations

import pickle
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from reports import write_certificate
from studies.execution.folders import CERTIFICATE_FILE
from studies.execution.members import SHARED, SharedArrays, remove_shared
from studies.execution.provenance import file_sha256, policy_inputs
from studies.execution.workers import Piece, Progress
from studies.experiments.certificate.look_ahead import check_policy
from studies.experiments.certificate.scores import SCORES, Kpis, Level, gained_and_lost, mean_kpis, score, verdict
from studies.experiments.key_figures import own_kpis, previous_price, sample_summary
from studies.experiments.runner import CHECKED_PER_MEMBER, TABLES, Experiment, Work
from studies.study.cases import study_case
from studies.study.members import Member as StudyMember
from studies.study.members import label, members, middle_point, resolved
from studies.study.policy_files import load_policy, policy_file
from studies.study.schema import Study
from twin.bound.foresight import OBJECTIVES, perfect_foresight
from twin.core.errors import InputError, Problem
from twin.metrics.comparisons import loss_of_used_energy_mwh
from twin.metrics.series import read_table, series_of_folder
from twin.operation.case import Case, of_members
from twin.operation.member import Member
from twin.policies.catalogue import POLICIES
from weather.synthetic.year import NORMAL_YEAR

NONE = "none"
ERROR_FACTORS = (0.0, 1.0, 2.0)
"""Forecast errors over the calibrated ones."""
CALIBRATED = ERROR_FACTORS.index(1.0)
DEFAULT_YEARS = 3
BOUNDS = "bounds"


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
        Bounds and checks cover these days only.

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
    scratch = (TABLES, BOUNDS)

    def __init__(
        self,
        study: Study,
        policy: str,
        folder: Path,
        years: int | None = None,
        data: Path | None = None,
        days: tuple[int, int] | None = None,
    ) -> None:
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
        self.years = _years(study, years)
        self.runs = tuple(Run(year, factor) for year in self.years for factor in (None, *ERROR_FACTORS))

    @property
    def folder_name(self) -> str:
        """The policy's, among certificates."""
        return f"certificates/{policy_name(self.policy)}"

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
        return super().files() | policy_inputs(self.policy, self.policy_folder)

    def facts(self) -> dict[str, Any]:
        """Return what is reproducible about the certificate beside the study."""
        file, _ = policy_file(self.policy, self.policy_folder)
        return {
            "certificate": {
                "policy": policy_name(self.policy),
                "policy_sha256": file_sha256(file) if file.is_file() else None,
                "scenario": self.scenario,
                "point": self.point,
                "years": list(self.years),
                "error_factors": list(ERROR_FACTORS),
            }
        }

    def prepare(self, progress: Progress) -> None:
        """Make the case and check the policy: the first year's calibrated run, its truth replaced by the last year's.

        Raises
        ------
        InputError
            With what is wrong with the policy, the network or the weather; where the policy fails, with when and what
            it saw.
        """
        names = [NONE if run.error_factor is None else self.policy for run in self.runs]
        policies = [load_policy(name, self.policy_folder, "POLICY") for name in names]

        def settled(members: list[Member]) -> list[Member]:
            """Give each run an instance of the policy of its own."""
            return [
                replace(member, scenario=str(run.year), label=run.folder, policy=policy)
                for member, run, policy in zip(members, self.runs, policies, strict=True)
            ]

        self.case = study_case(self.study, self.members(), self.data, self.days, settled)
        progress("look-ahead and determinism", 0, 1)
        of_policy = self.positions(ERROR_FACTORS[CALIBRATED])
        self.checks = check_policy(
            self.case, of_policy[0], of_policy[-1], lambda: load_policy(self.policy, self.policy_folder, "POLICY")
        )
        progress("look-ahead and determinism", 1, 1)

    def folders(self, place: Path) -> list[Path]:
        """Return the folder of each run."""
        return [place / TABLES / run.folder for run in self.runs]

    def simulate(self, work: Work) -> None:
        """Run all years and error levels, then solve the bounds of the years."""
        with work.timed("simulation"):
            self.run_members(work, CHECKED_PER_MEMBER, keeps_series=True)
        self.bounds = upper_bounds(self.case, self.positions(None), self.folders(work.folder), work)

    def reduce(self, work: Work) -> dict[str, Any]:
        """Return the whole certificate as plain values."""
        folders, facts = self.folders(work.folder), work.facts
        kpis = self._kpis(folders)
        none = [kpis[m] for m in self.positions(None)]
        levels = [Level(factor, self.years, [kpis[m] for m in self.positions(factor)]) for factor in ERROR_FACTORS]
        criteria = verdict(levels, none, self.checks)
        return {
            **facts["certificate"],
            "sweep": {key: self.point[key] for key in middle_point(self.study)},
            "when_full": self.members()[0].study.fleet.when_full,
            "study": self._study(),
            "code": facts["code"],
            "passed": all(criterion.passed for criterion in criteria),
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


def policy_name(policy: str) -> str:
    """Return a policy's name for people and folders: a shipped one's own, else ``<file>.<class>``."""
    if policy in POLICIES:
        return policy
    file, class_name = policy_file(policy, Path())
    return f"{file.stem}.{class_name}"


def _years(study: Study, years: int | None) -> tuple[int | None, ...]:
    if study.weather.source == "synthetic":
        return tuple(range(NORMAL_YEAR + 1, NORMAL_YEAR + 1 + (years or DEFAULT_YEARS)))
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


@dataclass(frozen=True)
class Bounds:
    """Upper bounds by objective, one a year; None with the reason where there is no bound.

    Attributes
    ----------
    energy : list of float or None
        MWh, of `energy_used_mwh`.
    value : list of float or None
        JPY, of `net_supply_jpy`.
    missing : str
        Why there is none; empty where there is.
    """

    energy: list[float] | None
    value: list[float] | None
    missing: str


def upper_bounds(case: Case, uncontrolled: Sequence[int], folders: Sequence[Path], work: Work) -> Bounds:
    """Return the bounds of all years.

    Parameters
    ----------
    case : Case
    uncontrolled : sequence of int
        Members without control, one a year.
    folders : sequence of pathlib.Path
        Tables of all members.
    work : Work
    """
    shared = SharedArrays(work.folder / SHARED)
    pieces = [Piece(f"{m}", partial(_of_year, shared.pickled(of_members(case, [m])), folders[m])) for m in uncontrolled]
    try:
        found = work.run_pieces(BOUNDS, pieces, BOUNDS, reads_files=True)
    except InputError as error:
        return Bounds(None, None, "; ".join(f"{problem.what}: {problem.seen}" for problem in error.problems))
    finally:
        remove_shared(shared.folder)
    energy = [of_year["energy"] for of_year in found]
    value = [of_year["value"] for of_year in found] if all("value" in of_year for of_year in found) else None
    return Bounds(energy, value, "")


def _of_year(saved: bytes, folder: Path) -> dict[str, float]:
    """Return the bounds of a year by objective; without prices there is none of the value."""
    case: Case = pickle.loads(saved)  # noqa: S301 - sent by the parent process
    has_prices = bool(np.isfinite(case.profiles[0][0].price_jpy_per_kwh).all())
    objectives = [objective for objective in OBJECTIVES if objective == "energy" or has_prices]
    return {objective: perfect_foresight(case, 0, folder, objective).upper for objective in objectives}


def worst_day(
    runs: Sequence[Run], none_of: Sequence[int], folders: Sequence[Path], battery_mwh: pd.Series, hours: float
) -> dict[str, Any]:
    """Return the run and day with the largest loss of used energy against none, and both courses of that day.

    Parameters
    ----------
    runs : sequence of Run
    none_of : sequence of int
        Position of the run without control under the same weather, for each run.
    folders : sequence of pathlib.Path
        Tables of each run.
    battery_mwh : pandas.Series
        Battery capacity of the sites by kind, as in the table ``sites``.
    hours : float
        Length of a half-hour.

    Returns
    -------
    dict
        ``year error_factor date loss_mwh`` (negative where even the worst day gains), and under ``policy`` and ``none``
        the courses ``n1_loading_percent export_mw soc_percent``; NaN as None.
    """
    losses = {m: _daily_loss_mwh(folders[none_of[m]], folders[m], hours) for m in range(len(runs)) if none_of[m] != m}
    worst = max(losses, key=lambda m: losses[m].max())
    date = str(losses[worst].idxmax())
    courses = {who: _course(folders[m], date, battery_mwh) for who, m in (("policy", worst), ("none", none_of[worst]))}
    return {
        "year": runs[worst].year,
        "error_factor": runs[worst].error_factor,
        "date": date,
        "loss_mwh": float(losses[worst].max()),
        **courses,
    }


def _daily_loss_mwh(none: Path, policy: Path, hours: float) -> pd.Series:
    """Return none's used energy less the policy's of each day; half-hours that either did not solve are left out."""
    theirs, mine = (series_of_folder(folder, hours) for folder in (none, policy))
    loss = pd.Series(loss_of_used_energy_mwh(mine, theirs))
    return loss.groupby(read_table(none, "system", ["time"])["time"].dt.strftime("%Y-%m-%d")).sum()


def _course(folder: Path, date: str, battery_mwh: pd.Series) -> dict[str, list[float | None]]:
    link = _of_day(read_table(folder, "link", ["time", "n1_loading_percent", "export_mw"]), date)
    sites = _of_day(read_table(folder, "sites", ["time", "kind", "soc_percent"]), date)
    charge = sites.pivot_table(index="time", columns="kind", values="soc_percent", observed=True)
    capacity = battery_mwh[battery_mwh > 0.0]
    soc = (charge[capacity.index] * capacity).sum(axis=1) / capacity.sum()
    return {
        "n1_loading_percent": _plain(link["n1_loading_percent"]),
        "export_mw": _plain(link["export_mw"]),
        "soc_percent": _plain(soc),
    }


def _of_day(table: pd.DataFrame, date: str) -> pd.DataFrame:
    result: pd.DataFrame = table[table["time"].dt.strftime("%Y-%m-%d") == date]
    return result


def _plain(values: pd.Series) -> list[float | None]:
    return [float(value) if np.isfinite(value) else None for value in values]
