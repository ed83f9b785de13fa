"""Expand a study into its members: every scenario at every point of the sweep."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from typing import Any

from studies.study.explaining import explain, findings
from studies.study.names import parts_of, with_values
from studies.study.schema import Study
from twin.core.errors import Problem, raise_if_any

BASE = "base"
"""Name of the only scenario, or of the only sweep point, when the study file gives none."""


_OF_ALL_MEMBERS = ("scenario", "sweep", "onset", "compare", "uncertainty")


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
    """

    scenario: str
    label: str
    sweep: dict[str, Any]
    study: Study

    @property
    def path(self) -> str:
        """Folder of the member's results below the run, with forward slashes."""
        return f"{self.scenario}/{self.label}"


def members(study: Study) -> list[Member]:
    """Return all members, scenario by scenario in the file's order, each over the sweep's cartesian product.

    Scenario values replace base values, sweep values replace both.

    Raises
    ------
    InputError
        If a combination is invalid although its single values are valid.
    """
    wanted = [(name, point) for name in _overrides(study) for point in _points(study)]
    return resolved(study, [(name, label(point), point) for name, point in wanted])


def onset_members(study: Study) -> list[Member]:
    """Return the members that try the values of ``[onset]`` one at a time.

    They stand at the middle value of each swept key, in the uncontrolled scenario (else the first).

    Raises
    ------
    InputError
        If a combination is invalid although its single values are valid.
    """
    scenario = study.compare.uncontrolled or next(iter(_overrides(study)))
    middle = middle_point(study)
    tries = [{key: value} for key, values in study.onset_values.items() for value in values]
    return resolved(study, [(scenario, label(one), middle | one) for one in tries])


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
    base = {key: value for key, value in values.items() if key not in _OF_ALL_MEMBERS}
    overrides = _overrides(study)
    result: list[Member] = []
    problems: list[Problem] = []
    for name, text, point in wanted:
        settings = with_values(with_values(base, overrides[name]), point)
        where = f"scenario {name}, {text}"
        found = [explain(error, Study, where, ".".join(map(str, error["loc"]))) for error in findings(Study, settings)]
        problems += found
        if not found:
            result.append(Member(name, text, point, Study.model_validate(settings).placed_in(study.folder)))
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
    text = (
        str(value).lower() if isinstance(value, bool) else f"{value:.12g}" if isinstance(value, float) else str(value)
    )
    return _safe(text)


def _safe(text: str) -> str:
    """Return a text without what a folder's name may not hold."""
    return re.sub(r'[<>:"/\\|?*\s]', "-", text)
