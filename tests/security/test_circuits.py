"""Circuits that run beside each other, found through their sections."""

import pandapower as pp
import pytest
from shipped import goto

from twin import SecurityAnalysis
from twin.security.contingencies import OutageClass, parallel_circuits


@pytest.fixture
def net():
    """Two circuits of two sections from bus 0 to bus 1, a third line between them, and a spur from an inner bus."""
    net = pp.create_empty_network()
    for _ in range(5):
        pp.create_bus(net, 66.0)
    pp.create_ext_grid(net, 0)
    for ends in ((0, 2), (2, 1), (1, 3), (3, 0), (0, 1), (1, 4)):
        pp.create_line_from_parameters(net, *ends, 1.0, 0.1, 0.3, 9.0, 0.4)
    return net


def test_chains_and_lines_between_the_same_buses_are_parallel(net):
    pairs = parallel_circuits(net, net.line.index)
    assert pairs == [(("line", 0), ("line", 2)), (("line", 0), ("line", 4)), (("line", 2), ("line", 4))]


def test_a_load_ends_a_circuit(net):
    pp.create_load(net, 2, 1.0)
    assert parallel_circuits(net, net.line.index) == [(("line", 2), ("line", 4))]


def test_a_closed_switch_to_another_bus_ends_a_circuit(net):
    pp.create_switch(net, 4, 3, et="b")
    assert parallel_circuits(net, net.line.index) == [(("line", 0), ("line", 4))]


def test_the_path_of_goto_is_a_common_corridor_in_each_of_its_stretches():
    cases = SecurityAnalysis(goto(2030, "controlled", {})).prepare({}).cases
    corridors = [case.name for case in cases if case.outage_class == OutageClass.COMMON_CORRIDOR]
    assert "Matsushima - Narao 1 + Matsushima - Narao 2" in corridors
    assert sum(name.startswith(("Narao -", "Naru -", "Hisaka -")) for name in corridors) == 3
