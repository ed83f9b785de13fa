"""The parts of the synthetic weather against hand-computed values."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad

from twin.clock import fiscal_year
from twin.errors import InputError
from twin.weather_table import Place
from weather.clearness import _exponent_of_mean, _truncated_exponential_quantile, clear_index_within_day
from weather.climate import read_climates
from weather.decomposition import beam_and_diffuse
from weather.field import Field, autoregressive, white_noise
from weather.process import read_process
from weather.seasons import daily_from_monthly, typical_months
from weather.sun import sun_over
from weather.temperature import daily_cycle
from weather.wind import weibull_speed

FUKUE = read_climates()["fukue"].place
DAYS = pd.date_range("2030-04-01", "2031-03-31", freq="D", tz="Asia/Tokyo")


def place(place_id: str, north_km: float) -> Place:
    return replace(FUKUE, place_id=place_id, latitude=FUKUE.latitude + north_km / 111.195)


@pytest.mark.parametrize(("north_km", "expected"), [(0.0, 0.9), (50.0, 0.9 * np.exp(-0.5)), (100.0, 0.9 * np.exp(-2))])
def test_field_has_the_stated_correlation(north_km: float, expected: float):
    count = 40_000
    noise = white_noise(Field("test", 50.0, 0.1), [place("a", 0.0), place("b", north_km)], count, 1, 1)
    assert np.corrcoef(noise["a"], noise["b"])[0, 1] == pytest.approx(expected, abs=4 / np.sqrt(count))
    assert noise["a"].var() == pytest.approx(1.0, abs=4 * np.sqrt(2 / count))


def test_autoregressive_by_hand():
    assert autoregressive(np.array([1.0, 1.0, 0.0]), 0.6) == pytest.approx([1.0, 0.6 + 0.8, 0.84])


def test_daily_curve_keeps_monthly_means():
    normals = np.array([7.6, 8.3, 10.9, 14.9, 18.8, 22.1, 26.2, 27.3, 24.1, 19.5, 14.6, 9.8])
    curve = pd.Series(daily_from_monthly(normals, DAYS), DAYS)
    assert curve.groupby(DAYS.month).mean().to_numpy() == pytest.approx(normals)
    assert curve.diff().abs().max() < 0.3


def test_typical_month_by_hand():
    typical = typical_months(np.array([5.0, -1.0, 2.0]), np.array([1, 1, 1]))
    assert typical == pytest.approx([0.967422, -0.967422, 0.0], abs=1e-6)


@pytest.mark.parametrize("mean", [0.2, 0.45, 0.7])
def test_daily_index_density_has_its_mean(mean: float):
    slope = _exponent_of_mean(np.array([mean]))
    integral, _ = quad(lambda probability: float(_truncated_exponential_quantile(probability, slope)[0]), 0, 1)
    assert integral == pytest.approx(mean, abs=1e-3)


def test_index_within_day_holds_the_days_energy():
    index = fiscal_year(2030)
    sun = sun_over(index, FUKUE)
    daily = np.linspace(0.12, 1.0, 365)
    latent = np.random.default_rng(1).standard_normal(len(index))
    clear_index = clear_index_within_day(daily, latent, sun, read_process())
    energy = (clear_index * sun.clear_sky).reshape(365, 48).sum(axis=1)
    assert energy == pytest.approx(daily * sun.clear_sky.reshape(365, 48).sum(axis=1), rel=1e-9)
    assert clear_index.max() < read_process().clear_index_ceiling


def test_sun_at_noon_of_solstice():
    index = pd.date_range("2030-06-21", periods=48, freq="30min", tz="Asia/Tokyo")
    sun = sun_over(index, FUKUE)
    assert sun.zenith.min() == pytest.approx(FUKUE.latitude - 23.44, abs=0.5)
    assert abs(int(np.argmax(sun.clear_sky)) - 24.9) <= 1.0
    assert not sun.is_up[:9].any()


def test_temperature_cycle_has_its_extremes():
    hours = np.arange(0, 24, 0.5)
    cycle = daily_cycle(hours)
    assert (hours[cycle.argmin()], hours[cycle.argmax()]) == (5.0, 13.5)
    assert (cycle.min(), cycle.max()) == (pytest.approx(0.0), pytest.approx(1.0))


def test_weibull_median_by_hand():
    assert weibull_speed(np.zeros(1), 2.0, np.array([7.5]))[0] == pytest.approx(7.5 / 0.886227 * np.sqrt(np.log(2)))


def test_beam_never_exceeds_the_sun():
    index = fiscal_year(2030)
    sun = sun_over(index, FUKUE)
    dni, dhi = beam_and_diffuse(sun.extraterrestrial, sun, index)
    assert dni.max() <= 1420.0
    assert dhi.min() >= 0.0


def test_tables_without_source_or_month_are_refused(tmp_path: Path):
    folder = Path(__file__).parents[2] / "weather"
    normals = pd.read_csv(folder / "normals.csv")
    places = pd.read_csv(folder / "places.csv")
    normals.drop(index=3).to_csv(tmp_path / "normals.csv", index=False)
    places.assign(source=[None, *places["source"][1:]], weibull_shape=9.0).to_csv(tmp_path / "places.csv", index=False)
    with pytest.raises(InputError) as caught:
        read_climates(tmp_path / "places.csv", tmp_path / "normals.csv")
    text = str(caught.value)
    assert "places.csv, line 2: no source" in text
    assert text.count("column weibull_shape") == len(places)
    assert "station fukue, variable temp_air_mean_c" in text


def test_process_outside_its_range_is_refused(tmp_path: Path):
    table = pd.read_csv(Path(__file__).parents[2] / "weather" / "process.csv")
    table.loc[table["parameter"] == "wind_cloud", "value"] = 2.0
    table[1:].to_csv(tmp_path / "process.csv", index=False)
    with pytest.raises(InputError) as caught:
        read_process(tmp_path / "process.csv")
    assert "wind_cloud" in str(caught.value)
    assert "clear_index_min: parameter missing" in str(caught.value)
