"""The drawn error of demand forecasts beside the operator's own of FY2021-22, at the leads that its file shows."""

import numpy as np
import pandas as pd
import pytest
from real_data import DATA, needs
from shipped import GOTO

from twin.core.clock import fiscal_year
from twin.resources.forecasts import error_size, unit_bias, unit_error

FILE = DATA / "kyushu_area" / "kyushu_demand_forecast_hourly_fy2021_fy2022.csv"
needs_data = needs(FILE)
ISSUE_HOUR, WEATHER_YEARS = 5, 12


@pytest.fixture(scope="module")
def measured() -> pd.Series:
    """Relative error, hourly, two years."""
    table = pd.read_csv(FILE)
    return table["demand_forecast_10MW"] / table["demand_actual_10MW"] - 1.0


def drawn(weather_year: int) -> pd.Series:
    """The same of a weather year: issued at 5 o'clock for the rest of the day, an hour before until then."""
    index = fiscal_year(2030, 60)
    hour = index.hour.to_numpy()
    lead = np.where(hour > ISSUE_HOUR, hour - ISSUE_HOUR, 1)
    course = unit_error(GOTO, "demand", "all demand", index, 1, weather_year) + unit_bias(GOTO, "demand")
    return pd.Series(error_size(GOTO, "demand", lead) * course)


@needs_data
def test_size_mean_and_correlation_in_time_are_the_operators(measured):
    """Tolerances: what the two measured years differ by (sd 0.12, correlations 0.05), and twice that for two AR(1)."""
    years = [drawn(year) for year in range(WEATHER_YEARS)]
    assert np.sqrt(np.mean([year.var() for year in years])) == pytest.approx(measured.std(), abs=0.0012)
    assert np.mean([year.mean() for year in years]) == pytest.approx(measured.mean(), abs=0.0015)
    for hours in (1, 6, 24):
        found = np.mean([year.autocorr(hours) for year in years])
        assert found == pytest.approx(measured.autocorr(hours), abs=0.05), f"{hours} h"


@needs_data
def test_the_operators_error_grows_with_the_hours_since_five_o_clock(measured):
    """What the leads of the table rest on: small until 5 o'clock, then growing for five hours, then level."""
    size = measured.groupby(np.arange(len(measured)) % 24).std()
    assert size[:6].max() < 0.006
    assert size[6] == pytest.approx(float(error_size(GOTO, "demand", 1.0)), rel=0.05)
    assert np.sqrt((size[10:] ** 2).mean()) == pytest.approx(float(error_size(GOTO, "demand", 24.0)), rel=0.05)


def test_the_measure_is_not_an_accident_of_a_seed():
    sizes = [drawn(year).std() for year in range(WEATHER_YEARS)]
    assert np.std(sizes) < 0.002
