"""The uncertainty analysis of a study: the study as it is, weather years, a hypercube, one unknown at a time."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from studies.execution.folders import UNCERTAINTY_FILE
from studies.execution.provenance import digest
from studies.execution.workers import Piece, Progress
from studies.experiments.runner import Experiment, Work
from studies.experiments.uncertainty.samples import (
    BASE_PART,
    Row,
    Sample,
    Setup,
    Unknown,
    base_and_years,
    blocks_of,
    hypercube,
    one_at_a_time,
    sample_members,
    sampled_scenarios,
    weather_years,
)
from studies.experiments.uncertainty.unknowns import left_out, unknowns
from studies.experiments.uncertainty.variance import failures, most_important, sample_table, summary
from studies.study.cases import case_of, loop_members
from studies.study.file.members import Member
from studies.study.file.schema import Study
from studies.study.grids import member_grids
from studies.study.inputs import Inputs, member_inputs, read_sources, sources_of
from studies.study.islands import Grids, island_of
from twin.core.errors import InputError, Problem
from twin.core.quantities import shown_in
from twin.metrics.comparisons import KINDS, net_benefit
from twin.metrics.half_hours import SeriesInMemory
from twin.metrics.kpis import key_figures, or_none
from twin.metrics.series import MemberSeries
from twin.network.variants.grids import GridVariants, grid_variants
from twin.operation.case import Case
from twin.operation.simulate import simulate
from twin.resources.profiles import Forecasts, Profiles, Substitutes

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

    def simulations(self) -> int:
        """Return the number of samples of all scenarios, and of unknowns that are moved alone."""
        alone = 2 * self.study.uncertainty.one_at_a_time
        samples = self.count + len(weather_years(self.study)) + alone + 1
        return samples * len(self.setup.scenarios)

    def prepare(self, progress: Progress) -> None:
        """Read the files as they are; the cases are made by the workers: each block of samples has its own."""
        is_made = self.study.weather.source == "synthetic"
        self._substitutes = Substitutes() if is_made else read_sources(self.study, self.data).substitutes

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
            "substitutes": self.substitutes_record(),
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


CONGESTION = "curtailed_congestion_mwh"
"""A sample has it under the name of its kind of operator, where that is one of two."""

BENEFIT = "net_benefit_of_control_mwh"
"""Of scenarios other than the uncontrolled one."""


def run_block(setup: Setup, samples: Sequence[Sample]) -> list[Row]:
    """Run samples in lock-step, a member for each sample and scenario; another number of circuits is another grid.

    Returns
    -------
    list of dict
        One a sample and scenario. ``failure`` says why a sample was refused, or that half-hours have no solution.
    """
    found: dict[str, list[dict[str, float | None]]] = {}
    refused: dict[str, str] = {}
    for some in _alike(setup, samples):
        case, run, problems = _accepted(setup, some)
        figures = [] if case is None else _figures(setup, case)
        found |= {sample.label: figures[k] for k, sample in enumerate(run)}
        refused |= problems
    rows = []
    for sample in samples:
        head = {"part": sample.part, "number": sample.number, "weather_year": sample.weather_year}
        of_scenarios = found.get(sample.label, [{} for _ in setup.scenarios])
        for scenario, values in zip(setup.scenarios, of_scenarios, strict=True):
            failure = refused.get(sample.label) or _unsolved(values)
            rows.append({**head, "scenario": scenario, "failure": failure, **values})
    return rows


def _alike(setup: Setup, samples: Sequence[Sample]) -> list[list[Sample]]:
    """Return the samples by their numbers of circuits: members in lock-step have the same elements."""
    if not setup.study.grid.is_island:
        return [list(samples)]
    counts = {f"grid.parameters.{name}" for name in island_of(setup.study).column("lines", "count_parameter")}
    unknowns = {unknown.name: unknown for unknown in setup.unknowns}
    alike: dict[tuple[float, ...], list[Sample]] = {}
    for sample in samples:
        drawn = sample.values(unknowns)
        alike.setdefault(tuple(drawn.get(key, -1) for key in sorted(counts)), []).append(sample)
    return list(alike.values())


def _unsolved(values: Mapping[str, float | None]) -> str:
    count = values["unsolved_half_hours"] or 0
    return f"{count:.0f} half-hours without a solution" if count else ""


def _accepted(setup: Setup, samples: Sequence[Sample]) -> tuple[Case | None, list[Sample], dict[str, str]]:
    """Return the case of the samples that can be run, those samples, and why the others cannot, by label."""
    left, refused = list(samples), dict[str, str]()
    for check in (_networks, _case):
        try:
            return _case(setup, left), left, refused
        except InputError:
            refused |= {sample.label: why for sample in left if (why := _refusal(check, setup, sample))}
            left = [sample for sample in left if sample.label not in refused]
            if not left:
                return None, [], refused
    return _case(setup, left), left, refused


def _refusal(check: Any, setup: Setup, sample: Sample) -> str:  # noqa: ANN401 - one of the two functions below
    try:
        check(setup, [sample])
    except InputError as error:
        return "; ".join(f"{problem.where}: {problem.what}" for problem in error.problems)
    return ""


def _networks(setup: Setup, samples: Sequence[Sample]) -> tuple[list[Member], Grids, GridVariants]:
    unknowns = {unknown.name: unknown for unknown in setup.unknowns}
    members: list[Member] = []
    for sample in samples:
        members += sample_members(setup.study, sample, setup.scenarios, unknowns)
    grids = member_grids(members)
    return members, grids, grid_variants(grids.models)


def _case(setup: Setup, samples: Sequence[Sample]) -> Case:
    """Return the loop's case of the samples: scenario by scenario of the first sample, then of the next."""
    members, grids, reduced = _networks(setup, samples)
    inputs = _inputs(setup, members, grids)
    settled = tuple(loop_members(members, grids, inputs))
    # each sample is a study of its own: its operator knows the mean demand of its first scenario
    first = np.repeat(np.arange(0, len(members), len(setup.scenarios)), len(setup.scenarios))
    mean_mw = np.stack([profiles.area_demand_mw.mean(axis=0) for profiles, _ in inputs.series])
    return case_of(settled, reduced, inputs, setup.days, mean_mw[[settled[m].profiles for m in first]])


def _inputs(setup: Setup, members: list[Member], grids: Grids) -> Inputs:
    """Return the series of all members, made sky by sky: a sample's weather is let go of when its series are made."""
    of_sky: dict[str, list[int]] = {}
    for m, member in enumerate(members):
        sky = json.dumps([member.study.weather.model_dump(mode="json"), member.study.inputs], sort_keys=True)
        of_sky.setdefault(sky, []).append(m)
    series: list[tuple[Profiles, Forecasts]] = []
    of_member = [0] * len(members)
    for some in of_sky.values():
        mine = [members[m] for m in some]
        their_grids = Grids(
            grids.models, tuple(grids.of_member[m] for m in some), tuple(grids.planned[m] for m in some)
        )
        made = member_inputs(setup.study, mine, their_grids, sources_of(mine, setup.data))
        for m, position in zip(some, made.of_member, strict=True):
            of_member[m] = len(series) + position
        series += made.series
    return Inputs(made.fleet, tuple(series), tuple(of_member))


def _figures(setup: Setup, case: Case) -> list[list[dict[str, float | None]]]:
    """Return the headlines of each sample of a case, scenario by scenario; None where one is not defined."""
    count, base = len(setup.scenarios), _uncontrolled(setup)
    kept = SeriesInMemory(case, lambda series: (headlines(series), net_benefit(series.member(0), series.member(0))))
    simulate(case, kept)
    series = kept.series()
    found = headlines(series)
    figures = []
    for m, member in enumerate(case.members):
        name = f"{member.operator}_operator_{CONGESTION}" if member.operator in KINDS else CONGESTION
        values = {name: or_none(found[CONGESTION][m])}
        values |= {name: or_none(column[m]) for name, column in found.items() if name != CONGESTION}
        if base is not None and m % count != base:
            values[BENEFIT] = net_benefit(series.member(m), series.member(m - m % count + base)).mwh
        figures.append(values)
    return [figures[first : first + count] for first in range(0, len(figures), count)]


def headlines(series: MemberSeries) -> dict[str, np.ndarray]:
    """Return the headlines of each sample, (M,); NaN where not defined."""
    return key_figures(series, shown_in("sample"))


def _uncontrolled(setup: Setup) -> int | None:
    """Return the position of the uncontrolled scenario, None where it is not sampled."""
    name = setup.study.compare.uncontrolled
    return setup.scenarios.index(name) if name in setup.scenarios else None
