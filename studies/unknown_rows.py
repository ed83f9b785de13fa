"""All rows of the tables and all study keys that have a range, each with the key that moves it."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from network_models.input_tables import OPTIONAL, SETTABLE, TABLES
from studies.dotted import flatten
from studies.input_names import settable_tables
from studies.members import middle_point
from studies.study import Study
from twin.input_tables import InputTable, read_input, source_rows

RANGES = Path(__file__).with_name("ranges.csv")
TITLES = Path(__file__).with_name("unknown_titles.csv")

KEYS_OF_PARAMETERS = {"conductor_mm2": "grid.conductor_mm2", "short_time_factor": "operation.short_time_factor"}
"""Network parameters that a study sets by a key of their own."""

SIZES = {"conductor_mm2": "xlpe66", "path_conductor_mm2": "xlpe66", "path_overhead_mm2": "acsr"}
"""Parameters that name a size of a family in conductors.csv: nothing lies between the sizes."""

Title = tuple[str, str, str]
"""Title in English and in Japanese, unit."""
Titles = Mapping[str, Title]


@dataclass(frozen=True)
class RangedRow:
    """A row with a range.

    Attributes
    ----------
    table, row : str
        File of the table below the packages, and name of the row; ``ranges.csv`` and the key for a study key.
    group : str
        Name of the unknown that moves it.
    is_opposite : bool
        Whether it goes down when the group goes up.
    key : str
        Dotted study key.
    low, base, high : float
        `base` is the study's value.
    is_whole : bool
    choices : tuple of float
        The only possible values, where not all are.
    title : tuple of str
    source, status : str
    """

    table: str
    row: str
    group: str
    is_opposite: bool
    key: str
    low: float
    base: float
    high: float
    is_whole: bool
    choices: tuple[float, ...]
    title: Title
    source: str
    status: str


def ranged_rows(study: Study) -> Iterator[RangedRow]:
    """Yield all rows and keys whose two ends differ, with the study's own values as bases; see `RangedRow`."""
    values = _values(study)
    own = {table.name for table in TABLES} if study.grid.is_goto else set()
    for table in TABLES:
        if table.name in own and table.name not in SETTABLE:
            yield from _rows(table, values)
    idle = {table.name for key, tables in OPTIONAL.items() if values.get(key, "none") == "none" for table in tables}
    for name, table in settable_tables().items():
        if name not in idle and (name not in SETTABLE or name in own):
            yield from _rows(table, values)
    yield from _study_keys(values)


def read_titles() -> Titles:
    """Return title and unit of the unknowns whose rows have none themselves, by the unknown's name."""
    return {row["unknown"]: (row["title_en"], row["title_ja"], row["unit"]) for row in _lines(TITLES)}


def _values(study: Study) -> dict[str, Any]:
    """Return the study's values by dotted key; the middle one of those that are swept."""
    sections = study.model_dump(mode="json", include={"grid", "fleet", "operation", "inputs"})
    values = {key: value for key, value in flatten(sections).items() if value is not None}
    return values | middle_point(study)


def _rows(table: InputTable, values: Mapping[str, Any]) -> Iterator[RangedRow]:
    rows, shipped = source_rows(table), read_input(table)
    differ = rows["low"] < rows["high"]
    for row, facts in zip(rows[differ].to_dict("records"), shipped[differ].to_dict("records"), strict=True):
        key = _key(table, row["row"])
        shared = str(row["varies_with"])
        alone = shared == f"{table.name}.{row['row']}"
        group = key.removeprefix("inputs.") if alone else shared.removeprefix("-")
        yield RangedRow(
            table=table.file, row=row["row"], group=group, is_opposite=shared.startswith("-"),
            key=key, low=row["low"], base=float(values.get(key, row["value"])), high=row["high"],
            is_whole=facts.get("kind") == "integer" or key == "grid.conductor_mm2",
            choices=_sizes(row["row"], row["low"], row["high"]) if _is_network(table, "parameters") else (),
            title=_title(table, row["row"], facts), source=str(row["source"]), status=str(row["status"]),
        )  # fmt: skip


def _key(table: InputTable, row: str) -> str:
    if _is_network(table, "parameters"):
        return KEYS_OF_PARAMETERS.get(row, f"grid.parameters.{row}")
    if _is_network(table, "plants"):
        return f"fleet.contract_mw.{row}"
    if _is_network(table, "sites"):
        return f"fleet.battery.{table.main}"
    return f"inputs.{table.name}.{row}"


def _is_network(table: InputTable, name: str) -> bool:
    return table.package.startswith("network_models") and table.name == name


def _sizes(parameter: str, low: float, high: float) -> tuple[float, ...]:
    if parameter not in SIZES:
        return ()
    conductors = read_input(SETTABLE["conductors"])
    sizes = conductors.loc[conductors["family"] == SIZES[parameter], "area_mm2"]
    return tuple(float(size) for size in sorted(sizes) if low <= size <= high)


def _title(table: InputTable, row: str, facts: Mapping[Any, Any]) -> Title:
    plain = f"{table.name}: {row}"
    named = "" if "name" in table.key else facts.get("name")
    english = facts.get("name_en") or named or plain
    return str(english), str(facts.get("name_ja") or plain), str(facts.get("unit") or "")


def _study_keys(values: Mapping[str, Any]) -> Iterator[RangedRow]:
    for row in _lines(RANGES):
        key = row["key"]
        yield RangedRow(
            table="studies/ranges.csv", row=key, group=key, is_opposite=False, key=key,
            low=float(row["low"]), base=float(values.get(key, row["base"])), high=float(row["high"]),
            is_whole=row["whole"] == "yes", choices=(), title=(row["title_en"], row["title_ja"], row["unit"]),
            source=row["source"], status=row["status"],
        )  # fmt: skip


def _lines(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
