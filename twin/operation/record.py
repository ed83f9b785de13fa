"""What half-hours leave behind; the tables are made of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from twin.core.row_arrays import map_arrays, rows_of
from twin.operation.devices import FlexibleFlows, SiteFlows
from twin.operation.injections import Injections
from twin.operation.ledger import Ledger


@dataclass(frozen=True)
class SecurityState:
    """N-1 at one moment (before or after management), one row a half-hour of a member.

    `intact_percent` and `intact_end` are the worst loading of the intact grid; `loading_percent` is of what the
    criterion allows after the worst outage, `end` and `outage` bind, `link_percent` is the survivor of the link,
    `headroom_mw` (R, 2) export and import; NaN where not computed.
    """

    intact_percent: np.ndarray
    intact_end: np.ndarray
    loading_percent: np.ndarray
    end: np.ndarray
    outage: np.ndarray
    link_percent: np.ndarray
    shed_mw: np.ndarray
    solved: np.ndarray
    headroom_mw: np.ndarray


@dataclass(frozen=True)
class ZoneStates:
    """What constraint zones measure and order; axes R rows, Z zones, P plants.

    `arriving_mw` is measured under the set-points of the step before, `flow_mw` at the end; `order` is one of `ORDERS`;
    `status` is as in `twin.operation.zones.operator.status_of`; `set_point_mw` (R, Z, P) holds from now on. NaN where
    a member has fewer zones, or nothing is solved.
    """

    arriving_mw: np.ndarray
    flow_mw: np.ndarray
    limit_mw: np.ndarray
    order: np.ndarray
    status: np.ndarray
    set_point_mw: np.ndarray


ORDERS = ("", "release", "trim", "trip")
"""What a zone's operator does in a step; the first one is nothing."""


@dataclass(frozen=True)
class Record:
    """Half-hours of members; axes R rows (or T steps, then M members), U units, G groups, A areas.

    `flexible` is what demand response and the batteries in the grid and beside plants did; `price_ratio` (R,) is the
    retail price announced to the homes over the usual one; `policy_failed` (R,) marks decisions that a fallback made;
    `positions` (R, C) are those of taps and reactors; `stopped_mw` (R,) is what stood still for a whole window;
    `q_support_mvar` (R,) is what plants supply beyond their own power factor to hold the voltage; `node_i` (R, n)
    are the final flow's node currents, from which all branch flows, losses and voltages follow; `demand_mw` (R, A)
    is gross; `residual_mva` what stays overloaded; `missed` marks criteria that caps fixed ahead left broken;
    `zones` are the constraint zones of members whose operator works by them;
    `beside_clipped` counts areas whose sites ask for more than the area;
    `failure` is empty where solved.
    """

    ledger: Ledger
    delivered_mw: np.ndarray
    sites: SiteFlows
    flexible: FlexibleFlows
    price_ratio: np.ndarray
    policy_failed: np.ndarray
    site_export_mw: np.ndarray
    injections: Injections
    positions: np.ndarray
    stopped_mw: np.ndarray
    q_support_mvar: np.ndarray
    node_i: np.ndarray
    q_svc_mvar: np.ndarray
    demand_mw: np.ndarray
    before: SecurityState
    after: SecurityState
    broken: np.ndarray
    missed: np.ndarray
    residual_mva: np.ndarray
    beside_clipped: np.ndarray
    zones: ZoneStates
    failure: np.ndarray

    def at(self, k: int) -> Record:
        """Return one of several half-hours, of all members."""
        return rows_of(self, k)


def over_time(records: Sequence[Record]) -> Record:
    """Return several half-hours of all members as one record, with a leading axis of steps."""
    return map_arrays(lambda *values: np.stack(values), *records)
