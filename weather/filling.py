"""Short gaps of a measured series filled from what stands around them, where the user asks for it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from twin.clock import usual_step
from twin.weather_table import Place
from weather.reading import Reading
from weather.sun import Sun, sun_over

LOW_SUN_W_PER_M2 = 20.0
"""With less clear-sky irradiance how clear it was cannot be told; the nearest hours with more tell it."""


def filled(reading: Reading, place: Place, hours: float) -> Reading:
    """Fill gaps of up to `hours`: temperature and wind on a straight line, irradiance as clear as before and after.

    Parameters
    ----------
    reading : Reading
        Times that are missing count as gaps; doubled times are left for the checks to name.
    place : Place
        Gives the clear sky.
    hours : float
        0 fills nothing.

    Returns
    -------
    Reading
        Longer gaps, and gaps at either end, stay.
    """
    if hours <= 0.0:
        return reading
    return replace(reading, means=_means(reading, place, hours), instants=_instants(reading.instants, hours))


def _means(reading: Reading, place: Place, hours: float) -> pd.DataFrame:
    means = _with_every_time(reading.means)
    if means.empty or means.index.has_duplicates:
        return reading.means
    sun = sun_over(pd.DatetimeIndex(means.index), place)
    longest = int(hours * pd.Timedelta(hours=1) / reading.interval)
    return means.apply(lambda values: _as_clear_as_around(values, sun, longest))


def _as_clear_as_around(values: pd.Series, sun: Sun, longest: int) -> pd.Series:
    """Interpolate the share of the clear sky and give it back to the gap."""
    usable = sun.clear_sky > LOW_SUN_W_PER_M2
    share = pd.Series(np.where(usable, values / np.where(usable, sun.clear_sky, 1.0), np.nan))
    guess = share.interpolate(limit_direction="both").to_numpy() * sun.clear_sky
    return values.where(~_is_short_gap(values, longest), guess)


def _instants(instants: pd.DataFrame, hours: float) -> pd.DataFrame:
    complete = _with_every_time(instants)
    if complete.empty or complete.index.has_duplicates:
        return instants
    longest = int(hours * pd.Timedelta(hours=1) / (complete.index[1] - complete.index[0]))
    line = complete.interpolate(limit_area="inside")
    return complete.apply(lambda values: values.where(~_is_short_gap(values, longest), line[values.name]))


def _is_short_gap(values: pd.Series, longest: int) -> pd.Series:
    """Return which values are missing in runs of at most `longest` that have a value on both sides."""
    missing = values.isna()
    length = missing.groupby((missing != missing.shift()).cumsum()).transform("size")
    inside = values.ffill().notna() & values.bfill().notna()
    return missing & (length <= longest) & inside


def _with_every_time(frame: pd.DataFrame) -> pd.DataFrame:
    """Return `frame` with a row for every time from the first to the last in the usual spacing."""
    if len(frame) < 2 or frame.columns.empty or frame.index.has_duplicates:
        return frame
    frame = frame.sort_index()
    spacing = usual_step(pd.DatetimeIndex(frame.index))
    return frame.reindex(frame.index.union(pd.date_range(frame.index[0], frame.index[-1], freq=spacing)))
