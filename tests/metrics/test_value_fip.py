"""The premium of FIP: months by hand, months with floor prices, and the reference price of FY2022 from real prices."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from real_data import DATA, PRICES, needs
from value_case import market

from studies.experiments.key_figures import previous_price
from studies.study.file.reading import read_study
from twin.core.clock import DEFAULT_CLOCK, fiscal_year
from twin.metrics.payments.market import at_floor, premium_price, price_matrix, reference_price

ROOT = Path(__file__).parents[2]
APRIL, MAY, MARCH = 4, 5, 3


def clock(index):
    return index.month.to_numpy(), (index.hour * 2 + index.minute // 30).to_numpy()


def months(start, end):
    return pd.date_range(start, end, freq="30min", inclusive="left", tz=DEFAULT_CLOCK.timezone)


def reference_of(index, price, generation, **changes):
    prices = market(**{name: value for name, value in changes.items() if name != "previous"})
    if "previous" in changes:
        prices = type(prices)(prices.values, previous_price=changes["previous"])
    return reference_price(prices, *clock(index), price, generation)


def test_two_months_by_hand():
    index = months("2030-04-01", "2030-06-01")
    noon, is_april = (index.hour == 12), index.month == APRIL
    price = np.where(is_april, 8.0, 12.0) - 4.0 * noon
    generation = np.where(noon, 3.0, 1.0)
    previous = np.full((12, 48), 9.0)
    previous[APRIL - 1] = 7.0
    found = reference_of(index, price, generation, previous=previous)
    # a day has 23 h of 1 and 1 h of 3: noon weighs 3 / 26
    april, may, of_year = 8.0 - 4.0 * 3 / 26, 12.0 - 4.0 * 3 / 26, (30 * 7.0 + 31 * 9.0) / 61
    assert found[APRIL - 1] == pytest.approx(of_year + (april - 7.0) + 0.6 - 0.5)
    assert found[MAY - 1] == pytest.approx(of_year + (may - 9.0) + 0.6 - 0.5)
    assert np.isnan(found[MARCH - 1])


def test_a_year_before_like_this_one_needs_no_correction():
    index = months("2030-04-01", "2030-06-01")
    price = np.where(index.month == APRIL, 8.0, 12.0)
    found = reference_of(index, price, np.ones(len(index)), fip_balancing_cost=0.0, nonfossil_nonfit_price=1.0)
    assert found[[APRIL - 1, MAY - 1]] == pytest.approx((30 * 8.0 + 31 * 12.0) / 61 + 1.0)


def test_a_month_with_floor_slots_pays_its_premium_in_the_others():
    index = months("2030-04-01", "2030-05-01")
    month, _ = clock(index)
    price = np.where((index.day <= 10) & (index.hour == 12), 0.01, 10.0)
    generation = np.where(index.hour == 12, 4.0, 1.0)
    reference = np.full(12, np.nan)
    reference[APRIL - 1] = 15.0
    floor = at_floor(market(), price)
    assert floor.sum() == 20
    found = premium_price(20.0, reference, month, floor, generation)
    everything, at_floors = 30 * (2 * 4.0 + 46), 10 * 2 * 4.0
    assert found[floor] == pytest.approx(0.0)
    assert found[~floor] == pytest.approx(5.0 * everything / (everything - at_floors))
    assert found @ generation == pytest.approx(5.0 * everything)


def test_no_premium_below_the_reference_and_in_a_month_at_the_floor():
    month, generation = np.full(4, APRIL), np.ones(4)
    some = np.array([False, False, True, True])
    assert not premium_price(20.0, np.full(12, 21.0), month, some, generation).any()
    assert not premium_price(20.0, np.full(12, 15.0), month, np.ones(4, dtype=bool), generation).any()


def test_a_kind_that_stands_still_takes_plain_means():
    index = months("2030-04-01", "2030-05-01")
    price = np.where(index.hour < 6, 4.0, 8.0)
    assert reference_of(index, price, np.zeros(len(index)))[APRIL - 1] == pytest.approx(7.0 + 0.1)


@needs(PRICES)
def test_the_reference_price_of_a_steady_source_from_real_prices():
    """Steady output weighs all half-hours alike: plain means of the series, taken here by another way."""
    table = pd.read_csv(PRICES).dropna(subset="kyushu_price_jpy_per_kwh")
    day = pd.to_datetime(table["date"])
    table["month"], table["year"] = day.dt.month, day.dt.year - (day.dt.month < 4)
    by_month = table.groupby(["year", "month"])["kyushu_price_jpy_per_kwh"].mean()
    of_2021 = table.loc[table["year"] == 2021, "kyushu_price_jpy_per_kwh"].mean()
    assert of_2021 == pytest.approx(11.29, abs=0.01)  # the facts' yearly mean
    series = {year: table.loc[table["year"] == year, "kyushu_price_jpy_per_kwh"].to_numpy() for year in (2021, 2022)}
    previous = price_matrix(fiscal_year(2021), series[2021])
    found = reference_of(
        fiscal_year(2022), series[2022], np.ones(17520), previous=previous, fip_balancing_cost=1.0
    )  # the balancing cost of FY2022
    for month in range(1, 13):
        assert found[month - 1] == pytest.approx(of_2021 + by_month[2022, month] - by_month[2021, month] + 0.6 - 1.0)


@needs(PRICES)
@pytest.mark.parametrize(("year", "mean"), [(2022, 11.29), (2021, None)])
def test_a_measured_study_takes_the_year_before_where_the_data_have_it(year, mean):
    shipped = read_study(ROOT / "studies" / "goto_fy2022.toml", DATA)
    study = shipped.model_copy(update={"period": shipped.period.model_copy(update={"fiscal_year": year})})
    found = previous_price(study, DATA)
    days = pd.Series(fiscal_year(2021).month).value_counts().sort_index().to_numpy() / 48
    assert found is None if mean is None else float(days @ found.mean(axis=1)) / 365 == pytest.approx(mean, abs=0.01)
