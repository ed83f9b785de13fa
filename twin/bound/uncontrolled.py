"""The run without orders that a bound starts from, read from its tables."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from twin.errors import Problem, raise_if_any
from twin.loop.case import Case
from twin.profiles.sites import KINDS
from twin.results.kpis import net_supply_mwh, read_table
from twin.schema import CONGESTION_CAUSES
from twin.units import KWH_PER_MWH

STILL_MW = 1e-9


@dataclass(frozen=True)
class Uncontrolled:
    """What happened without orders, and what no order changes; axes T half-hours, K kinds of sites, C controls.

    Attributes
    ----------
    deliverable_mw : numpy.ndarray, (T,)
        Available less what is out of order and less area-balance orders before any battery takes of them.
    headroom_mw : numpy.ndarray, (T,)
        Extra infeed that the N-1 link would take before congestion management; NaN where unknown.
    positions : numpy.ndarray, (T, C) int
        Of taps and reactors.
    price_jpy_per_kwh : numpy.ndarray, (T,)
    site_import_mw : dict of str to numpy.ndarray, (T,)
        Own demand that PV does not cover, site by site, summed over each kind of sites.
    device_mw : dict of str to numpy.ndarray, (T,)
        Change of demand of each flexible device that is left to its habits.
    energy_used_mwh, net_supply_jpy : float
    congestion_mwh : float
        Cut for congestion.
    """

    deliverable_mw: np.ndarray
    headroom_mw: np.ndarray
    positions: np.ndarray
    price_jpy_per_kwh: np.ndarray
    site_import_mw: dict[str, np.ndarray]
    device_mw: dict[str, np.ndarray]
    energy_used_mwh: float
    net_supply_jpy: float
    congestion_mwh: float


def read_uncontrolled(case: Case, m: int, folder: Path, stored_at_start_mwh: float) -> Uncontrolled:
    """Read the results of member `m` run with the policy ``none``.

    Parameters
    ----------
    case : Case
    m : int
    folder : pathlib.Path
        With the tables ``system``, ``link``, ``sites`` and ``devices``.
    stored_at_start_mwh : float
        In all batteries before the first half-hour.

    Raises
    ------
    InputError
        If the tables are of other half-hours, were made under orders, hold unsolved half-hours or a negative price.
    """
    system, link, sites, devices = (read_table(folder, name) for name in ("system", "link", "sites", "devices"))
    raise_if_any(_problems(case, folder, system, sites))
    hours = case.step_hours
    profiles = case.profiles[case.profile[m]][0]
    remaining = profiles.plant_available_mw - profiles.plant_unavailable_mw
    ordered_off = profiles.area_physical * remaining * case.members[m].area_balance
    system["stored_change_mwh"] = system["stored_mwh"].diff().fillna(system["stored_mwh"] - stored_at_start_mwh)
    used = system["delivered_mw"] - system["battery_losses_mw"] - system["flexible_losses_mw"]
    price = system["price_jpy_per_kwh"].to_numpy(float)
    supply = net_supply_mwh(system, hours).to_numpy(float)
    return Uncontrolled(
        deliverable_mw=(system["available_mw"] - system["unavailable_mw"]).to_numpy(float) - ordered_off.sum(axis=1),
        headroom_mw=link["n1_export_headroom_before_mw"].to_numpy(float),
        positions=_positions(case, system),
        price_jpy_per_kwh=price,
        site_import_mw={kind: sites.loc[sites["kind"] == kind, "import_mw"].to_numpy(float) for kind in KINDS},
        device_mw={
            str(name): devices.loc[devices["device"] == name, "demand_mw"].to_numpy(float)
            for name in devices["device"].unique()
        },
        energy_used_mwh=hours * float(used.sum()),
        net_supply_jpy=float(supply @ price) * KWH_PER_MWH,
        congestion_mwh=hours * float(system[[f"{cause}_mw" for cause in CONGESTION_CAUSES]].to_numpy().sum()),
    )


def _problems(case: Case, folder: Path, system: pd.DataFrame, sites: pd.DataFrame) -> list[Problem]:
    problems = []
    if len(system) != len(case.index) or not (pd.DatetimeIndex(system["time"]) == case.index).all():
        seen = f"{len(system)} rows from {system['time'].iloc[0]}" if len(system) else "no rows"
        accepted = f"{len(case.index)} rows from {case.index[0]}"
        problems.append(Problem("other half-hours than the case", f"{folder}, system", seen, accepted))
    moved = float(sites[["discharge_mw", "throttled_mw"]].to_numpy().max(initial=0.0))
    if moved > STILL_MW:
        repair = "give the folder of the same member with the policy none"
        problems.append(Problem("sites followed orders", f"{folder}, sites", f"{moved:g} MW", "0 MW", repair))
    unsolved = int((system["failure"] != "").sum())
    if unsolved:
        problems.append(Problem("half-hours did not solve", f"{folder}, system", str(unsolved), "0"))
    lowest = float(system["price_jpy_per_kwh"].min())
    if lowest < 0.0:
        what = "the bound does not hold for negative prices"
        problems.append(Problem(what, f"{folder}, system, price_jpy_per_kwh", f"{lowest:g}", "not negative"))
    return problems


def _positions(case: Case, system: pd.DataFrame) -> np.ndarray:
    columns = {case.bands.tap_column: "main_tap_position", case.bands.reactors_column: "reactors_in_service"}
    names = [columns[k] for k in range(len(columns)) if k in columns]
    return system[names].to_numpy(np.int64).reshape(len(system), len(names))
