"""Who pays whom under the member's contracts, half-hour by half-hour."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from twin.clock import HOURS_PER_YEAR, MONTHS_OF_YEAR
from twin.units import KW_PER_MW, KWH_PER_MWH
from twin.value.fip import at_floor, premium_price, reference_price
from twin.value.market import Market
from twin.value.meters import Meters, read_meters
from twin.value.payment import Payment, payment_table
from twin.value.retail import retail_payments


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
    """Return the premium of all FIP plants, (T,) JPY; see `twin.value.fip`."""
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
    return (plants["scheme"].to_numpy(str) == "non-FIT") | late


def _base_prices(plants: pd.DataFrame, market: Market) -> np.ndarray:
    """Return the FIT or FIP base price of each plant, (P,) JPY/kWh; 0 where it has neither."""
    rows = zip(plants.index.astype(str), plants["kind"], plants["scheme"], strict=True)
    return np.array([0.0 if scheme == "non-FIT" else market.base_price(name, kind) for name, kind, scheme in rows])


def _generator_charge(meters: Meters, plants: pd.DataFrame, market: Market) -> np.ndarray:
    pays = pays_generator_charge(plants, market)
    kw = float(plants["contract_mw"].to_numpy(float)[pays].sum()) * KW_PER_MW
    of_power = kw * market["wheeling_generation_power"] * MONTHS_OF_YEAR / HOURS_PER_YEAR * meters.hours
    of_energy = meters.grid[:, pays].sum(axis=1) * KWH_PER_MWH * market["wheeling_generation_energy"]
    return of_energy + of_power * meters.solved
