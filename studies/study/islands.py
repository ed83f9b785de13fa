"""The island of a study and its tables with the study's own values in place."""

from __future__ import annotations

from network_models.island import Island, find_island
from network_models.reading import island_tables
from studies.study.schema import Study
from twin.core.tables import Tables


def island_of(study: Study) -> Island:
    """Return the island whose grid a study runs on, or whose surroundings its guest network takes.

    Raises
    ------
    InputError
        Where there is no such island, or its ``island.toml`` cannot be used.
    """
    return find_island(study.grid.island_name, study.folder)


def tables_of(study: Study) -> Tables:
    """Return the tables of a study's island with the values of ``[inputs]`` in place.

    Raises
    ------
    InputError
        With all problems of all tables.
    """
    return island_tables(island_of(study), study.inputs)
