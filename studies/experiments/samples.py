"""The samples of an uncertainty analysis: which there are, and how a block of them runs in lock-step."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from SALib.sample import latin

from studies.experiments.unknowns import Unknown
from studies.study.cases import case_of, loop_members
from studies.study.grids import member_grids
from studies.study.inputs import Inputs, member_inputs, sources_of
from studies.study.islands import Grids
from studies.study.members import BASE, Member, middle_point, resolved
from studies.study.schema import Study
from twin.core.errors import InputError
from twin.core.quantities import shown_in
from twin.core.random_streams import stream
from twin.metrics.comparisons import net_benefit
from twin.metrics.half_hours import SeriesInMemory
from twin.metrics.kpis import key_figures, or_none
from twin.metrics.series import MemberSeries
from twin.network.reduced.reduction import ReducedGrid, reduce_grids
from twin.operation.case import Case
from twin.operation.simulate import simulate
from twin.resources.profiles import Forecasts, Profiles
from weather.synthetic.year import NORMAL_YEAR

CONGESTION = "curtailed_congestion_mwh"
"""A sample has it under the name of its kind of operator."""

BENEFIT = "net_benefit_of_control_mwh"
"""Of scenarios other than the uncontrolled one."""


PURPOSE, WEATHER_YEAR = "uncertainty", "weather year"
BASE_PART, YEARS, SAMPLES, ONE_AT_A_TIME = "base", "weather years", "samples", "one at a time"
PARTS = (BASE_PART, YEARS, SAMPLES, ONE_AT_A_TIME)


@dataclass(frozen=True)
class Sample:
    """A study with some unknowns away from their base values.

    Attributes
    ----------
    part : str
        One of `PARTS`.
    number : int
        From 0 in each part.
    weather_year : int or None
        None where the study's own weather is the only one.
    quantiles : dict of str to float
        By name of the unknown; the others have their base values.
    """

    part: str
    number: int
    weather_year: int | None
    quantiles: Mapping[str, float] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """Name of the sample in problems."""
        return f"{self.part} {self.number}"

    def values(self, unknowns: Mapping[str, Unknown]) -> dict[str, float | int]:
        """Return the values that the sample puts into the study, by dotted key."""
        found: dict[str, float | int] = {}
        for name, quantile in self.quantiles.items():
            found |= unknowns[name].values(quantile)
        return found


def sampled_scenarios(study: Study) -> tuple[str, ...]:
    """Return the scenarios that are sampled: the study's choice, or the uncontrolled one and one with a policy."""
    if study.uncertainty.scenarios:
        return tuple(study.uncertainty.scenarios)
    names = list(study.scenario) or [BASE]
    first = study.compare.uncontrolled or names[0]
    policy_of = {name: study.scenario[name].overrides.get("operation.policy", study.operation.policy)
                 for name in study.scenario}  # fmt: skip
    controlled = [name for name in names if name != first and policy_of.get(name, "none") != "none"]
    return (first, *controlled[-1:])


def weather_years(study: Study) -> tuple[int, ...]:
    """Return the numbers of the synthetic years that are drawn from; none where the weather is given."""
    if study.weather.source != "synthetic":
        return ()
    return tuple(range(NORMAL_YEAR + 1, NORMAL_YEAR + 1 + study.uncertainty.weather_years))


def own_year(study: Study) -> int | None:
    """Return the study's weather year; None where the weather is given."""
    return study.weather.weather_year if study.weather.source == "synthetic" else None


def base_and_years(study: Study) -> list[Sample]:
    """Return the study as it is, and under each weather year."""
    years = [Sample(YEARS, number, year) for number, year in enumerate(weather_years(study))]
    return [Sample(BASE_PART, 0, own_year(study)), *years]


def hypercube(study: Study, unknowns: Sequence[Unknown], count: int) -> list[Sample]:
    """Return a Latin hypercube over all unknowns and the weather years.

    Each unknown's column has its own random stream, so that one more unknown leaves the columns of the others as they
    are.
    """
    columns = {unknown.name: _column(study.seed, unknown.name, count) for unknown in unknowns}
    years = np.array(weather_years(study) or [0])
    drawn = years[(_column(study.seed, WEATHER_YEAR, count) * len(years)).astype(int)]
    return [
        Sample(
            SAMPLES,
            number,
            int(drawn[number]) if weather_years(study) else None,
            {name: float(column[number]) for name, column in columns.items()},
        )
        for number in range(count)
    ]


def one_at_a_time(study: Study, names: Sequence[str]) -> list[Sample]:
    """Return two samples for each unknown: at its low and at its high end, all others at their bases."""
    ends = [(name, quantile) for name in names for quantile in (0.0, 1.0)]
    return [Sample(ONE_AT_A_TIME, number, own_year(study), {name: end}) for number, (name, end) in enumerate(ends)]


def sample_members(
    study: Study, sample: Sample, scenarios: Sequence[str], unknowns: Mapping[str, Unknown]
) -> list[Member]:
    """Return a sample's members, one a scenario, at the middle of the study's sweep.

    Raises
    ------
    InputError
        Where a combination of values is invalid.
    """
    point: dict[str, Any] = middle_point(study) | sample.values(unknowns)
    if sample.weather_year is not None:
        point["weather.weather_year"] = sample.weather_year
    return resolved(study, [(name, sample.label, point) for name in scenarios])


def blocks_of(samples: Sequence[Sample], size: int) -> Iterator[list[Sample]]:
    """Yield blocks of consecutive samples; they depend on the samples' numbers only."""
    for start in range(0, len(samples), size):
        yield list(samples[start : start + size])


def _column(seed: int, name: str, count: int) -> np.ndarray:
    problem = {"num_vars": 1, "names": [name], "bounds": [[0.0, 1.0]]}
    column = latin.sample(problem, count, seed=int(stream(seed, PURPOSE, 0, name).integers(2**32)))
    return np.asarray(column[:, 0], dtype=float)


Row = dict[str, Any]
"""A sample in a scenario: ``part number scenario weather_year failure`` and, unless refused, its headlines."""


@dataclass(frozen=True)
class Setup:
    """What all blocks of an analysis have in common."""

    study: Study
    data: Path | None
    days: tuple[int, int] | None
    scenarios: tuple[str, ...]
    unknowns: tuple[Unknown, ...]


def run_block(setup: Setup, samples: Sequence[Sample]) -> list[Row]:
    """Run samples in lock-step, a member for each sample and scenario.

    Returns
    -------
    list of dict
        One a sample and scenario. ``failure`` says why a sample was refused, or that half-hours have no solution.
    """
    case, run, refused = _accepted(setup, samples)
    figures = [] if case is None else _figures(setup, case)
    found = {sample.label: figures[k] for k, sample in enumerate(run)}
    rows = []
    for sample in samples:
        head = {"part": sample.part, "number": sample.number, "weather_year": sample.weather_year}
        of_scenarios = found.get(sample.label, [{} for _ in setup.scenarios])
        for scenario, values in zip(setup.scenarios, of_scenarios, strict=True):
            failure = refused.get(sample.label) or _unsolved(values)
            rows.append({**head, "scenario": scenario, "failure": failure, **values})
    return rows


def _unsolved(values: Mapping[str, float | None]) -> str:
    count = values["unsolved_half_hours"] or 0
    return f"{count:.0f} half-hours without a solution" if count else ""


def _accepted(setup: Setup, samples: Sequence[Sample]) -> tuple[Case | None, list[Sample], dict[str, str]]:
    """Return the case of the samples that can be run, those samples, and why the others cannot, by label."""
    left, refused = list(samples), dict[str, str]()
    for check in (_networks, _case):
        try:
            return _case(setup, left), left, refused
        except InputError:
            refused |= {sample.label: why for sample in left if (why := _refusal(check, setup, sample))}
            left = [sample for sample in left if sample.label not in refused]
            if not left:
                return None, [], refused
    return _case(setup, left), left, refused


def _refusal(check: Any, setup: Setup, sample: Sample) -> str:  # noqa: ANN401 - one of the two functions below
    try:
        check(setup, [sample])
    except InputError as error:
        return "; ".join(f"{problem.where}: {problem.what}" for problem in error.problems)
    return ""


def _networks(setup: Setup, samples: Sequence[Sample]) -> tuple[list[Member], Grids, ReducedGrid]:
    unknowns = {unknown.name: unknown for unknown in setup.unknowns}
    members: list[Member] = []
    for sample in samples:
        members += sample_members(setup.study, sample, setup.scenarios, unknowns)
    grids = member_grids(members)
    return members, grids, reduce_grids(grids.models)


def _case(setup: Setup, samples: Sequence[Sample]) -> Case:
    """Return the loop's case of the samples: scenario by scenario of the first sample, then of the next."""
    members, grids, reduced = _networks(setup, samples)
    inputs = _inputs(setup, members, grids)
    settled = tuple(loop_members(members, grids, inputs))
    # each sample is a study of its own: its operator knows the mean demand of its first scenario
    first = np.repeat(np.arange(0, len(members), len(setup.scenarios)), len(setup.scenarios))
    mean_mw = np.stack([profiles.area_demand_mw.mean(axis=0) for profiles, _ in inputs.series])
    return case_of(settled, reduced, inputs, setup.days, mean_mw[[settled[m].profiles for m in first]])


def _inputs(setup: Setup, members: list[Member], grids: Grids) -> Inputs:
    """Return the series of all members, made sky by sky: a sample's weather is let go of when its series are made."""
    of_sky: dict[str, list[int]] = {}
    for m, member in enumerate(members):
        sky = json.dumps([member.study.weather.model_dump(mode="json"), member.study.inputs], sort_keys=True)
        of_sky.setdefault(sky, []).append(m)
    series: list[tuple[Profiles, Forecasts]] = []
    of_member = [0] * len(members)
    for some in of_sky.values():
        mine = [members[m] for m in some]
        their_grids = Grids(grids.models, tuple(grids.of_member[m] for m in some))
        made = member_inputs(setup.study, mine, their_grids, sources_of(mine, setup.data))
        for m, position in zip(some, made.of_member, strict=True):
            of_member[m] = len(series) + position
        series += made.series
    return Inputs(made.fleet, tuple(series), tuple(of_member))


def _figures(setup: Setup, case: Case) -> list[list[dict[str, float | None]]]:
    """Return the headlines of each sample of a case, scenario by scenario; None where one is not defined."""
    count, base = len(setup.scenarios), _uncontrolled(setup)
    kept = SeriesInMemory(case, lambda series: (headlines(series), net_benefit(series.member(0), series.member(0))))
    simulate(case, kept)
    series = kept.series()
    found = headlines(series)
    figures = []
    for m, member in enumerate(case.members):
        values = {f"{member.operator}_operator_{CONGESTION}": or_none(found[CONGESTION][m])}
        values |= {name: or_none(column[m]) for name, column in found.items() if name != CONGESTION}
        if base is not None and m % count != base:
            values[BENEFIT] = net_benefit(series.member(m), series.member(m - m % count + base)).mwh
        figures.append(values)
    return [figures[first : first + count] for first in range(0, len(figures), count)]


def headlines(series: MemberSeries) -> dict[str, np.ndarray]:
    """Return the headlines of each sample, (M,); NaN where not defined."""
    return key_figures(series, shown_in("sample"))


def _uncontrolled(setup: Setup) -> int | None:
    """Return the position of the uncontrolled scenario, None where it is not sampled."""
    name = setup.study.compare.uncontrolled
    return setup.scenarios.index(name) if name in setup.scenarios else None
