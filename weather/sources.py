"""A weather table from files: several places, each from its own files or openly the same as another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from twin.core.clock import DEFAULT_CLOCK, Clock
from twin.core.errors import Problem, gathered, raise_if_any
from twin.core.weather_table import VARIABLES, Place, WeatherTable
from weather.climate import Climate
from weather.quality.checks import check_weather
from weather.quality.sun_clock import Label
from weather.quality.wind_unit import wind_unit_problems
from weather.readers.formats import on_study_index, read_own_steps, without_sunshine
from weather.readers.reading import Reading, WeatherFile


@dataclass(frozen=True)
class PlaceSource:
    """Where a place's weather comes from: files, whose variables are put together, or another place.

    Attributes
    ----------
    files : tuple of WeatherFile
        Files that differ in nothing but the path are parts of one series in time. Otherwise no variable may be in
        two of them (use `WeatherFile.variables`).
    same_as : str
        Place whose weather is taken unchanged; excludes `files`.
    """

    files: tuple[WeatherFile, ...] = ()
    same_as: str = ""


def from_files(
    places: Mapping[str, Place],
    sources: Mapping[str, PlaceSource],
    fiscal_year: int,
    clock: Clock = DEFAULT_CLOCK,
    climates: Mapping[str, Climate] | None = None,
) -> WeatherTable:
    """Return the weather table that the files make; no place is filled silently.

    Parameters
    ----------
    places : mapping of str to Place
    sources : mapping of str to PlaceSource
        One for each place.
    fiscal_year : int
    clock : Clock
        Of the island, with the step of the study.
    climates : mapping of str to Climate, optional
        Normals by place: with them the unit of the wind is judged.

    Returns
    -------
    WeatherTable
        Checked by `weather.quality.checks.check_weather`.

    Raises
    ------
    InputError
        With the problems of all places and files at once.
    """
    raise_if_any(_source_problems(sources, places))
    own = {place_id: source for place_id, source in sources.items() if source.files}
    problems: list[Problem] = []
    values: dict[str, pd.DataFrame] = {}
    labels: dict[str, Label] = {}
    of_sunshine: set[str] = set()
    for place_id, source in own.items():
        with gathered(problems):
            climate = (climates or {}).get(place_id)
            made = _combined(source, places[place_id], fiscal_year, clock, climate)
            values[place_id], label, is_of_sunshine = made
            labels |= {} if label is None else {place_id: label}
            of_sunshine |= {place_id} if is_of_sunshine else set()
    raise_if_any(problems)
    index = clock.fiscal_year(fiscal_year)
    names = {place_id: ", ".join(file.name for file in source.files) for place_id, source in own.items()}
    check_weather(WeatherTable(index, {place_id: places[place_id] for place_id in own}, values, clock), names, labels)
    complete = {place_id: values[sources[place_id].same_as or place_id] for place_id in places}
    computed = tuple(place_id for place_id in places if (sources[place_id].same_as or place_id) in of_sunshine)
    return WeatherTable(index, dict(places), complete, clock, computed)


def _combined(
    source: PlaceSource, place: Place, fiscal_year: int, clock: Clock, climate: Climate | None
) -> tuple[pd.DataFrame, Label | None, bool]:
    """Return the variables of all files of a place, what the times of the irradiance mark, and if it is of sunshine.

    Irradiance is made of sunshine hours only where no file of the place has another.
    """
    readings: list[tuple[WeatherFile, Reading]] = []
    frames: list[pd.DataFrame] = []
    problems: list[Problem] = []
    for file in _joined_in_time(source.files):
        with gathered(problems):
            reading = read_own_steps(file, place, clock, climate.sunshine if climate else ())
            problems += wind_unit_problems(reading, climate, file.name) if climate else []
            readings.append((file, reading))
    irradiance = [reading for _, reading in readings if len(reading.means.columns)]
    is_of_sunshine = all(reading.is_of_sunshine for reading in irradiance)
    for file, reading in readings:
        with gathered(problems):
            kept = reading if is_of_sunshine else without_sunshine(reading, file)
            frames.append(on_study_index(kept, file, place, fiscal_year, clock))
    raise_if_any(problems)
    label = irradiance[-1].time_label if irradiance else None
    names = [name for frame in frames for name in frame.columns]
    where = f"place {place.place_id}, files {', '.join(file.name for file in source.files)}"
    for name in sorted({name for name in names if names.count(name) > 1}):
        problems.append(Problem("variable in two files", where, name, repair="state `variables` for the files"))
    for name in VARIABLES:
        if name not in names:
            problems.append(Problem("variable in no file", where, name, repair="add a file that has it"))
    raise_if_any(problems)
    return pd.concat(frames, axis=1)[list(VARIABLES)], label, bool(irradiance) and is_of_sunshine


def _joined_in_time(files: tuple[WeatherFile, ...]) -> list[WeatherFile]:
    """Return the files, those that differ in nothing but the path as parts of one."""
    kinds: dict[WeatherFile, list[WeatherFile]] = {}
    for file in files:
        kinds.setdefault(replace(file, path=Path()), []).append(file)
    return [
        replace(same[0], parts=tuple(part for file in same for part in (file.path, *file.parts))[1:])
        for same in kinds.values()
    ]


def _source_problems(sources: Mapping[str, PlaceSource], places: Mapping[str, Place]) -> list[Problem]:
    problems = []
    known = ", ".join(places)
    for place_id in places:
        if place_id not in sources:
            repair = "give files for the place or `same_as` another place"
            problems.append(Problem("place without weather", f"place {place_id}", repair=repair))
    for place_id, source in sources.items():
        where = f"place {place_id}"
        if place_id not in places:
            problems.append(Problem("unknown place", where, accepted=known))
        if bool(source.files) == bool(source.same_as):
            problems.append(Problem("files or same_as, exactly one of them", where))
        elif source.same_as and not sources.get(source.same_as, PlaceSource()).files:
            accepted = ", ".join(name for name, other in sources.items() if other.files)
            problems.append(Problem("same_as names a place without files", where, source.same_as, accepted))
    return problems
