"""Tables of numbers: every file is declared, every row has a source, a study's values stand in the tables' place."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from shipped import GOTO, ISLAND, with_inputs

from network_models.island import find_island, shipped_islands
from network_models.reading import island_tables, read_tables, row_names, source_rows
from network_models.tables.columns import Row, Value, number
from network_models.tables.declarations import DECLARATIONS, FACTOR, Declaration
from studies.sources import all_sources
from twin.core.errors import InputError

ROOT = Path(__file__).parents[2]
SHIPPED = {name: island_tables(find_island(name)) for name in shipped_islands()}
PACKAGES = ("twin", "network_models", "weather", "studies", "reports")
WORDS = (
    *(f"reports/{name}.csv" for name in (
        "certificate_texts", "glossary", "page_texts", "plan_texts", "question_texts", "security_texts", "texts",
    )),
    "twin/core/quantities.csv",
)  # fmt: skip
"""Tables of words: nothing in them needs a source."""

ASSUMED = ("studies/experiments/certificate/limits.csv",)
"""Tables of assumptions of a method, each with its range; a user gives others."""

OF_ISLANDS_WITHOUT_NUMBERS = (
    *("unknown_titles.csv", "references.csv"),
    *("plan_claims.csv", "plan_facts.csv", "plan_checks.csv", "plan_slips.csv"),
)


class Two(Row):
    """A row with two numbers."""

    name: str
    first: float = number()
    second: float = number()


NUMBERS = Declaration("numbers", Value, ("name",), "resources", "value", study_key="inputs.numbers.{row}")


def test_every_csv_of_the_packages_is_declared():
    files = {path.relative_to(ROOT).as_posix() for name in PACKAGES for path in (ROOT / name).rglob("*.csv")}
    own = {path for path in files if path.startswith("network_models/")}
    assert files - own <= {*WORDS, *ASSUMED}
    known = {facts.file for facts in DECLARATIONS.values()} | set(OF_ISLANDS_WITHOUT_NUMBERS)
    assert {Path(path).name for path in own} <= known
    assert set(DECLARATIONS) == {name for tables in SHIPPED.values() for name in tables}


@pytest.mark.parametrize("path", ASSUMED)
def test_assumptions_have_a_range_around_them(path):
    rows = pd.read_csv(ROOT / path)
    assert set(rows["status"]) == {"assumption"}
    assert ((rows["low"] <= rows["limit"]) & (rows["limit"] <= rows["high"]) & (rows["low"] < rows["high"])).all()


@pytest.mark.parametrize("facts", DECLARATIONS.values(), ids=lambda facts: facts.name)
def test_a_declared_table_names_columns_that_it_has(facts):
    table = next(tables[facts.name] for tables in SHIPPED.values() if facts.name in tables)
    columns = list(table.columns)
    main = facts.multiplied(columns) if facts.main == FACTOR else [facts.main] if facts.main else []
    assert {"source", "status", *facts.key, *main} <= set(columns)
    assert bool(main) == bool(facts.main)
    assert row_names(facts, table).is_unique


def test_all_shipped_numbers_have_a_source_and_lie_in_their_range():
    rows = all_sources(ISLAND)
    assert (rows["source"].str.len() > 5).all()
    assert set(rows["status"]) == {"published", "derived", "estimate"}
    assert (rows["low"].isna() == rows["high"].isna()).all()
    assert not ((rows["value"] < rows["low"]) | (rows["value"] > rows["high"])).any()
    assert not rows.duplicated(["table", "row"]).any()


def test_a_broken_table_is_told_with_all_its_rows(tmp_path):
    text = (
        "name,value,low,high,source,status\n"
        "a,1,0,2,somewhere,published\n"
        "b,1,0,2,,estimate\n"
        "c,1,0,2,somewhere,guess\n"
        "d,3,0,2,somewhere,derived\n"
        "e,1,,2,somewhere,derived\n"
    )
    (tmp_path / "numbers.csv").write_text(text)
    with pytest.raises(InputError) as caught:
        read_tables(tmp_path, [NUMBERS])
    told = {problem.where: problem.what for problem in caught.value.problems}
    assert told == {
        "numbers.csv line 3, column source": "the cell is empty",
        "numbers.csv line 4, column status": "not one of the known words",
        "numbers.csv line 5, column low, high": "value lies outside its own range",
        "numbers.csv line 6, column low, high": "give both ends of the range or none",
    }


def test_a_table_without_source_and_status_is_refused(tmp_path):
    (tmp_path / "numbers.csv").write_text("name,value\na,1\n")
    with pytest.raises(InputError) as caught:
        read_tables(tmp_path, [NUMBERS])
    assert {problem.what for problem in caught.value.problems} == {
        "column 'source' is missing", "column 'status' is missing",
    }  # fmt: skip


def test_a_factor_multiplies_its_columns_of_one_row():
    before, after = (
        tables["pv_losses"].set_index("loss") for tables in (GOTO, with_inputs({"pv_losses": {"soiling": 2}}))
    )
    assert after.loc["soiling", "ground_percent"] == 2 * before.loc["soiling", "ground_percent"]
    assert after.drop("soiling").equals(before.drop("soiling"))
    rows = source_rows(DECLARATIONS["pv_losses"], GOTO["pv_losses"])
    assert set(rows["value"]) == {1.0}


def test_an_unknown_row_is_told():
    with pytest.raises(InputError, match="no such row"):
        with_inputs({"parameters": {"speed_of_light": 1.0}})
    with pytest.raises(InputError, match="nothing in this table can be set"):
        with_inputs({"plants": {"planned_pv": 1.0}})


def test_a_part_is_there_as_a_whole_or_not_at_all(tmp_path):
    for facts in DECLARATIONS.values():
        if facts.name in GOTO and facts.name not in ("area_nuclear", "typhoons", "diesels"):
            (tmp_path / facts.file).write_bytes((ISLAND.folder / facts.file).read_bytes())
    with pytest.raises(InputError) as caught:
        read_tables(tmp_path, DECLARATIONS.values())
    assert [problem.where for problem in caught.value.problems] == ["area_nuclear.csv"]
