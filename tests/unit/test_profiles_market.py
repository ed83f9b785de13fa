"""Forecasts."""

import numpy as np
import profile_fakes
import pytest

from twin.profiles.build import build_profiles
from twin.profiles.forecasts import HORIZON, make_forecasts
from twin.profiles.sites import build_fleet
from twin.profiles.types import Profiles

KEY = {"seed": 1, "weather_year": 0}


@pytest.fixture(scope="module")
def profiles() -> Profiles:
    model = profile_fakes.model()
    fleet = build_fleet(profile_fakes.sites(), model.areas, seed=1)
    return build_profiles(model, profile_fakes.weather(60), fleet, **KEY)


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
