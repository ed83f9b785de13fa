"""The one runner: an experiment's members are run, their results reduced, and folder and report published as a whole."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from shutil import rmtree
from typing import Any, ClassVar

import numpy as np

from studies.experiments.folders import (
    digest,
    input_files,
    manifest,
    open_partial,
    publish,
    require_results_folder,
    run_log,
    write_json,
)
from studies.experiments.workers import Piece, Progress, run_pieces, run_shares, share_members
from studies.study.schema import Study
from twin.core.errors import InputError
from twin.operation.case import Case

TABLES = "tables"
"""Folder of the members' tables in experiments that do not keep them."""


@dataclass(frozen=True)
class Work:
    """Where an experiment puts its results, and with what it runs its members.

    Attributes
    ----------
    folder : pathlib.Path
        What lies in it is published when all is done; after a kill the experiment finds it as it was.
    facts : dict
        The manifest.
    jobs : int
        Worker processes; no result depends on how many.
    progress : Progress
    seconds : dict of str to float
        Wall-clock seconds by stage, for the log.
    """

    folder: Path
    facts: dict[str, Any]
    jobs: int
    progress: Progress
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Note how long a stage takes."""
        begin = time.perf_counter()
        yield
        self.seconds[stage] = round(time.perf_counter() - begin, 3)

    def share(self, case: Case, folders: Sequence[Path], checked: Sequence[np.ndarray]) -> list[Share]:
        """Split the members of a case over the workers; afterwards the caller may let go of the case's series."""
        return share_members(case, folders, checked, self.jobs, self.folder)

    def run_shares(self, shares: Sequence[Share]) -> None:
        """Run the members in lock-step, month by month; finished months are not run again."""
        run_shares(shares, self.progress)

    def run_pieces(self, stage: str, pieces: Sequence[Piece], kept: str) -> list[Any]:
        """Run pieces of work and return their answers; those that stand in the folder `kept` are not run again."""
        return run_pieces(pieces, self.folder / kept, self.jobs, self.progress, stage)
