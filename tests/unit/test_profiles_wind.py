"""Wind and tide: power curve, height, wake, calibration, outages."""

import numpy as np
import pandas as pd
import profile_fakes
import pytest

from twin.errors import InputError
from twin.profiles.outages import down_share, is_down
from twin.profiles.plants import plant_problems, wind_scales
from twin.profiles.tables import read_table
from twin.profiles.tidal import tidal_per_unit
from twin.profiles.wind import calibrated_scale, farm_per_unit, power_curve, speed_at_height
from twin.randomness import stream

RAYLEIGH = 7.0 * np.sqrt(-4 / np.pi * np.log(1 - (np.arange(20000) + 0.5) / 20000))


def test_every_turbine_reaches_rated_power_and_stops_in_storm_and_calm():
    for turbine in read_table("turbines")["turbine"]:
        curve = power_curve(turbine)
        assert curve.per_unit.max() == 1.0
        assert curve.at(np.array([0.5, 17.0, 30.0])) == pytest.approx([0, 1, 0], abs=0.01)


def test_known_point_of_the_v80_curve():
    assert power_curve("HTW2.0-80").at(np.array([8.0, 10.0])) == pytest.approx([0.3505, 0.6445])


def test_unknown_turbine_names_the_known_ones():
    with pytest.raises(InputError, match="E-82/2000"):
        power_curve("windmill")


def test_logarithmic_law_by_hand():
    place = profile_fakes.PLACES["fukue"]
    expected = 5 * np.log(60 / 0.1) / np.log(10 / 0.1)
    assert speed_at_height(np.array([5.0]), place, 60.0) == pytest.approx([expected])


def test_wake_lowers_a_farm_but_not_its_rated_power():
    alone, farm = farm_per_unit(RAYLEIGH, "V80/2000", 1), farm_per_unit(RAYLEIGH, "V80/2000", 8)
    assert 0.75 < farm.mean() / alone.mean() < 0.98
    assert farm.max() == 1.0


@pytest.mark.parametrize("target", [0.17, 0.25, 0.376])
def test_calibration_meets_the_capacity_factor(target):
    scale = calibrated_scale(RAYLEIGH, "V80/2000", 8, target, "farm")
    assert farm_per_unit(scale * RAYLEIGH, "V80/2000", 8).mean() == pytest.approx(target, abs=1e-9)


def test_capacity_factor_out_of_reach_is_told_with_the_range():
    with pytest.raises(InputError, match="out of reach"):
        calibrated_scale(RAYLEIGH, "V80/2000", 8, 0.95, "farm")


def test_target_counts_outages():
    table = profile_fakes.weather(60)
    plants = profile_fakes.plants()
    scales = wind_scales(plants, table)
    wind = table.values["offshore"]["wind_speed"].to_numpy()
    hub = speed_at_height(wind, table.places["offshore"], 60.0)
    output = farm_per_unit(scales["farm"] * hub, "HTW2.1-80", 8)
    assert output.mean() * 0.93 == pytest.approx(0.35, abs=1e-9)
    assert set(scales) == {"farm", "hill"}


def test_all_problems_of_the_plants_at_once():
    plants = profile_fakes.plants()
    plants.loc["sun_online", ["pv_fleet", "dc_mw"]] = ["moonlight", float("nan")]
    plants.loc["farm", ["turbine", "place"]] = ["windmill", "mars"]
    plants.loc["hill", ["availability", "units"]] = [1.2, float("nan")]
    told = "\n".join(str(problem) for problem in plant_problems(plants, profile_fakes.weather(60)))
    for word in ("moonlight", "dc_mw", "windmill", "mars", "1.2", "units"):
        assert word in told


def test_tide_has_its_capacity_factor_and_two_springs_a_month():
    index = pd.date_range("2025-04-01", periods=17520, freq="30min", tz="Asia/Tokyo")
    output = tidal_per_unit(index)
    assert output.mean() == pytest.approx(0.28, abs=0.02)
    assert (output.min(), output.max()) == (0, 1)
    daily = output.reshape(-1, 48).mean(axis=1)
    spectrum = np.abs(np.fft.rfft(daily - daily.mean()))
    assert 365 / np.argmax(spectrum) == pytest.approx(14.77, abs=0.6)


def test_share_of_down_time_is_the_unavailability():
    hours = np.arange(40 * 8760.0)
    down = is_down(stream(1, "test", 0), hours, 0.9, 50.0)
    assert down.mean() == pytest.approx(0.1, abs=0.01)
    starts = np.flatnonzero(np.diff(down.astype(int)) == 1)
    assert down.sum() / len(starts) == pytest.approx(50.0, rel=0.1)


def test_units_fail_alone_and_each_by_its_own_stream():
    index = profile_fakes.weather(60).index
    farm = profile_fakes.plants().loc["farm"]
    share = down_share(index, farm, seed=1, weather_year=0)
    assert set(np.round(share * 8, 9)) >= {0.0, 1.0, 2.0}
    of_seven = down_share(index, farm.replace({8: 7}).rename("farm"), seed=1, weather_year=0)
    eighth = share * 8 - of_seven * 7
    assert set(np.round(eighth, 9)) == {0.0, 1.0}


def test_full_availability_means_no_outage():
    assert not is_down(stream(1, "test", 0), np.arange(100.0), 1.0, 50.0).any()
