"""Where every number of an island's tables comes from."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from rich.table import Table

from network_models.island import Island
from network_models.reading import island_tables, source_rows
from network_models.tables.declarations import DECLARATIONS, FACTOR, Declaration
from twin.core.tables import STATUSES

SHOWN = ("table", "row", "quantity", "value", "low", "high", "source")
MOST_VALUES = 3
"""Of a row with more numbers than these the first and the last are shown."""


def all_sources(island: Island) -> pd.DataFrame:
    """Return where each row of an island's tables comes from: columns `network_models.reading.SOURCE_COLUMNS`.

    Raises
    ------
    InputError
        Numbers that nobody can trace: with all that is wrong in all tables.
    """
    tables = island_tables(island)
    return pd.concat([source_rows(DECLARATIONS[name], frame) for name, frame in tables.items()], ignore_index=True)


def status_counts(island: Island) -> dict[str, int]:
    """Return the number of rows of all tables by status, published first."""
    counts = all_sources(island)["status"].value_counts()
    return {status: int(counts.get(status, 0)) for status in STATUSES}


def write_sources(island: Island, path: Path, status: str | None = None) -> None:
    """Write the rows of one status (default: of all) as CSV; a mark at its beginning lets spreadsheets read it."""
    rows = _with_status(_printable(island), status)
    path.parent.mkdir(parents=True, exist_ok=True)
    rows.to_csv(path, index=False, encoding="utf-8-sig", lineterminator="\n")


def sources_tables(island: Island, status: str | None = None) -> list[Table]:
    """Return a table to print for each status (default: all three)."""
    rows = _printable(island)
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


def _printable(island: Island) -> pd.DataFrame:
    facts = [(DECLARATIONS[name], frame) for name, frame in island_tables(island).items()]
    rows = pd.concat([source_rows(*one).assign(**_words(*one)) for one in facts], ignore_index=True)
    ends = {name: [_number(value) for value in rows[name]] for name in ("low", "high")}
    return rows.assign(**ends)[[*SHOWN, "status", "varies_with"]]


def _words(facts: Declaration, frame: pd.DataFrame) -> dict[str, list[str]]:
    """Return quantity and value of each row as text; of a table without a main column all its numbers."""
    if facts.main == FACTOR:
        columns = facts.multiplied(list(frame.columns))
        return {
            "quantity": [f"factor on {_few(columns)}"] * len(frame),
            "value": [_few([_number(value) for value in row]) for row in frame[columns].to_numpy()],
        }
    if facts.main:
        return {"quantity": [facts.main] * len(frame), "value": [_number(value) for value in frame[facts.main]]}
    numbers = frame.select_dtypes("number").columns.difference([*facts.key, "low", "high"], sort=False)
    values = [_few([_number(value) for value in row]) for row in frame[numbers].to_numpy()]
    return {"quantity": [_few(list(numbers))] * len(frame), "value": values}


def _few(words: list[str]) -> str:
    known = [word for word in words if word]
    return ", ".join(known) if len(known) <= MOST_VALUES else f"{known[0]} .. {known[-1]} ({len(known)})"


def _number(value: object) -> str:
    if isinstance(value, int | float):
        return "" if pd.isna(value) else f"{value:.7g}"
    return str(value)
