"""Certify a policy: run it over weather years and error levels against none, judge it and write what was found."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from shutil import rmtree
from typing import Any

import pandas as pd

from reports import write_certificate
from studies.cash import previous_price
from studies.certify_bound import Bounds, upper_bounds
from studies.certify_checks import Checks, check_policy
from studies.certify_plan import CALIBRATED, ERROR_FACTORS, Plan, certificate_case, positions, study_members
from studies.certify_scores import SCORES, Kpis, Level, gained_and_lost, mean_kpis, score, verdict
from studies.certify_worst_day import worst_day
from studies.finish import own_kpis, sample_summary
from studies.members import middle_point
from studies.output import CERTIFICATE_FILE, open_partial, publish, require_results_folder, write_json
from studies.policy_files import load_policy, policy_file
from studies.progress import Progress
from studies.provenance import digest, file_sha256, input_files, manifest, policy_inputs, run_log
from studies.workers import make_tasks, run_tasks
from twin.errors import InputError
from twin.loop.case import Case
from twin.loop.simulate import month_blocks
from twin.policies.catalogue import POLICIES
from twin.results.sample_check import sampled_steps

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
