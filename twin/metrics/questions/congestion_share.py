"""Congestion as a share of what the plants could produce, for members of which only sums are kept."""

from __future__ import annotations

import numpy as np

from twin.metrics.comparisons import congestion_of
from twin.metrics.series import MemberSeries


def of_plants_percent(plants_available_mw: np.ndarray, series: MemberSeries) -> dict[str, float | None]:
    """Return congestion and its share of what the member's plants (sites left out) could produce in solved steps.

    Parameters
    ----------
    plants_available_mw : numpy.ndarray, (T,)
        What all plants of the member could produce.
    series : MemberSeries
        Of the member: the table ``system`` with sums of the cuts.
    """
    available_mwh = series.energy_mwh(plants_available_mw)
    found = congestion_of(series)
    cut = found["curtailed_congestion_mwh"]
    share = None if cut is None or not available_mwh > 0.0 else 100.0 * cut / float(available_mwh)
    unsolved = float(np.count_nonzero(~series.solved))
    return found | {"plants_available_mwh": float(available_mwh), "congestion_percent": share, "unsolved": unsolved}


def largest_size_mw(
    sizes_mw: np.ndarray, own_percent: np.ndarray, others_percent: np.ndarray, own_most: float, others_most: float
) -> tuple[float, bool]:
    """Return the largest plant that keeps both limits, between the sizes that were tried, and whether one was broken.

    Linear between two sizes; the first crossing counts. Without a crossing the largest size is returned, with False.

    Parameters
    ----------
    sizes_mw : numpy.ndarray, (N,)
        Rising; a plant of no size keeps both limits.
    own_percent, others_percent : numpy.ndarray, (N,)
        Its own congestion cut, and the largest rise of another plant's, in percent of what they could produce.
    own_most, others_most : float
    """
    sizes = np.concatenate([[0.0], sizes_mw])
    first = float(sizes[-1])
    broken = False
    for values, most in ((own_percent, own_most), (others_percent, others_most)):
        course = np.concatenate([[0.0], values])
        above = np.flatnonzero(course > most)
        if not len(above):
            continue
        broken = True
        k = int(above[0])
        share = (most - course[k - 1]) / (course[k] - course[k - 1])
        first = min(first, float(sizes[k - 1] + share * (sizes[k] - sizes[k - 1])))
    return first, broken
