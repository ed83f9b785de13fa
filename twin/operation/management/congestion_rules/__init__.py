"""Who is cut first for congestion among plants of equal rights: one file for each rule, found by its name.

A rule is a module of this folder with the function ``order(case, members, unit_mw, flow_per_infeed)``. It returns
whole numbers (R, U), one for each unit of each member: units with the same number share one uniform cap, the lowest
number is cut first, and the next only where that does not suffice. Connection terms come before any rule: non-firm
plants are cut before firm ones, small sites last (`twin.operation.management.congestion`).
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from twin.operation.case import Case

Order = Callable[["Case", np.ndarray, np.ndarray, np.ndarray], np.ndarray]


def rule_names() -> tuple[str, ...]:
    """Return the rules that a study may name as ``operation.congestion_rule``."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))


def order_of_cuts(case: Case, members: np.ndarray, unit_mw: np.ndarray, flow_per_infeed: np.ndarray) -> np.ndarray:
    """Return the order in which each member's rule cuts its units, within equal connection terms.

    Parameters
    ----------
    case : Case
    members : numpy.ndarray, (R,) int
    unit_mw : numpy.ndarray, (R, U)
        Output before the cut.
    flow_per_infeed : numpy.ndarray, (R, U)
        Change of the overloaded flow for a MW more of each unit; what is not above 0 is not cut.

    Returns
    -------
    numpy.ndarray, (R, U) int
        The lowest is cut first; equal ones together, by one cap.
    """
    place = np.empty(unit_mw.shape, dtype=np.int64)
    named = np.array([case.members[m].congestion_rule for m in members])
    for name in np.unique(named):
        rows = np.flatnonzero(named == name)
        order: Order = import_module(f"{__name__}.{name}").order
        place[rows] = order(case, members[rows], unit_mw[rows], flow_per_infeed[rows])
    return place
