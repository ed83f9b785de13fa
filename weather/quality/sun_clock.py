"""Does the file's clock agree with the sun? Shifted clocks and clocks with daylight saving."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from twin.core.errors import Problem
from weather.sun import Sun

DAYS_FOR_CLOCK = 20
FEWEST_DAYS = 2
LIT_W_PER_M2 = 5.0
"""With more an interval counts as day, in the file and under a clear sky."""

CLOCK_TOLERANCE_HOURS = 0.35
SAVING_TOLERANCE_HOURS = 0.6
"""Between this and an hour and a half the clock of the summer is taken as daylight saving."""

SUMMER_MONTHS, WINTER_MONTHS = (5, 6, 7, 8, 9), (11, 12, 1, 2)
"""Months that have and months that have not daylight saving in every country north of the equator that has it."""

CHANGE_MONTHS, CHANGE_HOURS = (3, 4, 9, 10, 11), range(5)
SUNDAY = 6
SAVING_REPAIR = "give the times with their UTC offset, or convert them to a zone that has no daylight saving"


LABEL_TOLERANCE_HOURS = 0.3
FAR_HOURS = 3.0
FITTING_SHARE = 0.8
"""Daylight that covers less of the sun's own than this share of the best cover is hours off."""


@dataclass(frozen=True)
class Label:
    """What the times of a file mark: ``start``, ``centre`` or ``end`` of intervals of some hours.

    Attributes
    ----------
    name : str
    interval_hours : float
    share_by_name : mapping of str to float
        Where in the interval each label stands.
    """

    name: str
    interval_hours: float
    share_by_name: Mapping[str, float]

    def fitting(self, offset_hours: float) -> str:
        """Return the label with which a sun that is `offset_hours` late would stand right, empty if there is none."""
        for name, share in self.share_by_name.items():
            moved = (self.share_by_name[self.name] - share) * self.interval_hours
            if name != self.name and abs(offset_hours + moved) < LABEL_TOLERANCE_HOURS * min(self.interval_hours, 1.0):
                return name
        return ""


def clock_problems(
    frame: pd.DataFrame, sun: Sun, index: pd.DatetimeIndex, where: str, label: Label | None = None
) -> list[Problem]:
    """Return a problem if the sun of the file stands elsewhere than the sun of the place.

    The highest irradiance of each month and time of day draws the clear days; the phase of its daily cycle is compared
    with that of the clear sky, over the year and apart for summer and winter.

    Parameters
    ----------
    frame : pandas.DataFrame
        Column ``ghi``, may have NaN.
    sun : Sun
    index : pandas.DatetimeIndex
    where : str
    label : Label, optional
        What the times of the file mark: another label that fits the sun is proposed.

    Returns
    -------
    list of Problem
    """
    ghi = frame["ghi"].to_numpy()
    offset = clock_offset_hours(ghi, sun, index)
    if np.isnan(offset):
        offset = daylight_offset_hours(ghi, sun, index)
    summer, winter = (clock_offset_hours(ghi, sun, index, months) for months in (SUMMER_MONTHS, WINTER_MONTHS))
    noon = _phase_hours(sun.clear_sky, index)
    accepted = f"about {_clock(noon)} {index.tz} time"
    if SAVING_TOLERANCE_HOURS <= summer - winter <= 1.5:
        seen = f"sun highest {summer:+.1f} h off in May to September, {winter:+.1f} h in November to February"
        what = "a clock with daylight saving"
        return [Problem(what, f"{where}, ghi", seen, f"{accepted} in every month", SAVING_REPAIR)]
    if not abs(offset) > CLOCK_TOLERANCE_HOURS:
        return []
    seen = f"sun highest at {_clock((noon + offset) % 24.0)}, {offset:+.1f} h off"
    repair = "check the time zone, daylight saving, and whether a time is the start or the end of its interval"
    fitting = label.fitting(offset) if label else ""
    if label and fitting:
        repair = (
            f"the sun fits if a time marks the {fitting} of its interval, not the {label.name}: "
            f'state label = "{fitting}" in the study, --label {fitting} on the command line; else {repair}'
        )
    return [Problem("shifted clock", f"{where}, ghi", seen, accepted, repair)]


def clock_offset_hours(ghi: np.ndarray, sun: Sun, index: pd.DatetimeIndex, months: tuple[int, ...] = ()) -> float:
    """Return by how many hours the sun of the file is later than the sun of the place.

    Parameters
    ----------
    ghi : numpy.ndarray
        W/m2, may have NaN.
    sun : Sun
    index : pandas.DatetimeIndex
        Intervals of `ghi` and `sun`.
    months : tuple of int, optional
        Only these months; by default all.

    Returns
    -------
    float
        -12 to 12; NaN where there are less than `DAYS_FOR_CLOCK` days with sun.
    """
    counts = index.month.isin(months) if months else np.ones(len(index), dtype=bool)
    lit = counts & (np.nan_to_num(ghi) > 0.0)
    if len(index[lit].normalize().unique()) < DAYS_FOR_CLOCK:
        return float("nan")
    own, true = _phase_hours(ghi[counts], index[counts]), _phase_hours(sun.clear_sky[counts], index[counts])
    return (own - true + 12.0) % 24.0 - 12.0


def daylight_offset_hours(ghi: np.ndarray, sun: Sun, index: pd.DatetimeIndex) -> float:
    """Return by how many hours daylight begins and ends late in a file of a few days, by the median day.

    Clouds and mountains make the day shorter at one end or both; only what both ends are late or early together is a
    clock. Less than a step of the file cannot be told.

    Parameters
    ----------
    ghi : numpy.ndarray
        W/m2, may have NaN.
    sun : Sun
    index : pandas.DatetimeIndex
        Intervals of `ghi` and `sun`.

    Returns
    -------
    float
        NaN where there are fewer than two whole days with sun.
    """
    step_hours = (index[1] - index[0]) / pd.Timedelta(hours=1) if len(index) > 1 else 24.0
    of_day = round(24.0 / step_hours)
    start = int(np.flatnonzero(np.asarray(index == index.normalize()))[:1].sum()) if len(index) else 0
    days = (len(index) - start) // of_day
    own, true = (
        values[start : start + days * of_day].reshape(days, of_day) > LIT_W_PER_M2 for values in (ghi, sun.clear_sky)
    )
    whole = np.isfinite(ghi[start : start + days * of_day]).reshape(days, of_day).all(axis=1)
    whole &= own.any(axis=1) & true.any(axis=1)
    if whole.sum() < FEWEST_DAYS:
        return float("nan")
    far = _far_shift(own[whole].mean(axis=0), true[whole].mean(axis=0)) * step_hours
    if abs(far) > FAR_HOURS:
        return far
    begin = np.median(own[whole].argmax(axis=1) - true[whole].argmax(axis=1))
    end = np.median(true[whole, ::-1].argmax(axis=1) - own[whole, ::-1].argmax(axis=1))
    return float(np.sign(begin) * min(abs(begin), abs(end)) * step_hours) if begin * end > 0 else 0.0


def _far_shift(own: np.ndarray, true: np.ndarray) -> int:
    """Return by how many steps the daily course of daylight fits best, 0 unless it fits far better than as it is."""
    fits = np.array([float(own @ np.roll(true, shift)) for shift in range(len(true))])
    best = int(fits.argmax())
    is_far_better = fits[0] < FITTING_SHARE * fits[best]
    return ((best + len(true) // 2) % len(true) - len(true) // 2) if is_far_better else 0


def is_change_of_clocks(times: pd.DatetimeIndex, interval: pd.Timedelta) -> bool:
    """Return whether doubled or missing times have just one hour on a night to Sunday in spring or autumn."""
    at_night = times[(times.dayofweek == SUNDAY) & times.month.isin(CHANGE_MONTHS) & times.hour.isin(CHANGE_HOURS)]
    an_hour = int(pd.Timedelta(hours=1) / interval)
    return any((times.normalize() == day).sum() == an_hour for day in at_night.normalize().unique())


def _phase_hours(irradiance: np.ndarray, index: pd.DatetimeIndex) -> float:
    """Return the hour of day of the first harmonic's peak in the monthly upper envelope."""
    hour = ((index - index.normalize()) / pd.Timedelta(hours=1)).to_numpy() + (index[1] - index[0]).seconds / 7200.0
    envelope = pd.Series(irradiance).groupby([index.month.to_numpy(), hour]).max().fillna(0.0)
    angle = 2.0 * np.pi * envelope.index.get_level_values(1).to_numpy() / 24.0
    vector = (envelope.to_numpy() * np.exp(1j * angle)).sum()
    return float(np.angle(vector) * 24.0 / (2.0 * np.pi) % 24.0)


def _clock(hour: float) -> str:
    minutes = round(hour * 60.0) % 1440
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
