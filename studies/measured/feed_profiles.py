"""A feed as input of the model: demand and free output as measured, potential output of the plants under management."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from network_models.island import Island
from studies.measured.feed import Feed
from twin.core.tables import Tables
from twin.network.model import GridModel
from twin.resources.profiles import Profiles
from twin.resources.wind import Farm, farm_per_unit

INDEX_DAYS, INDEX_LEAST_DAYS, INDEX_QUANTILE = 14, 2, 0.99
"""The regional index is output over this quantile of the last days, at least so many of them."""


def potential_share(island: Island, tables: Tables, feed: Feed, kind: str) -> np.ndarray:
    """Return potential output of the plants under management per unit of contract, (T,) 0..1.

    Parameters
    ----------
    island : Island
    tables : Tables
    feed : Feed
    kind : str
        ``index``: free output over its highest level of the last days; ``turbine``: the island's turbine on the
        measured wind, smoothed over all units; ``mean`` of both.
    """
    if kind == "mean":
        both = [potential_share(island, tables, feed, name) for name in ("index", "turbine")]
        return np.asarray(np.mean(both, axis=0))
    if kind == "index":
        return regional_index(feed)
    plants = tables["plants"]
    units = int(plants.loc[plants["firmness"] == "non-firm", "units"].sum())
    wind = np.nan_to_num(feed.series("wind"))
    return farm_per_unit(tables, wind, Farm(island.settings.default_turbine, units, at_sea=False))


def regional_index(feed: Feed) -> np.ndarray:
    """Return free output over its highest level of the last days, (T,) 0..1.

    Rows in which the feed stands still do not count for the level; in the first days it is that of the first ones.
    """
    output = pd.Series(np.nan_to_num(feed.series("uncontrolled")), feed.index)
    per_day = int(24.0 / feed.step_hours)
    moving = output.where(~feed.stands_still)
    level = moving.rolling(INDEX_DAYS * per_day, min_periods=INDEX_LEAST_DAYS * per_day).quantile(INDEX_QUANTILE)
    result: np.ndarray = np.clip((output / level.ffill().bfill()).to_numpy(), 0.0, 1.0)
    return result


def infeed_mw(model: GridModel, feed: Feed, share: np.ndarray) -> np.ndarray:
    """Return uncut infeed, (T, P): free output over the plants outside management by contract, a share of the others.

    Own use of standing plants, which is negative, is left at the plants.
    """
    contract = model.plants["contract_mw"].to_numpy(float)
    is_free = (model.plants["firmness"] != "non-firm").to_numpy()
    free = np.nan_to_num(feed.series("uncontrolled"))
    of_free = free[:, None] * np.where(is_free, contract, 0.0) / contract[is_free].sum()
    infeed: np.ndarray = of_free + share[:, None] * np.where(is_free, 0.0, contract)
    return infeed


def with_feed(island: Island, tables: Tables, model: GridModel, made: Profiles, feed: Feed) -> Profiles:
    """Return profiles with a feed in the place of weather and demand where the feed has rows.

    Demand is spread over the areas by their demand of the year; plants have no outages beside those in the feed. Steps
    outside the feed keep what was made: they are there for sums of the year and are not to be run.

    Parameters
    ----------
    island : Island
    tables : Tables
    model : GridModel
    made : Profiles
        Of the whole year.
    feed : Feed
        Of the same step.
    """
    at = feed.index.get_indexer(made.index)
    rows = np.flatnonzero(at >= 0)
    contract = model.plants["contract_mw"].to_numpy(float)
    infeed = np.clip(infeed_mw(model, feed, potential_share(island, tables, feed, "mean")), 0.0, contract)
    of_year = made.area_demand_mw.mean(axis=0)
    available, demand = made.plant_available_mw.copy(), made.area_demand_mw.copy()
    down = made.plant_unavailable_mw.copy()
    available[rows], down[rows] = infeed[at[rows]], 0.0
    demand[rows] = np.nan_to_num(feed.series("demand"))[at[rows], None] * of_year / of_year.sum()
    return replace(made, plant_available_mw=available, plant_unavailable_mw=down, area_demand_mw=demand)
