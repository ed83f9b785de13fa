"""Who pays whom under the member's contracts, half-hour by half-hour."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from twin.core.clock import HOURS_PER_YEAR, MONTHS_OF_YEAR
from twin.core.units import KW_PER_MW, KWH_PER_MWH
from twin.devices.device import CARS, GRID_BATTERIES, HOMES, PLANT_BATTERIES, WATER_HEATERS
from twin.metrics.payments.market import Market, at_floor, premium_price, reference_price
from twin.metrics.payments.meters import Meters, read_meters

PARTIES = ("plant_owners", "sites", "homes", "aggregator", "retailer", "network", "outside")
"""Who pays and is paid: owners of plants; customers with small PV; homes with monitors and other flexible customers;
the aggregator, which also owns the new PV and the grid batteries; the local retailer; the network operator; all others:
market, fund of the FIT levy, suppliers."""


@dataclass(frozen=True)
class Payment:
    """One item between two parties; `jpy` is (T,), negative where the receiver pays."""

    item: str
    payer: str
    receiver: str
    jpy: np.ndarray


def payment_table(time: pa.Array, found: Sequence[Payment]) -> pa.Table:
    """Return payments as a table, zeros left out; columns ``time item payer receiver jpy``."""
    rows = [np.flatnonzero(payment.jpy) for payment in found]
    count = [len(row) for row in rows]
    return pa.table({
        "time": time.take(pa.array(np.concatenate([np.zeros(0, dtype=np.int64), *rows]))),
        "item": _text([payment.item for payment in found], count),
        "payer": _text([payment.payer for payment in found], count),
        "receiver": _text([payment.receiver for payment in found], count),
        "jpy": np.concatenate([np.zeros(0), *(p.jpy[row] for p, row in zip(found, rows, strict=True))]),
    })  # fmt: skip


def _text(names: Sequence[str], count: Sequence[int]) -> pa.DictionaryArray:
    unique = list(dict.fromkeys(names))
    code = np.repeat(np.array([unique.index(name) for name in names], dtype=np.int8), count)
    return pa.DictionaryArray.from_arrays(pa.array(code), pa.array(unique, type=pa.string()))


def cash(table: pa.Table) -> dict[str, float]:
    """Return what each party has received less what it has paid, JPY."""
    sums = table.group_by(["payer", "receiver"]).aggregate([("jpy", "sum")]).to_pylist()
    received = {party: sum(row["jpy_sum"] for row in sums if row["receiver"] == party) for party in PARTIES}
    return {party: received[party] - sum(r["jpy_sum"] for r in sums if r["payer"] == party) for party in PARTIES}


HOME_DEVICES = (HOMES, WATER_HEATERS, CARS)
"""Flexible devices behind the meters of homes; the others' change of demand is the retailer's too."""


def retail_payments(meters: Meters, plants: pd.DataFrame, market: Market) -> Iterator[Payment]:
    """Yield bills, purchases of the retailer, certificates, wheeling, PPA and leases; see docs/concepts/value.md."""
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
    result: np.ndarray = (usual + moved) * KWH_PER_MWH
    return result


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


def payments(folder: Path, plants: pd.DataFrame, market: Market) -> pa.Table:
    """Return all payments of a member.

    Parameters
    ----------
    folder : pathlib.Path
        With the member's tables.
    plants : pandas.DataFrame
        `GridModel.plants` of the member: ``kind scheme contract_mw in_service_from``.
    market : Market

    Returns
    -------
    pyarrow.Table
        Columns ``time item payer receiver jpy``, one row per item and half-hour in which it is not zero. Half-hours
        that did not solve have none.

    Raises
    ------
    InputError
        Where the market has no such price.
    """
    meters = read_meters(folder, plants)
    found = [*plant_payments(meters, plants, market), *retail_payments(meters, plants, market)]
    return payment_table(meters.time, found)


def plant_payments(meters: Meters, plants: pd.DataFrame, market: Market) -> Iterator[Payment]:
    """Yield what plants earn and pay: FIT, market, premium, certificates, the aggregator's part, network charges."""
    kwh = meters.grid * KWH_PER_MWH
    scheme = plants["scheme"].to_numpy(str)
    base = _base_prices(plants, market)
    fit, fip, direct = scheme == "FIT", scheme == "FIP", scheme != "FIT"
    yield Payment("fit", "outside", "plant_owners", meters.settled[:, fit] @ base[fit] * KWH_PER_MWH)
    yield Payment("market_sale", "outside", "plant_owners", kwh[:, direct].sum(axis=1) * meters.price)
    premium = fip_premium(meters, plants, market)
    yield Payment("fip_premium", "outside", "plant_owners", premium)
    certificates = market["nonfossil_nonfit_price"]
    yield Payment("nonfossil_nonfit", "aggregator", "plant_owners", kwh[:, direct].sum(axis=1) * certificates)
    gain = kwh[:, fip].sum(axis=1) * (meters.price + certificates) + premium - kwh[:, fip] @ base[fip]
    share = market["aggregator_share_of_fip_gain"]
    yield Payment("fip_gain", "plant_owners", "aggregator", share * gain)
    yield Payment("wheeling_generation", "plant_owners", "network", _generator_charge(meters, plants, market))


def fip_premium(meters: Meters, plants: pd.DataFrame, market: Market) -> np.ndarray:
    """Return the premium of all FIP plants, (T,) JPY; see `twin.metrics.payments.market`."""
    floor, total = at_floor(market, meters.price), np.zeros(len(meters.price))
    kinds, names = plants["kind"].to_numpy(str), plants.index.astype(str).to_list()
    of_fip = plants["scheme"].to_numpy(str) == "FIP"
    for kind in dict.fromkeys(kinds[of_fip]):
        generation = meters.produced[:, kinds == kind].sum(axis=1)
        reference = reference_price(market, meters.month, meters.half_hour, meters.price, generation)
        for p in np.flatnonzero(of_fip & (kinds == kind)):
            base = market.base_price(names[p], kind)
            per_kwh = premium_price(base, reference, meters.month, floor, generation)
            total += meters.grid[:, p] * KWH_PER_MWH * per_kwh
    return total


def pays_generator_charge(plants: pd.DataFrame, market: Market) -> np.ndarray:
    """Return the plants that pay the network, (P,) bool: no FIT or FIP, or certified too late to be exempt."""
    began = pd.to_datetime(plants["in_service_from"])
    fiscal_year = (began.dt.year - (began.dt.month < 4)).to_numpy(float)
    late = fiscal_year >= market["wheeling_generation_from_year"]
    result: np.ndarray = (plants["scheme"].to_numpy(str) == "non-FIT") | late
    return result


def _base_prices(plants: pd.DataFrame, market: Market) -> np.ndarray:
    """Return the FIT or FIP base price of each plant, (P,) JPY/kWh; 0 where it has neither."""
    rows = zip(plants.index.astype(str), plants["kind"], plants["scheme"], strict=True)
    return np.array([0.0 if scheme == "non-FIT" else market.base_price(name, kind) for name, kind, scheme in rows])


def _generator_charge(meters: Meters, plants: pd.DataFrame, market: Market) -> np.ndarray:
    pays = pays_generator_charge(plants, market)
    kw = float(plants["contract_mw"].to_numpy(float)[pays].sum()) * KW_PER_MW
    of_power = kw * market["wheeling_generation_power"] * MONTHS_OF_YEAR / HOURS_PER_YEAR * meters.hours
    of_energy = meters.grid[:, pays].sum(axis=1) * KWH_PER_MWH * market["wheeling_generation_energy"]
    result: np.ndarray = of_energy + of_power * meters.solved
    return result
