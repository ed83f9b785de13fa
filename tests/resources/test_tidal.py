"""Tide: published speeds and periods of the constituents, a hand computation, springs and neaps, both directions."""

import numpy as np
import pandas as pd
import pytest
from shipped import GOTO

from twin.core.clock import fiscal_year
from twin.resources.tidal import HOURS_PER_CENTURY, MEAN_LONGITUDES, arguments, current_speed, tidal_per_unit

PUBLISHED_PERIOD_HOURS = {"M2": 12.4206012, "S2": 12.0, "N2": 12.65834751, "K1": 23.93447213, "O1": 25.81933871}


def test_speeds_follow_from_the_arguments_and_give_the_published_periods():
    rows = GOTO["tidal_constituents"].set_index("constituent")
    per_hour = [15.0, *(rate / HOURS_PER_CENTURY for _, rate in MEAN_LONGITUDES.values())]
    speed = rows[["per_hour_angle", "per_moon", "per_sun", "per_perigee"]] @ per_hour
    assert speed.to_numpy() == pytest.approx(rows["speed_degrees_per_hour"].to_numpy(), abs=1e-6)
    for name, period in PUBLISHED_PERIOD_HOURS.items():
        assert 360 / rows.loc[name, "speed_degrees_per_hour"] == pytest.approx(period, abs=2e-7 * period)


def test_the_argument_of_the_lunar_tide_by_hand():
    """2000-01-01 12:00 UTC: 2 (180 - 218.3164 + 280.4665) = 484.3001, that is 124.3001 degrees; N2 and K1 alike."""
    found = arguments(GOTO, pd.DatetimeIndex(["2000-01-01 12:00"], tz="UTC"))[0] % 360
    by_hand = [
        124.3001,
        0.0,
        124.3001 - 218.3164 + 83.3532,
        180.0 + 280.4665 + 90.0,
        180.0 - 436.6329 + 280.4665 - 90.0,
    ]
    assert found == pytest.approx(np.array(by_hand) % 360, abs=2e-4)


def test_sun_and_moon_pull_together_at_new_moon():
    """New moon of 2000-01-06 18:14 UTC; the mean moon is up to 7 degrees off the true one, twice that in M2 and S2."""
    lunar, solar = arguments(GOTO, pd.DatetimeIndex(["2000-01-06 18:14"], tz="UTC"))[0, :2]
    assert (lunar - solar + 180) % 360 - 180 == pytest.approx(0.0, abs=14.0)


def test_spring_and_neap_follow_each_other_every_14_77_days():
    index = pd.date_range("2020-04-01", periods=48 * 2953, freq="30min", tz="Asia/Tokyo")
    daily = tidal_per_unit(GOTO, index).reshape(-1, 48).mean(axis=1)
    spectrum = np.abs(np.fft.rfft((daily - daily.mean()) * np.hanning(len(daily))))
    slow = np.fft.rfftfreq(len(daily)) < 1 / 10
    spectrum[~slow] = 0
    near = np.abs(1 / np.fft.rfftfreq(len(daily))[1:] - 14.77) < 0.2
    assert near[np.argmax(spectrum[1:])]


def test_largest_current_is_the_published_one_and_never_passes_it():
    index = pd.date_range("2020-01-01", "2039-01-01", freq="1h", tz="Asia/Tokyo")
    largest = np.abs(current_speed(GOTO, index)).max()
    assert 0.97 * GOTO.value("tidal_peak_speed") < largest <= GOTO.value("tidal_peak_speed")


def test_a_year_gives_the_published_energy():
    """2.41 GWh of 1.1 MW at availability 0.9 (plants.csv)."""
    assert tidal_per_unit(GOTO, fiscal_year(2025)).mean() * 1.1 * 8760 * 0.9 == pytest.approx(2410, rel=0.02)


def test_ebb_and_flood_both_generate():
    index = fiscal_year(2025)
    speed, output = current_speed(GOTO, index), tidal_per_unit(GOTO, index)
    shares = [output[direction].sum() / output.sum() for direction in (speed > 0, speed < 0)]
    assert shares == pytest.approx([0.5, 0.5], abs=0.02)


def test_output_by_hand_from_the_speed():
    index = fiscal_year(2025)
    speed, output = np.abs(current_speed(GOTO, index)), tidal_per_unit(GOTO, index)
    assert (output[speed < 1.0] == 0).all()
    assert (output[speed >= GOTO.value("tidal_rated_speed")] == 1).all()
    between = (speed > 1.0) & (speed < GOTO.value("tidal_rated_speed"))
    assert output[between] == pytest.approx(speed[between] ** 3 / GOTO.value("tidal_rated_speed") ** 3)
