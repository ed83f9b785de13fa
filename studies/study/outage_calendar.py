"""The calendar of planned outages: which branches are out on which days, as networks of their own."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

from network_models.checks import unsupplied_areas
from studies.study.file.members import Member
from studies.study.file.names import nearest
from studies.study.file.schema import Study
from studies.study.islands import island_of
from twin.core.errors import Problem, raise_if_any
from twin.network.model import Element, GridModel
from twin.network.monitored import element_names
from twin.network.outage import tripping_together
from twin.operation.member import PlannedOutage

DAY = datetime.timedelta(days=1)


def planned_outages(
    members: list[Member], models: list[GridModel], of_member: list[int]
) -> tuple[tuple[PlannedOutage, ...], ...]:
    """Return each member's planned outages; the networks in which branches are out are added to `models`.

    Outages that overlap are out together. Line reactors are out with their circuit.

    Parameters
    ----------
    members : list of Member
    models : list of GridModel
        Is extended.
    of_member : list of int
        Position of each member's own network.

    Raises
    ------
    InputError
        With every outage of an unknown branch, outside the fiscal year, or that leaves areas without supply.
    """
    own = len(models)
    raise_if_any(_by_scenario(members, [
        list(_calendar_problems(member.study, models[k])) for member, k in zip(members, of_member, strict=True)
    ]))  # fmt: skip
    position: dict[tuple[int, tuple[Element, ...]], int] = {}
    planned: list[tuple[PlannedOutage, ...]] = []
    leaves: dict[tuple[int, tuple[Element, ...]], list[str]] = {}
    dark: list[list[Problem]] = [[] for _ in members]
    for number, (member, k) in enumerate(zip(members, of_member, strict=True)):
        stretches = []
        for first, last, out in _stretches(member.study, models[k]):
            if (k, out) not in position:
                position[k, out] = own + len(position)
                models.append(replace(models[k], planned_out=out))
                leaves[k, out] = unsupplied_areas(models[k], out)
            dark[number] += _supply_problems(models[k], out, first, leaves[k, out])
            stretches.append(PlannedOutage(first, last, position[k, out]))
        planned.append(tuple(stretches))
    raise_if_any(_by_scenario(members, dark))
    return tuple(planned)


def _by_scenario(members: list[Member], found: list[list[Problem]]) -> Iterator[Problem]:
    """Yield each problem once, with the scenarios that have it where not all of them do."""
    everyone = dict.fromkeys(member.scenario for member in members)
    of: dict[Problem, dict[str, None]] = {}
    for member, problems in zip(members, found, strict=True):
        for problem in problems:
            of.setdefault(problem, {})[member.scenario] = None
    for problem, scenarios in of.items():
        if len(scenarios) == len(everyone):
            yield problem
        else:
            yield replace(problem, where=f"scenario {', '.join(scenarios)}, {problem.where}")


def _stretches(study: Study, model: GridModel) -> Iterator[tuple[datetime.date, datetime.date, tuple[Element, ...]]]:
    """Yield stretches of days on which the same branches are out: first day, last day, what is out."""
    by_name = _by_name(model)
    days = sorted({day for one in study.outages.values() for day in (one.days[0], one.days[1] + DAY)})
    for first, after in pairwise(days):
        names = [one.element for one in study.outages.values() if one.days[0] <= first <= one.days[1]]
        if names:
            out = tripping_together(dict.fromkeys(by_name[name] for name in names), model.roles.shunts_tripped_with)
            yield first, after - DAY, out


def _by_name(model: GridModel) -> dict[str, Element]:
    return dict(zip(element_names(model.net, model.roles.outages), model.roles.outages, strict=True))


def _calendar_problems(study: Study, model: GridModel) -> Iterator[Problem]:
    year, month = study.period.fiscal_year, island_of(study).settings.first_month
    begins, ends = datetime.date(year, month, 1), datetime.date(year + 1, month, 1) - DAY
    for key, outage in study.outages.items():
        where, names = f"[outages.{key}]", list(_by_name(model))
        if outage.element not in names:
            repair = nearest(outage.element, names)
            yield Problem("there is no such branch", f"{where}, element", outage.element, ", ".join(names), repair)
        if outage.days[1] < begins or outage.days[0] > ends:
            seen, accepted = f"{outage.first} to {outage.last}", f"days from {begins} to {ends}"
            yield Problem("the outage lies outside the fiscal year", where, seen, accepted, "correct the year")


def _supply_problems(
    model: GridModel, out: tuple[Element, ...], first: datetime.date, dead: list[str]
) -> list[Problem]:
    if not dead:
        return []
    seen = f"from {first}: {', '.join(element_names(model.net, out))} out together"
    what, accepted = f"the outages leave {', '.join(dead)} without supply", "outages that leave a path to each area"
    return [Problem(what, "[outages]", seen, accepted, "take one of them after the other")]
