"""Work in parallel processes, with its progress: members in lock-step, and pieces whose answers are kept as files."""

from __future__ import annotations

import json
import os
import pickle
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from studies import ONE_THREAD
from studies.experiments.folders import write_json
from twin.metrics.member_tables import write_member_tables
from twin.metrics.store import is_finished, last_checkpoint
from twin.operation.case import Case
from twin.operation.simulate import month_blocks

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


def in_processes(
    calls: Sequence[Callable[[], Any]],
    jobs: int,
    answered: Callable[[int, Any], None],
    polled: Callable[[], None] = lambda: None,
) -> None:
    """Make each call in one of at most `jobs` processes with one thread each.

    Parameters
    ----------
    calls : sequence of callable
        What pickle can send, e.g. a partial of a function of a module.
    jobs : int
    answered : callable
        Called here with the position and the answer of each call, in the order in which they end.
    polled : callable
        Called here twice a second, and whenever a call has ended.

    Raises
    ------
    Exception
        The first one that a call raises; calls that have not begun are then left.
    """
    if not calls:
        return
    os.environ.update(ONE_THREAD)
    with ProcessPoolExecutor(min(jobs, len(calls)), mp_context=get_context("spawn")) as pool:
        left = {pool.submit(call): k for k, call in enumerate(calls)}
        try:
            while left:
                for future in wait(left, timeout=POLL_SECONDS, return_when=FIRST_COMPLETED).done:
                    answered(left.pop(future), future.result())
                polled()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


@dataclass(frozen=True)
class Piece:
    """Work for one process whose answer fits into a JSON file.

    Attributes
    ----------
    name : str
        Of the file, without its ending; a name stands for the same work whatever the number of workers.
    call : callable
        What pickle can send.
    weight : int
        How much it counts in the progress.
    """

    name: str
    call: Callable[[], Any]
    weight: int = 1


def run_pieces(pieces: Sequence[Piece], kept: Path, jobs: int, progress: Progress, stage: str) -> list[Any]:
    """Return the answers of some pieces, each in a file of its own; those that are there are not made again.

    Parameters
    ----------
    pieces : sequence of Piece
    kept : pathlib.Path
        Folder of the answers.
    jobs : int
    progress : Progress
    stage : str
        What the progress is called.
    """
    files = {piece.name: kept / f"{piece.name}.json" for piece in pieces}
    missing = [piece for piece in pieces if not files[piece.name].exists()]
    total = sum(piece.weight for piece in pieces)
    left = sum(piece.weight for piece in missing)
    progress(stage, total - left, total)

    def answered(k: int, answer: Any) -> None:  # noqa: ANN401 - whatever JSON can hold
        nonlocal left
        write_json(files[missing[k].name], answer)
        left -= missing[k].weight
        progress(stage, total - left, total)

    in_processes([piece.call for piece in missing], jobs, answered)
    return [json.loads(file.read_text(encoding="utf-8")) for file in files.values()]


STAGE = "power flow and control"
WORK_OF_SHARED_STATE = 0.3


@dataclass(frozen=True)
class Task:
    """What one worker does: the members of a case (pickled in `file`), their folders and their checked steps.

    `blocks` is the number of months that each member has.
    """

    file: Path
    folders: tuple[Path, ...]
    checked: tuple[np.ndarray, ...]
    blocks: int


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
    tasks, blocks = [], len(month_blocks(case.index))
    for number, share in enumerate(_shares(case, min(jobs, len(folders)))):
        file = place / f"share-{number}.pickle"
        with file.open("wb") as stream:
            pickle.dump(part_of(case, share), stream, protocol=pickle.HIGHEST_PROTOCOL)
        tasks.append(Task(file, tuple(folders[m] for m in share), tuple(checked[m] for m in share), blocks))
    return tasks


def run_tasks(tasks: Sequence[Task], progress: Progress) -> None:
    """Run the members of each task in lock-step in a process of its own; finished months are not run again."""
    folders = [folder for task in tasks for folder in task.folders]
    blocks = tasks[0].blocks

    def polled() -> None:
        finished = sum(blocks if is_finished(folder) else last_checkpoint(folder) + 1 for folder in folders)
        progress(STAGE, finished, blocks * len(folders))

    in_processes([partial(_run, task) for task in tasks], len(tasks), lambda *_: None, polled)
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
