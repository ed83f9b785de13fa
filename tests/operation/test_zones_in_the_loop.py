"""Constraint zones in the closed loop: cases by hand, pandapower, the ledger, windows, a run that goes on."""

import copy
from dataclasses import replace

import numpy as np
import pandapower as pp
import pytest
from zone_island import write_zone_study, zone_case

from twin.core.quantities import CONGESTION_CAUSES, CutCause
from twin.core.row_arrays import joined_rows, map_arrays
from twin.metrics.half_hours import block_of
from twin.metrics.tables import member_tables
from twin.metrics.zones import zone_activity, zone_cuts
from twin.operation.case import of_members
from twin.operation.record import ORDERS
from twin.operation.state import State, initial_state
from twin.operation.window import Window

HILL, TOWN = 0, 1
STEP_HOURS = 1.0 / 6.0
WIND = np.array([6.0, 11.0, 20.0, 10.0, 10.0, 10.0, 10.0, 10.0, 10.0, 16.0, 16.0, 8.0, 8.0, 8.0])
SUN = np.array([0.0] * 9 + [3.0] * 5)


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return write_zone_study(tmp_path_factory.mktemp("zones"))


@pytest.fixture(scope="module")
def case(study):
    return zone_case(study, WIND, SUN)


def only(case, zone):
    """Return the case with one of its zones, whose member has no limit after outages to hold."""
    (member,) = case.members
    zones = tuple(one for one in member.zones if one.zone.name == zone)
    return replace(case, members=(replace(member, zones=zones),), zone_slots=1)


def run(case, length=1, state=None, steps=None):
    state, records = state or initial_state(case), []
    steps = steps or range(len(case.index))
    for t in range(steps.start, steps.stop, length):
        window = Window(case, state, t)
        records.append(window.run(min(t + length, steps.stop)))
        state = window.state
    return joined_rows(records), state


def orders(record, z=0):
    return [ORDERS[k] for k in record.zones.order[:, 0, z]]


def test_a_line_is_tripped_released_and_trimmed_as_worked_out_by_hand(study):
    record, _ = run(only(zone_case(study, WIND, SUN, demand_mw=0.0), "zone hill"))
    # measured where the farm feeds in: 12 MW is the limit, 18 MW trips, below 10.8 MW 2 MW a step of 10 minutes return
    assert orders(record) == ["", "", "trip", *["release"] * 5, "", "trim", "", "release", "", ""]
    set_point = record.zones.set_point_mw[:, 0, 0, HILL]
    assert set_point == pytest.approx([30, 30, 0, 2, 4, 6, 8, 30, 30, 12, 12, 30, 30, 30], abs=1e-3)
    assert record.zones.status[:, 0, 0].tolist() == [0, 0, 1, 0.5, 0.5, 0.5, 0.5, 0, 0, 0.5, 0.5, 0, 0, 0]
    assert record.zones.arriving_mw[:, 0, 0] == pytest.approx([6, 11, 20, 0, 2, 4, 6, 8, 10, 16, 12, 8, 8, 8], abs=2e-3)
    assert record.zones.flow_mw[:, 0, 0] == pytest.approx([6, 11, 0, 2, 4, 6, 8, 10, 10, 12, 12, 8, 8, 8], abs=2e-3)


def test_what_zones_measure_is_what_pandapower_finds(case):
    record, _ = run(case)
    for t in (1, 2, 9):
        net = copy.deepcopy(case.model.net)
        i = record.injections
        net.load["p_mw"], net.load["q_mvar"] = i.demand_mw[t, 0], i.demand_mvar[t, 0]
        plants = i.unit_mw[t, 0, : case.plants]
        net.sgen.loc[net.sgen.index[: case.plants], "p_mw"] = plants
        net.sgen.loc[net.sgen.index[: case.plants], "q_mvar"] = plants * i.unit_q_per_p[t, 0, : case.plants]
        pp.runpp(net, tolerance_mva=1e-9)
        line = net.line.index[net.line["name"] == "Landing - Hill"][0]
        assert record.zones.flow_mw[t, 0, 0] == pytest.approx(net.res_line.loc[line, "p_to_mw"], abs=1e-5)
        assert record.zones.flow_mw[t, 0, 1] == pytest.approx(-net.res_ext_grid["p_mw"].sum(), abs=1e-5)


def test_a_plant_in_two_zones_keeps_the_lower_set_point_and_the_ledger_adds_up(case):
    record, _ = run(case)
    ledger, lowest = record.ledger, record.zones.set_point_mw.min(axis=2)
    for unit in (HILL, TOWN):
        cut = ledger.cut_mw[CutCause.CONGESTION_N0][:, 0, unit]
        expected = np.maximum(ledger.available_mw[:, 0, unit] - lowest[:, 0, unit], 0.0)
        assert cut == pytest.approx(expected, abs=1e-12)
        assert record.delivered_mw[:, 0, unit] == pytest.approx(ledger.available_mw[:, 0, unit] - cut, abs=1e-12)
    assert all(ledger.cut_mw[cause].max() == 0.0 for cause in CONGESTION_CAUSES if cause != CutCause.CONGESTION_N0)
    tables = {name: table.to_pandas() for name, table in member_tables(case, block_of(0, record), 0).items()}
    zones, names = tables["zones"], ["zone hill", "zone sea"]
    total = tables["ledger"]["congestion_n0_mw"].sum() * STEP_HOURS
    activity, cuts = zone_activity(zones, STEP_HOURS), zone_cuts(tables["ledger"], names, STEP_HOURS)
    assert list(activity.index) == names
    assert (activity["cut_mwh"] > 0.0).all()
    assert activity["cut_mwh"].sum() == pytest.approx(total, rel=1e-6)
    assert cuts[names].sum().to_numpy() == pytest.approx(activity["cut_mwh"].to_numpy(), rel=1e-6)
    assert activity["trip_hours"].tolist() == [STEP_HOURS * (record.zones.order[:, 0, z] == 3).sum() for z in (0, 1)]
    assert set(tables["ledger"]["element"].dropna()) == set(names)


def test_the_export_is_held_at_twice_the_limit_of_a_circuit_and_the_last_connected_goes_first(case):
    record, _ = run(only(case, "zone sea"))
    assert record.zones.limit_mw[:, 0, 0].tolist() == [8.0] * len(WIND)
    trims = record.zones.order[:, 0, 0] == ORDERS.index("trim")
    moved = record.q_support_mvar[:, 0] != 0.0  # the plants' reactive power for the voltage comes after the zones
    assert (trims & ~moved).any()
    assert record.zones.flow_mw[trims & ~moved, 0, 0] == pytest.approx(8.0, abs=1e-3)
    assert record.zones.flow_mw[trims, 0, 0] == pytest.approx(8.0, abs=0.02)
    held = record.injections.unit_mw[:, 0]
    cut = record.ledger.cut_mw[CutCause.CONGESTION_N0][:, 0]
    assert (cut[9:11, TOWN] > 0.0).any()
    assert (held[cut[:, HILL] > 1e-9, TOWN] < 1e-9).all()


def test_the_criterion_is_judged_and_told_but_not_held(tmp_path):
    operation = 'operator = "zones"\nzones.hill.limit_mw = 30\nzones.sea.limit_mw = 30\n\n[grid.parameters]\n'
    study = write_zone_study(tmp_path, operation + "link_rating_factor = 0.6\n")
    record, _ = run(zone_case(study, np.array([5.0, 28.0, 28.0]), np.zeros(3), demand_mw=0.0))
    assert all(record.ledger.cut_mw[cause].max() == 0.0 for cause in CONGESTION_CAUSES)
    beyond = record.after.loading_percent[:, 0] > 100.0
    assert beyond.tolist() == [False, True, True]
    assert record.missed[:, 0].tolist() == beyond.tolist()
    assert (record.residual_mva[beyond, 0] > 0.0).all()


def same_bits(values, expected):
    assert (values.dtype, values.shape, values.tobytes()) == (expected.dtype, expected.shape, expected.tobytes())
    return values


@pytest.mark.parametrize("length", [3, 14])
def test_windows_of_any_length_give_the_same_bits(case, length):
    of_ones, state_of_ones = run(case)
    record, state = run(case, length)
    map_arrays(same_bits, record, of_ones)
    for name, values in state.arrays().items():
        same_bits(values, state_of_ones.arrays()[name])


def test_a_member_that_waits_for_many_moves_of_another_is_left_alone(study):
    case = zone_case(study, np.tile(WIND, 10), np.tile(SUN, 10), demand_mw=0.0)
    (member,) = case.members
    both = replace(
        case, members=(member, replace(member, label="beside", operator="perfect")),
        export_limit_mw=np.repeat(case.export_limit_mw, 2), export_per_mw=np.repeat(case.export_per_mw, 2, axis=0),
    )  # fmt: skip
    window = Window(both, initial_state(both), 0)
    record = window.run(len(case.index))
    assert window.counts["half_hours_repeated"] > 64  # one more doubling of a whole number would leave its range
    alone, _ = run(of_members(both, [1]), len(case.index))
    assert record.injections.unit_mw[:, 1].tobytes() == alone.injections.unit_mw[:, 0].tobytes()


def test_a_run_goes_on_from_a_saved_state_and_members_do_not_see_each_other(case):
    (member,) = case.members
    other = replace(member, label="other", zones=member.zones[1:])
    beside = replace(member, label="beside", operator="perfect")
    both = replace(
        case, members=(member, other, beside), export_limit_mw=np.repeat(case.export_limit_mw, 3),
        export_per_mw=np.repeat(case.export_per_mw, 3, axis=0),
    )  # fmt: skip
    whole, _ = run(both, 14)
    _, half = run(both, 5, steps=range(5))
    again = State.from_arrays(half.arrays(), half.policies)
    rest, _ = run(both, 4, again, range(5, 14))
    map_arrays(lambda one, two: same_bits(one, two[5:]), rest, whole)
    for m in range(3):
        alone, _ = run(of_members(both, [m]), 14)
        tables = member_tables(both, block_of(0, whole), m)
        assert tables.keys() == member_tables(of_members(both, [m]), block_of(0, alone), 0).keys()
        assert ("zones" in tables) == (m < 2)
        for name, table in member_tables(of_members(both, [m]), block_of(0, alone), 0).items():
            assert table.to_pandas().equals(tables[name].to_pandas())
