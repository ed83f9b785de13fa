"""Where every number of the packages' tables comes from."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pandas as pd
from rich.table import Table

from network_models.input_tables import OPTIONAL_TABLES
from network_models.input_tables import TABLES as NETWORK_TABLES
from twin.core.errors import raise_if_any
from twin.core.input_tables import FACTOR, STATUSES, InputTable, read_input, source_problems, source_rows
from twin.resources.tables import TABLES as PROFILE_TABLES
from weather.climate import TABLES as WEATHER_TABLES

RANGES = InputTable("studies", "ranges", ("key",), "base")
TEXTS = (
    "network_models/goto/plan_claims.csv",
    "network_models/goto/references.csv",
    "reports/certificate_texts.csv",
    "reports/texts.csv",
    "studies/unknown_titles.csv",
)
"""Tables of words, the bibliography and the plan's claims: nothing in them needs a source."""

SHOWN = ("table", "row", "quantity", "value", "low", "high", "source")
MOST_VALUES = 3
"""Of a row with more numbers than these the first and the last are shown."""


def declared_tables() -> tuple[InputTable, ...]:
    """Return all tables of numbers in the packages."""
    return (*NETWORK_TABLES, *OPTIONAL_TABLES.values(), *PROFILE_TABLES.values(), *WEATHER_TABLES.values(), RANGES)


def all_sources(tables: Iterable[InputTable] | None = None) -> pd.DataFrame:
    """Return where each row comes from: columns `twin.core.input_tables.SOURCE_COLUMNS`; by default of all tables."""
    chosen = declared_tables() if tables is None else tables
    return pd.concat([source_rows(table) for table in chosen], ignore_index=True)


def check_sources(tables: Iterable[InputTable] | None = None) -> None:
    """Refuse numbers that nobody can trace.

    Raises
    ------
    InputError
        With all rows of all tables without source, with an unknown status, or outside their own range.
    """
    raise_if_any(source_problems(all_sources(tables)))


def status_counts() -> dict[str, int]:
    """Return the number of rows of all tables by status, published first."""
    counts = all_sources()["status"].value_counts()
    return {status: int(counts.get(status, 0)) for status in STATUSES}


def write_sources(path: Path, status: str | None = None) -> None:
    """Write the rows of one status (default: of all) as CSV; a mark at its beginning lets spreadsheets read it."""
    rows = _with_status(_printable(), status)
    path.parent.mkdir(parents=True, exist_ok=True)
    rows.to_csv(path, index=False, encoding="utf-8-sig", lineterminator="\n")


def sources_tables(status: str | None = None) -> list[Table]:
    """Return a table to print for each status (default: all three)."""
    rows = _printable()
    printed = []
    for name in STATUSES if status is None else (status,):
        table = Table(title=name, title_justify="left")
        for column in SHOWN:
            justify = "right" if column in ("value", "low", "high") else "left"
            table.add_column(column, justify=justify, overflow="fold")  # type: ignore[arg-type]
        for row in _with_status(rows, name)[list(SHOWN)].itertuples(index=False):
            table.add_row(*map(str, row))
        printed.append(table)
    return printed


def _with_status(rows: pd.DataFrame, status: str | None) -> pd.DataFrame:
    wanted = STATUSES if status is None else (status,)
    return rows[rows["status"].isin(wanted)].sort_values("status", key=lambda s: s.map(STATUSES.index), kind="stable")


def _printable() -> pd.DataFrame:
    rows = pd.concat([source_rows(t).assign(**_words(t)) for t in declared_tables()], ignore_index=True)
    ends = {name: [_number(value) for value in rows[name]] for name in ("low", "high")}
    return rows.assign(**ends)[[*SHOWN, "status", "varies_with"]]


def _words(table: InputTable) -> dict[str, list[str]]:
    """Return quantity and value of each row as text; of a table without a main column all its numbers."""
    shipped = read_input(table)
    if table.main == FACTOR:
        return {
            "quantity": [f"factor on {_few(list(table.factor_of))}"] * len(shipped),
            "value": [_few([_number(value) for value in row]) for row in shipped[list(table.factor_of)].to_numpy()],
        }
    if table.main:
        return {"quantity": [table.main] * len(shipped), "value": [_number(value) for value in shipped[table.main]]}
    numbers = shipped.select_dtypes("number").columns.difference([*table.key, "low", "high"], sort=False)
    values = [_few([_number(value) for value in row]) for row in shipped[numbers].to_numpy()]
    return {"quantity": [_few(list(numbers))] * len(shipped), "value": values}


def _few(words: list[str]) -> str:
    known = [word for word in words if word]
    return ", ".join(known) if len(known) <= MOST_VALUES else f"{known[0]} .. {known[-1]} ({len(known)})"


def _number(value: object) -> str:
    if isinstance(value, int | float):
        return "" if pd.isna(value) else f"{value:.7g}"
    return str(value)
