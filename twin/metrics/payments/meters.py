"""What the meters of one member read, half-hour by half-hour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from twin.metrics.kpis import ordered_off

_PLANT_COLUMNS = ("delivered_mw", "area_balance_mw", "area_balance_settled_mw", "battery_mw")
_SITE_COLUMNS = ("import_mw", "export_mw", "self_consumption_mw")
_SYSTEM_COLUMNS = ["time", "price_jpy_per_kwh", "price_ratio", "home_demand_pu", "area_balance_share",
                   "plants_congestion_mw", "failure"]  # fmt: skip


@dataclass(frozen=True)
class Meters:
    """Energies of one member in MWh; T half-hours, P plants. Half-hours that did not solve are zero in all of them.

    Attributes
    ----------
    time : pyarrow.Array
        (T,) start of the half-hours.
    hours : float
        Length of a half-hour.
    month, half_hour, day : numpy.ndarray, (T,) int
        Calendar month 1 .. 12, half-hour of the day 0 .. 47, days since the epoch.
    price : numpy.ndarray, (T,)
        Area price, JPY/kWh.
    price_ratio, home_demand : numpy.ndarray, (T,)
        Retail price over the usual one; demand of the mean home over its yearly mean.
    curtailing : numpy.ndarray, (T,) bool
        Half-hours in which plants are ordered off, for area balance or congestion.
    solved : numpy.ndarray, (T,) bool
    produced, grid, settled : numpy.ndarray, (T, P)
        Produced by the plants; fed in, after the battery beside them; what a FIT plant is paid for.
    sites : dict of str to dict of str to numpy.ndarray
        By kind of site, then ``import``, ``export``, ``self_consumption``; (T,).
    devices : dict of str to numpy.ndarray
        Change of demand (charging positive) by device; (T,).
    """

    time: pa.Array
    hours: float
    month: np.ndarray
    half_hour: np.ndarray
    day: np.ndarray
    price: np.ndarray
    price_ratio: np.ndarray
    home_demand: np.ndarray
    curtailing: np.ndarray
    solved: np.ndarray
    produced: np.ndarray
    grid: np.ndarray
    settled: np.ndarray
    sites: Mapping[str, Mapping[str, np.ndarray]]
    devices: Mapping[str, np.ndarray]


def read_meters(folder: Path, plants: pd.DataFrame) -> Meters:
    """Read the meters of a member from its tables.

    Parameters
    ----------
    folder : pathlib.Path
        With ``system``, ``ledger``, ``sites`` and ``devices``.
    plants : pandas.DataFrame
        `GridModel.plants`, for their names and order.
    """
    system = pq.read_table(folder / "system.parquet", columns=_SYSTEM_COLUMNS)
    time = system["time"].combine_chunks()
    seconds = _seconds(time)
    hours = float(np.median(np.diff(seconds))) / 3600.0 if len(seconds) > 1 else 0.5
    local = pd.DatetimeIndex(pd.to_datetime(seconds, unit="s", utc=True)).tz_convert(time.type.tz)
    column = {name: system[name].to_numpy() for name in _SYSTEM_COLUMNS[1:]}
    solved = column["failure"] == ""
    energy = np.where(solved, hours, 0.0)
    of_plants = {name: mw * energy[:, None] for name, mw in _of_plants(folder, plants, seconds).items()}
    produced = of_plants["delivered_mw"]
    grid = produced - of_plants["battery_mw"]
    paid = grid + of_plants["area_balance_mw"] - of_plants["area_balance_settled_mw"]
    return Meters(
        time=time,
        hours=hours,
        month=local.month.to_numpy(),
        half_hour=(local.hour * 2 + local.minute // 30).to_numpy(),
        day=(local.normalize().tz_localize(None) - pd.Timestamp(0)).days.to_numpy(),
        price=column["price_jpy_per_kwh"],
        price_ratio=column["price_ratio"],
        home_demand=column["home_demand_pu"],
        curtailing=ordered_off(column),
        solved=solved,
        produced=produced,
        grid=grid,
        settled=np.maximum(paid, 0.0),
        sites={
            kind: {name.removesuffix("_mw"): mw * energy for name, mw in values.items()}
            for kind, values in _by_name(folder, "sites", "kind", _SITE_COLUMNS, seconds).items()
        },
        devices={
            device: values["demand_mw"] * energy
            for device, values in _by_name(folder, "devices", "device", ("demand_mw",), seconds).items()
        },
    )


def _of_plants(folder: Path, plants: pd.DataFrame, seconds: np.ndarray) -> dict[str, np.ndarray]:
    """Return columns of the ledger as (T, P)."""
    table = pq.read_table(folder / "ledger.parquet", columns=["time", "unit", *_PLANT_COLUMNS])
    names, code = _codes(table["unit"])
    position = pd.Index(plants.index.astype(str)).get_indexer(pd.Index(names))
    plant = position[code]
    wanted = plant >= 0
    cell = np.searchsorted(seconds, _seconds(table["time"])[wanted]) * len(plants) + plant[wanted]
    found = {}
    for name in _PLANT_COLUMNS:
        values = np.zeros(len(seconds) * len(plants))
        values[cell] = table[name].to_numpy()[wanted]
        found[name] = values.reshape(len(seconds), len(plants))
    return found


def _by_name(
    folder: Path, table_name: str, key: str, columns: tuple[str, ...], seconds: np.ndarray
) -> dict[str, dict[str, np.ndarray]]:
    """Return columns of a table with a row per half-hour and name, by name; (T,) each."""
    table = pq.read_table(folder / f"{table_name}.parquet", columns=["time", key, *columns])
    names, code = _codes(table[key])
    step = np.searchsorted(seconds, _seconds(table["time"]))
    found: dict[str, dict[str, np.ndarray]] = {}
    for number, name in enumerate(names):
        rows = code == number
        values = {column: np.zeros(len(seconds)) for column in columns}
        for column, series in values.items():
            series[step[rows]] = table[column].to_numpy()[rows]
        found[name] = values
    return found


def _codes(column: pa.ChunkedArray) -> tuple[list[str], np.ndarray]:
    """Return the distinct texts of a column and the position of each row's among them."""
    encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    joined = encoded.unify_dictionaries().combine_chunks()
    joined = joined if isinstance(joined, pa.DictionaryArray) else joined.chunk(0)
    return [str(name) for name in joined.dictionary.to_pylist()], joined.indices.to_numpy()


def _seconds(time: pa.Array | pa.ChunkedArray) -> np.ndarray:
    result: np.ndarray = pc.cast(pc.cast(time, pa.timestamp("s", tz=time.type.tz)), pa.int64()).to_numpy()
    return result
