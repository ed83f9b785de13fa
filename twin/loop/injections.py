"""From units, demand and diesels to node injections."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from twin.grid.flow import Flow, flat_start, solve
from twin.loop.case import Case
from twin.loop.distinct import distinct_rows


@dataclass(frozen=True)
class Injections:
    """All injections of a half-hour; axes M members (or a choice of them), U units, A areas, D diesels.

    Attributes
    ----------
    unit_mw : numpy.ndarray, (M, U)
        Infeed of plants and feed-in of site groups.
    demand_mw : numpy.ndarray, (M, A)
        What the areas take: demand beside the sites plus the sites' import.
    demand_mvar : numpy.ndarray, (M, A)
    diesel_mw : numpy.ndarray, (M, D)
    shed_mw : numpy.ndarray, (M, A)
        Demand not supplied.
    """

    unit_mw: np.ndarray
    demand_mw: np.ndarray
    demand_mvar: np.ndarray
    diesel_mw: np.ndarray
    shed_mw: np.ndarray

    def rows(self, pick: np.ndarray) -> Injections:
        """Return the members `pick`."""
        return Injections(*(x[pick] for x in self.arrays()))

    def replaced(self, pick: np.ndarray, part: Injections) -> Injections:
        """Return a copy whose members `pick` are taken from `part`."""
        copies = [x.copy() for x in self.arrays()]
        for mine, theirs in zip(copies, part.arrays(), strict=True):
            mine[pick] = theirs
        return Injections(*copies)

    def arrays(self) -> tuple[np.ndarray, ...]:
        """Return the fields in order."""
        return self.unit_mw, self.demand_mw, self.demand_mvar, self.diesel_mw, self.shed_mw

    def with_units(self, unit_mw: np.ndarray) -> Injections:
        """Return a copy with other infeeds."""
        return replace(self, unit_mw=unit_mw)


def node_power(case: Case, members: np.ndarray, injections: Injections) -> tuple[np.ndarray, np.ndarray]:
    """Return active and reactive infeed per node in per unit, two arrays (R, n), for some members."""
    kept = 1.0 - np.divide(
        injections.shed_mw, injections.demand_mw, out=np.zeros_like(injections.shed_mw), where=injections.shed_mw > 0.0
    )
    p = injections.unit_mw @ case.incidence
    q = (injections.unit_mw * case.unit_q_per_p[members]) @ case.incidence
    p -= (injections.demand_mw * kept) @ case.area_incidence
    q -= (injections.demand_mvar * kept) @ case.area_incidence
    p += injections.diesel_mw @ case.diesel_incidence
    return p / case.base_mva, q / case.base_mva


def solve_members(case: Case, members: np.ndarray, injections: Injections, start: Flow | None = None) -> Flow:
    """Solve the intact grid for the given members.

    Parameters
    ----------
    case : Case
    members : numpy.ndarray, (R,) int
    injections : Injections
        Of these members.
    start : Flow, optional
        Where to start; no load without it. A member that does not solve from there is tried once more from no load.

    Returns
    -------
    Flow
    """
    p, q = node_power(case, members, injections)
    variant = case.variant[members]
    if start is None:
        first, inverse = distinct_rows(variant, p, q)
        flat = flat_start(case.grid, variant[first])
        return solve(case.grid, variant[first], p[first], q[first], *flat).rows(inverse)
    flat = flat_start(case.grid, variant)
    flow = solve(case.grid, variant, p, q, np.where(start.solved[:, None, None], start.v, flat[0]), start.q_svc_pu)
    failed = np.flatnonzero(~flow.solved)
    if not len(failed):
        return flow
    again = solve(case.grid, variant[failed], p[failed], q[failed], flat[0][failed], flat[1][failed])
    return flow.replaced(failed, again)
