"""From units, demand and diesels to node injections."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from twin.core.equal_rows import distinct_rows
from twin.network.reduced.flow import Flow, flat_start, solve
from twin.operation.case import Case


@dataclass(frozen=True)
class Injections:
    """All injections of a half-hour; axes M members (or a choice of them), U units, A areas, D diesels.

    Attributes
    ----------
    variant : numpy.ndarray, (M,) int
        Grid variant at the half-hour's position of taps and reactors.
    unit_mw : numpy.ndarray, (M, U)
        Infeed of plants and feed-in of site groups.
    unit_q_per_p : numpy.ndarray, (M, U)
        Reactive infeed per active infeed.
    demand_mw : numpy.ndarray, (M, A)
        What the areas take: demand beside the sites plus the sites' import.
    demand_mvar : numpy.ndarray, (M, A)
    diesel_mw : numpy.ndarray, (M, D)
    shed_mw : numpy.ndarray, (M, A)
        Demand not supplied.
    """

    variant: np.ndarray
    unit_mw: np.ndarray
    unit_q_per_p: np.ndarray
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
        return (
            self.variant, self.unit_mw, self.unit_q_per_p, self.demand_mw, self.demand_mvar, self.diesel_mw,
            self.shed_mw,
        )  # fmt: skip

    def with_units(self, unit_mw: np.ndarray) -> Injections:
        """Return a copy with other infeeds."""
        return replace(self, unit_mw=unit_mw)


def node_power(case: Case, injections: Injections) -> tuple[np.ndarray, np.ndarray]:
    """Return active and reactive infeed per node in per unit, two arrays (R, n)."""
    kept = kept_share(injections)
    p = injections.unit_mw @ case.units.incidence
    q = (injections.unit_mw * injections.unit_q_per_p) @ case.units.incidence
    p -= (injections.demand_mw * kept) @ case.areas.incidence
    q -= (injections.demand_mvar * kept) @ case.areas.incidence
    p += injections.diesel_mw @ case.units.diesel_incidence
    return p / case.base_mva, q / case.base_mva


def infeed_and_demand_mva(case: Case, injections: Injections) -> tuple[np.ndarray, np.ndarray]:
    """Return what is fed in and what is drawn at the nodes apart, two arrays (R, n) complex."""
    kept = kept_share(injections)
    infeed = (injections.unit_mw * (1.0 + 1j * injections.unit_q_per_p)) @ case.units.incidence
    drawn = ((injections.demand_mw + 1j * injections.demand_mvar) * kept) @ case.areas.incidence
    return infeed + injections.diesel_mw @ case.units.diesel_incidence, drawn


def kept_share(injections: Injections) -> np.ndarray:
    """Return the share of the demand that is supplied, (R, A)."""
    shed, demand = injections.shed_mw, injections.demand_mw
    result: np.ndarray = 1.0 - np.divide(shed, demand, out=np.zeros_like(shed), where=shed > 0.0)
    return result


def solve_injections(case: Case, injections: Injections, start: Flow | None = None) -> Flow:
    """Solve the intact grid for each row of `injections`.

    Parameters
    ----------
    case : Case
    injections : Injections
    start : Flow, optional
        Where to start; no load without it. A row that does not solve from there is tried once more from no load.

    Returns
    -------
    Flow
    """
    p, q = node_power(case, injections)
    variant = injections.variant
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
