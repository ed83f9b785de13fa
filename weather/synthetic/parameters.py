"""Parameters of the synthetic weather, read from `process.csv`."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, TypeVar

import pandas as pd

from twin.core.errors import Problem, raise_if_any
from twin.core.tables import Tables

T = TypeVar("T")


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
    temp_climate_sd_c: float
    temp_climate_days: float
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
    wind_climate_share: float
    wind_climate_days: float
    climate_length_km: float


def read_process(tables: Tables) -> Process:
    """Return the parameters of ``process.csv``.

    Raises
    ------
    InputError
        As `parameters_of`.
    """
    return parameters_of(tables["process"], "process", Process)


def parameters_of(table: pd.DataFrame, name: str, kind: type[T]) -> T:
    """Return the parameters that a table states.

    Parameters
    ----------
    table : pandas.DataFrame
        One row per parameter, columns ``parameter`` and ``value``.
    name : str
        Name of the table, for the messages.
    kind : type
        A dataclass of numbers with a field for each parameter.

    Returns
    -------
    kind

    Raises
    ------
    InputError
        If a parameter is missing, unknown, or impossible (a share of 1.2, a length of 0 km).
    """
    dataclass_type: Any = kind
    values = table.set_index("parameter")["value"]
    known = [field.name for field in fields(dataclass_type)]
    problems = [
        Problem("parameter missing", f"{name}.csv, {known_name}") for known_name in known if known_name not in values
    ]
    for parameter, value in values.items():
        where = f"{name}.csv, {parameter}"
        low, high = _possible(str(parameter))
        if parameter not in known:
            problems.append(Problem("unknown parameter", where, accepted=", ".join(known)))
        elif not low <= value <= high:
            problems.append(Problem("impossible value", where, f"{value}", f"{low} to {high}"))
    raise_if_any(problems)
    return kind(**{str(parameter): float(value) for parameter, value in values.items()})


def _possible(name: str) -> tuple[float, float]:
    """Return the limits within which the formulas have a meaning, told by the kind of the parameter."""
    if name.endswith(("_share", "_persistence")):
        return 0.0, 0.99
    if name.endswith(("latitude", "longitude")):
        return -180.0, 180.0
    if name.endswith(("_km", "_hours", "_minutes", "_days", "_m")):
        return 1e-6, 1e5
    return (-0.99, 0.99) if "_cloud" in name else (0.0, 100.0)
