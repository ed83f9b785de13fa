"""N-1 over all outages for the recorded members: judged a month at a time after the loop, nothing is fed back.

Inter-trip does not act here: what it would relieve is counted as it stands before shedding.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
import pandas as pd

from twin.core.equal_rows import distinct_rows
from twin.core.row_arrays import map_arrays, rows_of
from twin.operation.case import Case
from twin.operation.injections import infeed_and_demand_mva
from twin.operation.record import Record
from twin.security.analysis import SecurityAnalysis
from twin.security.assessment import OutageAnalysis
from twin.security.contingencies import Contingency, OutageClass
from twin.security.operating_points import OperatingPoints, power_at_buses
from twin.security.result import SecurityResult
from twin.security.tally import Tally, merge, renumbered

LARGEST_PLANTS = 5
AnalysisOf = Callable[[int], OutageAnalysis]
"""Gives the outages of a grid variant, made ready once."""


@dataclass(frozen=True)
class States:
    """Final states of some members over consecutive half-hours; axes T, members K, nodes n, tripping plants J.

    Attributes
    ----------
    variant : numpy.ndarray, (T, K) int
    infeed_mva, demand_mva : numpy.ndarray, (T, K, n) complex
        What is fed in and drawn at the loop's nodes, both positive in their own direction.
    plant_mva : numpy.ndarray, (T, K, J) complex
        Infeed of the plants that are tripped one by one, contained in `infeed_mva`.
    """

    variant: np.ndarray
    infeed_mva: np.ndarray
    demand_mva: np.ndarray
    plant_mva: np.ndarray


def outage_analysis(case: Case, variant: int) -> OutageAnalysis:
    """Return the contingencies of a grid variant made ready, the largest plants by contract among them."""
    of_case = case.grid.variants[variant]
    contracts = zip(of_case.model.net.sgen.index, of_case.model.plants.contract_mw, strict=False)
    plant_mw = {("sgen", int(index)): float(mw) for index, mw in contracts}
    return SecurityAnalysis(of_case.monitored, largest_plants=LARGEST_PLANTS).prepare(plant_mw)


def tripping_plants(case: Case) -> list[int]:
    """Return the positions of the plants that are tripped one by one in any network."""
    by_contract = [np.argsort(-model.plants.contract_mw.to_numpy(float), kind="stable") for model in case.grid.models]
    return sorted({int(at) for order in by_contract for at in order[:LARGEST_PLANTS]})


def states_of(case: Case, record: Record, members: Sequence[int]) -> States:
    """Return the final states of `members` in a record, (T, M)."""
    plants, shape = tripping_plants(case), (len(record.failure), len(members))
    some = rows_of(record.injections, (slice(None), list(members)))
    injections = map_arrays(lambda values: values.reshape(shape[0] * shape[1], *values.shape[2:]), some)
    infeed_mva, demand_mva = infeed_and_demand_mva(case, injections)
    picked = injections.unit_mw[:, plants] * (1.0 + 1j * injections.unit_q_per_p[:, plants])
    states = States(injections.variant, infeed_mva, demand_mva, picked)
    return map_arrays(lambda values: values.reshape(*shape, *values.shape[1:]), states)


def assess_states(case: Case, analysis_of: AnalysisOf, states: States, first_step: int) -> list[SecurityResult]:
    """Judge every outage at every half-hour of each member; equal states of several members are solved once.

    Parameters
    ----------
    case : Case
    analysis_of : callable
    states : States
    first_step : int
        Position of the first half-hour in ``case.index``.

    Returns
    -------
    list of SecurityResult
        By member, in the order of `states`; with the times of the half-hours.
    """
    steps, members = states.variant.shape
    if not members:  # only counterfactual twins, of which no tables are kept
        return []
    number = np.repeat(first_step + np.arange(steps), members)
    flat = [getattr(states, field.name).reshape(steps * members, -1) for field in fields(States)]
    first, inverse = distinct_rows(number, *flat)
    shared = np.zeros((len(first), members), dtype=bool)
    shared[inverse, np.tile(np.arange(members), steps)] = True
    variant = flat[0][first, 0]
    analyses = {g: analysis_of(g) for g in np.unique(variant).tolist()}
    common = {_key(outage): outage for analysis in analyses.values() for outage in analysis.cases}
    place = {key: number for number, key in enumerate(common)}
    tallies: list[list[Tally]] = [[] for _ in range(members)]
    for g, analysis in analyses.items():
        rows = np.flatnonzero(variant == g)
        who, group = np.unique(shared[rows], axis=0, return_inverse=True)
        power = _power(case, analysis, *(column[first[rows]] for column in flat[1:]))
        lookup = np.array([place[_key(outage)] for outage in analysis.cases])
        for tally, mine in zip(analysis.assess_groups(power, number[first[rows]], group), who, strict=True):
            for k in np.flatnonzero(mine):
                tallies[k].append(renumbered(tally, lookup, len(common)))
    index = pd.DatetimeIndex(case.index[first_step : first_step + steps])
    return [_result(analyses, tuple(common.values()), mine, case.step_hours, index) for mine in tallies]


def _key(outage: Contingency) -> tuple[str, OutageClass]:
    return outage.name, outage.outage_class


def _result(
    analyses: Mapping[int, OutageAnalysis],
    cases: tuple[Contingency, ...],
    tallies: list[Tally],
    step_hours: float,
    index: pd.DatetimeIndex,
) -> SecurityResult:
    grid = next(iter(analyses.values())).grid
    return SecurityResult(grid, cases, (-1,) * len(cases), merge(tallies), step_hours, index)


def _power(
    case: Case, analysis: OutageAnalysis, infeed_mva: np.ndarray, demand_mva: np.ndarray, plant_mva: np.ndarray
) -> OperatingPoints:
    network, buses = analysis.grid.network, analysis.grid.net.bus.index
    nodes = network.node_of_bus[buses.get_indexer(pd.Index(case.grid.nodes.buses))]
    plant_node = nodes[case.grid.nodes.plant]
    of_plant = dict(zip(tripping_plants(case), plant_mva.T, strict=True))
    out = {at for elements in analysis.contingencies.outs for table, at in elements if table == "sgen"}
    tripped = {("sgen", at): (int(plant_node[at]), of_plant[at]) for at in sorted(out)}
    return power_at_buses(network, nodes, infeed_mva, demand_mva, tripped)
