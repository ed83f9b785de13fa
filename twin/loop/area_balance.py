"""Area-balance orders of the mainland's operator, applied to the islands' plants."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.loop.case import Case

OFFLINE_WINDOW = (16, 32)
"""Half-hours of the day in which a called offline plant stands still: 8-16 h (dossier 6, online / offline)."""


@dataclass(frozen=True)
class Order:
    """Physical and settled cut of each unit, (M, U) in MW."""

    physical_mw: np.ndarray
    settled_mw: np.ndarray


def order(case: Case, t: int, remaining_mw: np.ndarray) -> Order:
    """Return the area-balance cut of half-hour `t`.

    Online plants are reduced by the area's share of the half-hour; offline plants stand still for the whole window of a
    day on which they are called. Settlement spreads the cut over all controllable plants alike (online proxy control).
    Sites below 10 kW are exempt.

    Parameters
    ----------
    case : Case
    t : int
    remaining_mw : numpy.ndarray, (M, U)
        What availability and the sites have left.
    """
    called = OFFLINE_WINDOW[0] <= case.half_hour_of_day[t] < OFFLINE_WINDOW[1]
    share = np.stack([
        np.where(case.is_wind, profiles.area_cut_wind[t], profiles.area_cut_pv[t]) for profiles, _ in case.profiles
    ])  # fmt: skip
    offline = np.stack([profiles.offline_today[t] & called for profiles, _ in case.profiles])
    ordered = np.where(case.area_control == "online", share, np.where(case.area_control == "offline", offline, 0.0))
    settled = np.where(case.area_control == "none", 0.0, share)
    obeys = case.obeys_area_balance[:, None]
    available = remaining_mw[:, : case.plants] * obeys
    nothing = np.zeros((len(remaining_mw), remaining_mw.shape[1] - case.plants))
    return Order(
        physical_mw=np.concatenate([ordered[case.profile] * available, nothing], axis=1),
        settled_mw=np.concatenate([settled[case.profile] * available, nothing], axis=1),
    )
