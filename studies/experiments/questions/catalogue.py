"""Which experiment answers which kind of question."""

from __future__ import annotations

from pathlib import Path

from studies.experiments.audit.plan_audit import PlanAudit
from studies.experiments.questions.comparisons import Blackout, Fip, InterTrip, Maintenance, Path2040, Tariffs
from studies.experiments.questions.holding import Holding
from studies.experiments.questions.onset import Hosting, Onset
from studies.experiments.run import StudyRun
from studies.experiments.runner import Experiment
from studies.study.file.schema import Study
from twin.core.errors import InputError, Problem

KINDS: dict[str, type[Experiment]] = {
    "run": StudyRun,
    "audit": PlanAudit,
    "holding": Holding,
    "onset": Onset,
    "hosting": Hosting,
    "intertrip": InterTrip,
    "tariffs": Tariffs,
    "fip": Fip,
    "blackout": Blackout,
    "path": Path2040,
    "maintenance": Maintenance,
}
"""By ``question.kind`` of a study."""


def experiment_of(study: Study, data: Path | None, days: tuple[int, int] | None) -> Experiment:
    """Return the experiment that a study's question asks for; one without a question is run as it is written.

    Raises
    ------
    InputError
        For a question that a command of its own asks.
    """
    kind = "run" if study.question is None else study.question.kind
    if kind not in KINDS:
        repair = f"use goto-twin {kind}, which makes its study itself"
        raise InputError([Problem("no study file asks this", f"{study.name}, question.kind", kind, ", ".join(KINDS),
                                  repair)])  # fmt: skip
    return KINDS[kind](study, data, days)
