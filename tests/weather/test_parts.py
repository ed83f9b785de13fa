"""The parts of the synthetic weather against hand-computed values."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad
from shipped import GOTO, sources_of, with_inputs

from twin.core.clock import fiscal_year
from twin.core.errors import InputError
from twin.core.weather_table import Place
from weather.climate import climates_of, daily_from_monthly, read_climates, typical_months
from weather.sun import beam_and_diffuse, sun_over
from weather.synthetic.field import Field, autoregressive, smooth_autoregressive, white_noise
from weather.synthetic.parameters import Process, parameters_of, read_process
from weather.synthetic.variables import (
    _exponent_of_mean,
    _truncated_exponential_quantile,
    clear_index_within_day,
    daily_cycle,
    weibull_speed,
)

FUKUE = read_climates(GOTO)["fukue"].place
DAYS = pd.date_range("2030-04-01", "2031-03-31", freq="D", tz="Asia/Tokyo")


def place(place_id: str, north_km: float) -> Place:
    return replace(FUKUE, place_id=place_id, latitude=FUKUE.latitude + north_km / 111.195)


@pytest.mark.parametrize(("north_km", "expected"), [(0.0, 0.9), (50.0, 0.9 * np.exp(-0.5)), (100.0, 0.9 * np.exp(-2))])
def test_field_has_the_stated_correlation(north_km: float, expected: float):
    count = 40_000
    noise = white_noise(Field("test", 50.0, 0.1, 50.0), [place("a", 0.0), place("b", north_km)], count, 1, 1)
    assert np.corrcoef(noise["a"], noise["b"])[0, 1] == pytest.approx(expected, abs=4 / np.sqrt(count))
    assert noise["a"].var() == pytest.approx(1.0, abs=4 * np.sqrt(2 / count))


def test_a_varied_length_spreads_the_same_noise():
    """The kernels of 40 and 50 km overlap by 2 s t / (s^2 + t^2) = 0.976 on a plane."""
    one, other = (white_noise(Field("test", length, 0.0, 50.0), [place("a", 0.0)], 20_000, 1, 1) for length in (50, 40))
    assert np.corrcoef(one["a"], other["a"])[0, 1] == pytest.approx(80 * 50 / (40**2 + 50**2), abs=0.03)
    assert other["a"].var() == pytest.approx(1.0, abs=4 * np.sqrt(2 / 20_000))


def test_autoregressive_by_hand():
    assert autoregressive(np.array([1.0, 1.0, 0.0]), 0.6) == pytest.approx([1.0, 0.6 + 0.8, 0.84])


def test_smooth_process_has_its_correlation_and_variance():
    """The estimate over n values has a standard error below sqrt(2 x 2/decay / n); 4 of them."""
    decay, count = 0.2, 200_000
    values = smooth_autoregressive(np.random.default_rng(1).standard_normal(count), decay)
    error = 4 * np.sqrt(4 / decay / count)
    assert values.var() == pytest.approx(1.0, abs=2 * error)
    for lag in (1, 5, 15):
        pole = np.exp(-decay)
        exact = (1 + lag * (1 - pole**2) / (1 + pole**2)) * pole**lag
        assert exact == pytest.approx((1 + lag * decay) * np.exp(-lag * decay), abs=0.01)
        assert np.mean(values[lag:] * values[:-lag]) == pytest.approx(exact, abs=error)


def test_smooth_process_is_stationary_from_the_start():
    """Variance and lag-one correlation over 4,000 starts, 4 standard errors."""
    random = np.random.default_rng(2)
    starts = np.array([smooth_autoregressive(random.standard_normal(4), 0.3) for _ in range(4000)])
    pole = np.exp(-0.3)
    assert starts.var(axis=0) == pytest.approx(np.ones(4), abs=4 * np.sqrt(2 / 4000))
    assert (starts[:, 1:] * starts[:, :-1]).mean(axis=0) == pytest.approx(
        np.full(3, 2 * pole / (1 + pole**2)), abs=4 * np.sqrt(2 / 4000)
    )


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
    clear_index = clear_index_within_day(daily, latent, sun, read_process(GOTO))
    energy = (clear_index * sun.clear_sky).reshape(365, 48).sum(axis=1)
    assert energy == pytest.approx(daily * sun.clear_sky.reshape(365, 48).sum(axis=1), rel=1e-9)
    assert clear_index.max() < read_process(GOTO).clear_index_ceiling


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


def test_impossible_places_and_missing_months_are_refused():
    places, normals = GOTO["places"], GOTO["normals"]
    with pytest.raises(InputError) as caught:
        climates_of(places.assign(weibull_shape=9.0), normals.drop(index=3))
    text = str(caught.value)
    assert text.count("column weibull_shape") == len(places)
    assert "station fukue, variable temp_air_mean_c" in text


def test_impossible_and_missing_parameters_are_refused():
    table = GOTO["process"].copy()
    table.loc[table["parameter"] == "wind_local_share", "value"] = 2.0
    with pytest.raises(InputError) as caught:
        parameters_of(table[1:], "process", Process)
    assert "wind_local_share" in str(caught.value)
    assert "process.csv, clear_index_min: parameter missing" in str(caught.value)


def test_a_studys_values_reach_the_climate_and_the_process():
    shipped = read_climates(GOTO)["fukue"]
    values = {
        "places": {"fukue": 6.2},
        "normals": {"fukue/ghi_kwh_per_m2_day/1": 1.98},
        "process": {"clear_day_persistence": 0.34},
    }
    tables = with_inputs(values)
    changed, process = read_climates(tables)["fukue"], read_process(tables)
    assert changed.wind_mean_m_per_s.mean() == pytest.approx(6.2)
    assert changed.ghi_kwh_per_m2_day[0] == 1.98
    assert changed.ghi_kwh_per_m2_day[1] == shipped.ghi_kwh_per_m2_day[1]
    assert process.clear_day_persistence == 0.34


def test_irradiation_normals_move_together():
    rows = sources_of("normals")
    varying = rows[rows["low"].notna()]
    assert set(varying["varies_with"]) == {"normals.ghi"}
    assert len(varying) == 24
