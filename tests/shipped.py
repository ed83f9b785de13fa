"""The island that is shipped, for tests: its tables, tables with a study's values, its grid."""

from __future__ import annotations

from typing import Any

import pandas as pd

from network_models.island import find_island
from network_models.model import build_grid
from network_models.reading import InputValues, island_tables, source_rows
from network_models.tables import DECLARATIONS
from twin.core.tables import Tables
from twin.network.model import GridModel

ISLAND = find_island()
GOTO = island_tables(ISLAND)


def with_inputs(values: InputValues) -> Tables:
    """Return the tables with values of ``[inputs]`` in place."""
    return island_tables(ISLAND, values)


def goto(
    year: int = 2030, compensation: str = "controlled", parameters: Any = None, controls: str = "automatic"
) -> GridModel:
    """Return the grid."""
    return build_grid(ISLAND, GOTO, year, compensation, parameters, controls)


def sources_of(table: str) -> pd.DataFrame:
    """Return where the rows of a table come from."""
    return source_rows(DECLARATIONS[table], GOTO[table])
