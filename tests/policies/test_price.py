"""The shipped policies that look at prices and at the free hour, and the signals of congestion_aware."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from policy_views import LIMIT_MW, peak_at, view

from twin.devices.homes import free_hour_price_ratio
from twin.policies.congestion_aware import CongestionAware
from twin.policies.interface import GATE_CLOSURE, Mode
from twin.policies.price import Price, traded
from twin.policies.rules import FreeHour
from twin.policies.tariffs import AfternoonOrder, LinkedPrice, MorningOrder, OrderWindow

IDLE, SELF, POWER = int(Mode.IDLE), int(Mode.SELF_CONSUMPTION), int(Mode.POWER)
DEVICES = ("homes", "water_heaters", "cars", "commercial", "grid_batteries", "plant_batteries")


def seen(price, load_mw=0.4, pv_mw=0.0, stored_mwh=0.0, **changes):
    """A group with 1 MW, 2 MWh, 0.95 one-way; a second one without batteries; 48 half-hours from midnight."""
    some = view(np.zeros(48), half_hour=0, half_hours=48, **changes)
    of_groups = {"load_mw": np.full((48, 2), load_mw), "pv_mw": np.broadcast_to(np.reshape(pv_mw, (-1, 1)), (48, 2))}
    outlook = replace(some.outlook, price_jpy_per_kwh=np.asarray(price, dtype=float), **of_groups)
    return replace(some, outlook=outlook, devices=DEVICES, stored=lambda: np.full(len(DEVICES), stored_mwh))


def signal(plan, name):
    return plan.device_pu[:, DEVICES.index(name)]


def curve(base=10.0, **at):
    price = np.full(48, base)
    for half_hour, value in at.items():
        price[int(half_hour[1:])] = value
    return price


def test_it_buys_the_cheapest_and_covers_the_dearest_half_hours_as_far_as_the_spread_pays():
    """Per half-hour 0.475 MWh go into the store, and the demand takes 0.4 * 0.5 / 0.95 = 0.2105 MWh out of it.

    The two half-hours at 30 JPY take 0.4211 MWh. The rest of the one at 2 JPY is for the one at 10.5 JPY; to charge
    more for it at 10 JPY does not pay: 10.5 * 0.95**2 = 9.48 < 10.
    """
    price = curve(_24=2.0, _36=30.0, _37=30.0, _40=10.5)
    plan = Price().decide(seen(price))
    assert np.flatnonzero(plan.mode[:, 0] == POWER).tolist() == [24]
    assert plan.battery_power_pu[24, 0] == pytest.approx(1.0)
    assert np.flatnonzero(plan.mode[:, 0] == SELF).tolist() == [36, 37, 40]
    assert (plan.mode[:, 1] == IDLE).all()
    assert not plan.battery_power_pu[:, 1].any()


def test_a_part_of_a_half_hour_is_charged_where_the_demand_of_the_dear_ones_is_small():
    plan = Price().decide(seen(curve(_24=2.0, _36=30.0, base=2.1)))
    assert plan.battery_power_pu[24, 0] == pytest.approx(0.4 * 0.5 / 0.95 / 0.475)
    assert np.flatnonzero(plan.mode[:, 0] == SELF).tolist() == [36]


@pytest.mark.parametrize(("dear", "acts"), [(11.07, False), (11.09, True)])
def test_nothing_is_done_where_the_spread_does_not_pay_for_the_losses(dear, acts):
    """10 / 0.95**2 = 11.08."""
    plan = Price().decide(seen(curve(_36=dear)))
    assert (plan.mode[:, 0] != IDLE).any() == acts
    assert plan.battery_power_pu.any() == acts


def test_no_more_is_charged_than_the_batteries_can_use():
    """2 MWh from 10 to 90 % are 1.6 MWh: 1.6 / 0.475 = 3.37 half-hours."""
    some = seen(np.where(np.arange(48) < 24, 1.0, 30.0), load_mw=3.0)
    limits = {"soc_min_percent": np.full(2, 10.0), "soc_max_percent": np.full(2, 90.0)}
    plan = Price().decide(replace(some, batteries=replace(some.batteries, **limits)))
    assert plan.battery_power_pu[:4, 0] == pytest.approx([1.0, 1.0, 1.0, 1.6 / 0.475 - 3.0])
    assert not plan.battery_power_pu[4:].any()


def test_the_sun_covers_the_demand_of_dear_half_hours_by_itself():
    price = curve(_24=2.0, _30=30.0, _36=30.0)
    plan = Price().decide(seen(price, pv_mw=np.where(np.arange(48) == 30, 1.0, 0.0)))
    assert plan.mode[30, 0] == IDLE
    assert plan.mode[36, 0] == SELF


def test_flexible_devices_follow_the_rank_of_the_price():
    price = np.concatenate([np.full(12, 5.0), np.full(24, 10.0), np.full(6, 15.0), np.full(6, 25.0)])
    plan = Price().decide(seen(price))
    assert signal(plan, "water_heaters").tolist() == [1.0] * 12 + [0.0] * 24 + [-1.0] * 12
    assert signal(plan, "commercial").tolist() == [0.0] * 42 + [-1.0] * 6
    assert not signal(plan, "homes").any()
    battery = signal(plan, "grid_batteries")
    assert (battery[:7] > 0.0).all()
    assert (battery[42:] == -1.0).all()
    assert battery[8:36].tolist() == [0.0] * 28
    stored = 0.5 * np.where(battery > 0.0, battery * np.sqrt(0.88), battery / np.sqrt(0.88))
    assert stored.sum() == pytest.approx(0.0)
    assert np.array_equal(battery, signal(plan, "cars"))
    assert np.array_equal(battery, signal(plan, "plant_batteries"))


def test_a_flat_price_moves_nothing():
    plan = Price().decide(seen(np.full(48, 12.0)))
    assert (plan.mode == IDLE).all()
    assert not plan.device_pu.any()


def test_price_decides_at_gate_closure():
    assert Price().cadence is GATE_CLOSURE


PRICES = arrays(float, 12, elements=st.floats(0.0, 100.0))
ENERGIES = arrays(float, 12, elements=st.floats(0.0, 5.0))


@settings(max_examples=80, deadline=None, derandomize=True)
@given(PRICES, ENERGIES, ENERGIES, st.floats(0.0, 20.0), st.floats(0.5, 1.0))
def test_what_is_traded_balances_keeps_its_limits_and_gains(price, into, out_of, capacity, round_trip):
    put_in, taken_out = traded(price, into, out_of, capacity, round_trip)
    assert (put_in >= 0.0).all() and (put_in <= into).all()
    assert (taken_out >= 0.0).all() and (taken_out <= out_of).all()
    assert put_in.sum() == pytest.approx(taken_out.sum(), abs=1e-9)
    assert put_in.sum() <= capacity + 1e-9
    meant = 1e-9  # sums of a dozen numbers up to 5 are exact to this
    assert not ((put_in > meant) & (taken_out > meant)).any()
    buys, sells = price[put_in > meant], price[taken_out > meant]
    if len(buys) and len(sells):
        assert sells.min() * round_trip > buys.max()


@settings(max_examples=60, deadline=None, derandomize=True)
@given(PRICES, ENERGIES, ENERGIES, st.floats(0.0, 20.0), st.floats(0.5, 1.0))
def test_no_other_trade_gains_more(price, into, out_of, capacity, round_trip):
    """Compared with a linear program of the same day, which keeps its constraints to 1e-7: times 12 prices up to 50."""
    from scipy.optimize import linprog

    put_in, taken_out = traded(price, into, out_of, capacity, round_trip)
    cost = np.concatenate([price, -price * round_trip])
    balance = np.concatenate([np.ones(12), -np.ones(12)])[None]
    total = np.concatenate([np.ones(12), np.zeros(12)])[None]
    bounds = [(0.0, most) for most in np.concatenate([into, out_of])]
    best = linprog(cost, total, [capacity], balance, [0.0], bounds)
    assert cost @ np.concatenate([put_in, taken_out]) == pytest.approx(best.fun, abs=1e-4)


@pytest.mark.parametrize("half_hour", [0, 20])
def test_the_free_hour_is_announced_and_used(half_hour):
    some = replace(seen(np.full(48, 10.0)), step_of_day=half_hour)
    plan = FreeHour().decide(some)
    noon = (24 - half_hour) % 48
    assert plan.price_ratio[[noon, noon + 1]].tolist() == [0.0, 0.0]
    assert plan.price_ratio[[noon - 2, noon - 1]].tolist() == [2.0, 2.0]
    assert plan.price_ratio.sum() == free_hour_price_ratio().sum()
    assert (plan.mode == SELF).all()
    for name in ("water_heaters", "cars"):
        assert np.flatnonzero(signal(plan, name)).tolist() == [noon, noon + 1]
        assert signal(plan, name)[noon] == 1.0
    for name in ("homes", "commercial", "grid_batteries", "plant_batteries"):
        assert not signal(plan, name).any()


def congested(*half_hours_ahead, stored_mwh):
    some = view(peak_at(*half_hours_ahead))
    return replace(some, devices=DEVICES, stored=lambda: np.full(len(DEVICES), stored_mwh))


def test_congestion_is_met_by_flexible_demand_and_batteries_are_emptied_for_it():
    policy = CongestionAware()
    first = policy.decide(congested(2, 3, stored_mwh=1.0))
    for name in ("water_heaters", "cars", "commercial"):
        assert signal(first, name).tolist() == [0, 0, 1, 1, 0, 0]
    for name in ("grid_batteries", "plant_batteries"):
        assert signal(first, name).tolist() == [0, 0, 1, 1, -1, -1]
    later = policy.decide(congested(4, stored_mwh=3.0))
    for name in ("grid_batteries", "plant_batteries"):
        assert signal(later, name).tolist() == [-1, -1, -1, -1, 1, -1]
    emptied = policy.decide(congested(stored_mwh=1.0))
    assert not emptied.device_pu.any()
    assert peak_at(2).max() > LIMIT_MW


def test_the_linked_tariff_follows_the_price_and_is_neutral_over_the_day():
    price = curve(_24=0.0, _36=30.0)
    plan = LinkedPrice(linked_share=0.5).decide(seen(price))
    assert plan.price_ratio == pytest.approx(0.5 + 0.5 * price / price.mean())
    assert plan.price_ratio.mean() == pytest.approx(1.0)
    assert (signal(plan, "water_heaters") == signal(Price().decide(seen(price)), "water_heaters")).all()


@pytest.mark.parametrize(("policy", "hours"), [(MorningOrder(), (8, 10)), (OrderWindow(), (10, 14)),
                                               (AfternoonOrder(), (14, 16))])  # fmt: skip
def test_a_window_of_orders_reaches_devices_and_leaves_the_price(policy, hours):
    plan = policy.decide(seen(curve()))
    half_hours = range(2 * hours[0], 2 * hours[1])
    for name in ("water_heaters", "cars", "commercial"):
        assert np.flatnonzero(signal(plan, name)).tolist() == list(half_hours)
        assert (signal(plan, name)[half_hours] == 1.0).all()
    for name in ("homes", "grid_batteries", "plant_batteries"):
        assert not signal(plan, name).any()
    assert (plan.price_ratio == 1.0).all()
