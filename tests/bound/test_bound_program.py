"""The program of the bound: hand-computed optima, weak duality, and the loss curve."""

import numpy as np
import pytest

from twin.bound.groups import fleet_group
from twin.bound.link_condition import LinkCondition, no_condition
from twin.bound.program import Worth, make_program, proven_value, solve_program
from twin.devices.battery import least_loss_share

HOURS = 0.5
ETA = 0.9


def battery(steps, power_mw=2.0, highest_mwh=4.0, discharge_mw=None, **more):
    discharge = power_mw if discharge_mw is None else discharge_mw
    losses = (1.0 - ETA, 1.0 / ETA - 1.0)
    return fleet_group("new", steps, highest_mwh, (power_mw, discharge), (0.0, highest_mwh, 0.0), losses, **more)


def condition(steps, allowed_mw, most=1.0, least=1.0):
    return LinkCondition(np.array(steps), np.array(allowed_mw, dtype=float), most, least, 0.0, 0.0)


def energy(steps):
    return Worth(np.ones(steps), np.ones(steps), np.zeros(steps))


def value(price):
    return Worth(np.array(price), np.zeros(len(price)), np.array(price))


def solved(groups, link, deliverable_mw, worth):
    program = make_program(groups, link, np.asarray(deliverable_mw, dtype=float), worth, HOURS)
    found = solve_program(program)
    assert found.status == "Optimal"
    assert found.dual == pytest.approx(found.primal, abs=1e-9)
    return found


def test_a_cut_that_a_battery_takes_costs_only_its_losses():
    """5 MW too much in one half-hour, 2 MW into the battery: 3 MW cut, 0.1 of 2 MW lost."""
    found = solved([battery(3)], condition([1], [-5.0]), [10.0] * 3, energy(3))
    assert found.dual == pytest.approx(HOURS * (30.0 - 3.0 - 0.2))


def test_a_full_battery_makes_room_at_the_price_of_the_way_out():
    """1.8 MWh hold 2 MW over two half-hours; the third needs room again, made in the half-hour between."""
    group = battery(4, highest_mwh=1.8)
    found = solved([group], condition([0, 1, 3], [-2.0, -2.0, -2.0]), [10.0] * 4, energy(4))
    out = ETA * 0.9 / HOURS
    kept = HOURS * (2.0 * 3 * (1.0 - ETA) + out * (1.0 / ETA - 1.0))
    assert found.dual == pytest.approx(HOURS * 40.0 - kept)


def test_the_largest_effect_counts_for_reductions_and_the_smallest_for_additions():
    link = condition([0], [-4.0], most=1.25)
    found = solved([battery(1, power_mw=0.0)], link, [10.0], energy(1))
    assert found.dual == pytest.approx(HOURS * (10.0 - 4.0 / 1.25))
    sold = battery(2, power_mw=1.0, discharge_mw=np.array([0.0, 1.0]))
    link = condition([1], [0.5 * ETA**2], least=0.5)
    found = solved([sold], link, [10.0, 10.0], value([0.0, 10.0]))
    assert found.dual == pytest.approx(HOURS * 10.0 * (10.0 + ETA**2))


def test_what_area_balance_orders_off_can_be_kept_without_changing_the_infeed():
    group = battery(2, ordered_off_mw=np.array([1.5, 0.0]))
    found = solved([group], no_condition(), [10.0, 10.0], energy(2))
    assert found.dual == pytest.approx(HOURS * (20.0 + 1.5 * ETA))


def test_standby_is_lost_whatever_is_ordered():
    found = solved([battery(2, standby_mw=0.3)], no_condition(), [10.0, 10.0], energy(2))
    assert found.dual == pytest.approx(HOURS * (20.0 - 0.6))


def test_demand_that_is_usual_can_be_left_out_for_its_price_and_counts_as_infeed_then():
    """1 MW of usual use in a tank that must give it to the drain: only moved, never saved."""
    ones = np.ones(2)
    tank = fleet_group(
        "water_heaters", 2, 2.0, (2.0, 0.0), (0.0, 2.0, 1.0), (0.0, 0.0), drain_mw=ones, usual_mw=ones,
        in_demand_mw=ones,
    )  # fmt: skip
    found = solved([tank], no_condition(), [10.0, 10.0], value([1.0, 5.0]))
    moved = HOURS * (1.0 * (1.0 - 0.0) + 5.0 * (1.0 - 0.0))
    assert found.dual == pytest.approx(HOURS * 60.0 + moved)
    full_at_the_end = condition([0], [0.0])
    assert solved([tank], full_at_the_end, [10.0, 10.0], energy(2)).dual == pytest.approx(HOURS * 20.0)


def test_use_that_is_called_off_for_good_counts_in_its_dearest_half_hours():
    called = fleet_group(
        "commercial", 3, 1.0, (0.0, 0.0), (-1.0, 1.0, 0.0), (0.0, 0.0), given_up_mw=np.full(3, 2.0),
        given_up_half_hours=2,
    )  # fmt: skip
    found = solved([called], no_condition(), [0.0] * 3, value([1.0, 7.0, 5.0]))
    assert found.dual == pytest.approx(HOURS * 2.0 * 12.0)


def test_any_multipliers_prove_a_bound_and_the_solvers_the_best():
    rng = np.random.default_rng(2)
    steps = 12
    groups = [battery(steps, discharge_mw=rng.uniform(0.0, 2.0, steps), standby_mw=0.1), battery(steps, power_mw=0.5)]
    link = condition([2, 3, 7], rng.uniform(-4.0, 1.0, 3), most=1.1, least=0.9)
    for worth in (energy(steps), value(rng.uniform(0.0, 30.0, steps))):
        program = make_program(groups, link, rng.uniform(5.0, 9.0, steps), worth, HOURS)
        best = solve_program(program)
        assert best.infeasibility < 1e-9
        for _ in range(50):
            assert proven_value(program, rng.normal(0.0, 5.0, len(program.row_high))) >= best.primal - 1e-9


@pytest.mark.parametrize(("constant", "quadratic"), [(0.0, 0.0), (0.2, 0.5), (0.5, 0.2), (0.0, 0.4), (0.3, 0.3)])
def test_the_least_loss_is_that_of_a_search_over_all_powers(constant, quadratic):
    x = np.linspace(1e-6, 1.0, 200_001)
    searched = (constant / x + 1.0 - constant - quadratic + quadratic * x).min()
    assert least_loss_share(constant, quadratic) == pytest.approx(searched, abs=1e-6)
    assert least_loss_share(constant, quadratic) <= searched + 1e-12
