"""Studies from Python: from a study file to a case in the loop, and to the tables of a run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from studies.study.cases import study_case
from studies.study.file.input_names import guest_problems, input_problems, network_problems
from studies.study.file.members import BASE, OF_ALL_MEMBERS, middle_point, resolved
from studies.study.file.names import Assignment, nearest
from studies.study.file.policy_files import policy_problems
from studies.study.file.reading import read_study, study_path
from studies.study.file.schema import Study
from studies.study.islands import island_of
from twin.core.dotted_keys import flatten
from twin.core.errors import Problem, raise_if_any
from twin.metrics.member_tables import TablesInMemory
from twin.operation.case import Case
from twin.operation.simulate import simulate

Tables = dict[str, pd.DataFrame]


def load_case(
    study: str | Path,
    *,
    scenario: str | None = None,
    days: tuple[int, int] | None = None,
    settings: Mapping[str, Any] | None = None,
    data: Path | None = None,
) -> Case:
    """Return one scenario of a study as a case with one member.

    Parameters
    ----------
    study : str or pathlib.Path
        A study file, or the name of a shipped study.
    scenario : str, optional
        Default: the first of the file.
    days : tuple of int, optional
        First and last day of the fiscal year, 1-based and inclusive; default: the whole year.
    settings : mapping of str to Any, optional
        Values by dotted key in place of the study's, e.g. ``{"grid.conductor_mm2": 240, "weather.weather_year": 3}``;
        a swept key stands at the middle of its values otherwise.
    data : pathlib.Path, optional
        Folder with measured data or weather files.

    Returns
    -------
    Case
        Without counterfactual twins.

    Raises
    ------
    InputError
        With all problems of the study file, of the scenario's name or of the settings.

    Examples
    --------
    >>> case = load_case("goto_2030", scenario="new_pv_congestion_aware", days=(352, 353))  # doctest: +SKIP
    >>> tables = run_case(case)[0]  # doctest: +SKIP
    """
    scenarios = None if scenario is None else [scenario]
    return load_members(study, scenarios=scenarios, days=days, settings=settings, data=data)


def load_members(
    study: str | Path,
    *,
    scenarios: Sequence[str] | None = None,
    weather_years: Sequence[int] | None = None,
    days: tuple[int, int] | None = None,
    settings: Mapping[str, Any] | None = None,
    data: Path | None = None,
) -> Case:
    """Return scenarios of a study under some weather years as a case: scenario by scenario, a member for each year.

    Parameters
    ----------
    study, days, settings, data
        As of `load_case`.
    scenarios : sequence of str, optional
        Default: the first of the file.
    weather_years : sequence of int, optional
        Synthetic weather years; default: the study's own weather.

    Raises
    ------
    InputError
        With all problems of the study file, of the scenarios' names or of the settings.
    """
    checked = read_study(study_path(str(study)), data, days)
    names = list(checked.scenario) or [BASE]
    chosen = names[:1] if scenarios is None else list(scenarios)
    raise_if_any(
        Problem("there is no such scenario", f"study {study}", name, ", ".join(names), nearest(name, names))
        for name in chosen if name not in names
    )  # fmt: skip
    point = middle_point(checked) | dict(settings or {})
    labelled: list[tuple[str, dict[str, Any]]] = [(BASE, {})]
    if weather_years is not None:
        labelled = [(f"weather_year={year}", {"weather.weather_year": year}) for year in weather_years]
    wanted = [(name, text, point | of_year) for name in chosen for text, of_year in labelled]
    members = resolved(checked, wanted)
    raise_if_any(_setting_problems(members[0].study, flatten(settings or {})))
    return study_case(members[0].study, members, data, days)


def _setting_problems(study: Study, settings: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield names that the island of a study does not have, as for a study file."""
    given: list[Assignment] = [(key, value, f"settings, {key}") for key, value in settings.items()]
    for key, value in settings.items():
        if key.partition(".")[0] in OF_ALL_MEMBERS:
            repair = "give the value itself by its own key, e.g. grid.conductor_mm2"
            yield Problem(
                "it says which members a study has", f"settings, {key}", repr(value), "keys of one member", repair
            )
    island = island_of(study)
    yield from guest_problems(given) if study.grid.is_file else network_problems(island, given)
    yield from input_problems(island, given)
    yield from policy_problems(given, study.folder)


def run_case(case: Case) -> list[Tables]:
    """Run all half-hours of a case and return each member's tables, in memory.

    Parameters
    ----------
    case : Case
        Short enough for its records to fit into memory: about a month.

    Returns
    -------
    list of dict of str to pandas.DataFrame
        ``system``, ``ledger``, ``link``, ``n1``, ``bus``, ``sites`` and ``devices`` as in a results folder, columns in
        docs/reference/data_dictionary.md; the outages after the loop and the key figures are left to ``goto-twin run``.
    """
    kept = TablesInMemory(case)
    simulate(case, kept)
    return [{name: table.to_pandas() for name, table in tables.items()} for tables in kept.tables()]
