"""PV: night, low sun, hand-computed output, inverter, clipping."""

from dataclasses import replace

import numpy as np
import profile_fakes
import pytest
from scipy.integrate import quad
from shipped import GOTO

from twin.resources.pv import (
    PvFleet,
    Sky,
    clipped_output,
    fleet_per_kw,
    module_per_kw,
    oriented_per_kw,
    read_pv_fleet,
    sky_at,
)

ONE = np.array([1.0])
PLAIN = PvFleet("plain", -0.004, 25.0, 6.84, 0.2, 0.96, 1.0, 1.0, 0.0, 0.0, 0.0, 2014)
"""Modules without losses and age."""


@pytest.fixture(scope="module")
def sky() -> Sky:
    table = profile_fakes.weather(30)
    return sky_at(table.values["fukue"], table.places["fukue"])


def through_glass(angle: float) -> float:
    """Light that passes glass of index 1.526, extinction 4/m, 2 mm, over that at normal incidence (De Soto 2006)."""

    def passed(incidence: float) -> float:
        refracted = np.arcsin(np.sin(incidence) / 1.526)
        absorbed = np.exp(-4 * 0.002 / np.cos(refracted))
        if incidence < 1e-6:
            return absorbed * (1 - ((1.526 - 1) / (1.526 + 1)) ** 2)
        minus, plus = refracted - incidence, refracted + incidence
        return absorbed * (1 - 0.5 * ((np.sin(minus) / np.sin(plus)) ** 2 + (np.tan(minus) / np.tan(plus)) ** 2))

    return passed(angle) / passed(0.0)


def inverter(load: float) -> float:
    """Efficiency of PVWatts version 5 (NREL/TP-6A20-62641, equation 11), rated 0.96."""
    return 0.96 / 0.9637 * (-0.0162 * load - 0.0059 / load + 0.9858)


def test_no_output_at_night_and_none_negative(sky):
    per_kw = fleet_per_kw(GOTO, sky, "ground")
    assert per_kw.min() == 0
    assert not per_kw[sky.zenith > 95].any()
    assert np.isfinite(per_kw).all()


def test_low_sun_makes_no_spike(sky):
    low = (sky.zenith > 80) & (sky.zenith < 90)
    for tilt, azimuth in ((90, 90), (90, 270), (30, 90)):
        per_kw = oriented_per_kw(GOTO, sky, "ground", tilt, azimuth)
        assert per_kw[low].max() < 0.75
        assert per_kw.max() < 1.1


def test_horizontal_module_by_hand():
    sky = Sky(60 * ONE, 180 * ONE, 800 * ONE, 1367 * ONE, 500 * ONE, 100 * ONE, 25 * ONE, 2 * ONE, 2030)
    fleet = read_pv_fleet(GOTO, "ground")
    diffuse = quad(lambda angle: through_glass(angle) * np.sin(2 * angle), 0, np.pi / 2)[0]
    absorbed = 400 * through_glass(np.radians(60)) + 100 * diffuse
    cell = 25 + 500 / (25 + 2 * 6.84)
    aged = 1 - 16 * 0.005
    losses = 0.98 * 0.97 * 1.0 * 0.98 * 0.98 * 0.995 * 0.985 * 0.99
    dc = absorbed / 1000 * (1 - 0.004 * (cell - 25)) * losses * aged * fleet.output_factor
    assert oriented_per_kw(GOTO, sky, "ground", 0, 180) == pytest.approx([dc * inverter(1.15 * dc)], rel=5e-4)


def test_full_light_gives_the_rated_efficiency_and_more_light_no_better_one():
    sky = Sky(0 * ONE, 180 * ONE, 1000 * ONE, 1367 * ONE, 1000 * ONE, 0 * ONE, 0 * ONE, 0 * ONE, 2014)
    cold = replace(PLAIN, power_per_kelvin=0.0)
    assert module_per_kw(sky, cold, 0, 180) == pytest.approx([0.96], rel=1e-9)
    assert module_per_kw(sky, replace(cold, dc_ac_ratio=1.4), 0, 180) == pytest.approx([0.96], rel=1e-9)
    assert module_per_kw(sky, replace(cold, dc_ac_ratio=0.1), 0, 180) == pytest.approx([inverter(0.1)], rel=1e-9)


def test_beam_and_diffuse_of_the_sky_carry_the_global_light(sky):
    carried = sky.dni * np.clip(np.cos(np.radians(sky.zenith)), 0, None) + sky.dhi
    assert carried == pytest.approx(sky.ghi, abs=1e-9)


def test_output_is_clipped_at_the_contract():
    assert clipped_output(np.array([0.5, 0.9]), dc_mw=10.0, contract_mw=8.0).tolist() == [5.0, 8.0]


def test_east_is_the_morning_and_west_the_afternoon(sky):
    table = profile_fakes.weather(30)
    morning = table.index.hour < 12
    east = oriented_per_kw(GOTO, sky, "ground", 22, 90)
    west = oriented_per_kw(GOTO, sky, "ground", 22, 270)
    assert east[morning].sum() > 1.1 * west[morning].sum()
    assert west[~morning].sum() > 1.1 * east[~morning].sum()


def test_the_year_of_the_sky_is_the_fiscal_year(sky):
    assert sky.fiscal_year == 2030
    table = profile_fakes.weather(60)
    after_new_year = table.index.month < 4
    frame = table.values["fukue"][after_new_year]
    assert sky_at(frame, table.places["fukue"]).fiscal_year == 2030
