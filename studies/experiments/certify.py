"""The experiment `certify`: a policy over weather years and error levels against none, judged."""

from __future__ import annotations

import os
import pickle
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from shutil import rmtree
from typing import Any

import numpy as np
import pandas as pd

from reports import write_certificate
from studies.doctor import ONE_THREAD
from studies.experiments.folders import (
    CERTIFICATE_FILE,
    digest,
    file_sha256,
    input_files,
    manifest,
    open_partial,
    policy_inputs,
    publish,
    require_results_folder,
    run_log,
    write_json,
)
from studies.experiments.look_ahead import Checks, check_policy
from studies.experiments.run import own_kpis, previous_price, sample_summary
from studies.experiments.scores import SCORES, Kpis, Level, gained_and_lost, mean_kpis, score, verdict
from studies.experiments.workers import Progress, make_tasks, part_of, run_tasks
from studies.study.cases import case_of, loop_members
from studies.study.grids import member_grids
from studies.study.inputs import member_inputs, sources_of
from studies.study.members import Member as StudyMember
from studies.study.members import label, members, middle_point, resolved
from studies.study.policy_files import load_policy, policy_file
from studies.study.schema import Study
from twin.bound.foresight import OBJECTIVES, perfect_foresight
from twin.core.errors import InputError, Problem
from twin.metrics.kpis import read_table
from twin.metrics.sample_check import sampled_steps
from twin.network.reduced.reduction import reduce_grids
from twin.operation.case import Case
from twin.operation.simulate import month_blocks
from twin.policies.catalogue import POLICIES
from weather.synthetic.year import NORMAL_YEAR

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


STAGE = "bounds"


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


def upper_bounds(
    case: Case, uncontrolled: Sequence[int], folders: Sequence[Path], jobs: int, place: Path, progress: Progress
) -> Bounds:
    """Return the bounds of all years.

    Parameters
    ----------
    case : Case
    uncontrolled : sequence of int
        Members without control, one a year.
    folders : sequence of pathlib.Path
        Tables of all members.
    jobs : int
        Worker processes.
    place : pathlib.Path
        Folder for what the workers read; it is removed again.
    progress : Progress
    """
    files = []
    for m in uncontrolled:
        file = place / f"bound-{m}.pickle"
        with file.open("wb") as stream:
            pickle.dump(part_of(case, np.array([m])), stream, protocol=pickle.HIGHEST_PROTOCOL)
        files.append(file)
    os.environ.update(ONE_THREAD)
    progress(STAGE, 0, len(files))
    try:
        with ProcessPoolExecutor(min(jobs, len(files)), mp_context=get_context("spawn")) as pool:
            asked = [pool.submit(_of_year, file, folders[m]) for file, m in zip(files, uncontrolled, strict=True)]
            for done, _ in enumerate(as_completed(asked)):
                progress(STAGE, done + 1, len(files))
            found = [future.result() for future in asked]
    except InputError as error:
        return Bounds(None, None, "; ".join(f"{problem.what}: {problem.seen}" for problem in error.problems))
    finally:
        for file in files:
            file.unlink()
    energy, value = ([of_year[name] for of_year in found] for name in OBJECTIVES)
    return Bounds(energy, value, "")


def _of_year(file: Path, folder: Path) -> dict[str, float]:
    with file.open("rb") as stream:
        case = pickle.load(stream)  # noqa: S301 - written by this run
    return {objective: perfect_foresight(case, 0, folder, objective).upper for objective in OBJECTIVES}


_USED = ["time", "delivered_mw", "battery_losses_mw", "flexible_losses_mw", "failure"]


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
    theirs, mine = (read_table(folder, "system", _USED) for folder in (none, policy))
    solved = ((theirs["failure"] == "") & (mine["failure"] == "")).to_numpy()
    loss = (_used_mw(theirs) - _used_mw(mine)).where(solved, 0.0) * hours
    return loss.groupby(theirs["time"].dt.strftime("%Y-%m-%d")).sum()


def _used_mw(system: pd.DataFrame) -> pd.Series:
    return system["delivered_mw"] - system["battery_losses_mw"] - system["flexible_losses_mw"]


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


TABLES = "tables"
CHECKED_PER_RUN = 2
"""Half-hours of each run that are checked against pandapower."""


def run_certificate(
    plan: Plan, out: Path, data: Path | None, days: tuple[int, int] | None, jobs: int, progress: Progress
) -> Path:
    """Make the certificate of a policy; it appears in `out` when all is done, an interrupted one goes on.

    Parameters
    ----------
    plan : Plan
    out : pathlib.Path
        Results folder; an earlier certificate in it is replaced only at the end.
    data : pathlib.Path, optional
        Folder with measured data or weather files.
    days : tuple of int, optional
        First and last day of the fiscal year, 1-based and inclusive; bounds and checks cover these days only.
    jobs : int
        Worker processes; the results do not depend on how many.
    progress : Progress

    Returns
    -------
    pathlib.Path
        `out`.

    Raises
    ------
    InputError
        With all problems of an input at once; where the policy fails, with when and what it saw.
    """
    require_results_folder(out)
    started, begin = datetime.now(UTC).isoformat(timespec="seconds"), time.perf_counter()
    case = certificate_case(plan, data, days)
    files = input_files(plan.study, data) | policy_inputs(plan.policy, plan.folder)
    facts = manifest(plan.study, files, days) | {"certificate": _asked(plan)}
    progress("look-ahead and determinism", 0, 1)
    checks = _checks(plan, case)
    progress("look-ahead and determinism", 1, 1)
    partial, _ = open_partial(out, digest(facts))
    folders = [partial / TABLES / run.folder for run in plan.runs]
    try:
        tasks = make_tasks(case, folders, sampled_steps(case, plan.study.seed, CHECKED_PER_RUN), jobs, partial)
        run_tasks(tasks, len(month_blocks(case.index)), progress)
    except InputError:
        rmtree(partial)
        raise
    bounds = upper_bounds(case, positions(plan, None), folders, jobs, partial, progress)
    kpis = _kpis(plan, case, folders, data)
    record = _record(plan, case, kpis, folders, bounds, checks, facts)
    write_json(partial / CERTIFICATE_FILE, record)
    write_json(partial / "manifest.json", facts)
    write_certificate(partial)
    write_json(partial / "run_log.json", run_log({"all": round(time.perf_counter() - begin, 3)}, len(tasks), started))
    rmtree(partial / TABLES)
    publish(partial, out)
    return out


def policy_name(policy: str) -> str:
    """Return a policy's name for people and folders: a shipped one's own, else ``<file>.<class>``."""
    if policy in POLICIES:
        return policy
    file, class_name = policy_file(policy, Path())
    return f"{file.stem}.{class_name}"


def _asked(plan: Plan) -> dict[str, Any]:
    """Return what is reproducible about the certificate beside the study."""
    file, _ = policy_file(plan.policy, plan.folder)
    return {
        "policy": policy_name(plan.policy),
        "policy_sha256": file_sha256(file) if file.is_file() else None,
        "scenario": plan.scenario,
        "point": plan.point,
        "years": list(plan.years),
        "error_factors": list(ERROR_FACTORS),
    }


def _checks(plan: Plan, case: Case) -> Checks:
    """Check the first year under the calibrated error; the truth is replaced by the last year's."""
    of_policy = positions(plan, ERROR_FACTORS[CALIBRATED])
    return check_policy(case, of_policy[0], of_policy[-1], lambda: load_policy(plan.policy, plan.folder, "POLICY"))


def _record(
    plan: Plan,
    case: Case,
    kpis: Sequence[Kpis],
    folders: Sequence[Path],
    bounds: Bounds,
    checks: Checks,
    facts: dict[str, Any],
) -> dict[str, Any]:
    """Return the whole certificate as plain values."""
    none = [kpis[m] for m in positions(plan, None)]
    levels = [Level(factor, plan.years, [kpis[m] for m in positions(plan, factor)]) for factor in ERROR_FACTORS]
    criteria = verdict(levels, none, checks)
    days_run = len(case.index) * case.step_hours / 24.0
    return {
        **facts["certificate"],
        "sweep": {key: plan.point[key] for key in middle_point(plan.study)},
        "when_full": study_members(plan)[0].study.fleet.when_full,
        "study": {
            "name": plan.study.name,
            **{f"title_{language}": plan.study.title(language) for language in ("en", "ja")},
            **{f"scenario_{language}": plan.study.scenario_title(plan.scenario, language) for language in ("en", "ja")},
            "fiscal_year": plan.study.period.fiscal_year,
            "first_day": f"{case.index[0]:%Y-%m-%d}",
            "last_day": f"{case.index[-1]:%Y-%m-%d}",
            "days": days_run,
            "is_part_of_year": facts["days"] is not None,
            "seed": plan.study.seed,
            "currency": case.model.currency,
        },
        "code": facts["code"],
        "passed": all(criterion.passed for criterion in criteria),
        "verdict": [asdict(criterion) for criterion in criteria],
        "checks": asdict(checks),
        "levels": [_level(level, none, bounds) for level in levels],
        "none": mean_kpis(none),
        "bound": asdict(bounds),
        "runs": [
            {"year": run.year, "error_factor": run.error_factor, "kpis": values}
            for run, values in zip(plan.runs, kpis, strict=True)
        ],
        "worst_day": _worst_day(plan, case, folders),
        "sample_check": sample_summary(list(folders)),
    }


def _level(level: Level, none: Sequence[Kpis], bounds: Bounds) -> dict[str, Any]:
    return {
        "error_factor": level.error_factor,
        "scores": {name: score(kpi, level, none, getattr(bounds, name)) for name, kpi in SCORES.items()},
        "gained_and_lost": gained_and_lost(level, none),
        "kpis": mean_kpis(level.kpis),
    }


def _kpis(plan: Plan, case: Case, folders: Sequence[Path], data: Path | None) -> list[dict[str, float | None]]:
    """Return the key figures of all runs, payments included."""
    year_before = previous_price(plan.study, data)
    return [
        own_kpis(member.study, case, m, folder, year_before)
        for m, (member, folder) in enumerate(zip(study_members(plan), folders, strict=True))
    ]


def _worst_day(plan: Plan, case: Case, folders: Sequence[Path]) -> dict[str, Any]:
    none = positions(plan, None)
    none_of = [none[plan.years.index(run.year)] for run in plan.runs]
    kinds = case.sites.groups.kind.to_numpy(str)
    battery_mwh = pd.Series(case.battery_mwh[0]).groupby(kinds).sum()
    return worst_day(plan.runs, none_of, folders, battery_mwh, case.step_hours)
