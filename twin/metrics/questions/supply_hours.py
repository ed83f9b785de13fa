"""Blackout: how long batteries and PV of small sites supply their demand if both circuits are lost at any step."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from twin.core.units import KWH_PER_MWH
from twin.metrics.series import read_table

HORIZON_HOURS = 168.0
"""A supply that lasts for a week is not followed further."""
_COLUMNS = ["time", "kind", "pv_mw", "load_mw", "throttled_mw", "soc_percent"]


def hours_of_supply(
    stored_mwh: np.ndarray,
    capacity_mwh: float,
    pv_mw: np.ndarray,
    load_mw: np.ndarray,
    hours: float,
    efficiency: float,
) -> np.ndarray:
    """Return how long the demand is met from the charge at each step and the PV after it, at most a week; (T,) hours.

    A blackout ends the supply in the step in which the charge would not do; it begins with what is stored at the end of
    the step before. PV beyond the demand charges up to the capacity. The period is taken as a circle, so that its last
    steps are followed as far as its first.

    Parameters
    ----------
    stored_mwh : numpy.ndarray, (T,)
        Charge at the end of each step, all of it usable: reserves are made for this.
    capacity_mwh : float
    pv_mw, load_mw : numpy.ndarray, (T,)
    hours : float
        Length of a step.
    efficiency : float
        One way.
    """
    count = len(stored_mwh)
    charge = np.roll(stored_mwh, 1).astype(float)
    lasted, alive = np.zeros(count), np.ones(count, dtype=bool)
    surplus_mwh = (pv_mw - load_mw) * hours
    change = np.where(surplus_mwh >= 0.0, surplus_mwh * efficiency, surplus_mwh / efficiency)
    for step in range(round(HORIZON_HOURS / hours)):
        now = np.roll(change, -step)
        charge = np.minimum(charge + now, capacity_mwh)
        alive &= charge >= -1e-9
        if not alive.any():
            break
        lasted += np.where(alive, hours, 0.0)
    return lasted


def of_sites(
    folder: Path, kind: str, capacity_kwh: float, efficiency: float, share_of_load: float, hours: float
) -> dict[str, float]:
    """Return the hours of supply of the sites of a kind: shortest, at 5 % and in the middle of all steps.

    Parameters
    ----------
    folder : pathlib.Path
        With the member's tables.
    kind : str
        Of the table ``sites``.
    capacity_kwh : float
        Of all their batteries.
    efficiency : float
        One way.
    share_of_load : float
        Part of their demand that is kept up.
    hours : float
        Length of a step.
    """
    table = read_table(folder, "sites", _COLUMNS)
    table = table[table["kind"].astype(str) == kind]
    capacity = capacity_kwh / KWH_PER_MWH
    stored = table["soc_percent"].to_numpy(float) / 100.0 * capacity
    pv = table["pv_mw"].to_numpy(float) + table["throttled_mw"].to_numpy(float)
    load = share_of_load * table["load_mw"].to_numpy(float)
    lasted = hours_of_supply(np.nan_to_num(stored), capacity, pv, load, hours, efficiency)
    night = pd.DatetimeIndex(table["time"]).hour.to_numpy()
    late = lasted[(night >= EVENING[0]) & (night < EVENING[1])]
    return {
        "supply_min_hours": float(lasted.min()),
        "supply_p05_hours": float(np.quantile(lasted, 0.05)),
        "supply_median_hours": float(np.median(lasted)),
        "supply_evening_hours": float(np.median(late)),
    }


EVENING = (18, 21)
"""Clock hours of the evening, when demand is high and the sun is down."""


def diesel_share_percent(folder: Path, diesel_mw: float) -> float:
    """Return in which share of the steps the diesels alone could carry the demand of all islands, in percent."""
    demand = read_table(folder, "system", ["demand_mw"])["demand_mw"].to_numpy(float)
    return float(100.0 * np.mean(demand <= diesel_mw))
