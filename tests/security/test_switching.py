"""Outages of buses with all that hangs on them, switches and dc lines, against pandapower with the same changes."""

from __future__ import annotations

import copy
from functools import cache

import numpy as np
import pandapower as pp
import pytest
from security_cases import brute_force, worst

from twin import SecurityAnalysis
from twin.core.errors import InputError
from twin.network.model import Limits
from twin.security.headroom.buses import headroom

VOLTAGE_PU = 1e-8
LOADING_PERCENT = 1e-5
POWER_MW = 1e-6
WIDE = Limits(0.5, 1.5, 1.0)


def double_busbar():
    return copy.deepcopy(_double_busbar())


@cache
def _double_busbar():
    """Two bars with a coupler, both fed; feeders at each; a section that only a second coupler feeds."""
    net = pp.create_empty_network(sn_mva=10.0)
    source, bar_a, bar_b, section, far, end, low = (
        pp.create_bus(net, kv) for kv in (110.0, 20.0, 20.0, 20.0, 20.0, 20.0, 10.0)
    )
    pp.create_ext_grid(net, source, vm_pu=1.02)
    for bar, shift in ((bar_a, 0.0), (bar_b, 0.0)):
        pp.create_transformer_from_parameters(
            net, source, bar, 25.0, 110.0, 20.0, 0.5, 11.0, 20.0, 0.1, shift_degree=shift
        )
    pp.create_transformer3w_from_parameters(
        net, bar_b, end, low, 20.0, 20.0, 10.0, 8.0, 5.0, 3.0, 8.0, 9.0, 7.0, 0.3, 0.4, 0.5, 40.0, 0.5
    )
    for ends in ((bar_a, far), (bar_b, far), (section, end), (far, end)):
        pp.create_line_from_parameters(net, *ends, 4.0, 0.2, 0.3, 200.0, 0.25)
    for bus, p_mw in ((bar_a, 1.0), (bar_b, 2.0), (section, 0.5), (far, 3.0), (end, 1.5), (low, 0.7)):
        pp.create_load(net, bus, p_mw, 0.3 * p_mw, const_z_p_percent=20.0, const_z_q_percent=20.0)
    pp.create_sgen(net, section, 1.2, 0.1)
    pp.create_gen(net, bar_b, 2.0, vm_pu=1.0)
    pp.create_shunt(net, bar_a, q_mvar=-1.0)
    pp.create_shunt(net, bar_b, q_mvar=-0.5)
    pp.create_ward(net, section, 0.0, 0.1, 0.1, 0.05)
    pp.create_switch(net, bar_a, bar_b, "b")
    pp.create_switch(net, bar_b, section, "b")
    for bus, element, kind in (
        (bar_a, 0, "l"),
        (far, 0, "l"),
        (end, 2, "l"),
        (source, 0, "t"),
        (bar_b, 1, "t"),
        (end, 0, "t3"),
        (bar_b, 0, "t3"),
    ):
        pp.create_switch(net, bus, element, kind)
    spare = pp.create_bus(net, 20.0)
    pp.create_switch(net, far, spare, "b", z_ohm=0.2)
    pp.create_load(net, spare, 0.4, 0.1)
    pp.create_dcline(net, bar_a, end, 0.6, 2.0, 0.05, 1.0, 1.0)
    net.load[["const_z_p_percent", "const_z_q_percent"]] = 0.0
    return net


FEW = [("switch", 0), ("switch", 3), ("bus", 2), ("dcline", 0)]
GROUPS = [
    (("switch", 2), ("switch", 3)), (("switch", 0), ("trafo", 0)), (("switch", 0), ("switch", 1)),
    (("bus", 1), ("line", 1)),
]  # fmt: skip


def every_outage():
    net = double_busbar()
    singles = [("switch", int(i)) for i in net.switch.index] + [("bus", int(i)) for i in net.bus.index[1:]]
    return [*singles, ("dcline", 0), *GROUPS]


@pytest.mark.parametrize("outages", [FEW, pytest.param(every_outage(), marks=pytest.mark.slow)], ids=["few", "all"])
def test_buses_switches_and_dc_lines(outages):
    net = double_busbar()
    profiles = {"load_p_mw": net.load.p_mw.to_numpy() * np.array([[1.0], [0.6]]), "dcline_p_mw": [[0.6], [-0.4]]}
    if outages is FEW:
        profiles = {name: values[:1] for name, values in profiles.items()}
    result = SecurityAnalysis(net, outages, limits=WIDE).run(profiles)
    reference = brute_force(net, [case.elements for case in result.cases], profiles, len(profiles["load_p_mw"]))
    table = result.outages()
    assert table.steps_unsolved.tolist() == list((~reference.solved).sum(axis=0))
    for column, values, tolerance in (
        ("loading_percent", worst(reference.loading_percent, (0, 2)), LOADING_PERCENT),
        ("low_vm_pu", -worst(-reference.vm_pu, (0, 2)), VOLTAGE_PU),
        ("high_vm_pu", worst(reference.vm_pu, (0, 2)), VOLTAGE_PU),
        ("demand_lost_mw", reference.demand_lost_mw.max(axis=0), POWER_MW),
        ("infeed_lost_mw", reference.infeed_lost_mw.max(axis=0), POWER_MW),
    ):
        np.testing.assert_allclose(table[column], values, rtol=0.0, atol=tolerance, err_msg=column)


def test_the_bus_of_the_only_source_takes_everything():
    net = double_busbar()
    table = SecurityAnalysis(net, [("bus", 0)], limits=WIDE).run().outages()
    assert np.isnan(table.high_vm_pu[1])
    assert table.demand_lost_mw[1] == pytest.approx(net.load.p_mw.sum())


def test_a_dc_line_dies_with_either_end():
    """Line 3 and the transformer with three windings, and section's coupler, feed the bus at one of its ends."""
    net = double_busbar()
    out = (("line", 3), ("trafo3w", 0), ("switch", 1))
    found = SecurityAnalysis(net, [out], limits=WIDE).run()
    without_it = double_busbar()
    without_it.dcline["in_service"] = False
    expected = SecurityAnalysis(without_it, [out], limits=WIDE).run()
    assert found.outages().loading_percent[1] == pytest.approx(expected.outages().loading_percent[1], abs=1e-6)
    assert found.outages().low_vm_pu[1] == pytest.approx(expected.outages().low_vm_pu[1], abs=1e-9)


@pytest.mark.parametrize(("entry", "message"), [
    (("switch", 9), "no such element"), (("bus", 99), "no such element"), (("dcline", 0), "out of service already"),
    (("switch", 8), "out of service already"),
])  # fmt: skip
def test_what_cannot_trip_is_named(entry, message):
    net = double_busbar()
    net.dcline["in_service"] = False
    net.switch.loc[8, "closed"] = False
    with pytest.raises(InputError, match=message):
        SecurityAnalysis(net, [entry] if entry != ("switch", 9) else [("switch", 99)]).run()


@pytest.mark.parametrize("outage", [("switch", 0), ("dcline", 0)])
def test_headroom_after_such_an_outage_is_refused(outage):
    net = double_busbar()
    with pytest.raises(InputError, match="headroom is not calculated after this outage"):
        headroom(net, {}, buses=[4], outages=[outage])
