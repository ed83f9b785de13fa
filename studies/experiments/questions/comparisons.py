"""Questions that scenarios beside each other answer, from inter-trip and tariffs to the way to 2040."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from studies.execution.workers import Progress
from studies.experiments.key_figures import none_where_nan
from studies.experiments.questions.question import Question, Row
from studies.study.devices import cars_of
from studies.study.file.schema import Study
from studies.study.grids import left_the_fit
from studies.study.islands import demand_factor, island_of, tables_of
from twin.core.clock import HOURS_OF_DAY
from twin.core.errors import InputError, Problem
from twin.core.tables import Tables
from twin.core.units import KWH_PER_MWH
from twin.metrics.questions.connection import binding_elements, inter_trip
from twin.metrics.questions.demand_response import moved, paid_for_moving_jpy
from twin.metrics.questions.outage_days import of_outage_days
from twin.metrics.questions.supply_hours import NO_CAR, car_as_storage, diesel_supply, summary, supply_of
from twin.metrics.series import MemberSeries
from twin.operation.case import Case
from twin.resources.sites import customers

CASH = tuple(f"cash_{party}_jpy" for party in
             ("plant_owners", "sites", "homes", "aggregator", "retailer", "network", "outside"))  # fmt: skip


class InterTrip(Question):
    """N-1 inter-trip by its cap: what it saves, how much it would shed, what the survivor then carries."""

    kpis = (
        "curtailed_congestion_mwh", "congested_hours", "criterion_broken_hours", "link_n1_max_loading_percent",
        "link_survivor_min_minutes", "link_emergency_30min_min_a", "link_conductor_max_c", "delivered_mwh",
    )  # fmt: skip

    def measured(self, rows: list[Row], series: Sequence[MemberSeries], folders: Sequence[Path]) -> None:
        """Add how much would be shed at most, and for how long something is armed."""
        for row, folder in zip(rows, folders, strict=True):
            row["kpis"] |= inter_trip(folder, self.case.step_hours)

    def answered(self, rows: list[Row]) -> dict[str, Any]:
        """Return which plants may be shed, and how often a circuit of the link is lost by the island's table."""
        model, tables = self.case.model, tables_of(self.study)
        plants = model.plants[model.plants["trippable"].astype(bool) & (model.plants["contract_mw"] > 0.0)]
        shed = plants[["name_en", "name_ja"]].assign(mw=plants["contract_mw"].astype(float)).to_dict("records")
        return {"trippable": shed, "trips_per_year": _trips_per_year(tables)}


def _trips_per_year(tables: Tables) -> dict[str, float] | None:
    """Return how often one of the link's circuits is lost in a year, with the range of the table."""
    if "outage_rates" not in tables:
        return None
    lines, rates = tables["lines"], tables["outage_rates"].set_index("class")
    km = float(lines[lines["role"] == "link"]["length_km"].sum())
    names = {"value": "outages_per_year", "low": "low", "high": "high"}
    of_cable = rates[list(names.values())].astype(float).loc["cable"].to_numpy(float)
    return {name: float(rate) * km / 100.0 for name, rate in zip(names, of_cable, strict=True)}


class Tariffs(Question):
    """Demand response by its tariff: energy moved, what comes back, congestion, money by party."""

    kpis = ("curtailed_congestion_mwh", "congested_hours", "flexible_losses_mwh", "unmet_service_mwh", "demand_mwh",
            "energy_used_mwh", *CASH)  # fmt: skip

    def measured(self, rows: list[Row], series: Sequence[MemberSeries], folders: Sequence[Path]) -> None:
        """Add what flexible demand takes more and less than by habit, and what the aggregator pays for it."""
        reference = self.study.compare.reference
        habit = {
            (row["point"], row["year"]): one
            for row, one in zip(rows, series, strict=True)
            if row["scenario"] == reference
        }
        for row, of_row, folder, member in zip(rows, series, folders, self.members(), strict=True):
            base = of_row if member.study.fleet.demand_response == "none" else habit[row["point"], row["year"]]
            row["kpis"] |= moved(of_row, base) | {"up_dr_jpy": paid_for_moving_jpy(folder)}

    def answered(self, rows: list[Row]) -> dict[str, Any]:
        """Return the homes with monitors of each scenario."""
        return {"homes": {member.scenario: homes_with_monitor(member.study) for member in self.members()}}


def homes_with_monitor(study: Study) -> float:
    """Return the homes with monitors of a member: its own number, else the island's; 0 without demand response."""
    if study.fleet.demand_response == "none":
        return 0.0
    table = tables_of(study)["demand_response"].set_index("name")["value"]
    return float(table["homes_with_monitor"])


class Fip(Question):
    """Plants that move to FIP, with and without the area's balance, by policy and by batteries in the grid."""

    kpis = ("curtailed_congestion_mwh", "congested_hours", "curtailed_area_balance_mwh", "delivered_mwh",
            "battery_losses_mwh", "energy_used_mwh", *CASH)  # fmt: skip


class Blackout(Question):
    """Both circuits lost at any step: hours of supply of the new sites by the reserve that their batteries keep."""

    kpis = ("curtailed_congestion_mwh", "curtailed_area_balance_mwh", "self_consumption_mwh", "site_export_mwh",
            "battery_losses_mwh", "energy_used_mwh", "cash_sites_jpy", "cash_aggregator_jpy",
            "cash_retailer_jpy")  # fmt: skip
    LOAD_SHARES = (1.0, 0.3)
    """Parts of the demand that are kept up: all of it, and what a household or shop needs most (an assumption)."""

    def prepare(self, progress: Progress) -> None:
        """Make the case, and one full car.

        Raises
        ------
        InputError
            Where batteries are run otherwise than for self-consumption: the charge of single sites is followed again.
        """
        policies = {member.study.operation.policy for member in self.members()}
        if policies != {"self_consumption"}:
            raise InputError([Problem("hours of supply are known for self-consumption only", "[operation] policy",
                                      ", ".join(map(str, sorted(policies))), "self_consumption")])  # fmt: skip
        super().prepare(progress)
        of_members = (self.case.profiles[member.profiles][0] for member in self.case.members)
        self.shapes = [(one.site_pv_per_kw, one.site_demand_per_kwh) for one in of_members]
        self.cars = cars_of(self.study, tables_of(self.study), self.case.model)

    def measured(self, rows: list[Row], series: Sequence[MemberSeries], folders: Sequence[Path]) -> None:
        """Add the hours of supply of each class of customers and part of the demand, and what the diesels could do."""
        sites, new = self.case.sites, self._new
        of_class = customers(sites.site_id)
        for m, (row, folder, member) in enumerate(zip(rows, folders, self.members(), strict=True)):
            battery = self.case.members[m].devices.battery
            lowest = member.study.fleet.battery.soc_min_percent
            for name in dict.fromkeys(of_class[new]):
                wanted = new & (of_class == name) & (battery.energy > 0.0)
                some = supply_of(sites, *self.shapes[m], battery, wanted, self.case.step_hours, lowest)
                car = car_as_storage(self.cars.battery, float(battery.efficiency[wanted].mean()))
                for share in self.LOAD_SHARES:
                    for who, more in ((name, NO_CAR), (f"{name}_car", car)):
                        found = summary(some.lasted(share, more))
                        row["kpis"] |= {f"supply_{key}_{who}_{100 * share:.0f}": v for key, v in found.items()}
            row["kpis"] |= diesel_supply(folder, self._diesel_mw(), self._diesel_least_share())

    def answered(self, rows: list[Row]) -> dict[str, Any]:
        """Return how many sites of each class there are, their batteries, the cars, and the diesels."""
        counts = Counter(customers(self.case.sites.site_id)[self._new].tolist())
        return {
            "sites": int(self._new.sum()),
            "customers": dict(counts),
            "battery_mwh": float(self.case.members[0].devices.battery.energy[self._new].sum()) / KWH_PER_MWH,
            "cars": float(self.cars.cars.sum()),
            "car_kwh": float(self.cars.battery.energy.mean()),
            "diesel_mw": self._diesel_mw(),
            "diesel_least_percent": 100.0 * self._diesel_least_share(),
            "load_percent": [100.0 * share for share in self.LOAD_SHARES],
        }

    @property
    def _new(self) -> np.ndarray:
        kinds = self.case.sites.groups.kind.to_numpy(str)
        return np.asarray(kinds[self.case.sites.group] == "new")

    def _diesel_mw(self) -> float:
        return available_diesel_mw(self.case)

    def _diesel_least_share(self) -> float:
        diesels = self.case.model.diesels
        there = diesels[diesels["available"].astype(bool)]
        return float(there["p_min_mw"].sum() / there["p_max_mw"].sum())


def available_diesel_mw(case: Case) -> float:
    """Return the power of the diesels that the island's table calls available."""
    diesels = case.model.diesels
    return float(diesels.loc[diesels["available"].astype(bool), "p_max_mw"].sum())


MOST_BINDING = 2
"""Branches that are named of each member with an outage."""


class Maintenance(Question):
    """One circuit of the link out for planned weeks or a repair: cut, import, diesels, and what hangs on the other."""

    kpis = ("curtailed_congestion_mwh", "congested_hours", "import_mwh", "export_mwh", "diesel_mwh", "unsupplied_mwh",
            "losses_mwh", "delivered_mwh", "link_n0_max_loading_percent", "link_conductor_max_c")  # fmt: skip

    def measured(self, rows: list[Row], series: Sequence[MemberSeries], folders: Sequence[Path]) -> None:
        """Add what happens on the days of each member's calendar, beside the reference on the same days."""
        reference = self.study.compare.reference
        base = {row["point"]: folder for row, folder in zip(rows, folders, strict=True) if row["scenario"] == reference}
        for row, folder, member in zip(rows, folders, self.members(), strict=True):
            days = [one.days for one in member.study.outages.values()]
            row["kpis"] |= none_where_nan(
                of_outage_days(folder, base[row["point"]], days, available_diesel_mw(self.case), self.case.step_hours)
            )
            row["binding"] = binding_elements(folder, self.case.step_hours)[:MOST_BINDING]

    def answered(self, rows: list[Row]) -> dict[str, Any]:
        """Return each scenario's calendar, what is known of how long repairs take, and the diesels."""
        calendar = {
            name: [
                {"element": one.element, "first": one.first, "last": one.last}
                for one in next(m for m in self.members() if m.scenario == name).study.outages.values()
            ]
            for name in dict.fromkeys(row["scenario"] for row in rows)
        }
        return {"calendar": calendar, "repair_days": _repair_days(tables_of(self.study)),
                "trips_per_year": _trips_per_year(tables_of(self.study)),
                "diesel_mw": available_diesel_mw(self.case)}  # fmt: skip


def _repair_days(tables: Tables) -> dict[str, float] | None:
    """Return how long the repair of a cable takes, with its range, days."""
    if "outage_rates" not in tables:
        return None
    names = {"value": "hours_per_outage", "low": "hours_low", "high": "hours_high"}
    hours = tables["outage_rates"].set_index("class")[list(names.values())].astype(float)
    of_cable = hours.loc["cable"].to_numpy(float)
    return {name: float(value) / HOURS_OF_DAY for name, value in zip(names, of_cable, strict=True)}


class Path2040(Question):
    """The plan's roll-out year by year, under the same weather: congestion, security, local supply."""

    kpis = ("available_mwh", "curtailed_congestion_mwh", "curtailed_area_balance_mwh", "congested_hours",
            "criterion_broken_hours", "link_n1_max_loading_percent", "local_supply_percent", "demand_mwh",
            "self_consumption_mwh", "cash_plant_owners_jpy")  # fmt: skip

    def answered(self, rows: list[Row]) -> dict[str, Any]:
        """Return what is assumed of each year, and what stands in the grid then."""
        found = []
        for m, member in enumerate(self.members()):
            study, plants = member.study, self.case.grid.models[self.case.members[m].grid].plants
            year, kind, mw = int(study.grid.year or 0), plants["kind"].astype(str), plants["contract_mw"].astype(float)
            found.append({
                "scenario": member.scenario, "year": year,
                "variant": "" if member.scenario == f"y{year}" else member.scenario.rpartition("_")[0],
                "demand": demand_factor(study),
                "share": study.fleet.new_pv_share if study.fleet.new_pv else 0.0,
                "homes": homes_with_monitor(study),
                "pv_mw": float(mw[kind == "pv"].sum()), "wind_mw": float(mw[kind == "wind"].sum()),
                "pv_after_fit_mw": float(mw[left_the_fit(study, plants)].sum()),
            })  # fmt: skip
        return {"years": found, "island": island_of(self.study).settings.name.model_dump()}
