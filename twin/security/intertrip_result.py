"""Inter-trip per half-hour and outage, and what is read from it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from twin.clock import HOURS_PER_YEAR, step_hours
from twin.errors import InputError, Problem
from twin.grid.outage_kernels import UNSOLVED_PERCENT
from twin.security.intertrip_kernels import Shedding

RATE_COLUMNS = ("outages_per_year", "hours_per_outage")


@dataclass(frozen=True)
class InterTripResult:
    """What inter-trip does; axes T half-hours, O outages, J trippable plants.

    Attributes
    ----------
    index : pandas.DatetimeIndex, (T,)
    outages : tuple of str, (O,)
    plants : tuple of str, (J,)
    end_names : tuple of str
        Element of each monitored branch end.
    shedding : Shedding
        Loadings, voltages and plants, (T, O) and (T, O, J).
    shed_mw : numpy.ndarray, (T, O)
    headroom_without_mw, headroom_with_mw : numpy.ndarray, (T,)
        Export headroom of the link (survivor of a link trip only) without and with inter-trip; NaN where unknown.
    solved : numpy.ndarray, (T,) bool
        Whether the intact grid has a solution.
    """

    index: pd.DatetimeIndex
    outages: tuple[str, ...]
    plants: tuple[str, ...]
    end_names: tuple[str, ...]
    shedding: Shedding
    shed_mw: np.ndarray
    headroom_without_mw: np.ndarray
    headroom_with_mw: np.ndarray
    solved: np.ndarray

    @property
    def suffices(self) -> np.ndarray:
        """(T, O) bool: short-time rating kept at once, continuous rating kept after the trips."""
        return self.shedding.measure_percent <= 100.0

    @property
    def bought_mw(self) -> np.ndarray:
        """(T,) export headroom of the link that inter-trip adds."""
        return self.headroom_with_mw - self.headroom_without_mw

    def summary(self) -> pd.DataFrame:
        """Return one row an outage.

        Returns
        -------
        pandas.DataFrame
            Index `outage`; ``needed_half_hours`` (something overloaded after it), ``insufficient_half_hours``,
            ``unsolved_half_hours``, ``largest_shed_mw``, ``mean_shed_mw`` (over all half-hours),
            ``worst_at_once_percent``, ``worst_settled_percent``, ``worst_refused_percent`` (one plant of the set stays
            connected) and ``lowest_vm_pu``, ``highest_vm_pu`` (settled). Unsolved half-hours count as insufficient and
            are left out of loadings and voltages.
        """
        s = self.shedding
        unsolved = ~(s.at_once_percent < UNSOLVED_PERCENT)

        def extreme(values: np.ndarray, largest: bool) -> np.ndarray:
            masked = np.where(unsolved | np.isnan(values), -np.inf if largest else np.inf, values)
            found = masked.max(axis=0) if largest else masked.min(axis=0)
            return np.where(np.isfinite(found), found, np.nan)

        refused = np.where(s.refused_percent < UNSOLVED_PERCENT, s.refused_percent, np.inf)
        return pd.DataFrame(
            {
                "needed_half_hours": (s.at_once_percent > 100.0).sum(axis=0),
                "insufficient_half_hours": (~self.suffices).sum(axis=0),
                "unsolved_half_hours": unsolved.sum(axis=0),
                "largest_shed_mw": self.shed_mw.max(axis=0),
                "mean_shed_mw": self.shed_mw.mean(axis=0),
                "worst_at_once_percent": extreme(s.at_once_percent, True),
                "worst_settled_percent": extreme(s.settled_percent, True),
                "worst_refused_percent": extreme(np.where(s.shed_pu > 0.0, refused, np.nan), True),
                "lowest_vm_pu": extreme(s.vm_min_settled, False),
                "highest_vm_pu": extreme(s.vm_max_settled, True),
            },
            index=pd.Index(self.outages, name="outage"),
        )

    def expected_energy(self, rates: pd.DataFrame) -> pd.DataFrame:
        """Return the energy that inter-trip is expected to shed in a year.

        ``rate / 8760 h * sum over half-hours of (0.5 h * shed) * hours per outage``, the sum scaled to a year: an
        outage is as likely at any moment, and what it sheds stays off, with its output of that half-hour, until the
        element is back.

        Parameters
        ----------
        rates : pandas.DataFrame
            Index outage names; columns ``outages_per_year hours_per_outage``.

        Returns
        -------
        pandas.DataFrame
            Index `outage`; ``outages_per_year hours_per_outage mean_shed_mw expected_mwh_per_year``,
            ``expected_insufficient_hours_per_year``.

        Raises
        ------
        InputError
            If a rate is missing or negative.
        """
        _check_rates(rates, self.outages)
        known = rates.loc[list(self.outages), list(RATE_COLUMNS)].astype(float)
        per_hour = known["outages_per_year"] / HOURS_PER_YEAR
        hours = step_hours(self.index) if len(self.index) > 1 else 0.5
        to_year = HOURS_PER_YEAR / (hours * len(self.index))
        shed_mwh = pd.Series(self.shed_mw.sum(axis=0) * hours * to_year, index=known.index)
        insufficient_h = pd.Series((~self.suffices).sum(axis=0) * hours * to_year, index=known.index)
        return known.assign(
            mean_shed_mw=self.shed_mw.mean(axis=0),
            expected_mwh_per_year=per_hour * shed_mwh * known["hours_per_outage"],
            expected_insufficient_hours_per_year=per_hour * insufficient_h * known["hours_per_outage"],
        )


def _check_rates(rates: pd.DataFrame, outages: tuple[str, ...]) -> None:
    missing = [column for column in RATE_COLUMNS if column not in rates]
    problems = [Problem("column is missing", "outage rates", name, ", ".join(RATE_COLUMNS)) for name in missing]
    unknown = [name for name in outages if name not in rates.index]
    if unknown:
        problems.append(Problem("no rate for an outage", "outage rates", ", ".join(unknown), "a row for each outage"))
    if not problems:
        bad = rates.index[~(rates[list(RATE_COLUMNS)] >= 0.0).all(axis=1)]
        problems += [Problem("rate is not a number of 0 or more", "outage rates", str(name)) for name in bad]
    if problems:
        raise InputError(problems)
