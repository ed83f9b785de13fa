"""The one place where everything is put together: from a checked study to results and a report."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from reports import write_report
from studies.cases import case_of
from studies.finish import TWINS, onset_rows, write_kpis, write_study_record
from studies.grids import member_grids
from studies.inputs import read_sources, study_inputs
from studies.loop_members import ONSET, loop_members, twins
from studies.members import Member as StudyMember
from studies.members import members as study_members
from studies.members import onset_members
from studies.network_figures import write_network_figures
from studies.output import open_partial, publish, require_results_folder, write_json
from studies.progress import Progress
from studies.provenance import digest, input_files, manifest, run_log
from studies.study import Study
from studies.workers import make_tasks, run_tasks
from twin.errors import Problem, gathered, raise_if_any
from twin.grid.reduction import reduce_grids
from twin.loop.case import Case
from twin.loop.member import Member
from twin.loop.simulate import month_blocks
from twin.results.sample_check import sampled_steps

SAMPLED_HALF_HOURS, SAMPLED_PER_MEMBER = 50, 2


def run_study(
    study: Study, out: Path, data: Path | None, days: tuple[int, int] | None, jobs: int, progress: Progress
) -> Path:
    """Run a study: results, key figures and report appear in `out` when all is done; an interrupted run goes on.

    Parameters
    ----------
    study : Study
    out : pathlib.Path
        Results folder; earlier results in it are replaced only at the end.
    data : pathlib.Path, optional
        Folder with measured data or weather files.
    days : tuple of int, optional
        First and last day of the fiscal year, 1-based and inclusive; cut out after everything has been calibrated.
    jobs : int
        Worker processes.
    progress : Progress

    Returns
    -------
    pathlib.Path
        `out`.

    Raises
    ------
    InputError
        With all problems of an input at once.
    """
    require_results_folder(out)
    started = datetime.now(UTC).isoformat(timespec="seconds")
    seconds: dict[str, float] = {}
    facts = manifest(study, input_files(study, data), days)
    members, tries = study_members(study), onset_members(study)
    with _timed(seconds, "inputs"):
        case = make_case(study, members, tries, data, days)
    partial, _ = open_partial(out, digest(facts))
    folders = _folders(case, partial)
    per_member = max(SAMPLED_PER_MEMBER, -(-SAMPLED_HALF_HOURS // len(members)))
    with _timed(seconds, "simulation"):
        tasks = make_tasks(case, folders, sampled_steps(case, study.seed, per_member), jobs, partial)
        case = replace(case, profiles=(), outlooks=())
        run_tasks(tasks, len(month_blocks(case.index)), progress)
    with _timed(seconds, "key figures"):
        write_kpis(study, case, members, partial, data)
        onset = onset_rows(study, members, tries, partial, case.step_hours)
        write_study_record(study, members, case, onset, partial, _repeat_command(study, data, days))
        _write_manifests(members, facts, partial)
        if study.grid.is_goto:
            write_network_figures(case.model, partial)
    with _timed(seconds, "report"):
        progress("report", 0, 1)
        write_report(partial)
        progress("report", 1, 1)
    write_json(partial / "run_log.json", run_log(seconds, len(tasks), started))
    publish(partial, out)
    return out


def make_case(
    study: Study,
    members: list[StudyMember],
    tries: list[StudyMember],
    data: Path | None,
    days: tuple[int, int] | None,
) -> Case:
    """Return the loop's case of a study: every member with its counterfactual twins, then the values that are tried.

    Raises
    ------
    InputError
        With the problems of the network and of the weather or measured data at once.
    """
    problems: list[Problem] = []
    with gathered(problems):
        grids = member_grids([*members, *tries])
    with gathered(problems):
        sources = read_sources(study, data)
    raise_if_any(problems)
    inputs = study_inputs(study, [*members, *tries], grids, sources)
    settled = loop_members([*members, *tries], grids, inputs)
    everyone = (
        *(some for member in settled[: len(members)] for some in (member, *_twins(study, member))),
        *(replace(member, twin=ONSET) for member in settled[len(members) :]),
    )
    mean_mw = inputs.series[0][0].area_demand_mw.mean(axis=0)
    return case_of(everyone, reduce_grids(grids.models), inputs, days, np.tile(mean_mw, (len(everyone), 1)))


def _twins(study: Study, member: Member) -> list[Member]:
    return twins(member) if study.compare.counterfactuals else []


def _folders(case: Case, run: Path) -> list[Path]:
    folders = []
    for member in case.members:
        folder = run / member.scenario / member.label
        if member.twin == ONSET:
            folder = run / ONSET / member.label
        elif member.twin:
            folder = folder / TWINS / member.twin
        folders.append(folder)
    return folders


def _write_manifests(members: list[StudyMember], facts: dict[str, Any], run: Path) -> None:
    """Write the run's manifest, and each member's with its own resolved study in place of the whole one."""
    write_json(run / "manifest.json", facts)
    for member in members:
        write_json(run / member.path / "manifest.json", facts | {"study": member.study.model_dump(mode="json")})


def _repeat_command(study: Study, data: Path | None, days: tuple[int, int] | None) -> str:
    words = ["goto-twin", "run", f"studies/{study.name}.toml"]
    words += ["--data", "DATA"] if data is not None else []
    return " ".join(words + (["--days", f"{days[0]}:{days[1]}"] if days else []))


@contextmanager
def _timed(seconds: dict[str, float], stage: str) -> Iterator[None]:
    begin = time.perf_counter()
    yield
    seconds[stage] = round(time.perf_counter() - begin, 3)
