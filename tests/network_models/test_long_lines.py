"""The equivalent pi against the telegrapher's equations, integrated along the line, and against many short sections."""

import math
from dataclasses import asdict
from itertools import pairwise

import numpy as np
import pandapower as pp
import pytest
from scipy.integrate import solve_ivp
from shipped import goto

from network_models.long_lines import LineConstants

HZ, KV, KM = 60.0, 66.0, 55.0
TAN_DELTA = 0.001
CABLE = LineConstants(
    *(np.array([value]) for value in (0.0754, 0.1395, 240.0, 2e-3 * math.pi * HZ * 240.0 * TAN_DELTA))
)
FLOWS = [(0.0, 0.0), (0.0, 10.8), (40.0, -5.0), (-35.0, 12.0), (50.0, 20.0)]
"""Demand at the far end in MW and Mvar; without any, with the charging of one half drawn off, export, heavy."""


def solved(constants: LineConstants, sections: int, flow: tuple[float, float]) -> pp.pandapowerNet:
    net = pp.create_empty_network(f_hz=HZ)
    buses = [pp.create_bus(net, KV) for _ in range(sections + 1)]
    pp.create_ext_grid(net, buses[0])
    for near, far in pairwise(buses):
        values = {name: float(value[0]) for name, value in asdict(constants).items()}
        pp.create_line_from_parameters(net, near, far, KM / sections, max_i_ka=0.53, **values)
    pp.create_load(net, buses[-1], p_mw=flow[0], q_mvar=flow[1])
    pp.runpp(net, tolerance_mva=1e-10)
    return net


def along(flow: tuple[float, float], v_far: complex) -> tuple[complex, float, np.ndarray]:
    """Return near voltage in kV, losses in MW and currents in kA (phase values times sqrt 3), from the far end."""
    ohm = complex(CABLE.r_ohm_per_km[0], CABLE.x_ohm_per_km[0])
    siemens = complex(CABLE.g_us_per_km[0] * 1e-6, 2.0 * math.pi * HZ * CABLE.c_nf_per_km[0] * 1e-9)

    def change(_, state):
        v, i, _ = state
        return [ohm * i, siemens * v, ohm.real * abs(i) ** 2 + siemens.real * abs(v) ** 2]

    current = np.conj(complex(*flow) / v_far)
    found = solve_ivp(change, (0.0, KM), [v_far, current, 0j], rtol=1e-11, atol=1e-13, max_step=0.5)
    return found.y[0][-1], float(found.y[2][-1].real), np.abs(found.y[1])


def far_voltage(net: pp.pandapowerNet) -> complex:
    bus = net.res_bus.iloc[-1]
    return KV * bus.vm_pu * np.exp(1j * math.radians(bus.va_degree))


@pytest.mark.parametrize("flow", FLOWS)
def test_pandapower_solves_the_line_as_the_telegraphers_equations_do(flow):
    net = solved(CABLE.equivalent_pi(np.array([KM]), HZ), 1, flow)
    near, losses, currents = along(flow, far_voltage(net))
    assert abs(near / KV - 1.0) < 1e-6
    assert net.res_line.pl_mw.sum() == pytest.approx(losses, rel=1e-3)
    ends = [net.res_line.i_to_ka[0], net.res_line.i_from_ka[0]]
    assert np.array([currents[0], currents[-1]]) / math.sqrt(3.0) == pytest.approx(np.array(ends), abs=1e-6)
    assert currents.max() == pytest.approx(max(currents[0], currents[-1]), rel=1e-6)


def test_a_nominal_pi_loses_what_the_charging_current_heats():
    flow = (0.0, 10.8)
    nominal, exact = (solved(c, 1, flow) for c in (CABLE, CABLE.equivalent_pi(np.array([KM]), HZ)))
    missing = exact.res_line.pl_mw.sum() - nominal.res_line.pl_mw.sum()
    charging_ka = 2.0 * math.pi * HZ * 240e-9 * KM * KV / math.sqrt(3.0)
    assert missing == pytest.approx(0.0754 * KM * charging_ka**2 / 12.0 * 3.0, rel=0.02)


def test_many_short_sections_agree():
    flow = FLOWS[2]
    short, exact = solved(CABLE, 60, flow), solved(CABLE.equivalent_pi(np.array([KM]), HZ), 1, flow)
    assert short.res_line.pl_mw.sum() == pytest.approx(exact.res_line.pl_mw.sum(), rel=1e-4)
    assert short.res_bus.vm_pu.iloc[-1] == pytest.approx(exact.res_bus.vm_pu.iloc[-1], abs=1e-6)


def test_a_line_without_charging_stays_as_it_is():
    plain = LineConstants(*(np.array([value]) for value in (0.1, 0.4, 0.0, 0.0)))
    assert asdict(plain.equivalent_pi(np.array([20.0]), HZ)) == asdict(plain)


def test_no_line_of_goto_is_rated_so_far_above_its_natural_load_that_its_middle_carries_more():
    """Below V / Zc the current's square is convex along a line: the largest is at an end; short lines hardly differ."""
    net = goto(2030).net
    line = net.line[net.bus.vn_kv.loc[net.line.from_bus].to_numpy() == KV]
    omega = 2.0 * math.pi * HZ
    natural_ka = KV / math.sqrt(3.0) / np.sqrt(line.x_ohm_per_km / (omega * line.c_nf_per_km * 1e-9))
    phase = line.length_km * np.sqrt(line.x_ohm_per_km * omega * line.c_nf_per_km * 1e-9)
    middle_above_ends = np.where(line.max_i_ka > natural_ka, phase**2 / 8.0, 0.0)
    assert middle_above_ends.max() < 1e-3
    assert middle_above_ends[line.name.str.startswith("Matsushima")].max() == 0.0


def test_the_nominal_pi_can_be_had_back():
    exact, nominal = (
        goto(2030, parameters={"line_model": model}).net.line.loc[0] for model in ("exact_pi", "nominal_pi")
    )
    assert exact.g_us_per_km > nominal.g_us_per_km > 0.0
    assert exact.c_nf_per_km == pytest.approx(nominal.c_nf_per_km, rel=0.01)
