"""One circuit of a link as sections with surroundings of their own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.cable.ladder import Ladder
from twin.cable.ratings import continuous_rating_a, emergency_rating_ahead_a


@dataclass(frozen=True)
class Section:
    """A stretch of a cable with the same surroundings.

    Attributes
    ----------
    name : str
    ladder : Ladder
    ambient_c : numpy.ndarray, (12,)
        Temperature of the surroundings by calendar month, January first.
    """

    name: str
    ladder: Ladder
    ambient_c: np.ndarray

    def ambient_of(self, month: np.ndarray) -> np.ndarray:
        """Return the temperature of the surroundings in calendar months 1 to 12, (T,)."""
        return np.asarray(self.ambient_c[month - 1])


@dataclass(frozen=True)
class CableCircuit:
    """A circuit of the link.

    Attributes
    ----------
    rated_a : float
        Continuous rating that the power flow uses; an operator may allow less than the maker.
    fitted_factor : float
        What the thermal resistances of the assumed layers were multiplied by, so that the maker's rating brings the
        conductor to its limit in the conditions of that rating.
    sections : tuple of Section
        Each is judged with the current at the circuit's fuller end: below its natural load the current of a cable is
        highest at an end.
    """

    rated_a: float
    fitted_factor: float
    sections: tuple[Section, ...]

    def continuous_a(self, *, together: bool) -> dict[str, float]:
        """Return each section's continuous rating in its hottest month; see `continuous_rating_a`."""
        return {
            part.name: float(continuous_rating_a(part.ladder, part.ambient_c.max(), together=together))
            for part in self.sections
        }

    def emergency_a(self, hours: float, circuits: int) -> np.ndarray:
        """Return the emergency current that may be stated ahead by calendar month, (12,).

        Of the section that allows least; see `emergency_rating_ahead_a`.
        """
        of_sections = [emergency_rating_ahead_a(part.ladder, part.ambient_c, hours, circuits) for part in self.sections]
        return np.asarray(np.min(of_sections, axis=0))
