"""Reactive limits of controlling devices against closed formulae.

A device with infeed q at the end of a reactance x behind a slack of 1 pu, nothing else there but an infeed d: without
active power the angles are zero and ``V (V - 1) / x = q + d``.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandapower as pp
import pytest

from twin.network.network import Controlled, Network
from twin.network.node_power import NodePower
from twin.network.reading.extraction import extract
from twin.network.solving.solver import Failure, Solver

X, LOW, HIGH = 0.1, -0.3, 0.4
VOLTAGE_PU = 3e-9
"""Mismatch tolerance of 1e-8 pu times dV/dq = x / (2 V - 1), V above 0.8 pu, and something to spare."""


def radial(devices: int) -> Network:
    """A slack and `devices` buses in a row, each `X` further, with a stiff generator for 1.0 pu."""
    net = pp.create_empty_network(sn_mva=1.0)
    buses = [pp.create_bus(net, 10.0) for _ in range(devices + 1)]
    pp.create_ext_grid(net, buses[0])
    for a, b in pairwise(buses):
        pp.create_impedance(net, a, b, rft_pu=0.0, xft_pu=X, sn_mva=1.0)
        pp.create_gen(net, b, p_mw=0.0, vm_pu=1.0)
    return extract(net)


def device(network: Network, **changes: np.ndarray) -> Network:
    size = len(network.controlled.node)
    plain = {"slope_pu": np.zeros(size), "low_pu": np.full(size, LOW), "high_pu": np.full(size, HIGH)}
    return replace(network, controlled=replace(network.controlled, **(plain | changes)))


def with_infeed(network: Network, d: np.ndarray) -> NodePower:
    constant = np.zeros((len(d), len(network.alive)), dtype=complex)
    constant[:, network.controlled.node[-1]] = 1j * d
    return NodePower(constant, None, None)


def assert_law(controls: Controlled, vm: np.ndarray, q: np.ndarray, at_limit: np.ndarray) -> None:
    scale = np.where(controls.is_susceptance, vm**2, 1.0)
    held, off = at_limit == 0, vm + controls.slope_pu * q - controls.vm_set_pu
    assert (np.abs(off[held]) < 1e-8).all() and (off[at_limit > 0] < 1e-8).all() and (off[at_limit < 0] > -1e-8).all()
    assert (q <= controls.high_pu * scale + 1e-8).all() and (q >= controls.low_pu * scale - 1e-8).all()


D = np.array([-1.5, -0.5, -0.39, 0.0, 0.29, 0.35, 1.0])


@pytest.mark.parametrize("susceptance", [False, True])
def test_stiff_device_holds_its_voltage_until_a_limit(susceptance: bool) -> None:
    network = device(radial(1), is_susceptance=np.array([susceptance]))
    solution = Solver(network).solve(with_infeed(network, D))
    assert solution.converged.all()
    vm = np.abs(solution.v[:, network.controlled.node[0]])
    at = np.select([-D > HIGH, -D < LOW], [1, -1], 0)
    np.testing.assert_array_equal(solution.at_limit[:, 0], at)
    limit = np.select([at > 0, at < 0], [HIGH, LOW], 0.0)
    if susceptance:  # V (V - 1) / x = b V^2 + d
        a, b, c = 1.0 / X - limit, -1.0 / X, -D
        expected = np.where(at == 0, 1.0, (-b + np.sqrt(b**2 - 4.0 * a * c)) / (2.0 * a))
        q = np.where(at == 0, -D, limit * expected**2)
    else:
        expected = np.where(at == 0, 1.0, (1.0 + np.sqrt(1.0 + 4.0 * X * (limit + D))) / 2.0)
        q = np.where(at == 0, -D, limit)
    np.testing.assert_allclose(vm, expected, rtol=0.0, atol=VOLTAGE_PU)
    np.testing.assert_allclose(solution.q_controlled_pu[:, 0], q, rtol=0.0, atol=1e-8)


def test_device_with_slope() -> None:
    slope = 0.05
    network = device(radial(1), slope_pu=np.array([slope]))
    d = np.array([-0.5, -0.1, 0.0, 0.2])
    solution = Solver(network).solve(with_infeed(network, d))
    # V + slope (V (V - 1) / x - d) = 1
    a, b, c = slope / X, 1.0 - slope / X, -1.0 - slope * d
    expected = (-b + np.sqrt(b**2 - 4.0 * a * c)) / (2.0 * a)
    vm = np.abs(solution.v[:, network.controlled.node[0]])
    np.testing.assert_allclose(vm, expected, rtol=0.0, atol=VOLTAGE_PU)
    np.testing.assert_allclose(solution.q_controlled_pu[:, 0], (1.0 - vm) / slope, rtol=0.0, atol=1e-7)
    assert (solution.at_limit == 0).all() and solution.converged.all()


def test_device_returns_to_control_when_its_limit_no_longer_binds() -> None:
    """The far device pushes until it meets its limit; only then has the near one little left to absorb."""
    network = radial(2)
    network = device(
        network, vm_set_pu=np.array([1.0, 1.05]), low_pu=np.array([-0.1, -1.0]), high_pu=np.array([1.0, 0.05])
    )
    unlimited = device(network, low_pu=np.full(2, -np.inf), high_pu=np.full(2, np.inf))
    power = with_infeed(network, np.zeros(1))
    free = Solver(unlimited).solve(power).q_controlled_pu[0]
    assert free[0] < -0.1 and free[1] > 0.05
    solution = Solver(network).solve(power)
    np.testing.assert_array_equal(solution.at_limit[0], [0, 1])
    vm = np.abs(solution.v[0, network.controlled.node])
    assert_law(network.controlled, vm, solution.q_controlled_pu[0], solution.at_limit[0])


def test_many_devices_keep_to_their_law_and_rows_to_themselves() -> None:
    network = radial(6)
    random = np.random.default_rng(3)
    network = device(
        network, vm_set_pu=random.uniform(0.96, 1.04, 6), low_pu=random.uniform(-0.2, 0.0, 6),
        high_pu=random.uniform(0.0, 0.2, 6), slope_pu=np.array([0.0, 0.02, 0.0, 0.02, 0.0, 0.0]),
        is_susceptance=np.array([True, False] * 3),
    )  # fmt: skip
    power, solver = with_infeed(network, random.uniform(-0.5, 0.5, 200)), Solver(network)
    solution = solver.solve(power)
    assert solution.converged.all()
    assert len(np.unique(solution.at_limit, axis=0)) > 3
    vm = np.abs(solution.v[:, network.controlled.node])
    for row in range(200):
        assert_law(network.controlled, vm[row], solution.q_controlled_pu[row], solution.at_limit[row])
    np.testing.assert_array_equal(solver.solve(power.rows(slice(50, 90))).v, solution.v[50:90])


def test_limits_that_do_not_settle_are_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("twin.network.solving.solver.MOST_ROUNDS", 1)
    network = device(radial(1))
    solution = Solver(network).solve(with_infeed(network, np.array([0.0, 1.0])))
    np.testing.assert_array_equal(solution.failure, [Failure.NONE, Failure.LIMITS_NOT_SETTLED])
    assert np.isnan(solution.v[1]).all() and np.isfinite(solution.v[0]).all()
