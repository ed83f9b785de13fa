"""What all questions have in common: scenarios in several weather years, paired differences, a page of one frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from reports import write_sections
from reports.document.texts import LANGUAGES
from reports.sections.questions.catalogue import TOLD, sections
from studies.execution.workers import Progress
from studies.experiments.certificate.scores import paired_difference
from studies.experiments.key_figures import own_kpis, previous_price, sample_summary
from studies.experiments.runner import CHECKED_PER_MEMBER, Experiment, Work
from studies.study.cases import study_case
from studies.study.file.members import WEATHER_YEAR, Member, label, weather_members
from studies.study.islands import element_names_ja
from twin.core.errors import InputError, Problem
from twin.metrics.series import MemberSeries, series_of_folder
from twin.operation.state import stored_at_start_mwh

QUESTION_FILE = "question.json"

MOST_CHECKED = 24
"""Members of a question of which half-hours are checked against pandapower."""

Row = dict[str, Any]
"""A member: scenario, sweep point, weather year, key figures and what else is measured."""


class Question(Experiment):
    """A question that scenarios answer: what is measured of each, and the differences from the reference.

    A kind gives `kpis`, and where these are not enough `measured` and `answered`.
    """

    record_file = QUESTION_FILE
    judges_outages = False
    kpis: ClassVar[tuple[str, ...]]
    """Key figures that are kept, and compared with the reference's of the same weather."""

    @property
    def folder_name(self) -> str:
        """The study's name."""
        return self.study.name

    def members(self) -> list[Member]:
        """Return every scenario at every sweep point in every weather year."""
        return weather_members(self.study)

    def prepare(self, progress: Progress) -> None:
        """Make the case of all members.

        Raises
        ------
        InputError
            With all problems of the inputs; where a scenario is missing that the others are compared with, or that the
            page tells of by name.
        """
        if self.study.compare.reference is None:
            where, names = f"study {self.study.name}, [compare] reference", ", ".join(self.study.scenario)
            repair = "name the scenario that the others are compared with" if names else "add [scenario.<name>] first"
            raise InputError([Problem("the question has nothing to compare with", where, "", names, repair)])
        self._check_told()
        self.case = study_case(self.study, self.members(), self.data, self.days)
        self.year_before = previous_price(self.study, self.data)

    def _check_told(self) -> None:
        asked, names = self.study.question, self.study.scenario
        if asked and (missing := [name for name in TOLD.get(asked.kind, ()) if name not in names]):
            problem = "the page of this kind of question tells of scenarios that the study does not have"
            where, repair = f"study {self.study.name}, question.kind", "copy them from the shipped study of this kind"
            found = f"{asked.kind}, with {', '.join(names)}"
            raise InputError([Problem(problem, where, found, "also " + ", ".join(missing), repair)])

    def simulate(self, work: Work) -> None:
        """Run the members; of very many, some are checked against pandapower."""
        with work.timed("simulation"):
            self.run_members(work, CHECKED_PER_MEMBER, MOST_CHECKED)

    def reduce(self, work: Work) -> dict[str, Any]:
        """Return what is measured of each member, the differences from the reference, and the answer's numbers."""
        everyone, folders = self.members(), self.folders(work.folder)
        rows, series = [], []
        for m, (member, folder) in enumerate(zip(everyone, folders, strict=True)):
            rows.append(row_of(member, own_kpis(member.study, self.case, m, folder, self.year_before, self.kpis)))
            stored, capacity = stored_at_start_mwh(self.case, m), float(self.case.fleet.battery_mwh[m].sum())
            series.append(series_of_folder(folder, self.case.step_hours, stored, capacity))
        self.measured(rows, series, folders)
        return self.about() | {
            "rows": rows,
            "differences": differences(rows, self.study.compare.reference),
            "sample_check": sample_summary(folders),
            **self.answered(rows),
        }

    def measured(self, rows: list[Row], series: Sequence[MemberSeries], folders: Sequence[Path]) -> None:
        """Add to the members' ``kpis`` what the kind measures beside the key figures; by default nothing."""

    def answered(self, rows: list[Row]) -> dict[str, Any]:
        """Return what else the page needs; by default nothing."""
        return {}

    def about(self) -> dict[str, Any]:
        """Return what the frame of the page tells: question, scenarios, stretch of time, weather."""
        question = self.study.question
        if question is None:
            raise InputError([Problem("the study asks no question", self.study.name, repair="add [question]")])
        index, clock = self.case.index, self.case.clock
        last = index[-1].date()
        scenarios = {
            name: {f"title_{language}": self.study.scenario_title(name, language) for language in LANGUAGES}
            for name in dict.fromkeys(member.scenario for member in self.members())
        }
        return {
            "kind": question.kind,
            "study": self.study.name,
            "title_en": self.study.title("en"),
            "title_ja": self.study.title("ja"),
            "asks_en": question.asks_en,
            "asks_ja": question.asks_ja,
            "fiscal_year": self.study.period.fiscal_year,
            "is_year": self.days is None,
            "first": index[0].date().isoformat(),
            "last": last.isoformat(),
            "days": len(index) / clock.steps_of_day,
            "weather_years": question.weather_years,
            "weather": self.study.weather.source,
            "members": len(self.case.members),
            "reference": self.study.compare.reference,
            "uncontrolled": self.study.compare.uncontrolled,
            "scenarios": scenarios,
            "element_names_ja": element_names_ja(self.study) if self.study.grid.is_island else {},
            "currency": self.case.model.currency,
            "seed": self.study.seed,
            "command": self.command(),
        }

    def command(self) -> str:
        """Return the command that repeats it."""
        words, years = ["goto-twin", "run", self.study.name], self.study.asked_weather_years
        words += [] if years is None else ["--weather-years", str(years)]
        return " ".join(words + (["--days", f"{self.days[0]}:{self.days[1]}"] if self.days else []))

    def report(self, folder: Path, record: dict[str, Any]) -> None:
        """Write the page in both languages."""
        titles = {language: self.study.title(language) for language in LANGUAGES}
        write_sections(folder, titles, partial(sections, record))


def row_of(member: Member, kpis: dict[str, Any]) -> Row:
    """Return a member's row."""
    point = {key: value for key, value in member.sweep.items() if key != WEATHER_YEAR}
    year = member.sweep.get(WEATHER_YEAR, member.study.weather.weather_year)
    return {"scenario": member.scenario, "point": label(point), "sweep": point, "year": year, "kpis": kpis}


def differences(rows: Sequence[Row], reference: str | None) -> list[Row]:
    """Return the mean difference of each scenario from the reference, weather year by weather year, with its interval.

    A key figure that is not defined in some year is left out of the differences: None.
    """
    found = []
    for point in dict.fromkeys(row["point"] for row in rows):
        of = {(row["scenario"], row["year"]): row["kpis"] for row in rows if row["point"] == point}
        years = list(dict.fromkeys(year for _, year in of))
        for scenario in dict.fromkeys(name for name, _ in of):
            if reference is None or scenario == reference:
                continue
            mine, base = ([of[name, year] for year in years] for name in (scenario, reference))
            paired = {}
            for name in mine[0]:
                values = [[one[name] for one in side] for side in (mine, base)]
                is_known = all(value is not None for side in values for value in side)
                paired[name] = asdict(paired_difference(*values)) if is_known else None
            found.append({"scenario": scenario, "point": point, "paired": paired})
    return found
