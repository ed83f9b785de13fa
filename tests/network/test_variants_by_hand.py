"""The AC engine against formulas worked out by hand."""

import math
from functools import cache

import numpy as np
import pandapower as pp
import pytest
from grid_cases import FREQUENCY_HZ, add_line, empty_net, small_model, solve_one, two_circuits

from twin.network.model import Compensator
from twin.network.variants.grids import grid_variants

LINE_OHM = 5 + 10j
CABLE_OHM = 4 + 6j
CABLE_NF = 12_000.0


@cache
def two_bus(ohm=LINE_OHM, c_nf=0.0, max_i_ka=0.5):
    net = empty_net()
    source, island = (pp.create_bus(net, 66.0) for _ in range(2))
    pp.create_ext_grid(net, source)
    add_line(net, (source, island), ohm, c_nf, max_i_ka)
    return grid_variants([small_model(net, [island], [island])]), island


def half_charging_siemens():
    return 0.5j * 2.0 * math.pi * FREQUENCY_HZ * CABLE_NF * 1e-9


@pytest.mark.parametrize(("p_mw", "q_mvar"), [(20.0, 5.0), (-30.0, 0.0), (60.0, 20.0), (-50.0, 10.0)])
def test_receiving_voltage_is_the_root_of_the_biquadratic_equation(p_mw, q_mvar):
    grid, island = two_bus()
    r, x, e_kv = LINE_OHM.real, LINE_OHM.imag, 66.0
    b = 2.0 * (r * p_mw + x * q_mvar) - e_kv**2
    c = abs(LINE_OHM) ** 2 * (p_mw**2 + q_mvar**2)
    by_hand_kv = math.sqrt((-b + math.sqrt(b * b - 4.0 * c)) / 2.0)
    found = solve_one(grid, {island: -complex(p_mw, q_mvar)})
    assert found.vm_pu(island) * 66.0 == pytest.approx(by_hand_kv, abs=1e-8)
    current_ka = math.hypot(p_mw, q_mvar) / math.sqrt(3.0) / by_hand_kv
    assert [found.loading_percent(end) for end in (0, 1)] == pytest.approx([current_ka / 0.5 * 100.0] * 2, abs=1e-7)


def test_no_load_beyond_the_largest_transferable_power():
    r, x, e_kv = LINE_OHM.real, LINE_OHM.imag, 66.0
    largest_mw = e_kv**2 / (2.0 * (abs(LINE_OHM) + r))
    grid, island = two_bus()
    assert x > 0.0
    assert solve_one(grid, {island: -0.97 * largest_mw}).solved
    assert not solve_one(grid, {island: -1.01 * largest_mw}).solved


def test_unloaded_cable_lifts_the_voltage_and_loads_only_its_sending_end():
    grid, island = two_bus(CABLE_OHM, CABLE_NF)
    y_half = half_charging_siemens()
    v2_kv = 66.0 / (1.0 + CABLE_OHM * y_half)
    found = solve_one(grid, {})
    assert found.vm_pu(island) > 1.01
    assert found.vm_pu(island) == pytest.approx(abs(v2_kv) / 66.0, abs=1e-10)
    sending_ka = abs(y_half * (66.0 + v2_kv)) / math.sqrt(3.0)
    assert found.loading_percent(0) == pytest.approx(sending_ka / 0.5 * 100.0, abs=1e-8)
    assert found.loading_percent(1) == pytest.approx(0.0, abs=1e-8)


@pytest.mark.parametrize(("infeed_mva", "worse_end"), [(30 + 0j, 0), (30 - 12j, 1), (-25 - 30j, 1)])
def test_rating_of_a_cable_counts_for_its_worse_end(infeed_mva, worse_end):
    grid, island = two_bus(CABLE_OHM, CABLE_NF)
    y_half = half_charging_siemens()
    v2 = 66.0 + 0j
    for _ in range(200):
        v2 = (66.0 + CABLE_OHM * np.conj(infeed_mva / v2)) / (1.0 + CABLE_OHM * y_half)
    into_cable_far = abs(np.conj(infeed_mva / v2)) / math.sqrt(3.0)
    into_cable_near = abs(y_half * 66.0 + (66.0 - v2) / CABLE_OHM) / math.sqrt(3.0)
    found = solve_one(grid, {island: infeed_mva})
    percent = [found.loading_percent(end) for end in (0, 1)]
    assert percent == pytest.approx([into_cable_near / 0.5 * 100.0, into_cable_far / 0.5 * 100.0], abs=1e-6)
    assert abs(percent[0] - percent[1]) > 1.0
    assert int(np.argmax(percent)) == worse_end


@cache
def compensated(q_limit_mvar=20.0):
    """Two circuits to a bus with a compensator of 3 % slope that keeps 1.0 pu."""
    net = empty_net()
    source, island = (pp.create_bus(net, 66.0) for _ in range(2))
    pp.create_ext_grid(net, source)
    outages = tuple(("line", add_line(net, (source, island), 4 + 12j)) for _ in range(2))
    pp.create_gen(net, island, p_mw=0.0, vm_pu=1.0)
    svc = Compensator(island, 1.0, 3.0, -q_limit_mvar, q_limit_mvar)
    return grid_variants([small_model(net, [island], [island], outages, compensator=svc)]), island


@pytest.mark.parametrize("topology", [0, 1, 2])
@pytest.mark.parametrize("infeed_mva", [-20 - 5j, 25 + 3j, 0j])
def test_compensator_within_its_limits_is_on_its_slope(topology, infeed_mva):
    grid, island = compensated()
    found = solve_one(grid, {island: infeed_mva}, topology)
    vm_pu, q_mvar = found.vm_pu(island), found.q_svc_mvar
    assert -20.0 * vm_pu**2 < q_mvar < 20.0 * vm_pu**2
    assert vm_pu == pytest.approx(1.0 - 0.03 * q_mvar / 20.0, abs=1e-9)


@pytest.mark.parametrize("topology", [0, 1])
@pytest.mark.parametrize(("infeed_mva", "b_mvar"), [(-45 - 40j, 20.0), (20 + 70j, -20.0)])
def test_compensator_at_its_limit_is_a_constant_susceptance(topology, infeed_mva, b_mvar):
    grid, island = compensated()
    found = solve_one(grid, {island: infeed_mva}, topology)
    vm_pu = found.vm_pu(island)
    assert abs(vm_pu - 1.0) > 0.031
    assert found.q_svc_mvar == pytest.approx(b_mvar * vm_pu**2, abs=1e-7)
    ohm = (4 + 12j) / (2 if topology == 0 else 1)
    s_mva = infeed_mva + 1j * found.q_svc_mvar
    v_kv = vm_pu * 66.0
    no_load_kv = abs(v_kv - ohm * np.conj(s_mva) / v_kv)
    assert no_load_kv == pytest.approx(66.0, abs=1e-6)


def test_line_reactor_trips_with_its_circuit_and_a_bus_reactor_stays():
    y_half = half_charging_siemens()
    for on_line in (True, False):
        net = empty_net()
        source, island = (pp.create_bus(net, 66.0) for _ in range(2))
        pp.create_ext_grid(net, source)
        circuits = tuple(("line", add_line(net, (source, island), CABLE_OHM, CABLE_NF)) for _ in range(2))
        reactors = [int(pp.create_shunt(net, island, q_mvar=15.0)) for _ in range(2)]
        tripped = {circuit: (reactor,) for circuit, reactor in zip(circuits, reactors, strict=True)}
        model = small_model(net, [island], [island], circuits, circuits, tripped_with=tripped if on_line else {})
        grid = grid_variants([model])
        left = (1 if on_line else 2) * 15.0 / 66.0**2 / 1j
        by_hand = abs(1.0 / (1.0 + CABLE_OHM * (y_half + left)))
        assert solve_one(grid, {}, 1).vm_pu(island) == pytest.approx(by_hand, abs=1e-10)
        both = 1.0 / (1.0 + CABLE_OHM / 2.0 * (2.0 * y_half + 2.0 * 15.0 / 66.0**2 / 1j))
        assert solve_one(grid, {}).vm_pu(island) == pytest.approx(abs(both), abs=1e-10)


def test_line_reactor_that_is_switched_off_does_not_trip():
    net = empty_net()
    source, island = (pp.create_bus(net, 66.0) for _ in range(2))
    pp.create_ext_grid(net, source)
    circuits = tuple(("line", add_line(net, (source, island), CABLE_OHM, CABLE_NF)) for _ in range(2))
    on = int(pp.create_shunt(net, island, q_mvar=15.0))
    off = int(pp.create_shunt(net, island, q_mvar=15.0, in_service=False))
    tripped = {circuits[0]: (on,), circuits[1]: (off,)}
    grid = grid_variants([small_model(net, [island], [island], circuits, circuits, tripped_with=tripped)])
    vm_pu = [solve_one(grid, {}, topology).vm_pu(island) for topology in (1, 2)]
    without = 1.0 / (1.0 + CABLE_OHM * half_charging_siemens())
    with_one = 1.0 / (1.0 + CABLE_OHM * (half_charging_siemens() + 15.0 / 66.0**2 / 1j))
    assert vm_pu == pytest.approx([abs(without), abs(with_one)], abs=1e-10)
    assert not grid.arrays.repeats.any()


def test_transformer_loading_is_pandapowers_with_odd_rated_voltages_and_parallel_units():
    net = empty_net()
    source, island, low = (pp.create_bus(net, kv) for kv in (66.0, 66.0, 6.6))
    pp.create_ext_grid(net, source)
    add_line(net, (source, island), LINE_OHM)
    pp.create_transformer_from_parameters(
        net, island, low, sn_mva=10.0, vn_hv_kv=64.5, vn_lv_kv=6.9, vk_percent=7.5, vkr_percent=0.6, pfe_kw=9.0,
        i0_percent=0.15, tap_side="hv", tap_neutral=0, tap_min=-8, tap_max=8, tap_step_percent=1.25, tap_pos=-3,
        tap_changer_type="Ratio", parallel=2, df=0.9,
    )  # fmt: skip
    grid = grid_variants([small_model(net, [low], [low])])
    found = solve_one(grid, {low: 12 - 3j})
    pp.create_sgen(net, low, p_mw=12.0, q_mvar=-3.0)
    pp.runpp(net, tolerance_mva=1e-10, calculate_voltage_angles=True, trafo_model="t", numba=False)
    ends = [k for k, element in enumerate(grid.end_elements) if element[0] == "trafo"]
    ours = max(found.loading_percent(k) for k in ends)
    assert ours == pytest.approx(net.res_trafo.loading_percent.iloc[0], abs=1e-6)
    amperes = net.res_trafo.i_hv_ka.iloc[0] * 64.5, net.res_trafo.i_lv_ka.iloc[0] * 6.9
    assert ours == pytest.approx(max(amperes) * math.sqrt(3.0) / (10.0 * 2 * 0.9) * 100.0, abs=1e-6)


def test_second_circuit_halves_the_impedance():
    grid, island = two_circuits()
    both, one = (solve_one(grid, {island: 20.0}, topology) for topology in (0, 1))
    assert both.loading_percent(0) == pytest.approx(both.loading_percent(2), abs=1e-10)
    assert one.loading_percent(0) == 0.0
    assert one.loading_percent(2) > 1.9 * both.loading_percent(2)
