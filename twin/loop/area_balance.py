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
    plants = case.model.plants
    control = plants.area_control.to_numpy(str)
    is_wind = plants.kind.to_numpy(str) == "wind"
    called = OFFLINE_WINDOW[0] <= case.half_hour_of_day[t] < OFFLINE_WINDOW[1]
    physical, settled = np.zeros_like(remaining_mw), np.zeros_like(remaining_mw)
    for m, member in enumerate(case.members):
        if not member.area_balance:
            continue
        profiles = case.profiles[member.profiles][0]
        share = np.where(is_wind, profiles.area_cut_wind[t], profiles.area_cut_pv[t])
        offline = np.where(profiles.offline_today[t] & called, 1.0, 0.0)
        ordered = np.where(control == "online", share, np.where(control == "offline", offline, 0.0))
        physical[m, : case.plants] = ordered * remaining_mw[m, : case.plants]
        settled[m, : case.plants] = np.where(control == "none", 0.0, share) * remaining_mw[m, : case.plants]
    return Order(physical, settled)
