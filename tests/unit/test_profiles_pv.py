"""PV: night, low sun, hand-computed output, clipping."""

import numpy as np
import profile_fakes
import pytest

from twin.profiles.pv import Sky, clipped_output, fleet_per_kw, orientations, oriented_per_kw, sky_at
from twin.profiles.tables import read_table


@pytest.fixture(scope="module")
def sky() -> Sky:
    table = profile_fakes.weather(30)
    return sky_at(table.values["fukue"], table.places["fukue"])


def test_no_output_at_night_and_none_negative(sky):
    per_kw = fleet_per_kw(sky, "ground")
    assert per_kw.min() == 0
    assert not per_kw[sky.zenith > 95].any()


def test_low_sun_makes_no_spike(sky):
    low = (sky.zenith > 80) & (sky.zenith < 90)
    for tilt, azimuth in ((90, 90), (90, 270), (30, 90)):
        per_kw = oriented_per_kw(sky, "ground", tilt, azimuth)
        assert per_kw[low].max() < 0.75
        assert per_kw.max() < 1.1


def test_horizontal_module_by_hand():
    one = np.array([1.0])
    sky = Sky(60 * one, 180 * one, 800 * one, 1367 * one, 500 * one, 100 * one, 25 * one, 2 * one)
    row = read_table("pv_fleets").set_index("fleet").loc["ground"]
    cell = 25 + 500 / (row["faiman_u0"] + 2 * row["faiman_u1"])
    kept = row["inverter_efficiency"] * (1 - row["loss"]) * (1 - row["soiling"]) * (1 - row["degradation"])
    expected = 0.5 * (1 + row["power_per_kelvin"] * (cell - 25)) * kept
    assert oriented_per_kw(sky, "ground", 0, 180) == pytest.approx([expected], rel=1e-9)


def test_beam_and_diffuse_of_the_sky_carry_the_global_light(sky):
    carried = sky.dni * np.clip(np.cos(np.radians(sky.zenith)), 0, None) + sky.dhi
    assert carried == pytest.approx(sky.ghi, abs=1e-9)


def test_output_is_clipped_at_the_contract():
    assert clipped_output(np.array([0.5, 0.9]), dc_mw=10.0, contract_mw=8.0).tolist() == [5.0, 8.0]


def test_orientation_shares_add_up_to_one():
    for fleet in read_table("pv_fleets")["fleet"]:
        assert orientations(fleet)["share"].sum() == pytest.approx(1, abs=1e-12)


def test_east_is_the_morning_and_west_the_afternoon(sky):
    table = profile_fakes.weather(30)
    morning = table.index.hour < 12
    east = oriented_per_kw(sky, "ground", 22, 90)
    west = oriented_per_kw(sky, "ground", 22, 270)
    assert east[morning].sum() > 1.1 * west[morning].sum()
    assert west[~morning].sum() > 1.1 * east[~morning].sum()
