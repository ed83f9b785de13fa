"""The ledger of half-hours: what each unit could have produced and who took it away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from twin.core.quantities import CONGESTION_CAUSES, CutCause

NOTHING = -1
CAP_STEP = 0.01
"""Orders that are fixed ahead are in whole percents."""


@dataclass(frozen=True)
class FixedAhead:
    """Orders to plants that were fixed ahead, (..., P) each; 1 leaves the plant free.

    Attributes
    ----------
    left_pu : numpy.ndarray
        What is left: of a cap, per unit of contract; of an order for a whole window, of what the plant would deliver.
        A row of the plant table may be many plants: the rest is the share of those that are stopped. Of a single plant
        it is the mean of a rotation.
    cause : numpy.ndarray, int
        Counts in `CONGESTION_CAUSES`.
    end, outage : numpy.ndarray, int
        What bound the order.
    """

    left_pu: np.ndarray
    cause: np.ndarray
    end: np.ndarray
    outage: np.ndarray

    @staticmethod
    def none(*shape: int) -> FixedAhead:
        """Return orders that bind nobody."""
        nothing = np.zeros(shape, dtype=np.int64)
        return FixedAhead(np.ones(shape), nothing, np.full(shape, NOTHING), nothing.copy())


@dataclass
class Ledger:
    """Available power and booked cuts of some half-hours of some members, one a row; axes R rows, U units.

    Only the step that orders a cut writes it. Nothing here is a remainder: what is delivered is taken from the
    injections of the final flow, so that the identity available = delivered + cuts can fail.

    Attributes
    ----------
    available_mw : numpy.ndarray, (R, U)
    cut_mw : dict of CutCause to numpy.ndarray, (R, U)
    settled_mw : numpy.ndarray, (R, U)
        What area balance settles of each unit.
    end, outage : numpy.ndarray, (R, U) int
        Monitored end and topology that bound the largest congestion cut, `largest_mw`; a member's constraint zones
        count after the ends.
    """

    available_mw: np.ndarray
    cut_mw: dict[CutCause, np.ndarray] = field(init=False)
    settled_mw: np.ndarray = field(init=False)
    end: np.ndarray = field(init=False)
    outage: np.ndarray = field(init=False)
    largest_mw: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self.cut_mw = {cause: np.zeros_like(self.available_mw) for cause in CutCause}
        self.settled_mw = np.zeros_like(self.available_mw)
        self.end = np.full(self.available_mw.shape, NOTHING, dtype=np.int16)
        self.outage = np.zeros(self.available_mw.shape, dtype=np.int16)
        self.largest_mw = np.zeros_like(self.available_mw)

    def cut(self, cause: CutCause, mw: np.ndarray) -> None:
        """Book a cut of all units, (R, U) or broadcastable."""
        self.cut_mw[cause] += mw

    def booked_mw(self, causes: Sequence[CutCause], rows: np.ndarray | slice = slice(None)) -> np.ndarray:
        """Return what some causes took from each unit of all or some rows, (r, U)."""
        return sum((self.cut_mw[cause][rows] for cause in causes), np.zeros_like(self.available_mw[rows]))

    def give_back(self, causes: Sequence[CutCause], rows: np.ndarray, plant_mw: np.ndarray) -> None:
        """Take back part of what some causes cut from plants, from each in proportion to its cut.

        Parameters
        ----------
        causes : sequence of CutCause
        rows : numpy.ndarray, (r,) int
        plant_mw : numpy.ndarray, (r, P)
            At most what these causes have booked.
        """
        plants = slice(None, plant_mw.shape[1])
        booked = self.booked_mw(causes, rows)[:, plants]
        left = 1.0 - np.divide(plant_mw, booked, out=np.zeros_like(plant_mw), where=plant_mw > 0.0)
        for cause in causes:
            self.cut_mw[cause][rows, plants] *= left

    def cut_for(self, cause: CutCause, rows: np.ndarray, mw: np.ndarray, end: np.ndarray, outage: np.ndarray) -> None:
        """Book a congestion cut of some rows with what binds it.

        Parameters
        ----------
        cause : CutCause
        rows : numpy.ndarray, (r,) int
        mw : numpy.ndarray, (r, U)
        end, outage : numpy.ndarray, (r,) or (r, U) int
            Monitored end and topology; each unit keeps those of its largest cut.
        """
        self.cut_mw[cause][rows] += mw
        larger = mw > self.largest_mw[rows]
        shape = mw.shape
        ends, outages = (np.broadcast_to(x if np.ndim(x) == 2 else x[:, None], shape) for x in (end, outage))
        self.end[rows] = np.where(larger, ends, self.end[rows])
        self.outage[rows] = np.where(larger, outages, self.outage[rows])
        self.largest_mw[rows] = np.maximum(mw, self.largest_mw[rows])

    def cut_as_fixed(self, rows: np.ndarray, orders: FixedAhead, mw: np.ndarray) -> None:
        """Book what orders that were fixed ahead take from plants.

        Parameters
        ----------
        rows : numpy.ndarray, (r,) int
        orders : FixedAhead
            (r, P).
        mw : numpy.ndarray, (r, U)
            Of sites nothing.
        """
        of_plants, sites = mw[:, : orders.cause.shape[1]], ((0, 0), (0, mw.shape[1] - orders.cause.shape[1]))
        end = np.pad(orders.end, sites, constant_values=NOTHING)
        for number, cause in enumerate(CONGESTION_CAUSES):
            self.cut_for(
                cause, rows, np.pad(of_plants * (orders.cause == number), sites), end, np.pad(orders.outage, sites)
            )
