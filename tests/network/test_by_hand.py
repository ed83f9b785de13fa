"""Two buses, calculated by hand: the path that does not lean on pandapower's matrix."""

from __future__ import annotations

import numpy as np
import pandapower as pp
import pytest
from pandapower import pandapowerNet
from powerflow_cases import VOLTAGE_PU, solved_by_pandapower, two_bus

from twin import BatchPowerFlow
from twin.network.model import Compensator
from twin.network.node_power import node_power
from twin.network.reading.extraction import extract
from twin.network.solving.solver import Solver
from twin.network.voltage_control import with_compensator

V_SLACK_PU = 1.02
BASE_MVA = 10.0
OHM = 20.0**2 / BASE_MVA
Z_LINE = 5.0 * (0.2 + 0.35j) / OHM
Y_END = 1j * 2.0 * np.pi * 50.0 * 210e-9 * 5.0 / 2.0 * OHM


def _source_behind_line(y_pu: complex = 0.0) -> tuple[float, complex]:
    """Return magnitude and impedance of the line's far end as one source, with a shunt `y_pu` there."""
    divider = 1.0 + Z_LINE * (Y_END + y_pu)
    return V_SLACK_PU / abs(divider), Z_LINE / divider


def _voltage_constant_power(s_pu: complex, y_pu: complex = 0.0) -> float:
    """Return the upper root of v^4 + v^2 (2 Re(z s*) - e^2) + |z s|^2 = 0."""
    e, z = _source_behind_line(y_pu)
    zs = z * np.conj(s_pu)
    half = e**2 / 2.0 - zs.real
    return float(np.sqrt(half + np.sqrt(half**2 - abs(zs) ** 2)))


def _voltage_constant_current(i_pu: complex) -> float:
    """Return the root of |v + z i*| = e."""
    e, z = _source_behind_line()
    drop = z * np.conj(i_pu)
    return float(np.sqrt(e**2 - drop.imag**2) - drop.real)


def _far_voltage(net: pandapowerNet, **options) -> float:
    result = BatchPowerFlow(net, **options).solve()
    assert result.converged.all()
    return float(result.vm_pu[0, 1])


def test_constant_power() -> None:
    assert _far_voltage(two_bus()) == pytest.approx(_voltage_constant_power(0.8 + 0.3j), abs=VOLTAGE_PU)


def test_constant_current() -> None:
    net = two_bus(const_i_p_percent=100.0, const_i_q_percent=100.0)
    assert _far_voltage(net) == pytest.approx(_voltage_constant_current(0.8 + 0.3j), abs=VOLTAGE_PU)


def test_constant_impedance() -> None:
    net = two_bus(const_z_p_percent=100.0, const_z_q_percent=100.0)
    assert _far_voltage(net) == pytest.approx(_source_behind_line(0.8 - 0.3j)[0], abs=VOLTAGE_PU)


def test_shares_of_each_load_are_its_own_where_pandapower_takes_their_mean() -> None:
    net = two_bus(6.0, 2.0, const_z_p_percent=100.0, const_z_q_percent=100.0)
    pp.create_load(net, 1, 2.0, 1.0)
    assert _far_voltage(net) == pytest.approx(_voltage_constant_power(0.2 + 0.1j, 0.6 - 0.2j), abs=VOLTAGE_PU)
    theirs = solved_by_pandapower(net).res_bus.vm_pu[1]
    assert theirs == pytest.approx(_voltage_constant_power(0.4 + 0.15j, 0.4 - 0.15j), abs=VOLTAGE_PU)


def test_shares_of_a_load_do_not_touch_an_infeed_where_pandapower_takes_it_along() -> None:
    net = two_bus(6.0, 2.0, const_z_p_percent=100.0, const_z_q_percent=100.0)
    pp.create_sgen(net, 1, 4.0, 1.0)
    assert _far_voltage(net) == pytest.approx(_voltage_constant_power(-0.4 - 0.1j, 0.6 - 0.2j), abs=VOLTAGE_PU)
    theirs = solved_by_pandapower(net).res_bus.vm_pu[1]
    assert theirs == pytest.approx(_source_behind_line(0.2 - 0.1j)[0], abs=VOLTAGE_PU)


def test_power_of_the_slack_counts_the_load_at_its_bus_as_it_is_drawn() -> None:
    net = two_bus(0.0, 0.0)
    pp.create_load(net, 0, 5.0, 2.0, const_z_p_percent=100.0, const_z_q_percent=100.0)
    without_load = two_bus(0.0, 0.0)
    base, result = (BatchPowerFlow(n).solve() for n in (without_load, net))
    drawn = 5.0 * V_SLACK_PU**2
    assert (result.ext_grid_p_mw - base.ext_grid_p_mw)[0, 0] == pytest.approx(drawn, abs=1e-9)
    assert result.load_p_mw[0, 1] == pytest.approx(drawn, abs=1e-9)
    theirs = solved_by_pandapower(net).res_ext_grid.p_mw[0] - solved_by_pandapower(without_load).res_ext_grid.p_mw[0]
    assert theirs == pytest.approx(5.0, abs=1e-9)


@pytest.mark.parametrize(("set_vm_pu", "angle"), [(1.1, 180.0), (0.85, 90.0)])
def test_static_var_compensator_at_its_limit_is_a_fixed_susceptance(set_vm_pu: float, angle: float) -> None:
    net = two_bus()
    x_l, x_c = 30.0, -60.0
    pp.create_svc(net, 1, x_l, x_c, set_vm_pu, 120.0, min_angle_degree=90.0, max_angle_degree=180.0)
    reactor = 0.0 if angle == 180.0 else OHM / x_l  # conducting for no part or for all of the half-wave
    b_pu = -OHM / x_c - reactor
    result = BatchPowerFlow(net).solve()
    vm = result.vm_pu[0, 1]
    assert vm == pytest.approx(_voltage_constant_power(0.8 + 0.3j, 1j * b_pu), abs=VOLTAGE_PU)
    assert result.svc_q_mvar[0, 0] == pytest.approx(-b_pu * vm**2 * BASE_MVA, abs=1e-7)


def test_generator_at_its_limit_is_a_fixed_power() -> None:
    net = two_bus()
    pp.create_gen(net, 1, 2.0, vm_pu=1.1, min_q_mvar=-1.0, max_q_mvar=1.5)
    expected = _voltage_constant_power(0.6 + 0.15j)
    assert _far_voltage(net, enforce_q_lims=True) == pytest.approx(expected, abs=VOLTAGE_PU)


def test_compensator_with_droop_replaces_the_generators_at_its_bus() -> None:
    net = pp.create_empty_network(sn_mva=BASE_MVA)
    for _ in range(2):
        pp.create_bus(net, 20.0)
    pp.create_ext_grid(net, 0, vm_pu=V_SLACK_PU)
    x_pu, slope, q_max = 0.2, 0.03, 20.0
    pp.create_line_from_parameters(net, 0, 1, 1.0, 0.0, x_pu * OHM, 0.0, 1.0)
    pp.create_gen(net, 1, 0.0, vm_pu=1.05)
    network = with_compensator(extract(net), net, Compensator(1, 1.0, 100.0 * slope, -20.0, q_max))
    solution = Solver(network).solve(node_power(network, 1, {}))
    k = slope / (q_max / BASE_MVA) / x_pu  # v = 1 - k v (v - V_SLACK_PU)
    expected = (-(1.0 - k * V_SLACK_PU) + np.sqrt((1.0 - k * V_SLACK_PU) ** 2 + 4.0 * k)) / (2.0 * k)
    assert solution.converged.all()
    assert abs(solution.v[0, network.node_of_bus[1]]) == pytest.approx(expected, abs=VOLTAGE_PU)
    assert solution.q_controlled_pu[0, 0] == pytest.approx(expected * (expected - V_SLACK_PU) / x_pu, abs=1e-7)
