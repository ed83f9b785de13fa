"""The AC engine against Newton's method on a matrix built by hand: no line of pandapower in between."""

import cmath
import math

import numpy as np
import pandapower as pp
import pytest
from grid_cases import FREQUENCY_HZ, add_line, empty_net, small_model, solve_one

from twin.network.variants.grids import grid_variants

BASE_MVA = 100.0
TAP_POS = -4
LINES = {(1, 2): (3 + 9j, 9_000.0), (2, 3): (2 + 5j, 200.0), (1, 3): (6 + 11j, 0.0)}
REACTOR_MVAR = 12.0
INJECTION_MVA = {2: 31 - 4j, 3: -18 - 6j}


def four_buses():
    """Mainland 220 kV, transformer with a tap, and a ring of three 66 kV buses with a reactor."""
    net = empty_net()
    buses = [pp.create_bus(net, kv) for kv in (220.0, 66.0, 66.0, 66.0)]
    pp.create_ext_grid(net, buses[0], vm_pu=1.01)
    pp.create_transformer_from_parameters(
        net, buses[0], buses[1], sn_mva=80.0, vn_hv_kv=220.0, vn_lv_kv=66.0, vk_percent=13.0, vkr_percent=0.4,
        pfe_kw=0.0, i0_percent=0.0, tap_side="hv", tap_neutral=0, tap_min=-8, tap_max=8, tap_step_percent=1.25,
        tap_pos=TAP_POS, tap_changer_type="Ratio",
    )  # fmt: skip
    for ends, (ohm, c_nf) in LINES.items():
        add_line(net, ends, ohm, c_nf)
    pp.create_shunt(net, buses[2], q_mvar=REACTOR_MVAR)
    outages = tuple(("line", index) for index in net.line.index)
    return grid_variants([small_model(net, buses, buses, outages)])


def admittance_by_hand(out=None):
    y = np.zeros((4, 4), dtype=complex)
    base_ohm = 66.0**2 / BASE_MVA
    for ends, (ohm, c_nf) in LINES.items():
        if ends == out:
            continue
        series, half = base_ohm / ohm, 0.5j * 2.0 * math.pi * FREQUENCY_HZ * c_nf * 1e-9 * base_ohm
        y[np.ix_(ends, ends)] += np.array([[series + half, -series], [-series, series + half]])
    vk, vkr = 0.13, 0.004
    series = 1.0 / (complex(vkr, math.sqrt(vk**2 - vkr**2)) * BASE_MVA / 80.0)
    ratio = 1.0 + TAP_POS * 0.0125
    y[:2, :2] += np.array([[series / ratio**2, -series / ratio], [-series / ratio, series]])
    y[2, 2] -= 1j * REACTOR_MVAR / BASE_MVA
    return y


def newton_by_hand(y):
    """Solve in rectangular coordinates with a numerical Jacobian."""
    s = np.array([INJECTION_MVA.get(bus, 0j) for bus in range(4)]) / BASE_MVA

    def mismatch(x):
        v = np.array([1.01, *(x[:3] + 1j * x[3:])])
        error = (v * np.conj(y @ v) - s)[1:]
        return np.concatenate([error.real, error.imag])

    x = np.array([1.0, 1.0, 1.0, 0.0, 0.0, 0.0])
    for _ in range(12):
        jacobian = np.column_stack([(mismatch(x + 1e-6 * e) - mismatch(x - 1e-6 * e)) / 2e-6 for e in np.eye(6)])
        x = x - np.linalg.solve(jacobian, mismatch(x))
    assert np.abs(mismatch(x)).max() < 1e-12
    return np.array([1.01, *(x[:3] + 1j * x[3:])])


@pytest.fixture(scope="module")
def grid():
    return four_buses()


@pytest.mark.parametrize(("topology", "out"), [(0, None), (1, (1, 2)), (2, (2, 3)), (3, (1, 3))])
def test_voltages_and_currents_are_those_of_the_matrix_built_by_hand(grid, topology, out):
    by_hand = newton_by_hand(admittance_by_hand(out))
    found = solve_one(grid, INJECTION_MVA, topology)
    ours = found.v * cmath.rect(1.0, cmath.phase(by_hand[1]) - cmath.phase(found.v[1]))
    assert ours[1:] == pytest.approx(by_hand[1:], abs=1e-10)
    for position, (ends, (ohm, c_nf)) in enumerate(LINES.items()):
        series, half = 1.0 / ohm, 0.5j * 2.0 * math.pi * FREQUENCY_HZ * c_nf * 1e-9
        for side in (0, 1):
            near, far = (66.0 * by_hand[bus] for bus in (ends[side], ends[1 - side]))
            ampere_k = 0.0 if ends == out else abs((near - far) * series + near * half) / math.sqrt(3.0)
            assert found.loading_percent(2 * position + side) == pytest.approx(ampere_k / 0.5 * 100.0, abs=1e-7)
