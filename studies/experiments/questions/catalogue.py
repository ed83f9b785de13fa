"""Which experiment answers which kind of question."""

from __future__ import annotations

from pathlib import Path

from studies.experiments.audit.plan_audit import PlanAudit
from studies.experiments.questions.holding import Holding
from studies.experiments.run import StudyRun
from studies.experiments.runner import Experiment
from studies.study.schema import Study

KINDS: dict[str, type[Experiment]] = {"run": StudyRun, "audit": PlanAudit, "holding": Holding}
"""By ``question.kind`` of a study."""


def experiment_of(study: Study, data: Path | None, days: tuple[int, int] | None) -> Experiment:
    """Return the experiment that a study's question asks for; one without a question is run as it is written."""
    return KINDS["run" if study.question is None else study.question.kind](study, data, days)
