"""States of a cable in its surroundings: steady values, the cylinder in the ground, a year of another program."""

import math
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad
from scipy.special import exp1, j0, j1, y0, y1
from test_layers import TB_880_CASE_0

from twin.cable.ladder import Duct, Losses, Surroundings, ladder_of, steady_rises_k
from twin.cable.layers import Layer, chain_of
from twin.cable.ratings import continuous_rating_a, course

ALONE = Surroundings(1.0, 1.0, 2e6)
CASE_0 = chain_of(1, 630.0, 30.3, TB_880_CASE_0)
LOSSES = Losses(90.0, 3.952152638e-5, 0.08, 0.0, 0.3851382172)


@pytest.mark.parametrize(
    "surroundings",
    [ALONE, Surroundings(1.2, 0.8, 3e6, 1.0), Surroundings(1.2, 0.8, 3e6, 5.0, Duct(200.0, 220.0, 3.5, 50.0))],
    ids=["alone", "another circuit beside it", "duct"],
)
def test_states_end_at_the_steady_equation_of_iec_60287(surroundings):
    ladder = ladder_of(CASE_0, surroundings, LOSSES)
    current = float(continuous_rating_a(ladder, 20.0))
    inside_k, outside_k = steady_rises_k(CASE_0, surroundings, LOSSES, current)
    by_neighbour = surroundings.beside_k_m_per_w * LOSSES.dielectric_w_per_m
    assert inside_k + outside_k + by_neighbour == pytest.approx(70.0, rel=1e-9)
    both = float(continuous_rating_a(ladder, 20.0, together=True))
    heat = both**2 * LOSSES.limit_ohm_per_m * 1.08 + LOSSES.dielectric_w_per_m
    inside_k, outside_k = steady_rises_k(CASE_0, surroundings, LOSSES, both)
    assert inside_k + outside_k + surroundings.beside_k_m_per_w * heat == pytest.approx(70.0, rel=1e-9)


def test_ground_follows_the_cylinder_of_carslaw_and_jaeger_and_its_image():
    def integrand(u, fourier):
        flux = j1(u) ** 2 + y1(u) ** 2
        return (1.0 - math.exp(-fourier * u * u)) * (y0(u) * j1(u) - j0(u) * y1(u)) / (u * u * flux)

    def cylinder(fourier):
        edges = [0.0, 1.0, *np.arange(5.0, 205.0, 5.0)]
        inner = sum(quad(integrand, a, b, args=(fourier,), limit=200)[0] for a, b in pairwise(edges))
        return 2.0 / math.pi * (inner + 1.0 / edges[-1]) * 2.0

    for fourier in (0.1, 1.0, 10.0, 100.0):
        radius = 0.07
        seconds = np.array([fourier * radius**2 * 2e6])
        image = exp1(4.0 / (4.0 * seconds[0] / 2e6))
        expected = (cylinder(fourier) - image) / (4.0 * math.pi)
        assert ALONE.soil_rise(140.0, seconds)[0] == pytest.approx(expected, rel=2e-3)


def test_a_line_far_away_and_long_ago_is_what_the_ground_ends_at():
    after_years = np.array([3e10])
    assert ALONE.soil_rise(75.5, after_years)[0] == pytest.approx(ALONE.soil_resistance_k_m_per_w(75.5), rel=2e-3)
    beside = Surroundings(1.0, 1.0, 2e6, 2.0)
    assert beside.beside_rise(after_years)[0] == pytest.approx(beside.beside_k_m_per_w, rel=1e-3)


def test_a_few_states_follow_the_ground():
    ladder = ladder_of(chain_of(1, 630.0, 30.3, [Layer("thin", "cable", 0.01, 0.1, 1.0)]), ALONE, LOSSES)
    seconds = np.geomspace(600.0, 3e7, 60)
    expected = ALONE.soil_rise(30.32, seconds)
    lag = ladder.rise_k_m_per_w(seconds) / 1.08 - expected
    assert np.abs(lag[20:]).max() < 0.01 * expected[-1]


def test_a_year_agrees_with_cable_thermal_model_within_a_kelvin():
    """Values of benchmarks/cable_thermal_model.py: finite differences of Alliander's package on the same cable."""
    year = pd.read_csv(Path(__file__).parent / "values" / "cable_thermal_model_year.csv.gz")
    losses = Losses(90.0, 3.825492966988118e-5, 0.0008881192463182956 / 38.25492966988118, 0.0, 0.38566108820533085)
    full_circle = math.pi / 4.0 * 30.3**2
    chain = chain_of(1, full_circle, 30.3, TB_880_CASE_0)  # the package counts the whole circle as copper
    found = course(
        ladder_of(chain, ALONE, losses), year["current_a"].to_numpy(float)[:, None], year["ambient_c"].to_numpy(), 1.0
    )
    difference = found.conductor_c[:, 0] - year["conductor_c"].to_numpy()
    assert year["conductor_c"].max() > 50.0
    assert np.abs(difference).max() < 1.0
    assert abs(difference.mean()) < 0.3
