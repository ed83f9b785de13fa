"""Tables of numbers beside the code: every row with its source, and a study's values in place of the tables'."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

import pandas as pd

from twin.core.errors import InputError, Problem

FACTOR = "factor"
"""What a row's range is about where it is a factor on several columns at once."""

STATUSES = ("published", "derived", "estimate")
SOURCE_COLUMNS = ("table", "row", "quantity", "value", "low", "high", "varies_with", "source", "status")
"""Columns of `source_rows`."""

InputValues = Mapping[str, Mapping[str, float]]
"""Values by table and row, in place of the tables' own."""

_IN_FORCE: ContextVar[InputValues] = ContextVar("input values in force", default=MappingProxyType({}))


@dataclass(frozen=True)
class InputTable:
    """A CSV table that lies in a package.

    Attributes
    ----------
    package, name : str
        ``<name>.csv`` in the folder of `package`.
    key : tuple of str
        Columns that name a row; joined by ``/``.
    main : str
        Column that ``low`` and ``high`` are about and that a study may set; `FACTOR` where it is a factor on all of
        `factor_of`; empty where no row of the table varies.
    factor_of : tuple of str
        Columns that the factor multiplies.
    """

    package: str
    name: str
    key: tuple[str, ...]
    main: str = ""
    factor_of: tuple[str, ...] = ()

    @property
    def file(self) -> str:
        """Path of the file below the folder of all packages."""
        return f"{self.package.replace('.', '/')}/{self.name}.csv"


@contextmanager
def inputs_in_force(values: InputValues) -> Iterator[None]:
    """Let `read_input` give these values in place of the tables' own as long as the context lasts."""
    token = _IN_FORCE.set(values)
    try:
        yield
    finally:
        _IN_FORCE.reset(token)


def read_input(table: InputTable) -> pd.DataFrame:
    """Return a table with the values in force; callers do not modify it.

    Raises
    ------
    InputError
        Where a value in force names a row that the table does not have.
    """
    return _with_values(table, tuple(sorted(_IN_FORCE.get().get(table.name, {}).items())))


def values_in_force(table: InputTable) -> dict[str, float]:
    """Return the values in place of a table's own, by row; for a package that reads the table itself."""
    return dict(_IN_FORCE.get().get(table.name, {}))


def row_names(table: InputTable) -> pd.Series:
    """Return the name of each row, as ``[inputs.<table>]`` of a study uses it."""
    return _as_shipped(table)[list(table.key)].astype(str).agg("/".join, axis=1)


def source_rows(table: InputTable) -> pd.DataFrame:
    """Return where each row of a table comes from; columns `SOURCE_COLUMNS`, numbers NaN where there is none.

    ``varies_with`` names the unknown that moves the row: rows with the same name move together.
    """
    shipped, names = _as_shipped(table), row_names(table)
    value = 1.0 if table.main == FACTOR else shipped[table.main] if table.main else float("nan")
    alone = table.name + "." + names
    common = shipped["varies_with"].fillna(alone) if "varies_with" in shipped else alone
    rows = pd.DataFrame({"table": table.file, "row": names, "quantity": table.main, "value": value})
    rows["value"] = pd.to_numeric(rows["value"], errors="coerce").astype(float)
    rest = shipped.reindex(columns=["low", "high", "source", "status"])
    return rows.join(rest.astype({"low": float, "high": float})).assign(varies_with=common)[list(SOURCE_COLUMNS)]


def source_problems(rows: pd.DataFrame) -> list[Problem]:
    """Return every row of `source_rows` without source, with an unknown status or a range that misses its value."""
    found = []
    for row in rows.to_dict("records"):
        where = f"{row['table']}, {row['row']}"
        if pd.isna(row["source"]) or not str(row["source"]).strip():
            found.append(Problem("no source", where, repair="state where the number comes from"))
        if row["status"] not in STATUSES:
            found.append(Problem("unknown status", where, str(row["status"]), ", ".join(STATUSES)))
        if pd.isna(row["low"]) != pd.isna(row["high"]):
            found.append(Problem("half a range", where, f"{row['low']} to {row['high']}", "both ends, or neither"))
        if row["low"] > row["high"] or row["value"] < row["low"] or row["value"] > row["high"]:
            seen = f"{row['value']} in {row['low']} to {row['high']}"
            found.append(Problem("value outside its own range", where, seen, "low <= value <= high"))
    return found


@cache
def _as_shipped(table: InputTable) -> pd.DataFrame:
    package, *folders = table.package.split(".")  # the folder below is not imported: that may take seconds
    with files(package).joinpath(*folders, f"{table.name}.csv").open(encoding="utf-8") as file:
        return pd.read_csv(file)


@cache
def _with_values(table: InputTable, values: tuple[tuple[str, float], ...]) -> pd.DataFrame:
    shipped = _as_shipped(table)
    if not values:
        return shipped
    names = row_names(table)
    unknown = [name for name, _ in values if name not in set(names)]
    if unknown or not table.main:
        accepted = ", ".join(names) if table.main else "no value: nothing in this table can be set"
        raise InputError([Problem("no such row", f"[inputs.{table.name}]", name, accepted) for name in unknown])
    frame = shipped.copy()
    for name, value in values:
        row = names == name
        if table.main == FACTOR:
            columns = list(table.factor_of)
            frame[columns] = frame[columns].astype(float)
            frame.loc[row, columns] *= value
        else:
            frame[table.main] = frame[table.main].astype(float)
            frame.loc[row, table.main] = value
    return frame
