"""Broken tables: every problem at once, with file, line and column."""

import csv
import shutil
from pathlib import Path

import pytest
from shipped import GOTO, ISLAND

from network_models.reading import read_tables
from network_models.tables.declarations import DECLARATIONS
from twin.core.errors import InputError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for table in ISLAND.folder.glob("*.csv"):
        shutil.copy(table, tmp_path)
    return tmp_path


def rows_of(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.reader(lines))


def change(path: Path, line: int, column: str, value: str) -> None:
    rows = rows_of(path)
    rows[line - 1][rows[0].index(column)] = value
    with path.open("w", encoding="utf-8", newline="") as lines:
        csv.writer(lines, lineterminator="\n").writerows(rows)


def problems_of(folder: Path) -> tuple[str, ...]:
    with pytest.raises(InputError) as caught:
        read_tables(folder, DECLARATIONS.values())
    return tuple(str(problem) for problem in caught.value.problems)


def test_the_shipped_tables_are_sound(folder):
    assert len(read_tables(folder, DECLARATIONS.values())["lines"]) == len(GOTO["lines"])


@pytest.mark.parametrize(
    ("table", "column", "value", "expected"),
    [
        ("lines", "length_km", "-3", "too small"),
        ("lines", "length_km", "far", "not a number"),
        ("lines", "length_km", "nan", "not a number"),
        ("lines", "to_bus", "narrao", "narao"),
        ("lines", "source", "", "empty"),
        ("lines", "status", "guess", "published, derived, estimate"),
        ("lines", "line_id", "link_2", "already used in line"),
        ("lines", "outage", "maybe", "true or false"),
        ("transformers", "low", "500", "upside down"),
        ("transformers", "high", "", "both ends"),
        ("transformers", "sn_mva", "900", "outside its own range"),
        ("plants", "in_service_from", "2018-13-01", "date"),
        ("areas", "power_factor", "1.2", "too large"),
        ("shunts", "circuit", "link_9", "no such row in lines.csv"),
    ],
)
def test_a_broken_cell_is_found_with_its_place(folder, table, column, value, expected):
    change(folder / f"{table}.csv", 2, column, value)
    found = problems_of(folder)
    assert any(expected in text for text in found)
    place = "low, high" if column in ("low", "high") else column
    where = f"{table}.csv line {3 if value == 'link_2' else 2}, column"
    assert any(where in text for text in found)
    if "range" not in expected:
        assert any(place in text for text in found)


def test_problems_of_several_files_come_together(folder):
    change(folder / "lines.csv", 2, "length_km", "-1")
    change(folder / "lines.csv", 5, "from_bus", "nowhere")
    change(folder / "areas.csv", 3, "residential_kwh", "many")
    (folder / "conductors.csv").unlink()
    found = "\n".join(problems_of(folder))
    for place in (
        "lines.csv line 2, column length_km",
        "lines.csv line 5, column from_bus",
        "areas.csv line 3",
        "conductors.csv",
    ):
        assert place in found


def test_columns_missing_and_unknown(folder):
    path = folder / "buses.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("vn_kv", "vn_kw", 1), encoding="utf-8")
    found = "\n".join(problems_of(folder))
    assert "column 'vn_kv' is missing" in found
    assert "vn_kw" in found


def test_wrong_encoding_and_ragged_rows(folder):
    plants = folder / "plants.csv"
    plants.write_bytes(plants.read_text(encoding="utf-8").encode("shift_jis"))
    with (folder / "shunts.csv").open("a", encoding="utf-8") as lines:
        lines.write("extra,row\n")
    found = "\n".join(problems_of(folder))
    assert "not UTF-8" in found
    assert "shunts.csv line 4: wrong number of cells" in found
