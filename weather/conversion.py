"""From a file's own time steps and variables to the study's: gaps, calendar, step, parts of the irradiance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import gcd

import numpy as np
import pandas as pd

from twin.core.clock import usual_step
from twin.core.weather_table import Place
from weather.readers.reading import IRRADIANCE, Reading
from weather.readers.times import as_one_year, without_leap_day
from weather.sun import Sun, beam_and_diffuse, sun_over

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
    longest = int(hours * pd.Timedelta(hours=1) / usual_step(pd.DatetimeIndex(complete.index)))
    line = complete.interpolate(limit_area="inside")
    result: pd.DataFrame = complete.apply(
        lambda values: values.where(~_is_short_gap(values, longest), line[values.name])
    )
    return result


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


def irradiance_of_sunshine(
    sunshine: pd.Series, interval: pd.Timedelta, place: Place, lines: Sequence[tuple[float, float]]
) -> pd.DataFrame:
    """Return global irradiance of sunshine hours by Angstrom's line of each month, whose monthly sums hold exactly.

    Within a month each interval has its irradiance above the atmosphere times a + b (share with sunshine).

    Parameters
    ----------
    sunshine : pandas.Series
        Share of each interval with sunshine, by its start; missing with the sun below the horizon is none.
    interval : pandas.Timedelta
    place : Place
    lines : sequence of (float, float)
        a and b of each calendar month, January first.

    Returns
    -------
    pandas.DataFrame
        ``ghi`` in W/m2, NaN where a value is missing by day.
    """
    sunshine = sunshine.sort_index()
    index = pd.date_range(sunshine.index[0], sunshine.index[-1], freq=interval)
    share = sunshine[~sunshine.index.duplicated()].reindex(index)
    sun = sun_over(index, place)
    share = share.where(share.notna() | sun.is_up, 0.0).clip(0.0, 1.0)
    a, b = np.array(lines)[index.month.to_numpy() - 1].T
    months = [index.year, index.month]
    above = pd.Series(sun.extraterrestrial, index).where(share.notna())
    daylight = pd.Series(sun.daylight, index).where(share.notna())
    shaped = above * (a + b * share)
    month_share = share.groupby(months).transform("sum") / daylight.groupby(months).transform("sum")
    wanted = above.groupby(months).transform("sum") * (a + b * month_share)
    return pd.DataFrame({"ghi": shaped * (wanted / shaped.groupby(months).transform("sum"))})


def with_dark_edges(means: pd.DataFrame, interval: pd.Timedelta, place: Place, index: pd.DatetimeIndex) -> pd.DataFrame:
    """Add the interval that lacks at either end of `index` where only a part of it is needed and the sun is down.

    Values at instants of full hours, taken as means around them, lack half an interval at midnight.
    """
    if means.columns.empty or means.index.nunique() < 2:
        return means
    step = index[1] - index[0]
    edges = (
        (means.index.min() - interval, means.index.min() - index[0]),
        (means.index.max() + interval, index[-1] + step - means.index.max() - interval),
    )
    for start, lack in edges:
        starts = pd.date_range(start, periods=2, freq=interval)
        if pd.Timedelta(0) < lack < interval and not sun_over(starts, place).is_up[0]:
            means = pd.concat([means, pd.DataFrame(0.0, index=starts[:1], columns=means.columns)])
    return means.sort_index(kind="stable")


LOWEST_SUN_DEGREES = 3.0
"""Below this elevation beam irradiance on the horizontal is counted as diffuse."""


def on_fiscal_year(frame: pd.DataFrame, index: pd.DatetimeIndex) -> pd.DataFrame:
    """Date the rows of a year without own calendar so that they cover `index` and a day on either side.

    Month, day and time are kept; 29 February repeats the 28th.

    Parameters
    ----------
    frame : pandas.DataFrame
        On an index with the time zone of `index` and every month once.
    index : pandas.DatetimeIndex
        The study's index.

    Returns
    -------
    pandas.DataFrame
    """
    margin = pd.Timedelta(days=1)
    first, last = index[0] - margin, index[-1] + margin
    times = pd.DatetimeIndex(frame.index)
    frame = without_leap_day(frame)
    times = pd.DatetimeIndex(frame.index)
    parts = []
    for year in range(first.year, last.year + 1):
        parts.append(frame.set_axis(as_one_year(times, year)))
        if pd.Timestamp(year, 1, 1).is_leap_year:
            eve = frame[(times.month == 2) & (times.day == 28)]
            parts.append(eve.set_axis(as_one_year(pd.DatetimeIndex(eve.index), year) + margin))
    dated = pd.concat(parts).sort_index(kind="stable")
    return dated[(dated.index >= first) & (dated.index <= last)]


def instants_on(frame: pd.DataFrame, index: pd.DatetimeIndex) -> pd.DataFrame:
    """Bring values at instants to the intervals of `index`.

    Values that are finer than the step are averaged, each standing for the time nearest to it; others are
    interpolated to the middles of the steps.

    Parameters
    ----------
    frame : pandas.DataFrame
    index : pandas.DatetimeIndex

    Returns
    -------
    pandas.DataFrame
        The first and the last value are held beyond their instants (`reading.instant_problems` limits how far).
    """
    if frame.columns.empty:
        return pd.DataFrame(index=index)
    frame = frame.sort_index()
    bring = _averaged if is_finer(frame, index) else _interpolated
    return pd.DataFrame({name: bring(frame[name], index) for name in frame.columns}, index=index)


def is_finer(frame: pd.DataFrame, index: pd.DatetimeIndex) -> bool:
    """Return whether a step of `index` holds several values of `frame`."""
    return len(frame.index.unique()) > 1 and usual_step(pd.DatetimeIndex(frame.index)) < index[1] - index[0]


def _interpolated(values: pd.Series, index: pd.DatetimeIndex) -> np.ndarray:
    middles = _nanoseconds(index + (index[1] - index[0]) / 2)
    instants = _nanoseconds(pd.DatetimeIndex(values.index))
    result: np.ndarray = np.interp(middles, instants, values.to_numpy(dtype=float))
    return result


def _averaged(values: pd.Series, index: pd.DatetimeIndex) -> np.ndarray:
    """Average over each step; a value holds halfway to its neighbours."""
    start = index[0]
    step = (index[1] - start) / pd.Timedelta(minutes=1)
    instants = ((pd.DatetimeIndex(values.index) - start) / pd.Timedelta(minutes=1)).to_numpy()
    edges = step * np.arange(len(index) + 1)
    halfway = (instants[1:] + instants[:-1]) / 2.0
    bounds = np.concatenate(([min(edges[0], instants[0])], halfway, [max(edges[-1], instants[-1])]))
    integral = np.concatenate(([0.0], np.cumsum(values.to_numpy(dtype=float) * np.diff(bounds))))
    result: np.ndarray = np.diff(np.interp(edges, bounds, integral)) / step
    return result


def irradiance_on(means: pd.DataFrame, interval: pd.Timedelta, place: Place, index: pd.DatetimeIndex) -> pd.DataFrame:
    """Bring interval means of irradiance to the intervals of `index` and complete ghi, dni and dhi.

    Long intervals are cut into short ones in the shape of the clear sky, with the energy of each held; short ones
    are averaged. If intervals of both kinds do not nest, both are cut to their common divisor.

    Parameters
    ----------
    means : pandas.DataFrame
        Any of `IRRADIANCE` (W/m2), by start of interval; cover `index` without gap.
    interval : pandas.Timedelta
        Their length.
    place : Place
    index : pandas.DatetimeIndex

    Returns
    -------
    pandas.DataFrame
        Columns `IRRADIANCE`; ``ghi = dni cos(zenith) + dhi`` with the sun in the middle of the interval.
    """
    step = index[1] - index[0]
    start, end = index[0], index[-1] + step
    means = means[(means.index > start - interval) & (means.index < end)].sort_index()
    fine = pd.Timedelta(gcd(gcd((means.index[0] - start).value, interval.value), step.value))
    cuts = int(interval / fine)
    fine_index = pd.date_range(means.index[0], periods=len(means) * cuts, freq=fine)
    sun = sun_over(fine_index, place)
    horizontal = _horizontal_parts(_cut(means, cuts, sun), sun)
    kept = np.asarray((fine_index >= start) & (fine_index < end))
    averaged = horizontal.to_numpy()[kept].reshape(len(index), int(step / fine), -1).mean(axis=1)
    return _complete(pd.DataFrame(averaged, index=index, columns=horizontal.columns), place)


def _cut(means: pd.DataFrame, cuts: int, sun: Sun) -> pd.DataFrame:
    """Cut each interval: global and diffuse in the shape of the clear sky, beam evenly while the sun is up.

    What an interval has without a sun above the horizon goes to the part that is nearest to the sun.
    """
    shapes = {"ghi": sun.clear_sky, "dhi": sun.clear_sky, "dni": sun.is_up.astype(float)}
    columns = {}
    for name in means.columns:
        shape = shapes[name].reshape(-1, cuts)
        total = shape.sum(axis=1, keepdims=True)
        share = np.divide(shape * cuts, total, out=_nearest_to_the_sun(sun, cuts), where=total > 0.0)
        columns[name] = (means[name].to_numpy(dtype=float)[:, None] * share).ravel()
    return pd.DataFrame(columns)


def _nearest_to_the_sun(sun: Sun, cuts: int) -> np.ndarray:
    """Return all of an interval's energy for its part with the highest sun, shaped (intervals, cuts)."""
    zenith = sun.zenith.reshape(-1, cuts)
    return np.where(np.arange(cuts) == zenith.argmin(axis=1)[:, None], float(cuts), 0.0)


def is_split_from_global(given: set[str]) -> bool:
    """Return whether beam and diffuse have to be computed from global irradiance alone."""
    return "dni" not in given and not {"ghi", "dhi"} <= given


def _horizontal_parts(irradiance: pd.DataFrame, sun: Sun) -> pd.DataFrame:
    """Return ``ghi`` and, where the file tells, ``beam`` (both on the horizontal)."""
    given = set(irradiance.columns)
    if is_split_from_global(given):
        return irradiance[["ghi"]]
    if "dni" in given:
        beam = irradiance["dni"] * sun.cos_zenith
        ghi = irradiance["ghi"] if "ghi" in given else beam + irradiance["dhi"]
    else:
        ghi, beam = irradiance["ghi"], irradiance["ghi"] - irradiance["dhi"]
    return pd.DataFrame({"ghi": ghi, "beam": np.clip(beam, 0.0, ghi)})


def _complete(horizontal: pd.DataFrame, place: Place) -> pd.DataFrame:
    index = pd.DatetimeIndex(horizontal.index)
    sun = sun_over(index, place)
    ghi = horizontal["ghi"].to_numpy()
    if "beam" not in horizontal:
        dni, dhi = beam_and_diffuse(ghi, sun, index)
    else:
        is_high = sun.zenith < 90.0 - LOWEST_SUN_DEGREES
        beam = np.where(is_high, horizontal["beam"].to_numpy(), 0.0)
        dni = np.divide(beam, sun.cos_zenith, out=np.zeros_like(beam), where=is_high)
        dhi = ghi - beam
    return pd.DataFrame(dict(zip(IRRADIANCE, (ghi, dni, dhi), strict=True)), index=index)


def wind_at_height(wind_speed: pd.Series, height_m: float, place: Place) -> pd.Series:
    """Bring a wind speed from `height_m` to the place's wind height by the logarithmic law.

    Parameters
    ----------
    wind_speed : pandas.Series
        m/s.
    height_m : float
        Height above ground at which it was measured.
    place : Place
        Gives the wanted height and the roughness length.

    Returns
    -------
    pandas.Series
        ``v ln(h / z0) / ln(height_m / z0)``, neutral stratification.
    """
    roughness = place.roughness_length_m
    result: pd.Series = wind_speed * (np.log(place.wind_height_m / roughness) / np.log(height_m / roughness))
    return result


def _nanoseconds(index: pd.DatetimeIndex) -> np.ndarray:
    return index.as_unit("ns").asi8.astype(float)
