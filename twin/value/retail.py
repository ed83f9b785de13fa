"""What customers, local retailer and aggregator pay each other, and the market and the network for it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from twin.clock import HOURS_PER_YEAR
from twin.devices.names import CARS, GRID_BATTERIES, HOMES, PLANT_BATTERIES, WATER_HEATERS
from twin.units import KWH_PER_MWH
from twin.value.market import Market
from twin.value.meters import Meters
from twin.value.payment import Payment

HOME_DEVICES = (HOMES, WATER_HEATERS, CARS)
"""Flexible devices behind the meters of homes; the others' change of demand is the retailer's too."""


def retail_payments(meters: Meters, plants: pd.DataFrame, market: Market) -> Iterator[Payment]:
    """Yield bills, purchases of the retailer, certificates, wheeling, PPA and leases; see docs/value.md."""
    bought_kwh = _of_sites(meters, "existing_battery", "export") + _of_sites(meters, "new", "export")
    sites_kwh = sum((_of_sites(meters, kind, "import") for kind in meters.sites), np.zeros(len(meters.price)))
    home_kwh = home_use_kwh(meters, market)
    flexible_kwh = home_kwh + _other_devices_kwh(meters)
    supplied_kwh = sites_kwh + flexible_kwh
    yield from _site_payments(meters, market, sites_kwh)
    yield Payment("retail", "homes", "retailer", flexible_kwh * market["retail_price"])
    for item, jpy in _discounts(meters, market, home_kwh).items():
        yield Payment(item, "retailer", "homes", jpy)
    yield Payment("up_dr", "aggregator", "homes", _moved_up_kwh(meters) * market["up_dr_wheeling"])
    yield Payment("wheeling", "retailer", "network", supplied_kwh * market["wheeling_low_voltage"])
    yield from _supply(meters, market, supplied_kwh, bought_kwh)
    yield from _certificates(meters, plants, market, supplied_kwh, bought_kwh)
    stored_kwh = meters.devices.get(GRID_BATTERIES, np.zeros(len(meters.price))) * KWH_PER_MWH
    yield Payment("grid_batteries", "aggregator", "outside", stored_kwh * meters.price)


def home_use_kwh(meters: Meters, market: Market) -> np.ndarray:
    """Return what the homes with monitors use, their flexible devices included; (T,)."""
    usual = meters.home_demand * market.home_mwh * meters.hours / HOURS_PER_YEAR * meters.solved
    moved = sum((meters.devices[name] for name in HOME_DEVICES if name in meters.devices), np.zeros(len(usual)))
    return (usual + moved) * KWH_PER_MWH


def _discounts(meters: Meters, market: Market, home_kwh: np.ndarray) -> dict[str, np.ndarray]:
    """Return what the homes do not pay, (T,) JPY each.

    A free hour is announced by a price ratio of 0 in it. It is free on days on which the homes together use more in it
    than in the hour before; that hour keeps its usual price, whatever ratio steers the homes there. At all other times
    the ratio is the price.
    """
    bill = home_kwh * market["retail_price"]
    hour, free = meters.half_hour // 2, int(market["free_hour"])
    days, day = np.unique(meters.day, return_inverse=True)
    used, before = (np.bincount(day, home_kwh * (hour == h), len(days))[day] for h in (free, free - 1))
    announced = (hour == free) & (meters.price_ratio == 0.0)
    ruled = announced | ((hour == free - 1) & (np.bincount(day, announced, len(days))[day] > 0.0))
    return {
        "free_hour": np.where(announced & (used > before), bill, 0.0),
        "price_menu": np.where(ruled, 0.0, (1.0 - meters.price_ratio) * bill),
    }


def _site_payments(meters: Meters, market: Market, import_kwh: np.ndarray) -> Iterator[Payment]:
    yield Payment("retail", "sites", "retailer", import_kwh * market["retail_price"])
    own_kwh = _of_sites(meters, "new", "self_consumption")
    yield Payment("ppa", "sites", "aggregator", own_kwh * market["ppa_price"])
    plain, battery, new = (_of_sites(meters, kind, "export") for kind in ("existing_plain", "existing_battery", "new"))
    yield Payment("surplus", "outside", "sites", plain * market["surplus_price_plain"])
    yield Payment("surplus", "retailer", "sites", battery * market["surplus_price_battery"])
    yield Payment("ppa_surplus", "retailer", "aggregator", new * market["ppa_surplus_price"])
    sites = market.sites_with_battery * meters.hours / HOURS_PER_YEAR * meters.solved
    yield Payment("battery_lease", "sites", "aggregator", sites * market["battery_lease"])
    yield Payment("ppa_running_cost", "aggregator", "outside", sites * market["ppa_running_cost"])


def _supply(meters: Meters, market: Market, supplied_kwh: np.ndarray, bought_kwh: np.ndarray) -> Iterator[Payment]:
    """Yield how the retailer covers its customers: surplus of sites first, the rest from the aggregator's market."""
    needed_kwh = supplied_kwh / (1.0 - market["loss_low_voltage_percent"] / 100.0)
    missing, left = np.maximum(needed_kwh - bought_kwh, 0.0), np.maximum(bought_kwh - needed_kwh, 0.0)
    yield Payment("wholesale", "retailer", "aggregator", missing * market["wholesale_price"])
    yield Payment("market_purchase", "aggregator", "outside", missing * meters.price)
    yield Payment("surplus_sale", "outside", "retailer", left * meters.price)


def _certificates(
    meters: Meters, plants: pd.DataFrame, market: Market, supplied_kwh: np.ndarray, bought_kwh: np.ndarray
) -> Iterator[Payment]:
    """Yield the certificates of the retailer's supply: local non-FIT ones first, the rest of them is sold."""
    direct = plants["scheme"].to_numpy(str) != "FIT"
    local = meters.grid[:, direct].sum(axis=1) * KWH_PER_MWH
    needed = np.maximum(supplied_kwh - bought_kwh, 0.0)
    yield Payment("nonfossil_wholesale", "retailer", "aggregator", needed * market["nonfossil_wholesale_price"])
    sold, missing = np.maximum(local - needed, 0.0), np.maximum(needed - local, 0.0)
    yield Payment("nonfossil_sale", "outside", "aggregator", sold * market["nonfossil_sale_price"])
    yield Payment("nonfossil_fit", "aggregator", "outside", missing * market["nonfossil_fit_price"])


def _of_sites(meters: Meters, kind: str, name: str) -> np.ndarray:
    """Return an energy of one kind of site, kWh (T,); zero where there is no such site."""
    if kind not in meters.sites:
        return np.zeros(len(meters.price))
    return meters.sites[kind][name] * KWH_PER_MWH


def _other_devices_kwh(meters: Meters) -> np.ndarray:
    apart = (*HOME_DEVICES, GRID_BATTERIES, PLANT_BATTERIES)
    others = (mwh for name, mwh in meters.devices.items() if name not in apart)
    return sum(others, np.zeros(len(meters.price))) * KWH_PER_MWH


def _moved_up_kwh(meters: Meters) -> np.ndarray:
    """Return what flexible demand takes more than by habit while plants are ordered off, kWh (T,).

    Cars are left out: their demand is new, and the tables do not tell habit from order.
    """
    demand = (mwh for name, mwh in meters.devices.items() if name not in (CARS, GRID_BATTERIES, PLANT_BATTERIES))
    more = sum((np.maximum(mwh, 0.0) for mwh in demand), np.zeros(len(meters.price)))
    return np.where(meters.curtailing, more, 0.0) * KWH_PER_MWH
