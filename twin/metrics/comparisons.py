"""Key figures that compare members: net benefit, operators, what a policy gains and costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from twin.core.dotted_keys import flatten
from twin.core.quantities import CutCause
from twin.core.units import KWH_PER_MWH
from twin.metrics.kpis import curtailed_congestion_mwh, energy_used_mw, key_figures, or_none
from twin.metrics.run_folder import Member, Run
from twin.metrics.series import MemberSeries

Kpis = Mapping[str, float | None]
"""Key figures of one member."""

OF_OPERATORS = (
    "perfect_operator_curtailed_congestion_mwh", "forecast_operator_curtailed_congestion_mwh",
    "forecast_operator_missed_hours", "congestion_masked_by_area_balance_mwh", "congestion_alone_mwh",
    "congestion_and_area_balance_mwh", "forecast_operator_whole_windows_mwh", "forecast_operator_whole_window_days",
)  # fmt: skip
KINDS = ("perfect", "forecast")
"""Kinds of operators of which every member's congestion is told; of constraint zones their own members tell."""
OF_CONGESTION = ("curtailed_congestion_mwh", "congested_hours", "criterion_broken_hours")
"""What is kept of values that are tried one at a time."""


@dataclass(frozen=True)
class Benefit:
    """Net energy in MWh and its value at the half-hour's area price in JPY; negative where others lose."""

    mwh: float
    jpy: float


def net_benefit(mine: MemberSeries, base: MemberSeries) -> Benefit:
    """Return the net benefit of a member against another of the same sweep point.

    ``cuts avoided at plants (congestion and voltage) - extra loss at the sites - extra losses of batteries and
    shifted demand``, half-hour by half-hour; half-hours that did not solve in either are left out. Area-balance cuts
    are another value and never part of it.

    Parameters
    ----------
    mine, base : MemberSeries
        Of one member each.
    """
    columns = ("plants_congestion_mw", "sites_lost_mw", "battery_losses_mw", "flexible_losses_mw")
    falls = [base[name] - mine[name] for name in columns]
    mwh = mine.hours * np.where(mine.solved & base.solved, sum(falls, np.zeros(len(mine.solved))), 0.0)
    return Benefit(float(mwh.sum()), float((mwh * mine["price_jpy_per_kwh"]).sum() * KWH_PER_MWH))


def loss_of_used_energy_mwh(mine: MemberSeries, base: MemberSeries) -> np.ndarray:
    """Return what `mine` uses less than `base`, step by step; 0 where either is unsolved."""
    lost_mw = energy_used_mw(base) - energy_used_mw(mine)
    return mine.hours * np.where(mine.solved & base.solved, lost_mw, 0.0)


def congestion_of(series: MemberSeries) -> dict[str, float | None]:
    """Return what tells how much congestion there is."""
    return {name: or_none(value) for name, value in key_figures(series, OF_CONGESTION).items()}


def other_kind(operator: str) -> str:
    """Return the kind of operator under which a member is run too, for comparison."""
    return "forecast" if operator == "perfect" else "perfect"


def operator_kpis(
    own: MemberSeries, operator: str, other_operator: MemberSeries | None, without_area_balance: MemberSeries | None
) -> dict[str, float | None]:
    """Return congestion under either operator and without area balance; None where a counterfactual is missing.

    Parameters
    ----------
    own : MemberSeries
    operator : str
        The member's: ``perfect``, ``forecast`` or ``zones``.
    other_operator : MemberSeries, optional
        The same under the other operator, as `other_kind` says.
    without_area_balance : MemberSeries, optional
        The same without area-balance orders; the member itself where it has none.
    """
    found: dict[str, float | None] = dict.fromkeys(OF_OPERATORS)
    cut = float(curtailed_congestion_mwh(own))
    of_kinds = {operator: own} | ({} if other_operator is None else {other_kind(operator): other_operator})
    for kind, series in of_kinds.items():
        if kind in KINDS:
            found[f"{kind}_operator_curtailed_congestion_mwh"] = float(curtailed_congestion_mwh(series))
    forecast = of_kinds.get("forecast")
    if forecast is not None and other_operator is not None:
        told = key_figures(forecast, ("forecast_missed_hours", "whole_windows_mwh", "whole_window_days"))
        found |= {f"forecast_operator_{name.removeprefix('forecast_')}": float(value) for name, value in told.items()}
    if without_area_balance is not None:
        alone = float(curtailed_congestion_mwh(without_area_balance))
        found |= {"congestion_alone_mwh": alone, "congestion_masked_by_area_balance_mwh": alone - cut}
        found["congestion_and_area_balance_mwh"] = cut + float(own.energy_mwh(own[CutCause.AREA_BALANCE.column]))
    return found


AVOIDED = {
    "congestion_avoided_mwh": ("curtailed_congestion_mwh",),
    "other_cuts_avoided_mwh": ("curtailed_area_balance_mwh", "curtailed_voltage_mwh"),
}
LOST = {
    "lost_behind_the_meter_mwh": ("curtailed_behind_the_meter_mwh",),
    "lost_in_batteries_mwh": ("battery_losses_mwh",),
    "lost_by_shifting_mwh": ("flexible_losses_mwh",),
}


def gained_and_lost(mine: Kpis, base: Kpis) -> dict[str, float]:
    """Return what a member gains against another and what it costs, MWh; gained less lost is the change of use."""
    gained = {name: _sum(base, names) - _sum(mine, names) for name, names in AVOIDED.items()}
    return gained | {name: _sum(mine, names) - _sum(base, names) for name, names in LOST.items()}


def cut_at_the_link_mwh(kpis: Kpis) -> float:
    """Return what congestion and voltage cut."""
    return _sum(kpis, ("curtailed_congestion_mwh", "curtailed_voltage_mwh"))


def lost_mwh(kpis: Kpis) -> float:
    """Return what is lost behind the meter: throttled, in batteries, by shifting demand."""
    return _sum(kpis, [name for names in LOST.values() for name in names])


def _sum(kpis: Kpis, names: tuple[str, ...] | list[str]) -> float:
    return sum((kpis[name] or 0.0 for name in names), 0.0)


def busiest_hour(table: pd.DataFrame, hours: int, column: str = "area_balance_mw") -> float:
    """Return the hour of the day at which the `hours` in a row with the largest sum of a column begin.

    Parameters
    ----------
    table : pandas.DataFrame
        With ``time`` and the column.
    hours : int
        1 .. 24; hours in a row do not cross midnight.
    column : str, optional

    Returns
    -------
    float
        NaN where the sum is zero everywhere.
    """
    of_hour = np.bincount(pd.DatetimeIndex(table["time"]).hour, table[column].to_numpy(float), 24)
    sums = np.convolve(of_hour, np.ones(hours), mode="valid")
    return float(sums.argmax()) if sums.max() > 0.0 else float("nan")


TIGHTEST_HALF_HOURS = 50
LEAST_ADDED_MWH, LEAST_ADDED_PERCENT = 1.0, 0.1
"""Below these there is nothing that control could take back: a share of it would say nothing."""


@dataclass(frozen=True)
class TakenBack:
    """What new plants add to the link, and how much of it control takes back.

    Attributes
    ----------
    added_mwh, added_percent : float
        Added congestion, and mean added loading of the survivor before management in the reference's tightest steps.
    of_congestion_percent, of_loading_percent : float
        Shares taken back; NaN where next to nothing was added. Above 100 the link is better off than without them.
    """

    added_mwh: float
    added_percent: float
    of_congestion_percent: float
    of_loading_percent: float


def taken_back(congestion_mwh: Mapping[str, float], loading_percent: Mapping[str, np.ndarray]) -> TakenBack:
    """Return whether control leaves the link as it was without the new plants.

    Parameters
    ----------
    congestion_mwh : mapping of str to float
        Of ``reference uncontrolled controlled`` at one sweep point.
    loading_percent : mapping of str to numpy.ndarray, (T,)
        Survivor's loading before management, of the same three.
    """
    known = np.isfinite(np.stack([loading_percent[name] for name in ("reference", "uncontrolled", "controlled")]))
    order = np.argsort(-np.where(known.all(axis=0), loading_percent["reference"], -np.inf), kind="stable")
    tightest = order[: min(TIGHTEST_HALF_HOURS, int(known.all(axis=0).sum()))]
    mean = {name: float(values[tightest].mean()) if len(tightest) else np.nan
            for name, values in loading_percent.items()}  # fmt: skip
    added_mwh = congestion_mwh["uncontrolled"] - congestion_mwh["reference"]
    added_percent = mean["uncontrolled"] - mean["reference"]
    back_mwh = congestion_mwh["uncontrolled"] - congestion_mwh["controlled"]
    back_percent = mean["uncontrolled"] - mean["controlled"]
    return TakenBack(
        added_mwh,
        added_percent,
        100.0 * back_mwh / added_mwh if added_mwh >= LEAST_ADDED_MWH else float("nan"),
        100.0 * back_percent / added_percent if added_percent >= LEAST_ADDED_PERCENT else float("nan"),
    )


def worst_by_direction(loading_percent: np.ndarray, export_mw: np.ndarray) -> dict[str, float]:
    """Return the survivor's highest loading in half-hours of ``export`` and of ``import``; NaN without any."""
    found = {}
    for name, flows in (("export", export_mw > 0.0), ("import", export_mw < 0.0)):
        known = loading_percent[flows & np.isfinite(loading_percent)]
        found[name] = float(known.max()) if len(known) else float("nan")
    return found


def common_members(runs: Sequence[Run]) -> list[tuple[Member, ...]]:
    """Return the members that all runs have, one of each run together, in the order of the first.

    They belong together where the scenario is the same and every value that any of the runs sweeps, swept or not.
    """
    swept = sorted({key for run in runs for member in run.members for key in member.sweep})
    known = [{_place(member, swept): member for member in run.members} for run in runs]
    return [tuple(found[place] for found in known) for place in known[0] if all(place in found for found in known)]


def _place(member: Member, swept: Sequence[str]) -> tuple[str, ...]:
    """Return a member's scenario and its values of the swept keys."""
    if not swept:
        return (member.scenario,)
    values = flatten(member.manifest["study"])
    return (member.scenario, *(str(member.sweep.get(key, values.get(key))) for key in swept))


def changes(members: Sequence[tuple[Member, ...]], number: int, kpi: str) -> list[float]:
    """Return what a key figure is more in one of the runs than in the first, by members that belong together."""
    return [together[number].kpis.get(kpi, np.nan) - together[0].kpis.get(kpi, np.nan) for together in members]
