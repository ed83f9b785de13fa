"""Homes that follow the price: hand-computed response, what is shifted comes back, and the plan's free hour."""

import numpy as np
import pytest
from device_cases import HOURS, homes, run_steps, total_mw

from twin.devices.homes import free_hour_price_ratio

QUIET = 400
"""Half-hours after which nothing of a shift is left (time constant 4 h)."""


@pytest.mark.parametrize(
    ("price", "change_mw"), [(1.0, 0.0), (0.0, 20.0 * (np.exp(0.1) - 1.0)), (2.0, 20.0 * (np.exp(-0.1) - 1.0))]
)
def test_the_first_half_hour_follows_the_elasticity(price, change_mw):
    flows, _ = run_steps(homes(), price=price)
    assert flows["demand_mw"][0, 0] == pytest.approx(np.array([0.25, 0.75]) * change_mw, abs=1e-12)


def test_the_elasticity_is_the_slope_at_the_usual_price():
    flows, _ = run_steps(homes(), price=1.001)
    assert total_mw(flows)[0, 0] / 20.0 / 0.001 == pytest.approx(-0.1, rel=1e-3)


@pytest.mark.parametrize(("price", "change_mw"), [(0.0, 0.02 * 20.0), (2.0, -0.02 * 20.0), (1e6, -0.02 * 20.0)])
def test_no_more_moves_than_the_flexible_share(price, change_mw):
    flows, _ = run_steps(homes(flexible_share=0.02), price=price)
    assert total_mw(flows)[0, 0] == pytest.approx(change_mw)


@pytest.mark.parametrize(("price", "left"), [(0.0, 0.05), (2.0, 1.0 / 0.95 - 1.0)])
def test_what_is_shifted_comes_back_less_or_more_by_its_loss(price, left):
    """A pulse E up is later saved by 0.95 E; a pulse E down costs E / 0.95: neither uses the device's own accounts."""
    prices = np.ones(QUIET)
    prices[0] = price
    flows, states = run_steps(homes(), price=prices, steps=QUIET)
    energy = HOURS * total_mw(flows)[:, 0]
    assert energy.sum() == pytest.approx(left * abs(energy[0]), rel=1e-9)
    assert np.sign(energy[1:60]) == pytest.approx(-np.sign(energy[0]))
    assert HOURS * flows["losses_mw"].sum() == pytest.approx(energy.sum(), rel=1e-9)
    assert np.abs(states[-1]).max() < 1e-12


def test_it_comes_back_with_its_time_constant():
    prices = np.ones(9)
    prices[0] = 0.0
    flows, _ = run_steps(homes(), price=prices, steps=9)
    change = total_mw(flows)[:, 0]
    assert change[1:] == pytest.approx(-0.95 * change[0] * (1 - np.exp(-1 / 8)) * np.exp(-np.arange(8) / 8))


def test_hours_of_dear_use_make_a_new_peak_after_them():
    """Load 15 MW, from 18 to 23 h 19.8 MW. Dear at 18 to 22 h, the new peak is at 22 h.

    A quarter of the load is put off for eight half-hours while a share k comes back of what is owed: what is owed is a
    geometric series, and its share k makes the new peak, 3.2 MW above the old one.
    """
    load = np.full(48, 0.0005)
    load[36:46] = 0.00066
    habit = load * 3e7 / 1000.0
    keen = homes(elasticity=np.array([0.5, 0.5]))
    prices = np.ones(48)
    prices[36:44] = 2.0
    dear = habit + total_mw(run_steps(keen, price=prices, steps=48, load=load)[0])[:, 0]
    assert dear.argmax() == 44
    k = 1.0 - np.exp(-1 / 8)
    kept = 1.0 - k / 0.95
    owed = 0.25 * 19.8 * HOURS / np.sqrt(0.95) * (1.0 - kept**8) / (1.0 - kept)
    assert dear.max() - habit.max() == pytest.approx(owed * k / HOURS / np.sqrt(0.95), rel=1e-9)
    assert dear.max() - habit.max() == pytest.approx(3.23, abs=0.01)


def test_long_free_hours_make_a_new_peak_at_once_and_leave_less_for_the_evening():
    """18 MW in the evening, 15 MW else: a quarter more at 11 to 15 h is 18.75 MW, and fades as use is done early."""
    load = np.full(48, 0.0005)
    load[36:44] = 0.0006
    habit = load * 3e7 / 1000.0
    prices = np.ones(48)
    prices[22:30] = 0.0
    keen = homes(elasticity=np.array([0.5, 0.5]))
    free = habit + total_mw(run_steps(keen, price=prices, steps=48, load=load)[0])[:, 0]
    assert free.argmax() == 22
    assert free.max() == pytest.approx(15.0 * 1.25)
    assert (np.diff(free[22:30]) < 0.0).all()
    assert (free[30:] < habit[30:]).all()


def test_the_free_hour_takes_load_from_the_hour_before():
    ratio = free_hour_price_ratio()
    assert (ratio[22:24] == 2.0).all() and (ratio[24:26] == 0.0).all()
    assert (np.delete(ratio, np.s_[22:26]) == 1.0).all()
    change = total_mw(run_steps(homes(), price=ratio, steps=48)[0])[:, 0]
    assert (change[22:24] < 0.0).all() and (change[24:26] > 0.0).all()
    assert np.array_equal(change[:22], np.zeros(22))


def test_the_marginal_prices_of_the_free_hour_are_those_of_its_bill():
    def bill(use_11, use_12):
        return use_11 + min(use_11, use_12)

    ratio = free_hour_price_ratio()
    assert bill(1.001, 1.2) - bill(1.0, 1.2) == pytest.approx(0.001 * ratio[22])
    assert bill(1.0, 1.201) - bill(1.0, 1.2) == pytest.approx(0.001 * ratio[24])


def test_no_price_changes_nothing_and_signals_are_not_obeyed_but_counted():
    flows, states = run_steps(homes(), signal=np.array([0.0, 0.5, -1.0]), steps=3)
    assert not flows["demand_mw"].any() and not states.any()
    assert flows["clipped"][:, 0].tolist() == [0, 1, 1]
