"""Run a case's members in parallel worker processes; the results do not depend on how many there are.

Neighbours stay together: they often share their state, and what they share is computed once.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import FIRST_EXCEPTION, ProcessPoolExecutor, wait
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from studies.one_thread import ONE_THREAD
from studies.progress import Progress
from twin.loop.case import Case
from twin.loop.simulate import month_blocks, simulate
from twin.results.store import is_finished, last_checkpoint

POLL_SECONDS = 0.5
WORK_OF_SHARED_STATE = 0.3
STAGE = "power flow and control"


def run_members(
    case: Case, folders: Sequence[Path], checked: Sequence[np.ndarray], jobs: int, progress: Progress
) -> int:
    """Simulate all members, split over at most `jobs` processes; returns how many were used.

    Parameters
    ----------
    case : Case
    folders : sequence of pathlib.Path
        Results folder of each member.
    checked : sequence of numpy.ndarray
        Steps of each member that are checked against pandapower.
    jobs : int
    progress : Progress
    """
    tasks = [
        (_part(case, share), [folders[m] for m in share], [checked[m] for m in share])
        for share in _shares(case, min(jobs, len(folders)))
    ]
    os.environ.update(ONE_THREAD)
    with ProcessPoolExecutor(len(tasks), mp_context=get_context("spawn")) as pool:
        running = [pool.submit(simulate, *task) for task in tasks]
        left = set(running)
        while left:
            done, left = wait(left, timeout=POLL_SECONDS, return_when=FIRST_EXCEPTION)
            for future in done:
                future.result()
            progress(STAGE, *_blocks_done(case, folders))
    return len(tasks)


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


def _part(case: Case, share: np.ndarray) -> Case:
    """Return the case of some members, with only the series that they use."""
    members = [case.members[m] for m in share]
    used = sorted({member.profiles for member in members})
    return replace(
        case,
        members=tuple(replace(member, profiles=used.index(member.profiles)) for member in members),
        profiles=tuple(case.profiles[k] for k in used),
        export_limit_mw=case.export_limit_mw[share],
    )


def _blocks_done(case: Case, folders: Sequence[Path]) -> tuple[int, int]:
    blocks = len(month_blocks(case.index))
    done = sum(blocks if is_finished(folder) else last_checkpoint(folder) + 1 for folder in folders)
    return done, blocks * len(folders)
