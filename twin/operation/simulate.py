"""Run the members of a case in lock-step, window by window; the caller says what is kept of each half-hour."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import Protocol

import numpy as np
import pandas as pd

from twin.core.row_arrays import joined_rows
from twin.operation.case import Case
from twin.operation.record import Record
from twin.operation.state import State, initial_state
from twin.operation.window import Window

STRETCH_STEPS = 192
"""Records of this many steps are in memory at once."""


class Reduction(Protocol):
    """What is kept of a run: tables, or the series of some key figures."""

    def take(self, steps: range, record: Record) -> None:
        """Reduce the record of consecutive steps, (T, M), which is let go of afterwards."""

    def close_block(self, block: int, steps: range, state: State) -> None:
        """Finish a block, after which the members' state is `state`; a run can go on from here."""


def simulate(
    case: Case, reduction: Reduction, state: State | None = None, done: int = -1, window_steps: int | None = None
) -> Counter[str]:
    """Run the blocks of a case that are not done yet.

    Parameters
    ----------
    case : Case
    reduction : Reduction
        Takes the records, stretch by stretch.
    state : State, optional
        After block `done`; default: the state before the first step.
    done : int
        Last block that is done already, -1 for none.
    window_steps : int, optional
        Half-hours that are solved at once as far as nobody looks; a day where not given. It changes no result.

    Returns
    -------
    collections.Counter
        How the work went: half-hours of members, how many of them were solved again because something had moved, how
        often the grid was solved, and windows.
    """
    state, counts = initial_state(case) if state is None else state, Counter[str]()
    window_steps = min(window_steps or case.clock.steps_of_day, case.clock.steps_of_day)
    for block, steps in enumerate(month_blocks(case.index)):
        if block <= done:
            continue
        for start in range(steps.start, steps.stop, STRETCH_STEPS):
            stretch = range(start, min(start + STRETCH_STEPS, steps.stop))
            records = []
            for t in stretch[::window_steps]:
                window = Window(case, state, t)
                records.append(window.run(min(t + window_steps, stretch.stop)))
                state = window.state
                counts.update(window.counts)
            reduction.take(stretch, joined_rows(records))
        reduction.close_block(block, steps, state)
    return counts


def month_blocks(index: pd.DatetimeIndex) -> list[range]:
    """Return the steps of each calendar month; they do not depend on where a run begins or how many workers it has."""
    month = index.year.to_numpy() * 12 + index.month.to_numpy()
    starts = [0, *(np.flatnonzero(np.diff(month)) + 1), len(index)]
    return [range(int(a), int(b)) for a, b in pairwise(starts)]
