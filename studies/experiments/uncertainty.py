"""The uncertainty analysis of a study: the study as it is, weather years, a hypercube, one unknown at a time."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from dataclasses import asdict
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from shutil import rmtree
from typing import Any

import pandas as pd

from studies.doctor import ONE_THREAD
from studies.experiments.folders import (
    UNCERTAINTY_FILE,
    digest,
    input_files,
    manifest,
    open_partial,
    publish,
    require_results_folder,
    run_log,
    write_json,
)
from studies.experiments.samples import (
    BASE_PART,
    Row,
    Sample,
    Setup,
    base_and_years,
    blocks_of,
    hypercube,
    one_at_a_time,
    run_block,
    sampled_scenarios,
    weather_years,
)
from studies.experiments.unknowns import Unknown, left_out, unknowns
from studies.experiments.variance import failures, most_important, sample_table, summary
from studies.experiments.workers import Progress
from studies.study.schema import Study
from twin.core.errors import InputError, Problem

SAMPLES_PER_BLOCK = 12
"""Members in lock-step are this many times the scenarios; more would be faster and take more memory."""

BLOCKS = "blocks"


def run_uncertainty(
    study: Study,
    out: Path,
    data: Path | None,
    days: tuple[int, int] | None,
    samples: int | None,
    jobs: int,
    progress: Progress,
) -> Path:
    """Run the samples of a study; the results appear in `out` when all is done, an interrupted analysis goes on.

    Parameters
    ----------
    study : Study
    out : pathlib.Path
        Results folder; earlier results in it are replaced only at the end.
    data : pathlib.Path, optional
        Folder with measured data or weather files.
    days : tuple of int, optional
        First and last day of the fiscal year, 1-based and inclusive; cut out after everything has been calibrated.
    samples : int, optional
        Size of the hypercube; default: the study's.
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
        With all problems of an input at once; also where the study as it is cannot be run.
    """
    require_results_folder(out)
    started = datetime.now(UTC).isoformat(timespec="seconds")
    count = samples or study.uncertainty.samples
    setup = Setup(study, data, days, sampled_scenarios(study), unknowns(study))
    facts = manifest(study, input_files(study, data), days) | {"samples": count}
    partial, _ = open_partial(out, digest(facts))
    seconds: dict[str, float] = {}
    plan = [*base_and_years(study), *hypercube(study, setup.unknowns, count)]
    rows = _run(setup, plan, partial, jobs, progress, seconds)
    _require_base(rows)
    moved = most_important(setup, sample_table(setup, plan, rows), study.uncertainty.one_at_a_time)
    alone = one_at_a_time(study, moved)
    if alone:
        rows += _run(setup, alone, partial, jobs, progress, seconds)
    table = sample_table(setup, [*plan, *alone], rows)
    table.to_parquet(partial / "samples.parquet", index=False)
    write_json(partial / UNCERTAINTY_FILE, _record(setup, facts, [*plan, *alone], table))
    write_json(partial / "manifest.json", facts)
    write_json(partial / "run_log.json", run_log(seconds, jobs, started))
    rmtree(partial / BLOCKS)
    publish(partial, out)
    return out


def _run(
    setup: Setup, samples: Sequence[Sample], partial: Path, jobs: int, progress: Progress, seconds: dict[str, float]
) -> list[Row]:
    """Run consecutive samples block by block, each block in a file of its own; blocks that are there are not run."""
    begin = time.perf_counter()
    files: dict[Path, list[Sample]] = {}
    for block in blocks_of(samples, SAMPLES_PER_BLOCK):
        files[partial / BLOCKS / f"{block[0].part} {block[0].number}.json".replace(" ", "_")] = block
    missing = {file: block for file, block in files.items() if not file.exists()}
    done = len(samples) - sum(len(block) for block in missing.values())
    progress(samples[-1].part, done, len(samples))
    os.environ.update(ONE_THREAD)
    with ProcessPoolExecutor(max(1, min(jobs, len(missing))), mp_context=get_context("spawn")) as pool:
        left = {pool.submit(run_block, setup, block): file for file, block in missing.items()}
        try:
            while left:
                for future in wait(left, return_when=FIRST_COMPLETED).done:
                    file = left.pop(future)
                    write_json(file, future.result())
                    done += len(missing[file])
                progress(samples[-1].part, done, len(samples))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    seconds[samples[-1].part] = round(time.perf_counter() - begin, 3)
    return [row for file in files for row in json.loads(file.read_text(encoding="utf-8"))]


def _require_base(rows: Sequence[Row]) -> None:
    """Check that the study as it is could be run.

    Raises
    ------
    InputError
        If it was refused or has half-hours without a solution: ranges around it would mean nothing.
    """
    base = [row for row in rows if row["part"] == BASE_PART and row["failure"]]
    if base:
        repair = "goto-twin run shows what is wrong with the study itself"
        raise InputError(
            [Problem("the study as it is fails", f"scenario {row['scenario']}", row["failure"], repair=repair)
             for row in base]
        )  # fmt: skip


def _record(setup: Setup, facts: dict[str, Any], samples: Sequence[Sample], table: pd.DataFrame) -> dict[str, Any]:
    study = setup.study
    return {
        "study": study.name,
        "study_digest": digest(facts["study"]),
        "samples": facts["samples"],
        "failed": failures(setup, samples, table),
        "days": facts["days"],
        "weather_years": len(weather_years(study)),
        "unknowns": [_unknown(unknown) for unknown in setup.unknowns],
        "left_out": [asdict(row) for row in left_out(study)],
        "headlines": summary(setup, table),
    }


def _unknown(unknown: Unknown) -> dict[str, Any]:
    """Return what the report shows of an unknown; the range is that of its first setting."""
    first = unknown.settings[0]
    return {
        "name": unknown.name, "title_en": unknown.title_en, "title_ja": unknown.title_ja, "unit": unknown.unit,
        "low": first.low, "base": first.base, "high": first.high, "status": unknown.status, "source": unknown.source,
        "settings": len(unknown.settings),
    }  # fmt: skip
