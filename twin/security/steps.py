"""The steps of an analysis: their labels, and how long each is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd

from twin.core.clock import step_hours
from twin.core.errors import InputError, Problem, raise_if_any

_HOUR = pd.Timedelta(hours=1)


class Steps(NamedTuple):
    """Labels of the steps (times, where there are any), and the length of one in hours, NaN where it is not known."""

    labels: pd.Index | None
    hours: float


def steps_of(rows: int, own: pd.Index | None, index: object, hours: float | None) -> Steps:
    """Return the labels and the length of some steps.

    Parameters
    ----------
    rows : int
        Number of steps.
    own : pandas.Index or None
        Row labels that came with the profiles.
    index : pandas.Index or sequence, or None
        Labels that were given beside them.
    hours : float or None
        Length of a step; from the times without it.

    Raises
    ------
    InputError
        As `labels_of`; or times that are missing, do not ascend, or do not have the same distance; with `hours` only
        steps that overlap are refused.
    """
    if hours is not None and not (isinstance(hours, (int, float, np.number)) and 0.0 < hours < np.inf):
        raise InputError([Problem("not a length of time", "step_hours", repr(hours), "hours above 0")])
    labels = labels_of(rows, own, index)
    if not isinstance(labels, pd.DatetimeIndex):
        return Steps(labels, np.nan if hours is None else float(hours))
    raise_if_any(_wrong_times(labels, hours))
    return Steps(labels, _length(labels) if hours is None else float(hours))


def labels_of(rows: int, own: pd.Index | None, index: object) -> pd.Index | None:
    """Return the labels of some steps, periods as their starts; None where there are none.

    Raises
    ------
    InputError
        If the labels are not one a step, or are other ones than those of the profiles.
    """
    if index is not None and not isinstance(index, Iterable):
        raise InputError([Problem("no times", "index", repr(index), "a DatetimeIndex, or a label for each step")])
    given = None if index is None else pd.Index(index)
    labels = own if given is None else given
    if labels is not None and len(labels) != rows:
        raise InputError([Problem("one time per step is needed", "index", f"{len(labels)} times", f"{rows} times")])
    if given is not None and own is not None and not given.equals(own):
        at = int(np.argmax([a != b for a, b in zip(given, own, strict=True)]))
        repair = "leave index out, or give the profiles as arrays"
        what = "the times are not the row labels of the profiles"
        raise InputError([Problem(what, f"index, step {at}", str(given[at]), str(own[at]), repair)])
    return labels.to_timestamp() if isinstance(labels, pd.PeriodIndex) else labels


def _length(times: pd.DatetimeIndex) -> float:
    if len(times) > 1:
        return step_hours(times)
    step = None if times.freq is None else pd.Timedelta(times[0] + times.freq - times[0])
    return np.nan if step is None else step / _HOUR


def _wrong_times(times: pd.DatetimeIndex, step_hours: float | None) -> Iterator[Problem]:
    missing = np.flatnonzero(times.isna())
    if len(missing):
        yield Problem("a time is missing", f"index, step {missing[0]}", "NaT", "a time for every step",
                      f"{len(missing)} in all: fill them in")  # fmt: skip
        return
    if len(times) < 2:
        return
    hours = np.diff(times.asi8) / pd.Timedelta(1, "h").as_unit(times.unit).value
    at = int(np.argmax(hours <= 0.0))
    if hours[at] <= 0.0:
        yield Problem("the times do not ascend", f"index, step {at + 1}", f"{times[at + 1]} after {times[at]}",
                      "each time later than the one before", "sort the profiles by time")  # fmt: skip
    elif step_hours is None and not np.allclose(hours, hours[0], rtol=1e-9, atol=0.0):
        at = int(np.argmax(~np.isclose(hours, hours[0], rtol=1e-9, atol=0.0)))
        yield Problem("the times are not regular", f"index, step {at + 1}",
                      f"{hours[at]:g} h after {times[at]}; before it {hours[0]:g} h", "the same time between all steps",
                      "give step_hours where every step is that long, or analyse each stretch by itself")  # fmt: skip
    elif step_hours is not None and hours.min() < step_hours * (1.0 - 1e-9):
        at = int(np.argmin(hours))
        yield Problem("the steps overlap", f"index, step {at + 1}", f"{hours[at]:g} h after {times[at]}",
                      f"at least step_hours = {step_hours:g} h")  # fmt: skip
