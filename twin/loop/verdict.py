"""N-1 and headroom of all members at one moment."""

from __future__ import annotations

from dataclasses import fields

import numpy as np

from twin.grid.flow import Flow
from twin.grid.headroom_kernels import link_headroom
from twin.grid.outage_kernels import UNSOLVED_PERCENT
from twin.loop.case import Case
from twin.loop.distinct import distinct_rows
from twin.loop.injections import Injections
from twin.loop.record import Verdict
from twin.loop.security import nothing_ignored, outages, worst_intact
from twin.loop.uniform import Managed


def judge(case: Case, managed: Managed) -> Verdict:
    """Judge the intact grid, every outage and the link's headroom for all members."""
    everyone = np.arange(len(case.members))
    return _judge(case, everyone, managed.injections, managed.flow)


def judge_again(case: Case, earlier: Verdict, members: np.ndarray, managed: Managed) -> Verdict:
    """Return `earlier` with the members whose state has changed judged anew."""
    if not len(members):
        return earlier
    part = managed.rows(members)
    fresh = _judge(case, members, part.injections, part.flow)
    updated = []
    for field in fields(Verdict):
        values = getattr(earlier, field.name).copy()
        values[members] = getattr(fresh, field.name)
        updated.append(values)
    return Verdict(*updated)


def limit_exceeded(case: Case, verdict: Verdict, tolerance_percent: float) -> np.ndarray:
    """Return (M,) whether the member's own criterion is exceeded."""
    intact = verdict.intact_percent > 100.0 + tolerance_percent
    return intact | (case.secures_outages & (verdict.loading_percent > 100.0 + tolerance_percent))


def residual_mva(case: Case, verdict: Verdict) -> np.ndarray:
    """Return (M,) the largest MVA above what the member's criterion allows."""
    everyone = np.arange(len(case.members))
    rating = case.grid.end_rating_mva[case.network]
    intact = np.maximum(verdict.intact_percent - 100.0, 0.0) / 100.0 * rating[everyone, verdict.intact_end]
    known = (verdict.end >= 0) & (verdict.loading_percent < UNSOLVED_PERCENT) & case.secures_outages
    after_outage = (
        np.maximum(verdict.loading_percent - 100.0, 0.0) / 100.0 * rating[everyone, np.maximum(verdict.end, 0)]
    )
    return np.maximum(intact, np.where(known, after_outage, 0.0))


def _judge(case: Case, members: np.ndarray, injections: Injections, flow: Flow) -> Verdict:
    ignored = nothing_ignored(case, len(members))
    found = outages(case, members, injections, flow, ignored)
    intact = worst_intact(case, flow, ignored)
    return Verdict(
        intact_percent=intact.measure,
        intact_end=intact.end,
        loading_percent=found.measure,
        end=found.end,
        outage=found.outage,
        link_percent=found.link,
        shed_mw=found.shed_pu * case.base_mva,
        solved=found.solved,
        headroom_mw=_headroom(case, members, flow),
    )


def _headroom(case: Case, members: np.ndarray, flow: Flow) -> np.ndarray:
    """Headroom of the members whose tables are kept; counterfactual twins have none."""
    headroom = np.full((len(members), 2), np.nan)
    kept = np.flatnonzero(~case.is_twin[members])
    some = flow.rows(kept)
    first, inverse = distinct_rows(some.variant, some.p_pu, some.q_pu, some.v, some.q_svc_pu)
    some = some.rows(first)
    found = link_headroom(
        case.grid.arrays, some.variant, some.p_pu, some.q_pu, some.v, some.q_svc_pu,
        case.grid.nodes.headroom, case.base_mva,
    )  # fmt: skip
    headroom[kept] = found[inverse]
    return headroom
