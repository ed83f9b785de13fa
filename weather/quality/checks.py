"""Checks of a finished weather table: everything that is wrong, named by place, variable and time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd
import pvlib

from twin.core.errors import Problem, raise_if_any
from twin.core.weather_table import VARIABLES, Place, WeatherTable
from weather.quality.sun_clock import SAVING_REPAIR, Label, clock_problems, is_change_of_clocks
from weather.sun import Sun, sun_over

DOUBLED, GAP = "time occurs twice", "gap"
WRONG_UNIT = "wrong unit?"
OF_THE_ROWS = (DOUBLED, GAP)
"""Problems of the rows of a file: they come once, not for each column."""
ROWS_AT_THE_ENDS = 2

PLAUSIBLE = {"temp_air": (-40.0, 50.0), "wind_speed": (0.0, 60.0)}
"""Half-hour means outside these are taken as wrong for a low place in Japan."""

NIGHT_LIMIT_W_PER_M2 = 5.0
LOW_SUN_MARGIN_W_PER_M2 = 50.0
DAYS_OF_A_SEASON = 60
CLOSURE_SHARE = 0.01
HIGH_SUN_W_PER_M2 = 200.0
HIGH_SUN_OF_UNITS_W_PER_M2 = 300.0
"""Under a low sun edges of clouds exceed the clear sky for whole hours; a unit is judged without it."""

CLEAR_RATIO = (0.75, 1.35)
"""What the clearest hours (99 % quantile) reach of the clear sky; 1.03 and 1.06 in the two real years."""

IRRADIANCE_UNITS = {"kW/m2": 1e-3, "MJ/m2 per hour": 3.6e-3, "Wh per half-hour": 0.5, "kJ/m2 per hour": 3.6}
LARGEST_MEANS = {
    "temp_air": (40.0, "Kelvin, Fahrenheit or tenths of a degree"),
    "wind_speed": (15.0, "km/h or 0.1 m/s"),
}


def check_weather(
    table: WeatherTable, sources: Mapping[str, str] | None = None, labels: Mapping[str, Label] | None = None
) -> None:
    """Raise if the table cannot be trusted.

    Parameters
    ----------
    table : WeatherTable
    sources : mapping of str to str, optional
        Per place the file or files that it came from, for the messages.
    labels : mapping of str to Label, optional
        Per place what the times of its irradiance mark.

    Raises
    ------
    InputError
        With every problem of every place.
    """
    raise_if_any(weather_problems(table, sources, labels))


def weather_problems(
    table: WeatherTable, sources: Mapping[str, str] | None = None, labels: Mapping[str, Label] | None = None
) -> list[Problem]:
    """Return every problem of a weather table.

    Parameters
    ----------
    table : WeatherTable
    sources : mapping of str to str, optional
    labels : mapping of str to Label, optional

    Returns
    -------
    list of Problem
        Empty if there is none.
    """
    problems = []
    for place_id, frame in dict(table.values).items():
        where = f"{(sources or {}).get(place_id, 'weather')}, place {place_id}"
        label = (labels or {}).get(place_id)
        problems += frame_problems(frame, table.places[place_id], table.index, where, label)
    return problems


def frame_problems(
    frame: pd.DataFrame, place: Place, index: pd.DatetimeIndex, where: str, label: Label | None = None
) -> list[Problem]:
    """Return every problem of one place's frame; physical checks need a frame that is whole.

    Parameters
    ----------
    frame : pandas.DataFrame
        Columns `VARIABLES`, means over intervals.
    place : Place
    index : pandas.DatetimeIndex
        The intervals that the study needs.
    where : str
        What the problems are said to be in.
    label : Label, optional
        What the times of the file mark, if it is known.

    Returns
    -------
    list of Problem
    """
    problems = time_problems(pd.DatetimeIndex(frame.index), index, where)
    missing = [name for name in VARIABLES if name not in frame]
    problems += [Problem("variable missing", where, name, ", ".join(VARIABLES)) for name in missing]
    for name in VARIABLES:
        if name in frame:
            problems += _flagged("value missing", frame[name], frame[name].isna(), f"{where}, {name}", "a number")
    if problems:
        return problems
    sun = sun_over(index, place)
    return [
        *irradiance_unit_problems(frame["ghi"], sun, where),
        *mean_unit_problems(frame, where),
        *clock_problems(frame, sun, index, where, label),
        *_range_problems(frame, sun, index, where),
    ]


def time_problems(found: pd.DatetimeIndex, needed: pd.DatetimeIndex, where: str) -> list[Problem]:
    """Return duplicated, missing and foreign times of `found` against `needed`."""
    if found.tz is None:
        return [Problem("times without time zone", where, repair="state the time zone of the file")]
    interval = needed[1] - needed[0] if len(needed) > 1 else pd.Timedelta(hours=1)
    problems = []
    doubled = found[found.duplicated()]
    if len(doubled):
        repair = SAVING_REPAIR if is_change_of_clocks(doubled, interval) else "remove the doubled rows"
        problems.append(Problem(DOUBLED, where, _counted(doubled), repair=repair))
    lacking = needed.difference(found)
    if len(lacking):
        accepted = f"every interval from {needed[0]} to {needed[-1]}"
        repair = SAVING_REPAIR if is_change_of_clocks(lacking, interval) else "fill the gap or take another file"
        problems.append(Problem(GAP, where, _counted(lacking), accepted, repair))
    return problems


def _counted(times: pd.DatetimeIndex) -> str:
    return f"{len(times)} time{'s' if len(times) > 1 else ''}: {_listed(times)}"


def irradiance_unit_problems(ghi: pd.Series, sun: Sun, where: str) -> list[Problem]:
    """Return a hint of a wrong unit: the clearest hours against the clear sky.

    Parameters
    ----------
    ghi : pandas.Series
        On the intervals of `sun`; may have NaN.
    sun : Sun
    where : str

    Returns
    -------
    list of Problem
    """
    low, high = CLEAR_RATIO
    ratio = clearest_ratio(ghi.to_numpy(dtype=float), sun, pd.DatetimeIndex(ghi.index), HIGH_SUN_OF_UNITS_W_PER_M2)
    is_long = (ghi.index[-1] - ghi.index[0]).days >= DAYS_OF_A_SEASON
    if not is_long or not (ratio < low or ratio > high):
        return []
    units = [unit for unit, factor in IRRADIANCE_UNITS.items() if low <= ratio / factor <= high]
    seen = f"the clearest hours reach {ratio:.3g} of the clear sky{f' ({units[0]}?)' if units else ''}"
    return [Problem(WRONG_UNIT, f"{where}, ghi", seen, f"W/m2, {low} to {high}")]


def mean_unit_problems(frame: pd.DataFrame, where: str) -> list[Problem]:
    """Return hints of wrong units: means of temperature or wind that no place has."""
    problems = []
    for name, (limit, guess) in LARGEST_MEANS.items():
        mean = float(frame[name].mean()) if name in frame else float("nan")
        if mean > limit:
            problems.append(Problem(WRONG_UNIT, f"{where}, {name}", f"mean {mean:.1f} ({guess}?)", f"below {limit}"))
    return problems


def clearest_ratio(
    ghi: np.ndarray, sun: Sun, index: pd.DatetimeIndex, high_sun_w_per_m2: float = HIGH_SUN_W_PER_M2
) -> float:
    """Return what the clearest hours (99 % quantile) reach of the clear sky, NaN where there is no high sun.

    Finer steps are averaged over an hour: for minutes the edges of clouds reflect more than a clear sky gives.
    """
    steps = max(int(pd.Timedelta(hours=1) / (index[1] - index[0])), 1)
    whole = len(ghi) // steps * steps
    hours, clear = (values[:whole].reshape(-1, steps).mean(axis=1) for values in (ghi, sun.clear_sky))
    usable = (clear > high_sun_w_per_m2) & np.isfinite(hours)
    return float(np.quantile(hours[usable] / clear[usable], 0.99)) if usable.any() else float("nan")


def _range_problems(frame: pd.DataFrame, sun: Sun, index: pd.DatetimeIndex, where: str) -> list[Problem]:
    problems = []
    for name in ("ghi", "dni", "dhi"):
        values = frame[name]
        column = f"{where}, {name}"
        problems += _flagged("negative irradiance", values, values < 0.0, column, "0 or more W/m2")
        is_lit_night = ~_twilight(sun) & (values > NIGHT_LIMIT_W_PER_M2).to_numpy()
        problems += _flagged(
            "irradiance at night", values, is_lit_night, column, "0 W/m2 with the sun below the horizon"
        )
        limit = _highest_possible(name, sun, index)
        problems += _flagged(
            "more than above the atmosphere",
            values,
            values.to_numpy() > limit,
            column,
            "no more than the sun gives above the atmosphere",
        )
    for name, (low, high) in PLAUSIBLE.items():
        outside = (frame[name] < low) | (frame[name] > high)
        problems += _flagged("implausible value", frame[name], outside, f"{where}, {name}", f"{low} to {high}")
    return problems + _closure_problems(frame, sun, where)


def _twilight(sun: Sun) -> np.ndarray:
    """Return where the sun is up at some time of the interval or of a neighbouring one."""
    up = sun.is_up
    result: np.ndarray = up | np.roll(up, 1) | np.roll(up, -1)
    return result


def _highest_possible(name: str, sun: Sun, index: pd.DatetimeIndex) -> np.ndarray:
    """Return what arrives above the atmosphere in each interval, with a margin for a low sun on the horizontal."""
    if name == "dni":
        result: np.ndarray = pvlib.irradiance.get_extra_radiation(index).to_numpy()
        return result
    return sun.extraterrestrial + LOW_SUN_MARGIN_W_PER_M2


def _closure_problems(frame: pd.DataFrame, sun: Sun, where: str) -> list[Problem]:
    """BSRN's comparison of global with beam and diffuse (Long and Dutton 2002), 8 or 15 % (low sun) above 50 W/m2."""
    sum_of_parts = frame["dni"].to_numpy() * sun.cos_zenith + frame["dhi"].to_numpy()
    ghi = frame["ghi"].to_numpy()
    tolerance = np.where(sun.zenith < 75.0, 0.08, 0.15)
    counts = sum_of_parts > 50.0
    broken = counts & (np.abs(ghi - sum_of_parts) > tolerance * sum_of_parts)
    if broken.sum() <= CLOSURE_SHARE * max(int(counts.sum()), 1):
        return []
    seen = f"{int(broken.sum())} of {int(counts.sum())} intervals, e.g. {_listed(frame.index[broken])}"
    accepted = "ghi = dni cos(zenith) + dhi within 8 % (15 % with a low sun)"
    return [Problem("global, beam and diffuse do not fit together", where, seen, accepted)]


def _flagged(what: str, values: pd.Series, flags: pd.Series | np.ndarray, where: str, accepted: str) -> list[Problem]:
    hits = np.flatnonzero(np.asarray(flags))
    if not len(hits):
        return []
    first = f"{values.iloc[hits[0]]:.4g} at {values.index[hits[0]]}"
    return [Problem(what, where, f"{len(hits)} intervals, first {first}", accepted, "correct or replace the values")]


def _listed(times: pd.DatetimeIndex, shown: int = 4) -> str:
    more = f" and {len(times) - shown} more" if len(times) > shown else ""
    return ", ".join(str(time) for time in times[:shown]) + more


def without_repeats(problems: Iterable[Problem]) -> list[Problem]:
    """Return the problems without those that another column of the same rows has, but for a row at either end."""
    kept: list[Problem] = []
    for problem in problems:
        if not any(_is_repeat(problem, other) for other in kept):
            kept.append(problem)
    return kept


def _is_repeat(problem: Problem, other: Problem) -> bool:
    if problem.what != other.what or problem.what not in OF_THE_ROWS:
        return problem == other
    counts = [int(one.seen.split()[0]) for one in (problem, other)]
    return abs(counts[0] - counts[1]) <= ROWS_AT_THE_ENDS
