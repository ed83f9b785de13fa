"""N-1 over all outages, month by month: beside the loop in the same process, or in another one that follows it.

Nothing of it is fed back into the loop. So another process may judge a month's states while the loop runs the next
month: the loop leaves them in files, and the follower takes them away, adds its tables and closes the month.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from twin.metrics.device_tables import outage_loadings, outage_tables
from twin.metrics.store import STATES, close_block, finish, write_arrays, write_part
from twin.operation.case import Case
from twin.operation.injections import Injections
from twin.operation.outages.all_outages import States, assess_states, worst_loadings
from twin.operation.outages.points import OutageAnalyses
from twin.operation.simulate import month_blocks

LOOK_EVERY_SECONDS = 0.02
_END = "end"
"""Name of the file that says that no more states come."""


def tables_of_outages(
    case: Case, analyses: OutageAnalyses, states: States, steps: range
) -> dict[int, dict[str, pa.Table]]:
    """Judge the states of a month and return the tables of each recorded member.

    Parameters
    ----------
    case : Case
    analyses : OutageAnalyses
    states : States
        Of all recorded members.
    steps : range
        Of the month.
    """
    recorded = list(case.recorded)
    judged = assess_states(case, analyses, states, recorded, steps)
    worst = worst_loadings(analyses, states, judged, recorded)
    return {
        m: outage_tables(found, case.index[steps.start : steps.stop])
        | {"outage_loadings": outage_loadings(loadings, case.index)}
        for m, found, loadings in zip(recorded, judged, worst, strict=True)
    }


def leave_states(place: Path, block: int, analyses: OutageAnalyses, states: States) -> None:
    """Leave the states of a month for the follower; they are there as a whole or not at all."""
    used, at = np.unique(states.injections.variant, return_inverse=True)
    networks, positions = zip(*(analyses.key(variant) for variant in used.tolist()), strict=True)
    arrays = {"step": states.step, "networks": np.array(networks), "positions": np.array(positions)}
    write_arrays(place / STATES / f"{block:03d}.npz", arrays | vars(replace(states.injections, variant=at)))


def leave_end(place: Path) -> None:
    """Tell the follower that no more states come."""
    (place / STATES).mkdir(parents=True, exist_ok=True)
    (place / STATES / _END).touch()


def follow(case: Case, folders: Sequence[Path]) -> None:
    """Judge the months that a loop leaves until its end, and finish its members.

    Parameters
    ----------
    case : Case
        As the loop has it.
    folders : sequence of pathlib.Path
        Results folder of each member; the states are left in the first one.
    """
    analyses, place, blocks = OutageAnalyses(case), folders[0] / STATES, month_blocks(case.index)
    while True:
        has_ended = (place / _END).exists()  # looked at first: what was left before it is there
        left = sorted(place.glob("*.npz"))
        for path in left:
            block = int(path.stem)
            for m, tables in tables_of_outages(case, analyses, _states(case, path), blocks[block]).items():
                write_part(folders[m], block, tables)
            for folder in folders:
                close_block(folder, block)
            path.unlink()
        if has_ended and not left:
            break
        if not left:
            time.sleep(LOOK_EVERY_SECONDS)
    for folder in folders:
        finish(folder)


def _states(case: Case, path: Path) -> States:
    """Return what the loop has left; the variants are numbered as in this process."""
    with np.load(path, allow_pickle=False) as file:
        arrays = dict(file)
    variant = case.grid.variants_at(arrays["networks"], arrays["positions"])
    injections = Injections(**{one.name: arrays[one.name] for one in fields(Injections)})
    return States(arrays["step"], replace(injections, variant=variant[injections.variant]))
