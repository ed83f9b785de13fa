"""Balance and price of the Kyushu area: by hand, level, weather years, determinism."""

import itertools

import numpy as np
import pandas as pd
import profile_fakes
import pytest
from shipped import GOTO, with_inputs

from twin.core.clock import Clock, fiscal_year
from twin.core.errors import InputError
from twin.core.tables import Tables
from twin.resources.area_market.balance import (
    AreaCalibration,
    AreaDrivers,
    AreaYear,
    area_year,
    calibrate,
    cut_share,
    price_ratio,
    surplus_mw,
)
from twin.resources.area_market.drivers import area_drivers
from twin.resources.profiles import area_calibration, build_profiles
from twin.resources.sites import build_fleet
from weather.synthetic.year import synthetic_year

HOURS = fiscal_year(2030, 60)


@pytest.fixture(scope="module")
def drivers() -> AreaDrivers:
    return area_drivers(GOTO, synthetic_year(GOTO, 2030, 0, 1, Clock(step_minutes=60)), seed=1, weather_year=0)


@pytest.fixture(scope="module")
def own() -> tuple[np.ndarray, np.ndarray]:
    """Made-up output of the study's PV and wind plants."""
    sun = np.clip(np.cos(2 * np.pi * (HOURS.hour.to_numpy() - 12) / 24), 0, None) * 60.0
    return sun, np.random.default_rng(1).uniform(0, 50, len(HOURS))


def _year(drivers: AreaDrivers, own, level: float, tables: Tables = GOTO) -> tuple[AreaCalibration, AreaYear]:
    calibration = calibrate(tables, HOURS, drivers, *own, level_percent=level)
    return calibration, area_year(tables, HOURS, drivers, calibration)


def test_surplus_by_hand():
    index = HOURS[:24]
    net = np.full(24, 5000.0)
    net[12], net[19] = 1000.0, 8000.0
    zero = np.zeros(24)
    drivers = AreaDrivers(net + 4000, zero, zero, np.full(24, 4000.0), np.full(24, 2000.0), zero)
    surplus = surplus_mw(GOTO, index, drivers)
    assert surplus[12] == pytest.approx(-100 + 0.535 * 8000 - 1000 - 1734 - 2000)
    assert surplus[19] == pytest.approx(-100 + 0.535 * 8000 - 8000 - 1734 - 2000)


def test_cut_share_by_hand():
    share = cut_share(np.array([-500.0, 0.0, 360.0, 9000.0, 9000.0]), np.array([720.0] * 4 + [0.0]), 0.9)
    assert share.tolist() == [0.0, 0.0, 0.5, 0.9, 0.0]


def test_controllable_is_the_published_share_and_nothing_in_the_dark():
    two = np.array([0.0, 7200.0])
    drivers = AreaDrivers(two, two, np.array([100.0, 100.0]), two, two, two)
    assert drivers.controllable_mw(GOTO) == pytest.approx([0.0, 7200 * 6.2 / 8.6 + 95], rel=2e-3)


@pytest.mark.parametrize("level", [3, 6, 9])
def test_the_level_is_met_in_the_normal_year(drivers, own, level):
    _, year = _year(drivers, own, level)
    pv_mw, wind_mw = own
    assert year.cut_pv @ pv_mw / pv_mw.sum() == pytest.approx(level / 100, abs=1e-8)
    assert year.cut_wind @ wind_mw / wind_mw.sum() == pytest.approx(0.4 * level / 100, abs=1e-8)
    assert year.cut_pv.min() >= 0 and year.cut_pv.max() <= GOTO.value("area_balance_largest_share")


def test_a_higher_level_cuts_nowhere_less(drivers, own):
    shares = [_year(drivers, own, level)[1].cut_pv for level in (1, 3, 6, 9, 15)]
    for lower, higher in itertools.pairwise(shares):
        assert (higher >= lower).all() and higher.sum() > lower.sum()


def test_no_order_at_night_even_at_a_high_level(drivers, own):
    _, year = _year(drivers, own, 15)
    night = (HOURS.hour < 6) | (HOURS.hour > 18)
    assert not year.cut_pv[night].any() and not year.cut_wind[night].any()


def test_level_zero_orders_nothing_and_has_no_floor_price(drivers, own):
    calibration, year = _year(drivers, own, 0)
    assert calibration.offset_mw == -np.inf
    assert not year.cut_pv.any() and not year.cut_wind.any()
    assert year.price_jpy_per_kwh.min() > 0.5


def test_without_plants_of_its_own_the_areas_pv_bears_the_level(drivers):
    nothing = np.zeros(len(HOURS))
    _, year = _year(drivers, (nothing, nothing), 6)
    assert year.cut_pv @ drivers.pv_mw / drivers.pv_mw.sum() == pytest.approx(0.06, abs=1e-8)
    assert not year.cut_wind.any()


def test_impossible_level_and_part_of_a_year_are_told(drivers, own):
    with pytest.raises(InputError, match="out of reach"):
        _year(drivers, own, 95)
    part = AreaDrivers(**{name: values[:999] for name, values in vars(drivers).items()})
    with pytest.raises(InputError, match="whole year"):
        calibrate(GOTO, HOURS[:999], part, own[0][:999], own[1][:999], level_percent=6)


def test_cuts_come_on_sunny_days_with_a_low_demand(drivers, own):
    _, year = _year(drivers, own, 6)
    spring = np.isin(HOURS.month, (3, 4, 5))
    daily = pd.DataFrame({"cut": year.cut_pv, "net": drivers.net_mw})[spring].groupby(HOURS[spring].date).agg("sum")
    assert daily["cut"].corr(daily["net"], method="spearman") < -0.6
    of_month = np.bincount(HOURS.month, year.cut_pv * drivers.pv_mw)
    assert of_month[[3, 4, 5]].sum() > 0.5 * of_month.sum()
    assert of_month[[7, 8]].sum() < 0.05 * of_month.sum()


def test_price_has_the_mean_the_floor_in_a_glut_and_the_course_of_the_day(drivers, own):
    _, year = _year(drivers, own, 6)
    price = year.price_jpy_per_kwh
    assert price.mean() == pytest.approx(10.86, abs=1e-9)
    assert set(price[year.cut_pv > 0]) == {0.01} and price.min() == 0.01
    by_hour = np.bincount(HOURS.hour, price)
    assert by_hour.argmin() in (11, 12, 13) and by_hour.argmax() in (17, 18, 19)


def test_price_ratio_by_hand():
    """Straight between two rows of the table, flat outside."""
    nothing = np.zeros(3)
    rows = GOTO["price_curve"]
    below, above = rows["net_demand_mw"].iloc[[8, 9]]
    drivers = AreaDrivers(np.array([-1e5, (below + above) / 2, 1e5]), *[nothing] * 5)
    ratio = rows["price_ratio"]
    assert price_ratio(GOTO, drivers) == pytest.approx([ratio.iloc[0], (ratio[8] + ratio[9]) / 2, ratio.iloc[-1]])
    assert ratio.is_monotonic_increasing or np.diff(ratio).min() > -0.02


def test_price_level_moves_the_mean(drivers, own):
    tables = with_inputs({"parameters": {"price_mean": 14.42}})
    assert _year(drivers, own, 6, tables)[1].price_jpy_per_kwh.mean() == pytest.approx(14.42)


def test_area_pv_follows_the_local_days_as_far_as_the_weight_says():
    weather = synthetic_year(GOTO, 2030, 3, 1, Clock(step_minutes=60))
    local = sum(frame["ghi"].to_numpy().reshape(-1, 24).sum(axis=1) for frame in weather.values.values())
    month = HOURS.month.to_numpy()[::24]

    def relative(daily: np.ndarray) -> np.ndarray:
        return daily / (np.bincount(month, daily) / np.bincount(month).clip(1))[month]

    for weight in (0.5, 0.8, 0.95):
        tables = with_inputs({"parameters": {"area_balance_local_weight": weight}})
        area = area_drivers(tables, weather, seed=1, weather_year=3).pv_mw.reshape(-1, 24).sum(axis=1)
        # 365 days, neighbours correlated 0.3: about 200 free ones, so 3 sd of r are 3 (1 - r^2) / sqrt(200)
        allowed = 3 * (1 - weight**2) / np.sqrt(200) + 0.06  # 0.06: clipping at the darkest and clearest days
        assert np.corrcoef(relative(local), relative(area))[0, 1] == pytest.approx(weight, abs=allowed)


def test_same_key_same_bits_another_year_another_noise():
    weather = synthetic_year(GOTO, 2030, 0, 1, Clock(step_minutes=60))
    one, again = (area_drivers(GOTO, weather, seed=1, weather_year=0) for _ in range(2))
    other = area_drivers(GOTO, weather, seed=1, weather_year=1)
    assert all(np.array_equal(getattr(one, name), getattr(again, name)) for name in vars(one))
    assert not np.array_equal(one.pv_mw, other.pv_mw)


@pytest.mark.slow
def test_half_hours_and_hours_have_the_same_days():
    hourly, half = (
        area_drivers(GOTO, synthetic_year(GOTO, 2030, 0, 1, Clock(step_minutes=step)), seed=1, weather_year=0)
        .pv_mw.reshape(365, -1)
        .mean(axis=1)
        for step in (60, 30)
    )
    assert np.corrcoef(hourly, half)[0, 1] > 0.99


def test_other_weather_years_keep_the_offset_of_the_normal_one():
    model = profile_fakes.model()
    fleet = build_fleet(GOTO, profile_fakes.sites(), model.areas, seed=1)
    normal, sunny = profile_fakes.weather(60), profile_fakes.weather(60)
    for frame in sunny.values.values():
        frame[["ghi", "dni", "dhi"]] *= 1.1
    area = area_calibration(GOTO, model.plants, normal, seed=1, area_level_percent=6)
    pv = [0, 1]

    def level(weather) -> float:
        made = build_profiles(GOTO, model, weather, fleet, seed=1, weather_year=0, area=area)
        output = made.plant_available_mw[:, pv].sum(axis=1)
        return float(made.area_cut_pv @ output / output.sum())

    assert level(normal) == pytest.approx(0.06, abs=1e-8)
    assert level(sunny) > 0.065
