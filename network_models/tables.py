"""Read CSV tables of a network: every problem of every file at once, with file, line and column."""

from __future__ import annotations

import csv
import difflib
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from twin.core.errors import Problem, raise_if_any

Kind = Literal["text", "number", "integer", "flag", "date"]
Cell = str | float | int | bool | pd.Timestamp | None

STATUSES = ("published", "derived", "estimate")
_FLAGS = {"true": True, "false": False}
_MISSING: dict[Kind, Any] = {"text": "", "number": math.nan, "integer": math.nan, "flag": None, "date": pd.NaT}


@dataclass(frozen=True)
class Column:
    """What a column may hold; `above` excludes its value, `minimum` and `maximum` include theirs.

    `refers_to` is ``"<table>.<key>"``: the cell must be a key of that table.
    """

    name: str
    kind: Kind = "text"
    required: bool = True
    minimum: float | None = None
    maximum: float | None = None
    above: float | None = None
    choices: tuple[str, ...] = ()
    refers_to: str = ""


@dataclass(frozen=True)
class TableSpec:
    """A table: its key column, its columns, and the main column that `low` and `high` are about."""

    name: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    main: str = ""

    @property
    def file(self) -> str:
        """Name of the CSV file."""
        return f"{self.name}.csv"

    @property
    def all_columns(self) -> tuple[Column, ...]:
        """The table's columns and those of provenance that every table has."""
        return (*self.columns, *PROVENANCE)


PROVENANCE = (
    Column("source"),
    Column("status", choices=STATUSES),
    Column("low", "number", required=False),
    Column("high", "number", required=False),
)


@dataclass(frozen=True)
class _RawTable:
    spec: TableSpec
    path: Path
    header: tuple[str, ...]
    rows: tuple[tuple[int, dict[str, str]], ...]


def read_tables(folder: Path, specs: Iterable[TableSpec]) -> dict[str, pd.DataFrame]:
    """Read and check the tables of a network.

    Parameters
    ----------
    folder : Path
        Folder with one UTF-8 CSV file per table.
    specs : iterable of TableSpec
        What each table must look like.

    Returns
    -------
    dict of str to pandas.DataFrame
        Per table name the rows in file order; the key is a column (composite keys) or the index (single keys).

    Raises
    ------
    InputError
        With all problems of all files: missing files and columns, wrong types and ranges, duplicate keys, references
        to rows that do not exist, missing source or status, a value outside its own `low` and `high`.
    """
    problems: list[Problem] = []
    raw_tables = {spec.name: _read_raw(folder / spec.file, spec, problems) for spec in specs}
    keys = {name: _keys(raw) for name, raw in raw_tables.items() if raw is not None}
    frames = {}
    for name, raw in raw_tables.items():
        if raw is not None:
            problems.extend(_duplicate_keys(raw))
            problems.extend(_dangling_references(raw, keys))
            frames[name] = _typed(raw, problems)
    raise_if_any(problems)
    return frames


def _read_raw(path: Path, spec: TableSpec, problems: list[Problem]) -> _RawTable | None:
    if not path.is_file():
        problems.append(Problem("the table is missing", str(path), repair=f"add {spec.file}"))
        return None
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        seen = f"byte {error.object[error.start]:#04x} at position {error.start}"
        problems.append(Problem("the file is not UTF-8 text", str(path), seen, "UTF-8", "save the file as 'CSV UTF-8'"))
        return None
    lines = csv.reader(text.splitlines())
    header = tuple(cell.strip() for cell in next(lines, []))
    header_problems = list(_header_problems(path, header, spec))
    problems.extend(header_problems)
    if header_problems:
        return None
    rows = []
    for cells in lines:
        if len(cells) != len(header):
            where = f"{path.name} line {lines.line_num}"
            problems.append(Problem("wrong number of cells", where, str(len(cells)), str(len(header))))
        else:
            rows.append((lines.line_num, {name: cell.strip() for name, cell in zip(header, cells, strict=True)}))
    return _RawTable(spec, path, header, tuple(rows))


def _header_problems(path: Path, header: tuple[str, ...], spec: TableSpec) -> Iterator[Problem]:
    known = [column.name for column in spec.all_columns]
    where = f"{path.name} line 1"
    for name in known:
        if name not in header:
            yield Problem(f"column '{name}' is missing", where, repair=f"add the column '{name}'")
    for name in header:
        if name not in known:
            near = ", ".join(difflib.get_close_matches(name, known, 3)) or ", ".join(known)
            yield Problem("unknown column", where, name, near, "rename or remove the column")
    if len(set(header)) < len(header):
        yield Problem("a column appears twice", where, ", ".join(sorted({n for n in header if header.count(n) > 1})))


def _key(raw: _RawTable, row: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(row[name] for name in raw.spec.key)


def _keys(raw: _RawTable) -> set[str]:
    return {row[raw.spec.key[0]] for _, row in raw.rows}


def _duplicate_keys(raw: _RawTable) -> Iterator[Problem]:
    first_line: dict[tuple[str, ...], int] = {}
    for line, row in raw.rows:
        key = _key(raw, row)
        if key in first_line:
            where = f"{raw.path.name} line {line}, column {', '.join(raw.spec.key)}"
            yield Problem(f"the key is already used in line {first_line[key]}", where, ", ".join(key), "a new key")
        first_line.setdefault(key, line)


def _dangling_references(raw: _RawTable, keys: Mapping[str, set[str]]) -> Iterator[Problem]:
    for column in raw.spec.columns:
        table = column.refers_to.partition(".")[0]
        if not column.refers_to or table not in keys:
            continue
        for line, row in raw.rows:
            cell = row[column.name]
            if cell and cell not in keys[table]:
                near = ", ".join(difflib.get_close_matches(cell, sorted(keys[table]), 3))
                where = f"{raw.path.name} line {line}, column {column.name}"
                yield Problem(f"there is no such row in {table}.csv", where, cell, near or f"a key of {table}.csv")


def _typed(raw: _RawTable, problems: list[Problem]) -> pd.DataFrame:
    records: list[dict[str, Cell]] = []
    for line, row in raw.rows:
        record: dict[str, Cell] = {}
        for column in raw.spec.all_columns:
            where = f"{raw.path.name} line {line}, column {column.name}"
            value, problem = _cell(row[column.name], column, where)
            record[column.name] = value
            if problem is not None:
                problems.append(problem)
        problems.extend(_range_problems(record, raw, line))
        records.append(record)
    frame = pd.DataFrame(records, columns=[column.name for column in raw.spec.all_columns])
    return frame.set_index(raw.spec.key[0]) if len(raw.spec.key) == 1 else frame


def _cell(text: str, column: Column, where: str) -> tuple[Cell, Problem | None]:
    missing = _MISSING[column.kind]
    if not text:
        return missing, Problem("the cell is empty", where, repair="fill it in") if column.required else None
    try:
        value = _CONVERT[column.kind](text)
    except (ValueError, KeyError):
        return missing, Problem(f"not a {column.kind}", where, text, _EXAMPLES[column.kind])
    return value, _limit_problem(value, column, where)


def _number(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value


_CONVERT: dict[Kind, Callable[[str], Cell]] = {
    "text": str,
    "number": _number,
    "integer": int,
    "flag": lambda text: _FLAGS[text.lower()],
    "date": lambda text: pd.Timestamp(date.fromisoformat(text)),
}
_EXAMPLES: dict[Kind, str] = {
    "text": "text",
    "number": "a finite number such as 12.5",
    "integer": "a whole number such as 2",
    "flag": "true or false",
    "date": "a date such as 2026-01-05",
}


def _limit_problem(value: Cell, column: Column, where: str) -> Problem | None:
    if column.choices and value not in column.choices:
        return Problem("not one of the known words", where, str(value), ", ".join(column.choices))
    if not isinstance(value, (int, float)):
        return None
    if column.above is not None and value <= column.above:
        return Problem("the value is too small", where, f"{value:g}", f"above {column.above:g}")
    if column.minimum is not None and value < column.minimum:
        return Problem("the value is too small", where, f"{value:g}", f"at least {column.minimum:g}")
    if column.maximum is not None and value > column.maximum:
        return Problem("the value is too large", where, f"{value:g}", f"at most {column.maximum:g}")
    return None


def _range_problems(record: Mapping[str, Cell], raw: _RawTable, line: int) -> Iterator[Problem]:
    low, high = record["low"], record["high"]
    where = f"{raw.path.name} line {line}, column low, high"
    if not isinstance(low, float) or not isinstance(high, float) or math.isnan(low) != math.isnan(high):
        yield Problem("give both ends of the range or none", where, f"{low} .. {high}")
        return
    if math.isnan(low) or not raw.spec.main:
        return
    if low > high:
        yield Problem("the range is upside down", where, f"{low:g} .. {high:g}", "low <= high")
        return
    value = record[raw.spec.main]
    if isinstance(value, (int, float)) and not low <= value <= high:
        repair = f"widen low, high or correct {raw.spec.main}"
        yield Problem(
            f"{raw.spec.main} lies outside its own range", where, f"{value:g}", f"{low:g} .. {high:g}", repair
        )
