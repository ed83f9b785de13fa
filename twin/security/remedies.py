"""Remedies for an overload in import direction, in order, with the amount needed of each: never a cut of renewables."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from twin.security.breach import Breach, State
from twin.security.judging import power_after
from twin.security.measures import PROBE_SHARE, Means, Measure, diesels, flexibility, reactors_off, shedding
from twin.security.power import StepPower

if TYPE_CHECKING:
    from twin.security.judging import Watch

BISECTIONS = 40


class Use(NamedTuple):
    """The share of a measure, and whether the branch is within its rating then."""

    share: float
    suffices: bool


def import_remedies(watch: Watch, steps: StepPower, case: int, branch: int, means: Means) -> pd.DataFrame:
    """Return what each remedy must give until a branch is within its continuous rating after an outage.

    Parameters
    ----------
    watch : Watch
    steps : StepPower
        One row: the step of the breach.
    case, branch : int
        Numbers of the outage case and of the overloaded branch, as in the addresses of the tally.
    means : Means

    Returns
    -------
    pandas.DataFrame
        A row a remedy, in order: reactors off, batteries and demand response, diesels, shedding. `available`;
        `estimate`, by a straight line, if it is used alone; `needed` of it alone, found in AC (NaN: not enough);
        `used` after the remedies above it; `loading_percent` of the branch and `worst_loading_percent` of all branches
        with the remedies down to this row; `start_hours`.
    """
    topology = watch.topologies[case]
    first = State(topology.network, power_after(topology, steps))
    solution = topology.solver.solve(first.power)
    start = np.where(solution.converged[:, None], solution.v, topology.network.start)
    breach, net = Breach(branch, topology.branches.limit, start), watch.subject.net
    measures = (
        reactors_off(net, first, breach),
        flexibility(net, first, means),
        diesels(net, first, breach, means),
        shedding(first, steps),
    )
    rows, state = [], first
    for measure in measures:
        alone, used = _smallest(breach, first, measure), _smallest(breach, state, measure)
        state = measure.apply(state, used.share)
        rows.append(
            {
                "remedy": measure.name,
                "unit": measure.unit,
                "available": measure.amount(1.0),
                "estimate": _estimate(breach, first, measure),
                "needed": measure.amount(alone.share) if alone.suffices else math.nan,
                "used": measure.amount(used.share),
                "loading_percent": breach.loading_percent(state),
                "worst_loading_percent": breach.worst_percent(state),
                "start_hours": measure.start_hours,
            }
        )
    return pd.DataFrame(rows)


def _smallest(breach: Breach, state: State, measure: Measure) -> Use:
    """Return the smallest share that brings the branch to its rating; all of it where that helps but is not enough."""
    now = breach.loading_percent(state)
    if now <= 100.0:
        return Use(0.0, True)
    with_all = breach.loading_percent(measure.apply(state, 1.0)) if measure.amount(1.0) > 0.0 else now
    if with_all > 100.0:
        return Use(1.0 if with_all < now else 0.0, False)
    low, high = 0.0, 1.0
    for _ in range(BISECTIONS):
        middle = 0.5 * (low + high)
        if measure.steps:
            middle = math.floor(middle * measure.steps) / measure.steps
        if middle <= low:
            break
        if breach.loading_percent(measure.apply(state, middle)) <= 100.0:
            high = middle
        else:
            low = middle
    return Use(high, True)


def _estimate(breach: Breach, state: State, measure: Measure) -> float:
    """Return the amount that a straight line through a small share gives; NaN where that does not help."""
    share = 1.0 / measure.steps if measure.steps else PROBE_SHARE
    if measure.amount(1.0) <= 0.0:
        return math.nan
    now = breach.loading_percent(state)
    relief = now - breach.loading_percent(measure.apply(state, share))
    return max(now - 100.0, 0.0) / relief * measure.amount(share) if relief > 0.0 else math.nan
