"""The page of the data dictionary is the one that the schema gives."""

from pathlib import Path

import pytest

from studies.data_dictionary import data_dictionary
from twin.core.quantities import KPIS, TABLES

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "data_dictionary.md"
UNIT_ENDINGS = {"_mwh": "MWh", "_mw": "MW", "_percent": "%", "_jpy": "JPY", "_pu": "pu", "_hours": "h", "_mvar": "Mvar"}
QUANTITIES = [*KPIS.values(), *(column for columns in TABLES.values() for column in columns.values())]


def test_the_page_is_up_to_date():
    assert PAGE.read_text(encoding="utf-8") == data_dictionary(), "run make docs"


def test_every_quantity_is_on_the_page_with_both_languages():
    lines = data_dictionary().splitlines()
    for quantity in QUANTITIES:
        rows = [line for line in lines if line.startswith(f"| `{quantity.name}` |")]
        assert any(quantity.meaning in row and quantity.meaning_ja in row for row in rows)
        assert quantity.meaning
        assert quantity.meaning_ja


@pytest.mark.parametrize("quantity", QUANTITIES, ids=lambda quantity: quantity.name)
def test_the_unit_is_the_one_in_the_name(quantity):
    named = [unit for ending, unit in UNIT_ENDINGS.items() if quantity.name.endswith(ending)]
    if named and not quantity.name.endswith("_half_hours"):
        assert quantity.unit == named[0]
