"""Nodes without power are eliminated: the others do not notice, theirs are right."""

from __future__ import annotations

import copy
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandapower as pp
import pandapower.networks as nw
import pytest
from pandapower import pandapowerNet
from powerflow_cases import solved_by_pandapower

from twin.network.network import Network
from twin.network.node_power import NodePower, node_power
from twin.network.outage import without
from twin.network.reading.extraction import extract
from twin.network.solving.bystanders import Bystanders
from twin.network.solving.solver import TOLERANCE_MVA, Solver

VOLTAGE_PU = 1e-9
"""Both ways stop at 1e-8 MVA, but not at the same point below it."""


def bare_buses(between: int = 1, *, length_km: float = 8.0) -> pandapowerNet:
    """Return a feeder of 20 kV with bare buses between the source and its load, and a spur without load behind it."""
    net = pp.create_empty_network(sn_mva=1.0)
    source, load, spur = (pp.create_bus(net, 20.0) for _ in range(3))
    pp.create_ext_grid(net, source, vm_pu=1.02)
    at = [source, *(pp.create_bus(net, 20.0) for _ in range(between)), load]
    for a, b in (*pairwise(at), (load, spur)):
        pp.create_line_from_parameters(net, a, b, length_km / (between + 1), 0.3, 0.4, 0.0, 0.3)
    pp.create_load(net, load, 3.0, 1.0)
    return net


def nodes_of(net: pandapowerNet) -> tuple[Network, set[int]]:
    network = extract(net)
    return network, set(Bystanders.of(network).turns.node.tolist())


def rows(network: Network, count: int = 40) -> NodePower:
    power = node_power(network, 1, {})
    scale = np.random.default_rng(5).uniform(0.3, 1.0, (count, 1))
    return NodePower(*(None if x is None else scale * x for x in (power.constant, power.current, power.impedance)))


def test_a_line_in_three_pieces_is_one_line() -> None:
    cut, whole = bare_buses(2), bare_buses(0)
    network, bystanders = nodes_of(cut)
    assert bystanders == {*network.node_of_bus[3:5].tolist(), int(network.node_of_bus[2])}
    in_pieces, at_once = (Solver(extract(net)).solve(rows(extract(net), 1)).v[0] for net in (cut, whole))
    source, load, spur = range(3)
    assert abs(in_pieces[load] - at_once[load]) < VOLTAGE_PU
    assert in_pieces[spur] == pytest.approx(in_pieces[load], abs=1e-12)  # no charging, no current
    drop = (in_pieces[source] - in_pieces[load]) / 3.0
    np.testing.assert_allclose(
        in_pieces[network.node_of_bus[[3, 4]]], in_pieces[source] - drop * np.array([1, 2]), 1e-12
    )


@pytest.mark.parametrize("build", [nw.case118, nw.create_cigre_network_mv, nw.case_illinois200, nw.iceland, bare_buses])
def test_the_same_voltages_as_with_every_node(build) -> None:
    network, bystanders = nodes_of(build())
    power = rows(network)
    found, plain = Solver(network).solve(power), Solver(network, with_bystanders=True).solve(power)
    assert bystanders
    np.testing.assert_allclose(found.v, plain.v, atol=VOLTAGE_PU, rtol=0)
    np.testing.assert_allclose(found.q_controlled_pu, plain.q_controlled_pu, atol=1e-8)
    np.testing.assert_array_equal(found.operable, plain.operable)
    at = sorted(bystanders)
    of_bystanders = np.abs(found.v[:, at] * np.conj((network.y_bus @ found.v.T).T[:, at])).max(axis=1)
    assert (of_bystanders * network.base_mva <= TOLERANCE_MVA).all()


def test_power_at_a_bystander_counts_and_leaves_other_rows_alone() -> None:
    network, bystanders = nodes_of(nw.case118())
    power = rows(network, 20)
    at = min(bystanders)
    alone = Solver(network).solve(power)
    power.constant[[3, 11], at] = -0.4 - 0.1j
    power.constant[7, at] = np.nan
    found = Solver(network).solve(power)
    others = np.setdiff1d(np.arange(20), [3, 7, 11])
    np.testing.assert_array_equal(found.v[others], alone.v[others])
    assert not found.converged[7]
    for row in (3, 11):
        v = found.v[row]
        assert abs(v[at] * np.conj((network.y_bus @ v)[at]) - (-0.4 - 0.1j)) * network.base_mva < 1e-7
    assert found.residual_mva[[3, 11]].max() < 1e-7


def test_current_and_impedance_at_a_bystander_count_too() -> None:
    network, bystanders = nodes_of(bare_buses())
    at, power = min(bystanders), rows(network, 1)
    for kind in ("current", "impedance"):
        there = np.zeros_like(power.constant)
        there[0, at] = -0.5
        v = Solver(network).solve(replace(power, **{kind: there})).v[0]
        size = abs(v[at]) if kind == "current" else abs(v[at]) ** 2
        assert (v[at] * np.conj((network.y_bus @ v)[at])).real == pytest.approx(-0.5 * size, abs=1e-9)


def test_an_outage_cuts_bystanders_off() -> None:
    net = bare_buses(2)
    network = extract(net)
    intact = Solver(network)
    power = rows(network, 3)
    for line in range(4):
        found = Solver(without(network, [("line", line)]), intact).solve(power)
        gone = copy.deepcopy(net)
        gone.line.loc[line, "in_service"] = False
        expected = solved_by_pandapower(gone)
        np.testing.assert_array_equal(np.isnan(found.v[0, network.node_of_bus]), expected.res_bus.vm_pu.isna())
        assert found.converged.all()


def test_couplers_and_resonance_stay() -> None:
    net = bare_buses(2)
    net.line.loc[0, "length_km"] = 1e-6  # a coupler: a million times the admittance of its neighbour
    network, bystanders = nodes_of(net)
    assert int(network.node_of_bus[3]) not in bystanders
    assert int(network.node_of_bus[4]) in bystanders
    net = bare_buses(1)
    pp.create_shunt(net, 3, q_mvar=0.0)
    network = extract(net)
    at = int(network.node_of_bus[3])
    y = network.y_bus.tolil()
    y[at, at] *= 1e-4  # a shunt that nearly cancels the lines
    solver = Solver(replace(network, y_bus=y.tocsr()))
    assert not len(solver.prepared.elimination.bystanders.turns.node)
