"""Storm shutdown: hysteresis by hand, one turbine after the other, nothing in calm weather."""

import numpy as np
import pytest
from shipped import GOTO, with_inputs

from twin.resources.wind import Farm, farm_per_unit, running, speed_factors

TYPHOON = np.concatenate([np.linspace(10, 32, 45), np.linspace(32, 10, 45)])
"""Half-hours of a storm that rises and falls by 0.5 m/s an interval."""

AT_ONCE = {"wind_parameters": {"storm_gust_factor": 1.0, "speed_spread_turbine": 0.03}}


def test_hysteresis_by_hand():
    speed = np.array([10, 24, 25, 24, 21, 20.5, 20, 24, 26, 19, 10.0])
    assert running(speed, 25.0, 20.0).tolist() == [1, 1, 0.5, 0, 0, 0, 0.5, 1, 0.5, 0.5, 1]


def test_one_turbine_through_a_typhoon_by_hand():
    tables = with_inputs(AT_ONCE)
    output = farm_per_unit(tables, TYPHOON, Farm("V80/2000", 1, at_sea=True))
    at_rated = (TYPHOON > 18) & (TYPHOON < 25)
    rising = np.arange(len(TYPHOON)) < 45
    assert output[at_rated & rising] == pytest.approx(1.0, abs=1e-3)
    stopped = ~rising & (TYPHOON > 20)
    assert (output[stopped] == 0).all()
    assert output[(TYPHOON >= 25.5)].max() == 0
    assert output[~rising & (TYPHOON < 19.5)].min() > 0


def test_a_farm_ramps_down_turbine_by_turbine_and_comes_back_the_same_way():
    output = farm_per_unit(GOTO, TYPHOON, Farm("HTW2.1-80", 8, at_sea=True))
    fall = output[:45][TYPHOON[:45] > 18]
    steps = -np.diff(fall)
    assert steps.max() <= 0.26
    assert ((fall > 0.01) & (fall < 0.99)).sum() >= 5
    assert output[44] == 0
    assert output[-1] == pytest.approx(output[0])


def test_gusts_bring_the_shutdown_forward():
    def hours_out(gust):
        tables = with_inputs({"wind_parameters": {"storm_gust_factor": gust}})
        return (farm_per_unit(tables, TYPHOON, Farm("V80/2000", 1, at_sea=True)) == 0).sum()

    assert hours_out(1.15) > hours_out(1.05) > hours_out(1.0)


def test_a_strong_breeze_stops_nothing():
    steady = np.full(48, 20.0)
    assert farm_per_unit(GOTO, steady, Farm("V80/2000", 8, at_sea=False)) == pytest.approx(1.0, abs=0.02)


def test_a_storm_costs_more_energy_than_the_hours_above_cut_out():
    tables = with_inputs(AT_ONCE)
    output = farm_per_unit(tables, TYPHOON, Farm("V80/2000", 1, at_sea=True))
    waiting = ((TYPHOON < 25) & (TYPHOON > 20) & (np.arange(len(TYPHOON)) >= 45)).sum()
    assert waiting == 9
    assert (output == 0).sum() == (TYPHOON >= 25).sum() - 1 + waiting


def test_speeds_at_the_turbines_have_the_farms_mean_and_spread():
    factors = speed_factors(400, 0.1)
    assert factors.mean() == pytest.approx(1.0)
    assert factors.std() == pytest.approx(0.1, rel=0.02)
    assert speed_factors(1, 0.1).tolist() == [1.0]
