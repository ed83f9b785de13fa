"""Key figures of a member, from its tables."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from twin.core.clock import HOURS_PER_YEAR
from twin.core.quantities import CONGESTION_CAUSES, CutCause
from twin.core.units import KWH_PER_MWH
from twin.devices.device import COMMERCIAL

_COLUMNS = [
    "plants_congestion_mw", "sites_lost_mw", "battery_losses_mw", "flexible_losses_mw", "price_jpy_per_kwh", "failure",
]  # fmt: skip


@dataclass(frozen=True)
class Benefit:
    """Net energy in MWh and its value at the half-hour's area price in JPY; negative where others lose."""

    mwh: float
    jpy: float


def net_benefit(folder: Path, base: Path, hours: float) -> Benefit:
    """Return the net benefit of a member against another of the same sweep point.

    ``cuts avoided at plants (congestion and voltage) - extra loss at the sites - extra losses of batteries and
    shifted demand``, half-hour by half-hour; half-hours that did not solve in either are left out. Area-balance cuts
    are another value and never part of it.

    Parameters
    ----------
    folder, base : pathlib.Path
        Members' results.
    hours : float
        Length of a half-hour.
    """
    mine, theirs = (read_table(path, "system", _COLUMNS) for path in (folder, base))
    net_mw = (
        (theirs["plants_congestion_mw"] - mine["plants_congestion_mw"])
        - (mine["sites_lost_mw"] - theirs["sites_lost_mw"])
        - (mine["battery_losses_mw"] - theirs["battery_losses_mw"])
        - (mine["flexible_losses_mw"] - theirs["flexible_losses_mw"])
    ).to_numpy()
    solved = ((mine["failure"] == "") & (theirs["failure"] == "")).to_numpy()
    mwh = hours * np.where(solved, net_mw, 0.0)
    return Benefit(float(mwh.sum()), float((mwh * mine["price_jpy_per_kwh"].to_numpy()).sum() * KWH_PER_MWH))


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


CONGESTED_ABOVE_MW = 0.01
SUPPORTED_ABOVE_MVAR = 0.001
FULL_PERCENT = 100.0
_ENERGIES = ("demand", "available", "delivered", "diesel", "import", "export", "losses", "battery_losses", "unsupplied",
             "residual_overload")  # fmt: skip
_OF_OUTAGES = ["loading_percent", "low_vm_pu", "violating_outages", "unsolved_outages"]


def read_table(folder: Path, name: str, columns: list[str] | None = None) -> pd.DataFrame:
    """Return one of a member's tables, or some of its columns."""
    result: pd.DataFrame = pq.read_table(folder / f"{name}.parquet", columns=columns).to_pandas()
    return result


def member_kpis(folder: Path, stored_at_start_mwh: float, battery_mwh: float, hours: float) -> dict[str, float | None]:
    """Return a member's key figures, without the ones that compare members.

    Half-hours that did not solve are counted and left out of energies and hours. Clipped commands, policy failures,
    unmet service, operations and what the batteries sum up over the run are of all half-hours.

    Parameters
    ----------
    folder : pathlib.Path
        With the member's tables.
    stored_at_start_mwh : float
        Energy in batteries before the first half-hour.
    battery_mwh : float
        Capacity of the batteries.
    hours : float
        Length of a half-hour.
    """
    system, link, n1 = (read_table(folder, name) for name in ("system", "link", "n1"))
    of_kinds = read_table(folder, "sites", ["time", "self_consumption_mw", "export_mw", "discharge_mw"])
    sites = of_kinds.groupby("time").sum()
    solved = (system["failure"] == "").to_numpy()
    known = system[solved]
    steps_per_year = HOURS_PER_YEAR / hours
    system["stored_change_mwh"] = system["stored_mwh"].diff().fillna(system["stored_mwh"] - stored_at_start_mwh)
    energy = _energies(system[solved], hours)
    counts = {
        "congested_hours": hours * float((congestion_mw(known) > CONGESTED_ABOVE_MW).sum()),
        "criterion_broken_hours": hours * float(known["criterion_broken"].sum()),
        "forecast_missed_hours": hours * float(known["forecast_missed"].sum()),
        "voltage_support_hours": hours * float((known["plants_q_support_mvar"].abs() > SUPPORTED_ABOVE_MVAR).sum()),
        "voltage_outside_hours": hours * float(known["voltage_outside"].sum()),
        "bank_reverse_flow_hours": hours * float(known["bank_reverse_flow"].sum()),
        "unsolved_half_hours": float((~solved).sum()),
        "unsolved_available_mwh": hours * float(system.loc[~solved, "available_mw"].sum()),
        "clipped_commands": float(system["clipped_commands"].sum()),
        "policy_failures": float(system["policy_failed"].sum()),
        **_unmet(read_table(folder, "devices", ["time", "device", "unmet_mwh"]), system.loc[solved, "time"]),
        "negative_demand_half_hours": float(system["negative_demand_areas"].sum()),
    }
    ordered = solved & (system["area_balance_share"] > 0.0).to_numpy()
    discharged = hours * float(sites["discharge_mw"].to_numpy()[solved].sum())
    per_year = steps_per_year / max(int(solved.sum()), 1)
    moves = {
        f"{name}_operations_per_year": _moves(system[column]) * steps_per_year / len(system)
        for name, column in (("tap", "main_tap_position"), ("reactor", "reactors_in_service"))
    }
    of_sites = {
        "self_consumption_mwh": hours * float(sites["self_consumption_mw"].to_numpy()[solved].sum()),
        "site_export_in_area_balance_mwh": hours * float(sites["export_mw"].to_numpy()[ordered].sum()),
        "site_export_mwh": hours * float(sites["export_mw"].to_numpy()[solved].sum()),
        "battery_cycles_per_year": discharged / battery_mwh * per_year if battery_mwh > 0.0 else 0.0,
    }
    of_outages = _all_outage_kpis(read_table(folder, "security", _OF_OUTAGES), solved, hours)
    of_sites |= battery_kpis(folder, hours * len(system))
    links = _link_kpis(link[solved], n1[solved])
    return {**energy, **counts, **moves, **of_sites, **links, **_voltage_kpis(folder), **of_outages}


def congestion_mwh(system: pd.DataFrame, hours: float) -> float:
    """Return the congestion cut of a ``system`` table, solved half-hours only."""
    return hours * float(congestion_mw(system[system["failure"] == ""]).sum())


def congestion_mw(system: pd.DataFrame) -> pd.Series:
    """Return the congestion cut of each half-hour of a ``system`` table."""
    return system[[cause.column for cause in CONGESTION_CAUSES]].sum(axis=1)


def _energies(system: pd.DataFrame, hours: float) -> dict[str, float | None]:
    def total(column: str) -> float:
        return hours * float(system[column].sum())

    kpis: dict[str, float | None] = {f"{name}_mwh": total(f"{name}_mw") for name in _ENERGIES}
    for cause in CutCause:
        name = "unavailable_mwh" if cause is CutCause.UNAVAILABLE else f"curtailed_{cause}_mwh"
        kpis[name] = total(cause.column)
    kpis["settled_area_balance_mwh"] = total("area_balance_settled_mw")
    stored_change = float(system["stored_change_mwh"].sum())
    kpis["stored_change_mwh"] = stored_change
    supply = total("delivered_mw") + total("diesel_mw") + total("import_mw")
    use = (
        total("demand_mw")
        - total("unsupplied_mw")
        + total("losses_mw")
        + total("battery_losses_mw")
        + total("export_mw")
    )
    kpis["energy_balance_mismatch_mwh"] = supply - use - stored_change
    flexible_losses = total("flexible_losses_mw")
    kpis["flexible_losses_mwh"] = flexible_losses
    kpis["energy_used_mwh"] = total("delivered_mw") - total("battery_losses_mw") - flexible_losses
    kpis["net_supply_jpy"] = float((net_supply_mwh(system, hours) * system["price_jpy_per_kwh"]).sum()) * KWH_PER_MWH
    congestion = hours * float(congestion_mw(system).sum())
    kpis["curtailed_congestion_mwh"] = congestion
    kpis["curtailed_congestion_percent_of_available"] = _percent(congestion, total("available_mw"))
    kpis["curtailed_congestion_percent_of_nonfirm"] = _percent(
        total("nonfirm_congestion_mw"), total("nonfirm_available_mw")
    )
    for prefix in ("", "municipality_"):
        delivered, demand = system[f"{prefix}delivered_mw"], system[f"{prefix}demand_mw"]
        local = hours * float(np.minimum(delivered, demand).sum())
        kpis[f"{prefix}local_supply_percent"] = _percent(local, total(f"{prefix}demand_mw"))
        kpis[f"{prefix}local_use_percent"] = _percent(local, total(f"{prefix}delivered_mw"))
    return kpis


def _unmet(devices: pd.DataFrame, solved: pd.Series) -> dict[str, float | None]:
    """Return what devices did not give in solved half-hours; load that contracts took off was agreed: it is apart."""
    unmet = devices[devices["time"].isin(solved)].groupby("device", observed=True)["unmet_mwh"].sum()
    called = float(unmet.get(COMMERCIAL, 0.0))
    return {"unmet_service_mwh": float(unmet.drop(COMMERCIAL, errors="ignore").sum()), "called_contracts_mwh": called}


def net_supply_mwh(system: pd.DataFrame, hours: float) -> pd.Series:
    """Return what the islands' renewables supply net of storage and shifted demand, half-hour by half-hour.

    Parameters
    ----------
    system : pandas.DataFrame
        A ``system`` table with the column ``stored_change_mwh``.
    hours : float
    """
    taken = system["battery_losses_mw"] + system["flexible_demand_mw"]
    return hours * (system["delivered_mw"] - taken) - system["stored_change_mwh"]


def _moves(position: pd.Series) -> float:
    """Return how many steps a control moves over a table; 0 where there is none."""
    return float(position.astype(float).diff().abs().sum())


def _percent(part: float, whole: float) -> float | None:
    return 100.0 * part / whole if whole > 0.0 else None


def _link_kpis(link: pd.DataFrame, n1: pd.DataFrame) -> dict[str, float | None]:
    circuits = [name for name in link.columns if name.startswith("circuit_") and name.endswith("_loading_percent")]
    n0 = link[circuits].max(axis=1).dropna()
    after_trip = link["n1_loading_percent"].dropna()
    kpis: dict[str, float | None] = {
        "link_n0_max_loading_percent": _or_none(n0.max()),
        "link_n0_p99_loading_percent": _or_none(n0.quantile(0.99)),
        "link_n1_max_loading_percent": _or_none(after_trip.max()),
        "link_n1_p99_loading_percent": _or_none(after_trip.quantile(0.99)),
        "link_max_export_mw": max(_or_none(link["export_mw"].max()) or 0.0, 0.0),
        "link_max_import_mw": max(-(_or_none(link["export_mw"].min()) or 0.0), 0.0),
        "intertrip_max_shed_mw": _or_none(n1["intertrip_shed_mw"].max()),
    }
    undefined = 0
    for side in ("export", "import"):
        for when in ("before", "after"):
            headroom = link[f"n1_{side}_headroom_{when}_mw"]
            undefined = max(undefined, int(headroom.isna().sum()))
            limited = headroom[np.isfinite(headroom)]
            name = f"n1_{side}_headroom_{when}"
            kpis[f"{name}_min_mw"] = _or_none(limited.min())
            kpis[f"{name}_p05_mw"] = _or_none(limited.quantile(0.05))
            kpis[f"{name}_median_mw"] = _or_none(limited.median())
    kpis["headroom_undefined_half_hours"] = float(undefined)
    return kpis


def _voltage_kpis(folder: Path) -> dict[str, float | None]:
    vm_pu = read_table(folder, "bus").drop(columns="time").to_numpy()
    return {"vm_min_pu": _or_none(np.nanmin(vm_pu)), "vm_max_pu": _or_none(np.nanmax(vm_pu))}


def _all_outage_kpis(security: pd.DataFrame, solved: np.ndarray, hours: float) -> dict[str, float | None]:
    """Return what single outages do; one without a solution counts as a violation, also in an unsolved half-hour.

    Parameters
    ----------
    security : pandas.DataFrame
        One row for each half-hour T.
    solved : numpy.ndarray, (T,) bool
        Half-hours whose worst loading and voltage count.
    hours : float
    """
    violating = (security["violating_outages"] > 0).to_numpy()
    overloaded = violating & (security["loading_percent"] > FULL_PERCENT).to_numpy()
    unsolved = (security["unsolved_outages"] > 0).to_numpy()
    return {
        "all_outage_violation_hours": hours * float(violating.sum()),
        "all_outage_overload_hours": hours * float(overloaded.sum()),
        "all_outage_voltage_only_hours": hours * float((violating & ~overloaded & ~unsolved).sum()),
        "all_outage_unsolved_cases": float(security["unsolved_outages"].sum()),
        "all_outage_max_loading_percent": _or_none(security.loc[solved, "loading_percent"].max()),
        "all_outage_low_vm_min_pu": _or_none(security.loc[solved, "low_vm_pu"].min()),
    }


def _or_none(value: float | np.floating[Any]) -> float | None:
    return None if pd.isna(value) else float(value)
