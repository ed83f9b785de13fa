"""Area-balance orders of the mainland's operator, applied to the islands' plants."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.loop.case import Case


@dataclass(frozen=True)
class Order:
    """Physical and settled cut of each unit, (M, U) in MW."""

    physical_mw: np.ndarray
    settled_mw: np.ndarray


def order(case: Case, t: int, remaining_mw: np.ndarray) -> Order:
    """Return the area-balance cut of half-hour `t`, from each plant's shares in the profiles; sites are exempt.

    Parameters
    ----------
    case : Case
    t : int
    remaining_mw : numpy.ndarray, (M, U)
        What availability and the sites have left.
    """
    physical = np.stack([profiles.area_physical[t] for profiles, _ in case.profiles])[case.profile]
    settled = np.stack([profiles.area_settled[t] for profiles, _ in case.profiles])[case.profile]
    available = remaining_mw[:, : case.plants] * case.obeys_area_balance[:, None]
    nothing = np.zeros((len(remaining_mw), remaining_mw.shape[1] - case.plants))
    return Order(
        physical_mw=np.concatenate([physical * available, nothing], axis=1),
        settled_mw=np.concatenate([settled * available, nothing], axis=1),
    )
