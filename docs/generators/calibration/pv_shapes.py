"""What two years of hourly output have in common: shape by month and hour, duration, steps, spread of days."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import wasserstein_distance

from twin.core.clock import fiscal_year

INDEX = fiscal_year(2021, 60)


def month_hour(output: np.ndarray) -> np.ndarray:
    """Return means by month (April first) and hour; (12, 24) from (8760,) or (years, 8760), in units of the mean."""
    years = np.atleast_2d(output)
    months = (INDEX.month.to_numpy() - 4) % 12
    keys = [months, INDEX.hour.to_numpy()]
    means = [pd.Series(year / year.mean()).groupby(keys).mean().to_numpy().reshape(12, 24) for year in years]
    return np.mean(means, axis=0)


def shape_distance_percent(one: np.ndarray, other: np.ndarray) -> float:
    """Return the root mean square difference of two `month_hour`, in percent of the highest value of the first."""
    return float(np.sqrt(((one - other) ** 2).mean()) / one.max() * 100)


def duration_distance(one: np.ndarray, other: np.ndarray) -> float:
    """Return the Wasserstein distance of hourly outputs, each in units of its mean, nights included."""
    return float(wasserstein_distance(one / one.mean(), other / other.mean()))


def steps(output: np.ndarray) -> np.ndarray:
    """Return hour-to-hour steps in units of the mean output."""
    return np.diff(output) / output.mean()


def day_spread(output: np.ndarray) -> float:
    """Return the standard deviation of a day's energy over its month's mean day."""
    days = pd.Series(output.reshape(-1, 24).sum(axis=1))
    months = INDEX.month.to_numpy()[::24]
    return float((days / days.groupby(months).transform("mean")).std())
