"""A weather table from files: several places, each from its own files or openly the same as another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from twin.core.clock import DEFAULT_CLOCK, Clock
from twin.core.errors import InputError, Problem, raise_if_any
from twin.core.weather_table import VARIABLES, Place, WeatherTable
from weather.quality.checks import check_weather
from weather.readers.formats import read
from weather.readers.reading import WeatherFile


@dataclass(frozen=True)
class PlaceSource:
    """Where a place's weather comes from: files, whose variables are put together, or another place.

    Attributes
    ----------
    files : tuple of WeatherFile
        No variable may be in two of them (use `WeatherFile.variables`).
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
    for place_id, source in own.items():
        try:
            values[place_id] = _combined(source, places[place_id], fiscal_year, clock)
        except InputError as error:
            problems += error.problems
    raise_if_any(problems)
    index = clock.fiscal_year(fiscal_year)
    names = {place_id: ", ".join(str(file.path) for file in source.files) for place_id, source in own.items()}
    check_weather(WeatherTable(index, {place_id: places[place_id] for place_id in own}, values, clock), names)
    complete = {place_id: values[sources[place_id].same_as or place_id] for place_id in places}
    return WeatherTable(index, dict(places), complete, clock)


def _combined(source: PlaceSource, place: Place, fiscal_year: int, clock: Clock) -> pd.DataFrame:
    frames: list[pd.DataFrame] = []
    problems: list[Problem] = []
    for file in source.files:
        try:
            frames.append(read(file, place, fiscal_year, clock))
        except InputError as error:
            problems += error.problems
    raise_if_any(problems)
    names = [name for frame in frames for name in frame.columns]
    where = f"place {place.place_id}, files {', '.join(str(file.path) for file in source.files)}"
    for name in sorted({name for name in names if names.count(name) > 1}):
        problems.append(Problem("variable in two files", where, name, repair="state `variables` for the files"))
    for name in VARIABLES:
        if name not in names:
            problems.append(Problem("variable in no file", where, name, repair="add a file that has it"))
    raise_if_any(problems)
    return pd.concat(frames, axis=1)[list(VARIABLES)]


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
