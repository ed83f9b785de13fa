"""Default price of the Kyushu area by month and hour."""

from __future__ import annotations

import numpy as np
import pandas as pd

from twin.profiles.tables import by_month, parameter, read_table


def price_climatology(index: pd.DatetimeIndex, area_cut_pv: np.ndarray) -> np.ndarray:
    """Return month mean times hour mean over the yearly mean, and the floor price while the area has a glut.

    The other half-hours are scaled so that the yearly mean stays that of the table, which holds floor prices too.

    Parameters
    ----------
    index : pandas.DatetimeIndex
        (T,).
    area_cut_pv : numpy.ndarray
        (T,) share cut for area balance; above 0 the price is ``price_floor``.

    Returns
    -------
    numpy.ndarray
        (T,) JPY/kWh.
    """
    by_hour = read_table("price_hours").set_index("hour")["price_jpy_per_kwh"]
    usual = (
        by_month("price_months", "price_jpy_per_kwh").loc[index.month].to_numpy()
        * (by_hour / by_hour.mean()).loc[index.hour].to_numpy()
    )
    glut = area_cut_pv > 0
    floor = parameter("price_floor")
    if glut.all():
        return np.full(len(index), floor)
    scale = (usual.sum() - floor * glut.sum()) / usual[~glut].sum()
    return np.where(glut, floor, usual * scale)
