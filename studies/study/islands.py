"""The island of a study: its tables with the study's own values in place, and the grids that stand on it."""

from __future__ import annotations

from dataclasses import dataclass

from network_models.island import Island, find_island
from network_models.reading import island_tables
from studies.study.file.schema import Study
from twin.core.clock import Clock
from twin.core.errors import InputError, Problem
from twin.core.tables import Tables
from twin.network.model import GridModel
from twin.operation.member import PlannedOutage


@dataclass(frozen=True)
class Grids:
    """Distinct grid models, which of them each member uses, and when it uses another one."""

    models: tuple[GridModel, ...]
    of_member: tuple[int, ...]
    planned: tuple[tuple[PlannedOutage, ...], ...]


def island_of(study: Study) -> Island:
    """Return the island whose grid a study runs on, or whose surroundings its guest network takes.

    Raises
    ------
    InputError
        Where there is no such island, or its ``island.toml`` cannot be used.
    """
    return find_island(study.grid.island_name, study.folder)


def clock_of(study: Study) -> Clock:
    """Return how a study counts time: as its island does, with its own step."""
    settings = island_of(study).settings
    return Clock(settings.time_zone, study.period.step_minutes, settings.first_month)


def tables_of(study: Study) -> Tables:
    """Return the tables of a study's island with the values of ``[inputs]`` in place.

    Raises
    ------
    InputError
        With all problems of all tables.
    """
    return island_tables(island_of(study), study.inputs)


DEMAND_YEARS = "demand_years"


def demand_factor(study: Study) -> float:
    """Return the factor on the demand of all areas: the study's own, times that of the grid's year where it is asked.

    Raises
    ------
    InputError
        Where the island has no demand of that year.
    """
    if not study.fleet.demand_by_year:
        return study.fleet.demand_factor
    tables = tables_of(study)
    rows = tables[DEMAND_YEARS].to_dict("records") if DEMAND_YEARS in tables and study.grid.is_island else []
    years = {int(row["year"]): float(row["people"]) * float(row["per_head"]) for row in rows}
    if study.grid.year not in years:
        accepted = f"a year of {DEMAND_YEARS}.csv: {', '.join(map(str, years)) or 'the island has none'}"
        seen, repair = f"true, with grid.year = {study.grid.year}", "write demand_by_year = false and a demand_factor"
        raise InputError(
            [Problem("the demand of that year is not known", "[fleet] demand_by_year", seen, accepted, repair)]
        )
    return study.fleet.demand_factor * years[study.grid.year]


NAMED_TABLES = ("buses", "lines", "transformers", "shunts", "compensators")


def element_names_ja(study: Study) -> dict[str, str]:
    """Return the Japanese name of each element that the island's tables name in both languages, by its own name."""
    tables = tables_of(study)
    named = (tables[table] for table in NAMED_TABLES if table in tables)
    pairs = ((row.name_ja, row.Name) for table in named for row in table.rename(columns={"name": "Name"}).itertuples())
    return {str(name): str(name_ja) for name_ja, name in pairs if isinstance(name_ja, str) and name_ja}
