"""The upper bound of each weather year, on what the best policy could have reached."""

from __future__ import annotations

import os
import pickle
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from studies.one_thread import ONE_THREAD
from studies.progress import Progress
from studies.workers import part_of
from twin.bound.foresight import OBJECTIVES, perfect_foresight
from twin.errors import InputError
from twin.loop.case import Case

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
