"""A forecasting operator: caps in whole percents of contract, a fixed lead ahead, not undone, misses counted."""

from dataclasses import replace

import numpy as np
import pytest
from loop_fixtures import WINDY_DAY, all_plants, devices, make_case, member, records_of, run, total_cut_mw

from twin.core.quantities import CONGESTION_CAUSES
from twin.operation.ledger import CAP_STEP
from twin.operation.operator import Ahead, announced

LEAD = 4


def ahead(inputs, **changes):
    return member(inputs, operator="forecast", forecast_lead_half_hours=LEAD, **changes)


@pytest.fixture(scope="module")
def windy(goto_year):
    inputs = goto_year.days(WINDY_DAY)
    case = make_case(inputs, [ahead(inputs), member(inputs)])
    return case, *run(case)


@pytest.fixture(scope="module")
def foreseen(goto_year):
    """The day before and the windy day without sites' PV and outages: the operator's forecast is the truth."""
    inputs = goto_year.days(WINDY_DAY)
    truth = inputs.profiles
    inputs = replace(
        inputs.with_profiles(plant_unavailable_mw=np.zeros_like(truth.plant_unavailable_mw)),
        forecasts=replace(
            inputs.forecasts, plant_available_mw=truth.plant_available_mw, area_demand_mw=truth.area_demand_mw
        ),
    )
    roofs = replace(devices(inputs.fleet, batteries=False), has_pv=np.zeros(len(inputs.fleet.site_id), dtype=bool))
    free = replace(roofs, demand_kwh=np.zeros(len(inputs.fleet.site_id)))
    return inputs, {"devices": free, "firmness": all_plants(inputs, "non-firm")}


def test_caps_are_whole_percents_of_the_contract(windy):
    _, states, _ = windy
    caps = np.array([state.caps.left_pu[0] for state in states])
    bound = caps[caps < 1.0]
    assert len(bound) > 5
    assert np.abs(bound / CAP_STEP - np.round(bound / CAP_STEP)).max() < 1e-9


def test_caps_are_fixed_a_lead_ahead_and_stay_as_they_were_fixed(windy):
    _, states, _ = windy
    first_bound = {
        t: states[t].caps.left_pu[0, t % LEAD].copy()
        for t in range(48)
        if (states[t].caps.left_pu[0, t % LEAD] < 1).any()
    }
    assert first_bound
    for t, cap in first_bound.items():
        for later in range(t + 1, min(t + LEAD, 48)):
            assert np.array_equal(states[later].caps.left_pu[0, t % LEAD], cap)


def test_capped_plants_obey_even_where_nothing_is_overloaded(windy):
    case, states, records = windy
    obeyed = 0
    for t in range(48 - LEAD):
        limit_mw = states[t].caps.left_pu[0, t % LEAD] * case.units.contract_mw[0, : case.plants]
        output_mw = records[t + LEAD].injections.unit_mw[0, : case.plants]
        assert (output_mw <= limit_mw + 1e-9).all()
        obeyed += bool((np.abs(output_mw - limit_mw)[limit_mw < case.units.contract_mw[0, : case.plants]] < 1e-9).any())
    assert obeyed > 3


def test_what_the_caps_cut_is_all_that_is_cut_and_misses_are_counted(windy):
    case, states, records = windy
    for t, record in enumerate(records):
        capped = states[t - LEAD].caps.left_pu[0, t % LEAD] < 1.0 if t >= LEAD else np.zeros(case.plants, dtype=bool)
        cut = total_cut_mw([record], CONGESTION_CAUSES)[0, : case.plants]
        assert not (cut[~capped] > 0.0).any()
        over = max(record.after.intact_percent[0], record.after.loading_percent[0]) > 100.001
        assert record.missed[0] == over
        assert (record.residual_mva[0] > 0.0) == over
        assert not record.missed[1]
    assert sum(record.missed[0] for record in records) > 0


def test_with_a_true_forecast_nothing_is_missed_and_the_cut_is_the_perfect_one_in_whole_percents(foreseen):
    inputs, settings = foreseen
    case = make_case(inputs, [ahead(inputs, **settings), member(inputs, **settings)])
    records = records_of(case)
    assert not any(record.missed[0] for record in records[LEAD:])
    cut, perfect = (total_cut_mw(records[LEAD:], CONGESTION_CAUSES, m).sum(axis=1) for m in (0, 1))
    one_step_mw = CAP_STEP * case.units.contract_mw[0, : case.plants].sum()
    assert perfect.max() > 1.0
    assert (cut >= perfect - 1e-3).all()
    assert (cut <= perfect + one_step_mw + 1e-3).all()


@pytest.fixture(scope="module")
def ordered_off(foreseen):
    """Two thirds of all output are ordered off; told at 17 h of the day before, at midnight, never."""
    inputs, settings = foreseen
    inputs = inputs.with_profiles(area_physical=np.full_like(inputs.profiles.area_physical, 2.0 / 3.0))
    told = ((True, 17.0), (True, 24.0), (False, 17.0))
    return make_case(inputs, [ahead(inputs, area_balance=a, area_notice_hour=hour, **settings) for a, hour in told])


def test_what_the_area_has_ordered_off_is_not_cut_once_more(ordered_off):
    """A third of the output is far below the rating: with the order known nobody is capped."""
    states, records = run(ordered_off)
    told, told_at_midnight, without = (np.array([state.caps.left_pu[m] for state in states]) for m in range(3))
    assert without.min() < 1.0
    assert told.min() == told_at_midnight.min() == 1.0
    assert not total_cut_mw(records, CONGESTION_CAUSES, 0).any()


def test_orders_of_the_area_are_known_from_the_hour_on_at_which_they_are_told(ordered_off):
    """By hand, for 3:00, 1:00 and 1:00: decided at 1:00, at 23:00 and at 15:00 of the day before."""
    step, lead = np.array([6, 2, 2]), np.array([4, 4, 20])
    for m, known in enumerate(([True, True, False], [True, False, False], [False, False, False])):
        nothing = np.zeros((3, 0))
        ahead_of = Ahead(np.full(3, m), step, nothing, nothing, nothing, nothing, lead)
        shares = announced(ordered_off, ahead_of)
        assert shares == pytest.approx(np.repeat(np.array(known)[:, None], ordered_off.plants, axis=1) * 2.0 / 3.0)


def test_a_margin_is_kept_free(foreseen):
    inputs, settings = foreseen
    case = make_case(inputs, [ahead(inputs, flow_margin_mw=margin, **settings) for margin in (0.0, 6.0)])
    records = records_of(case)
    tight = [r for r in records[LEAD:] if total_cut_mw([r], CONGESTION_CAUSES, 0).sum() > 1.0]
    rating_mva = case.grid.end_rating_mva[0, 0]
    assert tight
    for record in tight:
        assert record.after.loading_percent[1] <= 100.0 - 100.0 * 6.0 / rating_mva + 0.001
        assert record.after.loading_percent[0] > 100.0 - 100.0 * 2.0 / rating_mva


def test_batteries_that_the_operator_does_not_see_save_no_cut(goto_year):
    inputs = goto_year.days(WINDY_DAY - 1, 2)
    fleet = inputs.fleet
    held = {"policy": "hold_behind_meter", "devices": devices(fleet, throttle=True)}
    case = make_case(
        inputs, [ahead(inputs, operator_sees_dispatch=sees, **held) for sees in (True, False)] + [ahead(inputs)]
    )
    records = records_of(case)
    seen, unseen, without = (total_cut_mw(records[48:], CONGESTION_CAUSES, m)[:, : case.plants].sum() for m in range(3))
    assert seen < unseen - 1.0
    assert unseen == pytest.approx(without, rel=1e-9)
