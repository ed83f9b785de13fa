"""Each tier alone against pandapower, and what no row may do to another."""

from __future__ import annotations

import copy

import numpy as np
import pandapower as pp
import pandapower.networks as nw
import pytest
from powerflow_cases import solved_by_pandapower

from twin.network.network import Network
from twin.network.node_power import NodePower, node_power
from twin.network.outage import without
from twin.network.reading.extraction import extract
from twin.network.solving.lanes import LANES
from twin.network.solving.solver import Failure, Method, Solution, Solver

VOLTAGE_PU = 1e-8


def scaled(network: Network, scales: np.ndarray) -> NodePower:
    loads = network.injectors["load"]
    given = {("load", "p_mw"): scales * loads.p_mw, ("load", "q_mvar"): scales * loads.q_mvar}
    return node_power(network, len(scales), given)


def random_rows(network: Network, rows: int) -> NodePower:
    size = (rows, len(network.injectors["load"].node))
    return scaled(network, np.random.default_rng(7).uniform(0.6, 1.1, size))


def largest_mismatch_mva(network: Network, power: NodePower, solution: Solution) -> np.ndarray:
    """Return what the equations of the full network leave over, without the code under test."""
    v = np.where(network.alive, solution.v, 0.0)
    off = v * np.conj((network.y_bus @ v.T).T) - power.at(np.abs(v))
    off[:, network.controlled.node] -= 1j * solution.q_controlled_pu
    counted = np.setdiff1d(np.flatnonzero(network.alive), network.slack)
    return np.abs(off[:, counted]).max(axis=1) * network.base_mva


@pytest.mark.parametrize(
    ("tier", "build"),
    [
        (Method.FIXED_POINT, nw.case33bw),
        (Method.FIXED_POINT, nw.create_cigre_network_mv),
        (Method.CONSTANT_JACOBIAN, nw.case118),
        (Method.CONSTANT_JACOBIAN, nw.case9),
        (Method.NEWTON, nw.case57),
        (Method.NEWTON, nw.case1354pegase),
        (Method.NEWTON, nw.case33bw),
    ],
)
def test_each_tier_gives_pandapowers_voltages(monkeypatch: pytest.MonkeyPatch, tier: Method, build) -> None:
    if tier == Method.NEWTON and build is nw.case33bw:  # nothing shared: anew from the linear flow
        monkeypatch.setattr("twin.network.solving.solver.MOST_SHARED_STEPS", 0)
    net = build()
    network = extract(net)
    power = scaled(network, np.array([[1.0], [0.9], [1.05]]))
    solution = Solver(network).solve(power)
    assert (solution.method == tier).all()
    assert largest_mismatch_mva(network, power, solution).max() < 2e-8
    for v, scale in zip(solution.v, (1.0, 0.9, 1.05), strict=True):
        reference = copy.deepcopy(net)
        reference.load[["p_mw", "q_mvar"]] *= scale
        reference = solved_by_pandapower(reference, tolerance_mva=1e-9)
        angle = np.deg2rad(reference.res_bus.va_degree.to_numpy())
        expected = reference.res_bus.vm_pu.to_numpy() * np.exp(1j * angle)
        np.testing.assert_allclose(v[network.node_of_bus], expected, rtol=0.0, atol=VOLTAGE_PU)


@pytest.mark.parametrize("build", [nw.case33bw, nw.case57])
def test_rows_do_not_see_each_other(build) -> None:
    network = extract(build())
    rows = 5 * LANES + 3
    power, solver = random_rows(network, rows), Solver(network)
    together = solver.solve(power, threads=1)
    order = np.random.default_rng(1).permutation(rows)
    shuffled = solver.solve(power.rows(order), threads=1)
    np.testing.assert_array_equal(shuffled.v, together.v[order])
    for row in (0, LANES, rows - 1):
        np.testing.assert_array_equal(solver.solve(power.rows(slice(row, row + 1))).v[0], together.v[row])


def test_threads_change_no_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("twin.network.solving.solver.ROWS_PER_TASK", LANES + 1)
    network = extract(nw.case57())
    power, solver = random_rows(network, 6 * LANES + 5), Solver(network)
    one, two = solver.solve(power, threads=1), solver.solve(power, threads=2)
    np.testing.assert_array_equal(one.v, two.v)
    np.testing.assert_array_equal(one.method, two.method)
    np.testing.assert_array_equal(one.residual_mva, two.residual_mva)


@pytest.mark.parametrize("build", [nw.case33bw, nw.case57])
@pytest.mark.parametrize(("spoiled", "failure"), [(50.0, Failure.NOT_CONVERGED), (np.nan, Failure.INPUT_NOT_FINITE)])
def test_a_row_without_solution_is_counted_and_leaves_its_neighbours_alone(build, spoiled, failure) -> None:
    network = extract(build())
    power, solver = random_rows(network, 9), Solver(network)
    good = solver.solve(power)
    constant = power.constant.copy()
    constant[4] *= spoiled
    mixed = solver.solve(NodePower(constant, None, None))
    others = np.arange(9) != 4
    assert mixed.failure[4] == failure and mixed.method[4] == Method.NONE and np.isnan(mixed.v[4]).all()
    assert mixed.converged[others].all()
    np.testing.assert_array_equal(mixed.v[others], good.v[others])


def test_residual_is_that_of_the_full_network() -> None:
    network = extract(nw.case57())
    power = random_rows(network, 20)
    solution = Solver(network).solve(power)
    assert (solution.residual_mva < 1e-8).all()
    own = largest_mismatch_mva(network, power, solution)
    np.testing.assert_allclose(solution.residual_mva, own, rtol=0.0, atol=1e-9)  # rounding at 100 MVA


def test_start_changes_the_answer_only_within_the_tolerance() -> None:
    network = extract(nw.case57())
    power, solver = random_rows(network, 20), Solver(network)
    cold = solver.solve(power)
    start = cold.v[::-1].copy()
    start[3] = np.nan
    np.testing.assert_allclose(solver.solve(power, start).v, cold.v, rtol=0.0, atol=VOLTAGE_PU)


def test_outage_with_the_intact_networks_order_is_the_outage_alone() -> None:
    net = nw.case33bw()
    network = extract(net)
    intact = Solver(network)
    after = without(network, [("line", 20)])
    power = node_power(after, 1, {})
    alone, like = Solver(after).solve(power), Solver(after, like=intact).solve(power)
    assert (~after.alive).any()
    np.testing.assert_array_equal(np.isnan(alone.v[0]), ~after.alive)
    np.testing.assert_allclose(like.v, alone.v, rtol=0.0, atol=VOLTAGE_PU)
    net.line.loc[20, "in_service"] = False
    net = solved_by_pandapower(net)
    np.testing.assert_allclose(np.abs(like.v[0])[network.node_of_bus], net.res_bus.vm_pu, rtol=0.0, atol=VOLTAGE_PU)


def test_no_rows_and_nothing_free() -> None:
    network = extract(nw.case33bw())
    solution = Solver(network).solve(NodePower(np.zeros((0, len(network.alive)), dtype=complex), None, None))
    assert solution.v.shape == (0, len(network.alive)) and len(solution.converged) == 0
    net = pp.create_empty_network()
    pp.create_ext_grid(net, pp.create_bus(net, 10.0), vm_pu=1.02)
    network = extract(net)
    solution = Solver(network).solve(node_power(network, 2, {}))
    assert solution.converged.all()
    np.testing.assert_array_equal(solution.v, np.full((2, 1), 1.02 + 0j))


def test_loads_of_constant_current_and_impedance() -> None:
    net = nw.case33bw()
    net.load["const_i_p_percent"] = net.load["const_i_q_percent"] = 30.0
    net.load["const_z_p_percent"] = net.load["const_z_q_percent"] = 25.0
    network = extract(net)
    solution = Solver(network).solve(node_power(network, 1, {}))
    net = solved_by_pandapower(net)
    vm_pu = np.abs(solution.v[0])[network.node_of_bus]
    np.testing.assert_allclose(vm_pu, net.res_bus.vm_pu, rtol=0.0, atol=VOLTAGE_PU)
