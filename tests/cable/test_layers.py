"""Layers against the introductory case of CIGRE TB 880 and against hand calculation."""

import math

import pytest

from twin.cable.ladder import Losses, Surroundings, steady_rises_k
from twin.cable.layers import LAID_UP, Layer, chain_of, sl_factor, van_wormer

TB_880_CASE_0 = [
    Layer("conductor screen", "core", 1.5, 2.5, 2.0e6),
    Layer("insulation", "core", 15.5, 3.5, 2.4e6),
    Layer("insulation screen", "core", 1.3, 2.5, 2.0e6),
    Layer("aluminium sheath", "core", 0.8, 0.0, 2.5e6),
    Layer("jacket", "cable", 3.5, 3.5, 2.4e6),
]
"""630 mm2 Cu, 132 kV; figures of CIGRE TB 880 as alliander-opensource/cable-thermal-model tests them."""
TREFOIL_T3 = 1.6
"""Factor of IEC 60287-2-1 on the jacket of touching cables."""


def test_thermal_resistances_of_tb_880_case_0():
    chain = chain_of(1, 630.0, 30.3, TB_880_CASE_0)
    assert chain.diameter_mm == pytest.approx(75.5)
    assert chain.resistance_k_m_per_w[: chain.sheath].sum() == pytest.approx(0.4198714890, rel=1e-9)
    assert TREFOIL_T3 * chain.resistance_k_m_per_w[chain.sheath :].sum() == pytest.approx(0.08671937479, rel=1e-9)


@pytest.mark.parametrize(
    ("current_a", "sheath", "t4_k_m_per_w"),
    [(886.1752854720, 2.4117 / 31.0365, 1.594692892), (821.7763334392, 7.8442 / 26.6895, 1.594692892)],
    ids=["bonded at one end", "bonded at both ends"],
)
def test_the_rating_of_tb_880_case_0_brings_its_conductor_to_90_degrees(current_a, sheath, t4_k_m_per_w):
    chain = chain_of(1, 630.0, 30.3, TB_880_CASE_0)
    losses = Losses(90.0, 3.952152638e-5, sheath, 0.0, 0.3851382172)
    alone = Surroundings(1.0, 1.0, 2e6)
    inside_k, outside_k = steady_rises_k(chain, alone, losses, current_a)
    jacket = chain.resistance_k_m_per_w[chain.sheath :].sum()
    heat = outside_k / alone.soil_resistance_k_m_per_w(chain.diameter_mm)
    trefoil_k = inside_k + heat * ((TREFOIL_T3 - 1.0) * jacket + t4_k_m_per_w)
    assert trefoil_k == pytest.approx(70.0, abs=0.005)  # the brochure gives losses to five digits


def test_capacities_are_those_of_all_materials():
    layers = [
        Layer("insulation", "core", 8.0, 3.5, 2.4e6),
        Layer("lead", "core", 2.0, 0.0, 1.45e6),
        Layer("filler", "cable", 2.0, 6.0, 2.0e6),
        Layer("armour", "cable", 5.0, 0.0, 3.8e6),
        Layer("serving", "cable", 4.0, 6.0, 2.0e6),
    ]
    chain = chain_of(3, 300.0, 20.0, layers)

    def ring(inner, outer):
        return math.pi / 4.0 * (outer**2 - inner**2) * 1e-6

    laid_up = LAID_UP * 40.0 + 4.0
    expected = (
        3 * (300e-6 * 3.45e6 + ring(20.0, 36.0) * 2.4e6 + ring(36.0, 40.0) * 1.45e6)
        + (ring(0.0, laid_up) - 3 * ring(0.0, 40.0)) * 2.0e6
        + ring(laid_up, laid_up + 10.0) * 3.8e6
        + ring(laid_up + 10.0, laid_up + 18.0) * 2.0e6
    )
    assert chain.capacity_j_per_m_k.sum() == pytest.approx(expected, rel=1e-12)
    assert chain.resistance_k_m_per_w[: chain.sheath].sum() == pytest.approx(
        3.5 / (2 * math.pi) * math.log(36.0 / 20.0) / 3.0, rel=1e-12
    )
    assert chain.sheath < chain.armour


def test_a_thin_ring_shares_its_capacity_evenly_and_a_thick_one_holds_more_outside():
    assert van_wormer(1.001) == pytest.approx(0.5, abs=1e-3)
    assert van_wormer(3.0) == pytest.approx(0.5 / math.log(3.0) - 1.0 / 8.0)


def test_both_branches_of_the_filler_formula_meet():
    assert sl_factor(0.03) == pytest.approx(sl_factor(0.0300001), rel=0.02)
