"""The ledger of matching: every watt-hour, certificate and yen has one origin and one end, counted from both sides."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from twin.core.errors import InputError
from twin.metrics.matching import (
    MARKET,
    SMALL,
    Buyer,
    Contract,
    Seller,
    allocation,
    figures,
    imbalance,
    kept,
    ledger,
    matched,
    payments_of,
    whole_wh,
)

TIME = pd.date_range("2030-04-01 11:00", periods=3, freq="30min", tz="Asia/Tokyo")
PRICE = np.array([5.0, 0.01, 20.0])
KWH = 1000
SELLERS = [
    Seller("roofs", SMALL, np.array([1, 1, 1]) * KWH),
    Seller("sun", "FIT", np.array([4, 0, 2]) * KWH),
    Seller("breeze", "FIP", np.array([10, 10, 1]) * KWH),
]
CITY = Buyer("city", True, 1, np.array([8, 4, 9]) * KWH, energy_price=13.0, certificate_price=0.4)
PARTNER = Buyer(
    "partner", False, 2, np.array([5, 5, 5]) * KWH, certificate_price=1.0, energy_adder=0.5, fund_price=0.25
)
BUYERS = [PARTNER, CITY]
"""Not in the order of their ranks."""


def rows_of(sellers=SELLERS, buyers=BUYERS, contracts=()):
    wh = allocation(sellers, buyers, contracts)
    return ledger(TIME, sellers, buyers, wh, PRICE, 0.6)


def test_by_hand():
    found = rows_of().assign(kwh=lambda rows: rows["wh"] / KWH).set_index(["time", "seller", "buyer"])["kwh"]
    expected = {
        (0, "roofs", "city"): 1, (0, "sun", "city"): 4, (0, "breeze", "city"): 3, (0, "breeze", "partner"): 5,
        (0, "breeze", MARKET): 2, (1, "roofs", "city"): 1, (1, "breeze", "city"): 3, (1, "breeze", "partner"): 5,
        (1, "breeze", MARKET): 2, (2, "roofs", "city"): 1, (2, "sun", "city"): 2, (2, "breeze", "city"): 1,
    }  # fmt: skip
    assert found.to_dict() == {(TIME[step], seller, buyer): kwh for (step, seller, buyer), kwh in expected.items()}


def test_money_by_hand():
    paid = payments_of(rows_of(), BUYERS).set_index(["item", "payer", "receiver"])["jpy"].to_dict()
    assert paid == pytest.approx(
        {
            ("energy", "city", "levy fund"): (4 + 2) * 13.0,
            ("energy", "city", "plant owners"): (3 + 3 + 1) * 13.0,
            ("energy", "partner", "plant owners"): 5 * 5.5 + 5 * 0.51,
            ("energy", MARKET, "plant owners"): 2 * 5.0 + 2 * 0.01,
            ("certificate", "city", "levy fund"): 6 * 0.4,
            ("certificate", "city", "plant owners"): 7 * 0.4,
            ("certificate", "partner", "plant owners"): 10 * 1.0,
            ("certificate", MARKET, "plant owners"): 4 * 0.6,
            ("fund", "partner", "region's fund"): 10 * 0.25,
        }
    )


def test_figures_by_hand():
    rows, asked = rows_of(), np.stack([buyer.wh for buyer in BUYERS], axis=1)
    found = figures(rows, asked, BUYERS, {"emission_factor": 0.4, "local_ownership": 50.0})
    assert found["generated_mwh"] == pytest.approx(0.030)
    assert found["local_use_percent"] == pytest.approx(100 * 16 / 30)
    assert found["local_supply_percent"] == pytest.approx(100 * 16 / 21)
    assert found["local_supply_of_year_percent"] == 100.0
    assert found["co2_avoided_t"] == pytest.approx((16 - 3 + 10) * 0.4 / 1000)
    assert kept(found, 50.0, 7.0)["kept_jpy"] == pytest.approx(0.5 * 13 * 13.4 + 2.5 + 7.0)


@given(
    supply=arrays(np.int64, (4, 3), elements=st.integers(0, 10**12)),
    demand=arrays(np.int64, (4, 2), elements=st.integers(0, 10**12)),
)
def test_every_watt_hour_has_one_origin_and_one_end(supply, demand):
    wh = matched(supply, demand)
    assert (wh >= 0).all()
    assert (wh.sum(axis=2) == supply).all()
    taken = wh.sum(axis=1)
    assert (taken[:, :-1] <= demand).all()
    for later in (1, 2):
        first_is_full = (taken[:, :later] == demand[:, :later]).all(axis=1)
        assert (first_is_full | (taken[:, later] == 0)).all(), "nobody is served before the one of a lower rank"


@given(
    wh=arrays(np.int64, (3, 3), elements=st.integers(0, 10**10)),
    asked=arrays(np.int64, (3, 2), elements=st.integers(1, 10**10)),
    share=st.floats(0.1, 100.0),
)
@settings(max_examples=25)
def test_no_certificate_is_used_twice_and_all_money_comes_from_energy(wh, asked, share):
    sellers = [Seller(seller.name, seller.scheme, wh[:, s]) for s, seller in enumerate(SELLERS)]
    buyers = [Buyer("partner", False, 2, asked[:, 0], None, 0.5, 1.0, 0.25), Buyer("city", True, 1, asked[:, 1], 13.0)]
    rows = rows_of(sellers, buyers, [Contract("breeze", "partner", share)])
    issued = {(TIME[t], sellers[s].name): wh[t, s] for t in range(3) for s in range(3) if wh[t, s]}
    assert rows.groupby(["time", "seller"])["wh"].sum().to_dict() == issued
    assert not rows.duplicated(["time", "seller", "buyer"]).any()
    by_partner = rows[(rows["buyer"] == "partner") & (rows["certificate"] != SMALL)]
    price = pd.Series(PRICE, TIME).reindex(by_partner["time"]).to_numpy()
    expected = (by_partner["wh"].to_numpy() / KWH * (price + 0.5)).sum()
    paid = payments_of(rows, buyers)
    energy = paid[(paid["item"] == "energy") & (paid["payer"] == "partner")]["jpy"].sum()
    assert energy == pytest.approx(expected, rel=1e-9, abs=1e-9)
    columns = ["energy_jpy", "certificate_jpy", "fund_jpy"]
    assert paid["jpy"].sum() == pytest.approx(rows[columns].to_numpy().sum(), rel=1e-9, abs=1e-9)


def test_a_row_that_is_dropped_shows():
    rows = rows_of()
    for number in range(len(rows)):
        kept = rows.drop(index=number)
        origin = kept.groupby("seller")["wh"].sum().reindex([s.name for s in SELLERS], fill_value=0)
        assert origin.tolist() != [int(seller.wh.sum()) for seller in SELLERS]


def test_contracts_come_first_and_carry_their_certificates():
    rows = rows_of(contracts=[Contract("breeze", "partner", 50.0)])
    of_wind = rows[rows["seller"] == "breeze"].pivot_table(index="time", columns="buyer", values="wh", aggfunc="sum")
    assert (of_wind["partner"] >= SELLERS[2].wh // 2).all()


def test_certificates_sold_twice_a_partner_without_demand_and_unknown_names_are_told_at_once():
    nobody = Buyer("nobody", False, 3, np.zeros(3, dtype=np.int64))
    contracts = [Contract("breeze", "partner", 60.0), Contract("breeze", "city", 50.0), Contract("gust", "friend", 1.0)]
    with pytest.raises(InputError) as caught:
        allocation(SELLERS, [*BUYERS, nobody], contracts)
    text = str(caught.value)
    assert len(caught.value.problems) == 4
    assert "certificates are sold twice" in text
    assert "110 %" in text
    assert "nobody: the buyer has no demand" in text
    assert "gust" in text
    assert "friend" in text


def test_power_taken_is_no_supply_and_energy_is_whole():
    assert whole_wh(np.array([1.0, -0.5, 1e-6]), 0.5).tolist() == [500_000, 0, 0]


def test_imbalance_counts_both_ways():
    found = imbalance(np.array([10, 0, 5]) * 10**6, np.array([7, 2, 5]) * 10**6, 3.0)
    assert found == {"above_plan_mwh": 3.0, "below_plan_mwh": 2.0, "imbalance_jpy": 15_000.0}
