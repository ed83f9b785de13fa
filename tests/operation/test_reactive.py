"""The plants' reactive power comes before a cut, as little as holds the voltage; low voltage never cuts."""

from dataclasses import replace

import numpy as np
import pytest
from loop_fixtures import MONTH_END, WINDY_DAY, make_case, member, records_of, total_cut_mw

from twin.metrics.half_hours import block_of
from twin.metrics.tables import member_tables
from twin.operation.injections import solve_injections
from twin.operation.management.voltage import watched_voltage_pu
from twin.operation.record import over_time


def with_limits(inputs, power_factor_limit, **limits):
    """Return a case with wind that may use its reactive power; taps and reactors stand still."""
    model = inputs.model
    wind = model.plants.kind == "wind"
    plants = model.plants.assign(power_factor_limit=np.where(wind, power_factor_limit, 1.0))
    model = replace(
        model,
        plants=plants,
        limits=replace(model.limits, **limits),
        controls=replace(model.controls, automatic=False),
    )
    return make_case(inputs, [member(inputs, criterion="n-0")], [model])


def vm_pu(case, injections):
    return float(np.abs(watched_voltage_pu(case, solve_injections(case, injections))).max())


def q_mvar(records):
    return np.array([record.q_support_mvar[0] for record in records])


def weaker(case, injections, share):
    """Return the injections with a share of the extra reactive power given back."""
    own = case.units.q_per_p
    return replace(injections, unit_q_per_p=own + (1.0 - share) * (injections.unit_q_per_p - own))


@pytest.fixture(scope="module")
def windy(goto_year):
    case = with_limits(goto_year.days(WINDY_DAY), 0.9, vm_max_pu=1.03)
    return case, records_of(case)


def test_high_voltage_is_held_by_absorbing_and_nothing_is_cut(windy):
    case, records = windy
    q = q_mvar(records)
    assert (q < -0.5).sum() > 3
    assert q.max() == 0.0
    assert total_cut_mw(records, ["voltage"]).max() == 0.0
    for t in np.flatnonzero(q < -0.5):
        assert vm_pu(case, records[t].injections) <= 1.03 * 1.00001


def test_no_more_reactive_power_is_used_than_needed(windy):
    case, records = windy
    for t in np.flatnonzero(q_mvar(records) < -0.5):
        assert vm_pu(case, weaker(case, records[t].injections, 0.02)) > 1.03 * 1.00001


def test_the_share_of_the_range_is_the_same_for_all_plants_that_reach_the_bus(windy):
    case, records = windy
    t = int(q_mvar(records).argmin())
    used = case.units.q_per_p[0] - records[t].injections.unit_q_per_p[0]
    share = used[used > 0.0] / (case.units.q_per_p + case.units.q_per_p_limit)[0, used > 0.0]
    assert len(share) >= 2
    assert np.ptp(share) < 1e-12
    assert 0.0 < share[0] <= 1.0


def test_a_cut_follows_only_where_the_range_is_used_up(goto_year):
    case = with_limits(goto_year.days(WINDY_DAY), 0.99, vm_max_pu=1.02)
    records = records_of(case)
    cut = total_cut_mw(records, ["voltage"])
    assert cut.sum() > 1.0
    for t in np.flatnonzero(cut.sum(axis=1) > 0.1):
        of_cut = cut[t] > 0.1
        exhausted = case.units.q_per_p[0] - records[t].injections.unit_q_per_p[0]
        helpful = exhausted > 0.0
        assert helpful.any()
        assert np.allclose(records[t].injections.unit_q_per_p[0, helpful], -case.units.q_per_p_limit[0, helpful])
        assert of_cut.any()


def test_low_voltage_is_supported_never_cut_and_what_is_left_is_recorded(goto_year):
    case = with_limits(goto_year.days(MONTH_END), 0.9, vm_min_pu=1.0)
    records = records_of(case)
    assert q_mvar(records).max() > 0.5
    assert q_mvar(records).min() == 0.0
    assert total_cut_mw(records, ["voltage"]).max() == 0.0
    table = member_tables(case, block_of(0, over_time(records)), 0)
    system = table["system"].to_pandas()
    lowest = table["bus"].to_pandas().drop(columns="time").min(axis=1)
    assert (lowest < 0.99).any()
    assert (system.voltage_outside[lowest < 0.9999] == 1).all()
    assert (system.voltage_outside[lowest > 1.0] == 0).all()
