"""Forecasts: truth and an error of the stated size, the same error at every lead."""

from dataclasses import replace

import numpy as np
import profile_fakes
import pytest
from shipped import GOTO

from twin.resources.forecasts import make_forecasts
from twin.resources.profiles import Profiles, build_profiles
from twin.resources.sites import build_fleet

KEY = {"seed": 1, "weather_year": 0}


@pytest.fixture(scope="module")
def profiles() -> Profiles:
    model = profile_fakes.model()
    fleet = build_fleet(GOTO, profile_fakes.sites(), model.areas, seed=1)
    return build_profiles(GOTO, model, profile_fakes.weather(60), fleet, **KEY)


@pytest.fixture(scope="module")
def site_pv_mw(profiles: Profiles) -> np.ndarray:
    return profiles.site_pv_per_kw.mean(axis=1) * 5.0


def _forecasts(profiles: Profiles, site_pv_mw: np.ndarray, lead_hours: float = 1.0, **extra: np.ndarray):
    plants, areas = profile_fakes.plants(), profile_fakes.areas()
    return make_forecasts(GOTO, profiles, plants, areas, site_pv_mw, lead_hours=lead_hours, **KEY, **extra)


def _demand_error(profiles: Profiles, site_pv_mw: np.ndarray, lead_hours: float) -> np.ndarray:
    return _forecasts(profiles, site_pv_mw, lead_hours).area_demand_mw / profiles.area_demand_mw - 1.0


def test_forecasts_are_within_their_physical_limits(profiles, site_pv_mw):
    forecasts = _forecasts(profiles, site_pv_mw)
    contract = profile_fakes.plants()["contract_mw"].to_numpy()
    assert (forecasts.plant_available_mw >= 0).all() and (forecasts.plant_available_mw <= contract).all()
    night = profiles.plant_available_mw[:, 0] == 0
    assert not forecasts.plant_available_mw[night, 0].any()


def test_longer_leads_have_larger_errors_of_the_stated_size(profiles, site_pv_mw):
    sizes = [np.std(_demand_error(profiles, site_pv_mw, lead)[:, 0]) for lead in (1.0, 3.5, 6.0, 24.0)]
    assert sizes == pytest.approx([0.011, 0.02175, 0.0325, 0.0325], rel=0.1)


def test_an_error_at_a_longer_lead_is_the_same_error_larger(profiles, site_pv_mw):
    short, long = (_demand_error(profiles, site_pv_mw, lead) for lead in (1.0, 6.0))
    assert long == pytest.approx(short * 0.0325 / 0.011, abs=1e-12)


def test_areas_have_most_of_their_error_in_common(profiles, site_pv_mw):
    # forecast_common_share = 0.7; a year holds about 60 spells of the slow part: +- 0.05 is two standard errors
    correlation = np.corrcoef(_demand_error(profiles, site_pv_mw, 6.0).T)
    assert correlation[np.triu_indices(3, 1)] == pytest.approx(0.7, abs=0.07)


def test_what_is_published_is_the_sum_of_plants_sites_and_demand(profiles, site_pv_mw):
    """At 6 h, from the forecasts of the parts (where no limit clips them) and the sites' own error."""
    one = _forecasts(profiles, site_pv_mw, 6.0)
    of_plants = one.plant_available_mw - profiles.plant_available_mw
    plants = profile_fakes.plants()
    errs = (plants["kind"].isin(["pv", "wind"]) & (plants["contract_mw"] > 0)).to_numpy()
    within = (one.plant_available_mw > 0) & (one.plant_available_mw < plants["contract_mw"].to_numpy())
    dark = (profiles.plant_available_mw == 0) & (plants["kind"] == "pv").to_numpy()
    free = (within | dark | ~errs).all(axis=1)
    published = one.published
    told = (published.sizes[6, :3] * published.export_error_mw[:, :3]).sum(axis=1)
    of_sites = published.sizes[6, 0] * published.pv_error * site_pv_mw
    by_hand = of_plants.sum(axis=1) + of_sites - (one.area_demand_mw - profiles.area_demand_mw).sum(axis=1)
    assert free.sum() > 1000
    assert told[free] == pytest.approx(by_hand[free], abs=1e-9)


def test_outages_are_in_the_export_and_not_in_what_is_expected(profiles, site_pv_mw):
    whole = replace(profiles, plant_unavailable_mw=np.zeros_like(profiles.plant_unavailable_mw))
    out, whole_out = (_forecasts(some, site_pv_mw).published for some in (profiles, whole))
    lost = profiles.plant_unavailable_mw.sum(axis=1)
    assert lost.max() > 1.0
    assert whole_out.export_mw - out.export_mw == pytest.approx(lost)
    expected = [some.export_mw + some.export_error_mw[:, 3] for some in (out, whole_out)]
    assert expected[0] == pytest.approx(expected[1])
    assert set(out.sizes[:, 3]) == {1.0}


def test_forecasts_depend_on_the_truth_of_their_own_step_only(profiles, site_pv_mw):
    changed = profiles.plant_available_mw.copy()
    changed[5000:] *= 0.5
    other = replace(profiles, plant_available_mw=changed)
    one, two = _forecasts(profiles, site_pv_mw), _forecasts(other, site_pv_mw)
    assert np.array_equal(one.plant_available_mw[:5000], two.plant_available_mw[:5000])
    assert np.array_equal(one.published.export_error_mw[:5000], two.published.export_error_mw[:5000])
    assert not np.array_equal(one.published.export_error_mw[5000:], two.published.export_error_mw[5000:])


def test_measured_demand_error_stands_in(profiles, site_pv_mw):
    error = np.full(len(profiles.index), 0.1)
    forecasts = _forecasts(profiles, site_pv_mw, 24.0, demand_error=error)
    assert forecasts.area_demand_mw == pytest.approx(1.1 * profiles.area_demand_mw)
    assert forecasts.published.sizes[24, 2] * forecasts.published.load_error == pytest.approx(error)


def test_a_window_is_cut_from_all_series(profiles, site_pv_mw):
    whole = _forecasts(profiles, site_pv_mw)
    part = whole.window(48, 96)
    assert np.array_equal(part.area_demand_mw, whole.area_demand_mw[48:96])
    assert np.array_equal(part.published.export_mw, whole.published.export_mw[48:96])
    assert np.array_equal(part.published.load_error, whole.published.load_error[48:96])
