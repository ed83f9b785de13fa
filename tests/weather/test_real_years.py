"""Synthetic weather against real data; the distance between two real stations is the yardstick."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from calibration.weather import (
    LAGS_HOURS,
    STATIONS,
    area_wind,
    autocorrelation,
    clearness_like,
    clearness_sample,
    run_lengths,
    station_year,
)
from real_data import DATA, needs
from scipy.stats import wasserstein_distance
from shipped import GOTO

from twin.core.weather_table import Place
from weather.climate import read_climates
from weather.synthetic.year import synthetic_year

FOLDER = Path(__file__).parents[2] / "docs" / "generators" / "calibration"

needs_data = needs(DATA / "weather")


def test_run_lengths_by_hand():
    assert run_lengths(np.array([True, True, False, True, False, False, True])).tolist() == [2, 1, 1]


@needs_data
@pytest.mark.parametrize("place", STATIONS, ids=lambda place: place.place_id)
def test_clearness_is_as_far_from_a_real_year_as_real_years_are_from_each_other(place: Place):
    stations = [clearness_sample(station_year(DATA, station.place_id)["ghi"], station) for station in STATIONS]
    own = stations[STATIONS.index(place)]
    synthetic = clearness_like(station_year(DATA, place.place_id)["ghi"], place)
    for name in own:
        yardstick = wasserstein_distance(stations[0][name], stations[1][name])
        assert wasserstein_distance(synthetic[name], own[name]) < yardstick, name


@needs_data
def test_offshore_wind_forgets_as_fast_as_the_measured():
    """Between the ground station of Miyazaki and the area's output, at every lag; 4 standard errors about them.

    A sample autocorrelation of T hours has a standard error of at most sqrt(2 x integral time / T): the model has 20 h,
    so 0.07 for the station's year.
    """
    station = autocorrelation(station_year(DATA, "miyazaki")["wind_speed"], 2)
    area = autocorrelation(area_wind(DATA), 1)
    offshore = {"offshore": read_climates(GOTO)["offshore"]}
    years = [
        synthetic_year(GOTO, 2022, number, 1, climates=offshore).values["offshore"]["wind_speed"]
        for number in range(1, 7)
    ]
    model = np.mean([autocorrelation(year, 2) for year in years], axis=0)
    error = 4 * np.sqrt(2 * 20 / 8760)
    assert (model > np.minimum(station, area) - error).all(), dict(zip(LAGS_HOURS, model, strict=True))
    assert (model < np.maximum(station, area) + error).all(), dict(zip(LAGS_HOURS, model, strict=True))
    assert model[-1] == pytest.approx(0.0, abs=error)
