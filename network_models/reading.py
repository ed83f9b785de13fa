"""Read the tables of an island: every problem of every file at once, with file, line and column."""

from __future__ import annotations

import csv
import datetime
import difflib
import functools
import json
import math
import operator
import types
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import numpy as np
import pandas as pd
from pydantic import ValidationError

from network_models.island import Island, changed, without_comments
from network_models.tables.columns import PlainRow, Row
from network_models.tables.declarations import DECLARATIONS, FACTOR, Declaration
from network_models.tables.demand import component_problems
from network_models.tables.devices import response_problems
from network_models.tables.market import money_problems
from twin.core.errors import Problem, raise_if_any
from twin.core.tables import Tables

InputValues = Mapping[str, Mapping[str, float]]
"""Values by table and row, in place of the tables' own: ``[inputs]`` of a study."""

Cell = str | float | int | bool | pd.Timestamp | None


@dataclass(frozen=True)
class _RawTable:
    facts: Declaration
    path: Path
    header: tuple[str, ...]
    rows: tuple[tuple[int, dict[str, str]], ...]


def island_tables(island: Island, values: InputValues | None = None) -> Tables:
    """Return the checked tables of an island with a study's values in place.

    Parameters
    ----------
    island : Island
    values : mapping of str to mapping of str to float, optional
        ``[inputs]`` of a study: the main value of a row, or a factor on its numbers where the table says so.

    Raises
    ------
    InputError
        With all problems of all files: missing tables and columns, wrong types and ranges, keys used twice, references
        to rows that do not exist, missing source or status, a value outside its own `low` and `high`; values of rows
        that do not exist.
    """
    written = tuple(changed(island.folder / facts.file) for facts in DECLARATIONS.values())
    return _tables(island, json.dumps(values or {}, sort_keys=True), written)


@functools.lru_cache(maxsize=64)
def _tables(island: Island, values: str, written: tuple[int, ...]) -> Tables:
    frames = dict(_as_written(island.folder, written))
    given: InputValues = json.loads(values)
    problems: list[Problem] = []
    for name, of_rows in given.items():
        if name in frames and of_rows:
            frames[name] = with_values(DECLARATIONS[name], frames[name], of_rows, problems)
    raise_if_any(problems)
    raise_if_any([*response_problems(frames), *component_problems(frames), *money_problems(frames)])
    return Tables(types.MappingProxyType(frames), island.settings.holidays, island.name)


@functools.lru_cache(maxsize=16)
def _as_written(folder: Path, _: tuple[int, ...]) -> dict[str, pd.DataFrame]:
    return read_tables(folder, DECLARATIONS.values())


def with_values(
    facts: Declaration, frame: pd.DataFrame, values: Mapping[str, float], problems: list[Problem]
) -> pd.DataFrame:
    """Return a table with values in place of the main ones of some rows; what does not fit is added to `problems`."""
    names = row_names(facts, frame)
    unknown = [name for name in values if name not in set(names)]
    if unknown or not facts.is_input:
        accepted = ", ".join(names) if facts.is_input else "no value: nothing in this table can be set"
        where = f"[inputs.{facts.name}]"
        problems.extend(Problem("no such row", where, name, accepted) for name in unknown or values)
        return frame
    changed = frame.copy()
    columns = facts.multiplied(list(frame.columns)) if facts.main == FACTOR else [facts.main]
    changed[columns] = changed[columns].astype(float)
    for name, value in values.items():
        row = (names == name).to_numpy()
        if facts.main == FACTOR:
            changed.loc[row, columns] *= value
        else:
            changed.loc[row, facts.main] = value
        problems.extend(_impossible(facts, changed.loc[row, columns].iloc[0], name, value))
    return changed


def _impossible(facts: Declaration, numbers: pd.Series, name: str, value: float) -> Iterator[Problem]:
    """Yield what a study's value makes of a row that its columns do not allow: the first of them."""
    words = {end: relation for end, _, relation in _LIMITS.values()}
    for column, number in numbers.dropna().items():
        field = facts.columns().get(str(column))
        for end, limit in ((end, limit) for limit in (field.metadata if field else ()) for end in _HOLDS):
            if hasattr(limit, end) and not _HOLDS[end](number, getattr(limit, end)):
                where, accepted = f"[inputs.{facts.name}] {name}", f"{column} {words[end]} {getattr(limit, end):g}"
                seen = f"{value:g}" + (f", a factor: {column} = {number:g}" if facts.main == FACTOR else "")
                yield Problem("this row cannot have the value", where, seen, accepted, "correct the value")
                return


def row_names(facts: Declaration, frame: pd.DataFrame) -> pd.Series:
    """Return the name of each row, as ``[inputs.<table>]`` of a study uses it."""
    parts = [
        frame[column].map(lambda cell: f"{cell:g}" if isinstance(cell, float) else str(cell)) for column in facts.key
    ]
    names = parts[0]
    for part in parts[1:]:
        names = names + "/" + part
    return names


def read_tables(folder: Path, declared: Iterable[Declaration]) -> dict[str, pd.DataFrame]:
    """Read and check the tables of a folder; see `island_tables`.

    Parameters
    ----------
    folder : Path
        Folder with one UTF-8 CSV file per table.
    declared : iterable of Declaration
        What each table must look like; one that may be left out is not in the result where there is no file.

    Returns
    -------
    dict of str to pandas.DataFrame
        Rows in file order, a column for each of the declaration; what is empty is NaN, NaT or an empty text.
    """
    problems: list[Problem] = []
    raw_tables: dict[str, _RawTable] = {}
    left_out: set[str] = set()
    every = tuple(declared)
    for facts in every:
        path = folder / facts.file
        if path.is_file():
            raw = _read_raw(path, facts, problems)
            if raw is not None:
                raw_tables[facts.name] = raw
        elif facts.absent:
            left_out.add(facts.name)
        else:
            problems.append(Problem("the table is missing", str(path), repair=f"add {facts.file}"))
    problems.extend(_half_parts(every, left_out))
    frames = {}
    for name, raw in raw_tables.items():
        problems.extend(_duplicate_keys(raw))
        problems.extend(_dangling_references(raw, raw_tables, left_out))
        frames[name] = _typed(raw, problems)
    raise_if_any(problems)
    return frames


def _half_parts(declared: tuple[Declaration, ...], left_out: set[str]) -> Iterator[Problem]:
    """Yield the missing tables of a part of which others are there."""
    for facts in declared:
        others = [other.name for other in declared if other.absent == facts.absent and other.name not in left_out]
        if facts.name in left_out and others:
            repair = f"add {facts.file}, or leave out {', '.join(f'{name}.csv' for name in others)} too"
            yield Problem(f"a table is missing of: {facts.absent}", facts.file, repair=repair)


def _read_raw(path: Path, facts: Declaration, problems: list[Problem]) -> _RawTable | None:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        seen = f"byte {error.object[error.start]:#04x} at position {error.start}"
        problems.append(Problem("the file is not UTF-8 text", str(path), seen, "UTF-8", "save the file as 'CSV UTF-8'"))
        return None
    lines = csv.reader(without_comments(text))
    header = tuple(cell.strip() for cell in next((cells for cells in lines if cells), []))
    header_problems = list(_header_problems(path, header, facts))
    problems.extend(header_problems)
    if header_problems:
        return None
    rows = []
    for cells in lines:
        if cells and len(cells) != len(header):
            where = f"{path.name} line {lines.line_num}"
            problems.append(Problem("wrong number of cells", where, str(len(cells)), str(len(header))))
        elif cells:
            rows.append((lines.line_num, {name: cell.strip() for name, cell in zip(header, cells, strict=True)}))
    return _RawTable(facts, path, header, tuple(rows))


def _header_problems(path: Path, header: tuple[str, ...], facts: Declaration) -> Iterator[Problem]:
    columns = facts.columns()
    where = f"{path.name} line 1"
    for name, field in columns.items():
        if name not in header and field.is_required():
            yield Problem(f"column '{name}' is missing", where, repair=f"add the column '{name}'")
    further = set(facts.multiplied(list(header)))
    for name in header:
        if name not in columns and name not in further:
            near = ", ".join(difflib.get_close_matches(name, columns, 3)) or ", ".join(columns)
            yield Problem("unknown column", where, name, near, "rename or remove the column")
    if len(set(header)) < len(header):
        yield Problem("a column appears twice", where, ", ".join(sorted({n for n in header if header.count(n) > 1})))


def _duplicate_keys(raw: _RawTable) -> Iterator[Problem]:
    first_line: dict[tuple[str, ...], int] = {}
    for line, row in raw.rows:
        key = tuple(row[name] for name in raw.facts.key)
        if key in first_line:
            where = f"{raw.path.name} line {line}, column {', '.join(raw.facts.key)}"
            yield Problem(f"the key is already used in line {first_line[key]}", where, ", ".join(key), "a new key")
        first_line.setdefault(key, line)


def _dangling_references(raw: _RawTable, tables: Mapping[str, _RawTable], left_out: set[str]) -> Iterator[Problem]:
    for column, field in raw.facts.columns().items():
        target, _, key = ((field.json_schema_extra or {}).get("refers", "")).partition(".")
        if column not in raw.header or not target or (target not in tables and target not in left_out):
            continue
        known = {row[key] for _, row in tables[target].rows} if target in tables else set()
        for line, row in raw.rows:
            cell = row[column]
            if cell and cell not in known:
                near = ", ".join(difflib.get_close_matches(cell, sorted(known), 3))
                where = f"{raw.path.name} line {line}, column {column}"
                yield Problem(f"there is no such row in {target}.csv", where, cell, near or f"a key of {target}.csv")


def _typed(raw: _RawTable, problems: list[Problem]) -> pd.DataFrame:
    columns = [name for name in raw.header if name in raw.facts.columns()]
    columns += [name for name in raw.facts.columns() if name not in columns]
    further = [name for name in raw.header if name not in columns]
    records: list[dict[str, Any]] = []
    for line, cells in raw.rows:
        record = _record(raw, line, cells, further, problems)
        if record is not None:
            records.append(record)
    frame = pd.DataFrame(records, columns=[*columns, *further])
    for name, field in raw.facts.columns().items():
        kind = _kind(field.annotation)
        if kind == "number" or (kind == "whole number" and frame[name].isna().any()):
            frame[name] = frame[name].astype(float)
        elif kind == "date":
            frame[name] = pd.to_datetime(frame[name])
    return frame


def _record(
    raw: _RawTable, line: int, cells: Mapping[str, str], further: list[str], problems: list[Problem]
) -> dict[str, Any] | None:
    """Return a row's values by column; None, and its problems, where it is wrong."""
    where = f"{raw.path.name} line {line}, column"
    try:
        row = raw.facts.row.model_validate({name: cell for name, cell in cells.items() if cell and name not in further})
    except ValidationError as error:
        problems.extend(_cell_problem(found, raw.facts, cells, where) for found in error.errors())
        problems.extend(_provenance(cells, raw.facts, where))
        return None
    problems.extend(_range_problems(row, raw.facts, where))
    values = row.model_dump(by_alias=True)
    for name in further:
        try:
            values[name] = float(cells[name])
        except ValueError:
            problems.append(Problem("not a number", f"{where} {name}", cells[name], _EXAMPLES["number"]))
    return {name: np.nan if cell is None else cell for name, cell in values.items()}


_EXAMPLES = {
    "text": "text",
    "number": "a finite number such as 12.5",
    "whole number": "a whole number such as 2",
    "flag": "true or false",
    "date": "a date such as 2026-01-05",
}
_LIMITS = {
    "greater_than": ("gt", "the value is too small", "above"),
    "greater_than_equal": ("ge", "the value is too small", "at least"),
    "less_than": ("lt", "the value is too large", "below"),
    "less_than_equal": ("le", "the value is too large", "at most"),
}
_HOLDS = {"gt": operator.gt, "ge": operator.ge, "lt": operator.lt, "le": operator.le}


def _kind(annotation: Any) -> str:  # noqa: ANN401 - any type
    parts = get_args(annotation) if get_origin(annotation) in (Union, types.UnionType) else (annotation,)
    parts = tuple(get_args(part)[0] if get_origin(part) is Annotated else part for part in parts)
    if bool in parts:
        return "flag"
    for part, kind in ((float, "number"), (int, "whole number"), (datetime.date, "date")):
        if part in parts:
            return kind
    return "text"


def _cell_problem(found: Mapping[str, Any], facts: Declaration, cells: Mapping[str, str], where: str) -> Problem:
    column, kind = str(found["loc"][0]), str(found["type"])
    place, seen = f"{where} {column}", cells.get(column, "")
    if kind == "missing":
        return Problem("the cell is empty", place, repair="fill it in")
    if kind in _LIMITS:
        limit, what, relation = _LIMITS[kind]
        return Problem(what, place, seen, f"{relation} {found['ctx'][limit]:g}")
    if kind == "string_pattern_mismatch":
        return Problem("not written as it must be", place, seen, f"text that fits {found['ctx']['pattern']}")
    annotation = facts.columns()[column].annotation
    if get_origin(annotation) is Literal:
        return Problem("not one of the known words", place, seen, ", ".join(map(str, get_args(annotation))))
    wanted = _kind(annotation)
    return Problem(f"not a {wanted}", place, seen, _EXAMPLES[wanted])


def _provenance(cells: Mapping[str, str], facts: Declaration, where: str) -> Iterator[Problem]:
    """Yield what is wrong with the range of a row whose other cells cannot be used."""
    try:
        numbers = {name: float(cells[name]) for name in ("low", "high", facts.main) if cells.get(name)}
    except ValueError:
        return
    yield from _ends_problems(numbers.get("low"), numbers.get("high"), numbers.get(facts.main), facts, where)


def _range_problems(row: PlainRow, facts: Declaration, where: str) -> Iterator[Problem]:
    if not isinstance(row, Row):
        return
    value = 1.0 if facts.main == FACTOR else row.model_dump(by_alias=True).get(facts.main)
    if isinstance(value, str):  # a grid parameter, which may be a word
        value = float(value) if value.replace(".", "", 1).replace("-", "", 1).isdigit() else None
    yield from _ends_problems(row.low, row.high, value, facts, where)


def _ends_problems(
    low: float | None, high: float | None, value: float | None, facts: Declaration, where: str
) -> Iterator[Problem]:
    where = f"{where} low, high"
    if (low is None) != (high is None):
        yield Problem("give both ends of the range or none", where, f"{low} .. {high}")
    elif low is None or high is None or not facts.main:
        return
    elif low > high:
        yield Problem("the range is upside down", where, f"{low:g} .. {high:g}", "low <= high")
    elif value is not None and not math.isnan(value) and not low <= value <= high:
        what = f"{facts.main} lies outside its own range"
        repair = f"widen low, high or correct {facts.main}"
        yield Problem(what, where, f"{value:g}", f"{low:g} .. {high:g}", repair)


SOURCE_COLUMNS = ("table", "row", "quantity", "value", "low", "high", "varies_with", "source", "status")
"""Columns of `source_rows`."""


def source_rows(facts: Declaration, frame: pd.DataFrame) -> pd.DataFrame:
    """Return where each row of a table comes from; columns `SOURCE_COLUMNS`, numbers NaN where there is none.

    ``varies_with`` names the unknown that moves the row: rows with the same name move together.
    """
    names = row_names(facts, frame)
    value = 1.0 if facts.main == FACTOR else frame[facts.main] if facts.main else float("nan")
    rows = pd.DataFrame({"table": facts.file, "row": names, "quantity": facts.main, "value": value})
    rows["value"] = pd.to_numeric(rows["value"], errors="coerce").astype(float)
    common = frame["varies_with"].where(frame["varies_with"] != "", facts.name + "." + names)
    return rows.join(frame[["low", "high", "source", "status"]]).assign(varies_with=common)[list(SOURCE_COLUMNS)]
