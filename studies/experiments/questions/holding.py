"""The question `holding`: whether PV that is held behind the meter leaves the link as it was without it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from studies.experiments.questions.question import Question, Row
from twin.metrics.questions.taken_back import TIGHT_SHARE, taken_back, tight_steps, tightness
from twin.metrics.series import MemberSeries


class Holding(Question):
    """Congestion and loading that home PV adds, and how much of it each control takes back."""

    kpis = (
        "curtailed_congestion_mwh", "congested_hours", "link_n1_max_loading_percent", "curtailed_behind_the_meter_mwh",
        "site_export_mwh", "self_consumption_mwh", "battery_losses_mwh", "energy_used_mwh",
        "battery_wear_percent_per_year", "delivered_mwh", "cash_plant_owners_jpy", "cash_sites_jpy", "cash_homes_jpy",
        "cash_aggregator_jpy", "cash_retailer_jpy", "cash_network_jpy", "cash_outside_jpy",
    )  # fmt: skip

    def measured(self, rows: list[Row], series: Sequence[MemberSeries], folders: Sequence[Path]) -> None:
        """Add loading and headroom in the half-hours that are tightest in the reference of the same weather."""
        reference = self.study.compare.reference
        tight = {
            (row["point"], row["year"]): tight_steps(of_row)
            for row, of_row in zip(rows, series, strict=True)
            if row["scenario"] == reference
        }
        for row, of_row in zip(rows, series, strict=True):
            row["kpis"] |= tightness(of_row, tight[row["point"], row["year"]])

    def answered(self, rows: list[Row]) -> dict[str, Any]:
        """Return what is taken back, scenario by scenario and sweep point by sweep point."""
        at = {(row["scenario"], row["point"], row["year"]): row["kpis"] for row in rows}
        years = list(dict.fromkeys(row["year"] for row in rows))
        reference = self.study.compare.reference
        found = []
        for scenario, point in dict.fromkeys((row["scenario"], row["point"]) for row in rows):
            uncontrolled = self._uncontrolled(scenario)
            if uncontrolled is None:
                continue
            mine, loose, base = (
                [at[name, point, year] for year in years] for name in (scenario, uncontrolled, reference)
            )
            found.append({"scenario": scenario, "uncontrolled": uncontrolled, "point": point}
                         | taken_back(mine, loose, base))  # fmt: skip
        return {"taken_back": found, "tight_percent": 100.0 * TIGHT_SHARE}

    def _uncontrolled(self, scenario: str) -> str | None:
        """Return the scenario with the same PV and no control, None for those two themselves."""
        compare, fleets = self.study.compare, {one.scenario: one.study.fleet for one in self.members()}
        own = fleets[scenario].which_pv
        alike = [
            name
            for name, fleet in fleets.items()
            if fleet.which_pv == own and fleet.batteries == "none" and fleet.demand_response == "none"
        ]
        return alike[0] if alike and scenario not in (*alike, compare.reference) else None
