"""Parameters of the synthetic weather, read from `process.csv`."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

import pandas as pd

from twin.errors import Problem, raise_if_any


@dataclass(frozen=True)
class Process:
    """Parameters of the stochastic weather; meaning, range and source of each stand in `process.csv`."""

    clear_index_min: float
    clear_index_max: float
    clear_index_ceiling: float
    clear_day_persistence: float
    cloud_spread_logit: float
    cloud_spread_day_sd: float
    cloud_time_minutes: float
    cloud_length_km: float
    cloud_day_length_km: float
    cloud_local_share: float
    temp_anomaly_sd_c: float
    temp_anomaly_hours: float
    temp_length_km: float
    temp_cycle_share: float
    temp_range_clear_share: float
    temp_cloud_winter: float
    temp_cloud_summer: float
    wind_synoptic_hours: float
    wind_synoptic_length_km: float
    wind_fast_share: float
    wind_fast_hours: float
    wind_fast_length_km: float
    wind_local_share: float
    wind_cloud: float


def read_process(path: Path = Path(__file__).parent / "process.csv") -> Process:
    """Read the parameters of the synthetic weather.

    Parameters
    ----------
    path : pathlib.Path
        Table with the columns ``parameter value low high source status``.

    Returns
    -------
    Process

    Raises
    ------
    InputError
        If a parameter is missing, unknown, without source, or outside its own range.
    """
    table = pd.read_csv(path, index_col="parameter")
    known = [field.name for field in fields(Process)]
    problems = [Problem("parameter missing", f"{path.name}, {name}") for name in known if name not in table.index]
    for name, row in table.iterrows():
        where = f"{path.name}, parameter {name}"
        if name not in known:
            problems.append(Problem("unknown parameter", where, accepted=", ".join(known)))
        if pd.isna(row["source"]) or pd.isna(row["status"]):
            problems.append(Problem("no source or status", where))
        if not row["low"] <= row["value"] <= row["high"]:
            problems.append(Problem("out of its range", where, f"{row['value']}", f"{row['low']} to {row['high']}"))
    raise_if_any(problems)
    return Process(**{str(name): float(value) for name, value in table["value"].items()})
