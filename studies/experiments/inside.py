"""Inside the half-hour: the days with the largest cut again on steps of minutes, with drawn ramps."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from studies.execution.folders import write_json
from studies.study.cases import case_of, loop_members
from studies.study.file.members import Member, middle_point, resolved
from studies.study.file.names import nearest
from studies.study.file.schema import Study
from studies.study.grids import member_grids
from studies.study.inputs import Inputs, member_inputs, sources_of
from studies.study.islands import Grids, clock_of, tables_of
from twin.core.errors import InputError, Problem
from twin.metrics.half_hours import SeriesInMemory
from twin.metrics.kpis import congestion_mw, key_figures, survivor_before_max_percent
from twin.metrics.series import MemberSeries
from twin.network.variants.grids import GridVariants, grid_variants
from twin.operation.simulate import simulate
from twin.resources.within_steps import Ramps, finer_forecasts, finer_profiles

KPIS = (
    "curtailed_congestion_mwh", "congested_hours", "criterion_broken_hours", "forecast_missed_hours", "available_mwh",
    "battery_losses_mwh", "residual_overload_mwh",
)  # fmt: skip
FULLEST = "fullest_survivor_percent"
"""Highest loading of the link's survivor before management."""


@dataclass(frozen=True)
class DayInside:
    """A day in half-hours and on shorter steps: key figures, and how full the survivor is before management."""

    day: int
    date: str
    half_hours: dict[str, float]
    inside: dict[str, float]


def inside_the_half_hour(
    study: Study, scenario: str | None, data: Path | None, days: tuple[int, int] | None, worst: int, minutes: int
) -> list[DayInside]:
    """Return the days with the largest congestion cut, in half-hours and inside them, the largest first.

    Each day is run alone from the state of a run's beginning, on both steps.

    Parameters
    ----------
    study : Study
        Of half-hours; its seed draws the ramps.
    scenario : str, optional
        The first of the file where not given.
    data : pathlib.Path, optional
        Folder with measured data or weather files.
    days : tuple of int, optional
        First and last day of the fiscal year, 1-based and inclusive, among which the days are chosen.
    worst : int
        How many days.
    minutes : int
        Length of the shorter steps.

    Raises
    ------
    InputError
        Where there is no such scenario, or the shorter steps do not divide those of the study.
    """
    coarse = _member(study, scenario)
    period = study.period.model_copy(update={"step_minutes": minutes})
    fine = replace(coarse, study=coarse.study.model_copy(update={"period": period}))
    grids = member_grids([coarse])
    inputs = member_inputs(coarse.study, [coarse], grids, sources_of([coarse], data))
    inside = _finer(fine, grids, inputs)
    reduced = grid_variants(grids.models)
    found = []
    for day in _worst_days(_run(coarse, grids, reduced, inputs, days), worst, days, inputs.clock.steps_of_day):
        rows = [
            _figures(_run(member, grids, reduced, series, (day, day)))
            for member, series in ((coarse, inputs), (fine, inside))
        ]
        date = inputs.series[0][0].index[(day - 1) * inputs.clock.steps_of_day].date().isoformat()
        found.append(DayInside(day, date, *rows))
    return found


def _member(study: Study, scenario: str | None) -> Member:
    names = list(study.scenario) or ["base"]
    chosen = names[0] if scenario is None else scenario
    if chosen not in names:
        repair = nearest(chosen, names)
        raise InputError([Problem("there is no such scenario", "--scenario", chosen, ", ".join(names), repair)])
    return resolved(study, [(chosen, "base", middle_point(study))])[0]


def _finer(fine: Member, grids: Grids, inputs: Inputs) -> Inputs:
    clock, tables, study = clock_of(fine.study), tables_of(fine.study), fine.study
    (profiles, forecasts), plants = inputs.series[0], grids.models[grids.of_member[0]].plants
    key = {"seed": study.seed, "weather_year": study.weather.weather_year}
    moved = finer_profiles(profiles, plants, Ramps.of(tables), clock, **key)
    per = len(moved.index) // len(profiles.index)
    return Inputs(inputs.fleet, ((moved, finer_forecasts(forecasts, per)),), inputs.of_member, clock)


def _run(
    member: Member, grids: Grids, reduced: GridVariants, inputs: Inputs, days: tuple[int, int] | None
) -> MemberSeries:
    mean_mw = inputs.series[0][0].area_demand_mw.mean(axis=0)[None]
    case = case_of(loop_members([member], grids, inputs), reduced, inputs, days, mean_mw)
    kept = SeriesInMemory(case, _asked)
    simulate(case, kept)
    return kept.series()


def _asked(series: MemberSeries) -> object:
    return key_figures(series, KPIS), congestion_mw(series), survivor_before_max_percent(series)


def _figures(series: MemberSeries) -> dict[str, float]:
    found = {name: float(value[0]) for name, value in key_figures(series, KPIS).items()}
    return found | {FULLEST: float(survivor_before_max_percent(series)[0])}


def _worst_days(series: MemberSeries, worst: int, days: tuple[int, int] | None, steps_of_day: int) -> list[int]:
    """Return the days with the largest congestion cut, 1-based in the fiscal year; those without a cut are left out."""
    cut = np.where(series.solved, congestion_mw(series), 0.0)[:, 0].reshape(-1, steps_of_day).sum(axis=1)
    order = np.argsort(-cut, kind="stable")[:worst]
    first = 1 if days is None else days[0]
    return [first + int(day) for day in order if cut[day] > 0.0]


def write_inside(folder: Path, facts: dict[str, str | int], found: Sequence[DayInside]) -> None:
    """Write ``inside.json`` and ``inside.csv``: a row a day and step, and their sums.

    Parameters
    ----------
    folder : pathlib.Path
        Made if it does not exist.
    facts : dict
        Study, scenario, minutes.
    found : sequence of DayInside
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / "inside.json", facts | {"days": [asdict(day) for day in found]})
    with (folder / "inside.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["day", "date", "steps", *KPIS, FULLEST])
        for day in found:
            for steps, values in (("half-hours", day.half_hours), ("inside", day.inside)):
                rows.writerow([day.day, day.date, steps, *(values[name] for name in (*KPIS, FULLEST))])
