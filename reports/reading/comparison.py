"""Runs that are compared: which of their members belong together, and what was asked differently."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twin.core.dotted_keys import flatten
from twin.core.errors import InputError, Problem, raise_if_any
from twin.metrics.comparisons import common_members
from twin.metrics.run_folder import Member, Run, open_run

NO_DIFFERENCE = ("name", "title_en", "title_ja", "question.asks_en", "question.asks_ja")
"""Keys of a study that only name it."""


@dataclass(frozen=True)
class Comparison:
    """Two or more runs beside each other.

    Attributes
    ----------
    runs, names : tuple
        In the order asked; the first is what the others are compared with.
    members : list of tuple of Member
        Those that all runs have, one of each run together.
    inputs : dict of str to list
        Values of each run by the study's key, where they differ; None where a run does not state it.
    left_out : list of (str, str)
        Name of a run and path of a member that not all have.
    """

    runs: tuple[Run, ...]
    names: tuple[str, ...]
    members: list[tuple[Member, ...]]
    inputs: dict[str, list[Any]]
    left_out: list[tuple[str, str]]


def read_comparison(paths: Sequence[Path]) -> Comparison:
    """Open runs for a comparison.

    Raises
    ------
    InputError
        With everything that keeps the runs from being opened or compared.
    """
    runs: list[Run] = []
    problems: list[Problem] = []
    for number, path in enumerate(paths):
        if path.resolve() in [other.resolve() for other in paths[:number]]:
            problems.append(Problem("a run is named twice", str(path), repair="name every run once"))
            continue
        try:
            runs.append(open_run(path))
        except InputError as error:
            problems += error.problems
    raise_if_any(problems)
    raise_if_any(_not_comparable(runs))
    members = common_members(runs)
    if not members:
        seen = "; ".join(f"{run.path.name}: {', '.join(run.scenarios)}" for run in runs)
        repair = "compare runs that share a scenario, and a value of whatever one of them sweeps"
        raise InputError(
            [Problem("the runs have no member in common", " and ".join(map(str, paths)), seen, "", repair)]
        )
    names = _names(paths)
    together = {member.folder for row in members for member in row}
    left_out = [
        (name, member.folder.relative_to(run.path).as_posix())
        for name, run in zip(names, runs, strict=True)
        for member in run.members if member.folder not in together
    ]  # fmt: skip
    return Comparison(tuple(runs), names, members, _inputs(runs), left_out)


def _not_comparable(runs: Sequence[Run]) -> Iterator[Problem]:
    where = " and ".join(str(run.path) for run in runs)
    currencies = list(dict.fromkeys(run.currency for run in runs))
    if len(currencies) > 1:
        yield Problem("the runs count in different money", where, ", ".join(currencies), "one currency")
    weathers = [_weather(run) for run in runs]
    for key in dict.fromkeys(key for weather in weathers for key in weather):
        values = [weather.get(key) for weather in weathers]
        if any(value != values[0] for value in values[1:]):
            yield Problem(
                "the runs have different weather or days: a difference would be the weather's too", f"{where}, {key}",
                " and ".join(map(str, values)), "the same in all runs", "run the studies again with one weather",
            )  # fmt: skip


def _weather(run: Run) -> dict[str, Any]:
    """Return what decides a run's weather: its source, days, and year and seed where it is drawn."""
    study = run.study.get("study", {})
    weather = flatten({"weather": study.get("weather", {})})
    if weather.get("weather.source", "synthetic") == "synthetic":
        weather["seed"] = run.manifest["seed"]
    return weather | {"days": run.manifest["days"]}


def _names(paths: Sequence[Path]) -> tuple[str, ...]:
    """Return the folders' names, with the folders above where two have the same."""
    names = [path.resolve().name for path in paths]
    return tuple(name if names.count(name) == 1 else str(path) for name, path in zip(names, paths, strict=True))


def _inputs(runs: Sequence[Run]) -> dict[str, list[Any]]:
    stated = [flatten(run.study.get("study", {})) | {"fiscal_year": run.study["fiscal_year"]} for run in runs]
    keys = dict.fromkeys(key for one in stated for key in one if key not in NO_DIFFERENCE)
    found = {key: [one.get(key) for one in stated] for key in keys}
    return {key: values for key, values in found.items() if any(value != values[0] for value in values[1:])}
