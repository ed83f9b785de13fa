"""The highest uniform cap on some units at which a measure stays within its target, for many rows at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from twin.network.variants.flow import Flow
from twin.operation.case import Case
from twin.operation.injections import Injections, solve_injections
from twin.security.limits import ACCEPT_PERCENT, largest_kept

SMALLEST_OUTPUT_MW = 1e-6


@dataclass(frozen=True)
class GridState:
    """Injections and intact flow of some half-hours of some members."""

    injections: Injections
    flow: Flow

    def rows(self, pick: np.ndarray) -> GridState:
        """Return the rows `pick`."""
        return GridState(self.injections.rows(pick), self.flow.rows(pick))

    def replaced(self, pick: np.ndarray, part: GridState) -> GridState:
        """Return a copy whose rows `pick` are taken from `part`."""
        return GridState(self.injections.replaced(pick, part.injections), self.flow.replaced(pick, part.flow))


Measure = Callable[[np.ndarray, GridState], np.ndarray]
"""``measure(rows, state)``: percent, for the rows (indices) in the given state."""


def highest_uniform_cap(
    case: Case, start: GridState, chosen: np.ndarray, measure: Measure, target: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Cut the chosen units by one cap each row, no more than needed.

    The cap is on output over contract, or over present output where the member's basis is ``available``.

    Parameters
    ----------
    case : Case
    start : GridState
        State before the cut.
    chosen : numpy.ndarray, (R, U) bool
        Units that share the cut.
    measure : callable
        What is to be brought to `target`; falls with the cut.
    target : numpy.ndarray, (R,)

    Returns
    -------
    unit_mw : numpy.ndarray, (R, U)
        Infeed that is left.
    met : numpy.ndarray, (R,) bool
        False where even zero output of the chosen units leaves the measure above its target.
    """
    before, members = start.injections.unit_mw, start.injections.member
    reference = np.where(case.units.by_contract[members][:, None], case.units.contract_mw[members], before)
    share = np.where(chosen, before / np.maximum(reference, SMALLEST_OUTPUT_MW), 0.0)

    def capped(rows: np.ndarray, cap: np.ndarray) -> np.ndarray:
        result: np.ndarray = np.minimum(before[rows], np.where(chosen[rows], cap[:, None] * reference[rows], np.inf))
        return result

    def excess(rows: np.ndarray, cap: np.ndarray) -> np.ndarray:
        injections = start.injections.rows(rows).with_units(capped(rows, cap))
        flow = solve_injections(case, injections, start.flow.rows(rows))
        result: np.ndarray = measure(rows, GridState(injections, flow)) - target[rows]
        return result

    everyone = np.arange(len(members))
    cap, met = largest_kept(excess, share.max(axis=1), measure(everyone, start) - target, ACCEPT_PERCENT)
    return capped(everyone, cap), met
