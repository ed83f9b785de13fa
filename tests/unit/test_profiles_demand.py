"""Demand: exact totals, day types, temperature, energy-keeping resampling."""

import numpy as np
import pandas as pd
import profile_fakes
import pytest

from twin.clock import fiscal_year
from twin.profiles.calendar import is_free_day
from twin.profiles.demand import CLASSES, area_demand, class_shapes, temperature_response
from twin.profiles.resampling import hourly_to_steps
from twin.profiles.site_demand import demand_shapes, site_demand
from twin.profiles.tables import by_month

INDEX = fiscal_year(2030)
NORMAL = by_month("temperature_normals", "temperature_c").loc[INDEX.month].to_numpy()


@pytest.fixture(scope="module")
def shapes() -> dict[str, np.ndarray]:
    return class_shapes(INDEX, NORMAL)


def test_each_class_total_is_met_exactly_per_area(shapes):
    areas = profile_fakes.areas()
    for name in CLASSES:
        only = areas.assign(**{f"{other}_kwh": 0.0 for other in CLASSES if other != name})
        demand = area_demand(only, dict.fromkeys(("fukue", "offshore"), shapes), INDEX, seed=1, weather_year=0)
        assert demand.sum(axis=0) * 0.5 * 1000 == pytest.approx(areas[f"{name}_kwh"].to_numpy(), rel=1e-12)
        assert demand.min() >= 0


def test_an_added_area_leaves_the_others_the_same_to_the_bit(shapes):
    areas = profile_fakes.areas()
    places = dict.fromkeys(("fukue", "offshore"), shapes)
    all_three = area_demand(areas, places, INDEX, seed=1, weather_year=0)
    last_two = area_demand(areas.iloc[1:], places, INDEX, seed=1, weather_year=0)
    assert np.array_equal(all_three[:, 1:], last_two)


def test_goto_peaks_in_the_evening_and_lowest_at_night(shapes):
    areas = profile_fakes.areas()
    demand = area_demand(areas, dict.fromkeys(("fukue", "offshore"), shapes), INDEX, seed=1, weather_year=0)
    by_hour = pd.Series(demand.sum(axis=1)).groupby(INDEX.hour).mean()
    assert 18 <= by_hour.idxmax() <= 20
    assert 1 <= by_hour.idxmin() <= 4
    assert 0.52 < demand.sum(axis=1).mean() / demand.sum(axis=1).max() < 0.68


def test_works_rest_and_homes_do_not_on_a_free_day(shapes):
    free = is_free_day(INDEX)
    noon = INDEX.hour == 10
    ratio = {name: shapes[name][free & noon].mean() / shapes[name][~free & noon].mean() for name in CLASSES}
    assert ratio["industry"] < 0.65 < 1.0 < ratio["residential"]


def test_free_days():
    days = pd.DatetimeIndex(["2030-05-03", "2030-05-08", "2030-08-14", "2030-11-02"], tz="Asia/Tokyo")
    assert is_free_day(days).tolist() == [True, False, True, True]


def test_temperature_response_by_hand():
    january = INDEX[INDEX.month == 1]
    assert temperature_response("residential", january, np.full(len(january), 7.6)) == pytest.approx(1.0)
    colder = temperature_response("residential", january, np.full(len(january), 2.6))
    assert colder == pytest.approx((1 + 0.020 * 13.4) / (1 + 0.020 * 8.4))


def test_measured_area_shape_moves_the_demand():
    hours = np.ones(8760)
    hours[100] = 3.0
    plain, peak = (class_shapes(INDEX, None, area)["residential"] for area in (np.ones(8760), hours))
    assert 2.5 < peak[200:202].mean() / plain[200:202].mean() < 3.1


@pytest.mark.parametrize("steps", [1, 2, 12])
def test_resampling_keeps_the_energy_of_each_hour(steps):
    hourly = np.array([0.0, 0.0, 5.0, 1.0, 8.0, 8.0])
    fine = hourly_to_steps(hourly, steps)
    assert fine.reshape(-1, steps).mean(axis=1) == pytest.approx(hourly, abs=1e-12)
    assert fine.min() >= 0


def test_resampling_by_hand():
    assert hourly_to_steps(np.array([4.0, 6.0, 8.0]), 2).tolist() == [3.5, 4.5, 5.5, 6.5, 7.5, 8.5]


def test_site_shapes_hold_one_kwh_and_homes_are_unsteady(shapes):
    table = demand_shapes()
    demand = site_demand(INDEX, shapes, table, seed=1, weather_year=0)
    assert demand.sum(axis=0) * 0.5 == pytest.approx(np.ones(len(table)), rel=1e-12)
    home = next(number for number, shape in enumerate(table) if shape.demand_class == "residential")
    noise = demand[:, home] / shapes["residential"]
    assert 0.4 < noise.std() / noise.mean() < 0.9
