"""A network without elements is the network of a net in which they are out of service."""

from __future__ import annotations

import copy
import time

import numpy as np
import pandapower as pp
import pytest
from pandapower import pandapowerNet
from powerflow_cases import VOLTAGE_PU, solved_by_pandapower

from twin.core.errors import InputError
from twin.network.network import Network
from twin.network.node_power import node_power
from twin.network.outage import Outage, without
from twin.network.reading.extraction import extract
from twin.network.solving.solver import Solver


def _mixed_net() -> pandapowerNet:
    net = pp.create_empty_network(sn_mva=10.0)
    bus = [pp.create_bus(net, 20.0) for _ in range(8)]
    low, mv, lv = pp.create_bus(net, 0.4), pp.create_bus(net, 10.0), pp.create_bus(net, 0.4)
    pp.create_ext_grid(net, bus[0], vm_pu=1.01)
    pp.create_ext_grid(net, bus[5], vm_pu=1.005, va_degree=-0.2)
    pp.create_gen(net, bus[5], 0.5, vm_pu=1.005)
    pp.create_gen(net, bus[5], 0.5, vm_pu=1.005, slack=True)
    for a, b in ((0, 1), (1, 2), (2, 3), (3, 0), (1, 4), (3, 5), (4, 6), (6, 7)):
        pp.create_line_from_parameters(net, bus[a], bus[b], 4.0, 0.2, 0.35, 210.0, 0.3)
    pp.create_gen(net, bus[2], 1.0, vm_pu=1.0, min_q_mvar=-0.6, max_q_mvar=0.2)
    pp.create_gen(net, bus[2], 0.5, vm_pu=1.0, min_q_mvar=-0.3, max_q_mvar=0.3)
    pp.create_transformer_from_parameters(net, bus[1], low, 2.5, 20.0, 0.4, 1.1, 6.0, 3.0, 0.4, shift_degree=150)
    pp.create_transformer3w_from_parameters(
        net, bus[3], mv, lv, 20.0, 10.0, 0.4, 6.0, 4.0, 2.5, 10.0, 11.0, 12.0, 0.3, 0.31, 0.32, 30.0, 0.1
    )
    pp.create_impedance(net, bus[1], bus[3], 0.02, 0.2, 5.0)
    pp.create_shunt(net, bus[4], -0.8, step=2, max_step=2)
    pp.create_shunt(net, bus[4], 0.3)
    pp.create_ward(net, bus[2], 0.2, 0.1, 0.3, -0.1)
    pp.create_xward(net, bus[3], 0.3, 0.1, 0.2, -0.1, 0.1, 3.0, 1.0)
    pp.create_svc(net, bus[4], 12.0, -40.0, 1.0, 120.0)
    pp.create_svc(net, bus[1], 80.0, -60.0, 1.0, 120.0, controllable=False)
    for at in (low, mv, lv, bus[2], bus[6], bus[7]):
        share = 20.0 if at in (low, mv, lv) else 0.0  # where nothing else is drawn, pandapower takes it as we do
        pp.create_load(net, at, 0.6, 0.2, const_z_p_percent=share, const_z_q_percent=share)
    pp.create_sgen(net, bus[7], 0.9, 0.1)
    pp.create_storage(net, bus[6], 0.4, 1.0)
    net.sgen.loc[0, "bus"] = pp.create_bus(net, 20.0)
    pp.create_line_from_parameters(net, bus[7], net.sgen.bus[0], 4.0, 0.2, 0.35, 210.0, 0.3)
    return net


NET = _mixed_net()
SINGLE = [(table, at) for table in ("line", "trafo", "trafo3w", "impedance", "shunt", "ward", "xward", "svc", "gen",
          "sgen", "load", "storage", "ext_grid") for at in range(len(NET[table]))]  # fmt: skip
GROUPS = [
    (("line", 0), ("line", 3)),
    (("gen", 2), ("gen", 3)),
    (("ext_grid", 1), ("gen", 1)),
    (("ext_grid", 1), ("gen", 0), ("gen", 1)),
    (("line", 4), ("shunt", 0), ("shunt", 0)),
    (("xward", 0), ("svc", 0), ("svc", 1), ("ward", 0)),
]


@pytest.fixture(scope="module")
def intact() -> Network:
    return extract(NET)


@pytest.mark.parametrize("outages", [*((one,) for one in SINGLE), *GROUPS], ids=str)
def test_as_out_of_service_in_pandapower(outages: tuple[Outage, ...], intact: Network) -> None:
    net = copy.deepcopy(NET)
    for table, at in outages:
        net[table].loc[net[table].index[at], "in_service"] = False
    solved = solved_by_pandapower(net)
    after = without(intact, outages)
    vm, q = _solved(after)
    np.testing.assert_allclose(vm, solved.res_bus.vm_pu, rtol=0.0, atol=VOLTAGE_PU)
    row = after.controlled_by["svc"][0]
    if row >= 0:
        assert -q[row] * NET.sn_mva == pytest.approx(solved.res_svc.q_mvar[0], abs=1e-6)


@pytest.mark.parametrize("outages", [*((one,) for one in SINGLE[:8]), *GROUPS], ids=str)
def test_as_extracted_anew_with_limits(outages: tuple[Outage, ...]) -> None:
    net = copy.deepcopy(NET)
    for table, at in outages:
        net[table].loc[net[table].index[at], "in_service"] = False
    ours = without(extract(NET, enforce_q_lims=True), outages)
    anew = extract(net, enforce_q_lims=True)
    np.testing.assert_allclose(_solved(ours)[0], _solved(anew)[0], rtol=0.0, atol=VOLTAGE_PU)
    assert sorted(zip(ours.controlled.low_pu, ours.controlled.high_pu, strict=True)) == sorted(
        zip(anew.controlled.low_pu, anew.controlled.high_pu, strict=True)
    )


def test_intact_network_is_not_changed_and_nothing_is_everything(intact: Network) -> None:
    before = intact.y_bus.toarray()
    without(intact, [("line", 0), ("gen", 2), ("shunt", 0)])
    np.testing.assert_array_equal(intact.y_bus.toarray(), before)
    same = without(intact, [])
    np.testing.assert_array_equal(same.y_bus.toarray(), before)
    assert same.alive.all()


def test_outage_after_outage_is_both_at_once(intact: Network) -> None:
    one_by_one = without(without(intact, [("line", 4)]), [("gen", 3)])
    at_once = without(intact, [("line", 4), ("gen", 3)])
    np.testing.assert_array_equal(one_by_one.alive, at_once.alive)
    np.testing.assert_array_equal(one_by_one.controlled.high_pu, at_once.controlled.high_pu)
    np.testing.assert_allclose(_solved(one_by_one)[0], _solved(at_once)[0], rtol=0.0, atol=1e-12)


def test_earlier_outages_are_not_forgotten(intact: Network) -> None:
    outages: list[Outage] = [("line", 0), ("impedance", 0), ("line", 1)]
    step_by_step = intact
    for outage in outages:
        step_by_step = without(step_by_step, [outage])
    assert (~step_by_step.alive).sum() == (~without(intact, outages).alive).sum() == 6


def test_dead_part_keeps_no_reference(intact: Network) -> None:
    after = without(intact, [("line", 4)])
    dead = np.flatnonzero(~after.alive)
    assert len(dead) == 4
    assert after.injectors["sgen"].node[0] == -1
    assert after.controlled_by["svc"][0] == -1
    assert (after.branch_rows["line"][[4, 6, 7, 8], 0] == -1).all()
    assert (after.shunt_node["shunt"] == -1).all()
    assert abs(after.y_from[intact.branch_rows["line"][6, 0]].toarray()).max() == 0.0


def test_no_slack_left_is_dead(intact: Network) -> None:
    after = without(intact, [("ext_grid", 0), ("ext_grid", 1), ("gen", 1)])
    assert not after.alive.any()
    assert (after.node_of_bus == -1).all()


def test_unknown_elements_are_refused_together(intact: Network) -> None:
    with pytest.raises(InputError) as error:
        without(intact, [("line", 99), ("dcline", 0), ("load", -1), ("line", 0)])
    assert len(error.value.problems) == 3


def test_an_outage_costs_less_than_a_millisecond(intact: Network) -> None:
    def cost() -> float:
        start = time.thread_time()
        for line in range(8):
            without(intact, [("line", line)])
        return (time.thread_time() - start) / 8.0

    assert min(cost() for _ in range(5)) < 1e-3


def _solved(network: Network) -> tuple[np.ndarray, np.ndarray]:
    solution = Solver(network).solve(node_power(network, 1, {}))
    assert solution.converged.all()
    node = network.node_of_bus
    return np.where(node >= 0, np.abs(solution.v[0, node]), np.nan), solution.q_controlled_pu[0]
