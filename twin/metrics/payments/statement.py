"""What each party's own meters and prices give it over the run: a check that does not read the payments."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from twin.core.clock import HOURS_PER_YEAR, MONTHS_OF_YEAR, step_hours
from twin.core.units import KWH_PER_MWH
from twin.metrics.kpis import CONGESTED_ABOVE_MW
from twin.metrics.payments.market import Market, at_floor, premium_price, reference_price
from twin.metrics.payments.payments import PARTIES, cash, pays_generator_charge


def statement(folder: Path, plants: pd.DataFrame, market: Market) -> dict[str, float]:
    """Return what each party receives less what it pays, JPY, each from its own meters.

    Parameters are those of `twin.metrics.payments.payments.payments`. Tables are read and summed up in another way;
    only the prices, the premium of FIP among them, are shared with it.
    """
    system = pq.read_table(folder / "system.parquet").to_pandas().set_index("time")
    hours = step_hours(pd.DatetimeIndex(system.index))
    of_plants = _plants(folder, plants, market, system, hours)
    system = system[system["failure"] == ""]
    use = _customers(folder, market, system, hours)
    price, years = use["price"], len(system) * hours / HOURS_PER_YEAR
    bought = use["export_existing_battery"] + use["export_new"]
    supplied = use["import"] + use["flexible"]
    procured = supplied / (1.0 - market["loss_low_voltage_percent"] / 100.0) - bought
    needed, own = (supplied - bought).clip(lower=0.0), of_plants["certificates"]
    bills = market["retail_price"] * supplied.sum() - use["discount"].sum()
    surplus = market["surplus_price_battery"] * use["export_existing_battery"].sum()
    surplus_plain = market["surplus_price_plain"] * use["export_existing_plain"].sum()
    ppa_surplus = market["ppa_surplus_price"] * use["export_new"].sum()
    ppa = market["ppa_price"] * use["own_new"].sum()
    lease, running = (
        market.sites_with_battery * years * market[name] for name in ("battery_lease", "ppa_running_cost")
    )
    wholesale = market["wholesale_price"] * procured.clip(lower=0.0).sum()
    wholesale += market["nonfossil_wholesale_price"] * needed.sum()
    purchase = (procured.clip(lower=0.0) * price).sum() + (use["grid_batteries"] * price).sum()
    surplus_sale = -(procured.clip(upper=0.0) * price).sum()
    sold = market["nonfossil_sale_price"] * (own - needed).clip(lower=0.0).sum()
    covered = market["nonfossil_fit_price"] * (needed - own).clip(lower=0.0).sum()
    up_dr = market["up_dr_wheeling"] * use["moved_up"].sum()
    wheeling = market["wheeling_low_voltage"] * supplied.sum()
    imported = market["retail_price"] * use["import"].sum()
    to_owners, charge = of_plants["from_outside"].sum(), of_plants["charge"].sum()
    certificates, gain = market["nonfossil_nonfit_price"] * own.sum(), of_plants["gain"].sum()
    return {
        "plant_owners": to_owners + certificates - gain - charge,
        "sites": surplus + surplus_plain - imported - ppa - lease,
        "homes": up_dr - (bills - imported),
        "aggregator": gain + ppa + ppa_surplus + lease + wholesale + sold - certificates - running - purchase - covered
        - up_dr,
        "retailer": bills + surplus_sale - wheeling - surplus - ppa_surplus - wholesale,
        "network": wheeling + charge,
        "outside": running + purchase + covered - to_owners - surplus_plain - surplus_sale - sold,
    }  # fmt: skip


def _plants(folder: Path, plants: pd.DataFrame, market: Market, system: pd.DataFrame, hours: float) -> pd.DataFrame:
    """Return by half-hour what market and fund pay, the aggregator's part, charges (JPY), and certificates (kWh)."""
    names = ["delivered_mw", "area_balance_mw", "area_balance_settled_mw", "battery_mw"]
    ledger = pq.read_table(folder / "ledger.parquet", columns=["time", "unit", *names]).to_pandas()
    mwh, solved = hours * KWH_PER_MWH, (system["failure"] == "").to_numpy()
    of_cell = _cells(ledger, system.index, solved, plants.index)
    delivered, area_balance, settled, battery = (mwh * of_cell(ledger[name].to_numpy(float)) for name in names)
    found = pd.DataFrame(0.0, index=system.index, columns=["from_outside", "gain", "charge", "certificates"])
    share, pays = market["aggregator_share_of_fip_gain"], pays_generator_charge(plants, market)
    price = system["price_jpy_per_kwh"].to_numpy()
    of_kind = {kind: delivered[:, plants["kind"] == kind].sum(axis=1) for kind in plants["kind"].unique()}
    for p, ((name, plant), pays_charge) in enumerate(zip(plants.iterrows(), pays, strict=True)):
        fed_in = delivered[:, p] - battery[:, p]
        if plant["scheme"] == "FIT":
            paid = (fed_in + area_balance[:, p] - settled[:, p]).clip(min=0.0)
            found["from_outside"] += paid * market.base_price(str(name), plant["kind"])
        else:
            found["from_outside"] += fed_in * price
            found["certificates"] += fed_in
        if plant["scheme"] == "FIP":
            base = market.base_price(str(name), plant["kind"])
            premium = fed_in * _premium(system, market, base, of_kind[plant["kind"]])
            found["from_outside"] += premium
            found["gain"] += share * (fed_in * (price + market["nonfossil_nonfit_price"] - base) + premium)
        if pays_charge:
            of_power = plant["contract_mw"] * market["wheeling_generation_power"] * MONTHS_OF_YEAR / HOURS_PER_YEAR
            found["charge"] += fed_in * market["wheeling_generation_energy"] + of_power * mwh
    return found[solved]


def _cells(
    ledger: pd.DataFrame, time: pd.Index, solved: np.ndarray, units: pd.Index
) -> Callable[[np.ndarray], np.ndarray]:
    """Return what sums a column of the ledger by time and unit, (T, U); other units and unsolved times are left out."""
    texts = ledger["unit"].astype("category").cat
    unit = units.astype(str).get_indexer(texts.categories.astype(str))[texts.codes]
    step = time.get_indexer(pd.Index(ledger["time"]))
    rows = (unit >= 0) & (step >= 0) & solved[step]
    cell, shape = step[rows] * len(units) + unit[rows], (len(time), len(units))
    return lambda values: np.bincount(cell, values[rows], shape[0] * shape[1]).reshape(shape)


def _premium(system: pd.DataFrame, market: Market, base: float, generation: np.ndarray) -> np.ndarray:
    """Return the premium per kWh of each half-hour; all half-hours count for the mean prices."""
    index, price = pd.DatetimeIndex(system.index), system["price_jpy_per_kwh"].to_numpy()
    month, half_hour = index.month.to_numpy(), (index.hour * 2 + index.minute // 30).to_numpy()
    reference = reference_price(market, month, half_hour, price, generation)
    return premium_price(base, reference, month, at_floor(market, price), generation)


def _customers(folder: Path, market: Market, system: pd.DataFrame, hours: float) -> pd.DataFrame:
    """Return what customers use and feed in by half-hour, kWh, and what the homes do not pay, JPY."""
    mwh = hours * KWH_PER_MWH
    sites = pq.read_table(folder / "sites.parquet").to_pandas()
    devices = pq.read_table(folder / "devices.parquet", columns=["time", "device", "demand_mw"]).to_pandas()
    use = pd.DataFrame({"price": system["price_jpy_per_kwh"]})
    use["import"] = sites.groupby("time")["import_mw"].sum().reindex(use.index) * mwh
    for kind in ("existing_plain", "existing_battery", "new"):
        rows = sites.loc[sites["kind"] == kind, ["time", "export_mw", "self_consumption_mw"]]
        rows = rows.set_index("time").reindex(use.index).fillna(0.0)
        use[f"export_{kind}"] = rows["export_mw"] * mwh
        use[f"own_{kind}"] = rows["self_consumption_mw"] * mwh
    devices["device"] = devices["device"].astype(str)
    demand = devices.pivot_table(index="time", columns="device", values="demand_mw", aggfunc="sum") * mwh
    demand = demand.reindex(use.index).fillna(0.0)
    use["grid_batteries"] = demand.pop("grid_batteries") if "grid_batteries" in demand else 0.0
    demand = demand.drop(columns="plant_batteries", errors="ignore")
    at_home = demand[demand.columns.intersection(["homes", "water_heaters", "cars"])].sum(axis=1)
    homes = at_home + system["home_demand_pu"] * market.home_mwh / HOURS_PER_YEAR * mwh
    use["flexible"] = homes + demand.sum(axis=1) - at_home
    off = (system["area_balance_share"] > 0.0) | (system["plants_congestion_mw"] > CONGESTED_ABOVE_MW)
    use["moved_up"] = demand.drop(columns="cars", errors="ignore").clip(lower=0.0).sum(axis=1) * off
    use["discount"] = _discount(homes, system["price_ratio"], int(market["free_hour"])) * market["retail_price"]
    return use


def _discount(homes: pd.Series, ratio: pd.Series, free_hour: int) -> pd.Series:
    """Return the use for which the homes do not pay, kWh."""
    clock = pd.DatetimeIndex(homes.index)
    hour, day = pd.Series(clock.hour, homes.index), clock.normalize()
    used, before = (homes.where(hour == h, 0.0).groupby(day).transform("sum") for h in (free_hour, free_hour - 1))
    announced = (hour == free_hour) & (ratio == 0.0)
    compared = (hour == free_hour - 1) & announced.groupby(day).transform("any")
    return (homes * (1.0 - ratio)).mask((announced & (used <= before)) | compared, 0.0)


CASH_KPIS = (*(f"cash_{party}_jpy" for party in PARTIES), "cash_sum_mismatch_jpy")


def cash_kpis(table: pa.Table, folder: Path, plants: pd.DataFrame, market: Market) -> dict[str, float]:
    """Return the cash of each party and how far it is from what the party's own meters give.

    Parameters
    ----------
    table : pyarrow.Table
        From `twin.metrics.payments.payments.payments`.
    folder, plants, market
        As given there.
    """
    of_rows, of_meters = cash(table), statement(folder, plants, market)
    mismatch = max(abs(of_rows[party] - of_meters[party]) for party in PARTIES)
    return {f"cash_{party}_jpy": of_rows[party] for party in PARTIES} | {"cash_sum_mismatch_jpy": mismatch}
