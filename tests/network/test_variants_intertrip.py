"""Inter-trip: what sheds, in which order, and what it is judged against."""

import numpy as np
import pytest
from grid_cases import injections_pu, nothing_ignored, solve_pu, two_circuits

from twin.network.variants.flow import solve
from twin.security.criterion.outages import Trips, assess_outages

SHORT_TIME_FACTOR = 1.1
BASE_MVA = 100.0


def judged(plants_mw, rest_mw=0.0, cap_mw=100.0, short_time_factor=SHORT_TIME_FACTOR):
    """Judge a bus with trippable plants and other infeed behind two circuits of 0.5 kA (57 MVA)."""
    grid, island = two_circuits(short_time_factor=short_time_factor, plants=len(plants_mw))
    p, q = injections_pu(grid, {island: sum(plants_mw) + rest_mw})
    variant = np.zeros(1, dtype=np.int64)
    flow = solve(grid, variant, p, q)
    trips = Trips(
        np.array([plants_mw]) / BASE_MVA,
        np.zeros((1, len(plants_mw))),
        grid.nodes.plant,
        np.array([cap_mw / BASE_MVA]),
        np.ones(1),
    )
    found = assess_outages(grid, flow, trips, nothing_ignored(grid, 1))
    return grid, island, found


def survivor_percent(grid, island, mw):
    found = solve_pu(grid, *injections_pu(grid, {island: mw}), topology=1)
    return max(found.loading_percent(end) for end in (2, 3))


def test_one_whole_plant_brings_the_survivor_below_its_rating():
    grid, island, found = judged([16.8, 5.0], rest_mw=42.0)
    before = survivor_percent(grid, island, 63.8)
    after = survivor_percent(grid, island, 47.0)
    assert 100.0 < before < 110.0
    assert after < 100.0
    assert found.tripped[0].tolist() == [True, False]
    assert found.shed_pu[0] * BASE_MVA == pytest.approx(16.8)
    assert found.measure[0] == pytest.approx(max(before / SHORT_TIME_FACTOR, after), abs=1e-6)
    assert not found.settled[0]


def test_short_time_rating_is_judged_at_once_whatever_is_shed_later():
    grid, island, found = judged([30.0], rest_mw=44.0)
    before = survivor_percent(grid, island, 74.0)
    assert survivor_percent(grid, island, 44.0) < 100.0 < before / SHORT_TIME_FACTOR
    assert found.measure[0] == pytest.approx(before / SHORT_TIME_FACTOR, abs=1e-6)
    assert not found.settled[0]


def test_without_a_short_time_rating_shedding_does_not_help():
    grid, island, found = judged([16.8], rest_mw=47.0, short_time_factor=1.0)
    assert found.measure[0] == pytest.approx(survivor_percent(grid, island, 63.8), abs=1e-6)


def test_cap_leaves_out_what_does_not_fit_and_takes_the_next_smaller():
    grid, island, found = judged([16.8, 5.0, 4.0], rest_mw=40.0, cap_mw=10.0)
    assert found.tripped[0].tolist() == [False, True, True]
    assert found.shed_pu[0] * BASE_MVA == pytest.approx(9.0)
    assert found.measure[0] == pytest.approx(max(survivor_percent(grid, island, 65.8) / 1.1, 0.0), abs=1e-6)


def test_largest_plants_go_first_and_no_more_than_needed():
    _, _, found = judged([3.0, 6.0, 4.0, 5.0], rest_mw=46.0)
    assert found.tripped[0].tolist() == [False, True, False, False]
    _, _, found = judged([3.0, 6.0, 4.0, 5.0], rest_mw=49.5)
    assert found.tripped[0].tolist() == [False, True, False, True]


def test_state_after_shedding_binds_where_the_cap_is_used_up():
    grid, island, found = judged([3.0], rest_mw=62.0, cap_mw=20.0)
    settled = survivor_percent(grid, island, 62.0)
    assert settled > 100.0
    assert settled > survivor_percent(grid, island, 65.0) / SHORT_TIME_FACTOR
    assert found.settled[0]
    assert found.tripped[0].tolist() == [True]
    assert found.measure[0] == pytest.approx(settled, abs=1e-6)


def test_measure_that_is_settled_does_not_depend_on_the_plant_that_goes():
    """Cutting a plant that would be tripped must not be taken for a remedy."""
    measures = [judged([mw], rest_mw=62.0)[2].measure[0] for mw in (0.5, 3.0)]
    assert measures[0] == pytest.approx(measures[1], abs=1e-7)


def test_no_trip_without_overload_and_none_without_a_cap():
    for found in (judged([16.8], rest_mw=30.0)[2], judged([16.8], rest_mw=47.0, cap_mw=0.0)[2]):
        assert found.shed_pu[0] == 0.0
        assert not found.tripped.any()


def test_overload_in_import_direction_is_no_reason_to_trip_a_plant():
    grid, island, found = judged([10.0, 5.0], rest_mw=-68.0)
    before = survivor_percent(grid, island, -53.0)
    assert before > 100.0
    assert not found.tripped.any()
    assert found.shed_pu[0] == 0.0
    assert found.measure[0] == pytest.approx(max(before, before / SHORT_TIME_FACTOR), abs=1e-6)
