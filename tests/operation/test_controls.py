"""Taps and reactors: they wait, move towards their band by few steps, stop at their range and never hunt."""

from dataclasses import replace
from functools import cache
from types import SimpleNamespace

import numpy as np
import pandapower as pp
import pytest
from grid_cases import goto_grid, goto_model, goto_states
from loop_fixtures import PEAK_DAY, make_case, member, records_of
from numpy.testing import assert_array_equal
from pandapower.control import DiscreteTapControl
from shipped import goto

from twin.core.errors import InputError
from twin.metrics.half_hours import block_of
from twin.metrics.sample_check import check_records, deviation, frozen_net
from twin.metrics.tables import member_tables
from twin.network.reading.extraction import extract
from twin.network.variants.controls import Bands, net_at
from twin.network.variants.flow import solve
from twin.network.variants.grids import grid_variants
from twin.operation.management.controls import next_positions
from twin.operation.record import over_time

BASE_MVA = 100.0


def bands(**changes):
    """One tap changer: 1.00 to 1.02 pu, a higher position lowers the voltage by 0.0125 pu."""
    values = {"low": 1.0, "high": 1.02, "effect": -0.0125, "lowest": -8, "highest": 8, "delay": 1, "most_steps": 2}
    values |= changes
    return Bands(**{name: np.array([[value]]) for name, value in values.items()}, tap_column=0, reactors_column=None)


def positions_of(its_bands, vm_pu, position=0, solved=True):
    """Where the taps stand after each half-hour of a series of measured voltages, whatever they do to it."""
    positions, outside = np.array([[position]]), np.array([[0]])
    found = []
    for vm in vm_pu:
        case = SimpleNamespace(bands=its_bands, grid=SimpleNamespace(tap_at=0), base_mva=BASE_MVA)
        flow = SimpleNamespace(v=np.array([[complex(vm)]]), q_svc_pu=np.zeros(1), solved=np.array([solved]))
        positions, outside = next_positions(case, positions, outside, flow)
        found.append(int(positions[0, 0]))
    return found


def test_inside_the_dead_band_nothing_moves():
    assert positions_of(bands(), [1.0, 1.01, 1.02]) == [0, 0, 0]


def test_outside_it_the_taps_move_towards_it():
    assert positions_of(bands(), [1.021]) == [1]
    assert positions_of(bands(), [0.999]) == [-1]


def test_the_move_is_what_the_distance_is_worth_and_at_most_the_largest():
    assert positions_of(bands(most_steps=3), [1.034]) == [2]
    assert positions_of(bands(most_steps=3), [1.1]) == [3]
    assert positions_of(bands(most_steps=1), [1.1, 1.1]) == [1, 2]


def test_they_wait_for_the_delay_on_the_same_side():
    assert positions_of(bands(delay=3), [1.03, 1.03, 1.03, 1.03]) == [0, 0, 1, 1]
    assert positions_of(bands(delay=2), [1.03, 1.01, 1.03, 0.99, 0.99]) == [0, 0, 0, 0, -1]


def test_they_stop_at_the_end_of_their_range_and_leave_it_at_once_when_the_side_changes():
    assert positions_of(bands(highest=1, delay=2), [1.05] * 6) == [0, 1, 1, 1, 1, 1]
    assert positions_of(bands(highest=0), [1.05, 1.05, 0.99]) == [0, 0, -1]


def test_held_fixed_or_unsolved_nothing_moves():
    assert positions_of(bands(most_steps=0), [1.1, 1.1]) == [0, 0]
    assert positions_of(bands(), [1.1], solved=False) == [0]


def test_other_positions_are_pandapowers_own_matrices():
    model, grid = goto_model(), goto_grid()
    (variant,) = grid.variants_at(np.array([0]), np.array([[-3, 1]]))
    net = net_at(model, (-3, 1))
    assert net.trafo.tap_pos.iloc[:2].tolist() == [-3, -3]
    assert net.shunt.in_service.sum() == 1
    assert model.net.trafo.tap_pos.iloc[0] == 0
    assert_array_equal(grid.variants[variant].network.y_bus.toarray(), extract(net).y_bus.toarray())
    assert_array_equal(grid_variants([replace(model, net=net)]).arrays.ar[0], grid.arrays.ar[variant])


@pytest.mark.parametrize("reactors", [0, 1, 2])
@pytest.mark.parametrize("circuit", [1, 2])
def test_a_line_reactor_trips_with_its_circuit_only_where_it_is_in_service(reactors, circuit):
    grid = goto_grid(2030, "controlled", (("reactor_location", "line"),))
    (variant,) = grid.variants_at(np.array([0]), np.array([[1, reactors]]))
    case = SimpleNamespace(grid=grid, base_mva=BASE_MVA)
    outage = grid.outage_names.index(f"Matsushima - Narao {circuit}")
    (p,), (q,) = goto_states(grid, 1, "line reactor", 0.5)
    found = deviation(case, int(variant), outage, p, q, frozen_net(case, int(variant)))
    assert found.solved
    assert found.vm_error_pu < 1e-8
    assert found.loading_error_percent < 1e-5


def solved_at(grid, positions, p, q):
    variant = grid.variants_at(np.zeros(len(p), dtype=int), np.tile(positions, (len(p), 1)))
    return solve(grid, variant, p, q)


def test_a_reactor_taken_out_frees_the_compensator():
    grid = goto_grid()
    p, q = goto_states(grid, 20, "reactor", 0.3)
    both, one = (solved_at(grid, (0, k), p, q).q_svc_pu * BASE_MVA for k in (2, 1))
    at, svc = grid.node_at[grid.nodes.svc], grid.models[0].compensator
    x, slope = grid.variants[0].intact.z[at, at].imag, svc.slope_percent / svc.q_max_mvar * BASE_MVA / 100.0
    assert both - one == pytest.approx(15.0 * x / (x + slope) * np.ones(20), rel=0.06)


@cache
def closed_loop(parameters, rows=40, half_hours=16):
    """Let the controls act on constant injections, from corners of their range; returns positions (T, R, 2)."""
    model = goto(2030, parameters=dict(parameters))
    grid = grid_variants([model])
    p, q = goto_states(grid, rows, "hunting", 0.9)
    network = np.zeros(rows, dtype=int)
    positions = np.array([(-2, 0), (3, 2)])[np.arange(rows) % 2]
    outside, history = np.zeros_like(positions), []
    case = SimpleNamespace(bands=Bands.of([model], network), grid=grid, base_mva=BASE_MVA)
    for _ in range(half_hours):
        variant = grid.variants_at(network, positions)
        flow = solve(grid, variant, p, q)
        assert flow.solved.all()
        positions, outside = next_positions(case, positions, outside, flow)
        history.append(positions)
    return np.array(history)


@pytest.mark.parametrize(
    "parameters",
    [
        pytest.param((), marks=pytest.mark.slow),
        pytest.param((("svc_slope_percent", 1), ("reactor_mvar", 20)), marks=pytest.mark.slow),
        (("main_tap_dead_band_pu", 0.0075), ("source_vm_pu", 0.98)),
    ],
)
def test_with_constant_injections_all_controls_come_to_rest(parameters):
    history = closed_loop(parameters)
    assert (history[-8:] == history[-1]).all()
    assert (history[0] != history[-1]).any()
    assert len(np.unique(history[-1][:, 1])) > 1


def test_bands_narrower_than_a_step_are_refused_all_at_once():
    parameters = {"main_tap_dead_band_pu": 0.006, "reactor_out_percent": 10, "reactor_in_percent": 20}
    with pytest.raises(InputError) as caught:
        grid_variants([goto(2030, parameters=parameters)])
    assert [("tap changer" in problem.what, "hunt" in problem.what) for problem in caught.value.problems] == [
        (True, True),
        (False, True),
    ]
    grid_variants([goto(2030, parameters=parameters, controls="fixed")])


def test_a_band_beyond_the_compensators_limits_is_refused():
    with pytest.raises(InputError, match="reaches its limit"):
        grid_variants([goto(2030, parameters={"reactor_out_percent": 100})])


def test_a_refused_band_was_one_that_hunts():
    """The same controls without the check toggle for ever."""
    model, grid = goto_model(), goto_grid()
    reactors = replace(model.controls.reactors, out_above_mvar=-3.0, in_below_mvar=-6.0)
    model = replace(model, controls=replace(model.controls, reactors=reactors))
    p, q = goto_states(grid, 40, "hunting", 0.9)
    network, positions = np.zeros(40, dtype=int), np.tile((0, 1), (40, 1))
    outside, case = (
        np.zeros_like(positions),
        SimpleNamespace(bands=Bands.of([model], network), grid=grid, base_mva=BASE_MVA),
    )
    history = []
    for _ in range(12):
        variant = grid.variants_at(network, positions)
        flow = solve(grid, variant, p, q)
        positions, outside = next_positions(case, positions, outside, flow)
        history.append(positions[:, 1])
    assert (history[-1] != history[-2]).any()


WEAK_SOURCE = {"conductor_mm2": 240, "source_vm_pu": 0.98, "main_tap_dead_band_pu": 0.0075, "reactor_out_percent": 30}
STRONG_SOURCE = {"conductor_mm2": 240, "source_vm_pu": 1.03, "reactor_out_percent": 30}


@pytest.fixture(scope="module")
def moving(goto_year):
    """A winter day on two networks whose taps and reactors move."""
    inputs = goto_year.days(PEAK_DAY)
    members = [member(inputs, label="a"), member(inputs, label="b", grid=1, operator="forecast")]
    models = [goto(2030, parameters=WEAK_SOURCE), goto(2030, parameters=STRONG_SOURCE)]
    case = make_case(inputs, members, models)
    return inputs, models, case, records_of(case)


def test_in_the_loop_they_move_and_every_state_is_pandapowers(moving):
    _, _, case, records = moving
    positions = np.array([record.positions for record in records])
    assert (np.abs(np.diff(positions[..., 0], axis=0)).sum(axis=0) > 0).all()
    assert np.abs(np.diff(positions[..., 1], axis=0)).sum() > 0
    nets = cache(lambda variant: frozen_net(case, variant))
    for m in range(2):
        moved = np.flatnonzero((np.diff(positions[:, m], axis=0) != 0).any(axis=1)) + 1
        steps = sorted({0, *moved[:4].tolist(), 47})
        checked = check_records(case, m, {t: records[t] for t in steps}, nets).to_pandas()
        assert checked.solved.all()
        assert checked.vm_error_pu.max() < 1e-8
        assert checked.loading_error_percent.max() < 1e-5


def test_energy_is_conserved_while_they_move(moving):
    _, _, case, records = moving
    for m in range(2):
        system = member_tables(case, block_of(0, over_time(records)), m)["system"].to_pandas()
        assert system.main_tap_position.nunique() > 1
        supply = system.delivered_mw + system.diesel_mw + system.import_mw
        use = system.demand_mw - system.unsupplied_mw + system.losses_mw + system.export_mw
        assert (supply - use).abs().max() < 1e-6


def test_each_member_alone_meets_other_variants_and_gives_the_same_tables(moving):
    inputs, models, case, records = moving
    together = block_of(0, over_time(records))
    for m in range(2):
        alone = make_case(inputs, [case.members[m]], models)
        of_alone = member_tables(alone, block_of(0, over_time(records_of(alone))), 0)
        for name, table in member_tables(case, together, m).items():
            assert str(table.to_pandas().to_numpy().tolist()) == str(of_alone[name].to_pandas().to_numpy().tolist())


def test_a_band_decides_from_the_state_that_it_left(moving):
    """Comparison B: every position follows from the half-hour before by the rule, and rests inside its band."""
    _, _, case, records = moving
    tap = case.grid.models[0].controls.tap
    positions = np.array([record.positions[0] for record in records])
    grid = case.grid
    at = grid.variants[0].nodes([tap.bus])[0]
    for t in range(len(records) - 1):
        intact = grid.variants[records[t].injections.variant[0]].intact
        vm = abs(intact.w[at] + intact.z[at, grid.node_at] @ records[t].node_i[0])
        inside = abs(vm - tap.target_vm_pu) <= tap.dead_band_pu
        assert inside == (positions[t + 1, 0] == positions[t, 0])
        q = records[t].q_svc_mvar[0]
        reactors = case.grid.models[0].controls.reactors
        wanted = int(q < reactors.in_below_mvar) - int(q > reactors.out_above_mvar)
        assert positions[t + 1, 1] == np.clip(positions[t, 1] + wanted, 0, 2)


@pytest.mark.parametrize("source_vm_pu", [0.96, 0.98, 1.0, 1.03, 1.05])
def test_the_taps_come_to_rest_where_pandapowers_controller_leaves_them(source_vm_pu):
    """Comparison C, one step at a time: both stop at the first position inside the dead band."""
    model = goto(2030, "fixed", {"source_vm_pu": source_vm_pu, "main_tap_most_steps": 1})
    model = replace(model, controls=replace(model.controls, reactors=None, automatic=True))
    tap, grid = model.controls.tap, grid_variants([model])
    net = net_at(model, (0,))
    low, high = tap.target_vm_pu - tap.dead_band_pu, tap.target_vm_pu + tap.dead_band_pu
    for trafo in tap.transformers:
        DiscreteTapControl(net, trafo, vm_lower_pu=low, vm_upper_pu=high, side="lv")
    pp.runpp(net, run_control=True, calculate_voltage_angles=True, init="dc", tolerance_mva=1e-9, numba=False)
    p, q = np.zeros((2, 1, len(grid.nodes.buses)))
    for table, node, sign in (("sgen", [*grid.nodes.plant, *grid.nodes.diesel], 1.0), ("load", grid.nodes.area, -1.0)):
        np.add.at(p[0], node, sign * net[table].p_mw.to_numpy() / BASE_MVA)
        np.add.at(q[0], node, sign * net[table].q_mvar.to_numpy() / BASE_MVA)
    network, positions, outside = np.array([0]), np.array([[0]]), np.array([[0]])
    case = SimpleNamespace(bands=Bands.of([model], network), grid=grid, base_mva=BASE_MVA)
    for _ in range(10):
        flow = solved_at(grid, positions[0], p, q)
        positions, outside = next_positions(case, positions, outside, flow)
    assert positions[0, 0] == net.trafo.tap_pos.iloc[0] == net.trafo.tap_pos.iloc[1]
    vm = np.abs(flow.v[:, grid.tap_at])
    assert vm == pytest.approx(net.res_bus.vm_pu.at[tap.bus], abs=1e-8)
