"""Tables of a small member for the tests of payments: two plants, four half-hours around noon, round numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from twin.core.clock import DEFAULT_CLOCK
from twin.metrics.payments.market import Market

HOURS = 0.5
VALUES = {
    "retail_price": 24.0, "wholesale_price": 13.0, "nonfossil_wholesale_price": 0.4, "nonfossil_sale_price": 1.0,
    "nonfossil_nonfit_price": 0.6, "nonfossil_fit_price": 0.5, "ppa_price": 23.0, "ppa_surplus_price": 7.0,
    "surplus_price_battery": 8.0, "surplus_price_plain": 9.0, "battery_lease": 87_600.0, "ppa_running_cost": 175_200.0,
    "wheeling_low_voltage": 9.0, "wheeling_generation_energy": 0.2, "wheeling_generation_power": 73.0,
    "wheeling_generation_from_year": 2027.0, "up_dr_wheeling": 8.0, "loss_low_voltage_percent": 20.0,
    "free_hour": 12.0, "aggregator_share_of_fip_gain": 0.5, "fip_floor_price": 0.01, "fip_balancing_cost": 0.5,
    "base_price_pv": 36.0, "base_price_wind": 20.0,
}  # fmt: skip
PLANTS = pd.DataFrame(
    {
        "kind": ["pv", "wind"],
        "scheme": ["FIT", "FIP"],
        "contract_mw": [2.0, 10.0],
        "in_service_from": pd.to_datetime(["2014-01-01", "2028-04-01"]),
    },
    index=pd.Index(["sun", "breeze"], name="plant_id"),
)
SYSTEM = {
    "price_jpy_per_kwh": [10.0, 0.01, 0.01, 20.0], "price_ratio": [1.0, 1.0, 0.0, 0.0], "home_demand_pu": [1.0] * 4,
    "area_balance_share": [0.0, 0.3, 0.0, 0.0], "plants_congestion_mw": [0.0, 0.0, 0.5, 0.0], "failure": [""] * 4,
}  # fmt: skip
NOTHING = [0.0] * 4
LEDGER = {
    "sun": {"delivered_mw": [2.0, 1.0, 2.0, 2.0], "area_balance_mw": [0.0, 1.0, 0.0, 0.0],
            "area_balance_settled_mw": [0.0, 0.5, 1.0, 0.0], "battery_mw": NOTHING},
    "breeze": {"delivered_mw": [4.0] * 4, "area_balance_mw": NOTHING, "area_balance_settled_mw": NOTHING,
               "battery_mw": [0.0, 2.0, 0.0, -1.0]},
    "new/fukue": {"delivered_mw": [9.0] * 4, "area_balance_mw": NOTHING, "area_balance_settled_mw": NOTHING,
                  "battery_mw": NOTHING},
}  # fmt: skip
SITES = {
    "existing_plain": {"import_mw": [0.4, 0.0, 0.0, 0.2], "export_mw": [0.0, 0.2, 0.2, 0.0],
                       "self_consumption_mw": [0.1] * 4},
    "existing_battery": {"import_mw": NOTHING, "export_mw": [0.0, 0.0, 0.4, 0.0], "self_consumption_mw": [0.3] * 4},
    "new": {"import_mw": [1.0, 0.0, 0.0, 1.0], "export_mw": [0.0, 1.0, 6.0, 0.0],
            "self_consumption_mw": [0.5, 1.0, 1.0, 0.5]},
}  # fmt: skip
DEVICES = {"homes": [-0.2, -0.2, 0.4, 0.2], "commercial": [0.0, 0.2, -0.1, 0.0],
           "grid_batteries": [0.0, 2.0, 0.0, -1.0], "plant_batteries": [0.0, 2.0, 0.0, -1.0]}  # fmt: skip


def market(**changes: float) -> Market:
    """Return round prices, one site with a battery, homes that use 1 MW on average."""
    return Market(values=VALUES | changes, sites_with_battery=1, home_mwh=8760.0)


def write_member(
    folder: Path,
    *,
    system: dict | None = None,
    ledger: dict | None = None,
    sites: dict | None = None,
    devices: dict | None = None,
    start: str = "2030-04-01 11:00",
) -> Path:
    """Write the tables that payments read; `system` and `ledger` change single columns of those above."""
    columns = SYSTEM | (system or {})
    time = pd.date_range(start, periods=len(columns["price_jpy_per_kwh"]), freq="30min", tz=DEFAULT_CLOCK.timezone)
    units = {name: values | (ledger or {}).get(name, {}) for name, values in LEDGER.items()} | {
        name: values for name, values in (ledger or {}).items() if name not in LEDGER
    }
    _write(folder, "system", pd.DataFrame({"time": time} | columns))
    _write(folder, "ledger", _long(time, "unit", units), "unit")
    _write(folder, "sites", _long(time, "kind", SITES if sites is None else sites), "kind")
    named = {name: {"demand_mw": mw} for name, mw in (DEVICES if devices is None else devices).items()}
    _write(folder, "devices", _long(time, "device", named, ["demand_mw"]), "device")
    return folder


def _long(time: pd.DatetimeIndex, key: str, of_name: dict, columns: list[str] | None = None) -> pd.DataFrame:
    parts = [pd.DataFrame({"time": time, key: name} | values) for name, values in of_name.items()]
    if parts:
        return pd.concat(parts, ignore_index=True)
    return pd.DataFrame({"time": time[:0], key: np.zeros(0, dtype=object)} | dict.fromkeys(columns or [], np.zeros(0)))


def _write(folder: Path, name: str, frame: pd.DataFrame, key: str = "") -> None:
    table = pa.Table.from_pandas(frame, preserve_index=False)
    table = table.set_column(0, "time", table["time"].cast(pa.timestamp("s", tz=DEFAULT_CLOCK.timezone)))
    if key:
        position = table.schema.get_field_index(key)
        table = table.set_column(position, key, table[key].cast(pa.string()).dictionary_encode())
    pq.write_table(table, folder / f"{name}.parquet")


def amounts(table: pa.Table) -> dict[tuple[str, str, str], list[tuple[int, float]]]:
    """Return per item, payer and receiver its rows as half-hour since the first and JPY."""
    frame = table.to_pandas()
    begin = pd.Timestamp("2030-04-01 11:00", tz=DEFAULT_CLOCK.timezone)
    found: dict[tuple[str, str, str], list[tuple[int, float]]] = {}
    for row in frame.itertuples(index=False):
        step = int((row.time - begin) / pd.Timedelta("30min"))
        found.setdefault((row.item, row.payer, row.receiver), []).append((step, row.jpy))
    return found
