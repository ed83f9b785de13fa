"""What was checked in a run and whether it holds, over all members."""

from __future__ import annotations

import math
from dataclasses import dataclass

from reports.document import digits
from reports.document.blocks import Table
from reports.document.texts import Words
from twin.core.quantities import KPIS
from twin.metrics.run_folder import Run

SAMPLE_VM_LIMIT_PU = 1e-6
"""Limit of a run that does not state its own."""
SAMPLE_UNITS = {
    "half_hours": "count",
    "states": "count",
    "unsolved": "count",
    "max_vm_error_pu": "pu",
    "max_loading_error_percent": "%",
}
"""What the sample check may state, and its unit."""
BALANCE_LIMIT_MWH = 0.01


@dataclass(frozen=True)
class Check:
    """A number and the largest that is accepted; without a limit it is only stated."""

    key: str
    value: float
    unit: str
    limit: float | None

    @property
    def verdict(self) -> str:
        """``ok``, ``look`` or ``none``."""
        if self.limit is None:
            return "none"
        return "ok" if math.isfinite(self.value) and self.value <= self.limit else "look"


KPI_LIMITS: dict[str, float | None] = {
    "energy_balance_mismatch_mwh": BALANCE_LIMIT_MWH,
    "unsolved_half_hours": 0.0,
    "unsolved_available_mwh": 0.0,
    "residual_overload_mwh": 0.0,
    "headroom_undefined_half_hours": 0.0,
    "all_outage_unsolved_cases": 0.0,
    "negative_demand_half_hours": 0.0,
    "clipped_commands": None,
    "forecast_missed_hours": None,
}


def all_checks(run: Run) -> list[Check]:
    """Return every check: the worst member of each key figure, then the sample against pandapower."""
    checks = [
        Check(name, max((abs(member.kpis[name]) for member in run.members), key=_nan_last), KPIS[name].unit, limit)
        for name, limit in KPI_LIMITS.items()
    ]
    return [*checks, *_sample_checks(run.study["sample_check"])]


def _sample_checks(sample: dict[str, float]) -> list[Check]:
    limits = {"max_vm_error_pu": sample.get("tolerance_pu", SAMPLE_VM_LIMIT_PU), "unsolved": 0.0}
    return [
        Check(f"sample.{name}", float(sample[name]), unit, limits.get(name))
        for name, unit in SAMPLE_UNITS.items()
        if sample.get(name) is not None
    ]


def _nan_last(value: float) -> float:
    """Order NaN above every number, so that an undefined figure is reported and not passed over."""
    return value if math.isfinite(value) else math.inf


def table(run: Run, words: Words) -> Table:
    """Return the checks as a table."""
    rows = [
        [words.choice("check", check.key), _shown(check), _wanted(check, words), words(f"verdict.{check.verdict}")]
        for check in all_checks(run)
    ]
    header = [words(f"column.{name}") for name in ("check", "found", "wanted", "verdict")]
    caption = words("table.checks", count=len(run.members))
    return Table(caption, header, ["left", "right", "right", "left"], rows)


def _shown(check: Check) -> str:
    if check.unit == "count":
        return digits.fixed(check.value, 0)
    if check.value != 0 and abs(check.value) < BALANCE_LIMIT_MWH:
        return digits.scientific(check.value) + (f" {check.unit}" if check.unit else "")
    return digits.quantity(check.value, check.unit) + (f" {check.unit}" if check.unit else "")


def _wanted(check: Check, words: Words) -> str:
    if check.limit is None:
        return digits.NOT_DEFINED
    if check.limit == 0:
        return words("check.wanted.zero")
    limit = digits.scientific(check.limit) + (f" {check.unit}" if check.unit else "")
    return words("check.wanted.at_most", limit=limit)
