"""The loop inside pandapower's `run_timeseries`: what it writes solves to what it recorded."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandapower as pp
import pandapower.networks
import pytest
from loop_fixtures import IMPORT_DAY, WINDY_DAY, all_plants, devices, make_case, member, run
from pandapower.timeseries import OutputWriter
from pandapower.timeseries.run_time_series import run_timeseries

from studies.api import load_case
from twin.adapters.time_series import RUN_OPTIONS, LoopControl, loop_net
from twin.core.errors import InputError
from twin.metrics.flows import block_flows
from twin.metrics.half_hours import block_of
from twin.operation.record import over_time
from twin.operation.state import initial_state

OWN_NETWORK = Path(__file__).parents[2] / "examples" / "own_network.toml"


def in_pandapower(case, m=0, steps=None, net=None, state=None):
    """Run the loop inside `run_timeseries`; returns net, controller and output."""
    net = loop_net(case, m) if net is None else net
    control = LoopControl(net, case, m, state=state)
    logged = [("res_bus", "vm_pu"), ("res_line", "loading_percent"), ("res_ext_grid", "p_mw"), ("res_sgen", "p_mw")]
    writer = OutputWriter(net, output_path=None, log_variables=logged)
    run_timeseries(net, steps or range(len(case.index)), verbose=False, **RUN_OPTIONS)
    return net, control, writer.output


def recorded(case, m=0, state=None):
    """Return what the loop itself recorded of voltages and of the link's loading."""
    _, records = run(case, state=state)
    block = block_of(0, over_time(records), [m]).member(m)
    flows = block_flows(case.grid.variants, case.grid.nodes, block.values["variant"], block.values["node_i"])
    return records, flows


@pytest.mark.parametrize(("day", "firmness"), [(WINDY_DAY, "non-firm"), (IMPORT_DAY, "firm")])
def test_voltages_and_link_are_those_of_the_record(goto_year, day, firmness):
    inputs = goto_year.days(day).half_hours(24)
    members = [
        member(inputs),
        member(inputs, policy="self_consumption", devices=devices(inputs.fleet), firmness=all_plants(inputs, firmness)),
    ]
    case = make_case(inputs, members)
    _, control, output = in_pandapower(case, 1)
    records, flows = recorded(case, 1)
    buses = list(case.model.roles.voltage_buses)
    # the loop stops at 1e-8 MVA a bus, runpp at 1e-9; both far below what 1e-6 pu needs
    assert np.abs(output["res_bus.vm_pu"][buses].to_numpy() - flows.vm_pu).max() < 1e-6
    link = [circuit.element[1] for circuit in case.model.roles.link]
    assert np.abs(output["res_line.loading_percent"][link].to_numpy() - flows.loading_percent).max() < 1e-4
    assert np.abs(flows.vm_pu - 1.0).max() > 1e-3
    assert control.unsolved == 0
    delivered = np.array([record.injections.unit_mw[1].sum() for record in records])
    sites = output["res_sgen.p_mw"].sum(axis=1).to_numpy()
    assert sites == pytest.approx(delivered, abs=1e-9)


def test_a_network_of_pandapower_runs_in_the_loop_and_the_loop_in_it():
    case = load_case(OWN_NETWORK, days=(60, 60))
    net, control, output = in_pandapower(case)
    records, flows = recorded(case)
    buses = list(case.model.roles.voltage_buses)
    assert np.abs(output["res_bus.vm_pu"][buses].to_numpy() - flows.vm_pu).max() < 1e-6
    wind = list(net.sgen["name"]).index("WKA 7")
    cut = np.array([record.ledger.cut_mw["congestion_n0"][0] for record in records])
    available = np.array([record.ledger.available_mw[0] for record in records])
    assert cut[:, wind].max() > 1.0
    assert output["res_sgen.p_mw"][wind].to_numpy() == pytest.approx((available - cut)[:, wind], abs=1e-9)
    # the loop stops cutting within 0.002 % of a rating
    assert 99.9 < output["res_line.loading_percent"].max().max() < 100.002
    assert control.unsolved == 0


@pytest.mark.slow
def test_taps_and_reactors_move_in_pandapower_too(goto_year):
    inputs = goto_year.days(WINDY_DAY).half_hours(8)
    case = make_case(inputs, [member(inputs)])
    moved = replace(initial_state(case), positions=np.array([[3, 0]]))
    _, _, output = in_pandapower(case, state=moved)
    records, flows = recorded(case, state=moved)
    positions = {tuple(record.positions[0].tolist()) for record in records}
    assert len(positions) > 1
    buses = list(case.model.roles.voltage_buses)
    assert np.abs(output["res_bus.vm_pu"][buses].to_numpy() - flows.vm_pu).max() < 1e-6


def test_a_second_run_begins_again(goto_year):
    inputs = goto_year.days(WINDY_DAY).half_hours(6)
    case = make_case(inputs, [member(inputs, policy="self_consumption", devices=devices(inputs.fleet))])
    net, _, first = in_pandapower(case)
    writer = OutputWriter(net, output_path=None, log_variables=[("res_bus", "vm_pu")])
    run_timeseries(net, range(6), verbose=False, **RUN_OPTIONS)
    assert writer.output["res_bus.vm_pu"].equals(first["res_bus.vm_pu"])


def test_what_a_user_adds_to_the_net_is_seen(goto_year):
    inputs = goto_year.days(WINDY_DAY).half_hours(2)
    case = make_case(inputs, [member(inputs)])
    _, _, plain = in_pandapower(case)
    net = loop_net(case)
    pp.create_load(net, int(net.load.bus.iloc[0]), 5.0, name="new factory")
    _, _, with_factory = in_pandapower(case, net=net)
    more = (with_factory["res_ext_grid.p_mw"] - plain["res_ext_grid.p_mw"]).to_numpy()
    assert (more > 4.5).all()
    assert (more < 5.5).all()


def test_half_hours_may_not_be_left_out(goto_year):
    inputs = goto_year.days(WINDY_DAY).half_hours(4)
    case = make_case(inputs, [member(inputs)])
    with pytest.raises(InputError, match="needs each half-hour"):
        in_pandapower(case, steps=[0, 2])


def test_another_net_is_refused(goto_year):
    inputs = goto_year.days(WINDY_DAY).half_hours(1)
    case = make_case(inputs, [member(inputs)])
    net = pp.networks.create_cigre_network_mv(with_der="pv_wind")
    with pytest.raises(InputError) as caught:
        LoopControl(net, case)
    assert len(caught.value.problems) == 2
    assert net.controller.empty
