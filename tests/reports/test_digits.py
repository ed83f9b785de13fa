"""Numbers in print: digits, signs, ranges."""

from __future__ import annotations

import math

import pytest

from reports.document.digits import difference, fixed, plain, quantity, scientific, span


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (12345.6, "MWh", "12,346"),
        (-348.2, "MWh", "\u2212348"),
        (9.64, "MWh", "9.6"),
        (0.47, "MWh", "0.47"),
        (0.0, "MWh", "0"),
        (-1e-9, "MWh", "0"),
        (99.96, "%", "100.0"),
        (0.024, "%", "0.024"),
        (3.0, "count", "3"),
        (1.0213, "pu", "1.021"),
        (math.nan, "MW", "–"),
        (0.00072, "MW", "0.0"),
        (-0.00072, "MW", "0.0"),
        (-0.0025, "million_money", "0.00"),
        (-9.876, "million_money", "\u22129.88"),
        (98.43, "million_money", "98.4"),
    ],
)
def test_quantity(value, unit, text):
    assert quantity(value, unit) == text


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ([3.2, 2763.0], "3 to 2,763"),
        ([0.2, 2763.0], "<1 to 2,763"),
        ([0.0, 2763.0], "0 to 2,763"),
        ([-25.4, -6.3], "\u221225 to \u22126"),
        ([5.0, 5.0], "5.0"),
        ([math.nan, 12.0], "12"),
        ([math.nan], "–"),
    ],
)
def test_span(values, text):
    assert span(values, "MWh", " to ") == text


def test_fixed_has_no_negative_zero():
    assert fixed(-0.04, 1) == "0.0"


def test_raw_values():
    assert [plain(value) for value in (5.0, -2, "-0.5", "2027-04", 2028, 54321, None, "", 19.66)] == [
        "5", "\u22122", "\u22120.5", "2027-04", "2028", "54,321", "–", "–", "19.66",
    ]  # fmt: skip
    assert scientific(3.21e-9) == "3.2e\u221209"


def test_a_range_in_megawatts_starts_at_zero_and_not_below_a_digit():
    assert span([0.00072, 4.6], "MW", " to ") == "0.0 to 4.6"


@pytest.mark.parametrize(
    ("value", "text"), [(83.4, "+83"), (0.36, "+0.36"), (-15.3, "\u221215"), (0.0, "0"), (1e-9, "0")]
)
def test_a_difference_has_its_sign(value, text):
    assert difference(value, "MWh") == text
