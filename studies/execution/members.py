"""Members in lock-step, split over workers; large series lie in files that the workers of a machine map together."""

from __future__ import annotations

import io
import logging
import pickle
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from studies.execution.workers import Progress, Workers
from twin.metrics.member_tables import write_member_tables
from twin.metrics.outages_aside import follow
from twin.metrics.store import FINISHED_LIST, Kept, blocks_done, forget_states, kept, tidy
from twin.operation.case import Case, of_members
from twin.operation.simulate import month_blocks

logger = logging.getLogger(__name__)

SHARED = "shared"
"""Folder of the arrays that workers map into their memory; it is gone when they have ended."""
LEAST_SHARED_BYTES = 1 << 16


class SharedArrays:
    """Values for other processes of this machine: their large arrays lie in files, each once, and are mapped there.

    Parameters
    ----------
    folder : pathlib.Path
        Made here; what lies in it is replaced.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._files: dict[int, Path] = {}
        self._kept: list[np.ndarray] = []  # while it lives, no other array has its id
        remove_shared(folder)
        folder.mkdir(parents=True)

    def pickled(self, value: object) -> bytes:
        """Return a value for `pickle.loads` in another process, its large arrays put into files."""
        stream = io.BytesIO()
        _Pickler(stream, self._file_of).dump(value)
        return stream.getvalue()

    def _file_of(self, array: np.ndarray) -> Path:
        if id(array) not in self._files:
            self._files[id(array)] = self.folder / f"{len(self._files)}.npy"
            self._kept.append(array)
            np.save(self._files[id(array)], array, allow_pickle=False)
        return self._files[id(array)]


class _Pickler(pickle.Pickler):
    def __init__(self, stream: io.BytesIO, file_of: Callable[[np.ndarray], Path]) -> None:
        super().__init__(stream, protocol=pickle.HIGHEST_PROTOCOL)
        self._file_of = file_of

    def reducer_override(self, value: Any) -> Any:  # noqa: ANN401 - pickle's own interface
        """Put a large array into a file."""
        if type(value) is np.ndarray and value.nbytes >= LEAST_SHARED_BYTES and not value.dtype.hasobject:
            return _mapped, (self._file_of(value),)
        return NotImplemented


def _mapped(file: Path) -> np.ndarray:
    """Return the array in a file: pages are read when they are used, and copied when they are written to."""
    return np.asarray(np.load(file, mmap_mode="c", allow_pickle=False))


def remove_shared(folder: Path) -> None:
    """Remove shared arrays, also those that a killed run has left."""
    if folder.exists():
        shutil.rmtree(folder)


STAGE = "power flow and control"
WORK_OF_SHARED_STATE = 0.3


@dataclass(frozen=True)
class Task:
    """What one worker does: a case as bytes, its members' folders and their checked steps.

    `blocks` is the number of months that each member has. With `outages_aside` another worker judges all outages.
    """

    case: bytes
    folders: tuple[Path, ...]
    checked: tuple[np.ndarray, ...]
    blocks: int
    outages_aside: bool


def make_tasks(
    case: Case, folders: Sequence[Path], checked: Sequence[np.ndarray], workers: Workers, place: Path
) -> list[Task]:
    """Split the members over the workers, so that the caller can let go of the case.

    Workers to whom no member falls follow the others and judge all outages, where that is asked for.

    Parameters
    ----------
    case : Case
    folders : sequence of pathlib.Path
        Results folder of each member.
    checked : sequence of numpy.ndarray
        Steps of each member that are checked against pandapower.
    workers : Workers
    place : pathlib.Path
        Folder for shared arrays; `run_tasks` removes them.
    """
    left = []
    for m, folder in enumerate(folders):
        if _told(folder).is_finished:
            tidy(folder)
        else:
            forget_states(folder)
            left.append(m)
    if not left:
        return []
    pickled = SharedArrays(place / SHARED).pickled if workers.sees_our_files else partial(pickle.dumps, protocol=5)
    tasks, blocks = [], len(month_blocks(case.index))
    shares = _shares(of_members(case, left), min(workers.count, len(left)))
    spare = workers.count - len(shares) if workers.sees_our_files and case.judges_outages else 0
    for number, share in enumerate(shares):
        mine = [left[k] for k in share]
        own, of_mine = tuple(folders[m] for m in mine), of_members(case, mine)
        aside = number < spare and bool(len(of_mine.recorded))
        tasks.append(Task(pickled(of_mine), own, tuple(checked[m] for m in mine), blocks, aside))
    return tasks


def run_tasks(tasks: Sequence[Task], workers: Workers, place: Path, progress: Progress) -> Counter[str]:
    """Run the members of each task in lock-step in a worker; finished months are not run again.

    Returns
    -------
    collections.Counter
        How the work went, see `twin.operation.simulate.simulate`.
    """
    counts = Counter[str]()
    folders = [folder for task in tasks for folder in task.folders]

    def polled() -> None:
        if tasks:
            done = sum(blocks_done(folder, tasks[0].blocks) for folder in folders)
            progress(STAGE, done, tasks[0].blocks * len(folders))

    def answered(k: int, answer: tuple[Counter[str], list[dict[str, bytes]] | None]) -> None:
        of_task, files = answer
        counts.update(of_task)
        if files is not None:
            for folder, of_member in zip(tasks[k].folders, files, strict=True):
                _write_finished(folder, of_member)

    calls: list[Callable[[], tuple[Counter[str], list[dict[str, bytes]] | None]]]
    if workers.sees_our_files:
        calls = [partial(_run, task.case, task.checked, task.folders, task.outages_aside) for task in tasks]
        calls += [partial(_follow, task.case, task.folders) for task in tasks if task.outages_aside]
    else:
        calls = [partial(_run_elsewhere, task.case, task.checked) for task in tasks]
    workers.make(calls, answered, polled)
    remove_shared(place / SHARED)
    return counts


def _run(
    case: bytes, checked: Sequence[np.ndarray], folders: Sequence[Path], outages_aside: bool = False
) -> tuple[Counter[str], None]:
    of_case = pickle.loads(case)  # noqa: S301 - sent by the parent process
    return write_member_tables(of_case, folders, checked, outages_aside=outages_aside), None


def _follow(case: bytes, folders: Sequence[Path]) -> tuple[Counter[str], None]:
    follow(pickle.loads(case), folders)  # noqa: S301 - sent by the parent process
    return Counter(), None


def _run_elsewhere(case: bytes, checked: Sequence[np.ndarray]) -> tuple[Counter[str], list[dict[str, bytes]]]:
    """Run members in a folder of this machine and return the finished files of each too, the list of them last."""
    with tempfile.TemporaryDirectory(prefix="goto-twin-") as place:
        folders = [Path(place) / str(m) for m in range(len(checked))]
        counts, _ = _run(case, checked, folders)
        names = [[*sorted(path.name for path in folder.glob("*.parquet")), FINISHED_LIST] for folder in folders]
        return counts, [
            {name: (folder / name).read_bytes() for name in of_member}
            for folder, of_member in zip(folders, names, strict=True)
        ]


def _write_finished(folder: Path, files: dict[str, bytes]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        temporary = folder / f"{name}.tmp"
        temporary.write_bytes(content)
        temporary.replace(folder / name)
    tidy(folder)


def _told(folder: Path) -> Kept:
    """Return what of a member's folder can be used again, and say what cannot."""
    found = kept(folder)
    if found.damaged:
        files = ", ".join(found.damaged[:3]) + (f" and {len(found.damaged) - 3} more" if len(found.damaged) > 3 else "")
        where = f"from its block {found.done + 2} on" if found.done >= 0 else "from its start"
        logger.warning("%s: missing or not as it was written: %s; the member is run again %s", folder, files, where)
    return found


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
