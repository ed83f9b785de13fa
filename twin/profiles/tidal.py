"""Output of a tidal turbine from two tidal constituents."""

from __future__ import annotations

import numpy as np
import pandas as pd

from twin.clock import step_hours
from twin.profiles.tables import parameter

M2_PERIOD_HOURS = 12.4206012
"""Principal lunar semidiurnal tide."""

S2_PERIOD_HOURS = 12.0
"""Principal solar semidiurnal tide."""

EPOCH = pd.Timestamp("2000-01-06 18:14", tz="UTC")
"""A new moon: both constituents are taken in phase then; the local lag is not known."""


def current_speed(index: pd.DatetimeIndex) -> np.ndarray:
    """Return the current in m/s at mid-interval, flood positive; (T,)."""
    middle = index + pd.Timedelta(hours=step_hours(index) / 2)
    hours = ((middle - EPOCH) / pd.Timedelta(hours=1)).to_numpy()
    lunar = parameter("tidal_m2_speed") * np.cos(2 * np.pi * hours / M2_PERIOD_HOURS)
    return lunar + parameter("tidal_s2_speed") * np.cos(2 * np.pi * hours / S2_PERIOD_HOURS)


def tidal_per_unit(index: pd.DatetimeIndex) -> np.ndarray:
    """Return output per unit of contract: the cube of the speed up to rated speed, none below cut-in; (T,) 0..1."""
    speed = np.abs(current_speed(index))
    output = np.minimum((speed / parameter("tidal_rated_speed")) ** 3, 1.0)
    return np.where(speed < parameter("tidal_cut_in_speed"), 0.0, output)
