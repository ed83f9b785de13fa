"""The reference pages say what the code says: data dictionary, study keys, commands."""

import csv
import inspect
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from studies.study.file.names import known_keys
from studies.study.file.schema import Study
from twin.core.errors import InputError
from twin.core.quantities import KPIS, QUANTITIES_FILE, TABLES, Quantity, read_quantities

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "docs" / "generators"))

from make_reference import TOLD, commands, data_dictionary, field_rows, policy_fields, study_keys  # noqa: E402

NAMES = [field.name for field in fields(Quantity)]
PAGE = ROOT / "docs" / "reference" / "data_dictionary.md"
UNIT_ENDINGS = {
    "_mwh": "MWh",
    "_mw": "MW",
    "_percent": "%",
    "_jpy": "money",
    "_pu": "pu",
    "_hours": "h",
    "_mvar": "Mvar",
}
QUANTITIES = [*KPIS.values(), *(column for columns in TABLES.values() for column in columns.values())]


def test_the_page_is_up_to_date():
    assert PAGE.read_text(encoding="utf-8") == data_dictionary(), "run make docs"


def test_every_quantity_is_on_the_page_with_both_languages():
    lines = data_dictionary().splitlines()
    for quantity in QUANTITIES:
        rows = [line for line in lines if line.startswith(f"| `{quantity.name}` |")]
        assert any(quantity.meaning_en in row and quantity.meaning_ja in row for row in rows)
        assert quantity.meaning_en
        assert quantity.meaning_ja


def test_every_study_key_is_explained_under_its_section():
    sections = dict(part.partition("\n")[::2] for part in study_keys().split("\n## ")[1:])
    for key, is_free in known_keys(Study):
        section, _, name = key.rpartition(".")
        rows = sections[f"[{section}]" if section else "The top of the file"].splitlines()
        shown = [row for row in rows if row.startswith(f"| `{name}` |")]
        assert is_free or shown, key
        assert all(row.rstrip(" |").rpartition("| ")[2] for row in shown), key


def test_every_command_is_explained():
    page = commands()
    for command in ("run", "certify", "uncertainty", "report", "compare", "sources", "schema", "doctor"):
        assert f"\n## goto-twin {command}\n" in page
    assert "| `--days` |" in page


@pytest.mark.parametrize("quantity", QUANTITIES, ids=lambda quantity: quantity.name)
def test_the_unit_is_the_one_in_the_name(quantity):
    named = [unit for ending, unit in UNIT_ENDINGS.items() if quantity.name.endswith(ending)]
    if named and not quantity.name.endswith("_half_hours"):
        assert quantity.unit == named[0]


def test_money_is_in_the_currency_of_the_island():
    assert KPIS["net_benefit_jpy"].unit_in("GBP") == "GBP"
    assert TABLES["system"]["price_jpy_per_kwh"].unit_in("GBP") == "GBP/kWh"


def test_every_wrong_row_is_named_at_once(tmp_path):
    rows = list(csv.DictReader(QUANTITIES_FILE.read_text(encoding="utf-8").splitlines()))
    rows[0]["sign"], rows[1]["range"], rows[2]["formula"], rows[3]["meaning_ja"] = "up", "5..1", "", ""
    rows[4]["shown"], rows[5]["kind"] = "moon", "figure"
    copy = tmp_path / "quantities.csv"
    with copy.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, NAMES)
        writer.writeheader()
        writer.writerows([*rows, rows[6]])
    with pytest.raises(InputError) as raised:
        read_quantities(copy)
    found = [problem.where.removeprefix("quantities.csv, row ") for problem in raised.value.problems]
    assert found == [
        "2, sign",
        "3, range",
        "4, formula",
        "5, meaning_ja",
        "6, shown",
        "7, kind",
        "7, shown",
        f"{len(rows) + 2}",
    ]


def test_other_columns_are_refused(tmp_path):
    (tmp_path / "quantities.csv").write_text("name,unit\nlosses_mwh,MWh\n", encoding="utf-8")
    with pytest.raises(InputError, match="other columns"):
        read_quantities(tmp_path / "quantities.csv")


@pytest.mark.parametrize("kind", TOLD)
def test_every_field_that_a_policy_sees_or_orders_is_told_with_its_shape(kind):
    rows = {name.strip("`"): rest for name, *rest in field_rows(inspect.getdoc(kind))}
    assert list(rows) == [field.name for field in fields(kind)]
    for name, (shape, unit, meaning) in rows.items():
        assert shape and meaning, name
        if any(name.endswith(ending) for ending in ("_mw", "_mwh", "_percent", "_pu")):
            assert unit != "-", name
        assert f"| `{name}` | {shape} |" in policy_fields()
