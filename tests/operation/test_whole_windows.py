"""Plants without remote control: stopped for whole windows told the day before, never by half-hour."""

from dataclasses import replace

import numpy as np
import pytest
from loop_fixtures import SEED, WINDY_DAY, make_case, member, run, total_cut_mw
from shipped import GOTO

from twin.core.quantities import CONGESTION_CAUSES
from twin.operation.member import BY_HALF_HOUR, BY_WINDOW, NOT_AT_ALL
from twin.operation.state import initial_state
from twin.operation.window import Window
from twin.resources.forecasts import make_forecasts

WINDOW = (8.0, 16.0)


@pytest.fixture(scope="module")
def sunny_and_windy(goto_year):
    """A windy day with the sun of a clear one and half the demand, so that firm plants have to give way."""
    sunny = np.argmax(goto_year.profiles.plant_available_mw[:, 0].reshape(-1, 48).sum(axis=1))
    inputs = goto_year.days(WINDY_DAY)
    is_pv = (inputs.model.plants.kind == "pv").to_numpy()
    output = inputs.profiles.plant_available_mw.copy()
    output[:, is_pv] = goto_year.days(int(sunny)).profiles.plant_available_mw[:, is_pv]
    inputs = inputs.with_profiles(plant_available_mw=output, area_demand_mw=0.6 * inputs.profiles.area_demand_mw)
    dc_mw = np.zeros(len(output))
    forecasts = make_forecasts(
        GOTO, inputs.profiles, inputs.model.plants, inputs.model.areas, dc_mw,
        seed=SEED, weather_year=0, lead_hours=2.0, day_ahead=True,
    )  # fmt: skip
    return replace(inputs, forecasts=forecasts)


def follows(inputs, how):
    offline = (inputs.model.plants.area_control == "offline").to_numpy()
    return tuple(how if off else BY_HALF_HOUR for off in offline), offline


@pytest.fixture(scope="module")
def three_ways(sunny_and_windy):
    inputs = sunny_and_windy
    hows = (BY_HALF_HOUR, BY_WINDOW, NOT_AT_ALL)
    members = [
        member(inputs, operator="forecast", follows=follows(inputs, how)[0], window_hours=WINDOW) for how in hows
    ]
    case = make_case(inputs, members)
    return case, follows(inputs, BY_WINDOW)[1], *run(case)


def test_offline_plants_are_cut_by_one_share_in_the_window_and_not_outside(three_ways):
    case, offline, _, records = three_ways
    cut = total_cut_mw(records, CONGESTION_CAUSES, 1)[:, : case.plants][:, offline]
    available = np.array([r.ledger.available_mw[1, : case.plants] - r.ledger.cut_mw["unavailable"][1, : case.plants]
                          for r in records])[:, offline]  # fmt: skip
    window = slice(16, 32)
    assert cut[window].sum() > 1.0
    assert cut[:16].sum() == cut[32:].sum() == 0.0
    runs = available[window] > 1e-6
    share = np.where(runs, cut[window] / np.maximum(available[window], 1e-6), np.nan)
    assert np.nanmax(np.nanmax(share, axis=0) - np.nanmin(share, axis=0)) < 1e-9
    assert np.allclose(share[runs] * 100.0, np.round(share[runs] * 100.0), atol=1e-6)
    stopped = np.array([record.stopped_mw[1] for record in records])
    assert stopped == pytest.approx(cut.sum(axis=1), abs=1e-9)


def test_who_cannot_be_reached_is_not_cut_and_the_rest_pays_or_the_criterion_is_missed(three_ways):
    case, offline, _, records = three_ways
    by_half_hour, by_window, not_at_all = (
        total_cut_mw(records, CONGESTION_CAUSES, m)[:, : case.plants] for m in range(3)
    )
    assert by_half_hour[:, offline].sum() > 1.0
    assert not_at_all[:, offline].sum() == 0.0
    assert not_at_all[:, ~offline].sum() > by_half_hour[:, ~offline].sum() + 1.0
    assert by_window[:, ~offline].sum() < by_half_hour[:, ~offline].sum()
    assert by_window.sum() > by_half_hour.sum()
    assert not any(record.stopped_mw[m] for record in records for m in (0, 2))


def test_the_orders_of_a_day_do_not_know_the_day(sunny_and_windy, three_ways):
    case, _, states, _ = three_ways
    inputs = sunny_and_windy
    other = inputs.with_profiles(plant_available_mw=inputs.profiles.plant_available_mw * 0.5)
    alone = make_case(other, case.members)
    states_of_other, records = run(alone, range(20))
    assert np.array_equal(states_of_other[19].stops.left_pu, states[19].stops.left_pu)
    assert records[18].stopped_mw[1] > 0.0


def test_any_window_of_the_loop_gives_the_same_also_across_midnight(goto_year, sunny_and_windy):
    inputs = goto_year.days(WINDY_DAY - 1, 2)
    both = make_forecasts(
        GOTO, inputs.profiles, inputs.model.plants, inputs.model.areas, np.zeros(96),
        seed=SEED, weather_year=0, lead_hours=2.0, day_ahead=True,
    )  # fmt: skip
    inputs = replace(inputs, forecasts=both)
    firmness = follows(inputs, BY_WINDOW)
    case = make_case(inputs, [member(inputs, operator="forecast", follows=firmness[0], window_hours=WINDOW,
                                     flow_margin_mw=25.0)])  # fmt: skip
    states, records = run(case)
    assert max(record.stopped_mw[0] for record in records[48:]) > 0.0
    whole = Window(case, states[29], 30)
    record = whole.run(70)
    for k, alone in enumerate(records[30:70]):
        assert np.array_equal(record.injections.unit_mw[k], alone.injections.unit_mw)
        assert np.array_equal(record.stopped_mw[k], alone.stopped_mw)
    assert np.array_equal(whole.state.stops.left_pu, states[69].stops.left_pu)
    assert initial_state(case).stops.left_pu.min() == 1.0
