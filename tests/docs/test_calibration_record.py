"""The calibration record: verdicts, digits, the page, what its rows refer to."""

import re
from dataclasses import replace
from pathlib import Path

import make_calibration as record
import numpy as np
import pandas as pd
import pytest
from calibration.rows import ABSENT, DIFFERS, FITS, Figure, Row
from real_data import DATA

ROOT = Path(__file__).parents[2]
GENERATORS = ROOT / "docs" / "generators"

ROW = Row(
    "Wind", "Capacity factor", "[goto_plan2024, P14] [itmedia2016]", "%", 35.0, 34.4, 32.0, 38.0, "outages are drawn"
)
OUTSIDE = replace(ROW, fact="Another", model=39.0)
MISSING = replace(ROW, fact="A third", model=float("nan"), why="needs the data folder")


def test_the_verdict_is_by_the_accepted_range_whose_ends_belong_to_it():
    verdicts = [replace(ROW, model=value).verdict for value in (31.99, 32.0, 38.0, 38.01, float("nan"))]
    assert verdicts == [DIFFERS, FITS, FITS, DIFFERS, ABSENT]


@pytest.mark.parametrize(
    ("published", "low", "high", "value", "text"),
    [
        (154241781.0, 154241778.0, 154241784.0, 154241781.0, "154,241,781"),
        (54.9, 54.6, 55.2, 54.871, "54.9"),
        (0.042122, 0.0379, 0.0463, 0.014714, "0.0147"),
        (0.0, 0.0, 1.0, 3.6178, "3.6"),
        (0.0, -1.0, 1.0, -0.01, "0.0"),
        (1085.0, 1031.0, 1139.0, 1078.4, "1,078"),
        (2.0, 2.0, 2.0, 2.0, "2.00"),
    ],
)
def test_numbers_have_the_digits_that_their_row_supports(published, low, high, value, text):
    row = replace(ROW, published=published, low=low, high=high)
    assert record.number(value, row) == text


@pytest.mark.parametrize(
    ("unit", "published", "model", "expected"),
    [
        ("MW", 50.0, 48.0, ("-2.0", "-4.0")),
        ("%", 35.0, 34.4, ("-0.6", "")),
        ("MW", 0.0, 3.0, ("+3.0", "")),
        ("MW", 50.0, 50.001, ("0.0", "0.0")),
        ("MW", 50.0, float("nan"), ("", "")),
    ],
)
def test_differences_are_absolute_and_in_percent_where_that_means_something(unit, published, model, expected):
    row = replace(ROW, unit=unit, published=published, model=model, low=published - 2.0, high=published + 2.0)
    assert record.differences(row) == expected


def test_a_record_that_does_not_fit_is_no_failure_but_one_that_was_not_computed_is(capsys):
    many = [replace(OUTSIDE, fact=str(number)) for number in range(record.FEWEST_ROWS)]
    assert record.status(many, has_data=True) == 0
    assert record.status([*many, MISSING], has_data=False) == 0
    assert record.status([*many, MISSING], has_data=True) == 1
    assert record.status(many[1:], has_data=False) == 1
    assert "A third" in capsys.readouterr().err


def test_the_page_counts_marks_and_explains():
    template = "{summary}\n{by_topic}\n{differing}\n{topics}\n{figures}"
    figure = Figure(record.FIGURES / "wind.svg", "Wind | tide")
    other = replace(OUTSIDE, topic="PV", fact="Yield | roof")
    page = record.page(template, [ROW, OUTSIDE, MISSING, other], [figure])
    assert "4 rows: 1 fit, 2 do not fit, 1 not computed." in page
    assert "| Wind | 3 | 1 | 1 | 1 |" in page
    assert "| PV | 1 |  | 1 |  |" in page
    assert page.count("🟥 **does not fit**") == 2
    assert "- Another ([goto_plan2024, P14] [itmedia2016]): model 39.0, published 35.0 %. Outages are drawn." in page
    assert "Yield \\| roof" in page
    assert "| not computed |" in page
    assert "](../figures/calibration/wind.svg)" in page


def test_a_row_whose_published_value_comes_from_absent_data_is_a_row_all_the_same():
    nan = float("nan")
    table = record.topic_table([replace(MISSING, published=nan, low=nan, high=nan)])
    assert table.splitlines()[-1] == (
        "| A third | [goto_plan2024, P14] [itmedia2016] | % |  |  |  |  |  | needs the data folder | not computed |"
    )


def test_every_module_with_rows_is_a_topic():
    written = {
        path.stem for path in (GENERATORS / "calibration").glob("*.py") if "\ndef rows(" in path.read_text("utf-8")
    }
    assert written == set(record.TOPICS)


@pytest.mark.slow
@pytest.mark.parametrize("with_data", [True, False])
def test_rows_of_all_topics_are_sound(with_data):
    data = DATA if with_data and DATA.is_dir() else None
    if with_data and data is None:
        pytest.skip("no data beside the project")
    rows = [row for topic in record.topics() for row in topic.rows(data)]
    assert record.status(rows, has_data=data is not None) == 0
    facts = pd.Series([f"{row.topic}: {row.fact}" for row in rows])
    assert list(facts[facts.duplicated()]) == []
    for row in rows:
        if row.verdict != ABSENT:
            assert np.isfinite([row.published, row.low, row.high]).all(), row
            assert row.low <= row.high, row
        assert row.why.strip(), row
    assert_sources_exist({row.source for row in rows})


def assert_sources_exist(sources: set[str]) -> None:
    """Every source cites the bibliography, and every named claim and section is there."""
    tables = ROOT / "network_models" / "goto"
    keys = set(pd.read_csv(tables / "references.csv")["key"])
    claims = set(pd.read_csv(tables / "plan_claims.csv")["id"])
    for source in sources:
        cited = re.findall(r"\[([a-z][a-z0-9_]*)(?:, [^\[\]]+)?\]", source)
        assert cited, source
        assert set(cited) <= keys, source
        assert set(re.findall(r"\bP\d{2,3}\b", source)) <= claims, source
        for page, section in re.findall(r"docs/([\w/]+\.md) (\d+(?:\.\d+)?)", source):
            text = (ROOT / "docs" / page).read_text("utf-8")
            assert section in re.findall(r"^##+ (\d+(?:\.\d+)?)", text, re.M), source
