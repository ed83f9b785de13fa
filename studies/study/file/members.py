"""Expand a study into its members: every scenario at every point of the sweep."""

from __future__ import annotations

import hashlib
import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from studies.study.file.explaining import explain, findings
from studies.study.file.schema import Study
from twin.core.dotted_keys import parts_of, with_values
from twin.core.errors import Problem, raise_if_any

BASE = "base"
"""Name of the only scenario, or of the only sweep point, when the study file gives none."""


WEATHER_YEAR = "weather.weather_year"
OF_ALL_MEMBERS = ("scenario", "sweep", "onset", "compare", "uncertainty", "question")
"""Keys of a study that are no member's own."""


@dataclass(frozen=True)
class Member:
    """One member of a study.

    Attributes
    ----------
    scenario : str
    label : str
        The sweep point, e.g. ``conductor_mm2=300,criterion=n-1``; `BASE` without a sweep.
    sweep : dict
        Swept values by dotted key.
    study : Study
        The study with this member's values, without scenarios, sweep and comparison.
    folders : (str, str)
        Names of the folders of scenario and sweep point; `folder_names` makes them safe and distinct.
    """

    scenario: str
    label: str
    sweep: dict[str, Any]
    study: Study
    folders: tuple[str, str]

    @property
    def path(self) -> str:
        """Folder of the member's results below the run, with forward slashes."""
        return "/".join(self.folders)


def members(study: Study) -> list[Member]:
    """Return all members, scenario by scenario in the file's order, each over the sweep's cartesian product.

    Scenario values replace base values, sweep values replace both.

    Raises
    ------
    InputError
        If a combination is invalid although its single values are valid.
    """
    points = _points(study)
    return resolved(
        study,
        [(name, text, point) for name in _overrides(study) for text, point in zip(labels(points), points, strict=True)],
    )


def weather_members(study: Study) -> list[Member]:
    """Return all members, each in every weather year of the study's question, year by year.

    Raises
    ------
    InputError
        If a combination is invalid although its single values are valid.
    """
    years = study.question.weather_years if study.question is not None else 0
    if not years:
        return members(study)
    points = [{WEATHER_YEAR: year} | point for year in range(1, years + 1) for point in _points(study)]
    return resolved(study, [(name, label(point), point) for point in points for name in _overrides(study)])


def onset_members(study: Study) -> list[Member]:
    """Return the members that try the values of ``[onset]`` one at a time.

    They stand at the middle value of each swept key, in the uncontrolled scenario (else the first).

    Raises
    ------
    InputError
        If a combination is invalid although its single values are valid.
    """
    scenario = study.compare.uncontrolled or next(iter(_overrides(study)))
    middle, tries = middle_point(study), [{key: value} for key, value in onset_tries(study)]
    texts = labels(tries)
    return resolved(study, [(scenario, text, middle | one) for text, one in zip(texts, tries, strict=True)])


def onset_tries(study: Study) -> list[tuple[str, Any]]:
    """Return what ``[onset]`` tries, key and value, in the order of `onset_members`."""
    return [(key, value) for key, values in study.onset_values.items() for value in values]


def middle_point(study: Study) -> dict[str, Any]:
    """Return the middle value of each swept key."""
    return {key: values[(len(values) - 1) // 2] for key, values in study.sweep_values.items()}


def resolved(study: Study, wanted: list[tuple[str, str, dict[str, Any]]]) -> list[Member]:
    """Return members with the values of scenario and point in place; (scenario, label, point) each.

    Raises
    ------
    InputError
        If a combination is invalid although its single values are valid.
    """
    values = study.model_dump(mode="json", exclude_unset=True)
    base = {key: value for key, value in values.items() if key not in OF_ALL_MEMBERS}
    overrides = _overrides(study)
    of_scenario = folder_names(overrides, OF_THE_RUN)
    of_label = folder_names(dict.fromkeys(text for _, text, _ in wanted))
    result: list[Member] = []
    problems: list[Problem] = []
    for name, text, point in wanted:
        settings = with_values(with_values(base, overrides[name]), point)
        where = f"scenario {name}, {text}"
        found = [explain(error, Study, where, ".".join(map(str, error["loc"]))) for error in findings(Study, settings)]
        problems += found
        if not found:
            placed = Study.model_validate(settings).placed_in(study.folder)
            result.append(Member(name, text, point, placed, (of_scenario[name], of_label[text])))
    raise_if_any(problems)
    return result


def label(point: dict[str, Any]) -> str:
    """Return the name of a sweep point: short keys where they are unambiguous, safe as a folder name."""
    if not point:
        return BASE
    short = [parts_of(key)[-1] for key in point]
    names = [_safe(tail if short.count(tail) == 1 else key) for key, tail in zip(point, short, strict=True)]
    return ",".join(f"{name}={_value_text(value)}" for name, value in zip(names, point.values(), strict=True))


def _overrides(study: Study) -> dict[str, dict[str, Any]]:
    return {name: scenario.overrides for name, scenario in study.scenario.items()} or {BASE: {}}


def _points(study: Study) -> list[dict[str, Any]]:
    keys = list(study.sweep_values)
    return [dict(zip(keys, values, strict=True)) for values in itertools.product(*study.sweep_values.values())]


def _value_text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        short = f"{value:.12g}"
        return short if float(short) == value else repr(value)
    return _safe(str(value))


def _safe(text: str) -> str:
    """Return a text without what a folder's name may not hold."""
    return re.sub(r'[<>:"/\\|?*\s\x00-\x1f\x7f]', "-", text)


OF_THE_RUN = ("network", "onset", "report", "shared", "tables", "parts", "checkpoints", "bounds")
"""Folders of a results folder that are no scenario's; names of files have an ending."""
OF_WINDOWS = ("con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(10)))
FILE_ENDINGS = (".json", ".sha256", ".tmp", ".lock", ".partial", ".starting", ".replaced")
LONGEST_FOLDER = 120
"""Characters; systems allow 255 bytes, and three for each of them may be needed."""
DIGEST_LETTERS = 8


def folder_names(names: Iterable[str], reserved: Sequence[str] = ()) -> dict[str, str]:
    """Return a folder's name for each name: its own where that is safe, else with some letters of its checksum.

    Parameters
    ----------
    names : iterable of str
        Different from each other.
    reserved : sequence of str
        Names in small letters that are taken already.

    Returns
    -------
    dict of str to str
        Distinct also where a file system does not tell small letters from capital ones.
    """
    taken, found = {*reserved, *OF_WINDOWS}, {}
    for name in names:
        folder = _safe(name)[:LONGEST_FOLDER].rstrip(". ")
        is_plain = folder == name and folder.partition(".")[0].lower() not in OF_WINDOWS
        if not is_plain or folder.lower() in taken or folder.lower().endswith(FILE_ENDINGS) or folder.startswith("."):
            folder = f"{folder.lstrip('.')}~{_digest(name)}"
        taken.add(folder.lower())
        found[name] = folder
    return found


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:DIGEST_LETTERS]


def labels(points: Sequence[dict[str, Any]]) -> list[str]:
    """Return the labels of sweep points, each with some letters of a checksum where values look the same."""
    plain = [label(point) for point in points]
    return [
        text if plain.count(text) == 1 else f"{text}~{_digest(repr(sorted(point.items())))}"
        for text, point in zip(plain, points, strict=True)
    ]
