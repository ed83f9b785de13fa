"""A certificate's record as `goto-twin certify` writes it, with made-up numbers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from reports.sections.certificate import BESIDE_NONE, PAYMENTS
from studies.experiments.scores import NO_MORE_THAN_NONE
from twin.metrics.comparisons import AVOIDED, LOST

KPIS = dict.fromkeys((*BESIDE_NONE, *PAYMENTS), 12.5)
COURSE = {name: [float(k) for k in range(48)] for name in ("n1_loading_percent", "export_mw", "soc_percent")}


def record(**changes: Any) -> dict[str, Any]:
    """Return a certificate of three years that passes; `changes` are of its first level of keys."""
    values = {
        "policy": "my_policy.MyPolicy",
        "policy_sha256": "ab" * 32,
        "scenario": "aware",
        "years": [1, 2, 3],
        "error_factors": [0.0, 1.0, 2.0],
        "sweep": {"grid.conductor_mm2": 300, "operation.criterion": "n-1"},
        "when_full": "feed",
        "study": {
            "name": "goto_2030", "title_en": "Goto islands", "title_ja": "五島列島", "scenario_en": "Aware",
            "scenario_ja": "混雑予測で充電", "fiscal_year": 2030, "first_day": "2030-04-01", "last_day": "2031-03-31",
            "days": 365.0, "is_part_of_year": False, "seed": 7, "currency": "JPY", "step_minutes": 30,
        },
        "code": {"version": "0.1.0", "sources_sha256": "cd" * 32, "git_commit": "ef" * 20, "git_dirty": True},
        "passed": True,
        "verdict": [criterion(name, True, -1.5, 2, 2.0) for name in NO_MORE_THAN_NONE]
        + [criterion("failures", True, 0.0), criterion("look_ahead", True), criterion("deterministic", True)],
        "checks": checks(),
        "levels": [level(factor) for factor in (0.0, 1.0, 2.0)],
        "none": KPIS,
        "bound": {"energy": [1040.0] * 3, "value": [1040.0] * 3, "missing": ""},
        "worst_day": {
            "year": 2, "error_factor": 2.0, "date": "2031-03-18", "loss_mwh": 4.25, "policy": COURSE, "none": COURSE,
        },
    }  # fmt: skip
    return values | changes


def criterion(
    name: str,
    passed: bool,
    excess: float | None = None,
    year: int | None = None,
    error_factor: float | None = None,
    where: str = "",
) -> dict[str, Any]:
    """Return a criterion of the verdict."""
    return {
        "name": name, "passed": passed, "excess": excess, "year": year, "error_factor": error_factor, "where": where,
    }  # fmt: skip


def checks(**changes: Any) -> dict[str, Any]:
    """Return what the checks of a clean policy found."""
    return {
        "first": "2031-03-12 00:00", "last": "2031-03-18 23:30", "is_deterministic": True, "first_unlike": "",
        "replaced_at": ["2031-03-12 10:00"], "decisions": 56, "looks_ahead": False, "first_difference": "",
    } | changes  # fmt: skip


def level(factor: float, low: float | None = 5.0, is_distinguishable: bool | None = True) -> dict[str, Any]:
    """Return an error level whose difference is 12 with an interval from `low`; none without it."""
    interval = {"low": low, "high": None if low is None else 19.0, "is_distinguishable": is_distinguishable}
    score = {
        "mean": 1012.0, "none": 1000.0, "bound": 1040.0, "percent_of_bound": 97.3, "percent_of_gain": 30.0,
        "difference": {"mean": 12.0, "by_year": [12.0], **interval},
    }  # fmt: skip
    return {
        "error_factor": factor,
        "scores": {"energy": score, "value": score},
        "gained_and_lost": dict.fromkeys((*AVOIDED, *LOST), 6.0),
        "kpis": KPIS,
    }


def write(folder: Path, values: dict[str, Any]) -> Path:
    """Write a record into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "certificate.json").write_text(json.dumps(values), encoding="utf-8")
    return folder
