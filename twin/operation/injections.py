"""From units, demand and diesels to node injections."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from twin.core.equal_rows import distinct_rows
from twin.core.row_arrays import rows_of, sum_at, with_rows
from twin.network.variants.flow import Flow, solve
from twin.operation.case import Case


@dataclass(frozen=True)
class Injections:
    """All injections of some half-hours of some members; axes R rows, U units, A areas, D diesels.

    Attributes
    ----------
    member : numpy.ndarray, (R,) int
        Whose half-hour a row is.
    variant : numpy.ndarray, (R,) int
        Grid variant at the half-hour's position of taps and reactors.
    unit_mw : numpy.ndarray, (R, U)
        Infeed of plants and feed-in of site groups.
    unit_q_per_p : numpy.ndarray, (R, U)
        Reactive infeed per active infeed.
    demand_mw : numpy.ndarray, (R, A)
        What the areas take: demand beside the sites plus the sites' import.
    demand_mvar : numpy.ndarray, (R, A)
    diesel_mw : numpy.ndarray, (R, D)
    shed_mw : numpy.ndarray, (R, A)
        Demand not supplied.
    link_share : numpy.ndarray, (R,)
        What the link's survivor may carry until redispatch has acted, over its continuous rating.
    """

    member: np.ndarray
    variant: np.ndarray
    unit_mw: np.ndarray
    unit_q_per_p: np.ndarray
    demand_mw: np.ndarray
    demand_mvar: np.ndarray
    diesel_mw: np.ndarray
    shed_mw: np.ndarray
    link_share: np.ndarray

    def rows(self, pick: np.ndarray) -> Injections:
        """Return the rows `pick`."""
        return rows_of(self, pick)

    def replaced(self, pick: np.ndarray, part: Injections) -> Injections:
        """Return a copy whose rows `pick` are taken from `part`."""
        return with_rows(self, pick, part)

    def with_units(self, unit_mw: np.ndarray) -> Injections:
        """Return a copy with other infeeds."""
        return replace(self, unit_mw=unit_mw)


def node_power(case: Case, injections: Injections) -> tuple[np.ndarray, np.ndarray]:
    """Return active and reactive infeed per node in per unit, two arrays (R, n)."""
    nodes, count = case.grid.nodes, len(case.grid.nodes.buses)
    kept, unit_mvar = kept_share(injections), injections.unit_mw * injections.unit_q_per_p
    p = sum_at(injections.unit_mw, case.units.node, count) - sum_at(injections.demand_mw * kept, nodes.area, count)
    q = sum_at(unit_mvar, case.units.node, count) - sum_at(injections.demand_mvar * kept, nodes.area, count)
    p += sum_at(injections.diesel_mw, nodes.diesel, count)
    return p / case.base_mva, q / case.base_mva


def infeed_and_demand_mva(case: Case, injections: Injections) -> tuple[np.ndarray, np.ndarray]:
    """Return what is fed in and what is drawn at the nodes apart, two arrays (R, n) complex."""
    nodes, count = case.grid.nodes, len(case.grid.nodes.buses)
    kept = kept_share(injections)
    infeed = sum_at(injections.unit_mw * (1.0 + 1j * injections.unit_q_per_p), case.units.node, count)
    drawn = sum_at((injections.demand_mw + 1j * injections.demand_mvar) * kept, nodes.area, count)
    return infeed + sum_at(injections.diesel_mw, nodes.diesel, count), drawn


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
        Where to start; no load without it.

    Returns
    -------
    Flow
    """
    p, q = node_power(case, injections)
    variant = injections.variant
    if start is not None:
        return solve(case.grid, variant, p, q, start.v)
    first, inverse = distinct_rows(variant, p, q)
    return solve(case.grid, variant[first], p[first], q[first]).rows(inverse)
