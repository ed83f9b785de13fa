"""The experiment `audit`: every claim of a plan reproduced, different by how much and why, or not testable and why."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from network_models.plan import Plan, has_plan, read_plan
from network_models.tables.plan import Check, Claim, Slip
from reports.document.blocks import Block
from reports.document.texts import Words
from reports.sections.documents.audit import sections
from studies.execution.workers import Progress
from studies.experiments.audit.formulas import Function, evaluated
from studies.experiments.audit.model_values import OfRuns, OfTables, OfYears
from studies.experiments.key_figures import none_where_nan, own_kpis, previous_price
from studies.experiments.runner import Experiment, Work
from studies.study.cases import study_case
from studies.study.islands import island_of, tables_of
from twin.core.errors import InputError, Problem, gathered, raise_if_any

REPRODUCED, DIFFERS, NOT_TESTABLE = "reproduced", "differs", "not_testable"
ROUNDING = 1e-12
"""Relative; sums of numbers in double precision."""
IS_THERE: dict[str, Callable[[float, float], bool]] = {
    "differ": lambda apart, within: abs(apart) > within,
    "more": lambda apart, within: apart > within,
    "same": lambda apart, within: abs(apart) <= within,
}
"""Whether a slip is there, by what the two numbers must not do."""
PLAN_FILES = ("plan_claims.csv", "plan_facts.csv", "plan_checks.csv", "plan_slips.csv")


class PlanAudit(Experiment):
    """All claims of the plan of a study's island, tested with its tables, its own numbers and the study's members.

    Claims that need a year of the closed loop are not testable with ``--days``.
    """

    record_file = "plan_audit.json"

    @property
    def folder_name(self) -> str:
        """Default results folder below ``runs``."""
        return self.study.name

    def files(self) -> dict[str, Path]:
        """Return the input files, the tables of the plan among them."""
        folder = island_of(self.study).folder
        return super().files() | {f"{folder.name}/{name}": folder / name for name in PLAN_FILES}

    def prepare(self, progress: Progress) -> None:
        """Read the plan, try all formulas that need no run, and make the case.

        Raises
        ------
        InputError
            With all problems: of the plan's tables, of formulas, of the study's inputs.
        """
        island = island_of(self.study)
        if not has_plan(island):
            repair = f"add {', '.join(PLAN_FILES)} to {island.folder}"
            raise InputError([Problem("the island has no plan to audit", island.name, repair=repair)])
        self.plan = read_plan(island)
        nothing = OfRuns({member.scenario: Path() for member in self.members()}, {}, is_year=False)
        self.ready = OfTables(tables_of(self.study)).functions() | OfYears(self.study, self.data).functions()
        unused = dict.fromkeys(OfYears(self.study, self.data).functions(), _unknown)
        tried_on(self.plan, self.ready | unused | nothing.functions())
        self.case = study_case(self.study, self.members(), self.data, self.days)
        self.year_before = previous_price(self.study, self.data)

    def reduce(self, work: Work) -> dict[str, Any]:
        """Return all claims and slips with what was computed of them."""
        members = self.members()
        folders = dict(zip([member.scenario for member in members], self.folders(work.folder), strict=True))
        kpis = {
            member.scenario: none_where_nan(
                own_kpis(member.study, self.case, k, folders[member.scenario], self.year_before)
            )
            for k, member in enumerate(members)
        }
        runs = OfRuns(folders, kpis, is_year=self.days is None)
        return audited(self.plan, self.ready | runs.functions()) | {
            "is_year": self.days is None,
            "fiscal_year": self.study.period.fiscal_year,
            "municipality": island_of(self.study).settings.municipality.model_dump(),
            "study": self.study.name,
        }

    def sections(self, record: dict[str, Any], words: Words) -> list[Block]:
        """Return the page for the city's officials, and all claims."""
        return sections(record, words)


def _unknown(*_: object) -> float:
    return math.nan


def tried_on(plan: Plan, functions: Mapping[str, Function]) -> None:
    """Compute all formulas once, to tell all that cannot be read.

    Raises
    ------
    InputError
        With all problems of all formulas.
    """
    problems: list[Problem] = []
    names = _names(plan)
    for check in plan.checks.values():
        if check.basis != "none":
            with gathered(problems):
                evaluated(check.computed, names, functions, f"plan_checks.csv, {check.claim}, column computed")
    for slip in plan.slips.values():
        for column in ("stated", "computed"):
            with gathered(problems):
                where = f"plan_slips.csv, {slip.slip}, column {column}"
                evaluated(getattr(slip, column), names, functions, where)
    raise_if_any(problems)


def audited(plan: Plan, functions: Mapping[str, Function]) -> dict[str, Any]:
    """Return ``claims``, ``slips`` and ``counts``: what was computed and found, as plain values.

    Parameters
    ----------
    plan : Plan
    functions : mapping of str to callable
        What formulas may ask of the model.
    """
    names = _names(plan)
    claims = [_of_claim(claim, plan.checks[claim.id], names, functions) for claim in plan.claims.values()]
    slips = [_of_slip(slip, names, functions) for slip in plan.slips.values()]
    counts = {verdict: sum(row["verdict"] == verdict for row in claims) for verdict in (REPRODUCED, DIFFERS)}
    counts[NOT_TESTABLE] = len(claims) - sum(counts.values())
    counts["by_input"] = sum(row["verdict"] == REPRODUCED and row["basis"] == "input" for row in claims)
    return {"claims": claims, "slips": slips, "counts": counts}


def _names(plan: Plan) -> dict[str, float]:
    return {row.id: row.value for row in plan.claims.values()} | {row.name: row.value for row in plan.facts.values()}


def _of_claim(
    claim: Claim, check: Check, names: Mapping[str, float], functions: Mapping[str, Function]
) -> dict[str, Any]:
    where = f"plan_checks.csv, {claim.id}"
    computed = math.nan if check.basis == "none" else evaluated(check.computed, names, functions, where)
    return claim.model_dump() | {
        "basis": check.basis,
        "formula": check.computed,
        "within": check.within,
        "computed": None if math.isnan(computed) else computed,
        "difference": None if math.isnan(computed) else computed - claim.value,
        "verdict": verdict(claim.value, computed, check.within),
        "because_en": check.because_en,
        "because_ja": check.because_ja,
    }


def verdict(stated: float, computed: float, within: str) -> str:
    """Return whether a computed value confirms a stated one.

    Parameters
    ----------
    stated, computed : float
        NaN where nothing could be computed.
    within : str
        As in `network_models.tables.plan.Check`.
    """
    if math.isnan(computed):
        return NOT_TESTABLE
    if within in (">=", "<="):
        fits = computed >= stated if within == ">=" else computed <= stated
    else:
        most = abs(stated) * float(within[:-2]) / 100.0 if within.endswith(" %") else float(within)
        fits = abs(computed - stated) <= most + ROUNDING * abs(stated)
    return REPRODUCED if fits else DIFFERS


def _of_slip(slip: Slip, names: Mapping[str, float], functions: Mapping[str, Function]) -> dict[str, Any]:
    where = f"plan_slips.csv, {slip.slip}"
    stated, computed = (evaluated(text, names, functions, where) for text in (slip.stated, slip.computed))
    known = math.isfinite(stated) and math.isfinite(computed)
    return slip.model_dump() | {
        "formulas": [slip.stated, slip.computed],
        "stated": stated if known else None,
        "computed": computed if known else None,
        "is_there": known and IS_THERE[slip.when](computed - stated, slip.within),
    }
