"""How single homes use power: the statistics in which the model's homes are compared with the five measured ones."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from demand_years import weather_year
from model_year import SEED

from network_models.island import find_island
from network_models.reading import island_tables
from twin.core.clock import step_hours
from twin.resources.demand import class_shapes
from twin.resources.site_demand import demand_shapes, site_demand

GOTO = island_tables(find_island())

NIGHT, NOON, HEATERS_RUN = (0, 6), (9, 15), (2, 6)
DRAWS = 200
TOWN = "fukue"

STATISTICS = {
    "load factor": "load factor of a home",
    "variation": "standard deviation of its half-hours over its mean",
    "lag 1": "correlation of neighbouring half-hours",
    "lag 48": "correlation of half-hours a day apart",
    "share 9-15 h": "share of its energy used at 9-15 h",
    "night over noon": "demand at 0-5 h over that at 9-14 h",
    "peak per MWh": "peak in kW per MWh of its year",
}


def measured_homes(data: Path) -> pd.DataFrame:
    """Return a year of the five homes, kWh per half-hour, a column each (CAMSL sample, October 2017 on)."""
    table = pd.read_csv(data / "household/japan_5_households_30min.csv", parse_dates=["datetime_JST"])
    wide = table.pivot_table(index="datetime_JST", columns="customer_id", values="energy_Wh_per_30min")
    return wide.loc["2017-10-01":"2018-09-30 23:30"] / 1000.0


@cache
def model_homes() -> pd.DataFrame:
    """Return the model's homes without a night water heater in the normal year; none of the five has one."""
    index, temperature = weather_year(0)
    homes = tuple(shape for shape in demand_shapes(GOTO) if shape.demand_class == "residential")
    shapes = class_shapes(GOTO, index, temperature[TOWN])
    kw_per_kwh = site_demand(GOTO, index, shapes, homes, seed=SEED, weather_year=0)
    demand = pd.DataFrame(kw_per_kwh * step_hours(index), index)
    of_night = demand[_between(demand, HEATERS_RUN)].sum()
    return demand.loc[:, of_night < 1.5 * of_night.median()]


def statistics(homes: pd.DataFrame) -> pd.DataFrame:
    """Return a row per home with the columns of `STATISTICS`; `homes` are kWh per half-hour."""
    mean, total = homes.mean(), homes.sum()
    night, noon = _between(homes, NIGHT), _between(homes, NOON)
    return pd.DataFrame({
        "load factor": mean / homes.max(),
        "variation": homes.std() / mean,
        "lag 1": [home.autocorr(1) for _, home in homes.items()],
        "lag 48": [home.autocorr(48) for _, home in homes.items()],
        "share 9-15 h": homes[noon].sum() / total,
        "night over noon": homes[night].mean() / homes[noon].mean(),
        "peak per MWh": 2 * homes.max() / total * 1000,
    })  # fmt: skip


def diversity(homes: pd.DataFrame, count: int) -> np.ndarray:
    """Return the sum of the peaks over the peak of the sum for groups of homes of equal energy; at most `DRAWS`."""
    rng = np.random.default_rng(1)
    equal = (homes / homes.mean()).to_numpy()
    found = {tuple(sorted(rng.choice(equal.shape[1], count, replace=False))) for _ in range(DRAWS)}
    return np.array([equal[:, list(g)].max(axis=0).sum() / equal[:, list(g)].sum(axis=1).max() for g in sorted(found)])


def _between(homes: pd.DataFrame, hours: tuple[int, int]) -> np.ndarray:
    hour = pd.DatetimeIndex(homes.index).hour
    return np.asarray((hour >= hours[0]) & (hour < hours[1]))
