"""The quality report of one weather file: what was read, what is missing or suspicious, what the chain makes of it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from twin.core.clock import DEFAULT_CLOCK, Clock, usual_step
from twin.core.errors import InputError, Problem
from twin.core.weather_table import Place
from weather.climate import Climate
from weather.conversion import filled, is_finer, is_split_from_global, wind_at_height
from weather.quality.checks import (
    DOUBLED,
    WRONG_UNIT,
    clearest_ratio,
    frame_problems,
    irradiance_unit_problems,
    mean_unit_problems,
    time_problems,
    without_repeats,
)
from weather.quality.sun_clock import SUMMER_MONTHS, WINTER_MONTHS, clock_offset_hours, clock_problems
from weather.quality.wind_unit import wind_mean, wind_unit_problems
from weather.readers.formats import on_study_index, read_own_steps
from weather.readers.reading import IRRADIANCE, Reading, WeatherFile, is_enough
from weather.sun import Sun, sun_over

LABELS = {
    "irradiation_kwh_per_m2": "global irradiation of the period, kWh/m2",
    "irradiation_kwh_per_m2_year": "the same in a year (gaps filled as clear as the rest), kWh/m2",
    "irradiation_brought_kwh_per_m2": "global irradiation on the study's year, kWh/m2",
    "irradiation_over_normal": "yearly irradiation over the normal of the place",
    "share_of_clear_sky": "share of the clear-sky irradiation",
    "share_of_extraterrestrial": "share of the irradiation above the atmosphere",
    "clearest_hours_of_clear_sky": "clearest hours over the clear sky (99 % quantile)",
    "dull_days_share": "share of dull days (below 0.4 of the clear sky)",
    "clear_days_share": "share of clear days (above 0.7)",
    "clock_offset_hours": "sun of the file later than the sun of the place, h",
    "clock_offset_summer_hours": "the same, May to September, h",
    "clock_offset_winter_hours": "the same, November to February, h",
    "temperature_minus_normal_c": "temperature less the normal of the place, C",
    "wind_mean_m_per_s": "mean wind speed at its height, m/s",
    "wind_normal_m_per_s": "normal of the place at the same height, m/s",
}


def quality_text(quality: FileQuality) -> str:
    """Return the report of one file for a person to read."""
    place = quality.place
    lines = [f"{quality.file.name} ({quality.file.format}) at {place.place_id}, {place.latitude} N {place.longitude} E"]
    if quality.variables:
        kind = "a standard year" if quality.is_standard_year else "a measured period"
        lines.append(f"  {kind} in steps of {quality.interval_minutes:g} minutes, read as {quality.timezone} time")
        lines.append(f"  from {quality.period[0]} to {quality.period[1]}")
        lines += [f"  {note}" for note in quality.notes]
        counts = f"{'values':>8}{'missing':>9}{'doubled':>9}{'filled':>8}{'stuck':>7}"
        lines += ["", f"  {'variable':12}{counts}  least, mean, greatest"]
        for one in quality.variables:
            numbers = f"{one.values:8d}{one.missing:9d}{one.doubled:9d}{one.filled:8d}{one.stuck:7d}"
            span = f"{one.least:.1f} ({one.least_at[:16]}), {one.mean:.1f}, {one.greatest:.1f} ({one.greatest_at[:16]})"
            lines.append(f"  {one.name:12}{numbers}  {span}")
    figures = {name: value for name, value in quality.figures.items() if not math.isnan(value)}
    if figures:
        lines += ["", *(f"  {LABELS[name]:66}{value:10.3f}" for name, value in figures.items())]
    if quality.done:
        lines += ["", f"  brought onto fiscal year {quality.fiscal_year}:", *(f"  - {done}" for done in quality.done)]
    if quality.problems:
        lines += ["", f"  {len(quality.problems)} problem(s):"]
        lines += [f"  - {line}" for problem in quality.problems for line in str(problem).split("\n")]
        lines = [line.replace("  -     ", "      ") for line in lines]
    else:
        lines += ["", "  no problem found: the file can be used"]
    return "\n".join(lines) + "\n"


DULL, CLEAR = 0.4, 0.7
"""A day with less or more of its clear-sky irradiation is called dull or clear."""

YEAR_HOURS = 8766
NEARLY_A_YEAR = 0.98
"""A shorter file has no yearly irradiation of its own."""
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
    is_judged = wind_mean(reading, climate) is not None
    unjudged = reading.instants.drop(columns="wind_speed", errors="ignore") if is_judged else reading.instants
    problems = [*mean_unit_problems(unjudged, where), *wind_unit_problems(reading, climate, where)]
    for frame, part in ((reading.means, "irradiance"), (reading.instants, "temperature and wind")):
        if len(frame.columns) and len(frame) > 1:
            times = pd.DatetimeIndex(frame.index)
            problems += time_problems(times, every_time(times), f"{where}, {part}")
    problems = without_repeats(problems)
    if reading.means.index.nunique() < 2 or not is_enough(reading.means):
        return _against_normals(reading, climate, float("nan")), problems
    means = reading.means[~reading.means.index.duplicated()]
    index = every_time(pd.DatetimeIndex(means.index))
    means, sun = means.reindex(index), sun_over(index, climate.place)
    ghi = means["ghi"] if "ghi" in means else means["dni"] * sun.cos_zenith + means["dhi"]
    problems += irradiance_unit_problems(ghi, sun, where)
    problems += clock_problems(pd.DataFrame({"ghi": ghi}), sun, index, where, reading.time_label)
    figures = _sun_figures(ghi.to_numpy(dtype=float), sun, index, reading.interval / pd.Timedelta(hours=1))
    return figures | _against_normals(reading, climate, figures["irradiation_kwh_per_m2_year"]), problems


def every_time(times: pd.DatetimeIndex) -> pd.DatetimeIndex:
    """Return every time from the first to the last in the usual spacing."""
    return pd.date_range(times.min(), times.max(), freq=usual_step(times))


def _sun_figures(ghi: np.ndarray, sun: Sun, index: pd.DatetimeIndex, hours: float) -> dict[str, float]:
    there = np.isfinite(ghi)
    total, clear = (float(values[there].sum()) * hours / 1000.0 for values in (ghi, sun.clear_sky))
    above = float(sun.extraterrestrial[there].sum()) * hours / 1000.0
    years = len(index) * hours / YEAR_HOURS
    clear_year = float(sun.clear_sky.sum()) * hours / 1000.0 / years if years > NEARLY_A_YEAR else float("nan")
    days = pd.DataFrame({"ghi": ghi, "clear": sun.clear_sky}, index=index).dropna()
    days = days.groupby(pd.DatetimeIndex(days.index).normalize()).sum()
    clearness = days["ghi"] / days["clear"].where(days["clear"] > 0.0)
    return {
        "irradiation_kwh_per_m2": total,
        "irradiation_kwh_per_m2_year": clear_year * total / clear if clear else float("nan"),
        "share_of_clear_sky": total / clear if clear else float("nan"),
        "share_of_extraterrestrial": total / above if above else float("nan"),
        "clearest_hours_of_clear_sky": clearest_ratio(ghi, sun, index),
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
        normals = climate.temp_air_mean_c[months.index.to_numpy(dtype=int) - 1]
        figures["temperature_minus_normal_c"] = float((months - normals).mean())
    wind = wind_mean(reading, climate)
    if wind is not None:
        figures |= {"wind_mean_m_per_s": wind.mean, "wind_normal_m_per_s": wind.normal}
    return figures


STANDARD_YEAR_DATED_ON = 2022
STUCK_HOURS = 12
STAND_INS = {"temp_air": 15.0, "wind_speed": 3.0}
"""For the checks of a file that has irradiance only."""


@dataclass(frozen=True)
class VariableQuality:
    """What a file has of one variable.

    Attributes
    ----------
    name : str
    values, missing, doubled, filled : int
        Numbers read; cells or times without one; times that occur more than once; gaps that `fill_hours` closes.
    least, mean, greatest : float
    least_at, greatest_at : str
    stuck : int
        Values in runs of `STUCK_HOURS` or more without any change (irradiance: in daylight).
    """

    name: str
    values: int
    missing: int
    doubled: int
    filled: int
    least: float
    mean: float
    greatest: float
    least_at: str
    greatest_at: str
    stuck: int


@dataclass(frozen=True)
class FileQuality:
    """The quality report as data.

    Attributes
    ----------
    file : WeatherFile
    place : Place
    fiscal_year : int
        Onto which the file was brought.
    period : tuple of str
        First and last time that was read.
    interval_minutes : float
    timezone : str
        In which the times are told.
    is_standard_year : bool
    variables : tuple of VariableQuality
    figures : dict of str to float
        By name with unit: irradiation, clearness, clock, comparison with the normals.
    done : tuple of str
        What the chain did to bring the file to the study's steps and variables.
    notes : tuple of str
        What the reader found out about the file or took for granted.
    problems : tuple of Problem
        Why the file cannot be used or should not be trusted; empty if it can.
    """

    file: WeatherFile
    place: Place
    fiscal_year: int
    period: tuple[str, str] = ("", "")
    interval_minutes: float = float("nan")
    timezone: str = ""
    is_standard_year: bool = False
    variables: tuple[VariableQuality, ...] = ()
    figures: dict[str, float] = field(default_factory=dict)
    done: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


def examine(
    file: WeatherFile, climate: Climate, fiscal_year: int | None = None, clock: Clock = DEFAULT_CLOCK
) -> FileQuality:
    """Examine a weather file; a broken file gives a report with its problems, not an error.

    Parameters
    ----------
    file : WeatherFile
    climate : Climate
        Place and normals with which the file is compared.
    fiscal_year : int, optional
        Onto which the file is brought; by default the one in which most of it lies.
    clock : Clock
        Of the island, with the step onto which the file is brought.

    Returns
    -------
    FileQuality
    """
    try:
        reading = read_own_steps(file, climate.place, clock, climate.sunshine)
    except InputError as error:
        return FileQuality(file, climate.place, fiscal_year or STANDARD_YEAR_DATED_ON, problems=error.problems)
    year = fiscal_year or _main_fiscal_year(reading, clock)
    edges = [edge for frame in (reading.means, reading.instants) if len(frame.columns) for edge in _edges(frame)]
    complete = filled(reading, climate.place, file.fill_hours)
    figures, problems = own_figures(complete, climate, file.name)
    brought, done, chain_problems = _chain(reading, file, climate, year, clock)
    chain_problems = [problem for problem in chain_problems if not any(_is_told(problem, one) for one in problems)]
    return FileQuality(
        file=file,
        place=climate.place,
        fiscal_year=year,
        period=(str(min(edges)), str(max(edges))),
        interval_minutes=_spacing(reading) / pd.Timedelta(minutes=1),
        timezone=clock.timezone,
        is_standard_year=reading.is_standard_year,
        variables=tuple(_variables(reading, complete)),
        figures=figures | brought,
        done=tuple(done),
        notes=reading.notes,
        problems=(*problems, *chain_problems),
    )


def _is_told(problem: Problem, other: Problem) -> bool:
    """Return whether the chain's problem is one of the file's own steps: doubled times, or the unit of a column."""
    if problem.what != other.what:
        return False
    column, own = (one.where.rpartition(", ")[2] for one in (problem, other))
    return problem.what == DOUBLED or (problem.what == WRONG_UNIT and column == own) or problem.seen == other.seen


def _variables(reading: Reading, complete: Reading) -> list[VariableQuality]:
    found = []
    for frame, after in ((reading.means, complete.means), (reading.instants, complete.instants)):
        times = pd.DatetimeIndex(frame.index)
        for name in frame.columns:
            values = frame[name].astype(float)
            lacking = len(every_time(times)) - times.nunique() if len(times) > 1 else 0
            present = values.dropna()
            empty = present.empty
            found.append(
                VariableQuality(
                    name=name,
                    values=len(present),
                    missing=int(values.isna().sum()) + lacking,
                    doubled=int(times.duplicated().sum()),
                    filled=int(after[name].notna().sum()) - len(present),
                    least=float("nan") if empty else float(present.min()),
                    mean=float("nan") if empty else float(present.mean()),
                    greatest=float("nan") if empty else float(present.max()),
                    least_at="" if empty else str(present.index[int(present.to_numpy().argmin())]),
                    greatest_at="" if empty else str(present.index[int(present.to_numpy().argmax())]),
                    stuck=_stuck(values, times),
                )
            )
    return found


def _stuck(values: pd.Series, times: pd.DatetimeIndex) -> int:
    """Return how many values lie in long runs without any change; zeros of irradiance are the night's."""
    counted = values[values != 0.0] if values.name in IRRADIANCE else values
    if len(times) < 2 or counted.empty:
        return 0
    longest = int(pd.Timedelta(hours=STUCK_HOURS) / usual_step(times))
    runs = counted.groupby((counted != counted.shift()).cumsum()).transform("size")
    return int((runs[counted.notna()] >= max(longest, 2)).sum())


def _chain(
    reading: Reading, file: WeatherFile, climate: Climate, year: int, clock: Clock
) -> tuple[dict[str, float], list[str], list[Problem]]:
    """Bring the file to the study's year and steps; return the energy, what was done, and what is wrong."""
    try:
        frame = on_study_index(reading, file, climate.place, year, clock)
    except InputError as error:
        return {}, [], list(error.problems)
    index, hours = pd.DatetimeIndex(frame.index), clock.step_hours
    done = []
    if file.fill_hours:
        done.append(f"gaps up to {file.fill_hours:g} h filled: as clear as around, or on a straight line")
    if reading.is_standard_year or file.any_year:
        done.append(f"dated onto {_months_of(index)} by month and day; 29 February repeats the 28th")
    figures = {}
    if "ghi" in frame:
        figures["irradiation_brought_kwh_per_m2"] = float(frame["ghi"].sum()) * hours / 1000.0
        done.append(_step_text(reading, clock.step_minutes))
        done.append(_parts_text(reading))
    if len(reading.instants.columns):
        names = " and ".join(reading.instants.columns)
        if is_finer(reading.instants, index):
            done.append(f"{names}: averaged over each step (of the wind the mean speed, not the mean of its power)")
        else:
            done.append(f"{names}: interpolated to the middle of each step")
    if "wind_speed" in frame and reading.wind_height_m is not None:
        factor = float(wind_at_height(pd.Series([1.0]), reading.wind_height_m, climate.place).iloc[0])
        heights = f"from {reading.wind_height_m:g} m to {climate.place.wind_height_m:g} m"
        done.append(f"wind_speed: brought {heights} by the logarithmic law, factor {factor:.3f}")
    if "ghi" not in frame:
        return figures, done, []
    complete = frame.assign(**{name: value for name, value in STAND_INS.items() if name not in frame})
    return figures, done, frame_problems(complete, climate.place, index, file.name, reading.time_label)


def _step_text(reading: Reading, step_minutes: int) -> str:
    minutes = reading.interval / pd.Timedelta(minutes=1)
    if minutes > step_minutes:
        return f"{minutes:g}-minute irradiance cut to {step_minutes} minutes in the shape of the clear sky, energy held"
    if minutes < step_minutes:
        return f"{minutes:g}-minute irradiance averaged to {step_minutes} minutes"
    return f"irradiance kept in its {minutes:g}-minute steps"


def _parts_text(reading: Reading) -> str:
    given = set(reading.means.columns)
    if is_split_from_global(given):
        return "dni and dhi computed from ghi (Erbs-Driesse): only global irradiance is in the file"
    if "ghi" not in given:
        return "ghi computed from dni and dhi"
    if "dni" not in given:
        return "dni computed from ghi and dhi by the height of the sun"
    return (
        "dhi taken as ghi less the beam, so that the three agree" if "dhi" in given else "dhi computed from ghi and dni"
    )


def _edges(frame: pd.DataFrame) -> tuple[pd.Timestamp, pd.Timestamp]:
    return frame.index.min(), frame.index.max()


def _spacing(reading: Reading) -> pd.Timedelta:
    return reading.interval if len(reading.means.columns) else usual_step(pd.DatetimeIndex(reading.instants.index))


def _months_of(index: pd.DatetimeIndex) -> str:
    return f"{index[0]:%B %Y} to {index[-1]:%B %Y}"


def _main_fiscal_year(reading: Reading, clock: Clock) -> int:
    if reading.is_standard_year:
        return STANDARD_YEAR_DATED_ON
    times = pd.DatetimeIndex((reading.means if len(reading.means.columns) else reading.instants).index)
    return int(pd.Series(times.year - (times.month < clock.first_month)).mode().iloc[0])
