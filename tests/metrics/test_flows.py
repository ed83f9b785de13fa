"""Flows, losses, boundary and voltages of the tables against pandapower's own power flow."""

import copy

import numpy as np
import pandapower as pp
import pytest
from loop_fixtures import MONTH_END, WINDY_DAY, make_case, member, run

from twin.metrics.flows import block_flows
from twin.metrics.half_hours import block_of
from twin.metrics.tables import member_tables
from twin.network.reading.supported import POWER_FLOW_OPTIONS
from twin.operation.record import over_time


@pytest.fixture(scope="module", params=[(WINDY_DAY, 25), (MONTH_END, 38)], ids=["export", "import"])
def solved(request, goto_year):
    """One half-hour's flows of the loop and pandapower's net with the same injections."""
    day, t = request.param
    inputs = goto_year.days(day)
    case = make_case(inputs, [member(inputs)])
    record = run(case, range(t, t + 1))[1][0]
    net = copy.deepcopy(case.model.net)
    net.gen["in_service"] = False
    plants, unit_mw = case.plants, record.injections.unit_mw[0]
    net.sgen.loc[net.sgen.index[:plants], "p_mw"] = unit_mw[:plants]
    net.sgen.loc[net.sgen.index[:plants], "q_mvar"] = unit_mw[:plants] * case.units.q_per_p[0, :plants]
    net.load["p_mw"], net.load["q_mvar"] = record.injections.demand_mw[0], record.injections.demand_mvar[0]
    pp.create_sgens(net, case.model.areas.bus.iloc[case.areas.of_group], p_mw=unit_mw[plants:], q_mvar=0.0)
    diesels = case.model.diesels.bus.to_numpy()
    pp.create_sgens(net, diesels, p_mw=record.injections.diesel_mw[0], q_mvar=0.0)
    pp.create_sgen(net, case.model.compensator.bus, p_mw=0.0, q_mvar=float(record.q_svc_mvar[0]))
    pp.runpp(net, **POWER_FLOW_OPTIONS)
    return case, record, block_flows(case.grid.variants, case.grid.nodes, record.injections.variant, record.node_i), net


def test_both_ends_of_both_circuits(solved):
    _, _, flows, net = solved
    circuits = net.res_line.loc[[0, 1]]
    assert flows.mainland_mw[0] == pytest.approx(-circuits["p_from_mw"].to_numpy(), abs=1e-6)
    assert flows.island_mw[0] == pytest.approx(circuits["p_to_mw"].to_numpy(), abs=1e-6)
    assert flows.loading_percent[0] == pytest.approx(circuits["loading_percent"].to_numpy(), abs=1e-6)


def test_every_branch_of_the_diagram_is_as_full_as_pandapower_says(solved):
    case, record, _, net = solved
    kept = member_tables(case, block_of(0, over_time([record])), 0)["branches"].to_pandas().iloc[0].drop("time")
    expected = {}
    for table in ("line", "trafo"):
        there = net[table]["in_service"]
        expected |= dict(zip(net[table].name[there], net[f"res_{table}"].loading_percent[there], strict=True))
    assert set(kept.index) == set(expected)
    half_a_digit = 0.051
    assert kept.astype(float).to_dict() == pytest.approx(expected, abs=half_a_digit)


def test_losses_and_the_boundary_at_220_kv(solved):
    case, _, flows, net = solved
    assert case.model.roles.boundary_bus == 1
    losses = net.res_line["pl_mw"].sum() + net.res_trafo["pl_mw"].sum() + net.res_shunt["p_mw"].sum()
    assert flows.losses_mw[0] == pytest.approx(losses, abs=1e-6)
    into_the_islands = net.res_trafo.loc[[0, 1], "p_hv_mw"].sum()
    assert flows.import_mw[0] == pytest.approx(into_the_islands, abs=1e-6)


def test_voltages_and_reverse_flow_through_banks(solved):
    case, _, flows, net = solved
    watched = list(case.model.roles.voltage_buses)
    assert flows.vm_pu[0] == pytest.approx(net.res_bus.vm_pu.loc[watched].to_numpy(), abs=1e-8)
    banks = net.trafo.lv_bus.isin(case.model.areas.bus)
    assert bool(flows.reverse_flow[0]) == bool((net.res_trafo.loc[banks, "p_hv_mw"] < -0.01).any())


def test_the_table_tells_export_and_import_apart(solved):
    case, record, flows, _ = solved
    system = member_tables(case, block_of(0, over_time([record])), 0)["system"].to_pandas().iloc[0]
    assert system["import_mw"] - system["export_mw"] == pytest.approx(flows.import_mw[0])
    assert min(system["import_mw"], system["export_mw"]) == 0.0
    assert system["compensator_q_mvar"] == pytest.approx(record.q_svc_mvar[0])
    assert np.isfinite(system.drop(["time", "failure"]).astype(float)).all()
