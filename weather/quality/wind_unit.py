"""Is the wind speed in m/s? Its mean against the place's normal at the measured height."""

from __future__ import annotations

from dataclasses import dataclass
from math import gamma, sqrt

import numpy as np
import pandas as pd

from twin.core.errors import Problem
from weather.climate import Climate
from weather.conversion import wind_at_height
from weather.quality.checks import WRONG_UNIT
from weather.readers.reading import WIND_UNITS, Reading

MEMORY_HOURS = 20.0
"""Integral time of the wind: a mean over few of them says little (docs/concepts/resources/weather.md)."""


@dataclass(frozen=True)
class WindMean:
    """Mean wind speed of a file and the place's normal for the same months, both in m/s at the measured height."""

    mean: float
    normal: float
    hours: float
    height_m: float


def wind_mean(reading: Reading, climate: Climate) -> WindMean | None:
    """Return the mean and the normal, None without wind or without its height."""
    if "wind_speed" not in reading.instants or not reading.wind_height_m:
        return None
    wind = reading.instants["wind_speed"].astype(float).dropna()
    if len(wind) < 2 or climate.place.roughness_length_m >= reading.wind_height_m:
        return None
    months = pd.DatetimeIndex(wind.index).month.to_numpy()
    lift = float(wind_at_height(pd.Series([1.0]), reading.wind_height_m, climate.place).iloc[0])
    normal = float(climate.wind_mean_m_per_s[months - 1].mean()) / lift
    spacing = np.median(np.diff(np.sort(pd.DatetimeIndex(wind.index).unique().as_unit("s").asi8))) / 3600.0
    return WindMean(float(wind.mean()), normal, float(len(wind) * spacing), reading.wind_height_m)


def wind_unit_problems(reading: Reading, climate: Climate, where: str) -> list[Problem]:
    """Return a problem where the mean is so far above the place's normal that the unit must be stated.

    The bound is the reading's own, wider by two standard errors of the mean of a Weibull-distributed wind.

    Parameters
    ----------
    reading : Reading
    climate : Climate
    where : str

    Returns
    -------
    list of Problem
    """
    found = wind_mean(reading, climate)
    if found is None or not np.isfinite(reading.wind_in_doubt):
        return []
    shape = climate.weibull_shape
    variation = sqrt(gamma(1.0 + 2.0 / shape) / gamma(1.0 + 1.0 / shape) ** 2 - 1.0)
    error = variation * sqrt(2.0 * MEMORY_HOURS / max(found.hours, MEMORY_HOURS))
    if found.mean <= reading.wind_in_doubt * found.normal * (1.0 + 2.0 * error):
        return []
    as_other = "; ".join(f"{found.mean * WIND_UNITS[unit]:.1f} if the file is in {unit}" for unit in WIND_UNITS)
    seen = (
        f"mean {found.mean:.1f} at {found.height_m:g} m, normal of {climate.place.place_id} there "
        f"{found.normal:.1f} m/s; in m/s it is {as_other} (km/h or 0.1 m/s?)"
    )
    units = ", ".join(f'"{unit}"' for unit in WIND_UNITS)
    repair = 'state the unit: unit = "m/s" in the study, --unit m/s on the command line'
    return [Problem(WRONG_UNIT, f"{where}, wind_speed", seen, f"unit = one of {units}", repair)]
