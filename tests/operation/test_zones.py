"""Orders of cuts and the operator of a zone, against cases worked out by hand."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.operation.management.congestion_rules import lifo
from twin.operation.zones.cuts import RULES, last_first, pro_rata, uniform
from twin.operation.zones.operator import Zone, manage

OUTPUT = np.array([[4.0, 3.0, 1.0]])
CONTRACT = np.array([5.0, 3.0, 4.0])
ALL = np.ones(3)


@pytest.mark.parametrize(
    ("rule", "effect", "excess", "cut"),
    [
        # one cap c of the contract: shares 0.8, 1.0, 0.25; 5c + 3c = 7 - 2 gives c = 0.625
        (uniform, ALL, 2.0, [4.0 - 3.125, 3.0 - 1.875, 0.0]),
        # the first 0.5 MW come from the unit at full output alone: 3c = 2.5
        (uniform, ALL, 0.5, [0.0, 0.5, 0.0]),
        (pro_rata, ALL, 2.0, [1.0, 0.75, 0.25]),
        (last_first, ALL, 5.0, [4.0, 1.0, 0.0]),
        # a MW of the second unit moves the flow by half a MW only; the third does not move it
        (last_first, np.array([1.0, 0.5, 0.0]), 5.0, [4.0, 2.0, 0.0]),
        (pro_rata, np.array([1.0, 0.5, 0.0]), 1.1, [0.8, 0.6, 0.0]),
        (uniform, ALL, 99.0, [4.0, 3.0, 1.0]),
        (uniform, ALL, -1.0, [0.0, 0.0, 0.0]),
        (last_first, ALL, 0.0, [0.0, 0.0, 0.0]),
    ],
)
def test_a_cut_by_hand(rule, effect, excess, cut):
    assert rule(OUTPUT, CONTRACT, effect, np.array([excess])) == pytest.approx(np.array([cut]))


@given(
    st.lists(st.floats(0, 1), min_size=4, max_size=4),
    st.lists(st.floats(0.01, 1), min_size=4, max_size=4),
    st.floats(0, 20),
)
def test_every_rule_takes_off_what_is_asked_or_all(share, effect, excess):
    contract, effect = np.array([1.0, 2.0, 5.0, 0.9]), np.array(effect)
    output = np.array([share]) * contract
    for rule in RULES.values():
        cut = rule(output, contract, effect, np.array([excess]))
        assert (cut >= -1e-12).all()
        assert (cut <= output + 1e-12).all()
        assert (cut @ effect)[0] == pytest.approx(min(excess, (output @ effect)[0]), abs=1e-9)


TWO_MW = np.array([2.0, 3.0])


def _zone(**changes):
    return Zone("a", (0, 1), "lifo", **changes)


def _run(zone, beside, potential, limit=10.0):
    beside = np.array(beside, float)
    return manage(zone, TWO_MW, np.ones(2), beside, np.array(potential, float), np.full((len(beside), 1), limit))


def test_the_last_connected_is_cut_first_and_the_flow_stands_at_the_limit():
    found = _run(_zone(), [6.0, 9.0, 12.0], [[2.0, 3.0]] * 3)
    # 11 arrive: 1 off the first; 14: all of the first, 2 of the second; 17: both stopped and 2 too much all the same
    assert found.set_point_mw[:, 0] == pytest.approx(np.array([[1.0, 3.0], [0.0, 1.0], [0.0, 0.0]]))
    assert found.measured_mw[:, 0] == pytest.approx([10.0, 10.0, 12.0])
    assert found.status[:, 0].tolist() == [0.5, 0.5, 1.0]


def test_release_goes_in_steps_and_begins_with_the_last_one_cut():
    zone = _zone(release=0.8, release_mw=1.5)
    found = _run(zone, [12.0, 7.0, 2.0, 2.0, 2.0, 2.0, 2.0], [[2.0, 3.0]] * 7)
    assert found.set_point_mw[:, 0] == pytest.approx(
        np.array([[0, 0], [0, 1.5], [0, 3], [1.5, 3], [2, 3], [2, 3], [2, 3]], float)
    )
    assert found.status[:, 0].tolist() == [1.0, 0.5, 0.5, 0.5, 0.0, 0.0, 0.0]


def test_between_release_and_limit_nothing_moves():
    zone = _zone(release=0.8)
    found = _run(zone, [6.0, 5.0, 3.0], [[2.0, 3.0]] * 3)
    # 11, trimmed to 10; then 9 > 8: held although there is room; then 7 < 8: released
    assert found.set_point_mw[:, 0] == pytest.approx(np.array([[1.0, 3.0], [1.0, 3.0], [2.0, 3.0]]))


def test_what_arrives_above_the_trip_margin_stops_the_whole_zone():
    found = _run(_zone(trip=1.2, release=0.9, release_mw=2.0), [8.0, 8.0, 4.0], [[2.0, 3.0]] * 3)
    assert found.tripped[:, 0].tolist() == [True, False, False]
    # 8 < 9: 2 MW of the second come back; then 6 < 9: its third and one of the first
    assert found.set_point_mw[:, 0] == pytest.approx(np.array([[0.0, 0.0], [0.0, 2.0], [1.0, 3.0]]))


def test_release_never_passes_the_limit():
    found = _run(_zone(), [12.0, 8.5], [[2.0, 3.0]] * 2)
    assert found.measured_mw[1, 0] == pytest.approx(10.0)


def test_limits_are_run_side_by_side_as_alone():
    zone, rng = _zone(release=0.9, release_mw=0.7, trip=1.3), np.random.default_rng(3)
    beside, potential = rng.uniform(2, 12, 200), rng.uniform(0, 1, (200, 2)) * TWO_MW
    limit = rng.uniform(6, 12, (200, 3))
    together = manage(zone, TWO_MW, np.ones(2), beside, potential, limit)
    for m in range(3):
        alone = manage(zone, TWO_MW, np.ones(2), beside, potential, limit[:, m : m + 1])
        assert np.array_equal(together.set_point_mw[:, m], alone.set_point_mw[:, 0])
        assert (alone.measured_mw[:, 0] <= np.maximum(limit[:, m], beside) + 1e-9).all()


def test_the_loops_lifo_rule_goes_by_the_date_of_connection():
    plants = pd.DataFrame({"in_service_from": pd.to_datetime(["2010-01-01", "2014-01-01", "2010-01-01", "2012-06-01"])})
    case = SimpleNamespace(model=SimpleNamespace(plants=plants), plants=4)
    place = lifo.order(case, np.zeros(2, int), np.ones((2, 5)), np.ones((2, 5)))
    assert place.tolist() == [[2, 0, 2, 1, 0]] * 2
