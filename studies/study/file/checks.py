"""Checks of a study against the world outside its file: other files, the data folder, the days asked for."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from network_models.island import BUILT_IN, SETTINGS, Island, shipped_islands
from studies.measured.files import FORECAST, KINDS, island_layouts, missing_kind, series_files, year_of
from studies.study.file.names import nearest
from studies.study.file.schema import Grid, Period, Weather
from twin.core.errors import Problem

LONGEST_YEAR_DAYS = 366


def outside_problems(
    table: dict[str, Any], island: Island | None, path: Path, data: Path | None, days: tuple[int, int] | None
) -> list[Problem]:
    """Return what is wrong outside the study file; sections that are themselves invalid are passed over.

    Parameters
    ----------
    table : dict
        The parsed study file.
    island : Island or None
        Of the study; None where there is none of that name.
    path : pathlib.Path
        The study file; relative paths start from its folder.
    data : pathlib.Path or None
        Folder given by ``--data``.
    days : tuple of int or None
        First and last day given by ``--days``, 1-based and inclusive.
    """
    grid, weather, period = (checked_section(model, table) for model in (Grid, Weather, Period))
    found: list[Problem] = []
    if data is not None and not data.is_dir():
        found.append(Problem("there is no such folder", f"--data {data}", repair="give the folder that holds the data"))
        data = None
    elif isinstance(weather, Weather) and weather.source == "measured":
        found += _measured_problems(island, data, period if isinstance(period, Period) else None, path)
    elif isinstance(weather, Weather) and weather.source == "feed":
        found += _feed_problems(island, data, path)
    if isinstance(weather, Weather):
        found += _weather_file_problems(weather, path, data)
        found += _place_problems(weather, grid, island, path) if isinstance(grid, Grid) and island is not None else ()
    if island is None and isinstance(grid, Grid):
        accepted = f"{', '.join(shipped_islands())}, or a folder with {SETTINGS}"
        repair = nearest(grid.island_name, (*shipped_islands(), *BUILT_IN))
        found.append(Problem("there is no such island", f"{path}, grid.model", grid.island_name, accepted, repair))
    if isinstance(grid, Grid) and grid.is_file and not (path.parent / grid.model).is_file():
        found.append(Problem("the network file does not exist", f"{path}, grid.model", str(path.parent / grid.model)))
    if days is not None:
        found += _day_problems(days, days_in(period.fiscal_year) if isinstance(period, Period) else LONGEST_YEAR_DAYS)
    return found


def days_in(fiscal_year: int, first_month: int = 4) -> int:
    """Return the number of days of the fiscal year that begins in a month of a calendar year."""
    return (datetime.date(fiscal_year + 1, first_month, 1) - datetime.date(fiscal_year, first_month, 1)).days


def checked_section(model: type[BaseModel], table: dict[str, Any]) -> BaseModel | None:
    """Return a section of a study file, None where it is not valid."""
    try:
        return model.model_validate(table.get(model.__name__.lower(), {}))
    except ValidationError:
        return None


def _day_problems(days: tuple[int, int], length: int) -> list[Problem]:
    first, last = days
    if 1 <= first <= last <= length:
        return []
    accepted = f"A:B with 1 <= A <= B <= {length}; day 1 is 1 April"
    return [Problem("these days are not in the fiscal year", "--days", f"{first}:{last}", accepted, "e.g. --days 1:7")]


def _place_problems(weather: Weather, grid: Grid, island: Island, path: Path) -> Iterator[Problem]:
    """Yield places of weather files and roles that do not exist, and places of the network without a file."""
    places = island.column("places", "place_id")
    named = [(f"weather.files.{place}", place) for place in weather.files]
    named += [] if grid.roles is None or grid.roles.place is None else [("grid.roles.place", grid.roles.place)]
    for key, place in named:
        if place not in places:
            what = "there is no weather place of this name"
            yield Problem(what, f"{path}, {key}", place, ", ".join(places), nearest(place, places))
    for place in needed_places(grid, island) if weather.source == "files" else ():
        if place in places and place not in weather.files:
            repair = f"add [[weather.files.{place}]]; a file may serve several places"
            yield Problem(f"the place {place} has no weather file", f"{path}, weather.files", repair=repair)


def needed_places(grid: Grid, island: Island) -> tuple[str, ...]:
    """Return the weather places that a network needs: one for a guest network, all for an island."""
    if grid.roles is None:
        return tuple(island.column("places", "place_id"))
    return (grid.roles.place or island.settings.default_place,)


def _weather_file_problems(weather: Weather, path: Path, data: Path | None) -> Iterator[Problem]:
    folders = " and ".join(str(folder) for folder in (path.parent, data) if folder)
    for place, files in weather.files.items():
        for file in files:
            if locate(file.path, path.parent, data) is None:
                yield Problem(
                    "the weather file does not exist", f"{path}, weather.files.{place}", file.path,
                    f"a path relative to {folders}", "correct the path, or give the folder with --data",
                )  # fmt: skip


def locate(name: str, folder: Path, data: Path | None) -> Path | None:
    """Return the file `name` seen from the study's folder or else from the data folder; None when in neither."""
    candidates = (base / name for base in (folder, data) if base)
    return next((candidate for candidate in candidates if candidate.is_file()), None)


def _feed_problems(island: Island | None, data: Path | None, path: Path) -> Iterator[Problem]:
    where = f"{path}, weather.source"
    if data is None:
        yield Problem('weather.source = "feed" needs a data folder', where, repair="add --data FOLDER with the feed")
    if island is not None and not island.has("feed_columns"):
        accepted = "an island with feed_columns.csv"
        yield Problem("the island does not say what its feed looks like", where, island.name, accepted)


def _measured_problems(island: Island | None, data: Path | None, period: Period | None, path: Path) -> list[Problem]:
    if data is None:
        repair = "add --data FOLDER with the tables of the area and of the exchange"
        return [Problem('weather.source = "measured" needs a data folder', f"{path}, weather.source", repair=repair)]
    if island is None:
        return []
    layouts = island_layouts(island)
    files, found = series_files(data, layouts), []
    for kind in (kind for kind in KINDS if kind != FORECAST and any(layout.file == kind for layout in layouts)):
        own = [one for one in files if one.layout.file == kind]
        if not own:
            found += missing_kind(kind, own, data, layouts)
        elif period is not None:
            first, last = year_of(period.fiscal_year, island.settings.first_month)
            if not any(one.touches(first, last) for one in own):
                found.append(
                    Problem(
                        "the fiscal year lies outside the measured data", f"{path}, period.fiscal_year",
                        str(period.fiscal_year), "; ".join(one.span for one in own),
                        f"choose a fiscal year inside the data, or add files with the {KINDS[kind]} of that year",
                    )
                )  # fmt: skip
    return found
