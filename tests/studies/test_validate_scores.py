"""Scores of a comparison by hand; months, bins, shifts, what was missing."""

import numpy as np
import pandas as pd
import pytest

from studies.experiments.validation.measured_pairs import Pair, best_shift, clock_problems, compare, score


def pair_of(measured, driver, start="2024-04-01", freq="30min", name="wind_speed"):
    index = pd.date_range(start, periods=len(measured), freq=freq, tz="Asia/Tokyo", name="time")
    return Pair(index, np.asarray(measured, float), pd.DataFrame({name: np.asarray(driver, float)}, index))


def test_scores_by_hand():
    found = score(np.array([1.0, 2.0, 3.0, 6.0]), np.array([2.0, 2.0, 5.0, 5.0]), hours=0.5)
    assert (found.measured_mwh, found.model_mwh) == (6.0, 7.0)
    assert found.energy_ratio == pytest.approx(7 / 6)
    assert (found.bias_mw, found.mae_mw) == (0.5, 1.0)
    assert found.rmse_mw == pytest.approx(np.sqrt(1.5))
    assert (found.peak_measured_mw, found.peak_model_mw) == (6.0, 5.0)
    assert found.correlation == pytest.approx(9 / np.sqrt(14 * 9))


def test_a_perfect_model_has_no_error_and_a_constant_one_no_correlation():
    power = np.array([1.0, 4.0, 2.0])
    assert score(power, power, 1.0).rmse_mw == 0
    assert np.isnan(score(power, np.ones(3), 1.0).correlation)


def test_missing_intervals_count_as_missing_and_nowhere_else():
    measured = np.array([1.0, np.nan, 3.0, 4.0])
    pair = pair_of(measured, [5.2, 5.4, np.nan, 6.1])
    found = compare(pair, np.array([1.0, 99.0, 99.0, 3.0]), "wind_speed", 10.0)
    assert (found.overall.pairs, found.missing) == (2, 2)
    assert found.overall.bias_mw == -0.5
    assert found.base_mw == 10.0


def test_months_and_bins_add_up_to_the_whole():
    rng = np.random.default_rng(1)
    speed = rng.weibull(2, 4000) * 8
    pair = pair_of(speed**2 / 100, speed)
    found = compare(pair, speed**2 / 90, "wind_speed", 8.0)
    assert sum(part.measured_mwh for part in found.by_month.values()) == pytest.approx(found.overall.measured_mwh)
    assert list(found.by_month) == ["2024-04", "2024-05", "2024-06"]
    assert list(found.by_bin)[:3] == ["0 to 1", "1 to 2", "2 to 3"]
    left_out = found.overall.pairs - sum(part.pairs for part in found.by_bin.values())
    assert 0 <= left_out < 10


@pytest.mark.parametrize("hours", [-3.0, 0.0, 9.0])
def test_a_shift_between_power_and_driver_is_found(hours):
    base = np.sin(np.arange(2000) / 7.0) + np.random.default_rng(2).standard_normal(2000)
    pair = pair_of(np.roll(base, round(2 * hours)), base)
    shift, best, plain = best_shift(pair, base)
    assert shift == hours
    assert best == pytest.approx(1.0, abs=1e-9)
    problems = clock_problems(pair, base, "wind", "file.csv")
    assert len(problems) == (hours != 0)
    assert plain == pytest.approx(1.0) if hours == 0 else plain < 0.9


def test_cut_output_and_a_stuck_meter_are_noted():
    model = np.full(200, 5.0) + np.arange(200) / 100
    measured = model.copy()
    measured[20:30] = 0.0
    measured[50:70] = 3.0
    notes = " ".join(compare(pair_of(measured, model), model, "wind_speed", 10.0).notes)
    assert "10 intervals without output" in notes
    assert "stands still" in notes
