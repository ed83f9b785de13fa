"""The uncertainty analysis of a study: the study as it is, weather years, a hypercube, one unknown at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from studies.experiments.folders import UNCERTAINTY_FILE
from studies.experiments.provenance import digest
from studies.experiments.runner import Experiment, Work
from studies.experiments.samples import (
    BASE_PART,
    Row,
    Sample,
    Setup,
    base_and_years,
    blocks_of,
    hypercube,
    one_at_a_time,
    run_block,
    sampled_scenarios,
    weather_years,
)
from studies.experiments.unknowns import Unknown, left_out, unknowns
from studies.experiments.variance import failures, most_important, sample_table, summary
from studies.experiments.workers import Piece, Progress
from studies.study.schema import Study
from twin.core.errors import InputError, Problem

SAMPLES_PER_BLOCK = 12
"""Members in lock-step are this many times the scenarios; more would be faster and take more memory."""

BLOCKS = "blocks"


class UncertaintyAnalysis(Experiment):
    """The unknowns of a study, varied together and alone.

    Parameters
    ----------
    study : Study
    samples : int, optional
        Size of the hypercube; default: the study's.
    data : pathlib.Path, optional
    days : tuple of int, optional
    """

    record_file = UNCERTAINTY_FILE
    scratch = (BLOCKS,)

    def __init__(
        self,
        study: Study,
        samples: int | None = None,
        data: Path | None = None,
        days: tuple[int, int] | None = None,
    ) -> None:
        super().__init__(study, data, days)
        self.count = samples or study.uncertainty.samples
        self.setup = Setup(study, data, days, sampled_scenarios(study), unknowns(study))

    def facts(self) -> dict[str, Any]:
        """Return the size of the hypercube."""
        return {"samples": self.count}

    def prepare(self, progress: Progress) -> None:
        """Leave the cases to the workers: each block of samples has its own."""

    def simulate(self, work: Work) -> None:
        """Run the study as it is, its weather years and the hypercube, then what moves most alone.

        Raises
        ------
        InputError
            Where the study as it is cannot be run.
        """
        self.samples = [*base_and_years(self.study), *hypercube(self.study, self.setup.unknowns, self.count)]
        self.rows = self._run(self.samples, work)
        _require_base(self.rows)
        table = sample_table(self.setup, self.samples, self.rows)
        alone = one_at_a_time(self.study, most_important(self.setup, table, self.study.uncertainty.one_at_a_time))
        if alone:
            self.rows += self._run(alone, work)
            self.samples += alone

    def _run(self, samples: Sequence[Sample], work: Work) -> list[Row]:
        """Run consecutive samples block by block, each block in a file of its own."""
        pieces = [
            Piece(_name(block[0]), partial(run_block, self.setup, block), len(block))
            for block in blocks_of(samples, SAMPLES_PER_BLOCK)
        ]
        return [row for rows in work.run_pieces(samples[-1].part, pieces, BLOCKS) for row in rows]

    def reduce(self, work: Work) -> dict[str, Any]:
        """Write the table of all samples; return ranges, shares of variance and swings."""
        study, table = self.study, sample_table(self.setup, self.samples, self.rows)
        table.to_parquet(work.folder / "samples.parquet", index=False)
        return {
            "study": study.name,
            "study_digest": digest(work.facts["study"]),
            "samples": self.count,
            "failed": failures(self.setup, self.samples, table),
            "days": work.facts["days"],
            "weather_years": len(weather_years(study)),
            "unknowns": [_unknown(unknown) for unknown in self.setup.unknowns],
            "left_out": [asdict(row) for row in left_out(study)],
            "headlines": summary(self.setup, table),
        }

    def report(self, folder: Path, record: dict[str, Any]) -> None:
        """Leave it to the report of the study's run, which has a section on its uncertainty."""


def _name(first: Sample) -> str:
    """Return the name of a block by its first sample."""
    return f"{first.part} {first.number}".replace(" ", "_")


def _require_base(rows: Sequence[Row]) -> None:
    """Check that the study as it is could be run.

    Raises
    ------
    InputError
        If it was refused or has half-hours without a solution: ranges around it would mean nothing.
    """
    base = [row for row in rows if row["part"] == BASE_PART and row["failure"]]
    if base:
        repair = "goto-twin run shows what is wrong with the study itself"
        raise InputError(
            [Problem("the study as it is fails", f"scenario {row['scenario']}", row["failure"], repair=repair)
             for row in base]
        )  # fmt: skip


def _unknown(unknown: Unknown) -> dict[str, Any]:
    """Return what the report shows of an unknown; the range is that of its first setting."""
    first = unknown.settings[0]
    return {
        "name": unknown.name, "title_en": unknown.title_en, "title_ja": unknown.title_ja, "unit": unknown.unit,
        "low": first.low, "base": first.base, "high": first.high, "status": unknown.status, "source": unknown.source,
        "settings": len(unknown.settings),
    }  # fmt: skip
