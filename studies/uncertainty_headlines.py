"""Headline figures of many members at once, without tables: the same formulas as `twin.results`, which a test holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from twin.loop.case import TIER_NON_FIRM, Case
from twin.loop.record import Record
from twin.results.flows import block_flows
from twin.results.kpis import CONGESTED_ABOVE_MW
from twin.schema import CONGESTION_CAUSES

Series = dict[str, np.ndarray]
"""Half-hourly sums by name, (T, M)."""

CONGESTION = "curtailed_congestion_mwh"
"""Sum of the congestion causes; `twin.schema.KPIS` has it by kind of operator."""

BENEFIT = "net_benefit_of_control_mwh"
"""Of scenarios other than the uncontrolled one."""


def half_hours(case: Case, records: Sequence[Record]) -> Series:
    """Return what the headlines need of consecutive half-hours.

    Parameters
    ----------
    case : Case
    records : sequence of Record

    Returns
    -------
    dict of str to numpy.ndarray, (T, M)
        Powers in MW; energies of half-hours without a solution are kept, flows and headroom are NaN there.
    """
    parts = [_half_hour(case, record) for record in records]
    series = {name: np.stack([part[name] for part in parts]) for name in parts[0]}
    shape = series["solved"].shape
    variant = np.concatenate([record.injections.variant for record in records])
    currents = np.concatenate([record.node_i for record in records])
    currents = np.where(series["solved"].reshape(-1, 1), currents, np.nan)
    flows = block_flows(case.grid.variants, case.grid.nodes, variant, currents)
    return series | {
        "losses_mw": flows.losses_mw.reshape(shape),
        "import_mw": flows.import_mw.reshape(shape),
        "link_export_mw": flows.island_mw.sum(axis=1).reshape(shape),
    }


def _half_hour(case: Case, record: Record) -> Series:
    ledger = record.ledger
    congestion = sum((ledger.cut_mw[cause] for cause in CONGESTION_CAUSES), np.zeros_like(ledger.available_mw))
    held = congestion + ledger.cut_mw["voltage"]
    non_firm = case.tier == TIER_NON_FIRM
    return {
        "solved": record.failure == "",
        "available_mw": ledger.available_mw.sum(axis=1),
        "demand_mw": record.demand_mw.sum(axis=1),
        "delivered_mw": record.delivered_mw.sum(axis=1),
        "congestion_mw": congestion.sum(axis=1),
        "non_firm_available_mw": (ledger.available_mw * non_firm).sum(axis=1),
        "non_firm_congestion_mw": (congestion * non_firm).sum(axis=1),
        "area_balance_mw": ledger.cut_mw["area_balance"].sum(axis=1),
        "voltage_mw": ledger.cut_mw["voltage"].sum(axis=1),
        "others_cut_mw": held[:, : case.plants].sum(axis=1),
        "sites_lost_mw": (held + ledger.cut_mw["behind_the_meter"])[:, case.plants :].sum(axis=1),
        "battery_losses_mw": record.sites.battery_losses_mw.sum(axis=1),
        "broken": record.broken,
        "headroom_mw": record.after.headroom_mw[:, 0],
    }


def joined(parts: Sequence[Series]) -> Series:
    """Return consecutive stretches as one."""
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def headlines(series: Mapping[str, np.ndarray], hours: float) -> dict[str, np.ndarray]:
    """Return the headlines of each member, (M,); half-hours that did not solve are left out and counted.

    Parameters
    ----------
    series : mapping of str to numpy.ndarray, (T, M)
        From `half_hours`.
    hours : float
        Length of a half-hour.

    Returns
    -------
    dict of str to numpy.ndarray, (M,)
        Named as in `twin.schema.KPIS`, but for `CONGESTION`; NaN where not defined.
    """
    solved = series["solved"]

    def energy(values: np.ndarray) -> np.ndarray:
        return hours * np.where(solved, values, 0.0).sum(axis=0)

    available, demand = energy(series["available_mw"]), energy(series["demand_mw"])
    congestion, imported = energy(series["congestion_mw"]), series["import_mw"]
    local = energy(np.minimum(series["delivered_mw"], series["demand_mw"]))
    minimum, p05 = _headroom(series["headroom_mw"])
    return {
        CONGESTION: congestion,
        "congested_hours": hours * (solved & (series["congestion_mw"] > CONGESTED_ABOVE_MW)).sum(axis=0),
        "curtailed_congestion_percent_of_available": _percent(congestion, available),
        "curtailed_congestion_percent_of_nonfirm": _percent(
            energy(series["non_firm_congestion_mw"]), energy(series["non_firm_available_mw"])
        ),
        "criterion_broken_hours": hours * (solved & series["broken"]).sum(axis=0),
        "curtailed_area_balance_mwh": energy(series["area_balance_mw"]),
        "curtailed_voltage_mwh": energy(series["voltage_mw"]),
        "n1_export_headroom_after_min_mw": minimum,
        "n1_export_headroom_after_p05_mw": p05,
        "link_max_export_mw": np.where(solved, series["link_export_mw"], 0.0).max(axis=0).clip(min=0.0),
        "available_mwh": available,
        "demand_mwh": demand,
        "import_mwh": energy(np.maximum(imported, 0.0)),
        "export_mwh": energy(np.maximum(-imported, 0.0)),
        "losses_mwh": energy(series["losses_mw"]),
        "local_supply_percent": _percent(local, demand),
        "unsolved_half_hours": (~solved).sum(axis=0).astype(float),
    }


def net_benefit_mwh(series: Mapping[str, np.ndarray], member: int, base: int, hours: float) -> float:
    """Return the net benefit of `member` against `base`, as `twin.results.benefit.net_benefit` counts it.

    Parameters
    ----------
    series : mapping of str to numpy.ndarray, (T, M)
    member, base : int
        Columns of `series`.
    hours : float
    """
    both = series["solved"][:, member] & series["solved"][:, base]

    def less(name: str) -> np.ndarray:
        return series[name][:, base] - series[name][:, member]

    gained = less("others_cut_mw") + less("sites_lost_mw") + less("battery_losses_mw")
    return hours * float(np.where(both, gained, 0.0).sum())


def _percent(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return 100.0 * np.divide(part, whole, out=np.full_like(part, np.nan), where=whole > 0.0)


def _headroom(headroom_mw: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the smallest and the 5 % value of each member's limited headroom, NaN without any."""
    limited = [column[np.isfinite(column)] for column in headroom_mw.T]
    minimum = np.array([column.min() if len(column) else np.nan for column in limited])
    p05 = np.array([np.quantile(column, 0.05) if len(column) else np.nan for column in limited])
    return minimum, p05
