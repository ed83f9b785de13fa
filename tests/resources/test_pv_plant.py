"""A plant that a user knows, from the weather at its place."""

import numpy as np
import profile_fakes
import pytest
from shipped import GOTO

from twin.core.errors import InputError
from twin.resources.pv import PvPlant, fleet_per_kw, oriented_per_kw, pv_plant_kw, sky_at

PLACE = profile_fakes.PLACES["fukue"]


@pytest.fixture(scope="module")
def weather():
    return profile_fakes.weather(60).values["fukue"]


def test_a_fleets_mix_is_taken_where_no_orientation_is_given(weather):
    expected = np.minimum(fleet_per_kw(GOTO, sky_at(weather, PLACE), "mixed") * 60.0, 50.0)
    assert pv_plant_kw(GOTO, weather, PLACE, PvPlant(60.0, 50.0, "mixed")) == pytest.approx(expected)


def test_own_orientation_and_age(weather):
    aged = oriented_per_kw(GOTO, sky_at(weather, PLACE), "ground", 30.0, 200.0)
    new = pv_plant_kw(GOTO, weather, PLACE, PvPlant(1.0, 9.0, "ground", 30.0, 200.0, in_service_year=2030))
    assert new.sum() / aged.sum() == pytest.approx(1 / (1 - 16 * 0.005), rel=2e-3)


def test_output_stays_within_the_inverter(weather):
    output = pv_plant_kw(GOTO, weather, PLACE, PvPlant(5800.0, 3000.0))
    assert output.max() == 3000.0
    assert output.min() == 0.0


def test_everything_that_is_wrong_is_told_at_once(weather):
    bad = weather.drop(columns="dhi").tz_localize(None)
    bad.iloc[3, 0] = np.nan
    with pytest.raises(InputError) as error:
        pv_plant_kw(GOTO, bad, PLACE, PvPlant(-1.0, float("nan"), "balcony", 100.0))
    for word in ("dc_kw", "ac_kw", "balcony", "half an orientation", "100", "dhi", "1 of 8760", "time zone"):
        assert word in str(error.value)
