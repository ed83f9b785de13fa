"""Paired differences over weather years, and whether they can be told from chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student_t

CONFIDENCE = 0.95
SMALLEST_GAIN = 1e-6
"""Share of the bound below which nothing is to be gained: a share of it would be rounding noise."""


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
