"""What is summed up at each site over a run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from twin.loop.member import TOTALS


@dataclass(frozen=True)
class SiteTotals:
    """Totals of the sites, one array a member, so that a step copies only those of members that keep them.

    Attributes
    ----------
    of_member : tuple of numpy.ndarray, (S, W)
        Columns as in `twin.loop.member.TOTALS`.
    """

    of_member: tuple[np.ndarray, ...]

    @staticmethod
    def zero(members: int, sites: int) -> SiteTotals:
        """Return the totals before the first half-hour."""
        return SiteTotals((np.zeros((sites, len(TOTALS))),) * members)

    @staticmethod
    def from_array(values: np.ndarray) -> SiteTotals:
        """Make totals of (M, S, W) values."""
        return SiteTotals(tuple(values))

    def as_array(self) -> np.ndarray:
        """Return (M, S, W) values."""
        return np.stack(self.of_member)

    def plus(self, more: np.ndarray, row: np.ndarray, members: Iterable[int]) -> SiteTotals:
        """Return totals to which those of one half-hour are added.

        Parameters
        ----------
        more : numpy.ndarray, (R, S, W)
        row : numpy.ndarray, (M,) int
            Row of `more` of each member.
        members : iterable of int
            Members that keep totals.
        """
        of_member = list(self.of_member)
        for m in members:
            of_member[m] = of_member[m] + more[row[m]]
        return SiteTotals(tuple(of_member))
