"""What `goto-twin weather` prints: the quality report of weather files at a place of the study."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from network_models.island import Island
from network_models.reading import island_tables
from studies.measured.files import KINDS, island_layouts, series_file
from twin.core.clock import Clock
from twin.core.errors import InputError, Problem
from weather.climate import Climate, read_climates
from weather.quality.report import FileQuality, examine, quality_text
from weather.readers.reading import WeatherFile
from weather.readers.recognition import format_of


def quality_reports(
    island: Island,
    files: Sequence[WeatherFile],
    place: str | None = None,
    at: str | None = None,
    fiscal_year: int | None = None,
) -> tuple[str, bool]:
    """Return the quality reports of some files as text, and whether all files can be used.

    Parameters
    ----------
    island : Island
        Of the place; the files are brought to its time, half-hours and fiscal year.
    files : sequence of WeatherFile
        An empty format is told from the file's first lines.
    place : str, optional
        Place whose sun and normals they are compared with; default: the island's.
    at : str, optional
        ``latitude,longitude`` of a file that is from elsewhere.
    fiscal_year : int, optional

    Returns
    -------
    text : str
    is_sound : bool

    Raises
    ------
    InputError
        If the place is unknown or `at` is no position.
    """
    climate = _climate(island, place, at)
    clock = Clock(island.settings.time_zone, first_month=island.settings.first_month)
    measured = [_measured(island, file, climate) for file in files]
    reports = [
        other or examine(_with_format(file), climate, fiscal_year, clock)
        for file, other in zip(files, measured, strict=True)
    ]
    return "\n".join(map(quality_text, reports)), not any(report.problems for report in reports)


def _measured(island: Island, file: WeatherFile, climate: Climate) -> FileQuality | None:
    """Return a report that says what a file is which holds measured series of the area in place of weather."""
    if file.format or file.columns or not file.path.is_file():
        return None
    found = series_file(file.path, island_layouts(island))
    if found is None:
        return None
    what = f"{KINDS[found.layout.file]}, {found.first} to {found.last}"
    repair = 'a study with [weather] source = "measured" reads it from the folder of --data'
    problem = Problem("a measured series, no weather", str(file.path), what, repair=repair)
    return FileQuality(replace(file, format=found.layout.name), climate.place, found.first.year, problems=(problem,))


def _with_format(file: WeatherFile) -> WeatherFile:
    return file if file.format else replace(file, format="csv" if file.columns else format_of(file.path))


def _climate(island: Island, place: str | None, at: str | None) -> Climate:
    climates = read_climates(island_tables(island))
    place = place or island.settings.default_place
    if place not in climates:
        raise InputError([Problem("no such place", "--place", place, ", ".join(climates))])
    climate = climates[place]
    if at is None:
        return climate
    match = re.fullmatch(r"(-?\d+(?:\.\d+)?),(-?\d+(?:\.\d+)?)", at.replace(" ", ""))
    if match is None or abs(float(match[1])) > 66.0 or abs(float(match[2])) > 180.0:
        raise InputError([Problem("no position", "--at", at, "LATITUDE,LONGITUDE in degrees, e.g. 32.69,128.83")])
    latitude, longitude = float(match[1]), float(match[2])
    place_there = replace(climate.place, place_id="elsewhere", latitude=latitude, longitude=longitude)
    return replace(climate, place=place_there, sunshine=())
