"""Demand of single sites: exact energy, keyed draws, and as unsteady and unlike as the five measured homes."""

import numpy as np
import pandas as pd
import pytest
from real_data import DATA, needs
from shipped import GOTO, with_inputs

from twin.core.clock import fiscal_year
from twin.resources.demand import class_shapes
from twin.resources.site_demand import DemandShape, demand_shapes, site_demand

INDEX = fiscal_year(2030)
NORMAL = GOTO.by_month("temperature_normals", "temperature_c").loc[INDEX.month].to_numpy()
HOMES = DATA / "household" / "japan_5_households_30min.csv"


@pytest.fixture(scope="module")
def classes() -> dict[str, np.ndarray]:
    return class_shapes(GOTO, INDEX, NORMAL)


@pytest.fixture(scope="module")
def demand(classes) -> pd.DataFrame:
    table = demand_shapes(GOTO)
    values = site_demand(GOTO, INDEX, classes, table, seed=1, weather_year=0)
    return pd.DataFrame(values, INDEX, pd.MultiIndex.from_tuples([(s.demand_class, s.variant) for s in table]))


def test_each_shape_holds_one_kwh(demand):
    assert demand.sum().to_numpy() * 0.5 == pytest.approx(np.ones(demand.shape[1]), rel=1e-12)
    assert demand.to_numpy().min() >= 0


def test_another_set_of_shapes_leaves_the_old_ones_the_same_to_the_bit(classes, demand):
    some = (DemandShape("public", 3), DemandShape("residential", 5))
    alone = site_demand(GOTO, INDEX, classes, some, seed=1, weather_year=0)
    assert np.array_equal(alone, demand[[("public", 3), ("residential", 5)]].to_numpy())


def test_habits_stay_and_days_change_between_weather_years(classes):
    home = (DemandShape("residential", 1),)
    first, second = (site_demand(GOTO, INDEX, classes, home, seed=1, weather_year=year)[:, 0] for year in (0, 1))
    hours = [pd.Series(year).groupby(np.arange(len(INDEX)) % 48).mean() for year in (first, second)]
    assert np.corrcoef(hours[0], hours[1])[0, 1] > 0.95
    assert np.corrcoef(first, second)[0, 1] < 0.8


@pytest.mark.parametrize("name", ["residential", "commercial", "public"])
def test_many_sites_together_are_their_class(name, classes, demand):
    mean = demand[name].mean(axis=1).to_numpy()
    months = [pd.Series(shape / shape.mean()).groupby(INDEX.month).mean() for shape in (mean, classes[name])]
    # Standard error of a month's mean over the variants: season_spread x logarithm of the month / sqrt(variants),
    # at most 0.3 x 0.3 / sqrt(12) = 0.026 for commercial and public, 0.5 x 0.35 / 8 = 0.022 for homes; three of them.
    assert np.abs(months[0] / months[1] - 1).max() < 0.08
    hours = [pd.Series(shape / shape.mean()).groupby(INDEX.hour).mean() for shape in (mean, classes[name])]
    assert np.corrcoef(hours[0], hours[1])[0, 1] > 0.93


def test_some_homes_heat_water_at_night_and_hold_the_share_of_the_class(classes, demand):
    night = (INDEX.hour >= 2) & (INDEX.hour < 6)
    of_night = demand.loc[night, "residential"].to_numpy().sum(axis=0) * 0.5
    # Owners (30 %) have 0.37 +- 0.11 of their energy in heaters, two thirds of that at 2-6 h, the others differ by
    # 0.04 in that share: standard error of the mean 0.3 x 0.07 / sqrt(19) + 0.04 / sqrt(45) = 0.011; two of them.
    assert of_night.mean() == pytest.approx(classes["residential"][night].sum() * 0.5 / 8760, abs=0.022)
    homes = demand_shapes(GOTO)[:64]
    tables = with_inputs({"parameters": {"demand_night_water_heating_homes": 0.2}})
    fewer = site_demand(tables, INDEX, classes, homes, seed=1, weather_year=0)[night].sum(axis=0) * 0.5
    assert fewer.std() > 1.05 * of_night.std()
    assert GOTO.value("demand_night_water_heating_homes") == 0.3


def _statistics(demand: pd.DataFrame) -> pd.DataFrame:
    hour, mean = demand.index.hour, demand.mean()
    noon = (hour >= 9) & (hour < 15)
    return pd.DataFrame({
        "load factor": mean / demand.max(),
        "variation": demand.std() / mean,
        "lag 1": [column.autocorr(1) for _, column in demand.items()],
        "lag 48": [column.autocorr(48) for _, column in demand.items()],
        "share 9-15 h": demand[noon].sum() / demand.sum(),
        "99 percent": demand.quantile(0.99) / mean,
    })  # fmt: skip


@needs(HOMES)
def test_homes_are_as_unlike_as_the_five_measured_ones(demand):
    """Each statistic's measured median lies within what five of the model's homes without heater give in 99 %."""
    table = pd.read_csv(HOMES, parse_dates=["datetime_JST"])
    measured = table.pivot_table(index="datetime_JST", columns="customer_id", values="energy_Wh_per_30min")
    measured = _statistics(measured.loc["2017-10-01":"2018-09-30 23:30"]).median()
    homes = demand["residential"]
    night = (INDEX.hour >= 2) & (INDEX.hour < 6)
    plain = _statistics(homes.loc[:, homes[night].sum() < 2 * homes[night].sum().median()])
    rng = np.random.default_rng(1)
    medians = np.array([plain.sample(5, random_state=rng).median().to_numpy() for _ in range(2000)])
    low, high = np.quantile(medians, [0.005, 0.995], axis=0)
    inside = (measured.to_numpy() >= low) & (measured.to_numpy() <= high)
    assert inside.all(), list(zip(plain.columns, measured, low, high, strict=True))
