"""Which offline plants are called for the balance of the area: whole days, in rotation."""

from __future__ import annotations

import numpy as np
import pandas as pd

from twin.profiles.calendar import day_number
from twin.profiles.tables import parameter
from twin.randomness import stream


def offline_calls(index: pd.DatetimeIndex, pv_share: np.ndarray, pv_mw: np.ndarray, plants: pd.DataFrame, *, seed: int,
                  weather_year: int) -> np.ndarray:  # fmt: skip
    """Return when each offline plant is called: for the whole window (8-16 h) of a day, in rotation.

    A plant's calls are the whole steps of the running sum of the day's cut share, from a start drawn per plant: over
    many plants as much energy is cut as online control would have cut on the day.

    Parameters
    ----------
    index : pandas.DatetimeIndex
        (T,).
    pv_share : numpy.ndarray
        (T,) from `cut_share`, or measured.
    pv_mw : numpy.ndarray
        (T,) controllable PV output, the weight of a day's share.
    plants : pandas.DataFrame
        `GridModel.plants`.
    seed, weather_year : int
        Key of each plant's start.

    Returns
    -------
    numpy.ndarray
        (T, P) bool.
    """
    hour = index.hour.to_numpy()
    in_window = (hour >= parameter("offline_first_hour")) & (hour < parameter("offline_last_hour"))
    day = day_number(index)
    ordered = np.bincount(day, pv_share * pv_mw)
    in_reach = np.bincount(day, np.where(in_window, pv_mw, 0.0))
    running = np.cumsum(np.divide(ordered, in_reach, out=np.zeros_like(ordered), where=in_reach > 0))
    called = np.zeros((len(index), len(plants)), dtype=bool)
    for column, (plant, control) in enumerate(plants["area_control"].items()):
        if control == "offline":
            start = stream(seed, "offline rotation", weather_year, str(plant)).random()
            steps = np.diff(np.floor(running + start), prepend=np.floor(start))
            called[:, column] = (steps[day] > 0) & in_window
    return called
