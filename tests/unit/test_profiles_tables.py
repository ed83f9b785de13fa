"""The profile tables: every row has its source, status and range; every parameter is used."""

from pathlib import Path

import pandas as pd
import pytest

import twin.resources
from twin.core.errors import InputError
from twin.core.input_tables import source_problems, source_rows
from twin.resources.tables import TABLES, parameter, read_table

FOLDER = Path(twin.resources.__file__).parent
NAMES = sorted(path.stem for path in FOLDER.glob("*.csv"))


@pytest.mark.parametrize("name", NAMES)
def test_every_row_says_where_it_comes_from(name):
    table = read_table(name)
    assert set(table["status"]) <= {"published", "derived", "estimate"}
    assert table["source"].str.len().min() > 5
    assert not table.drop(columns=["low", "high", "varies_with"], errors="ignore").isna().any().any()
    assert source_problems(source_rows(TABLES[name])) == []


def test_every_parameter_is_used():
    code = "\n".join(path.read_text(encoding="utf-8") for path in FOLDER.rglob("*.py"))
    for name in read_table("parameters")["name"]:
        assert name in code or name.startswith("repair_hours_"), name


def test_unknown_parameter_is_told():
    with pytest.raises(InputError, match="no such parameter"):
        parameter("speed_of_light")


def test_kyushu_climatology_has_mean_one_and_the_peak_of_the_facts():
    table = read_table("demand_kyushu_hours").set_index(["month", "day_type"])
    hours = table[[str(hour) for hour in range(24)]]
    assert len(hours) == 24
    weighted = hours.groupby("day_type").mean().mean(axis=1) @ pd.Series({"work": 240, "free": 125}) / 365
    assert weighted == pytest.approx(1, abs=0.02)
    assert hours.max().max() == pytest.approx(1.45, abs=0.05)
