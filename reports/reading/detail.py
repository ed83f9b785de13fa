"""Which member the detailed figures show, and what they need from its tables, read once for both languages."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from reports.reading.outages import AllOutages, all_outages
from reports.reading.run_folder import COLUMNS_READ, CUT_COLUMNS
from twin.core.clock import step_hours
from twin.core.quantities import CutCause
from twin.metrics.kpis import congestion_mw, is_congested
from twin.metrics.run_folder import Member, Run

CURTAILMENT_CAUSES = tuple(cause for cause in CutCause if cause is not CutCause.UNAVAILABLE)
"""What the figures show: a plant that is out of order is not curtailed."""


@dataclass(frozen=True)
class Focus:
    """What the detailed figures show.

    Attributes
    ----------
    scenario : str
        The uncontrolled scenario, else the reference, else the first.
    point : str
        The central sweep point: the middle value of every swept key.
    busy_point : str
        `point` where it is congested, else the sweep point with the most congested hours.
    """

    scenario: str
    point: str
    busy_point: str


def choose_focus(run: Run) -> Focus:
    """Choose by rules, not by result: the central sweep point of the scenario without control."""
    scenario = run.study["uncontrolled"] or run.study["reference"] or run.scenarios[0]
    central = {key: values[(len(values) - 1) // 2] for key, values in run.study["sweep"].items()}
    members = run.of(scenario)
    point = next((member.point for member in members if member.sweep == central), members[0].point)
    busiest = max(members, key=lambda member: member.kpis["congested_hours"])
    is_busy = run.member(scenario, point).kpis["congested_hours"] > 0
    return Focus(scenario, point, point if is_busy else busiest.point)


@dataclass(frozen=True)
class Detail:
    """Tables behind the figures; energies in MWh over the run's period.

    Attributes
    ----------
    hours : float
        Length of a step.
    link, system : pandas.DataFrame
        Of the focus member, indexed by time.
    survivor_before_percent : dict of str to numpy.ndarray
        Survivor's loading before management at every sweep point, scenario of the focus.
    cuts_by_month : pandas.DataFrame
        Months (period) x causes.
    cuts_by_unit : pandas.DataFrame
        Ledger units x causes and ``available_mw`` (as MWh).
    binding : pandas.DataFrame
        ``element outage energy_mwh half_hours``, the largest first.
    busy_system : pandas.DataFrame
        Table ``system`` of the busy sweep point, indexed by time; empty in half-hours without a solution.
    security : pandas.DataFrame or None
        ``time low_vm_pu low_bus`` of the focus member, None where the run has no such columns.
    congested : numpy.ndarray
        Bool per step: congestion cut above the threshold at the busy sweep point, without control.
    charge_percent : dict of str to pandas.DataFrame
        State of charge at the busy sweep point, by scenario: times x kinds of sites.
    all_outages : AllOutages
        N-1 over all outages of the focus member.
    """

    hours: float
    link: pd.DataFrame
    system: pd.DataFrame
    survivor_before_percent: dict[str, np.ndarray]
    cuts_by_month: pd.DataFrame
    cuts_by_unit: pd.DataFrame
    binding: pd.DataFrame
    busy_system: pd.DataFrame
    security: pd.DataFrame | None
    congested: np.ndarray
    charge_percent: dict[str, pd.DataFrame]
    all_outages: AllOutages

    @property
    def fuller_circuit_percent(self) -> pd.Series:
        """Loading of the fuller circuit of the link, intact grid."""
        return self.link[["circuit_1_loading_percent", "circuit_2_loading_percent"]].max(axis=1)

    @property
    def daily_congestion_mwh(self) -> np.ndarray:
        """Congestion cut of each day at the busy sweep point."""
        days = pd.DatetimeIndex(self.busy_system.index).normalize()
        daily = congestion_mw(self.busy_system).fillna(0.0).groupby(days).sum() * self.hours
        return np.asarray(daily.to_numpy(float))

    @property
    def days(self) -> float:
        """Length of the run in days."""
        return len(self.link) * self.hours / 24


def read_detail(run: Run, focus: Focus) -> Detail:
    """Read the columns that the figures need, of the members that they show."""
    member = run.member(focus.scenario, focus.point)

    def read(name: str) -> pd.DataFrame:
        return member.table(name, COLUMNS_READ[name])

    link = read("link").set_index("time")
    system, ledger = _solved(read("system").set_index("time"), read("ledger"))
    hours = step_hours(pd.DatetimeIndex(link.index))
    months = pd.DatetimeIndex(system.index).tz_localize(None).to_period("M")
    busy_member = run.member(focus.scenario, focus.busy_point)
    busy = busy_member.table("system", COLUMNS_READ["system"]).set_index("time")
    busy_failed = busy.pop("failure") != ""
    return Detail(
        hours=hours,
        link=link,
        system=system,
        survivor_before_percent={
            other.point: other.table("link", ["n1_before_loading_percent"]).to_numpy()[:, 0]
            for other in run.of(focus.scenario)
        },
        cuts_by_month=system[list(CUT_COLUMNS)].groupby(months).sum() * hours,
        cuts_by_unit=ledger.groupby("unit", observed=True)[[*CUT_COLUMNS, "available_mw"]].sum() * hours,
        binding=_binding(ledger, hours),
        busy_system=busy.mask(busy_failed),
        security=_security(member),
        congested=is_congested(busy).to_numpy(),
        charge_percent=_charge(run, focus.busy_point),
        all_outages=all_outages(read("security_branches"), read("security_outages")),
    )


SECURITY_COLUMNS = ("time", "low_vm_pu", "low_bus")


def _security(member: Member) -> pd.DataFrame | None:
    """Return the lowest voltage after any outage by half-hour; None where a run of an older version has none."""
    if member.table_problems("security", SECURITY_COLUMNS):
        return None
    found = member.table("security", SECURITY_COLUMNS)
    return found[found["low_vm_pu"].notna()] if found["low_vm_pu"].notna().any() else None


def _solved(system: pd.DataFrame, ledger: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Leave out half-hours without a solution, as the key figures do: empty in `system`, dropped in `ledger`."""
    failed = system.pop("failure") != ""
    return system.mask(failed), ledger[~ledger["time"].isin(system.index[failed])]


def _binding(ledger: pd.DataFrame, hours: float) -> pd.DataFrame:
    cut, cut_off = congestion_mw(ledger), is_congested(ledger)
    rows = ledger.loc[cut_off, ["time", "element", "outage"]].astype({"element": str, "outage": str})
    rows["energy_mwh"] = cut[cut_off] * hours
    grouped = rows.groupby(["element", "outage"])
    table: pd.DataFrame = grouped.agg(energy_mwh=("energy_mwh", "sum"), half_hours=("time", "nunique")).reset_index()
    return table.sort_values("energy_mwh", ascending=False)[["element", "outage", "energy_mwh", "half_hours"]]


def _charge(run: Run, point: str) -> dict[str, pd.DataFrame]:
    charge = {}
    for scenario in run.scenarios:
        sites = run.member(scenario, point).table("sites", COLUMNS_READ["sites"])
        kinds = sites.groupby("kind", observed=True)["charge_mw"].max()
        with_battery = sites[sites["kind"].isin(kinds.index[kinds > 0])]
        if len(with_battery):
            charge[scenario] = with_battery.pivot_table(
                index="time", columns="kind", values="soc_percent", observed=True
            )
    return charge
