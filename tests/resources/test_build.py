"""All profiles together: independence of keys, windows, Goto's yields and demand."""

import numpy as np
import profile_fakes
import pytest
from shipped import GOTO, goto

from twin.core.errors import InputError
from twin.resources.profiles import Profiles, build_profiles
from twin.resources.sites import build_fleet
from weather.synthetic.year import synthetic_year

KEY = {"seed": 1, "weather_year": 0}


def _profiles(model) -> Profiles:
    fleet = build_fleet(GOTO, profile_fakes.sites(), model.areas, seed=1)
    return build_profiles(GOTO, model, profile_fakes.weather(60), fleet, **KEY)


@pytest.fixture(scope="module")
def small() -> Profiles:
    return _profiles(profile_fakes.model())


def test_same_key_same_bytes(small):
    again = _profiles(profile_fakes.model())
    for name, values in vars(small).items():
        assert np.array_equal(values, getattr(again, name)), name


def test_an_added_plant_leaves_the_others_the_same_to_the_bit(small):
    model = profile_fakes.model()
    model.plants = model.plants.drop(index="hill")
    fewer = _profiles(model)
    kept = [0, 1, 2, 4, 5]
    assert np.array_equal(fewer.plant_available_mw, small.plant_available_mw[:, kept])
    assert np.array_equal(fewer.plant_unavailable_mw, small.plant_unavailable_mw[:, kept])


def test_output_is_within_the_contract_and_outages_within_the_output(small):
    contract = profile_fakes.plants()["contract_mw"].to_numpy()
    assert (small.plant_available_mw >= 0).all() and (small.plant_available_mw <= contract).all()
    assert (small.plant_unavailable_mw >= 0).all()
    assert (small.plant_unavailable_mw <= small.plant_available_mw).all()
    assert not small.plant_available_mw[:, 5].any()


def test_window_cuts_every_series(small):
    part = small.window(24, 72)
    assert part.index.equals(small.index[24:72])
    assert all(len(values) == 48 for values in vars(part).values())
    with pytest.raises(InputError, match="window"):
        small.window(10, 9999)


def test_a_grid_without_sites(small):
    model = profile_fakes.model()
    fleet = build_fleet(GOTO, profile_fakes.sites().iloc[:0], model.areas, seed=1)
    none = build_profiles(GOTO, model, profile_fakes.weather(60), fleet, **KEY)
    assert np.array_equal(none.area_demand_mw, small.area_demand_mw)


def test_area_without_weather_is_told():
    model = profile_fakes.model()
    model.areas.loc["town", "place"] = "mars"
    with pytest.raises(InputError, match="mars"):
        _profiles(model)


@pytest.fixture(scope="module")
def of_goto():
    model = goto(2030)
    fleet = build_fleet(GOTO, GOTO["sites"], model.areas, seed=1)
    return model, fleet, build_profiles(GOTO, model, synthetic_year(GOTO, 2030, weather_year=0, seed=1), fleet, **KEY)


def test_yields_of_a_normal_year_on_goto(of_goto):
    model, fleet, profiles = of_goto
    port = list(model.plants.index).index("fukue_port_pv")
    delivered = profiles.plant_available_mw[:, port] - profiles.plant_unavailable_mw[:, port]
    aged = 1 - 0.005 * (2030 - 2014)  # the published yield is that of the new plant
    assert delivered.sum() / 2 == pytest.approx(2582 * aged, rel=0.03)
    new = np.char.startswith(fleet.site_id, "new")
    yield_kwh = profiles.site_pv_per_kw.sum(axis=0)[fleet.pv_shape] * fleet.pv_dc_kw / 2
    assert yield_kwh[new].sum() == pytest.approx(8_316_832, rel=0.03)


def test_farms_of_goto_keep_their_capacity_factor_and_reach_rated_power(of_goto):
    model, _, profiles = of_goto
    farms = ((model.plants["kind"] == "wind") & (model.plants["contract_mw"] > 0)).to_numpy()
    table = model.plants[farms]
    output = profiles.plant_available_mw[:, farms] / table["contract_mw"].to_numpy()
    target = (table["capacity_factor_target"] / table["availability"]).to_numpy()
    assert output.mean(axis=0) == pytest.approx(target, abs=1e-8)
    assert output.max(axis=0) == pytest.approx(np.ones(farms.sum()), abs=1e-3)  # turbines of a farm differ in wind


def test_demand_of_goto(of_goto):
    model, fleet, profiles = of_goto
    total = profiles.area_demand_mw.sum(axis=1)
    assert total.sum() / 2 == pytest.approx(318_000, rel=0.005)
    assert 55 < total.max() < 70
    sites = profiles.site_demand_per_kwh[:, fleet.demand_shape] * fleet.demand_kwh / 1000
    for area in range(len(model.areas)):
        assert (sites[:, fleet.area == area].sum(axis=1) <= profiles.area_demand_mw[:, area]).all()
