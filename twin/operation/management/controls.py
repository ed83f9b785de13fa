"""Taps and reactors between steps: a band that must be left for some time, and few steps at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from twin.network.variants.flow import Flow

if TYPE_CHECKING:
    from twin.operation.case import Case


def next_positions(
    case: Case, positions: np.ndarray, outside_steps: np.ndarray, flow: Flow, member: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return where taps and reactors stand in the next step of time, decided from the flow of this one.

    A quantity that has been outside its band for the delay moves its control towards the band by as many steps as its
    distance from the band is worth, at most `most_steps`, within the range. An unsolved step decides nothing.

    Parameters
    ----------
    case : Case
    positions : numpy.ndarray, (R, C) int
        In this step of time.
    outside_steps : numpy.ndarray, (R, C) int
        For how many steps of time the quantity had been outside before this one: positive above, negative below.
    flow : Flow
    member : numpy.ndarray, (R,) int, optional
        Whose they are; one row for each member where not given.

    Returns
    -------
    positions, outside_steps : numpy.ndarray, (R, C) int
        For the next step of time.
    """
    bands = case.bands if member is None else case.bands.rows(member)
    if not positions.shape[1]:
        return positions, outside_steps
    measured = _measured(case, flow)
    above, below = measured - bands.high, bands.low - measured
    side = (above > 0.0).astype(np.int64) - (below > 0.0)
    if not (side.any() or outside_steps.any()):
        return positions, outside_steps
    outside = np.where(side == np.sign(outside_steps), outside_steps + side, side)
    due = np.abs(outside) >= np.maximum(bands.delay, 1)
    solved = flow.solved[:, None]
    beyond = np.where(solved, np.maximum(above, below), 0.0)
    steps = np.ceil(beyond / np.abs(bands.effect)).astype(np.int64)
    move = -side * np.sign(bands.effect).astype(np.int64) * np.minimum(steps, bands.most_steps) * due
    moved = np.clip(positions + move, bands.lowest, bands.highest)
    outside = np.where(moved == positions, np.clip(outside, -bands.delay, bands.delay), 0)
    return np.where(solved, moved, positions), np.where(solved, outside, outside_steps)


def within_bands(case: Case, member: np.ndarray, flow: Flow) -> bool:
    """Return whether nothing is outside its band in any of some half-hours of some members."""
    measured = _measured(case, flow)
    return not ((measured > case.bands.high[member]) | (measured < case.bands.low[member])).any()


def _measured(case: Case, flow: Flow) -> np.ndarray:
    """Return the voltage that the tap changer holds and the compensator's output, (R, C)."""
    columns = []
    if case.bands.tap_column is not None:
        columns.append(np.abs(flow.v[:, case.grid.tap_at]))
    if case.bands.reactors_column is not None:
        columns.append(flow.q_svc_pu * case.base_mva)
    return np.stack(columns, axis=1)
