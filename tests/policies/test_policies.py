"""What policies order, and that orders which no site could obey are refused."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from loop_fixtures import WINDY_DAY, devices, make_case, member, run
from policy_views import LIMIT_MW, SIX_O_CLOCK, peak_at, view

from twin.core.errors import InputError
from twin.devices.device import GRID_BATTERIES, PLANT_BATTERIES
from twin.policies.catalogue import POLICIES, shipped_policy
from twin.policies.congestion_aware import CongestionAware
from twin.policies.interface import Cadence, Mode

SELF, IDLE = int(Mode.SELF_CONSUMPTION), int(Mode.IDLE)


def test_the_battery_rests_while_a_peak_is_ahead():
    plan = CongestionAware().decide(view(peak_at(8, 9, 10, 11)))
    assert (plan.mode[:, 0] == IDLE).all()
    assert (plan.export_limit_pu[:, 0] == 1.0).all()


def test_in_the_peak_it_charges_and_feeds_nothing_in():
    plan = CongestionAware().decide(view(peak_at(2, 3, 4, 5)))
    assert plan.mode[:, 0].tolist() == [IDLE, IDLE, SELF, SELF, SELF, SELF]
    assert plan.export_limit_pu[:, 0].tolist() == [1.0, 1.0, 0.0, 0.0, 0.0, 0.0]


@pytest.mark.parametrize(("soc_percent", "charging"), [(0.0, 4), (50.0, 2), (74.9, 2), (75.0, 1)])
def test_it_charges_in_as_many_half_hours_as_the_battery_takes_to_fill(soc_percent, charging):
    forecast = 60.0 - 0.1 * np.arange(48)
    plan = CongestionAware().decide(view(forecast, soc_percent=(soc_percent, 0.0)))
    assert (plan.export_limit_pu[:, 0] == 0.0).sum() == charging
    assert (plan.mode[:charging, 0] == SELF).all()


def test_a_quiet_day_is_plain_self_consumption():
    plan = CongestionAware().decide(view(peak_at(3, peak_mw=0.89 * LIMIT_MW)))
    assert (plan.mode == SELF).all()
    assert (plan.export_limit_pu == 1.0).all()


def test_a_peak_of_tomorrow_is_left_to_tomorrow():
    plan = CongestionAware().decide(view(peak_at(47), half_hour=SIX_O_CLOCK))
    assert (plan.mode == SELF).all()


def test_after_the_peak_the_battery_covers_the_evening():
    falling = np.concatenate([[60.0, 60.0, 60.0, 60.0], np.full(44, -10.0)])
    plan = CongestionAware().decide(view(falling))
    assert (plan.mode[4:, 0] == SELF).all()


@pytest.mark.parametrize("peak_mw", [60.0, 44.0])
def test_batteries_beside_plants_and_in_the_grid_charge_in_the_highest_steps_of_an_alert_only(peak_mw):
    """Twelve steps above 90 % of 50 MW, the highest last: a store of two hours takes the last four or none."""
    forecast = np.concatenate([np.linspace(46.0, max(peak_mw, 46.0), 12), np.full(36, 20.0)])
    if peak_mw < 45.0:
        forecast[:12] = peak_mw
    seen = replace(view(forecast, half_hours=14), devices=(GRID_BATTERIES, PLANT_BATTERIES),
                   stored=lambda: np.array([3.0, 0.0]))  # fmt: skip
    plan = CongestionAware(storage_hours=2.0, least_mwh={GRID_BATTERIES: 1.0}).decide(seen)
    if peak_mw < 45.0:
        assert plan.device_pu.T.tolist() == [[-1.0] * 14, [0.0] * 14]
    else:
        charging = [0.0] * 8 + [1.0] * 4 + [-1.0] * 2
        assert plan.device_pu.T.tolist() == [charging, charging]


def test_a_scalar_policy_orders_for_its_whole_cadence():
    for policy in map(shipped_policy, POLICIES):
        plan = policy.decide(view(peak_at(3), half_hours=policy.cadence.half_hours))
        for name in ("mode", "battery_power_pu", "export_limit_pu", "soc_min_percent"):
            assert getattr(plan, name).shape == (policy.cadence.half_hours, 2)


def test_only_holding_forbids_feed_in_on_a_quiet_day():
    limits = {name: shipped_policy(name).decide(view(peak_at())).export_limit_pu.min() for name in POLICIES}
    assert {name for name, limit in limits.items() if limit < 1.0} == {"hold_behind_meter"}


@pytest.mark.parametrize("half_hours", [0, 7, 96])
def test_decisions_that_do_not_fit_the_day_are_refused(half_hours):
    with pytest.raises(InputError, match="divisor of 48"):
        Cadence(half_hours)


@dataclass(frozen=True)
class Broken:
    """Orders idle batteries with some fields replaced."""

    changes: dict
    cadence: Cadence = Cadence(48)  # noqa: RUF009 - frozen

    def decide(self, view):
        return replace(view.plan(Mode.IDLE), **self.changes)


@pytest.fixture(scope="module")
def windy(goto_year):
    return goto_year.days(WINDY_DAY).half_hours(2)


@pytest.mark.parametrize(
    ("changes", "problems"),
    [
        ({"battery_power_pu": np.zeros((48, 3))}, ["wrong shape"]),
        ({"battery_power_pu": np.zeros(48)}, ["wrong shape"]),
        ({"mode": np.zeros((6, 21), dtype=int)}, ["wrong shape"]),
        ({"soc_min_percent": 10.0}, ["wrong shape"]),
        ({"export_limit_pu": np.full((48, 21), np.nan)}, ["not a number"]),
        ({"export_limit_pu": np.full((48, 21), None)}, ["not a number"]),
        ({"mode": np.full((48, 21), 7)}, ["unknown mode"]),
        ({"battery_power_pu": np.full((48, 21), np.inf), "mode": np.zeros(1)}, ["wrong shape", "not a number"]),
        ({"export_limit_pu": np.full((48, 21), -0.1)}, ["export_limit_pu: outside its range: -0.1 to -0.1"]),
        ({"soc_min_percent": np.full((48, 21), 101.0)}, ["soc_min_percent: outside its range"]),
        ({"price_ratio": np.full(48, -1.0)}, ["price_ratio: outside its range"]),
        ({"device_pu": np.full((48, 1), 1.0)}, ["device_pu: wrong shape"]),
        ({"mode": [[1], [1, 2]]}, ["mode: wrong shape: rows of different length"]),
    ],
)
def test_orders_that_no_site_could_obey_are_refused_all_at_once(windy, changes, problems):
    case = make_case(windy, [member(windy, policy=Broken(changes), devices=devices(windy.fleet))])
    with pytest.raises(InputError) as caught:
        run(case)
    (problem,) = caught.value.problems
    assert problem.where == "policy Broken, scenario test, base, decision at 2031-03-21 00:00"
    assert problem.what == "the orders cannot be obeyed"
    for words in problems:
        assert words in problem.seen
    assert "view.outlook: export_mw" in problem.seen


class Vandal:
    """Writes into everything that it is shown."""

    cadence = Cadence(48)

    def decide(self, view):
        for part in (view, view.batteries, view.outlook):
            for values in vars(part).values():
                if isinstance(values, np.ndarray):
                    values[:] = -1.0
        return view.plan(Mode.IDLE)


def test_a_policy_cannot_write_through_what_it_sees(windy):
    batteries = devices(windy.fleet)
    cases = [make_case(windy, [member(windy, policy=policy, devices=batteries)]) for policy in ("none", Vandal())]
    (states, records), (other_states, other_records) = (run(case) for case in cases)
    assert np.array_equal(cases[0].outlooks[0].pv_mw, cases[1].outlooks[0].pv_mw)
    assert np.array_equal(cases[0].export_per_mw, cases[1].export_per_mw)
    for t in range(2):
        assert np.array_equal(records[t].delivered_mw, other_records[t].delivered_mw)
        assert np.array_equal(states[t].available_mw, other_states[t].available_mw)
        assert np.array_equal(states[t].soc_kwh, other_states[t].soc_kwh)
