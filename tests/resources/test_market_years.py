"""The model of the Kyushu area on its measured years, and the rows of the record that tell of it."""

from pathlib import Path

import numpy as np
import pytest
from calibration import market
from calibration.market import measured_and_model, month_and_hour, synthetic_years
from calibration.rows import ABSENT, DIFFERS
from real_data import DATA, needs

FOLDER = Path(__file__).parents[2] / "docs" / "generators" / "calibration"

needs_data = needs(DATA / "kyushu_area")


def _daily(cut: np.ndarray) -> np.ndarray:
    return cut.reshape(365, 24).sum(axis=1)


@needs_data
@pytest.mark.parametrize(("year", "percent", "days", "floor"), [(2021, 3.88, 108, 8.6), (2022, 3.01, 149, 10.9)])
def test_the_measured_years_are_those_of_the_facts(year, percent, days, floor):
    measured, _ = measured_and_model(DATA, year)
    assert measured.cut_percent == pytest.approx(percent, abs=0.005)
    assert measured.days_above(0) == days
    assert 100 * measured.floor.mean() == pytest.approx(floor, abs=0.06)
    assert month_and_hour(measured).sum() == pytest.approx(measured.cut.sum())


@needs_data
def test_the_fit_of_2021_is_what_the_tables_say():
    """Two numbers were fitted on FY2021: pumping to the energy of the year, the margin to the slots at the floor."""
    measured, model = measured_and_model(DATA, 2021)
    assert model.cut.sum() == pytest.approx(measured.cut.sum(), rel=0.001)
    assert model.floor.mean() == pytest.approx(measured.floor.mean(), abs=0.001)


@needs_data
def test_2022_that_was_not_fitted_is_met_within_a_tenth_by_energy_and_follows_the_days():
    measured, model = measured_and_model(DATA, 2022)
    assert model.cut.sum() == pytest.approx(measured.cut.sum(), rel=0.1)
    assert np.corrcoef(_daily(model.cut), _daily(measured.cut))[0, 1] > 0.8
    assert np.corrcoef(model.price, measured.price)[0, 1] > 0.65


@needs_data
def test_rows_keep_what_does_not_fit():
    verdicts = {row.fact: row.verdict for row in market.rows(DATA)}
    assert 10 <= len(verdicts) <= 20
    assert verdicts["Cut energy of March over the year, FY2022"] == DIFFERS


def test_rows_without_data_say_what_is_missing():
    rows = [row for row in market.rows(None) if row.verdict == ABSENT]
    assert len(rows) == 10 and all("measured years" in row.why for row in rows)


def test_weather_alone_makes_years_differ():
    """Six years of one area: the fit of FY2021, driven by synthetic weather, gives its cut within 30 %."""
    years = np.array([year.cut_mwh.sum() / 1000 for year in synthetic_years(6, 10_900.0, None)])
    assert years.mean() == pytest.approx(535, rel=0.3)
    assert 0.05 < years.std() / years.mean() < 0.4
