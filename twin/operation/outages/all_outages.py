"""N-1 over all outages for the recorded members, at once and after controls: judged a month at a time after the loop.

At once the compensator has acted, taps and reactors stand where they stood. After controls they have moved by their own
rules until the relief time ends. The trip of a circuit of the link has a third state, after redispatch. Nothing is fed
back. Inter-trip does not act here: what it would relieve is counted as it stands before shedding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from twin.core.equal_rows import distinct_rows
from twin.core.row_arrays import map_arrays, rows_of
from twin.operation.case import Case
from twin.operation.injections import Injections, infeed_and_demand_mva
from twin.operation.outages.link_trip import LinkTrips, TripStates
from twin.operation.outages.points import OutageAnalyses
from twin.operation.record import Record
from twin.security.contingencies import Contingency, OutageClass
from twin.security.result import SecurityResult
from twin.security.tally import Tally, merge, renumbered


@dataclass(frozen=True)
class States:
    """Final injections of some members over half-hours; axis R rows, half-hours of one after the other member.

    Attributes
    ----------
    step : numpy.ndarray, (R,) int
        Position in ``case.index``.
    injections : Injections
    """

    step: np.ndarray
    injections: Injections


@dataclass(frozen=True)
class JudgedOutages:
    """What outages do at the half-hours of one member.

    Attributes
    ----------
    at_once, after_controls : SecurityResult
    link : TripStates
        Of the trip of a circuit.
    """

    at_once: SecurityResult
    after_controls: SecurityResult
    link: TripStates


def states_of(record: Record, members: Sequence[int], first_step: int) -> States:
    """Return the final states of `members` in a record, (T, M), that begins at a step."""
    shape = (len(record.failure), len(members))
    some = rows_of(record.injections, (slice(None), list(members)))
    injections = map_arrays(lambda values: values.reshape(shape[0] * shape[1], *values.shape[2:]), some)
    return States(np.repeat(first_step + np.arange(shape[0]), shape[1]), injections)


def assess_states(
    case: Case, analyses: OutageAnalyses, states: States, members: Sequence[int], steps: range
) -> list[JudgedOutages]:
    """Judge every outage at every half-hour of each member; equal states of several members are solved once.

    Parameters
    ----------
    case : Case
    analyses : OutageAnalyses
    states : States
    members : sequence of int
    steps : range
        Of the states; each member has one at each.

    Returns
    -------
    list of JudgedOutages
        By member, in the order of `members`; with the times of the half-hours.
    """
    if not members:  # only counterfactual twins, of which no tables are kept
        return []
    member, variant = states.injections.member, states.injections.variant
    minutes = np.array([one.relief_minutes for one in case.members])[member]
    drawn = infeed_and_demand_mva(case, states.injections)
    first, inverse = distinct_rows(
        states.step, minutes, _terms(case)[member], variant, *drawn, states.injections.unit_mw
    )  # fmt: skip
    shared = np.zeros((len(first), len(case.members)), dtype=bool)
    shared[inverse, member] = True
    of_rows = sorted(set(zip(variant[first].tolist(), minutes[first].tolist(), strict=True)), key=analyses.order)
    everything = {g: analyses.of_variant(g) for g, _ in of_rows}
    common = {_key(outage): outage for analysis in everything.values() for outage in analysis.cases}
    place = {key: number for number, key in enumerate(common)}
    tallies: dict[int, tuple[list[Tally], list[Tally]]] = {m: ([], []) for m in members}
    trips, parts = LinkTrips(analyses), []
    for g, relief_minutes in of_rows:
        analysis, reaction = everything[g], analyses.reaction(g, relief_minutes)
        rows = np.flatnonzero((variant[first] == g) & (minutes[first] == relief_minutes))
        who, group = np.unique(shared[rows], axis=0, return_inverse=True)
        some = rows_of(states.injections, first[rows])
        lookup = np.array([place[_key(outage)] for outage in analysis.cases])
        power = analyses.power(analysis, some)
        at_once, after = analysis.assess_groups(power, states.step[first[rows]], group.ravel(), reaction)
        for first_state, second_state, of_members in zip(at_once, after or at_once, who, strict=True):
            for m in np.flatnonzero(of_members).tolist():
                tallies[m][0].append(renumbered(first_state, lookup, len(common)))
                tallies[m][1].append(renumbered(second_state, lookup, len(common)))
        parts.append((rows, trips.states(g, relief_minutes, some)))
    order = np.argsort(np.concatenate([rows for rows, _ in parts]))
    link = TripStates(*(np.concatenate(values)[order][inverse] for values in zip(*(p for _, p in parts), strict=True)))
    grid, index = everything[of_rows[0][0]].grid, pd.DatetimeIndex(case.index[steps.start : steps.stop])

    def result(of_member: list[Tally]) -> SecurityResult:
        cases = tuple(common.values())
        return SecurityResult(grid, cases, (-1,) * len(cases), merge(of_member), case.step_hours, index)

    judged = []
    for m in members:
        rows = np.flatnonzero(member == m)
        rows = rows[np.argsort(states.step[rows], kind="stable")]
        at_once, after = tallies[m]
        judged.append(JudgedOutages(result(at_once), result(after), TripStates(*(values[rows] for values in link))))
    return judged


WORST_KEPT = 50
"""Half-hours of a member, those with the largest loading after any single outage, whose every loading is kept."""


def worst_loadings(
    analyses: OutageAnalyses, states: States, judged: Sequence[JudgedOutages], members: Sequence[int]
) -> list[pd.DataFrame]:
    """Return how full branches are at once after each single outage at each member's `WORST_KEPT` half-hours.

    Parameters
    ----------
    analyses, states, members
        As of `assess_states`.
    judged : sequence of JudgedOutages
        What that gave.

    Returns
    -------
    list of pandas.DataFrame
        By member: a row for each half-hour and outage; ``step`` (position in ``case.index``), ``worst_percent`` (of
        any watched branch after any outage then), ``outage``, and a column a branch: percent of the continuous
        rating, NaN where an outage has no solution.
    """
    found = []
    for m, of_member in zip(members, judged, strict=True):
        rows = np.flatnonzero(states.injections.member == m)
        rows = rows[np.argsort(states.step[rows], kind="stable")]
        worst = of_member.at_once.of_class(OutageClass.SINGLE).step.value
        chosen = np.argsort(-worst, kind="stable")[:WORST_KEPT]
        found.append(_loadings(analyses, states, rows[chosen], worst[chosen]))
    return found


def _loadings(analyses: OutageAnalyses, states: States, rows: np.ndarray, worst_percent: np.ndarray) -> pd.DataFrame:
    variant, step = states.injections.variant[rows], states.step[rows]
    parts = []
    for g in np.unique(variant).tolist():
        analysis, at = analyses.of_variant(g), np.flatnonzero(variant == g)
        drawn, power = analysis.grid.drawn, analyses.power(analysis, rows_of(states.injections, rows[at]))
        outages, percent = zip(*analysis.loadings(power), strict=True)
        part = pd.DataFrame(np.concatenate(percent)[:, list(drawn.values())], columns=list(drawn))
        part.insert(0, "step", np.tile(step[at], len(outages)))
        part.insert(1, "worst_percent", np.tile(worst_percent[at], len(outages)))
        part.insert(2, "outage", np.repeat(np.array([outage.name for outage in outages], dtype=object), len(at)))
        parts.append(part)
    return pd.concat(parts).sort_values("step", kind="stable", ignore_index=True)


def _terms(case: Case) -> np.ndarray:
    """Return (M,) the same number for members whose plants are cut in the same order."""
    keys = [
        (member.congestion_rule, member.uniform_basis, tier.tobytes(), contract.tobytes())
        for member, tier, contract in zip(case.members, case.units.tier, case.units.contract_mw, strict=True)
    ]
    numbers = {key: number for number, key in enumerate(dict.fromkeys(keys))}
    return np.array([numbers[key] for key in keys])


def _key(outage: Contingency) -> tuple[str, OutageClass]:
    return outage.name, outage.outage_class
