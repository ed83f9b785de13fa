"""Run the members of a case in lock-step, block by block, and leave their tables behind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, partial
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from pandapower import pandapowerNet

from twin.metrics.device_tables import battery_tables, outage_tables
from twin.metrics.sample_check import check_records, frozen_net
from twin.metrics.store import finish, is_finished, last_checkpoint, load_checkpoint, save_checkpoint, write_part
from twin.metrics.tables import member_tables, stack, twin_tables
from twin.operation.all_outages import AnalysisOf, States, assess_states, joined, outage_analysis, states_of
from twin.operation.case import Case
from twin.operation.half_hour import step
from twin.operation.record import Record
from twin.operation.state import State, initial_state
from twin.policies.running import recalled, remembered

STRETCH_STEPS = 96
POLICY = "policy"
"""Name under which a checkpoint holds what a member's policy remembers."""

NetOf = Callable[[int], pandapowerNet]
"""Gives the frozen net of a grid variant, each made once."""


def simulate(case: Case, folders: Sequence[Path], checked: Sequence[np.ndarray]) -> None:
    """Run all half-hours of a case; a run that was killed goes on after the last block that all its members have.

    Parameters
    ----------
    case : Case
    folders : sequence of pathlib.Path
        Results folder of each member.
    checked : sequence of numpy.ndarray
        Steps of each member that are checked against pandapower.
    """
    if all(is_finished(folder) for folder in folders):
        return
    done = min(last_checkpoint(folder) for folder in folders)
    state = initial_state(case) if done < 0 else _load(folders, done)
    net_of, analysis_of = cache(partial(frozen_net, case)), cache(partial(outage_analysis, case))
    for block, steps in enumerate(month_blocks(case.index)):
        if block <= done:
            continue
        state, tables = _run_block(case, checked, net_of, analysis_of, steps, state)
        for folder, of_member in zip(folders, tables, strict=True):
            write_part(folder, block, of_member)
        for m, folder in enumerate(folders):
            arrays = {name: values[m] for name, values in state.arrays().items()}
            save_checkpoint(folder, block, arrays | {POLICY: remembered(state.policies[m], case.members[m].name)})
    for folder in folders:
        finish(folder)


def month_blocks(index: pd.DatetimeIndex) -> list[range]:
    """Return the steps of each calendar month; they do not depend on where a run begins or how many workers it has."""
    month = index.year.to_numpy() * 12 + index.month.to_numpy()
    starts = [0, *(np.flatnonzero(np.diff(month)) + 1), len(index)]
    return [range(int(a), int(b)) for a, b in pairwise(starts)]


def _run_block(
    case: Case, checked: Sequence[np.ndarray], net_of: NetOf, analysis_of: AnalysisOf, steps: range, state: State
) -> tuple[State, list[dict[str, pa.Table]]]:
    """Run a block in stretches, so that memory holds the records of one stretch and the tables of one block."""
    recorded = list(case.recorded)
    stretches: list[list[dict[str, pa.Table]]] = []
    states: list[States] = []
    for start in range(steps.start, steps.stop, STRETCH_STEPS):
        stretch = range(start, min(start + STRETCH_STEPS, steps.stop))
        records = []
        for t in stretch:
            state, record = step(case, state, t)
            records.append(record)
        stretches.append(_tables(case, checked, net_of, recorded, stretch, records))
        states.append(states_of(case, records, recorded))
    tables = [_joined([tables[m] for tables in stretches]) for m in range(len(case.members))]
    index = case.index[steps.start : steps.stop]
    if steps.stop == len(case.index):
        for m in recorded:
            tables[m] |= battery_tables(case, state, m)
    for m, found in zip(recorded, assess_states(case, analysis_of, joined(states), steps.start), strict=True):
        tables[m] |= outage_tables(found, index)
    return state, tables


def _tables(
    case: Case,
    checked: Sequence[np.ndarray],
    net_of: NetOf,
    recorded: list[int],
    steps: range,
    records: list[Record],
) -> list[dict[str, pa.Table]]:
    """Return the tables of each member."""
    stacked = stack(steps.start, records, recorded)
    by_step = dict(zip(steps, records, strict=True))
    tables = twin_tables(case, steps.start, records)
    for m in recorded:
        tables[m] = member_tables(case, stacked, m)
        tables[m]["sample_check"] = check_records(
            case, m, [int(t) for t in checked[m] if t in by_step], by_step, net_of
        )
    return [tables[m] for m in range(len(case.members))]


def _joined(parts: list[dict[str, pa.Table]]) -> dict[str, pa.Table]:
    return {name: pa.concat_tables([part[name] for part in parts]).unify_dictionaries() for name in parts[0]}


def _load(folders: Sequence[Path], block: int) -> State:
    members = [load_checkpoint(folder, block) for folder in folders]
    policies = [recalled(member.pop(POLICY)) for member in members]
    return State.from_arrays({name: np.stack([member[name] for member in members]) for name in members[0]}, policies)
