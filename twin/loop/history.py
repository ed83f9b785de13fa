"""What the sites or the flexible devices did over the last day, half-hour by half-hour."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

NET, RAW, LOAD = 0, 1, 2


@dataclass(frozen=True)
class DayHistory:
    """Quantities by half-hour of the day; one array a half-hour, so that a step replaces one and copies none.

    Attributes
    ----------
    slots : tuple of numpy.ndarray, (M, Q, N)
        Of sites, with N site groups: net infeed as measured (`NET`), net infeed without batteries (`RAW`) and own
        demand (`LOAD`), MW. Of flexible devices, with N areas: what they take, MW, alone.
    """

    slots: tuple[np.ndarray, ...]

    @staticmethod
    def from_array(values: np.ndarray) -> DayHistory:
        """Make a history of (M, 48, Q, N) values."""
        return DayHistory(tuple(np.ascontiguousarray(values[:, slot]) for slot in range(values.shape[1])))

    def as_array(self) -> np.ndarray:
        """Return (M, 48, Q, N) values."""
        return np.stack(self.slots, axis=1)

    def at(self, rows: np.ndarray, slots: np.ndarray) -> np.ndarray:
        """Return (R, Q, N) values of member ``rows[r]`` at half-hour ``slots[r]``."""
        return np.stack([self.slots[slot][row] for row, slot in zip(rows, slots, strict=True)])

    def with_slot(self, slot: int, values: np.ndarray) -> DayHistory:
        """Return a history with one half-hour replaced."""
        return DayHistory((*self.slots[:slot], values, *self.slots[slot + 1 :]))
