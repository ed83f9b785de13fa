"""The tables of an island as the methods read them: checked rows, a study's own values in place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from twin.core.errors import InputError, Problem

HOURS = [str(hour) for hour in range(24)]
"""Column names of a table with a value per hour of the day."""

MONTHS = [str(month) for month in range(1, 13)]
"""Column names of a table with a value per month."""

STATUSES = ("published", "derived", "estimate")
"""How well a number is known, best first."""


@dataclass(frozen=True, eq=False)
class Tables(Mapping[str, pd.DataFrame]):
    """Tables of an island by name; callers do not modify the frames.

    Attributes
    ----------
    frames : mapping of str to pandas.DataFrame
        Rows in the order of the file, keys as columns. A table that the island leaves out is not in it.
    holidays : str
        Country whose public holidays count, as ISO 3166 names it (``JP``, ``GB-SCT``); empty: none.
    name : str
        Name of the island, for messages.
    """

    frames: Mapping[str, pd.DataFrame]
    holidays: str = ""
    name: str = ""

    def __getitem__(self, table: str) -> pd.DataFrame:
        """Return a table.

        Raises
        ------
        InputError
            Where the island leaves the table out.
        """
        if table not in self.frames:
            where = f"island {self.name}, {table}.csv"
            repair = "add the table, or leave out what needs it"
            raise InputError([Problem("the island has no such table", where, repair=repair)])
        return self.frames[table]

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names of the tables that the island has."""
        return iter(self.frames)

    def __len__(self) -> int:
        """Return how many tables the island has."""
        return len(self.frames)

    def __contains__(self, table: object) -> bool:
        """Tell whether the island has a table."""
        return table in self.frames

    def value(self, name: str, table: str = "parameters") -> float:
        """Return one value of a table with the columns ``name`` and ``value``.

        Raises
        ------
        InputError
            Where the table has no row of that name.
        """
        rows = self.rows(table, "name")
        if name not in rows:
            raise InputError([Problem("no such parameter", f"{table}.csv", name, ", ".join(rows))])
        return float(rows[name]["value"])

    def rows(self, table: str, key: str) -> Mapping[str, Mapping[str, Any]]:
        """Return the rows of a table by what they have in the column `key`, the first one where several have it."""
        if (table, key) not in self._rows:
            found: dict[str, dict[str, Any]] = {}
            for row in self[table].to_dict("records"):
                found.setdefault(row[key], {str(name): value for name, value in row.items()})
            self._rows[table, key] = found
        return self._rows[table, key]

    @cached_property
    def _rows(self) -> dict[tuple[str, str], dict[str, dict[str, Any]]]:
        """Rows of the tables that have been asked for one."""
        return {}

    def by_month(self, table: str, column: str) -> pd.Series:
        """Return a column of a table with one row per calendar month, indexed 1..12."""
        return self[table].set_index("month")[column]
