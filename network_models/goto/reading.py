"""Read Goto's tables."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from network_models.goto.table_specs import GRID_TABLES
from network_models.input_tables import SETTABLE
from network_models.tables import read_tables
from twin.core.errors import Problem, raise_if_any
from twin.core.input_tables import values_in_force

FOLDER = Path(__file__).parent


def goto_tables(folder: Path = FOLDER) -> dict[str, pd.DataFrame]:
    """Read and check all tables of a folder laid out like this one; see `network_models.tables.read_tables`.

    Values in force (`twin.core.input_tables.inputs_in_force`) stand in place of the tables' own.

    Raises
    ------
    InputError
        Also where a value in force names a row that its table does not have.
    """
    tables = read_tables(folder, GRID_TABLES)
    problems = []
    for name, declared in SETTABLE.items():
        for row, value in values_in_force(declared).items():
            if row in tables[name].index:
                tables[name][declared.main] = tables[name][declared.main].astype(float)
                tables[name].loc[row, declared.main] = value
            else:
                problems.append(Problem("no such row", f"[inputs.{name}]", row, ", ".join(tables[name].index)))
    raise_if_any(problems)
    return tables


def parameter_table() -> pd.DataFrame:
    """Return parameters.csv.

    Returns
    -------
    pandas.DataFrame
        Index `key`; columns `value unit kind choices possible_low possible_high name_en name_ja source status low
        high`.
    """
    return goto_tables()["parameters"]


def site_table() -> pd.DataFrame:
    """Return sites.csv: customer sites with PV below about 10 kW, one row per kind and class.

    Returns
    -------
    pandas.DataFrame
        Columns `kind class count pv_dc_kw pv_ac_kw battery_kwh battery_kw round_trip_efficiency soc_min_percent
        soc_max_percent reserve_percent standby_w demand_kwh cut source status low high`; capacities and annual demand
        are per site, `low` and `high` are about `battery_kw`.
    """
    return goto_tables()["sites"]
