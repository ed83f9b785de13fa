"""The one runner of experiments: members are run, results reduced and told, the folder published as a whole."""

from __future__ import annotations

import inspect
import json
import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from shutil import rmtree
from typing import Any, ClassVar

from reports import write_sections
from reports.document.blocks import Block
from reports.document.texts import LANGUAGES, Words
from studies.execution.folders import (
    RECORD_FILES,
    held,
    open_partial,
    publish,
    require_results_folder,
    writable,
    write_json,
)
from studies.execution.members import make_tasks, run_tasks
from studies.execution.provenance import digest, input_files, manifest, run_log
from studies.execution.workers import Piece, Progress, Workers, run_pieces
from studies.study.file.checks import days_in
from studies.study.file.members import Member, members
from studies.study.file.policy_files import policy_file
from studies.study.file.schema import Study
from studies.study.islands import tables_of
from studies.study.prices import warn_of_negative_prices
from twin.core.errors import InputError, Problem
from twin.metrics.sample_check import sampled_steps
from twin.operation.case import Case
from twin.policies.running.own_file import imported
from twin.resources.profiles import Substitutes

TABLES = "tables"
"""Folder of the members' tables where an experiment does not keep them."""
FIXED_SECONDS, PREPARED_SECONDS, SIMULATED_SECONDS = 20.0, 2.0, 4.0
"""What a simulation takes of a processor, measured on an x86-64 of 2026: start and page; the inputs of each of the
set of members that share them; a year of half-hours with its tables. Within a factor of two elsewhere."""
OF_INPUTS = {
    "contract_mw", "demand_factor", "demand_by_year", "added_plants", "plant_batteries", "pv_fit_years", "pv_after_fit",
}  # fmt: skip
"""Keys of the fleet with which a member needs a network and profiles of its own."""
CHECKED_PER_MEMBER = 2
"""Half-hours of each member that are checked against pandapower."""


@dataclass(frozen=True)
class Work:
    """Where an experiment puts its results, and what it runs its members with.

    Attributes
    ----------
    folder : pathlib.Path
        Published when all is done; after a kill the experiment finds in it what was finished.
    facts : dict
        Content of ``manifest.json``.
    workers : Workers
        No result depends on how many.
    progress : Progress
    seconds : dict of str to float
        Wall-clock seconds by stage, for the log.
    counts : collections.Counter
        How the loop went, for the log; see `twin.operation.simulate.simulate`.
    """

    folder: Path
    facts: dict[str, Any]
    workers: Workers
    progress: Progress
    seconds: dict[str, float] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Note how long a stage takes."""
        begin = time.perf_counter()
        yield
        self.seconds[stage] = round(time.perf_counter() - begin, 3)

    def run_pieces(self, stage: str, pieces: Sequence[Piece], kept: str, *, reads_files: bool = False) -> list[Any]:
        """Return the answers of pieces of work; those that stand in the folder `kept` are not made again.

        Pieces that read files of the results folder are made on this machine.
        """
        workers = self.workers.here if reads_files else self.workers
        with self.timed(stage):
            return run_pieces(pieces, self.folder / kept, workers, self.progress, stage)


class Experiment(ABC):
    """A question to a study: which members are run, what is kept of their results, what is told of it.

    A new kind gives `members`, `prepare`, `reduce` and `sections`; what it leaves out is done as for any other.

    Parameters
    ----------
    study : Study
    data : pathlib.Path, optional
        Folder with measured data or weather files.
    days : tuple of int, optional
        First and last day of the fiscal year, 1-based and inclusive; cut out after everything has been calibrated.
    """

    record_file: ClassVar[str]
    """JSON file with the reduction; it marks a folder as a finished result."""
    scratch: ClassVar[tuple[str, ...]] = (TABLES,)
    """Folders that are removed before the results are published."""
    own_file: ClassVar[Path | None] = None
    """The Python file of a user's experiment; from `load_experiment`."""
    judges_outages: ClassVar[bool] = True
    """Whether N-1 over all outages is judged after the loop; where no figure or page asks for it, time is saved."""
    case: Case
    """What `run_members` runs; made by `prepare`."""
    _substitutes: Substitutes | None = None

    def __init__(self, study: Study, data: Path | None = None, days: tuple[int, int] | None = None) -> None:
        self.study = study
        self.data = data
        self.days = days

    @property
    def folder_name(self) -> str:
        """Default results folder below ``runs``."""
        return f"{self.study.name}_{Path(self.record_file).stem}"

    def members(self) -> list[Member]:
        """Return the members to run; by default those of the study."""
        return members(self.study)

    def files(self) -> dict[str, Path]:
        """Return the input files, by a name without the user's folders."""
        own = {} if self.own_file is None else {self.own_file.name: self.own_file}
        return input_files(self.study, self.data) | own

    def facts(self) -> dict[str, Any]:
        """Return what is asked beside the study, for the manifest; values that are the same wherever it is run."""
        return {}

    def simulations(self) -> int:
        """Return how many simulations of the period there will be, for `expected`."""
        return len(self.members())

    def expected(self, processors: int) -> str:
        """Return a sentence on how long it will take, before anything is begun."""
        count, of_year = self.simulations(), days_in(self.study.period.fiscal_year)
        days = of_year if self.days is None else self.days[1] - self.days[0] + 1
        simulated = SIMULATED_SECONDS * count * days / of_year
        seconds = FIXED_SECONDS + PREPARED_SECONDS * self._inputs() + simulated / max(1, min(processors, count))
        about = f"{seconds / 60.0:.0f} min" if seconds > 90.0 else f"{seconds:.0f} s"
        what, stretch = "simulation" + "s" * (count > 1), "day" + "s" * (days > 1)
        return f"{count} {what} of {days} {stretch}: about {about} on {processors} free processors."

    def _inputs(self) -> int:
        """Return how many sets of network and profiles the members need; those of one set share them."""
        studies = [member.study for member in self.members()]
        return len({
            json.dumps([study.model_dump(mode="json", include={"grid", "weather", "inputs", "outages"}),
                        study.fleet.model_dump(mode="json", include=OF_INPUTS)], sort_keys=True)
            for study in studies
        })  # fmt: skip

    @abstractmethod
    def prepare(self, progress: Progress) -> None:
        """Make the case and check all inputs, before any folder is written.

        Mostly ``self.case = study_case(self.study, self.members(), self.data, self.days)``.

        Raises
        ------
        InputError
            With all problems of the inputs.
        """

    def substitutes(self) -> Substitutes:
        """Return what stands in the inputs in place of what was not measured."""
        if self._substitutes is None and hasattr(self, "case"):
            self._substitutes = self.case.profiles[0][1].substitutes
        return self._substitutes or Substitutes()

    def substitutes_record(self) -> dict[str, Any]:
        """Return the substitutes as plain values, places with their names."""
        found = self.substitutes()
        names = {row["place_id"]: row for row in tables_of(self.study)["places"].to_dict("records")}
        places = [
            {key: names[place][key] for key in ("place_id", "name_en", "name_ja")} for place in found.sunshine_places
        ]
        return {"persisted_forecast_hours": found.persisted_forecast_hours, "sunshine_places": places}

    def folders(self, place: Path) -> list[Path]:
        """Return the folder of each member of the case, below `place`."""
        return [place / TABLES / member.path for member in self.members()]

    def simulate(self, work: Work) -> None:
        """Run the members; months and pieces that are finished are not run again."""
        with work.timed("simulation"):
            self.run_members(work, CHECKED_PER_MEMBER)

    def run_members(
        self, work: Work, checked: int, most_checked: int | None = None, *, keeps_series: bool = False
    ) -> None:
        """Run the case's members in lock-step, split over the workers.

        Parameters
        ----------
        work : Work
        checked : int
            Half-hours of each member that are checked against pandapower.
        most_checked : int, optional
            Of how many members, spread over all; of each where not given.
        keeps_series : bool, optional
            Whether the case is still needed with its profiles and outlooks; they take memory beside the workers'.
        """
        self.case = replace(self.case, judges_outages=self.judges_outages)
        steps = sampled_steps(self.case, self.study.seed, checked, most_checked)
        tasks = make_tasks(self.case, self.folders(work.folder), steps, work.workers, work.folder)
        if not keeps_series:
            self.substitutes()  # remembered: the profiles say it
            self.case = replace(self.case, profiles=(), outlooks=())
        work.counts.update(run_tasks(tasks, work.workers, work.folder, work.progress))

    @abstractmethod
    def reduce(self, work: Work) -> dict[str, Any]:
        """Return the record: what is kept of the members' results, as plain values."""

    def sections(self, record: dict[str, Any], words: Words) -> list[Block]:
        """Return what the report tells of the record, in the language of `words`; by default nothing."""
        return []

    def report(self, folder: Path, record: dict[str, Any]) -> None:
        """Write the report into the results folder: by default the sections below the study's title."""
        titles = {language: self.study.title(language) for language in LANGUAGES}
        write_sections(folder, titles, lambda words: self.sections(record, words))


def run_experiment(experiment: Experiment, out: Path, workers: Workers, progress: Progress) -> Path:
    """Carry out an experiment: its results appear in `out` when all is done; an interrupted one goes on.

    Parameters
    ----------
    experiment : Experiment
    out : pathlib.Path
        Results folder; earlier results in it are replaced only at the end.
    workers : Workers
    progress : Progress

    Returns
    -------
    pathlib.Path
        `out`.

    Raises
    ------
    InputError
        With all problems of an input at once; nothing half-written is left then. Also where another run holds the
        folder, or its files cannot be written.
    """
    records = (*RECORD_FILES, experiment.record_file)
    require_results_folder(out, records)
    started, begin = datetime.now(UTC).isoformat(timespec="seconds"), time.perf_counter()
    with held(out), writable(out):
        experiment.prepare(progress)
        warn_of_negative_prices(experiment.members())
        prepared = round(time.perf_counter() - begin, 3)
        facts = manifest(experiment.study, experiment.files(), experiment.days) | experiment.facts()
        partial = open_partial(out, digest(facts | {"experiment": type(experiment).__qualname__}), records)
        work = Work(partial, facts, workers, progress, {"inputs": prepared})
        try:
            experiment.simulate(work)
        except InputError:
            rmtree(partial)
            raise
        with work.timed("reduction"):
            record = experiment.reduce(work)
            write_json(partial / experiment.record_file, record)
            write_json(partial / "manifest.json", facts)
        with work.timed("report"):
            progress("report", 0, 1)
            experiment.report(partial, record)
            progress("report", 1, 1)
        for folder in experiment.scratch:
            if (partial / folder).is_dir():
                rmtree(partial / folder)
        write_json(partial / "run_log.json", run_log(work.seconds, work.counts, workers.count, started))
        publish(partial, out)
    return out


def load_experiment(name: str, folder: Path, where: str = "EXPERIMENT") -> type[Experiment]:
    """Return the class that ``<file>.py:<class>`` names, with its file among its inputs.

    Parameters
    ----------
    name : str
    folder : pathlib.Path
        What a relative path starts from.
    where : str
        Place of the name, for messages.

    Raises
    ------
    InputError
        If there is no such file, or no such kind of experiment in it.
    """
    file, class_name = policy_file(name, folder)
    module = imported(file, where, "experiment")
    known = {
        key: found
        for key, found in vars(module).items()
        if inspect.isclass(found) and issubclass(found, Experiment) and found.__module__ == module.__name__
    }
    if class_name not in known:
        accepted = f"a class that derives from Experiment; in {file.name}: {', '.join(known) or 'none'}"
        raise InputError([Problem("the file has no such experiment", where, class_name or name, accepted)])
    chosen = known[class_name]
    missing = sorted(chosen.__abstractmethods__) + ([] if hasattr(chosen, "record_file") else ["record_file"])
    if missing:
        raise InputError(
            [Problem("the experiment lacks something", f"{file.name}:{class_name}", "", ", ".join(missing))]
        )
    chosen.own_file = file
    return chosen
