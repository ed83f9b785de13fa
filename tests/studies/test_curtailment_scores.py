"""Scores of on and off against cases worked out by hand, weeks left out, and the paired bootstrap."""

import numpy as np
import pandas as pd
import pytest

from studies.experiments.validation.curtailment.scores import (
    chosen_by_other_weeks,
    daily_hours,
    logit,
    mcc_interval,
    on_off,
    paired_difference,
    picked,
    weeks_of,
)

INDEX = pd.date_range("2018-12-03", periods=28 * 144, freq="10min", tz="UTC")  # a Monday


def test_scores_by_hand():
    seen = np.repeat([True, True, False, False], [6, 2, 1, 3])
    told = np.repeat([True, False, True, False], [6, 2, 1, 3])
    found = on_off(seen, told)
    assert (found.accuracy, found.precision, found.recall) == pytest.approx((9 / 12, 6 / 7, 6 / 8))
    assert found.f1 == pytest.approx(12 / 15)
    # (6 * 3 - 1 * 2) / sqrt(7 * 8 * 4 * 5)
    assert found.mcc == pytest.approx(16 / np.sqrt(1120))
    assert on_off(seen, np.zeros(12, bool)).mcc == 0.0


def test_weeks_begin_on_monday():
    assert weeks_of(INDEX).tolist() == np.repeat(np.arange(4), 7 * 144).tolist()


def test_a_week_has_no_say_in_its_own_choice():
    rng, weeks, counts = np.random.default_rng(2), weeks_of(INDEX), np.ones(len(INDEX), bool)
    seen = rng.uniform(size=len(INDEX)) < 0.4
    good_but_in_the_first, always_wrong = np.where(weeks == 0, ~seen, seen), ~seen
    right_in_the_first_only = np.where(weeks == 0, seen, ~seen)
    told = np.stack([right_in_the_first_only, good_but_in_the_first, always_wrong], axis=1)
    choice = chosen_by_other_weeks(seen, told, counts, weeks)
    assert choice.tolist() == [1, 1, 1, 1]
    assert on_off(seen[weeks == 0], picked(told, choice, weeks)[weeks == 0]).accuracy == 0.0


def test_the_logit_finds_the_slope_that_made_the_data():
    rng = np.random.default_rng(4)
    inputs = rng.normal(size=(20_000, 2)) * [2.0, 5.0] + [1.0, -3.0]
    seen = rng.uniform(size=20_000) < 1.0 / (1.0 + np.exp(-(0.5 + 1.5 * inputs[:, 0] - 0.4 * inputs[:, 1])))
    made = logit(seen, inputs)
    slope = np.array(made.weight[1:]) / made.spread
    assert slope == pytest.approx([1.5, -0.4], rel=0.05)
    assert on_off(seen, made.tell(inputs)).accuracy > 0.8


def test_the_bootstrap_tells_a_better_one_an_equal_one_and_a_worse_one():
    rng = np.random.default_rng(6)
    seen = np.sin(np.arange(len(INDEX)) / 90.0) > 0.2
    noisy = np.where(rng.uniform(size=len(INDEX)) < 0.2, ~seen, seen)
    other = np.where(rng.uniform(size=len(INDEX)) < 0.2, ~seen, seen)
    assert paired_difference(seen, seen, noisy, INDEX, 1).verdict == "better"
    assert paired_difference(seen, noisy, seen, INDEX, 1).verdict == "worse"
    equal = paired_difference(seen, noisy, other, INDEX, 1)
    assert equal.verdict == "equal"
    assert equal.low < equal.mcc < equal.high
    assert paired_difference(seen, noisy, other, INDEX, 1) == equal


def test_the_interval_of_a_score_holds_the_score_and_shrinks_to_it_where_nothing_varies():
    rng = np.random.default_rng(6)
    seen = np.sin(np.arange(len(INDEX)) / 90.0) > 0.2
    noisy = np.where(rng.uniform(size=len(INDEX)) < 0.2, ~seen, seen)
    low, high = mcc_interval(seen, noisy, INDEX, 1)
    assert 0.0 < low < on_off(seen, noisy).mcc < high < 1.0
    assert mcc_interval(seen, seen, INDEX, 1) == (1.0, 1.0)


def test_hours_of_a_day_leave_out_rows_that_do_not_count():
    on, counts = np.zeros(len(INDEX), bool), np.ones(len(INDEX), bool)
    on[:12], counts[6:9], counts[144:288] = True, False, False
    hours = daily_hours(on, counts, INDEX, 1 / 6)
    assert hours.iloc[0] == pytest.approx(1.5)
    assert len(hours) == 27
