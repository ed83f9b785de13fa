"""Unplanned outages of turbines and inverter blocks as two-state processes."""

from __future__ import annotations

import numpy as np
import pandas as pd

from twin.clock import step_hours
from twin.profiles.tables import parameter
from twin.randomness import stream


def is_down(rng: np.random.Generator, hours: np.ndarray, availability: float, repair_hours: float) -> np.ndarray:
    """Return in which steps one unit is out of order.

    Times between failures and of repair are exponential; the state at the first step is drawn from the long-run
    shares, so that the expected share of down time is ``1 - availability`` everywhere.

    Parameters
    ----------
    rng : numpy.random.Generator
        The unit's stream.
    hours : numpy.ndarray
        (T,) starts of the steps, from 0.
    availability : float
        Above 0 and at most 1.
    repair_hours : float
        Mean time to repair.

    Returns
    -------
    numpy.ndarray
        (T,) bool.
    """
    if availability >= 1:
        return np.zeros(len(hours), dtype=bool)
    up_hours = repair_hours * availability / (1 - availability)
    starts_down = bool(rng.random() >= availability)
    changes = []
    time, down = 0.0, starts_down
    while time <= hours[-1]:
        time += rng.exponential(repair_hours if down else up_hours)
        changes.append(time)
        down = not down
    changed = np.searchsorted(np.array(changes), hours, side="right") % 2 == 1
    return changed ^ starts_down


def down_share(index: pd.DatetimeIndex, plant: pd.Series, *, seed: int, weather_year: int) -> np.ndarray:
    """Return the share of a plant's units that is out of order.

    Parameters
    ----------
    index : pandas.DatetimeIndex
        (T,).
    plant : pandas.Series
        Row of `GridModel.plants`; wind and tidal fail by unit, PV by inverter block.
    seed, weather_year : int
        Key of the random stream, with plant and unit.

    Returns
    -------
    numpy.ndarray
        (T,) 0..1.
    """
    hours = np.arange(len(index)) * step_hours(index)
    repair = parameter(f"repair_hours_{plant['kind']}")
    count = _units(plant)
    down = np.zeros(len(index))
    for unit in range(count):
        rng = stream(seed, "outage", weather_year, f"{plant.name}/{unit + 1}")
        down += is_down(rng, hours, plant["availability"], repair)
    return down / count


def _units(plant: pd.Series) -> int:
    if plant["kind"] == "pv":
        return max(1, round(plant["contract_mw"] / parameter("pv_block_mw")))
    return int(plant["units"])
