"""What an uncertainty analysis of the same study found: ``runs/<study>_uncertainty/uncertainty.json``."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from twin.core.errors import Problem
from twin.core.quantities import KPIS
from twin.metrics.run_folder import Run
from twin.metrics.run_record import read_json

logger = logging.getLogger(__name__)

FIRST_SHOWN = ("curtailed_congestion_percent_of_available", "perfect_operator_curtailed_congestion_mwh")
"""The headlines that the figure shows if an unknown moves them, in this order; else the first that moves."""

STUDY_KEYS = ("study_digest", "samples", "failed", "days", "weather_years", "unknowns", "headlines")
UNKNOWN_KEYS = ("name", "title_en", "title_ja", "unit", "low", "base", "high", "status", "source")
LEFT_OUT_KEYS = ("name", "title_en", "title_ja", "reason_en", "reason_ja")
NUMBERS = ("base", "min", "p05", "p50", "p95", "max", "r2", "weather_share", "rest_share", "estimate_share")


@dataclass(frozen=True)
class Headline:
    """A key figure of a scenario over all samples.

    Attributes
    ----------
    scenario, kpi : str
    base, min, p05, p50, p95, max : float
        Value of the study as it is, and percentiles of the samples, in the key figure's unit.
    r2, weather_share, rest_share, estimate_share : float
        Shares 0..1: of the variance that is explained; of the weather years and of what is not explained in all of the
        variance; of the unknowns with status ``estimate`` in what is explained. NaN where nothing varies.
    shares, tornado : dict of str to dict
        By unknown: ``share low high`` of the variance, and the value ``at_low at_high`` with only this one moved.
    """

    scenario: str
    kpi: str
    base: float
    min: float
    p05: float
    p50: float
    p95: float
    max: float
    r2: float
    weather_share: float
    rest_share: float
    estimate_share: float
    shares: dict[str, dict[str, float]]
    tornado: dict[str, dict[str, float]]

    @property
    def is_moved(self) -> bool:
        """Whether the samples differ."""
        return self.p05 < self.p95

    @property
    def ranked(self) -> list[str]:
        """Names of the unknowns that carry variance, the one with the largest share first."""
        carrying = [name for name, share in self.shares.items() if share["share"] > 0]
        return sorted(carrying, key=lambda name: -self.shares[name]["share"])

    @property
    def certain(self) -> list[str]:
        """Names of the unknowns whose interval leaves out zero, the one with the largest share first."""
        return [name for name in self.ranked if self.shares[name]["low"] > 0]

    @property
    def ranked_by_swing(self) -> list[str]:
        """Names of the unknowns that were moved alone, the one with the largest swing first."""
        swing = {
            name: max(self.base, *ends.values()) - min(self.base, *ends.values()) for name, ends in self.tornado.items()
        }
        return sorted(swing, key=lambda name: -swing[name])


@dataclass(frozen=True)
class Uncertainty:
    """An analysis that belongs to a run.

    Attributes
    ----------
    samples, failed, weather_years : int
    is_of_same_days : bool
        Whether its samples cover the days of the run, so that energies can be compared.
    unknowns : dict of str to dict
        By name: titles, unit, range, status, source.
    left_out : list of dict
        ``name title_en title_ja reason_en reason_ja``.
    headlines : tuple of Headline
        In the order of the file.
    substitutes : dict
        What stands in the inputs in place of what was not measured.
    """

    samples: int
    failed: int
    weather_years: int
    is_of_same_days: bool
    unknowns: dict[str, dict[str, Any]]
    left_out: list[dict[str, str]]
    headlines: tuple[Headline, ...]
    substitutes: dict[str, Any] = field(default_factory=dict)

    def headline(self, scenario: str, kpi: str) -> Headline | None:
        """Return a key figure of a scenario, None where the analysis has none."""
        return next((one for one in self.headlines if (one.scenario, one.kpi) == (scenario, kpi)), None)

    @property
    def scenarios(self) -> list[str]:
        """Keys of the scenarios that were sampled."""
        return list(dict.fromkeys(one.scenario for one in self.headlines))

    def shown_scenario(self, wanted: str) -> str:
        """Return the scenario that the report shows: `wanted`, else the first that was sampled."""
        return wanted if wanted in self.scenarios or not self.scenarios else self.scenarios[0]

    def of(self, scenario: str) -> list[Headline]:
        """Return the key figures of a scenario that an unknown moves, the most important first."""
        moved = [one for one in self.headlines if one.scenario == scenario and one.is_moved]
        return sorted(moved, key=lambda one: FIRST_SHOWN.index(one.kpi) if one.kpi in FIRST_SHOWN else len(FIRST_SHOWN))


@dataclass(frozen=True)
class Unusable:
    """Why a report has no analysis.

    Attributes
    ----------
    why : str
        ``missing``; ``other_study``: it belongs to another version of the study; ``broken``: its file cannot be used.
    """

    why: str


Analysis = Uncertainty | Unusable


def study_digest(study: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a resolved study (``study`` of ``manifest.json``): equal for the same question."""
    return hashlib.sha256(json.dumps(study, sort_keys=True, ensure_ascii=True).encode()).hexdigest()


def uncertainty_file(run: Run) -> Path:
    """Return where the analysis of a run's study lies: in a folder beside the run."""
    return run.path.parent / f"{run.study['name']}_uncertainty" / "uncertainty.json"


def read_uncertainty(run: Run) -> Analysis:
    """Return the analysis of exactly this study, or why there is none: the report of a finished run says it."""
    problems: list[Problem] = []
    file = uncertainty_file(run)
    if not file.exists():
        return Unusable("missing")
    content = read_json(file, problems)
    try:
        if content is not None and content["study_digest"] != study_digest(run.manifest["study"]):
            return Unusable("other_study")
        if content is not None:
            return _uncertainty(content, run)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        problems.append(
            Problem("not as an uncertainty analysis writes it", str(file), f"{type(error).__name__} {error}")
        )
    logger.warning("%s", "\n".join(map(str, problems)))
    return Unusable("broken")


def _uncertainty(content: Mapping[str, Any], run: Run) -> Uncertainty:
    facts = {key: content[key] for key in STUDY_KEYS}
    unknowns = [{key: unknown[key] for key in UNKNOWN_KEYS} for unknown in facts["unknowns"]]
    return Uncertainty(
        samples=int(facts["samples"]),
        failed=len(facts["failed"]),
        weather_years=int(facts["weather_years"]),
        is_of_same_days=facts["days"] == run.manifest.get("days"),
        unknowns={unknown["name"]: unknown for unknown in unknowns},
        left_out=[{key: row[key] for key in LEFT_OUT_KEYS} for row in content.get("left_out", [])],
        headlines=tuple(
            _headline(scenario, kpi, found, {unknown["name"] for unknown in unknowns})
            for scenario, kpis in facts["headlines"].items() if scenario in run.scenarios
            for kpi, found in kpis.items() if kpi in KPIS
        ),
        substitutes=content.get("substitutes", {}),
    )  # fmt: skip


def _headline(scenario: str, kpi: str, found: Mapping[str, Any], known: set[str]) -> Headline:
    numbers = {name: float("nan") if found[name] is None else float(found[name]) for name in NUMBERS}
    shares = {row["unknown"]: _floats(row, "share", "low", "high") for row in found["shares"]}
    tornado = {row["unknown"]: _floats(row, "at_low", "at_high") for row in found["tornado"]}
    if not {*shares, *tornado} <= known:
        raise KeyError(f"{scenario}, {kpi}: unknowns that are not listed")
    return Headline(scenario, kpi, **numbers, shares=shares, tornado=tornado)


def _floats(row: Mapping[str, Any], *names: str) -> dict[str, float]:
    return {name: float("nan") if row[name] is None else float(row[name]) for name in names}
