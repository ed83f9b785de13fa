"""Paired differences and shares, by hand."""

import numpy as np
import pytest

from studies.experiments.certificate.scores import paired_difference, percent_of_bound, percent_of_gain


def test_the_interval_is_students_of_the_paired_differences():
    """Differences 1, 2, 3: mean 2, standard deviation 1, t(0.975, 2) = 4.302653 of any table, over the root of 3."""
    found = paired_difference([11.0, 22.0, 33.0], [10.0, 20.0, 30.0])
    assert found.mean == 2.0
    assert found.by_year == (1.0, 2.0, 3.0)
    assert found.low == pytest.approx(2.0 - 4.302653 / np.sqrt(3.0), abs=1e-6)
    assert found.high == pytest.approx(2.0 + 4.302653 / np.sqrt(3.0), abs=1e-6)
    assert found.is_distinguishable is False


def test_pairing_removes_what_years_have_in_common():
    """Years differ by a thousand, the differences by a little: paired they are told apart, by the years alone never."""
    none = [1000.0, 2000.0, 3000.0, 4000.0]
    found = paired_difference([1010.0, 2011.0, 3009.0, 4010.0], none)
    assert found.is_distinguishable is True
    assert found.low == pytest.approx(10.0 - 3.182446 * np.sqrt(2.0 / 3.0) / 2.0, abs=1e-6)


def test_harm_is_distinguishable_too():
    found = paired_difference([9.0, 8.9, 9.1], [10.0, 10.0, 10.0])
    assert found.high < 0.0
    assert found.is_distinguishable is True


def test_no_difference_at_all_is_not_distinguishable():
    found = paired_difference([5.0, 7.0], [5.0, 7.0])
    assert (found.mean, found.low, found.high, found.is_distinguishable) == (0.0, 0.0, 0.0, False)


def test_one_year_has_no_interval():
    found = paired_difference([12.0], [10.0])
    assert (found.mean, found.low, found.high, found.is_distinguishable) == (2.0, None, None, None)


def test_true_intervals_cover_the_mean_in_95_of_100_cases():
    """4000 certificates of 3 years: the count that covers is binomial, its standard deviation 0.34 %."""
    rng = np.random.default_rng(3)
    drawn = rng.normal(1.0, 2.0, (4000, 3))
    found = [paired_difference(years, np.zeros(3)) for years in drawn]
    assert np.mean([one.low <= 1.0 <= one.high for one in found]) == pytest.approx(0.95, abs=4 * 0.0034)


def test_shares_are_of_all_years_together():
    assert percent_of_bound([90.0, 60.0], [100.0, 100.0]) == 75.0
    assert percent_of_gain([90.0, 60.0], [80.0, 60.0], [100.0, 80.0]) == 25.0
    assert percent_of_gain([70.0], [80.0], [100.0]) == -50.0


def test_where_nothing_is_to_be_gained_there_is_no_share():
    assert percent_of_gain([100.0], [100.0], [100.0]) is None
    assert percent_of_gain([100.0], [100.0], [100.0 + 1e-5]) is None
    assert percent_of_bound([0.0], [0.0]) is None
