"""Checks of a finished weather table: everything that is wrong, named by place, variable and time."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pvlib

from twin.errors import Problem, raise_if_any
from twin.weather_table import VARIABLES, Place, WeatherTable
from weather.sun import Sun, sun_over

PLAUSIBLE = {"temp_air": (-40.0, 50.0), "wind_speed": (0.0, 60.0)}
"""Half-hour means outside these are taken as wrong for a low place in Japan."""

NIGHT_LIMIT_W_PER_M2 = 5.0
LOW_SUN_MARGIN_W_PER_M2 = 50.0
DAYS_OF_A_SEASON = 60
DAYS_FOR_CLOCK = 20
CLOCK_TOLERANCE_HOURS = 0.35
CLOSURE_SHARE = 0.01
HIGH_SUN_W_PER_M2 = 200.0
CLEAR_RATIO = (0.75, 1.35)
"""What the clearest hours (99 % quantile) reach of the clear sky; 1.03 and 1.06 in the two real years."""

IRRADIANCE_UNITS = {"kW/m2": 1e-3, "MJ/m2 per hour": 3.6e-3, "Wh per half-hour": 0.5, "kJ/m2 per hour": 3.6}
LARGEST_MEANS = {
    "temp_air": (40.0, "Kelvin, Fahrenheit or tenths of a degree"),
    "wind_speed": (15.0, "km/h or 0.1 m/s"),
}


def check_weather(table: WeatherTable, sources: Mapping[str, str] | None = None) -> None:
    """Raise if the table cannot be trusted.

    Parameters
    ----------
    table : WeatherTable
    sources : mapping of str to str, optional
        Per place the file or files that it came from, for the messages.

    Raises
    ------
    InputError
        With every problem of every place.
    """
    raise_if_any(weather_problems(table, sources))


def weather_problems(table: WeatherTable, sources: Mapping[str, str] | None = None) -> list[Problem]:
    """Return every problem of a weather table.

    Parameters
    ----------
    table : WeatherTable
    sources : mapping of str to str, optional

    Returns
    -------
    list of Problem
        Empty if there is none.
    """
    problems = []
    for place_id, frame in dict(table.values).items():
        where = f"{(sources or {}).get(place_id, 'weather')}, place {place_id}"
        problems += frame_problems(frame, table.places[place_id], table.index, where)
    return problems


def frame_problems(frame: pd.DataFrame, place: Place, index: pd.DatetimeIndex, where: str) -> list[Problem]:
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
        *unit_problems(frame, sun, where),
        *clock_problems(frame, sun, index, where),
        *_range_problems(frame, sun, index, where),
    ]


def time_problems(found: pd.DatetimeIndex, needed: pd.DatetimeIndex, where: str) -> list[Problem]:
    """Return duplicated, missing and foreign times of `found` against `needed`."""
    if found.tz is None:
        return [Problem("times without time zone", where, repair="state the time zone of the file")]
    problems = []
    doubled = found[found.duplicated()]
    if len(doubled):
        problems.append(Problem("time occurs twice", where, _listed(doubled), repair="remove the doubled rows"))
    lacking = needed.difference(found)
    if len(lacking):
        accepted = f"every interval from {needed[0]} to {needed[-1]}"
        problems.append(Problem("gap", where, _listed(lacking), accepted, "fill the gap or take another file"))
    return problems


def unit_problems(frame: pd.DataFrame, sun: Sun, where: str) -> list[Problem]:
    """Return hints of wrong units: clear hours against the clear sky, means that no place in Japan has."""
    problems = []
    high_sun = sun.clear_sky > HIGH_SUN_W_PER_M2
    ratio = float(np.quantile(frame["ghi"].to_numpy()[high_sun] / sun.clear_sky[high_sun], 0.99))
    low, high = CLEAR_RATIO
    is_long = (frame.index[-1] - frame.index[0]).days >= DAYS_OF_A_SEASON
    if is_long and not low <= ratio <= high:
        units = [unit for unit, factor in IRRADIANCE_UNITS.items() if low <= ratio / factor <= high]
        seen = f"the clearest hours reach {ratio:.3g} of the clear sky{f' ({units[0]}?)' if units else ''}"
        problems.append(Problem("wrong unit?", f"{where}, ghi", seen, f"W/m2, {low} to {high}"))
    for name, (limit, guess) in LARGEST_MEANS.items():
        mean = float(frame[name].mean())
        if mean > limit:
            problems.append(Problem("wrong unit?", f"{where}, {name}", f"mean {mean:.1f} ({guess}?)", f"below {limit}"))
    return problems


def clock_problems(frame: pd.DataFrame, sun: Sun, index: pd.DatetimeIndex, where: str) -> list[Problem]:
    """Return a problem if the sun of the file stands elsewhere than the sun of the place.

    The highest irradiance of each month and time of day draws the clear days; the phase of its daily cycle is compared
    with that of the clear sky.
    """
    if len(index.normalize().unique()) < DAYS_FOR_CLOCK or frame["ghi"].max() <= 0.0:
        return []
    offset = _phase_hours(frame["ghi"].to_numpy(), index) - _phase_hours(sun.clear_sky, index)
    offset = (offset + 12.0) % 24.0 - 12.0
    if abs(offset) <= CLOCK_TOLERANCE_HOURS:
        return []
    noon = _phase_hours(sun.clear_sky, index)
    seen = f"sun highest at {_clock((noon + offset) % 24.0)}, {offset:+.1f} h off"
    repair = "check the time zone, daylight saving, and whether a time is the start or the end of its interval"
    return [Problem("shifted clock", f"{where}, ghi", seen, f"about {_clock(noon)} Japan time", repair)]


def _phase_hours(irradiance: np.ndarray, index: pd.DatetimeIndex) -> float:
    """Return the hour of day of the first harmonic's peak in the monthly upper envelope."""
    hour = ((index - index.normalize()) / pd.Timedelta(hours=1)).to_numpy() + (index[1] - index[0]).seconds / 7200.0
    envelope = pd.Series(irradiance).groupby([index.month.to_numpy(), hour]).max()
    angle = 2.0 * np.pi * envelope.index.get_level_values(1).to_numpy() / 24.0
    vector = (envelope.to_numpy() * np.exp(1j * angle)).sum()
    return float(np.angle(vector) * 24.0 / (2.0 * np.pi) % 24.0)


def _clock(hour: float) -> str:
    return f"{int(hour):02d}:{round(hour % 1.0 * 60.0) % 60:02d}"


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
    return up | np.roll(up, 1) | np.roll(up, -1)


def _highest_possible(name: str, sun: Sun, index: pd.DatetimeIndex) -> np.ndarray:
    """Return what arrives above the atmosphere in each interval, with a margin for a low sun on the horizontal."""
    if name == "dni":
        return pvlib.irradiance.get_extra_radiation(index).to_numpy()
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
