"""The quality report of one weather file: what was read, what is missing or suspicious, what the chain makes of it."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from twin.clock import usual_step
from twin.errors import InputError, Problem
from twin.weather_table import Place
from weather.checks import frame_problems
from weather.climate import Climate
from weather.conversion import is_split_from_global, wind_at_height
from weather.filling import filled
from weather.quality_figures import every_time, own_figures
from weather.readers import read, read_own_steps
from weather.reading import IRRADIANCE, Reading, WeatherFile

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
    is_standard_year : bool
    variables : tuple of VariableQuality
    figures : dict of str to float
        By name with unit: irradiation, clearness, clock, comparison with the normals.
    done : tuple of str
        What the chain did to bring the file to the study's steps and variables.
    problems : tuple of Problem
        Why the file cannot be used or should not be trusted; empty if it can.
    """

    file: WeatherFile
    place: Place
    fiscal_year: int
    period: tuple[str, str] = ("", "")
    interval_minutes: float = float("nan")
    is_standard_year: bool = False
    variables: tuple[VariableQuality, ...] = ()
    figures: dict[str, float] = field(default_factory=dict)
    done: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


def examine(file: WeatherFile, climate: Climate, fiscal_year: int | None = None, step_minutes: int = 30) -> FileQuality:
    """Examine a weather file; a broken file gives a report with its problems, not an error.

    Parameters
    ----------
    file : WeatherFile
    climate : Climate
        Place and normals with which the file is compared.
    fiscal_year : int, optional
        Onto which the file is brought; by default the one in which most of it lies.
    step_minutes : int, default 30

    Returns
    -------
    FileQuality
    """
    try:
        reading = read_own_steps(file)
    except InputError as error:
        return FileQuality(file, climate.place, fiscal_year or STANDARD_YEAR_DATED_ON, problems=error.problems)
    year = fiscal_year or _main_fiscal_year(reading)
    edges = [edge for frame in (reading.means, reading.instants) if len(frame.columns) for edge in _edges(frame)]
    complete = filled(reading, climate.place, file.fill_hours)
    figures, problems = own_figures(complete, climate, str(file.path))
    brought, done, chain_problems = _chain(reading, file, climate, year, step_minutes)
    known = {(problem.what, problem.seen) for problem in problems}
    return FileQuality(
        file=file,
        place=climate.place,
        fiscal_year=year,
        period=(str(min(edges)), str(max(edges))),
        interval_minutes=_spacing(reading) / pd.Timedelta(minutes=1),
        is_standard_year=reading.is_standard_year,
        variables=tuple(_variables(reading, complete)),
        figures=figures | brought,
        done=tuple(done),
        problems=(*problems, *(problem for problem in chain_problems if (problem.what, problem.seen) not in known)),
    )


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
    reading: Reading, file: WeatherFile, climate: Climate, year: int, step_minutes: int
) -> tuple[dict[str, float], list[str], list[Problem]]:
    """Bring the file to the study's year and steps; return the energy, what was done, and what is wrong."""
    try:
        frame = read(file, climate.place, year, step_minutes)
    except InputError as error:
        return {}, [], list(error.problems)
    index, hours = pd.DatetimeIndex(frame.index), step_minutes / 60.0
    done = []
    if file.fill_hours:
        done.append(f"gaps up to {file.fill_hours:g} h filled: as clear as around, or on a straight line")
    if reading.is_standard_year or file.any_year:
        done.append(f"dated onto April {year} to March {year + 1} by month and day; 29 February repeats the 28th")
    figures = {}
    if "ghi" in frame:
        figures["irradiation_brought_kwh_per_m2"] = float(frame["ghi"].sum()) * hours / 1000.0
        done.append(_step_text(reading, step_minutes))
        done.append(_parts_text(reading))
    if len(reading.instants.columns):
        done.append(f"{' and '.join(reading.instants.columns)}: interpolated to the middle of each step")
    if "wind_speed" in frame and reading.wind_height_m is not None:
        factor = float(wind_at_height(pd.Series([1.0]), reading.wind_height_m, climate.place).iloc[0])
        heights = f"from {reading.wind_height_m:g} m to {climate.place.wind_height_m:g} m"
        done.append(f"wind_speed: brought {heights} by the logarithmic law, factor {factor:.3f}")
    if "ghi" not in frame:
        return figures, done, []
    complete = frame.assign(**{name: value for name, value in STAND_INS.items() if name not in frame})
    return figures, done, frame_problems(complete, climate.place, index, str(file.path))


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


def _main_fiscal_year(reading: Reading) -> int:
    if reading.is_standard_year:
        return STANDARD_YEAR_DATED_ON
    times = pd.DatetimeIndex((reading.means if len(reading.means.columns) else reading.instants).index)
    return int(pd.Series(times.year - (times.month < 4)).mode().iloc[0])
