"""Payments of a member after its run, with the prices of its study."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from network_models.input_tables import MARKET
from studies.study import Study
from twin.devices.homes import Homes
from twin.input_tables import inputs_in_force, read_input
from twin.loop.case import Case
from twin.loop.member import Member
from twin.profiles.measured_read import read_price
from twin.results.store import write_table
from twin.units import KWH_PER_MWH
from twin.value.figures import CASH_KPIS, cash_kpis
from twin.value.market import Market, price_matrix
from twin.value.payment import payment_table
from twin.value.payments import payments


def previous_price(study: Study, data: Path | None) -> np.ndarray | None:
    """Return the area price of the fiscal year before by month and half-hour of the day, (12, 48).

    None where it is not measured: with synthetic weather, or where the data folder begins with the study's year. The
    year before is then taken to have been like the simulated one.
    """
    if study.weather.source != "measured" or data is None:
        return None
    price = read_price(data, study.period.fiscal_year - 1)
    return None if price is None else price_matrix(pd.DatetimeIndex(price.index), price.to_numpy())


def write_payments(
    study: Study, case: Case, member: Member, folder: Path, year_before: np.ndarray | None
) -> dict[str, float | None]:
    """Write ``payments.parquet`` of a member and return its key figures; a guest network has no prices and no payments.

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
    if not study.grid.is_goto:
        time = pq.read_table(folder / "system.parquet", columns=["time"])["time"].combine_chunks()
        write_table(folder, "payments", payment_table(time, []))
        return dict.fromkeys(CASH_KPIS)
    market, plants = _market(study, member, year_before), case.grid.models[member.grid].plants
    table = payments(folder, plants, market)
    write_table(folder, "payments", table)
    return dict(cash_kpis(table, folder, plants, market))


def _market(study: Study, member: Member, year_before: np.ndarray | None) -> Market:
    with inputs_in_force(study.inputs):
        values = read_input(MARKET).set_index("name")["value"]
    homes = (device for device in member.flexible if isinstance(device, Homes))
    return Market(
        values={str(name): float(value) for name, value in values.items()},
        sites_with_battery=int((member.devices.battery_kwh > 0.0).sum()),
        home_mwh=sum((float(device.energy_kwh.sum()) for device in homes), 0.0) / KWH_PER_MWH,
        previous_price=year_before,
    )
