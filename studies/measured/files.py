"""Which files of a data folder hold measured series: told by their headers, whatever their names."""

from __future__ import annotations

import csv
import datetime
import functools
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from network_models.island import Island
from twin.core.errors import Problem
from weather.readers.recognition import head_of

KINDS = {"area": "supply and demand of the area", "forecast": "forecast of its demand", "price": "price of the area"}
FORECAST = "forecast"
"""The one kind that may be missing: `studies.measured.series` puts persistence in its place."""

LINES_BEFORE_HEADER = 60
DELIMITERS = (",", ";", "\t")
UNIT = re.compile(r"[(\[〔【](?:MWh|MW|MW平均|kWh|kW|万kW|円/kWh|%)[)\]〕】]$")
DATE = re.compile(r"^\"?(\d{4})[-/.]?(\d{1,2})[-/.]?(\d{1,2})(?!\d)")
SEE = "docs/how_to/measured_data.md says where the files come from"


@dataclass(frozen=True)
class Layout:
    """A layout of a row of ``measured_files.csv``, and how the quantities' columns are called.

    Attributes
    ----------
    name, file : str
        ``file`` is one of `KINDS`.
    time_columns : tuple of str
    label : str
        What a time marks: ``start`` or ``end`` of its interval; ``slot``: a date and a number from 1.
    is_label_certain : bool
        Whether the column's name says so; otherwise the first time of the days decides.
    step_minutes : int
    columns : mapping of str to tuple of str
        Names of the column of each quantity.
    """

    name: str
    file: str
    time_columns: tuple[str, ...]
    label: str
    is_label_certain: bool
    step_minutes: int
    columns: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class SeriesFile:
    """A file of a known layout.

    Attributes
    ----------
    path : pathlib.Path
    layout : Layout
    header_line : int
        From 1.
    delimiter : str
    positions : mapping of str to int
        Column of each time column and quantity that the header has, from 0.
    header : tuple of str
        As written.
    first, last : datetime.date
        Earliest and latest of the rows.
    """

    path: Path
    layout: Layout
    header_line: int
    delimiter: str
    positions: Mapping[str, int]
    header: tuple[str, ...]
    first: datetime.date = datetime.date.max
    last: datetime.date = datetime.date.min

    @property
    def span(self) -> str:
        """Return name and dates for a person to read."""
        return f"{self.path.name}: {self.first} to {self.last}"

    def touches(self, first: datetime.date, last: datetime.date) -> bool:
        """Tell whether some rows lie between two days, both included."""
        return self.first <= last and first <= self.last


def island_layouts(island: Island) -> list[Layout]:
    """Return the layouts that an island's tables declare."""
    return layouts_of(island.cells("measured_files"), island.cells("measured_columns"))


def layouts_of(files: Iterable[Mapping[Any, Any]], columns: Iterable[Mapping[Any, Any]]) -> list[Layout]:
    """Return the layouts of rows of ``measured_files.csv`` and ``measured_columns.csv``."""
    names: dict[str, dict[str, tuple[str, ...]]] = {}
    for row in columns:
        own = tuple(name.strip() for name in str(row["columns"]).split("|"))
        names.setdefault(str(row["file"]), {})[str(row["quantity"])] = own
    return [
        Layout(
            str(row["layout"]),
            str(row["file"]),
            tuple(str(row["time_columns"]).split()),
            str(row["label"]),
            row["label_from"] == "column",
            int(str(row["step_minutes"])),
            names.get(str(row["file"]), {}),
        )
        for row in files
    ]


def series_files(folder: Path, layouts: Sequence[Layout]) -> list[SeriesFile]:
    """Return the files of known layouts in a folder and the folders in it, by name.

    Parameters
    ----------
    folder : pathlib.Path
    layouts : sequence of Layout
    """
    found = [series_file(path, layouts) for path in tables_in(folder)]
    return [one for one in found if one is not None]


def tables_in(folder: Path) -> list[Path]:
    """Return all CSV files of a folder and the folders in it."""
    paths = (path for pattern in ("*", "*/*") for path in folder.glob(pattern))
    return sorted(path for path in paths if path.suffix.lower() == ".csv" and path.is_file())


def series_file(path: Path, layouts: Sequence[Layout]) -> SeriesFile | None:
    """Return what a file is, None if its first lines have the columns of no layout."""
    lines = head_of(path).split("\n")[:LINES_BEFORE_HEADER]
    best: SeriesFile | None = None
    starts = {plain(layout.time_columns[0]) for layout in layouts}
    for number, line in enumerate(lines):
        if not any(name in plain(line) for name in starts):
            continue
        for delimiter in (sign for sign in DELIMITERS if sign in line):
            cells = cells_of(line, delimiter)
            groups = cells_of(lines[number - 1], delimiter) if number else []
            for layout in layouts:
                positions = _positions(cells, groups, layout)
                if positions and (best is None or len(positions) > len(best.positions)):
                    best = SeriesFile(path, layout, number + 1, delimiter, positions, tuple(cells))
    if best is None:
        return None
    first, last = _dates(path)
    return replace(best, first=first, last=last)


def cells_of(line: str, delimiter: str) -> list[str]:
    """Return the cells of one line; none of a line that is no row of a table."""
    try:
        return [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter), [])]
    except csv.Error:
        return []


@functools.lru_cache(maxsize=4096)
def plain(name: str) -> str:
    """Return a column's name in one width and case, without blanks and without its unit."""
    joined = re.sub(r"\s+", "", unicodedata.normalize("NFKC", name))
    return UNIT.sub("", joined).casefold()


def _positions(cells: Sequence[str], groups: Sequence[str], layout: Layout) -> dict[str, int]:
    """Return the columns of a layout in a header line; empty if it is no header of the layout.

    The line before it may name groups of columns: "solar" over "actual".
    """
    own = [plain(cell) for cell in cells]
    above = [plain(group) for group in groups] + [""] * max(0, len(own) - len(groups))
    grouped = [group + cell for group, cell in zip(above, own, strict=False)]
    times = {name: own.index(plain(name)) for name in layout.time_columns if plain(name) in own}
    if len(times) < len(layout.time_columns):
        return {}
    quantities = {}
    for quantity, names in layout.columns.items():
        wanted = {plain(name) for name in names}
        at = [k for k, name in enumerate(own) if name in wanted] or [
            k for k, name in enumerate(grouped) if name in wanted
        ]
        if at:
            quantities[quantity] = at[0]
    return times | quantities if quantities else {}


def _dates(path: Path) -> tuple[datetime.date, datetime.date]:
    """Return the earliest and the latest date with which a line begins; an empty span where none does."""
    lines = path.read_text(encoding="latin-1").splitlines()
    dates = [date for line in lines if line[:1].isdigit() or line[:1] == '"' if (date := date_of(line))]
    return (min(dates), max(dates)) if dates else (datetime.date.max, datetime.date.min)


def date_of(line: str) -> datetime.date | None:
    """Return the date with which a line begins."""
    match = DATE.match(line)
    try:
        return datetime.date(int(match[1]), int(match[2]), int(match[3])) if match else None
    except ValueError:
        return None


def year_of(fiscal_year: int, first_month: int) -> tuple[datetime.date, datetime.date]:
    """Return the first and last day of a fiscal year."""
    first = datetime.date(fiscal_year, first_month, 1)
    return first, first.replace(year=fiscal_year + 1) - datetime.timedelta(days=1)


def inputs_of_year(island: Island, folder: Path, fiscal_year: int) -> list[Path]:
    """Return the files that a study of one fiscal year reads: those of the year, and the prices of the year before."""
    first, last = year_of(fiscal_year, island.settings.first_month)
    before, _ = year_of(fiscal_year - 1, island.settings.first_month)
    files = series_files(folder, island_layouts(island))
    return [one.path for one in files if one.touches(before if one.layout.file == "price" else first, last)]


def missing_kind(
    kind: str, files: Sequence[SeriesFile], folder: Path, layouts: Sequence[Layout], when: str = ""
) -> list[Problem]:
    """Return the problem that none of the files of a kind will do: what was seen, and which columns are looked for."""
    of_kind = [layout for layout in layouts if layout.file == kind]
    times = " or ".join(" with ".join(layout.time_columns) for layout in of_kind)
    columns = ", ".join(" | ".join(names) for names in of_kind[0].columns.values()) if of_kind else ""
    seen = "; ".join(one.span for one in files) or ", ".join(path.name for path in tables_in(folder)) or "no CSV file"
    accepted = f"CSV files whose header has {times}, and {columns}"
    return [Problem(f"no file with the {KINDS[kind]}{when}", f"--data {folder}", seen, accepted, SEE)]
