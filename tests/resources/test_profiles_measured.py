"""Real input: readers with all their refusals, rank mapping, the fiscal year 2022."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import profile_fakes
import pytest
from shipped import GOTO

from twin.core.clock import fiscal_year
from twin.core.errors import InputError
from twin.resources.measured import measured_demand_error, profiles_from_measured, read_measured
from twin.resources.resampling import month_and_step, rank_mapped, season
from twin.resources.sites import build_fleet

DATA = Path(os.environ.get("GOTO_TWIN_DATA", Path(__file__).parents[2] / ".." / "shared" / "data"))
needs_data = pytest.mark.skipif(not (DATA / "jepx").is_dir(), reason="the shared data folder is not there")
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


@pytest.fixture
def folder(tmp_path) -> Path:
    (tmp_path / "kyushu_area").mkdir()
    (tmp_path / "jepx").mkdir()
    hours = pd.date_range("2022-03-31", "2023-04-01 23:00", freq="h")
    sun = np.where((hours.hour > 6) & (hours.hour < 18), 3000, 0)
    area = pd.DataFrame({"datetime_start_JST": hours.strftime("%Y-%m-%d %H:%M"), "demand_MWh": 9000})
    area = area.assign(solar_actual_MWh=sun, solar_curtailed_MWh=0, wind_actual_MWh=80, wind_curtailed_MWh=0)
    area.to_csv(tmp_path / "kyushu_area/kyushu_area_supply_demand_hourly_x.csv", index=False)
    forecast = pd.DataFrame({"date": hours.strftime("%Y-%m-%d"), "time": hours.strftime("%H:%M")})
    forecast = forecast.assign(demand_actual_10MW=900, demand_forecast_10MW=909)
    forecast.to_csv(tmp_path / "kyushu_area/kyushu_demand_forecast_hourly_x.csv", index=False)
    halves = pd.date_range("2022-03-31", "2023-04-01 23:30", freq="30min")
    price = pd.DataFrame({"date": halves.strftime("%Y-%m-%d"), "slot": halves.hour * 2 + halves.minute // 30 + 1})
    price.assign(kyushu_price_jpy_per_kwh=14.0).to_csv(tmp_path / "jepx/jepx_kyushu_spot_halfhourly_x.csv", index=False)
    return tmp_path


def _edit(path: Path, change) -> None:
    frame = pd.read_csv(path)
    change(frame).to_csv(path, index=False)


def test_only_the_rows_of_the_fiscal_year_are_read(folder):
    measured = read_measured(GOTO, folder, 2022)
    assert measured.area.index.equals(fiscal_year(2022, 60))
    assert measured.price.index.equals(fiscal_year(2022))
    assert measured_demand_error(measured) == pytest.approx(np.full(17520, 0.01))


def test_missing_files_are_told_together(tmp_path):
    with pytest.raises(InputError) as told:
        read_measured(GOTO, tmp_path, 2022)
    assert [problem.what for problem in told.value.problems] == ["no such file"] * 3


def test_gaps_duplicates_and_wrong_units_are_told_together(folder):
    area, price = folder / "kyushu_area/kyushu_area_supply_demand_hourly_x.csv", folder / "jepx"
    _edit(area, lambda frame: pd.concat([frame.drop(index=[100, 101]), frame.iloc[[500]]]))
    _edit(area, lambda frame: frame.assign(demand_MWh=frame["demand_MWh"] / 10))
    _edit(price / "jepx_kyushu_spot_halfhourly_x.csv", lambda frame: frame.replace({14.0: "fourteen"}))
    with pytest.raises(InputError) as told:
        read_measured(GOTO, folder, 2022)
    found = {problem.what for problem in told.value.problems}
    assert found >= {"gap", "rows given twice", "times run backwards", "looks like another unit", "not a number"}


def test_year_outside_the_data(folder):
    with pytest.raises(InputError, match="gap"):
        read_measured(GOTO, folder, 2019)


def test_wrong_encoding_column_and_time(folder):
    path = folder / "kyushu_area/kyushu_demand_forecast_hourly_x.csv"
    path.write_bytes("date,time,需要\n".encode("cp932") + path.read_bytes())
    _edit(folder / "jepx/jepx_kyushu_spot_halfhourly_x.csv", lambda frame: frame.drop(columns="slot"))
    _edit(
        folder / "kyushu_area/kyushu_area_supply_demand_hourly_x.csv",
        lambda frame: frame.replace({"2022-04-05 00:00": "05.04.2022"}),
    )
    with pytest.raises(InputError) as told:
        read_measured(GOTO, folder, 2022)
    found = [problem.what for problem in told.value.problems]
    assert found == ["time cannot be read", "gap", "wrong encoding", "column missing"]


def test_two_files_that_contradict_each_other(folder):
    path = folder / "kyushu_area/kyushu_demand_forecast_hourly_x.csv"
    _edit(path, lambda frame: frame.assign(demand_actual_10MW=1000))
    with pytest.raises(InputError, match="differs"):
        read_measured(GOTO, folder, 2022)


def test_weather_of_another_year_is_refused(folder):
    model = profile_fakes.model()
    fleet = build_fleet(GOTO, profile_fakes.sites(), model.areas, seed=1)
    with pytest.raises(InputError, match="differ in time"):
        profiles_from_measured(
            GOTO, model, profile_fakes.weather(30, 2030), fleet, read_measured(GOTO, folder, 2022), **KEY
        )


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
