"""What a weather file says of the sun and the normals, in its own time steps; gaps do no harm."""

from __future__ import annotations

import numpy as np
import pandas as pd

from twin.clock import usual_step
from twin.errors import Problem
from weather.checks import clearest_ratio, irradiance_unit_problems, mean_unit_problems, time_problems
from weather.climate import Climate
from weather.readers.coverage import is_enough
from weather.reading import Reading
from weather.sun import Sun, sun_over
from weather.sun_clock import SUMMER_MONTHS, WINTER_MONTHS, clock_offset_hours, clock_problems

DULL, CLEAR = 0.4, 0.7
"""A day with less or more of its clear-sky irradiation is called dull or clear."""

YEAR_HOURS = 8766
DAYS_OF_MONTHS = np.array([31.0, 28.25, 31.0, 30.0, 31.0, 30.0, 31.0, 31.0, 30.0, 31.0, 30.0, 31.0])


def own_figures(reading: Reading, climate: Climate, where: str) -> tuple[dict[str, float], list[Problem]]:
    """Return figures by name with unit, and what is wrong, of a file in its own steps.

    Parameters
    ----------
    reading : Reading
    climate : Climate
        Place and normals to compare with.
    where : str
        The file's name, for the problems.

    Returns
    -------
    figures : dict of str to float
    problems : list of Problem
    """
    problems = mean_unit_problems(reading.instants, where)
    for frame, part in ((reading.means, "irradiance"), (reading.instants, "temperature and wind")):
        if len(frame.columns) and len(frame) > 1:
            times = pd.DatetimeIndex(frame.index)
            problems += time_problems(times, every_time(times), f"{where}, {part}")
    if len(reading.means) < 2 or not is_enough(reading.means):
        return _against_normals(reading, climate, float("nan")), problems
    means = reading.means[~reading.means.index.duplicated()]
    index = every_time(pd.DatetimeIndex(means.index))
    means, sun = means.reindex(index), sun_over(index, climate.place)
    ghi = means["ghi"] if "ghi" in means else means["dni"] * sun.cos_zenith + means["dhi"]
    problems += irradiance_unit_problems(ghi, sun, where)
    problems += clock_problems(pd.DataFrame({"ghi": ghi}), sun, index, where)
    figures = _sun_figures(ghi.to_numpy(dtype=float), sun, index, reading.interval / pd.Timedelta(hours=1))
    return figures | _against_normals(reading, climate, figures["irradiation_kwh_per_m2_year"]), problems


def every_time(times: pd.DatetimeIndex) -> pd.DatetimeIndex:
    """Return every time from the first to the last in the usual spacing."""
    return pd.date_range(times.min(), times.max(), freq=usual_step(times))


def _sun_figures(ghi: np.ndarray, sun: Sun, index: pd.DatetimeIndex, hours: float) -> dict[str, float]:
    there = np.isfinite(ghi)
    total, clear = (float(values[there].sum()) * hours / 1000.0 for values in (ghi, sun.clear_sky))
    above = float(sun.extraterrestrial[there].sum()) * hours / 1000.0
    clear_year = float(sun.clear_sky.sum()) * hours / 1000.0 / max(len(index) * hours / YEAR_HOURS, 1.0)
    days = pd.DataFrame({"ghi": ghi, "clear": sun.clear_sky}, index=index).dropna()
    days = days.groupby(pd.DatetimeIndex(days.index).normalize()).sum()
    clearness = days["ghi"] / days["clear"].where(days["clear"] > 0.0)
    return {
        "irradiation_kwh_per_m2": total,
        "irradiation_kwh_per_m2_year": clear_year * total / clear if clear else float("nan"),
        "share_of_clear_sky": total / clear if clear else float("nan"),
        "share_of_extraterrestrial": total / above if above else float("nan"),
        "clearest_hours_of_clear_sky": clearest_ratio(ghi, sun),
        "dull_days_share": float((clearness < DULL).mean()),
        "clear_days_share": float((clearness > CLEAR).mean()),
        "clock_offset_hours": clock_offset_hours(ghi, sun, index),
        "clock_offset_summer_hours": clock_offset_hours(ghi, sun, index, SUMMER_MONTHS),
        "clock_offset_winter_hours": clock_offset_hours(ghi, sun, index, WINTER_MONTHS),
    }


def _against_normals(reading: Reading, climate: Climate, irradiation: float) -> dict[str, float]:
    """Return the yearly irradiation over the normal, and the mean deviation of the months' temperatures."""
    figures = {}
    if np.isfinite(irradiation) and pd.DatetimeIndex(reading.means.index).month.nunique() == len(DAYS_OF_MONTHS):
        figures["irradiation_over_normal"] = irradiation / float(climate.ghi_kwh_per_m2_day @ DAYS_OF_MONTHS)
    if "temp_air" in reading.instants:
        months = reading.instants["temp_air"].groupby(pd.DatetimeIndex(reading.instants.index).month).mean()
        figures["temperature_minus_normal_c"] = float((months - climate.temp_air_mean_c[months.index - 1]).mean())
    return figures
