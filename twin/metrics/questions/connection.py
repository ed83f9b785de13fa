"""What a new plant meets and what it does to the others: cuts by month and cause, loadings, voltages, bus strength."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandapower.shortcircuit as sc
import pandas as pd
from pandapower import pandapowerNet
from pandapower.pf.makeYbus_numba import gen_Ybus

from twin.core.quantities import CONGESTION_CAUSES, CutCause
from twin.metrics.kpis import CONGESTED_ABOVE_MW
from twin.metrics.series import read_table

TOLD = ("available", "delivered", "unavailable", "area_balance")
AT_THE_LINK = (*CONGESTION_CAUSES, CutCause.VOLTAGE)
"""What is told of the new plant by month; causes that act at the link count together."""


def by_month(folder: Path, unit: str, hours: float) -> list[dict[str, Any]]:
    """Return, a calendar month in the order of the period, what a unit could produce and what each cause cuts.

    Parameters
    ----------
    folder : pathlib.Path
        With the member's tables.
    unit : str
    hours : float
        Length of a step.

    Returns
    -------
    list of dict
        ``month``; ``<name>_mwh`` of ``available delivered unavailable area_balance link``, where ``link`` is what
        congestion and voltage take together; ``link_hours`` with such a cut above 0.01 MW.
    """
    at_link = [cause.column for cause in AT_THE_LINK]
    columns = [*(f"{name}_mw" for name in TOLD), *at_link]
    table = read_table(folder, "ledger", ["time", "unit", *columns])
    table = table[table["unit"].astype(str) == unit].astype(dict.fromkeys(columns, float))
    table["link_mw"] = table[at_link].sum(axis=1)
    table["month"] = pd.DatetimeIndex(table["time"]).month
    found = []
    for _, rows in table.groupby("month", sort=False):
        one: dict[str, Any] = {"month": int(rows["month"].iloc[0])}
        one |= {f"{name}_mwh": hours * float(rows[f"{name}_mw"].sum()) for name in (*TOLD, "link")}
        one["link_hours"] = hours * int((rows["link_mw"] > CONGESTED_ABOVE_MW).sum())
        found.append(one)
    return found


def all_months(months: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Return the sums of `by_month`."""
    names = [*(f"{name}_mwh" for name in (*TOLD, "link")), "link_hours"]
    return {name: math.fsum(month[name] for month in months) for name in names}


def of_units(folder: Path, hours: float) -> dict[str, dict[str, float]]:
    """Return what each unit could produce and delivers, and what the link and the area's balance cut of it, MWh."""
    columns = {
        "available_mwh": ["available_mw"],
        "delivered_mwh": ["delivered_mw"],
        "link_mwh": [cause.column for cause in AT_THE_LINK],
        "area_balance_mwh": [CutCause.AREA_BALANCE.column],
    }
    every = [column for group in columns.values() for column in group]
    table = read_table(folder, "ledger", ["unit", *every])
    sums = table.groupby(table["unit"].astype(str))[every].sum(numeric_only=True).astype(float) * hours
    return {
        str(unit): {name: float(row[group].sum()) for name, group in columns.items()} for unit, row in sums.iterrows()
    }


def binding_elements(folder: Path, hours: float) -> list[dict[str, Any]]:
    """Return the branch and outage that bind congestion cuts, with the energy cut for them, the largest first."""
    at_link = [cause.column for cause in CONGESTION_CAUSES]
    table = read_table(folder, "ledger", ["element", "outage", *at_link])
    table = table[table["element"].notna()]
    table["cut_mwh"] = hours * table[at_link].astype(float).sum(axis=1)
    sums: dict[tuple[str, str], float] = {}
    for element, outage, mwh in zip(table["element"], table["outage"], table["cut_mwh"], strict=True):
        sums[str(element), str(outage)] = sums.get((str(element), str(outage)), 0.0) + float(mwh)
    largest = sorted(sums.items(), key=lambda item: -item[1])
    return [{"element": element, "outage": outage, "mwh": mwh} for (element, outage), mwh in largest if mwh > 0.0]


def voltages(folder: Path) -> dict[str, tuple[float, float]]:
    """Return the lowest and highest voltage of each watched bus over the solved steps, pu."""
    table = read_table(folder, "bus").drop(columns="time")
    return {str(name): (float(table[name].min()), float(table[name].max())) for name in table}


def worst_loadings(folder: Path) -> dict[str, float]:
    """Return the highest loading of each watched branch in the intact grid or after any single outage, in percent."""
    table = read_table(folder, "security_branches", ["element", "loading_percent"])
    worst = table.groupby(table["element"].astype(str))["loading_percent"].max()
    return {str(name): float(value) for name, value in worst.items() if np.isfinite(value)}


def inter_trip(folder: Path, hours: float) -> dict[str, float]:
    """Return the most that inter-trip would shed, and the hours in which something is armed."""
    shed = read_table(folder, "n1", ["intertrip_shed_mw"])["intertrip_shed_mw"].to_numpy(float)
    return {
        "shed_max_mw": float(np.nanmax(shed, initial=0.0)),
        "armed_hours": hours * int((shed > CONGESTED_ABOVE_MW).sum()),
    }


def short_circuit_mva(net: pandapowerNet, bus: int) -> float:
    """Return the initial short-circuit power that the mainland feeds to a bus (IEC 60909, maximum), plants left out."""
    gen_Ybus.enable_caching()  # pandapower compiles it anew in each process: 1 s of processor time
    strong = copy.deepcopy(net)
    strong.sgen, strong.gen = (table.iloc[:0] for table in (strong.sgen, strong.gen))
    strong.trafo["power_station_unit"] = False
    sc.calc_sc(strong, case="max", ip=False, ith=False)
    return float(strong.res_bus_sc["skss_mw"].loc[bus])
