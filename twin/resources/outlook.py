"""Forecasts that a user brings: gaps and lengths are told, with where they are."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import pandas as pd

from twin.core.clock import MINUTES_OF_HOUR, MONTHS_OF_YEAR, step_minutes, step_of_day, steps_of_day, usual_step
from twin.core.errors import InputError, Problem, raise_if_any
from twin.core.units import KW_PER_MW

if TYPE_CHECKING:  # a policy's own process imports this module, and nothing that makes weather
    from twin.core.tables import Tables
    from twin.resources.profiles import Forecasts, Profiles
    from twin.resources.sites import SiteFleet

_SERIES = ("export_mw", "pv_mw", "load_mw", "price_jpy_per_kwh", "export_error_mw", "pv_error", "load_error")
_TABLES = ("pv_mw", "load_mw", "export_error_mw")
"""Series with a column per site group or kind of error."""


def gap_problems(outlooks: Outlooks) -> list[Problem]:
    """Return everything in some outlooks that cannot be told: holes in time, other lengths, missing values."""
    problems = list(_index_problems(outlooks.index))
    steps = len(outlooks.index)
    for name in _SERIES:
        values = getattr(outlooks, name)
        accepted = (steps, values.shape[1]) if name in _TABLES and values.ndim == 2 else (steps,)
        if values.shape != accepted or (name in _TABLES and values.ndim != 2):
            shape = f"({steps}, site groups)" if name in _TABLES else f"({steps},)"
            problems.append(Problem("forecast of another length", name, str(values.shape), shape))
        elif name != "price_jpy_per_kwh" or not np.isnan(values).all():  # an island without prices
            problems += _missing(name, values, outlooks.index)
    if outlooks.pv_mw.shape != outlooks.load_mw.shape:
        seen = f"{outlooks.pv_mw.shape} and {outlooks.load_mw.shape}"
        problems.append(Problem("forecasts for other site groups", "pv_mw, load_mw", seen, "the same shape"))
    return problems


def _missing(name: str, values: np.ndarray, index: pd.DatetimeIndex) -> list[Problem]:
    """Return a problem for a series that has missing values: the first stretch, and how many there are in all."""
    missing = ~np.isfinite(values).reshape(len(values), -1)
    rows = np.flatnonzero(missing.any(axis=1))
    if not len(rows):
        return []
    stretch = int(np.argmin(np.append(np.diff(rows) == 1, False)))
    first, last = index[rows[0]], index[rows[stretch]]
    column = f", column {np.flatnonzero(missing[rows[0]])[0]}" if values.ndim == 2 else ""
    where = f"{name}{column}, {first:%Y-%m-%d %H:%M}" + (f" to {last:%Y-%m-%d %H:%M}" if stretch else "")
    seen = f"{values[rows[0]][missing[rows[0]]][0] if values.ndim == 2 else values[rows[0]]}"
    seen += f"; {len(rows)} steps in all"
    return [Problem("forecast with a gap", where, seen, "a finite number", "fill the gap before the run")]


def _index_problems(index: pd.DatetimeIndex) -> list[Problem]:
    if len(index) < 2:
        return []
    length = usual_step(index)
    steps = np.flatnonzero(np.asarray(index[1:] - index[:-1] != length))
    if not len(steps):
        return []
    seen = f"{index[steps[0]]} is followed by {index[steps[0] + 1]}"
    accepted = f"every step of {length / pd.Timedelta(minutes=1):g} minutes once, in order"
    return [Problem("forecasts with holes in time", "index", seen, accepted)]


Kind = Literal["calibrated", "persistence", "climatology", "perfect"]


@dataclass(frozen=True)
class Outlook:
    """Forecasts from the first step that an order covers, a day; axes H steps of a day (48 half-hours), G site groups.

    Attributes
    ----------
    start : pandas.Timestamp
        Beginning of the first step.
    made_at : pandas.Timestamp
        When the newest of them was made; never after the decision.
    export_mw : numpy.ndarray, (H,)
        The operator's published expectation of the link's export without management.
    congestion_mw : numpy.ndarray, (H,)
        The congestion that the operator publishes with it: expected export beyond the limit.
    price_jpy_per_kwh : numpy.ndarray, (H,)
        Area price: published for the days whose auction is over, as on the last known day beyond.
    pv_mw, load_mw : numpy.ndarray, (H, G)
        Available PV and own demand of the site groups.
    """

    start: pd.Timestamp
    made_at: pd.Timestamp
    export_mw: np.ndarray
    congestion_mw: np.ndarray
    price_jpy_per_kwh: np.ndarray
    pv_mw: np.ndarray
    load_mw: np.ndarray


@dataclass(frozen=True)
class Outlooks:
    """Forecasts of a weather year for policies; axes N steps, G site groups, L leads.

    What `at` tells of PV, load and export depends on the kind:

    - ``calibrated``: truth and an error whose size grows with the lead, counted from the issue in force.
    - ``perfect``: truth. The same as ``calibrated`` with no error.
    - ``persistence``: the same step of the last day that is over; before the first day is over, climatology.
    - ``climatology``: the mean of all steps of the year of the same month and time of day; a day's own weather
      is one of about thirty in it.

    The price is never forecast: results of auctions that are over, beyond them the last known day again.
    Steps after the end of the year are told as the same steps of its last day.
    None of the arrays is shared with `Profiles`; variants of an outlook share theirs.

    Attributes
    ----------
    index : pandas.DatetimeIndex
        (N,) steps.
    export_mw : numpy.ndarray, (N,)
        Export of the link without management, as it comes.
    pv_mw, load_mw : numpy.ndarray, (N, G)
        Available PV and own demand of the site groups, as they come.
    price_jpy_per_kwh : numpy.ndarray, (N,)
        Area price.
    export_error_mw : numpy.ndarray, (N, 4)
        See `twin.resources.profiles.Published`.
    pv_error, load_error : numpy.ndarray, (N,)
        Relative errors of size 1, the same for all groups.
    error_sizes : numpy.ndarray, (L, 4)
        Sizes at leads of 0 .. L - 1 steps, held beyond: PV, wind, demand, outages.
    issue_steps : int
        Steps between two issues; the first of a day at midnight.
    price_known_step : int
        Step of the day from which the prices of the next day are known.
    kind : str
    first : int
        Position of the run's first step.
    """

    index: pd.DatetimeIndex
    export_mw: np.ndarray
    pv_mw: np.ndarray
    load_mw: np.ndarray
    price_jpy_per_kwh: np.ndarray
    export_error_mw: np.ndarray
    pv_error: np.ndarray
    load_error: np.ndarray
    error_sizes: np.ndarray
    issue_steps: int
    price_known_step: int
    kind: Kind = "calibrated"
    first: int = 0

    def at(self, t: int, lead: int, export_limit_mw: float) -> Outlook:
        """Return what is known at step `t` about the day from ``t + lead`` on."""
        now = self.first + t
        target = now + lead + np.arange(self._day)
        slot = int(self._slot[now])
        since_issue = slot % self.issue_steps
        export, pv, load = self._told(now, target, since_issue)
        time, step = self.index[now], self._step
        return Outlook(
            start=time + lead * step,
            made_at=time - self._age(slot, since_issue) * step,
            export_mw=export,
            congestion_mw=np.maximum(export - export_limit_mw, 0.0),
            price_jpy_per_kwh=self.price_jpy_per_kwh[self._price_rows(now, slot, target)],
            pv_mw=pv,
            load_mw=load,
        )

    def window(self, start: int, stop: int) -> Outlooks:
        """Return the outlooks of a run over the steps ``start .. stop - 1``; what is known around them stays known."""
        steps = len(self.index) - self.first
        if not 0 <= start < stop <= steps:
            accepted = f"0 <= start < stop <= {steps}"
            raise InputError([Problem("window outside the outlooks", "window", f"{start}:{stop}", accepted)])
        return replace(self, first=self.first + start)

    def told_as(self, kind: Kind, error_factor: float) -> Outlooks:
        """Return another kind, with all errors times a factor; for ``calibrated`` only."""
        raise_if_any(_setting_problems(kind, error_factor))
        factor = error_factor if kind == "calibrated" else 0.0
        return replace(self, kind=kind, error_sizes=factor * self.error_sizes)

    def _told(self, now: int, target: np.ndarray, since_issue: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return export (H,), PV (H, G) and load (H, G), all copies."""
        rows = _last_known(target, len(self.index), self._day)
        if self.kind == "climatology":
            return self._usual(rows)
        if self.kind == "persistence":
            return self._as_the_day_before(now, target, rows)
        size = self.error_sizes[np.minimum(target - now + since_issue, len(self.error_sizes) - 1)]
        export = self.export_mw[rows] + (size * self.export_error_mw[rows]).sum(axis=1)
        pv = self.pv_mw[rows] * np.maximum(1.0 + size[:, 0] * self.pv_error[rows], 0.0)[:, None]
        load = self.load_mw[rows] * np.maximum(1.0 + size[:, 2] * self.load_error[rows], 0.0)[:, None]
        return export, pv, load

    def _as_the_day_before(
        self, now: int, target: np.ndarray, rows: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        past = _day_repeated(target, now, self._day)
        if now >= self._day:
            return self.export_mw[past], self.pv_mw[past], self.load_mw[past]
        told = self._usual(rows)
        measured = past >= 0
        for values, truth in zip(told, (self.export_mw, self.pv_mw, self.load_mw), strict=True):
            values[measured] = truth[past[measured]]
        return told

    def _usual(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        kinds = self._month_and_slot[rows]
        export, pv, load = self._means
        return export[kinds], pv[kinds], load[kinds]

    def _price_rows(self, now: int, slot: int, target: np.ndarray) -> np.ndarray:
        days = 2 if slot >= self.price_known_step else 1
        known_until = now - slot + days * self._day
        return _last_known(target, min(known_until, len(self.index)), self._day)

    def _age(self, slot: int, since_issue: int) -> int:
        """Return the steps since the newest of all that is told was made."""
        since_auction = (slot - self.price_known_step) % self._day
        of_kind = {"persistence": 0, "climatology": since_auction}
        return of_kind.get(self.kind, min(since_issue, since_auction))

    @cached_property
    def _day(self) -> int:
        """Steps of a day."""
        return steps_of_day(self.index)

    @cached_property
    def _step(self) -> pd.Timedelta:
        """Length of a step."""
        return self.index[1] - self.index[0]

    @cached_property
    def _slot(self) -> np.ndarray:
        """(N,) steps since midnight."""
        return step_of_day(self.index)

    @cached_property
    def _month_and_slot(self) -> np.ndarray:
        """(N,) position in `_means`."""
        result: np.ndarray = (self.index.month.to_numpy() - 1) * self._day + self._slot
        return result

    @cached_property
    def _means(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Export, PV and load by month and step of the day, (12 * H, ...); 0 where the year has none."""
        export, pv, load = (
            _means_of(values, self._month_and_slot, self._day) for values in (self.export_mw, self.pv_mw, self.load_mw)
        )
        return export, pv, load


def make_outlooks(
    profiles: Profiles,
    forecasts: Forecasts,
    sites: SiteFleet,
    has_pv: np.ndarray,
    demand_kwh: np.ndarray,
    kind: Kind = "calibrated",
    error_factor: float = 1.0,
) -> Outlooks:
    """Return what policies are told in a weather year.

    Parameters
    ----------
    profiles : Profiles
        Truth.
    forecasts : Forecasts
        The operator's, for the errors.
    sites : SiteFleet
    has_pv, demand_kwh : numpy.ndarray, (S,)
        PV and yearly demand of the sites as the member has them.
    kind : str
    error_factor : float
        Factor on the calibrated errors; 0 is a perfect forecast.

    Raises
    ------
    InputError
        Where the series have gaps or do not fit each other.
    """
    published = forecasts.published
    outlooks = Outlooks(
        index=profiles.index,
        export_mw=published.export_mw,
        pv_mw=_pv_of_groups(profiles, sites, sites.pv_dc_kw * has_pv),
        load_mw=profiles.site_demand_per_kwh
        @ _by_group(sites, sites.demand_shape, demand_kwh, len(sites.demand_shapes)),
        price_jpy_per_kwh=profiles.price_jpy_per_kwh.copy(),
        export_error_mw=published.export_error_mw,
        pv_error=published.pv_error,
        load_error=published.load_error,
        error_sizes=published.sizes,
        issue_steps=published.issue_steps,
        price_known_step=_step_at(published.price_known_hour, profiles.index),
    )
    raise_if_any(gap_problems(outlooks))
    return outlooks.told_as(kind, error_factor)


def given_outlooks(
    tables: Tables,
    index: pd.DatetimeIndex,
    export_mw: np.ndarray,
    pv_mw: np.ndarray,
    load_mw: np.ndarray,
    price_jpy_per_kwh: np.ndarray,
) -> Outlooks:
    """Return own forecasts as outlooks: told as they are, whatever the lead, as made at the decision.

    See `Outlooks` for shapes; prices beyond the auctions that are over are not told.

    Raises
    ------
    InputError
        With every gap, every series of another length and a time axis with holes.
    """
    steps = len(index)
    outlooks = Outlooks(
        index=index,
        export_mw=np.array(export_mw, dtype=float),
        pv_mw=np.array(pv_mw, dtype=float),
        load_mw=np.array(load_mw, dtype=float),
        price_jpy_per_kwh=np.array(price_jpy_per_kwh, dtype=float),
        export_error_mw=np.zeros((steps, 4)),
        pv_error=np.zeros(steps),
        load_error=np.zeros(steps),
        error_sizes=np.zeros((1, 4)),
        issue_steps=1,
        price_known_step=_step_at(tables.value("price_known_hour"), index),
        kind="perfect",
    )
    raise_if_any(gap_problems(outlooks))
    return outlooks


def _step_at(hour: float, index: pd.DatetimeIndex) -> int:
    """Return the step of the day that begins at an hour."""
    return round(hour * MINUTES_OF_HOUR / step_minutes(index))


def _setting_problems(kind: str, error_factor: float) -> list[Problem]:
    problems = []
    if kind not in get_args(Kind):
        problems.append(Problem("no such kind of forecast", "forecast", str(kind), ", ".join(get_args(Kind))))
    if not (np.isfinite(error_factor) and error_factor >= 0.0):
        problems.append(Problem("no factor", "forecast_error_factor", str(error_factor), "0 or more"))
    return problems


def _last_known(target: np.ndarray, end: int, day: int) -> np.ndarray:
    """Return `_day_repeated`, and the first step in place of those before it: series shorter than a day."""
    return target if target[-1] < end else np.maximum(_day_repeated(target, end, day), 0)


def _day_repeated(target: np.ndarray, end: int, day: int) -> np.ndarray:
    """Return `target` where it comes before `end`, else the same step of the last day before it."""
    days = np.maximum(-(-(target - end + 1) // day), 0)
    result: np.ndarray = target - day * days
    return result


def _means_of(values: np.ndarray, month_and_slot: np.ndarray, day: int) -> np.ndarray:
    kinds = MONTHS_OF_YEAR * day
    count = np.maximum(np.bincount(month_and_slot, minlength=kinds), 1)
    columns = values.reshape(len(values), -1).T
    means = np.stack([np.bincount(month_and_slot, column, kinds) for column in columns], axis=1) / count[:, None]
    return means.reshape(kinds, *values.shape[1:])


def _pv_of_groups(profiles: Profiles, sites: SiteFleet, pv_dc_kw: np.ndarray) -> np.ndarray:
    """Return (N, G) MW of PV, each site clipped at its inverter; sites of one ratio of AC to DC together."""
    ratio = np.divide(sites.pv_ac_kw, sites.pv_dc_kw, out=np.ones(len(pv_dc_kw)), where=sites.pv_dc_kw > 0.0)
    pv_mw = np.zeros((len(profiles.index), len(sites.groups)))
    for largest in np.unique(ratio):
        weights = _by_group(sites, sites.pv_shape, pv_dc_kw * (ratio == largest), len(sites.pv_shapes))
        pv_mw += np.minimum(profiles.site_pv_per_kw, largest) @ weights
    return pv_mw


def _by_group(sites: SiteFleet, shape: np.ndarray, amount: np.ndarray, shapes: int) -> np.ndarray:
    """Return (K, G) MW of each group per unit of each shape."""
    weights = np.zeros((shapes, len(sites.groups)))
    np.add.at(weights, (shape, sites.group), amount / KW_PER_MW)
    return weights
