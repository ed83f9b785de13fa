"""The rolling optimisation: what it plans in cases that can be checked by hand, and that nothing sticks to it."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest

from twin.policies.interface import Batteries, Measured, Mode, Outlook, View
from twin.policies.mpc import Expected, Fleet, Mpc, NoPlanError, RollingProgram

GROUPS, HALF_HOURS = 3, 48
LIMIT_MW = 40.0
EFFICIENCY = 0.95
FIELDS = ("mode", "battery_power_pu", "export_limit_pu", "soc_min_percent", "price_ratio", "device_pu")


def view(export_mw, *, soc_percent=0.0, price=None, load_mw=0.5, steps=6, devices=(), stored=()):
    """Three groups, two of them with 1 MW and 4 MWh."""
    has_battery = np.array([0.0, 1.0, 1.0])
    shape = (HALF_HOURS, GROUPS)
    time = pd.Timestamp("2030-04-05 09:00", tz="Asia/Tokyo")
    export = np.asarray(export_mw, dtype=float)
    return View(
        time=time,
        step_of_day=18,
        steps=steps,
        batteries=Batteries(
            energy_mwh=4.0 * has_battery,
            power_mw=has_battery,
            soc_percent=soc_percent * has_battery,
            soc_min_percent=np.zeros(GROUPS),
            soc_max_percent=100.0 * has_battery,
            efficiency=EFFICIENCY * has_battery,
        ),
        measured=lambda: Measured(0.0, np.zeros(GROUPS), np.zeros(GROUPS), np.zeros(0)),
        stored=lambda: np.array(stored, dtype=float),
        outlook=Outlook(
            start=time,
            made_at=time,
            export_mw=export,
            congestion_mw=np.maximum(export - LIMIT_MW, 0.0),
            price_jpy_per_kwh=np.full(HALF_HOURS, 10.0) if price is None else price,
            pv_mw=np.zeros(shape),
            load_mw=np.full(shape, load_mw),
        ),
        export_limit_mw=LIMIT_MW,
        export_per_mw=np.ones(GROUPS),
        devices=tuple(devices),
    )


def congested(first, last, surplus_mw):
    export = np.full(HALF_HOURS, 20.0)
    export[first:last] = LIMIT_MW + surplus_mw
    return export


def test_it_charges_what_would_be_cut_and_nothing_else():
    orders = Mpc(margin_mw=0.0).decide(view(congested(2, 4, 1.0)))
    assert orders.mode[:, 1].tolist() == [Mode.IDLE, Mode.IDLE, Mode.POWER, Mode.POWER, Mode.IDLE, Mode.IDLE]
    assert np.allclose(orders.battery_power_pu[2:4, 1:], 0.5)
    assert (orders.mode[:, 0] == Mode.IDLE).all()


def test_it_makes_room_before_the_peak_where_full_batteries_would_find_none():
    orders = Mpc(margin_mw=0.0).decide(view(congested(4, 48, 2.0), soc_percent=100.0))
    assert (orders.mode[:4, 1:] == Mode.SELF_CONSUMPTION).all()
    kept_percent = 100.0 - 100.0 * 0.5 * 0.5 / EFFICIENCY * np.arange(1, 5) / 4.0
    assert np.allclose(orders.soc_min_percent[:4, 1], kept_percent)


def test_without_congestion_no_spread_pays_for_the_losses_unless_energy_is_worth_little():
    price = np.where(np.arange(HALF_HOURS) < 6, 1.0, 28.0)
    quiet = np.full(HALF_HOURS, 10.0)
    assert (Mpc().decide(view(quiet, price=price)).mode == Mode.IDLE).all()
    trades = Mpc(energy_value_jpy_per_kwh=0.0).decide(view(quiet, price=price))
    assert (trades.mode[:, 1:] == Mode.POWER).all()


def test_discharging_stays_below_the_own_demand_and_charge_within_its_limits():
    rng = np.random.default_rng(3)
    fleet = Fleet(np.array([1.0, 2.0]), np.array([0.95, 0.9]), np.array([1.02, 0.98]))
    program = RollingProgram(fleet)
    for _ in range(20):
        expected = some_expected(rng)
        plan = program.solve(expected)
        assert (plan.discharge_mw <= expected.own_demand_mw + 1e-9).all()
        assert (plan.charge_mw <= fleet.power_mw[:, None] + 1e-9).all()
        assert (plan.stored_mwh >= expected.lowest_mwh[:, None] - 1e-9).all()
        assert (plan.stored_mwh <= expected.highest_mwh[:, None] + 1e-9).all()
        change = plan.charge_mw * fleet.efficiency[:, None] - plan.discharge_mw / fleet.efficiency[:, None]
        stored = expected.stored_mwh[:, None] + 0.5 * np.cumsum(change, axis=1)
        assert np.allclose(plan.stored_mwh, stored, atol=1e-7)
        relief = fleet.export_per_mw @ (plan.charge_mw - plan.discharge_mw)
        assert (plan.cut_mw + relief >= expected.surplus_mw - 1e-7).all()


def some_expected(rng):
    price = rng.uniform(0.0, 30.0, HALF_HOURS)
    return Expected(
        own_demand_mw=rng.uniform(0.0, 1.5, (2, HALF_HOURS)),
        stored_mwh=rng.uniform(0.5, 4.0, 2),
        lowest_mwh=np.array([0.5, 0.5]),
        highest_mwh=np.array([4.0, 6.0]),
        surplus_mw=rng.uniform(-10.0, 4.0, HALF_HOURS),
        charge_cost=np.tile(price, (2, 1)) + 3.0,
        discharge_gain=np.tile(price, (2, 1)),
        cut_cost=price + 50.0,
        left_worth=np.full(2, 9.0),
    )


def test_nothing_of_earlier_decisions_changes_the_orders():
    rng = np.random.default_rng(5)
    lasting = Mpc()
    for number in range(12):
        seen = view(rng.uniform(20.0, 46.0, HALF_HOURS), soc_percent=rng.uniform(0.0, 100.0),
                    price=rng.choice([5.0, 10.0, 20.0], HALF_HOURS))  # fmt: skip
        orders = lasting.decide(seen)
        for other in (Mpc(), pickle.loads(pickle.dumps(lasting)), copy.deepcopy(lasting)):
            same(orders, other.decide(seen))
        if number % 3 == 0:
            lasting = pickle.loads(pickle.dumps(lasting))


def same(one, two):
    for name in FIELDS:
        assert np.array_equal(getattr(one, name), getattr(two, name)), name


def test_devices_take_what_would_be_cut_and_batteries_give_it_back_when_it_is_dear():
    names = ("homes", "water_heaters", "grid_batteries")
    policy = Mpc(margin_mw=0.0)
    price = np.where(np.arange(HALF_HOURS) >= 3, 20.0, 5.0)
    policy.decide(view(np.zeros(HALF_HOURS), devices=names, stored=(0.0, 0.0, 2.0)))
    orders = policy.decide(view(congested(0, 2, 3.0), price=price, devices=names, stored=(0.0, 0.0, 5.0)))
    assert orders.device_pu[:, 0].tolist() == [0.0] * 6
    assert orders.device_pu[:, 1].tolist() == [1.0, 1.0, 0.0, 0.0, 0.0, 0.0]
    assert orders.device_pu[:, 2].tolist() == [1.0, 1.0, 0.0, -1.0, -1.0, -1.0]


def test_a_member_without_batteries_gets_no_program():
    seen = view(congested(0, 6, 1.0))
    nothing = np.zeros(GROUPS)
    bare = Batteries(nothing, nothing, nothing, nothing, nothing, nothing)
    policy = Mpc()
    orders = policy.decide(View(**vars(seen) | {"batteries": bare}))
    assert (orders.mode == Mode.IDLE).all()
    assert policy._program is None


@pytest.mark.parametrize("surplus", [np.inf, np.nan])
def test_no_plan_is_an_error_and_no_silent_order(surplus):
    expected = some_expected(np.random.default_rng(1))
    expected.surplus_mw[3] = surplus
    with pytest.raises(NoPlanError):
        RollingProgram(Fleet(np.ones(2), np.full(2, 0.9), np.ones(2))).solve(expected)
