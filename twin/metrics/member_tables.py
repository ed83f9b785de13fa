"""The tables of a run: made stretch by stretch, kept in memory or written into the folders of the members."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache, partial
from pathlib import Path

import numpy as np
import pyarrow as pa
from pandapower import pandapowerNet

from twin.core.row_arrays import joined_rows
from twin.metrics.device_tables import battery_tables
from twin.metrics.half_hours import block_of
from twin.metrics.outages_aside import leave_end, leave_states, tables_of_outages
from twin.metrics.sample_check import check_records, frozen_net
from twin.metrics.store import (
    close_block,
    finish,
    forget_after,
    kept,
    load_checkpoint,
    save_checkpoint,
    tidy,
    write_part,
)
from twin.metrics.tables import member_tables, twin_tables
from twin.operation.case import Case, of_members
from twin.operation.outages.all_outages import States, states_of
from twin.operation.outages.points import OutageAnalyses
from twin.operation.record import Record
from twin.operation.simulate import simulate
from twin.operation.state import State, initial_state
from twin.policies.running.memory import recalled, remembered

logger = logging.getLogger(__name__)

Tables = dict[str, pa.Table]


class TablesInMemory:
    """Keeps the tables of the half-hours of all members, without the outages after the loop.

    Parameters
    ----------
    case : Case
    """

    def __init__(self, case: Case) -> None:
        self.case = case
        self._stretches: list[list[Tables]] = []

    def take(self, steps: range, record: Record) -> None:
        """Make the tables of a stretch."""
        stacked = block_of(steps.start, record)
        self._stretches.append([member_tables(self.case, stacked, m) for m in range(len(self.case.members))])

    def close_block(self, block: int, steps: range, state: State) -> None:
        """Do nothing: all blocks are one table."""

    def tables(self) -> list[Tables]:
        """Return the tables of each member."""
        return [_joined([tables[m] for tables in self._stretches]) for m in range(len(self.case.members))]


class TableFiles:
    """Writes the tables of each block into the members' folders, with a checkpoint behind it.

    Parameters
    ----------
    case : Case
    folders : sequence of pathlib.Path
        Results folder of each member.
    checked : sequence of numpy.ndarray
        Steps of each member that are checked against pandapower.
    outages_aside : bool
        Leave the outages, and with them the end of each block, to a process that follows.
    """

    def __init__(
        self, case: Case, folders: Sequence[Path], checked: Sequence[np.ndarray], outages_aside: bool = False
    ) -> None:
        self.case, self.folders, self.checked = case, folders, checked
        self.outages_aside = outages_aside
        self._recorded = list(case.recorded)
        self._net_of: Callable[[int], pandapowerNet] = cache(partial(frozen_net, case))
        self._analyses = OutageAnalyses(case)
        self._stretches: list[list[Tables]] = []
        self._states: list[States] = []

    def take(self, steps: range, record: Record) -> None:
        """Make the tables of a stretch and keep its final states, which are judged at the end of the block."""
        stacked = block_of(steps.start, record, self._recorded)
        tables = twin_tables(self.case, steps.start, record)
        for m in self._recorded:
            tables[m] = member_tables(self.case, stacked, m)
            asked = {int(t): record.at(int(t) - steps.start) for t in self.checked[m] if t in steps}
            tables[m]["sample_check"] = check_records(self.case, m, asked, self._net_of)
        self._stretches.append([tables[m] for m in range(len(self.case.members))])
        if self.case.judges_outages:
            self._states.append(states_of(record, self._recorded, steps.start))

    def close_block(self, block: int, steps: range, state: State) -> None:
        """Write the tables of a block, N-1 over all outages and, after the last one, the batteries of the sites."""
        case = self.case
        tables = [_joined([tables[m] for tables in self._stretches]) for m in range(len(case.members))]
        if steps.stop == len(case.index):
            for m in self._recorded:
                tables[m] |= battery_tables(case, state, m)
        states, self._stretches, self._states = joined_rows(self._states) if self._states else None, [], []
        if states is not None and not self.outages_aside:
            for m, of_member in tables_of_outages(case, self._analyses, states, steps).items():
                tables[m] |= of_member
        for folder, of_member in zip(self.folders, tables, strict=True):
            write_part(folder, block, of_member)
        for m, (folder, member) in enumerate(zip(self.folders, case.members, strict=True)):
            arrays = {name: values[m] for name, values in state.arrays().items()}
            save_checkpoint(folder, block, arrays | remembered(state.policies[m], member.policy, member.name))
        if states is not None and self.outages_aside:
            leave_states(self.folders[0], block, self._analyses, states)
        else:
            for folder in self.folders:
                close_block(folder, block)


def write_member_tables(
    case: Case,
    folders: Sequence[Path],
    checked: Sequence[np.ndarray],
    window_steps: int | None = None,
    outages_aside: bool = False,
) -> Counter[str]:
    """Run a case and write its tables; what an interrupted run has left and is undamaged is not made again.

    Parameters
    ----------
    case : Case
    folders : sequence of pathlib.Path
        Results folder of each member.
    checked : sequence of numpy.ndarray
        Steps of each member that are checked against pandapower.
    window_steps : int, optional
        See `twin.operation.simulate.simulate`.
    outages_aside : bool
        Leave the outages to a process that follows with `twin.metrics.outages_aside.follow`.

    Returns
    -------
    collections.Counter
        How the work went, see there; empty where nothing was left to do.
    """
    found = [kept(folder) for folder in folders]
    for folder, of_member in zip(folders, found, strict=True):
        if of_member.is_finished:
            tidy(folder)
    left = [m for m, of_member in enumerate(found) if not of_member.is_finished]
    if not left:
        return Counter()
    case, folders, checked = of_members(case, left), [folders[m] for m in left], [checked[m] for m in left]
    done = min(found[m].done for m in left)
    state = _state_after(case, folders, done) if done >= 0 else None
    done = -1 if state is None else done
    for folder in folders:
        forget_after(folder, done)
    counts = simulate(case, TableFiles(case, folders, checked, outages_aside), state, done, window_steps)
    if outages_aside:
        leave_end(folders[0])
    else:
        for folder in folders:
            finish(folder)
    return counts


def _joined(parts: list[Tables]) -> Tables:
    return {name: pa.concat_tables([part[name] for part in parts]).unify_dictionaries() for name in parts[0]}


def _state_after(case: Case, folders: Sequence[Path], block: int) -> State | None:
    """Return the members' state after a block; None, with a message, where a checkpoint is not of this case."""
    fresh = initial_state(case).arrays()
    members, policies = [], []
    for m, folder in enumerate(folders):
        try:
            saved = load_checkpoint(folder, block)
            policies.append(recalled(saved, case.members[m].policy))
            members.append({name: _like(saved[name], first[m]) for name, first in fresh.items()})
        except (KeyError, ValueError) as error:
            logger.warning("%s: the checkpoint is not of this member (%s); it is run from the start", folder, error)
            return None
    return State.from_arrays({name: np.stack([member[name] for member in members]) for name in fresh}, policies)


def _like(saved: np.ndarray, fresh: np.ndarray) -> np.ndarray:
    if (saved.shape, saved.dtype) != (fresh.shape, fresh.dtype):
        raise ValueError(f"{saved.dtype} {saved.shape} in place of {fresh.dtype} {fresh.shape}")
    return saved
