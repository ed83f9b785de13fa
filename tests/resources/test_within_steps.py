"""Ramps inside the half-hour: means, contracts and energies of the half-hours stay, the seed decides the rest."""

import numpy as np
import pytest
from loop_fixtures import SEED, WINDY_DAY

from twin.core.clock import DEFAULT_CLOCK
from twin.core.errors import InputError
from twin.resources.within_steps import Ramps, finer_forecasts, finer_profiles, with_ramps

RAMPS = Ramps(pv=0.25, wind=0.06, demand=0.02, common=0.5, correlation=0.7)


def finer(inputs, minutes=5, seed=SEED, ramps=RAMPS):
    clock = DEFAULT_CLOCK.with_step(minutes)
    return finer_profiles(inputs.profiles, inputs.model.plants, ramps, clock, seed=seed, weather_year=0)


def test_every_half_hour_keeps_its_mean_and_every_plant_its_contract(goto_year):
    inputs = goto_year.days(WINDY_DAY, 2)
    found = finer(inputs)
    for name in ("plant_available_mw", "plant_unavailable_mw", "area_demand_mw", "site_pv_per_kw", "price_jpy_per_kwh"):
        mean = getattr(found, name).reshape(96, 6, -1).mean(axis=1).reshape(getattr(inputs.profiles, name).shape)
        assert np.abs(mean - getattr(inputs.profiles, name)).max() < 1e-9, name
    contract = inputs.model.plants.contract_mw.to_numpy(float)
    assert found.plant_available_mw.min() >= 0.0
    assert (found.plant_available_mw <= contract + 1e-9).all()
    inside = found.plant_available_mw.sum(axis=1).reshape(96, 6)
    assert np.ptp(inside, axis=1).max() > 1.0


def test_the_seed_draws_the_ramps_and_none_leaves_straight_lines(goto_year):
    inputs = goto_year.days(WINDY_DAY)
    first, again, other = finer(inputs), finer(inputs), finer(inputs, seed=SEED + 1)
    assert np.array_equal(first.plant_available_mw, again.plant_available_mw)
    assert not np.array_equal(first.plant_available_mw, other.plant_available_mw)
    still = finer(inputs, ramps=Ramps(0.0, 0.0, 0.0, 0.5, 0.7))
    bends = np.abs(np.diff(still.area_demand_mw.reshape(48, 6, -1), n=2, axis=1))
    assert bends.max() < 1e-9


def test_a_plant_at_its_contract_or_at_zero_stays_there():
    mean = np.array([[10.0, 0.0], [10.0, 0.0], [9.9, 0.1]])
    found = with_ramps(mean, np.random.default_rng(1).normal(size=(18, 2)), np.array([10.0, 10.0]))
    assert found[:12, 0] == pytest.approx(10.0, abs=1e-9)
    assert found[:12, 1] == pytest.approx(0.0, abs=1e-9)
    assert found.reshape(3, 6, 2).mean(axis=1) == pytest.approx(mean, abs=1e-12)


def test_nobody_expects_the_ramps_and_leads_keep_their_time(goto_year):
    told = finer_forecasts(goto_year.days(WINDY_DAY).forecasts, 6)
    assert len(told.plant_available_mw) == 288
    assert np.ptp(told.plant_available_mw.reshape(48, 6, -1), axis=1).max() == 0.0
    before = goto_year.forecasts.published
    assert told.published.issue_steps == 6 * before.issue_steps
    assert np.array_equal(told.published.sizes[::6], before.sizes)


@pytest.mark.parametrize("minutes", [30, 60, 20])
def test_steps_that_do_not_lie_inside_are_refused(goto_year, minutes):
    with pytest.raises(InputError, match="do not lie inside"):
        finer(goto_year.days(WINDY_DAY), minutes)
