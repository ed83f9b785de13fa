"""Overload in import direction: diesels, then shedding of demand; never a reason to cut renewables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from twin.loop.bracket import largest_kept
from twin.loop.case import Case
from twin.loop.congestion import BROKEN_ABOVE_PERCENT
from twin.loop.injections import Injections, solve_members
from twin.loop.security import excess_percent
from twin.loop.uniform import ACCEPT_PERCENT, Managed

PROBE_SHARE = 0.1

Remedy = Callable[[Injections, np.ndarray], Injections]
"""Applies a share (R,) of a remedy, 0 nothing to 1 all of it."""


def relieve_import(case: Case, members: np.ndarray, managed: Managed) -> Managed:
    """Start diesels for what cuts could not relieve, and shed demand where even the intact grid stays overloaded.

    The diesels' common output is the smallest that meets the criterion, not below their least stable output and never more
    than the islands import; they are taken as started in time. An overload after an outage that diesels cannot relieve stays
    and is recorded; demand is shed beforehand only for the intact grid.

    Parameters
    ----------
    case : Case
    members : numpy.ndarray, (R,) int
    managed : Managed
        After the congestion cuts.

    Returns
    -------
    Managed
    """
    managed = _apply_smallest(case, members, managed, _diesel_remedy(case), with_outages=True)
    return _apply_smallest(case, members, managed, _shed, with_outages=False)


def _diesel_remedy(case: Case) -> Remedy:
    diesels = case.model.diesels
    p_max = diesels.p_max_mw.to_numpy(float) * diesels.available.to_numpy(bool)
    p_min = np.minimum(diesels.p_min_mw.to_numpy(float), p_max)

    def run(injections: Injections, share: np.ndarray) -> Injections:
        imported = np.maximum(injections.demand_mw.sum(axis=1) - injections.unit_mw.sum(axis=1), 0.0)
        most = np.minimum(imported / max(p_max.sum(), 1e-9), 1.0)[:, None] * p_max
        output = np.where(share[:, None] > 0.0, np.maximum(share[:, None] * most, np.minimum(p_min, most)), 0.0)
        return replace(injections, diesel_mw=output)

    return run


def _shed(injections: Injections, share: np.ndarray) -> Injections:
    return replace(injections, shed_mw=share[:, None] * np.maximum(injections.demand_mw, 0.0))


def _apply_smallest(
    case: Case, members: np.ndarray, managed: Managed, remedy: Remedy, *, with_outages: bool
) -> Managed:
    def applied(rows: np.ndarray, share: np.ndarray) -> Managed:
        part = remedy(managed.injections.rows(rows), share)
        return Managed(part, solve_members(case, members[rows], part, managed.flow.rows(rows)))

    def excess(rows: np.ndarray, share: np.ndarray) -> np.ndarray:
        return excess_percent(case, members[rows], applied(rows, share), full[rows], with_outages=with_outages)

    full = np.full((len(members), case.grid.end_rating_mva.shape[1]), 100.0)
    now = excess_percent(case, members, managed, full, with_outages=with_outages)
    broken = np.flatnonzero(managed.flow.solved & (now > BROKEN_ABOVE_PERCENT))
    if not len(broken):
        return managed
    helped = broken[excess(broken, np.full(len(broken), PROBE_SHARE)) < now[broken] - ACCEPT_PERCENT]
    if not len(helped):
        return managed
    left_out, _ = largest_kept(
        lambda pick, x: excess(helped[pick], 1.0 - x), np.ones(len(helped)), now[helped], ACCEPT_PERCENT
    )
    return managed.replaced(helped, applied(helped, 1.0 - left_out))
