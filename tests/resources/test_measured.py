"""Real input: rank mapping, the fiscal year 2022."""

import numpy as np
import pandas as pd
import profile_fakes
import pytest
from real_data import DATA, needs
from shipped import GOTO

from studies.measured.series import read_measured
from twin.core.clock import fiscal_year
from twin.core.errors import InputError
from twin.resources.measured import Measured, profiles_from_measured
from twin.resources.resampling import month_and_step, rank_mapped, season
from twin.resources.sites import build_fleet

needs_data = needs(DATA / "jepx")
INSTALLED_PV_MW, INSTALLED_WIND_MW = 11600, 600  # fitted to the area's output, +-5 %
KEY = {"seed": 1, "weather_year": 0}


def test_rank_mapping_by_hand():
    own = np.array([[1.0], [9.0], [5.0], [2.0], [7.0]])
    mapped = rank_mapped(own, np.array([30.0, 10.0, 20.0, 5.0, 5.0]), np.array([0, 0, 0, 1, 1]))
    assert mapped[:, 0].tolist() == [9.0, 1.0, 5.0, 2.0, 7.0]


def test_rank_mapping_keeps_the_duration_curve():
    index = fiscal_year(2022)
    rng = np.random.default_rng(0)
    own = rng.random((len(index), 3))
    for group in (month_and_step(index), season(index)):
        mapped = rank_mapped(own, rng.random(len(index)), group)
        assert np.array_equal(np.sort(mapped, axis=0), np.sort(own, axis=0))


def test_weather_of_another_year_is_refused():
    model = profile_fakes.model()
    fleet = build_fleet(GOTO, profile_fakes.sites(), model.areas, seed=1)
    hours, halves = fiscal_year(2022, 60), fiscal_year(2022)
    measured = Measured(2022, pd.DataFrame(index=hours), pd.DataFrame(index=hours), pd.DataFrame(index=halves))
    with pytest.raises(InputError, match="differ in time"):
        profiles_from_measured(GOTO, model, profile_fakes.weather(30, 2030), fleet, measured, **KEY)


@pytest.fixture(scope="module")
def fiscal_2022():
    model = profile_fakes.model()
    fleet = build_fleet(GOTO, profile_fakes.sites(), model.areas, seed=1)
    measured = read_measured(GOTO, DATA, 2022)
    weather = profile_fakes.weather(30, 2022)
    return model, measured, weather, profiles_from_measured(GOTO, model, weather, fleet, measured, **KEY)


@needs_data
def test_area_output_used_directly_hides_the_peaks_of_net_export(fiscal_2022):
    model, measured, _, profiles = fiscal_2022
    contract = model.plants["contract_mw"]
    area = measured.area
    sun = (area["solar_actual_MWh"] + area["solar_curtailed_MWh"]).to_numpy() / INSTALLED_PV_MW
    wind = (area["wind_actual_MWh"] + area["wind_curtailed_MWh"]).to_numpy() / INSTALLED_WIND_MW
    capacity = contract.groupby(model.plants["kind"]).sum()
    demand = profiles.area_demand_mw.sum(axis=1)
    direct = np.repeat(sun * capacity["pv"] + wind * capacity["wind"], 2) - demand
    ranked = profiles.plant_available_mw[:, :4].sum(axis=1) - demand
    curve = {name: np.sort(export)[::-1] for name, export in (("direct", direct), ("ranked", ranked))}
    for percent in (0.1, 1, 5):
        step = round(17520 * percent / 100)
        assert curve["ranked"][step] > curve["direct"][step] + 0.2 * capacity["wind"]
    assert profiles.plant_available_mw[:, 2].max() == pytest.approx(contract["farm"], rel=1e-3)
    assert wind.max() < 0.7


@needs_data
def test_each_plant_keeps_its_own_capacity_factor(fiscal_2022):
    _, _, _, profiles = fiscal_2022
    farm = profiles.plant_available_mw[:, 2]
    assert farm.mean() / 16.8 == pytest.approx(0.35 / 0.93, abs=1e-9)
    assert not profiles.plant_available_mw[profiles.index.hour == 0, 0].any()


@needs_data
def test_wind_and_sun_rise_and_fall_with_the_area(fiscal_2022):
    _, measured, _, profiles = fiscal_2022
    hourly = profiles.plant_available_mw.reshape(-1, 2, 6).mean(axis=1)
    winter = season(measured.area.index) == 0
    area_wind = measured.area["wind_actual_MWh"] + measured.area["wind_curtailed_MWh"]
    assert area_wind[winter].corr(pd.Series(hourly[winter, 2], area_wind[winter].index), method="spearman") > 0.98
    noon = (measured.area.index.hour == 12) & (measured.area.index.month == 7)
    area_sun = (measured.area["solar_actual_MWh"] + measured.area["solar_curtailed_MWh"])[noon]
    assert area_sun.corr(pd.Series(hourly[noon, 0], area_sun.index), method="spearman") > 0.98


@needs_data
def test_demand_cuts_and_prices_are_those_of_the_year(fiscal_2022):
    model, measured, _, profiles = fiscal_2022
    kwh = model.areas.filter(like="_kwh").sum(axis=1).to_numpy()
    assert profiles.area_demand_mw.sum(axis=0) * 500 == pytest.approx(kwh, rel=1e-12)
    hourly = profiles.area_demand_mw.sum(axis=1).reshape(-1, 2).mean(axis=1)
    assert np.corrcoef(hourly, measured.area["demand_MWh"])[0, 1] > 0.75
    cut = measured.area["solar_curtailed_MWh"].to_numpy()
    assert np.array_equal(profiles.area_cut_pv[::2] > 0, cut > 0)
    by_hand = cut[cut > 0][0] / (0.72 * (cut + measured.area["solar_actual_MWh"].to_numpy())[cut > 0][0])
    assert profiles.area_cut_pv[::2][cut > 0][0] == pytest.approx(by_hand)
    assert profiles.price_jpy_per_kwh.mean() == pytest.approx(14.42, abs=0.01)
