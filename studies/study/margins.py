"""The margin that a forecasting operator keeps: found in another weather year, never in the one that is judged."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from studies.study.file.members import Member as StudyMember
from studies.study.file.schema import AUTO, Study
from twin.core.errors import InputError, Problem
from twin.operation.case import Case
from twin.operation.record import Record
from twin.operation.simulate import simulate
from twin.operation.state import State

logger = logging.getLogger(__name__)

REHEARSAL_YEAR = 1001
"""Weather year in which margins are tried; a study that is run in it takes the next one."""
COARSE_SHARES = (0.0, 0.025, 0.05, 0.1, 0.15)
"""Margins that are tried first, over the rating of the link."""
FINE_STEPS = 4
"""Steps into which the interval is cut that the first pass has found."""
TRIED = "margin"

MissedHours = Callable[[Sequence[float]], Sequence[float]]
"""Margins in MW -> hours of a year that each leaves missed."""


def with_margins(members: list[StudyMember], case_of: Callable[[StudyMember], Case]) -> list[StudyMember]:
    """Return the members with a number wherever the margin is to be found.

    It is found without dispatch: members that differ in their policy, scenario name or weather year only have the same.

    Parameters
    ----------
    members : list of studies.study.file.members.Member
    case_of : callable
        Makes the case of one member's whole year.

    Raises
    ------
    InputError
        Where the weather is not synthetic, so that there is no other year, or no margin keeps the level.
    """
    known: dict[str, float] = {}
    found = []
    for member in members:
        if member.study.operation.flow_margin_mw == AUTO:
            rehearsal = _rehearsal(member.study)
            key = rehearsal.model_dump_json()
            if key not in known:
                case = case_of(replace(member, study=rehearsal))
                known[key] = _margin_mw(case, member.study.operation.missed_hours_level)
                logger.info("margin of the forecasting operator, %s: %g MW", member.path, known[key])
            member = replace(member, study=_with_operation(member.study, flow_margin_mw=known[key]))
        found.append(member)
    return found


def _rehearsal(study: Study) -> Study:
    """Return the study in which margins are tried: another weather year, no dispatch, a forecasting operator."""
    weather = study.weather
    if weather.source != "synthetic":
        where, seen = "[operation] flow_margin_mw", f"{AUTO}, with weather.source = {weather.source}"
        accepted = 'a number, or "auto" with synthetic weather'
        repair = "find it with synthetic weather and write the number"
        raise InputError([Problem("there is no other weather year to find a margin in", where, seen, accepted, repair)])
    year = REHEARSAL_YEAR + (weather.weather_year == REHEARSAL_YEAR)
    other = study.model_copy(update={"weather": weather.model_copy(update={"weather_year": year})})
    return _with_operation(other, flow_margin_mw=0.0, operator="forecast", policy="none")


def _with_operation(study: Study, **values: float | str) -> Study:
    return study.model_copy(update={"operation": study.operation.model_copy(update=values)})


def _margin_mw(case: Case, level_hours: float) -> float:
    grid = case.grid
    rating_mva = float(grid.end_rating_mva[case.network[0], np.flatnonzero(grid.arrays.link_end)].min())
    return smallest_margin(lambda margins: missed_hours(case, margins), rating_mva, level_hours)


def smallest_margin(missed: MissedHours, rating_mva: float, level_hours: float) -> float:
    """Return the smallest margin that was tried and that leaves no more hours missed than the level, MW.

    Five margins from none to 15 % of the rating at once, then three between the last that misses more and the first
    that does not. So it is at most 1.25 % of the rating too large.

    Parameters
    ----------
    missed : callable
    rating_mva : float
        Of the link.
    level_hours : float
        In a year.

    Raises
    ------
    InputError
        Where the largest margin still misses more.
    """
    coarse = [share * rating_mva for share in COARSE_SHARES]
    hours = missed(coarse)
    keeps = [k for k, value in enumerate(hours) if value <= level_hours]
    if not keeps:
        where, seen = "[operation] missed_hours_level", f"{level_hours:g} h"
        accepted = f"at least {min(hours):g} h, which margins up to {coarse[-1]:.1f} MW leave in another weather year"
        raise InputError([Problem("no margin keeps the missed hours so low", where, seen, accepted, "raise the level")])
    if keeps[0] == 0:
        return 0.0
    low, high = coarse[keeps[0] - 1], coarse[keeps[0]]
    fine = [low + (high - low) * k / FINE_STEPS for k in range(1, FINE_STEPS)]
    return next((mw for mw, value in zip(fine, missed(fine), strict=True) if value <= level_hours), high)


def missed_hours(case: Case, margins_mw: Sequence[float]) -> list[float]:
    """Return the hours of a year that the caps of the case's first member leave missed, margin by margin.

    Parameters
    ----------
    case : Case
    margins_mw : sequence of float
        Tried side by side.
    """
    copies = [0] * len(margins_mw)
    tried = replace(
        case,
        members=tuple(replace(case.members[0], flow_margin_mw=mw, twin=TRIED) for mw in margins_mw),
        export_limit_mw=case.export_limit_mw[copies],
        export_per_mw=case.export_per_mw[copies],
    )
    counted = _Missed(len(margins_mw))
    simulate(tried, counted)
    return [float(hours) for hours in counted.steps * case.step_hours]


class _Missed:
    """Counts the steps that are missed, member by member."""

    def __init__(self, members: int) -> None:
        self.steps = np.zeros(members)

    def take(self, steps: range, record: Record) -> None:
        """Count a stretch."""
        self.steps += (record.missed & (record.failure == "")).sum(axis=0)

    def close_block(self, block: int, steps: range, state: State) -> None:
        """Do nothing."""
