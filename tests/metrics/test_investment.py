"""The business at small sites: the plan's own division by hand, renewals, and what would turn it."""

import math

import pytest
from shipped import GOTO
from value_case import market

from studies.experiments.ppa import business_of
from twin.metrics.payments.investment import Business, break_even_battery_jpy, payback_years, sensitivity

VALUES = {
    "pv_cost": 100.0, "battery_cost": 1000.0, "pv_subsidy": 0.0, "battery_subsidy": 50.0, "pv_life": 4.0,
    "battery_life": 3.0,
}  # fmt: skip
SMALL = Business(
    10.0, 5, market(ppa_price=20.0, ppa_surplus_price=5.0, battery_lease=30.0, ppa_running_cost=10.0), VALUES
)


def test_the_plans_paybacks_follow_from_its_prices():
    business = business_of(GOTO)
    capital, subsidy = business.capital_jpy(), business.subsidy_jpy()
    assert (capital, subsidy) == (3_350e6, 2_250e6)
    yearly = sum(business.yearly_jpy(4777.0, 531.0).values())
    assert yearly == pytest.approx(4777e3 * 23.69 + 531e3 * 7.0 + 91.8e6 - 104.773e6)
    assert payback_years(capital - subsidy, yearly) == pytest.approx(10.586, abs=0.001)
    assert payback_years(capital, yearly) == pytest.approx(32.239, abs=0.001)


def test_capital_and_balance_by_hand():
    assert SMALL.capital_jpy() == 10 * 100 + 5 * 1000
    assert SMALL.subsidy_jpy() == 2500
    assert SMALL.yearly_jpy(0.1, 0.02) == pytest.approx(
        {"ppa": 2000.0, "ppa_surplus": 100.0, "battery_lease": 150.0, "ppa_running_cost": -50.0}
    )


@pytest.mark.parametrize(("years", "jpy"), [(3.0, 0.0), (3.1, 5000.0), (4.0, 5000.0), (6.5, 11_000.0), (8.1, 12_000.0)])
def test_what_wears_out_is_bought_again_before_the_years_are_over(years, jpy):
    assert SMALL.replaced_jpy(years) == jpy


def test_a_balance_that_is_not_positive_never_pays_back():
    assert payback_years(100.0, 0.0) == math.inf
    assert payback_years(100.0, -1.0) == math.inf


@pytest.mark.parametrize("subsidised", [True, False])
def test_at_the_break_even_price_the_payback_is_the_life(subsidised):
    price = break_even_battery_jpy(SMALL, 1000.0, 3.0, subsidised=subsidised)
    capital = SMALL.capital_jpy(battery_cost=price)
    capital -= SMALL.subsidy_jpy(battery_cost=price) if subsidised else 0.0
    assert payback_years(capital, 1000.0) == pytest.approx(3.0)


def test_more_own_use_and_cheaper_batteries_pay_back_sooner():
    grid = sensitivity(SMALL, [1000.0, 500.0], [0.1, 0.2], 0.3, subsidised=False)
    assert grid[0][0] > grid[0][1] > grid[1][1]
    assert grid[0][0] == pytest.approx(6000.0 / (2000.0 + 1000.0 + 100.0))
