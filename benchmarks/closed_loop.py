"""A closed-loop year with all sites, demand response and N-1: one year, twenty in lock-step, `mpc`, the year's bound.

The loop of `goto_2030_policies` (1,400 sites, 8,000 homes, water heaters, cars, commercial sites, `congestion_aware`),
with N-1 over all outages at every half-hour and all tables written, runs in two worker processes. Its time is held
against the time that power-grid-model needs for as many open-loop flows, at the rate that it reached above in the same
run. Flows of the loop are counted low: the intact grid once a half-hour, the outages that the criterion solved in AC,
and those of the N-1 over all outages; flows inside a search for the smallest cut or a headroom are not counted.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from studies.execution.members import make_tasks, run_tasks
from studies.execution.workers import Processes
from studies.study.cases import study_case
from studies.study.file.members import middle_point, resolved
from studies.study.file.reading import read_study, study_path
from twin.bound import perfect_foresight
from twin.metrics.series import read_table
from twin.operation.case import Case
from twin.operation.outages.points import OutageAnalyses

STUDY = "goto_2030_policies"
WORKERS = 2
MANY_YEARS, AS_MANY_SINGLE = 20, 8
LOOP_TARGET, MPC_SECONDS, BOUND_SECONDS = 5.0, 120.0, 180.0


@dataclass(frozen=True)
class LoopTimes:
    """Seconds of each task over a year, and the flows of a member-year."""

    one_year: float
    many_years: float
    flows_a_year: float
    mpc: float
    bounds: dict[str, float]


def loop_times(days: tuple[int, int] | None) -> LoopTimes:
    """Run everything once; over `days` in place of the year for a quick look."""
    with TemporaryDirectory() as place:
        root = Path(place)
        _run(years_case("congestion_aware", 1, (1, 2)), root / "warm")
        one = _run(years_case("congestion_aware", 1, days), root / "one")
        many_case = years_case("congestion_aware", MANY_YEARS, days)
        many = _run(many_case, root / "many")
        idle = years_case("none", 1, days)
        _run(idle, root / "idle")
        with_mpc = _run(years_case("mpc", 1, days), root / "mpc")
        bounds = {name: perfect_foresight(idle, 0, root / "idle" / "0", name).seconds for name in ("energy", "value")}
        return LoopTimes(one, many, flows(many_case, root / "many" / "0"), with_mpc, bounds)


def years_case(scenario: str, years: int, days: tuple[int, int] | None) -> Case:
    """Return a scenario of the study at the middle of its sweep under weather years 1, 2, ..."""
    study = read_study(study_path(STUDY), None, days)
    points = [middle_point(study) | {"weather.weather_year": year} for year in range(1, years + 1)]
    members = resolved(study, [(scenario, str(k), point) for k, point in enumerate(points)])
    return study_case(study, members, None, days)


def flows(case: Case, folder: Path) -> float:
    """Return the AC flows of a member over the case, counted low."""
    solved = int(read_table(folder, "n1", ["outages_solved"])["outages_solved"].sum())
    watched = len(OutageAnalyses(case).of_variant(0).cases)
    return float(len(case.index) * (1 + watched) + solved)


def _run(case: Case, place: Path) -> float:
    place.mkdir()
    folders = [place / str(m) for m in range(len(case.members))]
    workers = Processes(WORKERS)
    tasks = make_tasks(case, folders, [np.zeros(0, dtype=np.int64)] * len(folders), workers, place)
    start = time.perf_counter()
    run_tasks(tasks, workers, place, lambda *_: None)
    return time.perf_counter() - start
