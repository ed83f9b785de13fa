"""Key figures of the sites' batteries, and what a fleet of average sites would have said."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq

from twin.clock import HOURS_PER_YEAR
from twin.units import KWH_PER_MWH


def battery_kpis(folder: Path, hours: float) -> dict[str, float]:
    """Return the key figures of a member from its tables ``batteries`` and ``averages``.

    Parameters
    ----------
    folder : pathlib.Path
    hours : float
        Length of the run.

    Returns
    -------
    dict of str to float
        Wear is 0 without batteries.
    """
    columns = ["battery_kwh", "cycles", "cycle_loss_percent", "calendar_loss_percent"]
    sites = pq.read_table(folder / "batteries.parquet", columns=columns).to_pandas()
    sites = sites[sites["battery_kwh"] > 0.0]
    per_year = HOURS_PER_YEAR / hours
    wear = per_year * (sites["cycle_loss_percent"] + sites["calendar_loss_percent"])
    averages = pq.read_table(folder / "averages.parquet").to_pandas()
    return {
        "battery_wear_percent_per_year": float(wear.mean()) if len(wear) else 0.0,
        "battery_wear_max_percent_per_year": float(wear.max()) if len(wear) else 0.0,
        "battery_cycles_max_per_year": per_year * float(sites["cycles"].max()) if len(sites) else 0.0,
        "average_fleet_self_consumption_mwh": float(averages["average_self_consumed_kwh"].sum()) / KWH_PER_MWH,
        "average_fleet_site_export_mwh": float(averages["average_exported_kwh"].sum()) / KWH_PER_MWH,
    }
