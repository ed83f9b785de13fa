"""The engine against solutions that do not come from pandapower's matrix: formulas and power-grid-model."""

import cmath
import math

import numpy as np
import pytest
import stored_case
from closed_form import Transformer, equivalent_pi, line_net, links_nominal_pi_error_pu, long_line, nominal_pi

from twin import BatchPowerFlow

VM_TOLERANCE_PU = 1e-9
"""The engine's stopping rule leaves about 1e-10 pu; the formulas themselves are exact to rounding."""
LOADING_TOLERANCE = 1e-6
LOADS_MVA = (20 + 5j, -30 + 0j, 45 - 12j)
CABLE = (4 + 7.5j, 2.5e-6 + 4.9e-3j)
TRANSFORMERS = [
    Transformer(side, position, shift) for side, position, shift in (("hv", -5, 0.0), ("hv", 6, 30.0), ("lv", 4, 150.0))
]
CASES = sorted(path.stem for path in stored_case.FOLDER.glob("*.json"))


def voltages(net, trafo_model="t"):
    result = BatchPowerFlow(net, trafo_model=trafo_model).solve()
    assert result.converged.all()
    return result, result.vm_pu[0] * np.exp(1j * np.radians(result.va_degree[0]))


@pytest.mark.parametrize("s_mva", LOADS_MVA)
def test_line_with_charging_is_the_root_of_its_quadratic_equation(s_mva):
    by_hand = nominal_pi(*CABLE)
    result, v = voltages(line_net(66.0, *CABLE, s_mva))
    v2_kv = by_hand.receiving_kv(66.0, s_mva)
    assert abs(v[1] - v2_kv / 66.0) < VM_TOLERANCE_PU
    ends_ka = by_hand.sending_ka(66.0, s_mva), abs(s_mva / v2_kv) / math.sqrt(3.0)
    assert result.line_loading_percent[0, 0] == pytest.approx(max(ends_ka) / 0.5 * 100.0, abs=LOADING_TOLERANCE)


@pytest.mark.parametrize("s_mva", LOADS_MVA)
def test_long_cable_as_equivalent_pi_obeys_the_telegraphers_equations(s_mva):
    _, v = voltages(line_net(66.0, *equivalent_pi(*CABLE), s_mva))
    assert abs(v[1] - long_line(*CABLE).receiving_kv(66.0, s_mva) / 66.0) < VM_TOLERANCE_PU


def test_lossless_cable_lifts_the_voltage_by_the_cosine_of_its_length():
    z, y = 8j, 5e-3j
    _, v = voltages(line_net(66.0, *equivalent_pi(z, y), 0j))
    assert v[1] == pytest.approx(1.0 / math.cos(abs(cmath.sqrt(z * y))), abs=VM_TOLERANCE_PU)


def test_sections_in_a_row_approach_the_long_cable_with_the_square_of_their_number():
    exact = long_line(*CABLE).receiving_kv(66.0, LOADS_MVA[2]) / 66.0
    errors = [abs(voltages(line_net(66.0, *CABLE, LOADS_MVA[2], n))[1][-1] - exact) for n in (1, 2, 4)]
    assert errors[0] / errors[1] == pytest.approx(4.0, rel=0.05)
    assert errors[1] / errors[2] == pytest.approx(4.0, rel=0.05)


def test_the_links_cable_as_nominal_pi_is_half_a_thousandth_from_the_long_cable():
    """A circuit of the link is one nominal pi: what that costs at 40 MW a circuit is known and small."""
    assert 1e-4 < links_nominal_pi_error_pu(-40 + 0j) < 1e-3


@pytest.mark.parametrize("model", ["t", "pi"])
@pytest.mark.parametrize("transformer", TRANSFORMERS, ids=lambda t: f"{t.tap_side}{t.tap_pos:+d} {t.shift_degree:g}deg")
def test_transformer_with_tap_and_phase_shift(transformer, model):
    s_mva = 12 + 4j
    by_hand = transformer.two_port(model)
    result, v = voltages(transformer.net(s_mva), model)
    v2_kv = by_hand.receiving_kv(66.0, s_mva)
    assert abs(v[1] - v2_kv / 6.6) < VM_TOLERANCE_PU
    hv_ka, lv_ka = by_hand.sending_ka(66.0, s_mva), abs(s_mva / v2_kv) / math.sqrt(3.0)
    worse = max(hv_ka * transformer.vn_hv_kv, lv_ka * transformer.vn_lv_kv) * math.sqrt(3.0) / transformer.sn_mva
    assert result.trafo_loading_percent[0, 0] == pytest.approx(100.0 * worse, abs=LOADING_TOLERANCE)


@pytest.mark.parametrize("stem", CASES)
def test_power_grid_model_finds_the_same_voltages(stem):
    case = stored_case.read(stem)
    _, v = voltages(stored_case.net_of(case), "pi")
    assert np.abs(v - case.v).max() < stored_case.LIMIT_PU


def test_power_grid_models_transformer_is_not_pandapowers_t_model():
    case = stored_case.read("goto_2030")
    _, v = voltages(stored_case.net_of(case), "t")
    assert np.abs(v - case.v).max() > 10.0 * stored_case.LIMIT_PU
