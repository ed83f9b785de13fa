"""The ledger of a half-hour: what each unit could have produced and who took it away."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from twin.core.quantities import CutCause

NOTHING = -1


class Ledger:
    """Available power and booked cuts; axes M members, U units.

    Only the step that orders a cut writes it. Nothing here is a remainder: what is delivered is taken from the
    injections of the final flow, so that the identity available = delivered + cuts can fail.

    Parameters
    ----------
    available_mw : numpy.ndarray, (M, U)
    """

    def __init__(self, available_mw: np.ndarray) -> None:
        self.available_mw = available_mw
        self.cut_mw = {cause: np.zeros_like(available_mw) for cause in CutCause}
        self.settled_mw = np.zeros_like(available_mw)
        self.end = np.full(available_mw.shape, NOTHING, dtype=np.int16)
        self.outage = np.zeros(available_mw.shape, dtype=np.int16)
        self._largest = np.zeros_like(available_mw)

    def cut(self, cause: CutCause, mw: np.ndarray) -> None:
        """Book a cut of all units, (M, U) or broadcastable."""
        self.cut_mw[cause] += mw

    def booked_mw(self, causes: Sequence[CutCause]) -> np.ndarray:
        """Return what some causes took from each unit, (M, U)."""
        return sum((self.cut_mw[cause] for cause in causes), np.zeros_like(self.available_mw))

    def give_back(self, causes: Sequence[CutCause], plant_mw: np.ndarray) -> None:
        """Take back part of what some causes cut from plants, from each in proportion to its cut.

        Parameters
        ----------
        causes : sequence of CutCause
        plant_mw : numpy.ndarray, (M, P)
            At most what these causes have booked.
        """
        plants = slice(None, plant_mw.shape[1])
        booked = self.booked_mw(causes)[:, plants]
        left = 1.0 - np.divide(plant_mw, booked, out=np.zeros_like(plant_mw), where=plant_mw > 0.0)
        for cause in causes:
            self.cut_mw[cause][:, plants] *= left

    def cut_for(self, cause: CutCause, rows: np.ndarray, mw: np.ndarray, end: np.ndarray, outage: np.ndarray) -> None:
        """Book a congestion cut of some members with what binds it.

        Parameters
        ----------
        cause : CutCause
        rows : numpy.ndarray, (R,) int
            Members.
        mw : numpy.ndarray, (R, U)
        end, outage : numpy.ndarray, (R,) or (R, U) int
            Monitored end and topology; each unit keeps those of its largest cut.
        """
        self.cut_mw[cause][rows] += mw
        larger = mw > self._largest[rows]
        shape = mw.shape
        ends, outages = (np.broadcast_to(x if np.ndim(x) == 2 else x[:, None], shape) for x in (end, outage))
        self.end[rows] = np.where(larger, ends, self.end[rows])
        self.outage[rows] = np.where(larger, outages, self.outage[rows])
        self._largest[rows] = np.maximum(mw, self._largest[rows])
