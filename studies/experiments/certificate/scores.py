"""The numbers of a certificate: scores against the bound, paired differences over years, and the verdict."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from scipy.stats import t as student_t

from studies.experiments.certificate.limits import LOSERS, OF_MONEY, Limit, lost
from studies.experiments.certificate.look_ahead import Checks
from twin.metrics import comparisons
from twin.metrics.comparisons import Kpis as Kpis
from twin.policies.running.process import Noticed
from twin.policies.running.watch import READS

CONFIDENCE = 0.95
SMALLEST_GAIN = 1e-3
"""Share of the bound below which nothing is to be gained.

The bound is the optimum of a relaxed problem and unattainable by about as much: a share of less would say nothing, and
a policy that loses a little would read as one that loses many times what there is."""


@dataclass(frozen=True)
class Paired:
    """Mean of the paired differences, with its confidence interval.

    Attributes
    ----------
    mean : float
        Policy less none, mean over the years.
    low, high : float or None
        Ends of the 95 % confidence interval of the mean; None with one year.
    by_year : tuple of float
    is_distinguishable : bool or None
        Whether the interval leaves out zero; None with one year.
    """

    mean: float
    low: float | None
    high: float | None
    by_year: tuple[float, ...]
    is_distinguishable: bool | None


def paired_difference(policy: Sequence[float], none: Sequence[float]) -> Paired:
    """Return the mean difference of pairs under the same weather, with Student's t interval.

    Parameters
    ----------
    policy, none : sequence of float
        One value a year.
    """
    differences = np.asarray(policy, dtype=float) - np.asarray(none, dtype=float)
    by_year, mean, years = tuple(map(float, differences)), float(differences.mean()), len(differences)
    if years < 2:
        return Paired(mean, None, None, by_year, None)
    half_width = student_t.ppf(0.5 + CONFIDENCE / 2.0, years - 1) * differences.std(ddof=1) / np.sqrt(years)
    low, high = float(mean - half_width), float(mean + half_width)
    return Paired(mean, low, high, by_year, not low <= 0.0 <= high)


def percent_of_bound(policy: Sequence[float], bound: Sequence[float]) -> float | None:
    """Return what a policy reaches of the bound, both summed over the years, %; None without a bound above 0."""
    most = float(np.sum(bound))
    return 100.0 * float(np.sum(policy)) / most if most > 0.0 else None


def percent_of_gain(policy: Sequence[float], none: Sequence[float], bound: Sequence[float]) -> float | None:
    """Return what a policy reaches of the way from none to the bound, in percent; negative where it does harm.

    None where there is nothing to gain.
    """
    to_gain = float(np.sum(bound) - np.sum(none))
    if to_gain <= SMALLEST_GAIN * abs(float(np.sum(bound))):
        return None
    return 100.0 * float(np.sum(policy) - np.sum(none)) / to_gain


SCORES = {"energy": "energy_used_mwh", "value": "net_supply_jpy"}
"""Main scores by the bound's objective."""

NO_MORE_THAN_NONE = (
    "criterion_broken_hours", "forecast_missed_hours", "residual_overload_mwh", "voltage_outside_hours",
    "all_outage_violation_hours", "all_outage_overload_hours", "all_outage_unsolved_cases", "unsolved_half_hours",
    "unmet_service_mwh",
)  # fmt: skip
"""Of each, no year and no error level may have more than the same year without control."""
CRITERIA = (*NO_MORE_THAN_NONE, *LOSERS, "failures", "look_ahead", "deterministic", "keeps_to_itself")
"""All of a certificate; it is passed only if each is there and is met."""
MISSING = "missing"
"""Where a run lacks the key figure of a criterion."""
SAME_WITHIN = 0.01
"""MWh that differ by less are the same: the loop's energy identity holds to 0.01 MWh; hours come in halves."""


@dataclass(frozen=True)
class Criterion:
    """One line of the verdict.

    Attributes
    ----------
    name : str
        Of `CRITERIA`.
    passed : bool
    excess : float or None
        Largest excess over none of all runs, for key figures; negative where all have less.
    year : int or None
        Weather year of that run.
    error_factor : float or None
        Its error level.
    where : str
        What was found, for checks.
    limit : float or None
        Most that is accepted, for what somebody loses.
    """

    name: str
    passed: bool
    excess: float | None = None
    year: int | None = None
    error_factor: float | None = None
    where: str = ""
    limit: float | None = None


@dataclass(frozen=True)
class Level:
    """The runs at one error level; one entry a year everywhere, the same years as `none`."""

    error_factor: float
    years: Sequence[int | None]
    kpis: Sequence[Kpis]


def verdict(
    levels: Sequence[Level],
    none: Sequence[Kpis],
    checks: Checks,
    noticed: Sequence[Noticed],
    limits: Sequence[Limit],
    commands: int,
) -> list[Criterion]:
    """Return all criteria; of money none where no run has any, as on an island without prices.

    Parameters
    ----------
    levels, none, checks
    noticed : sequence of Noticed
        What the policy does beside deciding.
    limits : sequence of Limit
    commands : int
        Most that a run can have: sites with a battery and devices, in every step.
    """
    judged = criteria_of(none)
    found = [_no_more_than_none(name, levels, none) for name in NO_MORE_THAN_NONE]
    found += [_within(limit, levels, none, commands) for limit in limits if limit.name in judged]
    failures = sum(kpis["policy_failures"] or 0.0 for level in levels for kpis in level.kpis)
    return [
        *found,
        Criterion("failures", failures == 0.0, failures),
        Criterion("look_ahead", checks.looks_ahead is False, where=checks.first_difference or checks.first_unlike),
        Criterion("deterministic", checks.is_deterministic, where=checks.first_unlike),
        _keeps_to_itself(noticed),
    ]


def criteria_of(none: Sequence[Kpis]) -> list[str]:
    """Return the criteria that runs beside `none` are judged by."""
    has_money = any(kpis.get("cash_sites_jpy") is not None for kpis in none)
    return [name for name in CRITERIA if has_money or name not in OF_MONEY]


def is_passed(criteria: Sequence[Criterion], none: Sequence[Kpis]) -> bool:
    """Return whether every criterion is there and is met."""
    return [one.name for one in criteria] == criteria_of(none) and all(one.passed for one in criteria)


def _keeps_to_itself(noticed: Sequence[Noticed]) -> Criterion:
    beside = [one for one in noticed if one.kind != READS]
    first = f"{beside[0].kind}: {beside[0].what}" if beside else ""
    return Criterion("keeps_to_itself", not beside, float(len(beside)), where=first)


def _no_more_than_none(name: str, levels: Sequence[Level], none: Sequence[Kpis]) -> Criterion:
    def more(mine: Kpis, theirs: Kpis) -> float | None:
        of_both = mine.get(name), theirs.get(name)
        return None if of_both[0] is None or of_both[1] is None else of_both[0] - of_both[1]

    return _worst(name, SAME_WITHIN, more, levels, none)


def _within(limit: Limit, levels: Sequence[Level], none: Sequence[Kpis], commands: int) -> Criterion:
    def of_run(mine: Kpis, theirs: Kpis) -> float | None:
        return lost(limit.name, mine, theirs, commands)

    return replace(_worst(limit.name, limit.limit, of_run, levels, none), limit=limit.limit)


def _worst(
    name: str,
    most: float,
    of_run: Callable[[Kpis, Kpis], float | None],
    levels: Sequence[Level],
    none: Sequence[Kpis],
) -> Criterion:
    """Return a criterion by the largest value of all runs; one that is not known is not met."""
    found = []
    for level in levels:
        for year, mine, theirs in zip(level.years, level.kpis, none, strict=True):
            value = of_run(mine, theirs)
            if value is None or np.isnan(value):
                return Criterion(name, False, None, year, level.error_factor, MISSING)
            found.append((value, year, level.error_factor))
    worst, year, error_factor = max(found, key=lambda one: one[0])
    return Criterion(name, worst <= most, worst, year, error_factor)


def score(kpi: str, level: Level, none: Sequence[Kpis], bound: Sequence[float] | None) -> dict[str, Any] | None:
    """Return a main score of an error level; None where a run has no such key figure, as on an island without prices.

    Parameters
    ----------
    kpi : str
        One of `SCORES`' values.
    level : Level
    none : sequence of Kpis
        One a year.
    bound : sequence of float, optional
        Upper bound of each year in the key figure's unit.
    """
    mine, theirs = ([value for kpis in some if (value := kpis[kpi]) is not None] for some in (level.kpis, none))
    if len(mine) < len(level.kpis) or len(theirs) < len(none):
        return None
    return {
        "mean": _mean(mine),
        "none": _mean(theirs),
        "bound": None if bound is None else _mean(bound),
        "percent_of_bound": None if bound is None else percent_of_bound(mine, bound),
        "percent_of_gain": None if bound is None else percent_of_gain(mine, theirs, bound),
        "difference": asdict(paired_difference(mine, theirs)),
    }


def gained_and_lost(level: Level, none: Sequence[Kpis]) -> dict[str, float]:
    """Return what is gained and lost against none, mean of the years, MWh; losses positive."""
    of_years = [comparisons.gained_and_lost(mine, theirs) for mine, theirs in zip(level.kpis, none, strict=True)]
    return {name: _mean([found[name] for found in of_years]) for name in of_years[0]}


def mean_kpis(runs: Sequence[Kpis]) -> dict[str, float | None]:
    """Return the mean of each key figure over the years; None where a year has none."""
    found: dict[str, float | None] = {}
    for name in runs[0]:
        values = [kpis[name] for kpis in runs]
        known = [value for value in values if value is not None]
        found[name] = _mean(known) if len(known) == len(values) else None
    return found


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
