"""Outages of turbines and inverter blocks: share of down time, length, keyed streams."""

import numpy as np
import profile_fakes
import pytest
from shipped import GOTO

from twin.core.clock import fiscal_year
from twin.core.random_streams import stream
from twin.resources.plants import down_share, is_down


def standard_error(availability, repair_hours, hours):
    """Of the mean of a two-state process over `hours`: sqrt(2 a (1 - a) tau / hours), tau = 1 / (1/up + 1/repair)."""
    up_hours = repair_hours * availability / (1 - availability)
    tau = 1 / (1 / up_hours + 1 / repair_hours)
    return np.sqrt(2 * availability * (1 - availability) * tau / hours)


def test_share_of_down_time_is_the_unavailability():
    hours = np.arange(40 * 8760.0)
    down = is_down(stream(1, "test", 0), hours, 0.9, 50.0)
    assert down.mean() == pytest.approx(0.1, abs=4 * standard_error(0.9, 50.0, len(hours)))
    starts = np.flatnonzero(np.diff(down.astype(int)) == 1)
    assert down.sum() / len(starts) == pytest.approx(50.0, abs=4 * 50.0 / np.sqrt(len(starts)))


@pytest.mark.parametrize("plant", ["farm", "hill", "tide", "sun_online"])
def test_plants_have_their_availability_over_many_weather_years(plant):
    row, index, years = profile_fakes.plants().loc[plant], fiscal_year(2030), 60
    shares = [down_share(GOTO, index, row, seed=3, weather_year=year).mean() for year in range(years)]
    units = round(row["contract_mw"] / GOTO.value("pv_block_mw")) if row["kind"] == "pv" else row["units"]
    error = standard_error(row["availability"], GOTO.value(f"repair_hours_{row['kind']}"), 8760.0 * years * units)
    assert np.mean(shares) == pytest.approx(1 - row["availability"], abs=4 * error)
    assert error < 0.02


def test_the_first_hour_is_down_as_often_as_any_other():
    first = [is_down(stream(year, "test", 0), np.arange(2.0), 0.9, 50.0)[0] for year in range(2000)]
    assert np.mean(first) == pytest.approx(0.1, abs=4 * np.sqrt(0.09 / 2000))


def test_units_fail_alone_and_each_by_its_own_stream():
    index = profile_fakes.weather(60).index
    farm = profile_fakes.plants().loc["farm"]
    share = down_share(GOTO, index, farm, seed=1, weather_year=0)
    assert set(np.round(share * 8, 9)) >= {0.0, 1.0, 2.0}
    of_seven = down_share(GOTO, index, farm.replace({8: 7}).rename("farm"), seed=1, weather_year=0)
    eighth = share * 8 - of_seven * 7
    assert set(np.round(eighth, 9)) == {0.0, 1.0}


def test_full_availability_means_no_outage():
    assert not is_down(stream(1, "test", 0), np.arange(100.0), 1.0, 50.0).any()
