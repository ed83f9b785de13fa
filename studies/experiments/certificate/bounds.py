"""What anyone could reach at most in each year of a certificate."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from studies.execution.members import SHARED, SharedArrays, remove_shared
from studies.execution.workers import Piece
from studies.experiments.runner import Work
from twin.bound.foresight import OBJECTIVES, perfect_foresight
from twin.core.errors import InputError
from twin.operation.case import Case, of_members

BOUNDS = "bounds"
"""Folder of what is solved already."""


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


def upper_bounds(case: Case, uncontrolled: Sequence[int], folders: Sequence[Path], work: Work) -> Bounds:
    """Return the bounds of all years.

    Parameters
    ----------
    case : Case
    uncontrolled : sequence of int
        Members without control, one a year.
    folders : sequence of pathlib.Path
        Tables of all members.
    work : Work
    """
    shared = SharedArrays(work.folder / SHARED)
    pieces = [Piece(f"{m}", partial(_of_year, shared.pickled(of_members(case, [m])), folders[m])) for m in uncontrolled]
    try:
        found = work.run_pieces(BOUNDS, pieces, BOUNDS, reads_files=True)
    except InputError as error:
        return Bounds(None, None, "; ".join(f"{problem.what}: {problem.seen}" for problem in error.problems))
    finally:
        remove_shared(shared.folder)
    energy = [of_year["energy"] for of_year in found]
    value = [of_year["value"] for of_year in found] if all("value" in of_year for of_year in found) else None
    return Bounds(energy, value, "")


def _of_year(saved: bytes, folder: Path) -> dict[str, float]:
    """Return the bounds of a year by objective; without prices there is none of the value."""
    case: Case = pickle.loads(saved)  # noqa: S301 - sent by the parent process
    has_prices = bool(np.isfinite(case.profiles[0][0].price_jpy_per_kwh).all())
    objectives = [objective for objective in OBJECTIVES if objective == "energy" or has_prices]
    return {objective: perfect_foresight(case, 0, folder, objective).upper for objective in objectives}
