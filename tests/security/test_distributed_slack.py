"""Outages with a distributed slack: a machine that is lost takes its weight with it."""

import numpy as np
import pandapower as pp
import pandapower.networks as nw
import pytest
from security_cases import brute_force, worst

from twin import SecurityAnalysis
from twin.core.errors import InputError
from twin.security.contingencies import OutageClass

LOADING_PERCENT = 1e-5
VOLTAGE_PU = 1e-8
"""The engine's own agreement with `runpp` (docs/concepts/grid/powerflow.md)."""


def case9():
    """Each generator stands behind a line of its own: that outage takes its weight too.

    The line of the external grid is doubled: where nothing but the slack is supplied, `runpp` stumbles.
    """
    net = nw.case9()
    net.gen["slack_weight"], net.ext_grid["slack_weight"] = [3.0, 1.0], 0.5
    net.line.loc[len(net.line)] = net.line.loc[0]
    return net


def case39():
    net = nw.case39()
    net.gen["slack_weight"], net.ext_grid["slack_weight"] = np.arange(len(net.gen)) % 4 * 1.0, 2.0
    return net


@pytest.mark.filterwarnings("ignore:tap_dependency_table:DeprecationWarning")
@pytest.mark.parametrize("make", [case9, pytest.param(case39, marks=pytest.mark.slow)])
def test_every_outage_is_that_of_runpp(make):
    net = make()
    outages = [(table, int(i)) for table in ("line", "gen", "load") for i in net[table].index]
    profiles = {"load_p_mw": net.load.p_mw.to_numpy() * np.array([[0.7], [1.1]])}
    result = SecurityAnalysis(net, outages, distributed_slack=True).run(profiles, step_hours=0.5)
    elements = [case.elements for case in result.cases]
    reference = brute_force(net, elements, profiles, 2, distributed_slack=True)
    table = result.outages()
    assert table.steps_unsolved.to_list() == list((~reference.solved).sum(axis=0))
    assert table.loading_percent.to_numpy() == pytest.approx(
        worst(reference.loading_percent, (0, 2)), abs=LOADING_PERCENT, nan_ok=True
    )
    assert table.low_vm_pu.to_numpy() == pytest.approx(-worst(-reference.vm_pu, (0, 2)), abs=VOLTAGE_PU, nan_ok=True)
    assert table.high_vm_pu.to_numpy() == pytest.approx(worst(reference.vm_pu, (0, 2)), abs=VOLTAGE_PU, nan_ok=True)
    alone = SecurityAnalysis(net, outages).run(profiles, step_hours=0.5).outages()
    assert (alone.loading_percent - table.loading_percent).abs().max() > 1.0


def test_an_outage_that_leaves_nobody_to_share_is_refused_by_its_name():
    net = case9()
    net.gen["slack_weight"], net.ext_grid["slack_weight"] = [1.0, 0.0], 0.0
    with pytest.raises(InputError, match=r"gen 0: nobody takes a share"):
        SecurityAnalysis(net, [("gen", 0)], distributed_slack=True).run()


def test_with_the_slack_nothing_is_left():
    outage = SecurityAnalysis(case9(), [("ext_grid", 0)], distributed_slack=True).run(step_hours=1.0).outages().iloc[-1]
    assert outage.demand_lost_mw == pytest.approx(315.0)


def supplied_from_the_plant():
    """The mainland, a plant, and behind an overloaded line a demand with a machine that takes what is left open."""
    net = pp.create_empty_network()
    mainland, plant, town = (pp.create_bus(net, 110.0) for _ in range(3))
    pp.create_ext_grid(net, mainland, slack_weight=0.0)
    for a, b in ((mainland, plant), (plant, town)):
        pp.create_line_from_parameters(net, a, b, 10.0, 0.1, 0.4, 0.0, 0.1)
    pp.create_sgen(net, plant, 30.0)
    pp.create_load(net, town, 40.0)
    pp.create_gen(net, town, 5.0, slack_weight=1.0)
    return net


@pytest.mark.parametrize("distributed_slack", [False, True])
def test_direction_of_an_overload_counts_who_takes_what_is_fed_in_more(distributed_slack):
    result = SecurityAnalysis(supplied_from_the_plant(), [("sgen", 0)], distributed_slack=distributed_slack).run()
    intact = result.steps(OutageClass.INTACT).iloc[0]
    directions = np.isfinite([intact.export_breach_loading_percent, intact.import_breach_loading_percent])
    assert directions.tolist() == [distributed_slack, not distributed_slack]
