"""Tables of numbers: every file is declared, every row has a source, values in force stand in the tables' place."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from network_models.goto.table_specs import GRID_TABLES
from network_models.input_tables import TABLES as NETWORK_TABLES
from studies.sources import TEXTS, all_sources, check_sources, declared_tables
from twin.core.errors import InputError
from twin.core.input_tables import FACTOR, InputTable, inputs_in_force, read_input, row_names, source_rows
from weather.climate import TABLES as WEATHER_TABLES

ROOT = Path(__file__).parents[2]
PACKAGES = ("twin", "network_models", "weather", "studies", "reports")


def a_table(folder: Path, monkeypatch: pytest.MonkeyPatch, text: str, **facts: object) -> InputTable:
    """Put a table into a package of its own."""
    package = f"package_{folder.name}".replace("-", "_")
    (folder / package).mkdir()
    (folder / package / "__init__.py").write_text("")
    (folder / package / "numbers.csv").write_text(text)
    monkeypatch.syspath_prepend(folder)
    return InputTable(package, "numbers", ("name",), **facts)


def test_every_csv_of_the_packages_is_declared_once():
    files = [path.relative_to(ROOT).as_posix() for name in PACKAGES for path in (ROOT / name).rglob("*.csv")]
    declared = [table.file for table in declared_tables()]
    assert sorted([*declared, *TEXTS]) == sorted(files)


@pytest.mark.parametrize("table", declared_tables(), ids=lambda table: table.file)
def test_a_declared_table_has_its_columns(table):
    columns = set(read_input(table).columns)
    main = set(table.factor_of) if table.main == FACTOR else {table.main} - {""}
    assert {"source", "status", *table.key, *main} <= columns
    assert row_names(table).is_unique


def test_the_network_tables_are_declared_as_their_builder_reads_them():
    specs = {spec.name: spec for spec in GRID_TABLES}
    declared = {table.name: table for table in NETWORK_TABLES}
    assert declared.keys() == specs.keys()
    assert all(table.key == specs[name].key for name, table in declared.items())
    assert {name: table.main for name, table in declared.items()} == {
        name: "value" if name == "parameters" else spec.main for name, spec in specs.items()
    }


def test_all_shipped_numbers_have_a_source_and_lie_in_their_range():
    check_sources()
    rows = all_sources()
    assert (rows["low"].isna() == rows["high"].isna()).all()
    assert not rows.duplicated(["table", "row"]).any()


def test_a_broken_table_is_told_with_all_its_rows(tmp_path, monkeypatch):
    text = (
        "name,value,low,high,source,status\n"
        "a,1,0,2,somewhere,published\n"
        "b,1,0,2,,estimate\n"
        "c,1,0,2,somewhere,guess\n"
        "d,3,0,2,somewhere,derived\n"
        "e,1,,2,somewhere,derived\n"
    )
    table = a_table(tmp_path, monkeypatch, text, main="value")
    with pytest.raises(InputError) as caught:
        check_sources([table])
    told = {problem.where.rpartition(", ")[2]: problem.what for problem in caught.value.problems}
    assert told == {
        "b": "no source",
        "c": "unknown status",
        "d": "value outside its own range",
        "e": "half a range",
    }


def test_a_table_without_source_and_status_is_refused(tmp_path, monkeypatch):
    table = a_table(tmp_path, monkeypatch, "name,value\na,1\n", main="value")
    with pytest.raises(InputError) as caught:
        check_sources([table])
    assert {problem.what for problem in caught.value.problems} == {"no source", "unknown status"}


def test_values_in_force_and_no_longer(tmp_path, monkeypatch):
    text = "name,first,second,source,status\na,1,10,x,estimate\nb,2,20,x,estimate\n"
    table = a_table(tmp_path, monkeypatch, text, main=FACTOR, factor_of=("first", "second"))
    with inputs_in_force({"numbers": {"b": 1.5}, "others": {"b": 9.0}}):
        inside = read_input(table)
    assert inside[["first", "second"]].to_numpy().tolist() == [[1, 10], [3, 30]]
    assert read_input(table)["first"].tolist() == [1, 2]
    assert source_rows(table)["value"].tolist() == [1.0, 1.0]


def test_an_unknown_row_in_force_is_an_error_where_the_table_is_read(tmp_path, monkeypatch):
    table = a_table(tmp_path, monkeypatch, "name,value,source,status\na,1,x,estimate\n", main="value")
    with inputs_in_force({"numbers": {"z": 1.0}}), pytest.raises(InputError, match="no such row"):
        read_input(table)


def test_weather_and_profile_tables_share_no_name():
    names = [table.name for table in declared_tables() if not table.package.startswith("network_models")]
    assert pd.Series(names).is_unique
    assert set(WEATHER_TABLES) <= set(names)
