"""Area balance, price and forecasts."""

import numpy as np
import pandas as pd
import profile_fakes
import pytest

from twin.errors import InputError
from twin.profiles.area_balance import cut_share, wind_share
from twin.profiles.build import build_profiles
from twin.profiles.forecasts import HORIZON, make_forecasts
from twin.profiles.offline_calls import offline_calls
from twin.profiles.price import price_climatology
from twin.profiles.sites import build_fleet
from twin.profiles.tables import by_month
from twin.profiles.types import Profiles

KEY = {"seed": 1, "weather_year": 0}


@pytest.fixture(scope="module")
def profiles() -> Profiles:
    model = profile_fakes.model()
    fleet = build_fleet(profile_fakes.sites(), model.areas, seed=1)
    return build_profiles(model, profile_fakes.weather(60), fleet, **KEY)


@pytest.fixture(scope="module")
def pv_mw(profiles: Profiles) -> np.ndarray:
    return profiles.plant_available_mw[:, :2].sum(axis=1)


def _cut(profiles: Profiles, pv_mw: np.ndarray, level: float, seed: int = 1) -> np.ndarray:
    demand = profiles.area_demand_mw.sum(axis=1)
    return cut_share(profiles.index, pv_mw, demand, level_percent=level, seed=seed, weather_year=0)


@pytest.mark.parametrize("level", [3, 6, 9])
def test_the_level_is_met(profiles, pv_mw, level):
    share = _cut(profiles, pv_mw, level)
    assert share @ pv_mw / pv_mw.sum() == pytest.approx(level / 100, rel=1e-9)
    assert share.min() >= 0 and share.max() <= 0.8


def test_level_zero_cuts_nothing(profiles, pv_mw):
    assert not _cut(profiles, pv_mw, 0).any()


def test_months_have_the_areas_energy_and_nights_none(profiles, pv_mw):
    share = _cut(profiles, pv_mw, 6)
    month = pd.Series(share * pv_mw).groupby(profiles.index.month).sum()
    cut_gwh = by_month("area_balance_months", "cut_gwh_fy2022") + by_month("area_balance_months", "cut_gwh_fy2023")
    assert (month / month.sum()).to_numpy() == pytest.approx((cut_gwh / cut_gwh.sum()).to_numpy(), abs=1e-9)
    assert not share[(profiles.index.hour < 6) | (profiles.index.hour > 17)].any()
    assert 10 <= pd.Series(share * pv_mw).groupby(profiles.index.hour).sum().idxmax() <= 13


def test_sunny_days_with_low_demand_are_cut_first(profiles, pv_mw):
    share = _cut(profiles, pv_mw, 6)
    april = profiles.index.month == 4
    days = pd.DataFrame({"cut": share * pv_mw, "pv": pv_mw, "demand": profiles.area_demand_mw.sum(axis=1)})[april]
    daily = days.groupby(profiles.index[april].day).sum()
    daily["surplus"] = daily["pv"] / daily["pv"].std() - daily["demand"] / daily["demand"].std()
    assert daily["cut"].corr(daily["surplus"], method="spearman") > 0.6


def test_impossible_level_is_told(profiles, pv_mw):
    with pytest.raises(InputError, match="out of reach"):
        _cut(profiles, pv_mw, 60)


def test_part_of_a_year_is_refused(profiles, pv_mw):
    demand = profiles.area_demand_mw.sum(axis=1)
    with pytest.raises(InputError, match="whole year"):
        cut_share(profiles.index[:999], pv_mw[:999], demand[:999], level_percent=6, **KEY)


def test_wind_is_cut_when_pv_is_and_less(profiles, pv_mw):
    wind_mw = profiles.plant_available_mw[:, 2:4].sum(axis=1)
    share = wind_share(profiles.area_cut_pv, wind_mw, level_percent=6)
    assert share @ wind_mw / wind_mw.sum() == pytest.approx(0.4 * 0.06, rel=1e-9)
    assert not share[profiles.area_cut_pv == 0].any()


def test_offline_plants_are_called_for_whole_windows_and_meet_the_energy(profiles, pv_mw):
    plants = pd.DataFrame({"area_control": ["offline"] * 300 + ["online"]}, index=[f"p{n}" for n in range(301)])
    called = offline_calls(profiles.index, profiles.area_cut_pv, pv_mw, plants, **KEY)
    hours_a_day = pd.DataFrame(called).groupby(profiles.index.date).sum().to_numpy()
    assert set(np.unique(hours_a_day)) == {0, 8}
    assert not called[:, -1].any()
    cut_percent = 100 * (called[:, :-1] * pv_mw[:, None]).sum(axis=0) / pv_mw.sum()
    assert cut_percent.mean() == pytest.approx(6.0, abs=0.15)
    assert np.ptp(called[:, :-1].sum(axis=0)) <= 8


def test_price_keeps_the_yearly_mean_and_the_floor(profiles):
    price = price_climatology(profiles.index, profiles.area_cut_pv)
    glut = profiles.area_cut_pv > 0
    assert set(price[glut]) == {0.01}
    assert price.mean() == pytest.approx(10.86, abs=0.1)
    by_hour = pd.Series(price).groupby(profiles.index.hour).mean()
    assert (by_hour.idxmin(), by_hour.idxmax()) == (12, 18)


@pytest.fixture(scope="module")
def site_pv_mw(profiles: Profiles) -> np.ndarray:
    return profiles.site_pv_per_kw.mean(axis=1) * 5.0


def _forecasts(profiles: Profiles, site_pv_mw: np.ndarray, lead_hours: float = 1.0, **extra: np.ndarray):
    plants, areas = profile_fakes.plants(), profile_fakes.areas()
    return make_forecasts(profiles, plants, areas, site_pv_mw, lead_hours=lead_hours, **KEY, **extra)


def test_forecasts_are_within_their_physical_limits(profiles, site_pv_mw):
    forecasts = _forecasts(profiles, site_pv_mw)
    contract = profile_fakes.plants()["contract_mw"].to_numpy()
    assert (forecasts.plant_available_mw >= 0).all() and (forecasts.plant_available_mw <= contract).all()
    night = profiles.plant_available_mw[:, 0] == 0
    assert not forecasts.plant_available_mw[night, 0].any()
    assert forecasts.export_day_ahead_mw.shape == (len(profiles.index), HORIZON)


def test_longer_leads_have_larger_errors_of_the_stated_size(profiles, site_pv_mw):
    truth = profiles.area_demand_mw[:, 0]
    sizes = [
        np.std(_forecasts(profiles, site_pv_mw, lead).area_demand_mw[:, 0] / truth - 1) for lead in (1.0, 12.5, 24.0)
    ]
    assert sizes == pytest.approx([0.015, 0.021, 0.027], rel=0.1)


def test_an_issue_stands_for_three_hours(profiles, site_pv_mw):
    ahead = _forecasts(profiles, site_pv_mw).export_day_ahead_mw
    assert np.array_equal(ahead[301, :-1], ahead[300, 1:])
    assert np.array_equal(ahead[302, :-2], ahead[300, 2:])
    assert not np.allclose(ahead[303, :-3], ahead[300, 3:])


def test_forecasts_depend_on_the_truth_of_their_own_step_only(profiles, site_pv_mw):
    changed = profiles.plant_available_mw.copy()
    changed[5000:] *= 0.5
    other = Profiles(**{**vars(profiles), "plant_available_mw": changed})
    one, two = _forecasts(profiles, site_pv_mw), _forecasts(other, site_pv_mw)
    assert np.array_equal(one.plant_available_mw[:5000], two.plant_available_mw[:5000])
    assert np.array_equal(one.export_day_ahead_mw[: 5000 - HORIZON], two.export_day_ahead_mw[: 5000 - HORIZON])


def test_measured_demand_error_stands_in(profiles, site_pv_mw):
    error = np.full(len(profiles.index), 0.1)
    forecasts = _forecasts(profiles, site_pv_mw, 24.0, demand_error=error)
    assert forecasts.area_demand_mw == pytest.approx(1.1 * profiles.area_demand_mw)
