"""The synthetic year against the normals, its keys, and its correlations."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.special import gamma
from shipped import GOTO

from twin.core.clock import Clock
from twin.core.weather_table import VARIABLES, WeatherTable
from weather.climate import Climate, read_climates
from weather.quality.checks import weather_problems
from weather.sun import sun_over
from weather.synthetic.typhoon import read_typhoon_climate
from weather.synthetic.year import synthetic_year

CLIMATES = read_climates(GOTO)
FUKUE_JANUARY_GHI, FUKUE_AUGUST_GHI = 1.89, 4.91
FUKUE_YEAR_KWH = 1326


@pytest.fixture(scope="module")
def normal_year() -> WeatherTable:
    return synthetic_year(GOTO, 2030, 0, seed=7)


@pytest.fixture(scope="module")
def many_years() -> list[pd.DataFrame]:
    fukue = {"fukue": CLIMATES["fukue"]}
    return [synthetic_year(GOTO, 2030, year, seed=7, climates=fukue).values["fukue"] for year in range(1, 31)]


def monthly(series: pd.Series) -> np.ndarray:
    return series.groupby(series.index.month).mean().to_numpy()


@pytest.mark.parametrize("place_id", list(CLIMATES))
def test_normal_year_has_the_normals(normal_year: WeatherTable, place_id: str):
    climate, frame = CLIMATES[place_id], normal_year.values[place_id]
    assert monthly(frame["ghi"]) * 24 / 1000 == pytest.approx(climate.ghi_kwh_per_m2_day, rel=0.03)
    assert monthly(frame["temp_air"]) == pytest.approx(climate.temp_air_mean_c, abs=0.5)
    assert monthly(frame["wind_speed"]) == pytest.approx(climate.wind_mean_m_per_s, rel=0.05)


def test_normals_are_the_published_ones(normal_year: WeatherTable):
    frame = normal_year.values["fukue"]
    ghi = monthly(frame["ghi"]) * 24 / 1000
    assert ghi[[0, 7]] == pytest.approx([FUKUE_JANUARY_GHI, FUKUE_AUGUST_GHI], rel=0.03)
    assert frame["ghi"].sum() / 2000 == pytest.approx(FUKUE_YEAR_KWH, rel=0.01)
    assert normal_year.values["offshore"]["wind_speed"].mean() == pytest.approx(7.5, rel=0.01)


def test_daily_extremes_are_near_their_normals(normal_year: WeatherTable):
    temperature = normal_year.values["fukue"]["temp_air"]
    days = temperature.groupby(temperature.index.normalize())
    assert monthly(days.max()) == pytest.approx(CLIMATES["fukue"].temp_air_max_c, abs=1.5)
    assert monthly(days.min()) == pytest.approx(CLIMATES["fukue"].temp_air_min_c, abs=1.5)


def test_years_scatter_around_the_normals(many_years: list[pd.DataFrame]):
    ghi = np.array([monthly(frame["ghi"]) for frame in many_years]) * 24 / 1000
    normals = CLIMATES["fukue"].ghi_kwh_per_m2_day
    standard_error = ghi.std(axis=0, ddof=1) / np.sqrt(len(ghi))
    assert (np.abs(ghi.mean(axis=0) - normals) < 4 * standard_error).all()
    assert 0.05 < (ghi.std(axis=0) / normals).mean() < 0.15
    yearly = np.array([frame["ghi"].mean() for frame in many_years])
    assert 0.015 < yearly.std() / yearly.mean() < 0.05


def test_years_differ_in_temperature_and_wind_as_much_as_known(many_years: list[pd.DataFrame]):
    """0.3 to 0.5 C and 4 to 6 %, widened by 3 standard errors of a deviation from 30 years (13 % each)."""
    temperature = np.std([frame["temp_air"].mean() for frame in many_years], ddof=1)
    wind = np.array([frame["wind_speed"].mean() for frame in many_years])
    assert 0.3 * (1 - 0.39) < temperature < 0.5 * (1 + 0.39)
    assert 0.04 * (1 - 0.39) < wind.std(ddof=1) / wind.mean() < 0.06 * (1 + 0.39)


def test_typhoons_bring_cut_out_and_calm_years_do_not():
    offshore = {"offshore": CLIMATES["offshore"]}
    without = replace(read_typhoon_climate(GOTO), approaches_per_year=0.001)
    hours = {"with": 0.0, "without": 0.0}
    for number in range(1, 6):
        for name, typhoons in (("with", None), ("without", without)):
            year = synthetic_year(GOTO, 2030, number, 7, climates=offshore, typhoons=typhoons).values["offshore"]
            hours[name] += (year["wind_speed"] > 25.0).sum() / 2
    assert hours["without"] < 10.0 < hours["with"] < 250.0


def test_kamigoto_has_the_normals_of_arikawa(normal_year: WeatherTable):
    wind = np.array([3.1, 3.1, 3.1, 2.8, 2.5, 2.3, 2.4, 2.4, 2.9, 3.0, 2.7, 3.0])
    frame = normal_year.values["kamigoto"]
    assert CLIMATES["kamigoto"].temp_air_mean_c.mean() == pytest.approx(17.1, abs=0.06)
    assert monthly(frame["wind_speed"]) / 6.2 == pytest.approx(wind / wind.mean(), rel=0.02)


def test_wind_is_weibull_with_the_stated_shape(normal_year: WeatherTable):
    climate, wind = CLIMATES["offshore"], normal_year.values["offshore"]["wind_speed"]
    january = wind[wind.index.month == 1].to_numpy()
    scale = climate.wind_mean_m_per_s[0] / gamma(1 + 1 / climate.weibull_shape)
    for probability in (0.1, 0.5, 0.9, 0.99):
        expected = scale * (-np.log(1 - probability)) ** (1 / climate.weibull_shape)
        assert np.quantile(january, probability) == pytest.approx(expected, rel=0.06)


def test_correlation_falls_with_distance(normal_year: WeatherTable):
    steps = {"naru": 16.4, "kamigoto": 43.6}
    for variable in ("wind_speed", "ghi"):
        fukue = normal_year.values["fukue"][variable]
        near, far = (np.corrcoef(fukue, normal_year.values[place][variable])[0, 1] for place in steps)
        assert 0.6 < far < near < 0.995


def test_wind_forgets_within_two_days(normal_year: WeatherTable):
    wind = normal_year.values["offshore"]["wind_speed"]
    hours = [wind.autocorr(lag=2 * hour) for hour in (1, 6, 24, 48)]
    assert hours == sorted(hours, reverse=True)
    assert hours[0] > 0.85
    assert 0.2 < hours[2] < 0.5
    assert hours[3] < 0.3


def test_same_key_same_bits_other_key_other_weather():
    fukue = {"fukue": CLIMATES["fukue"]}
    first, again = (synthetic_year(GOTO, 2030, 3, seed=1, climates=fukue).values["fukue"] for _ in range(2))
    pd.testing.assert_frame_equal(first, again, check_exact=True)
    for weather_year, seed in ((4, 1), (3, 2)):
        other = synthetic_year(GOTO, 2030, weather_year, seed=seed, climates=fukue).values["fukue"]
        assert not np.allclose(first["wind_speed"], other["wind_speed"])


def test_a_new_place_leaves_the_others_the_same_to_the_bit():
    island: Climate = replace(
        CLIMATES["fukue"], place=replace(CLIMATES["fukue"].place, place_id="uku", latitude=33.26, longitude=129.13)
    )
    with_uku = synthetic_year(GOTO, 2030, 5, seed=1, climates={"uku": island, **CLIMATES})
    without = synthetic_year(GOTO, 2030, 5, seed=1, climates=dict(reversed(CLIMATES.items())))
    for place_id, frame in without.values.items():
        pd.testing.assert_frame_equal(frame, with_uku.values[place_id], check_exact=True)


def test_no_irradiance_at_night_and_closure(normal_year: WeatherTable):
    for place_id, frame in normal_year.values.items():
        sun = sun_over(normal_year.index, normal_year.places[place_id])
        assert (frame.loc[~sun.is_up, ["ghi", "dni", "dhi"]] == 0.0).all(axis=None)
        assert (frame["ghi"] >= 0.0).all()
        closure = frame["dni"] * np.cos(np.radians(sun.zenith)) + frame["dhi"]
        lit = sun.zenith < 90
        assert np.abs(closure - frame["ghi"])[lit].max() < 1e-9


def test_normal_and_random_years_pass_the_checks(normal_year: WeatherTable):
    assert weather_problems(normal_year) == []
    assert weather_problems(synthetic_year(GOTO, 2023, 2, seed=9)) == []


@pytest.mark.parametrize(
    ("step_minutes", "count"), [pytest.param(5, 366 * 288, marks=pytest.mark.slow), (60, 366 * 24)]
)
def test_other_steps_and_leap_years_keep_the_normals(step_minutes: int, count: int):
    table = synthetic_year(
        GOTO, 2027, 0, seed=7, clock=Clock(step_minutes=step_minutes), climates={"fukue": CLIMATES["fukue"]}
    )
    frame = table.values["fukue"]
    assert len(frame) == count
    assert list(frame.columns) == list(VARIABLES)
    assert monthly(frame["ghi"]) * 24 / 1000 == pytest.approx(CLIMATES["fukue"].ghi_kwh_per_m2_day, rel=0.03)
    assert monthly(frame["wind_speed"]) == pytest.approx(CLIMATES["fukue"].wind_mean_m_per_s, rel=0.05)
