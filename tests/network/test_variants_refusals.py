"""Nets that the engine must refuse, with all their problems at once."""

import pandapower as pp
import pytest
from grid_cases import add_line, empty_net

from twin.core.errors import InputError
from twin.network.variants.grids import checked_network


def plain_net():
    net = empty_net()
    buses = [pp.create_bus(net, 66.0) for _ in range(3)]
    pp.create_ext_grid(net, buses[0])
    add_line(net, (0, 1), 2 + 5j)
    add_line(net, (1, 2), 2 + 5j)
    return net


def problems_of(net):
    with pytest.raises(InputError) as caught:
        checked_network(net)
    return caught.value.problems


def test_plain_net_is_taken():
    assert checked_network(plain_net()).y_bus.shape == (3, 3)


def test_all_unsupported_elements_are_named_at_once():
    net = plain_net()
    pp.create_switch(net, 0, 0, et="l")
    pp.create_ward(net, 1, 1.0, 0.0, 1.0, 0.0)
    pp.create_storage(net, 1, p_mw=1.0, max_e_mwh=1.0)
    pp.create_motor(net, 1, pn_mech_mw=1.0, cos_phi=0.9)
    text = "\n".join(map(str, problems_of(net)))
    assert all(f"'{table}'" in text for table in ("switch", "ward", "storage", "motor"))


@pytest.mark.parametrize(("table", "index"), [("line", 1), ("bus", 2)])
def test_element_out_of_service_is_named(table, index):
    net = plain_net()
    net[table].loc[index, "in_service"] = False
    found = problems_of(net)
    assert [problem.where for problem in found] == [f"network, table {table}, index {index}"]


def test_second_external_grid_and_voltage_dependent_load_are_refused():
    net = plain_net()
    pp.create_ext_grid(net, 2)
    pp.create_load(net, 1, p_mw=1.0, const_z_p_percent=30.0, const_z_q_percent=30.0)
    text = "\n".join(map(str, problems_of(net)))
    assert "one external grid" in text
    assert "const_z_p_percent" in text


def test_net_that_does_not_solve_is_refused_without_traceback_of_pandapower():
    net = plain_net()
    pp.create_load(net, 2, p_mw=5000.0)
    assert "does not solve" in problems_of(net)[0].what


def test_net_is_not_modified():
    net = plain_net()
    checked_network(net)
    assert net.res_bus.empty
