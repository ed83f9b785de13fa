"""What every experiment states of a member beside its tables: payments, key figures, agreement with pandapower."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from studies.measured.series import read_price
from studies.study.file.input_names import AREA_MARKET
from studies.study.file.schema import Study
from studies.study.islands import clock_of, tables_of
from twin.core.clock import step_minutes
from twin.core.units import KWH_PER_MWH
from twin.devices.homes import Homes
from twin.metrics.cable_temperature import cable_table
from twin.metrics.kpis import KEY_FIGURES, OF_CABLE, member_kpis
from twin.metrics.payments.market import Market, price_matrix
from twin.metrics.payments.payments import payment_table, payments
from twin.metrics.payments.statement import CASH_KPIS, cash_kpis
from twin.metrics.series import read_table
from twin.metrics.store import write_table
from twin.operation.case import Case
from twin.operation.member import Member
from twin.operation.state import stored_at_start_mwh
from twin.resources.resampling import held_over_steps

VM_TOLERANCE_PU = 1e-6
"""Largest voltage deviation of a sampled state from pandapower that counts as agreement."""


def own_kpis(
    study: Study,
    case: Case,
    m: int,
    folder: Path,
    year_before: np.ndarray | None,
    names: Collection[str] | None = None,
) -> dict[str, float | None]:
    """Write a member's payments and cable temperatures and return its key figures, but for comparisons with others.

    Parameters
    ----------
    study : Study
        The member's own.
    case : Case
    m : int
        The member's position in the case.
    folder : pathlib.Path
        With the member's tables.
    year_before : numpy.ndarray, optional
        From `previous_price`.
    names : collection of str, optional
        Only these; what none of them needs is not written. All where not given.
    """
    found: dict[str, float | None] = {}
    if names is None or not set(CASH_KPIS).isdisjoint(names):
        found |= write_payments(study, case, case.members[m], folder, year_before)
    circuits = case.grid.models[case.members[m].grid].cables
    if circuits and (names is None or not OF_CABLE.isdisjoint(names)):
        write_table(folder, "cable", cable_table(circuits, read_table(folder, "link"), case.step_hours))
    battery_mwh = float(case.fleet.battery_mwh[m].sum())
    of_tables = None if names is None else [name for name in names if name in KEY_FIGURES]
    found |= member_kpis(folder, stored_at_start_mwh(case, m), battery_mwh, case.step_hours, of_tables)
    found |= {"operator_flow_margin_mw": float(case.members[m].flow_margin_mw)}
    return none_where_nan(found if names is None else {name: found[name] for name in names})


def none_where_nan(kpis: Mapping[str, float | None]) -> dict[str, float | None]:
    """Return key figures with None where a part that the island leaves out would be needed: money without prices."""
    return {name: None if value is None or math.isnan(value) else value for name, value in kpis.items()}


def previous_price(study: Study, data: Path | None) -> np.ndarray | None:
    """Return the area price of the fiscal year before by month and half-hour of the day, (12, 48).

    None where it is not measured: with synthetic weather, or where the data folder begins with the study's year. The
    year before is then taken to have been like the simulated one.
    """
    if study.weather.source != "measured" or data is None:
        return None
    year, clock = study.period.fiscal_year - 1, clock_of(study)
    price = read_price(tables_of(study), data, year, clock)
    if price is None:
        return None
    on_steps = held_over_steps(price.to_numpy(), step_minutes(pd.DatetimeIndex(price.index)), clock.step_minutes)
    return price_matrix(clock.fiscal_year(year), on_steps)


def write_payments(
    study: Study, case: Case, member: Member, folder: Path, year_before: np.ndarray | None
) -> dict[str, float | None]:
    """Write ``payments.parquet`` of a member and return its key figures; without tariffs there are no payments.

    Parameters
    ----------
    study : Study
        The member's own, for its values of ``[inputs.market]``.
    case : Case
    member : Member
        As in the loop.
    folder : pathlib.Path
        With the member's tables.
    year_before : numpy.ndarray, optional
        From `previous_price`.
    """
    if not has_payments(study):
        time = pq.read_table(folder / "system.parquet", columns=["time"])["time"].combine_chunks()
        write_table(folder, "payments", payment_table(time, []))
        return dict.fromkeys(CASH_KPIS)
    market, plants = _market(study, member, year_before), case.grid.models[member.grid].plants
    table = payments(folder, plants, market)
    write_table(folder, "payments", table)
    return dict(cash_kpis(table, folder, plants, market))


def has_payments(study: Study) -> bool:
    """Tell whether payments can be stated: an island with tariffs and area prices; a guest network has neither."""
    return study.grid.is_island and {"market", AREA_MARKET} <= set(tables_of(study))


def _market(study: Study, member: Member, year_before: np.ndarray | None) -> Market:
    values = tables_of(study)["market"].set_index("name")["value"]
    homes = (device for device in member.flexible if isinstance(device, Homes))
    return Market(
        values={str(name): float(value) for name, value in values.items()},
        sites_with_battery=int((member.devices.battery.energy > 0.0).sum()),
        home_mwh=sum((float(device.energy_kwh.sum()) for device in homes), 0.0) / KWH_PER_MWH,
        previous_price=year_before,
    )


def sample_summary(folders: list[Path]) -> dict[str, Any]:
    """Return how far the sampled states are from pandapower's."""
    tables = [pq.read_table(folder / "sample_check.parquet").to_pandas() for folder in folders]
    states = [row for table in tables for row in table.to_dict("records")]
    solved = [row for row in states if row["solved"]]
    return {
        "half_hours": len(
            {(number, row["step"]) for number, table in enumerate(tables) for row in table.to_dict("records")}
        ),
        "states": len(states),
        "unsolved": len(states) - len(solved),
        "max_vm_error_pu": max((row["vm_error_pu"] for row in solved), default=None),
        "max_loading_error_percent": max((row["loading_error_percent"] for row in solved), default=None),
        "tolerance_pu": VM_TOLERANCE_PU,
    }
