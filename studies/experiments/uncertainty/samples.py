"""Unknowns as ranges, and the samples that an uncertainty analysis draws from them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from SALib.sample import latin

from studies.study.file.members import BASE, Member, middle_point, resolved
from studies.study.file.schema import Study
from twin.core.random_streams import stream
from weather.synthetic.year import NORMAL_YEAR

PURPOSE, WEATHER_YEAR = "uncertainty", "weather year"
BASE_PART, YEARS, SAMPLES, ONE_AT_A_TIME = "base", "weather years", "samples", "one at a time"
PARTS = (BASE_PART, YEARS, SAMPLES, ONE_AT_A_TIME)


@dataclass(frozen=True)
class Setting:
    """One dotted study key and its range.

    Attributes
    ----------
    key : str
    low, high : float
        Values at the two ends of the unknown; `low` is the larger one where the setting moves against the others.
    base : float
        Value of the study as it is.
    whole : bool
        Whether only whole numbers are possible.
    choices : tuple of float
        The only possible values, ascending, where not every number between the ends is possible.
    """

    key: str
    low: float
    base: float
    high: float
    whole: bool = False
    choices: tuple[float, ...] = ()

    def value(self, quantile: float) -> float | int:
        """Return the value at a quantile, 0 (`low`) to 1 (`high`), uniform between."""
        if self.choices:
            chosen = self.choices[min(int(quantile * len(self.choices)), len(self.choices) - 1)]
            return int(chosen) if self.whole else chosen
        if self.whole:
            count = int(self.high) - int(self.low) + 1
            return int(self.low) + min(int(quantile * count), count - 1)
        return self.low + quantile * (self.high - self.low)


@dataclass(frozen=True)
class Unknown:
    """One uncertain input; it may move several settings together.

    Attributes
    ----------
    name : str
        ``<table>.<row>``, a name that rows share (``varies_with``), or a dotted study key.
    settings : tuple of Setting
    title_en, title_ja, unit : str
    source, status : str
        Of the range's first row; ``status`` is the weakest of all rows.
    """

    name: str
    settings: tuple[Setting, ...]
    title_en: str
    title_ja: str
    unit: str
    source: str
    status: str

    def values(self, quantile: float) -> dict[str, float | int]:
        """Return the value of each dotted key at a quantile: 0 gives low, 1 high, uniform between."""
        return {setting.key: setting.value(quantile) for setting in self.settings}


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
