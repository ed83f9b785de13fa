"""Payments against each party's own meters: nothing lost, nothing twice, and where the prices come from."""

import json
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from shipped import GOTO, with_inputs
from value_case import LEDGER, PLANTS, SITES, VALUES, market, write_member

from studies.experiments.key_figures import write_payments
from twin.core.errors import InputError
from twin.core.quantities import KPIS, TABLES
from twin.metrics.payments.payments import PARTIES, cash, payments
from twin.metrics.payments.statement import CASH_KPIS, cash_kpis, statement

ROUNDING_JPY = 1e-3
"""Sums of a year reach 1e10 JPY in double precision."""

MORE = pd.DataFrame(
    {"kind": ["wind", "pv", "pv"], "scheme": ["FIT", "FIP", "non-FIT"], "contract_mw": [3.0, 4.0, 1.0],
     "in_service_from": pd.to_datetime(["2010-02-01", "2027-03-31", "2027-04-01"])},
    index=["gust", "ray", "roof"],
)  # fmt: skip
ALL_PLANTS = pd.concat([PLANTS, MORE])


def random_member(folder, steps, seed):
    """Write a member whose tables hold anything that can occur, unsolved half-hours among it."""
    draw = np.random.default_rng(seed)

    def some(most, share=0.6, least=0.0):
        return np.where(draw.random(steps) < share, draw.uniform(least, most, steps), 0.0).tolist()

    system = {
        "price_jpy_per_kwh": np.maximum(draw.normal(10.0, 8.0, steps), 0.01).tolist(),
        "price_ratio": draw.choice([0.0, 0.5, 1.0, 1.2], steps).tolist(), "home_demand_pu": some(2.0, 1.0),
        "area_balance_share": some(0.5, 0.3), "plants_congestion_mw": some(1.0, 0.2),
        "failure": draw.choice(["", "power flow not converged"], steps, p=[0.95, 0.05]).tolist(),
    }  # fmt: skip
    ledger = {
        name: {"delivered_mw": some(5.0), "area_balance_mw": some(2.0, 0.2), "area_balance_settled_mw": some(3.0, 0.3),
               "battery_mw": some(2.0, 0.4, -2.0) if name in ("breeze", "ray") else [0.0] * steps}
        for name in (*LEDGER, *MORE.index)
    }  # fmt: skip
    sites = {kind: {name: some(3.0) for name in values} for kind, values in SITES.items()}
    names = ("homes", "cars", "water_heaters", "commercial", "grid_batteries", "plant_batteries")
    devices = {name: some(0.3, 0.7, -0.3) for name in names}
    return write_member(folder, system=system, ledger=ledger, sites=sites, devices=devices, start="2030-04-29")


@pytest.fixture(scope="module")
def anything(tmp_path_factory):
    folder = random_member(tmp_path_factory.mktemp("anything"), 48 * 6, 3)
    return folder, payments(folder, ALL_PLANTS, market())


@pytest.mark.parametrize("seed", range(4))
def test_every_party_gets_what_its_meters_give(tmp_path, seed):
    folder = random_member(tmp_path, 48 * 4, seed)
    kpis = cash_kpis(payments(folder, ALL_PLANTS, market()), folder, ALL_PLANTS, market())
    assert kpis["cash_sum_mismatch_jpy"] < ROUNDING_JPY
    assert all(abs(kpis[f"cash_{party}_jpy"]) > 1000.0 for party in PARTIES)


def test_the_statements_sum_up_to_nothing(anything):
    folder, table = anything
    assert abs(sum(statement(folder, ALL_PLANTS, market()).values())) < ROUNDING_JPY
    assert abs(sum(cash(table).values())) < ROUNDING_JPY


def test_a_row_that_is_dropped_shows(anything):
    folder, table = anything
    items = table["item"].to_pandas()
    for item in items.unique():
        row = int(np.flatnonzero(items == item)[-1])
        less = table.slice(0, row), table.slice(row + 1)
        without = cash_kpis(pa.concat_tables(less), folder, ALL_PLANTS, market())
        lost = abs(table["jpy"][row].as_py())
        assert without["cash_sum_mismatch_jpy"] == pytest.approx(lost, abs=ROUNDING_JPY), item
        if item == "fit":
            assert lost > 1.0


def test_a_changed_meter_shows(anything, tmp_path):
    folder, table = anything
    for name in ("system", "ledger", "devices"):
        (tmp_path / f"{name}.parquet").write_bytes((folder / f"{name}.parquet").read_bytes())
    sites = pq.read_table(folder / "sites.parquet").to_pandas()
    sites["import_mw"] *= 1.01
    sites.to_parquet(tmp_path / "sites.parquet")
    assert cash_kpis(table, tmp_path, ALL_PLANTS, market())["cash_sum_mismatch_jpy"] > 1000.0


def test_columns_and_key_figures_are_those_of_the_dictionary(anything):
    _, table = anything
    assert table.column_names == list(TABLES["payments"])
    assert set(CASH_KPIS) <= set(KPIS)
    assert (table["jpy"].to_numpy() != 0.0).all()


def study(**prices):
    inputs = {"market": prices} if prices else {}
    return SimpleNamespace(grid=SimpleNamespace(is_island=True, island_name="goto"), inputs=inputs, folder=Path())


@pytest.fixture
def made(tmp_path):
    """A member as the loop leaves it, as far as payments need it."""
    grid = SimpleNamespace(models=[SimpleNamespace(plants=PLANTS)])
    member = SimpleNamespace(
        grid=0, devices=SimpleNamespace(battery=SimpleNamespace(energy=np.array([20.0, 0.0]))), flexible=()
    )
    return SimpleNamespace(grid=grid), member, write_member(tmp_path)


def test_the_table_has_all_prices_and_a_study_may_change_them(made):
    as_shipped, dearer = (write_payments(study(**prices), *made, None) for prices in ({}, {"retail_price": 30.0}))
    bought_kwh = 2.6 * 500.0
    less = as_shipped["cash_sites_jpy"] - dearer["cash_sites_jpy"]
    assert less == pytest.approx((30.0 - 24.0) * bought_kwh)
    assert dearer["cash_sum_mismatch_jpy"] < ROUNDING_JPY
    assert (made[2] / "payments.parquet").exists()
    json.dumps(dearer)


def test_an_unknown_price_in_a_study_is_an_error():
    with pytest.raises(InputError, match="no such row"):
        with_inputs({"market": {"retail_prize": 1.0}})


def test_every_price_of_the_table_is_read_somewhere():
    """No row without effect; base prices are read by plant and kind."""
    shipped = set(GOTO["market"]["name"])
    assert {name for name in shipped if not name.startswith("base_price_")} == {
        name for name in VALUES if not name.startswith("base_price_")
    }


def test_a_guest_network_has_an_empty_table(made):
    guest = SimpleNamespace(grid=SimpleNamespace(is_island=False), inputs={})
    assert write_payments(guest, *made, None) == dict.fromkeys(CASH_KPIS)
    assert pq.read_table(made[2] / "payments.parquet").column_names == list(TABLES["payments"])


def test_a_year_of_a_member_takes_less_than_two_seconds(tmp_path):
    folder = random_member(tmp_path, 17520, 1)
    began = time.process_time()
    table = payments(folder, ALL_PLANTS, market())
    assert time.process_time() - began < 2.0
    assert table.num_rows > 200_000
