"""Output of a tidal turbine from the harmonic constituents of the current."""

from __future__ import annotations

import numpy as np
import pandas as pd

from twin.core.clock import step_hours
from twin.core.tables import Tables

HOURS_PER_CENTURY = 876600.0

MEAN_LONGITUDES = {
    "moon": (218.3164477, 481267.88123421),
    "sun": (280.46646, 36000.76983),
    "perigee": (83.3532465, 4069.0137287),
}
"""Degrees at J2000.0 and degrees per Julian century (Meeus, Astronomical Algorithms, 1998, chapters 25 and 47)."""


def current_speed(tables: Tables, index: pd.DatetimeIndex) -> np.ndarray:
    """Return the current in m/s at mid-interval, flood positive, ebb negative; (T,).

    The sum of the constituents of ``tidal_constituents.csv``; when all are in phase it reaches ``tidal_peak_speed``.
    Changes over the 18.6 years of the lunar nodes (4 % of M2) are left out.
    """
    rows = tables["tidal_constituents"]
    share = rows["ratio_to_m2"].to_numpy() / rows["ratio_to_m2"].sum()
    middle = index + pd.Timedelta(hours=step_hours(index) / 2)
    phase = arguments(tables, middle) - rows["lag_degrees"].to_numpy(float)
    result: np.ndarray = tables.value("tidal_peak_speed") * np.cos(np.radians(phase)) @ share
    return result


def arguments(tables: Tables, times: pd.DatetimeIndex) -> np.ndarray:
    """Return the astronomical argument of each constituent at Greenwich.

    Parameters
    ----------
    tables : Tables
    times : pandas.DatetimeIndex
        (T,) instants, tz-aware.

    Returns
    -------
    numpy.ndarray
        (T, C) degrees, C rows of ``tidal_constituents.csv``: Doodson's multiples of the mean sun's hour angle (from
        midnight) and of the mean longitudes of the moon, the sun and the lunar perigee.
    """
    hours = ((times - pd.Timestamp("2000-01-01 12:00", tz="UTC")) / pd.Timedelta(hours=1)).to_numpy()
    columns = [15.0 * (hours + 12.0)]
    for start, per_century in MEAN_LONGITUDES.values():
        columns.append(start + per_century * hours / HOURS_PER_CENTURY)
    rows = tables["tidal_constituents"]
    multiples = rows[["per_hour_angle", "per_moon", "per_sun", "per_perigee"]].to_numpy(float)
    result: np.ndarray = np.stack(columns, axis=1) @ multiples.T + rows["offset_degrees"].to_numpy(float)
    return result


def tidal_per_unit(tables: Tables, index: pd.DatetimeIndex) -> np.ndarray:
    """Return output per unit of contract; (T,) 0..1.

    The cube of the speed up to rated speed, none below cut-in; the turbine turns with the current, so that ebb and
    flood give the same.
    """
    speed = np.abs(current_speed(tables, index))
    output = np.minimum((speed / tables.value("tidal_rated_speed")) ** 3, 1.0)
    return np.where(speed < tables.value("tidal_cut_in_speed"), 0.0, output)
