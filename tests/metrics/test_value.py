"""Payments of two plants and three kinds of sites over four half-hours, by hand."""

import numpy as np
import pandas as pd
import pytest
from value_case import HOURS, LEDGER, PLANTS, SITES, SYSTEM, VALUES, amounts, market, write_member

from twin.core.errors import InputError
from twin.metrics.payments.market import Market
from twin.metrics.payments.payments import payments

MWH = 1000.0 * HOURS


def rows(folder, plants=PLANTS, prices=None):
    return amounts(payments(folder, plants, prices or market()))


def year_round(found, *key):
    return sum(jpy for _, jpy in found.get(key, []))


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    return rows(write_member(tmp_path_factory.mktemp("member")))


EXPECTED = {
    # sun: 2, 1 + 1 - 0.5, 2 - 1, 2 MW at 36
    ("fit", "outside", "plant_owners"): [2 * 36, 1.5 * 36, 1 * 36, 2 * 36],
    # breeze after its battery: 4, 2, 4, 5 MW
    ("market_sale", "outside", "plant_owners"): [4 * 10, 2 * 0.01, 4 * 0.01, 5 * 20],
    # reference (10 + 0.01 + 0.01 + 20) / 4 + 0.6 - 0.5 = 7.605; 12.395 times all over half of the generation
    ("fip_premium", "outside", "plant_owners"): [4 * 24.79, 0, 0, 5 * 24.79],
    ("nonfossil_nonfit", "aggregator", "plant_owners"): [4 * 0.6, 2 * 0.6, 4 * 0.6, 5 * 0.6],
    # half of what is beyond 20 JPY/kWh
    ("fip_gain", "plant_owners", "aggregator"): [
        0.5 * 4 * (10 + 0.6 + 24.79 - 20), 0.5 * 2 * (0.01 + 0.6 - 20), 0.5 * 4 * (0.01 + 0.6 - 20),
        0.5 * 5 * (20 + 0.6 + 24.79 - 20),
    ],
    # 73 JPY a kW and month = 0.1 an hour, of 10 MW
    ("wheeling_generation", "plant_owners", "network"): [10 * 0.1 + mw * 0.2 for mw in (4, 2, 4, 5)],
    ("retail", "sites", "retailer"): [1.4 * 24, 0, 0, 1.2 * 24],
    ("ppa", "sites", "aggregator"): [0.5 * 23, 23, 23, 0.5 * 23],
    ("surplus", "outside", "sites"): [0, 0.2 * 9, 0.2 * 9, 0],
    ("surplus", "retailer", "sites"): [0, 0, 0.4 * 8, 0],
    ("ppa_surplus", "retailer", "aggregator"): [0, 1 * 7, 6 * 7, 0],
    ("battery_lease", "sites", "aggregator"): [0.01] * 4,
    ("ppa_running_cost", "aggregator", "outside"): [0.02] * 4,
    # homes 0.8, 0.8, 1.4, 1.2 and commercial 0, 0.2, -0.1, 0
    ("retail", "homes", "retailer"): [0.8 * 24, 1.0 * 24, 1.3 * 24, 1.2 * 24],
    ("free_hour", "retailer", "homes"): [0, 0, 1.4 * 24, 1.2 * 24],
    # up only while plants are ordered off: commercial in the second, homes in the third half-hour
    ("up_dr", "aggregator", "homes"): [0, 0.2 * 8, 0.4 * 8, 0],
    ("wheeling", "retailer", "network"): [2.2 * 9, 1.0 * 9, 1.3 * 9, 2.4 * 9],
    # demand over 0.8 less 0, 1, 6.4, 0 MW of surplus
    ("wholesale", "retailer", "aggregator"): [2.75 * 13, 0.25 * 13, 0, 3.0 * 13],
    ("market_purchase", "aggregator", "outside"): [2.75 * 10, 0.25 * 0.01, 0, 3.0 * 20],
    ("surplus_sale", "outside", "retailer"): [0, 0, (6.4 - 1.625) * 0.01, 0],
    ("nonfossil_wholesale", "retailer", "aggregator"): [2.2 * 0.4, 0, 0, 2.4 * 0.4],
    ("nonfossil_sale", "outside", "aggregator"): [1.8, 2.0, 4.0, 2.6],
    ("grid_batteries", "aggregator", "outside"): [0, 2 * 0.01, 0, -1 * 20],
}  # fmt: skip


@pytest.mark.parametrize("key", EXPECTED, ids="-".join)
def test_each_item_by_hand(found, key):
    of_steps = dict(found[key])
    assert [of_steps.get(step, 0.0) for step in range(4)] == pytest.approx([mw_jpy * MWH for mw_jpy in EXPECTED[key]])


def test_there_are_no_other_items(found):
    assert set(found) == set(EXPECTED)


def test_certificates_that_are_missing_are_bought(tmp_path):
    calm = {"breeze": {"delivered_mw": [0.0] * 4, "battery_mw": [0.0] * 4}}
    found = rows(write_member(tmp_path, ledger=calm))
    assert found["nonfossil_fit", "aggregator", "outside"] == [
        (0, 2.2 * 0.5 * MWH),
        (3, pytest.approx(2.4 * 0.5 * MWH)),
    ]
    assert ("nonfossil_sale", "outside", "aggregator") not in found


def test_the_free_hour_is_not_free_where_its_use_does_not_exceed_the_hour_before(tmp_path):
    found = rows(write_member(tmp_path, devices={"homes": [0.1, 0.1, 0.1, 0.1]}))
    assert ("free_hour", "retailer", "homes") not in found
    assert year_round(found, "retail", "homes", "retailer") == pytest.approx(4 * 1.1 * 24 * MWH)


def test_the_free_hour_counts_day_by_day(tmp_path):
    steps = 52
    system = {name: [values[0]] * steps for name, values in SYSTEM.items()}
    system["price_ratio"] = [0.0 if step % 48 in (2, 3) else 1.0 for step in range(steps)]
    more = [0.1 if step == 2 else 0.0 for step in range(steps)]
    ledger = {name: dict.fromkeys(values, [0.0] * steps) for name, values in LEDGER.items()}
    sites = {"new": dict.fromkeys(SITES["new"], [0.0] * steps)}
    found = rows(write_member(tmp_path, system=system, ledger=ledger, sites=sites, devices={"homes": more}))
    assert [step for step, _ in found["free_hour", "retailer", "homes"]] == [2, 3]


def test_the_hour_that_is_compared_with_keeps_its_price_whatever_ratio_steers_the_homes_in_it(tmp_path):
    as_shipped = rows(write_member(tmp_path))
    assert rows(write_member(tmp_path, system={"price_ratio": [2.0, 2.0, 0.0, 0.0]})) == as_shipped


def test_another_price_ratio_is_a_discount_on_all_use(tmp_path):
    found = rows(write_member(tmp_path, system={"price_ratio": [0.5, 1.0, 1.0, 1.25]}))
    assert found["price_menu", "retailer", "homes"] == [
        (0, pytest.approx(0.8 * 24 * 0.5 * MWH)), (3, pytest.approx(-1.2 * 24 * 0.25 * MWH)),
    ]  # fmt: skip


def test_a_physical_cut_costs_fip_and_a_settled_one_fit(tmp_path):
    less = [3.0, 4.0, 4.0, 4.0]
    cut, free = [1.0, 0.0, 0.0, 0.0], [0.0] * 4
    base = rows(write_member(tmp_path))
    cases = {
        "physical": {"sun": {"delivered_mw": [1.0, 1.0, 2.0, 2.0], "area_balance_mw": [1.0, 1.0, 0.0, 0.0]},
                     "breeze": {"delivered_mw": less, "area_balance_mw": cut, "area_balance_settled_mw": free}},
        "settled": {"sun": {"area_balance_settled_mw": [1.0, 0.5, 1.0, 0.0]},
                    "breeze": {"area_balance_settled_mw": cut}},
    }  # fmt: skip
    fit, sale = ("fit", "outside", "plant_owners"), ("market_sale", "outside", "plant_owners")
    lost = {}
    for name, ledger in cases.items():
        found = rows(write_member(tmp_path, ledger=ledger))
        lost[name] = [year_round(base, *key) - year_round(found, *key) for key in (fit, sale)]
    assert lost["physical"] == pytest.approx([0.0, 1.0 * 10.0 * MWH])
    assert lost["settled"] == pytest.approx([1.0 * 36.0 * MWH, 0.0])


def test_no_more_is_settled_than_would_have_been_fed_in(tmp_path):
    folder = write_member(tmp_path, ledger={"sun": {"area_balance_settled_mw": [9.0, 0.5, 1.0, 0.0]}})
    assert [step for step, _ in rows(folder)["fit", "outside", "plant_owners"]] == [1, 2, 3]


def test_charging_at_noon_and_selling_in_the_evening_pays_the_difference(tmp_path):
    sale = ("market_sale", "outside", "plant_owners")
    idle = rows(write_member(tmp_path, ledger={"breeze": {"battery_mw": [0.0] * 4}}))
    shifted = rows(write_member(tmp_path))
    assert year_round(shifted, *sale) - year_round(idle, *sale) == pytest.approx((1.0 * 20 - 2.0 * 0.01) * MWH)


def test_a_half_hour_without_a_solution_has_no_payments(tmp_path):
    found = rows(write_member(tmp_path, system={"failure": ["", "power flow not converged", "", ""]}))
    assert all(step != 1 for steps in found.values() for step, _ in steps)


def test_who_pays_the_generator_charge(tmp_path):
    key = ("wheeling_generation", "plant_owners", "network")
    folder = write_member(tmp_path)
    early = PLANTS.assign(in_service_from=pd.Timestamp("2026-03-31"))
    assert key not in rows(folder, early)
    assert key in rows(folder, early.assign(scheme=["FIT", "non-FIT"]))


def test_a_plant_may_have_a_base_price_of_its_own(tmp_path):
    folder = write_member(tmp_path)
    key = ("fit", "outside", "plant_owners")
    own = rows(folder, prices=market(base_price_sun=18.0))
    assert year_round(own, *key) == pytest.approx(year_round(rows(folder), *key) / 2.0)


def test_a_missing_price_is_named(tmp_path):
    values = {name: value for name, value in VALUES.items() if name != "base_price_pv"}
    with pytest.raises(InputError, match="base_price_pv"):
        payments(write_member(tmp_path), PLANTS, Market(values))


def test_without_devices_sites_and_homes_only_plants_are_paid(tmp_path):
    folder = write_member(tmp_path, sites={name: SITES[name] for name in ("existing_plain",)}, devices={})
    found = rows(folder, prices=Market(VALUES))
    assert not {"homes"} & {party for key in found for party in key[1:]}
    assert np.isclose(year_round(found, "retail", "sites", "retailer"), 0.6 * 24 * MWH)
