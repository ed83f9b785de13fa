"""Members in parallel worker processes, with their progress; results do not depend on how many there are."""

from __future__ import annotations

import os
import pickle
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from studies.doctor import ONE_THREAD
from twin.metrics.member_tables import write_member_tables
from twin.metrics.store import is_finished, last_checkpoint
from twin.operation.case import Case

if TYPE_CHECKING:
    from rich.console import Console


class Progress(Protocol):
    """What long work calls to tell how far it is."""

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Report that `done` of `total` pieces of `stage` are ready."""


@contextmanager
def progress_bars(console: Console) -> Iterator[Progress]:
    """Show one bar a stage on `console` while the context is open."""
    from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    tasks: dict[str, TaskID] = {}
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Bars(*columns, console=console) as bars:

        def report(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=total)
            bars.update(tasks[stage], completed=done, total=total)

        yield report


POLL_SECONDS = 0.5
WORK_OF_SHARED_STATE = 0.3
STAGE = "power flow and control"


@dataclass(frozen=True)
class Task:
    """What one worker does: the members of `case` (pickled in `file`), their folders and their checked steps."""

    file: Path
    folders: tuple[Path, ...]
    checked: tuple[np.ndarray, ...]


def make_tasks(
    case: Case, folders: Sequence[Path], checked: Sequence[np.ndarray], jobs: int, place: Path
) -> list[Task]:
    """Split the members over at most `jobs` workers; each share is a file, so that the caller can let go of the case.

    Parameters
    ----------
    case : Case
    folders : sequence of pathlib.Path
        Results folder of each member.
    checked : sequence of numpy.ndarray
        Steps of each member that are checked against pandapower.
    jobs : int
    place : pathlib.Path
        Folder for the files; `run_tasks` removes them.
    """
    tasks = []
    for number, share in enumerate(_shares(case, min(jobs, len(folders)))):
        file = place / f"share-{number}.pickle"
        with file.open("wb") as stream:
            pickle.dump(part_of(case, share), stream, protocol=pickle.HIGHEST_PROTOCOL)
        tasks.append(Task(file, tuple(folders[m] for m in share), tuple(checked[m] for m in share)))
    return tasks


def run_tasks(tasks: Sequence[Task], blocks: int, progress: Progress) -> None:
    """Run each task in a process of its own.

    Parameters
    ----------
    tasks : sequence of Task
    blocks : int
        Blocks of half-hours that each member has, for the progress.
    progress : Progress
    """
    os.environ.update(ONE_THREAD)
    folders = [folder for task in tasks for folder in task.folders]
    with ProcessPoolExecutor(len(tasks), mp_context=get_context("spawn")) as pool:
        left = {pool.submit(_run, task) for task in tasks}
        while left:
            done, left = wait(left, timeout=POLL_SECONDS, return_when=FIRST_EXCEPTION)
            for future in done:
                future.result()
            finished = sum(blocks if is_finished(folder) else last_checkpoint(folder) + 1 for folder in folders)
            progress(STAGE, finished, blocks * len(folders))
    for task in tasks:
        task.file.unlink()


def _run(task: Task) -> None:
    with task.file.open("rb") as stream:
        case = pickle.load(stream)  # noqa: S301 - written by this run
    write_member_tables(case, task.folders, task.checked)


def _shares(case: Case, workers: int) -> list[np.ndarray]:
    """Split the members into contiguous shares of about the same work: a state that neighbours share counts once."""
    seen: set[tuple[str, int, int]] = set()
    work = []
    for member in case.members:
        key = (member.scenario, member.grid, member.profiles)
        work.append(WORK_OF_SHARED_STATE if key in seen else 1.0)
        seen.add(key)
    position = np.cumsum(work) - np.array(work) / 2.0
    worker = np.minimum((position / sum(work) * workers).astype(int), workers - 1)
    return [share for number in range(workers) if len(share := np.flatnonzero(worker == number))]


def part_of(case: Case, share: np.ndarray) -> Case:
    """Return the case of some members, with only the series that they use."""
    members = [case.members[m] for m in share]
    used = sorted({member.profiles for member in members})
    told = sorted({member.outlook for member in members})
    return replace(
        case,
        members=tuple(
            replace(member, profiles=used.index(member.profiles), outlook=told.index(member.outlook))
            for member in members
        ),
        profiles=tuple(case.profiles[k] for k in used),
        outlooks=tuple(case.outlooks[k] for k in told),
        export_limit_mw=case.export_limit_mw[share],
        export_per_mw=case.export_per_mw[share],
    )
