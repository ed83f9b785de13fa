"""What the closed loop reads of weather, demand and market: `Profiles` and `Forecasts`."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import pandas as pd

from twin.errors import InputError, Problem


@dataclass(frozen=True)
class Profiles:
    """Truth of one weather year; axes T time, P plants, A areas, K site PV shapes, D site demand shapes.

    Attributes
    ----------
    index : pandas.DatetimeIndex
        Interval starts, Asia/Tokyo.
    plant_available_mw : numpy.ndarray
        (T, P) resource-limited AC output after clipping at `contract_mw`, before outages; not negative.
    plant_unavailable_mw : numpy.ndarray
        (T, P) part of it that is out of order; not negative, at most `plant_available_mw`.
    area_demand_mw : numpy.ndarray
        (T, A) gross demand, the sites' demand included; consumption positive.
    site_pv_per_kw : numpy.ndarray
        (T, K) AC kW per kW dc, before AC clipping, in the order of `SiteFleet.pv_shapes`.
    site_demand_per_kwh : numpy.ndarray
        (T, D) kW per kWh/year, in the order of `SiteFleet.demand_shapes`.
    area_cut_pv, area_cut_wind : numpy.ndarray
        (T,) share of the area's controllable output ordered off for area balance, 0..1.
    area_physical, area_settled : numpy.ndarray
        (T, P) share of the plant's output that is cut for it in fact, and that it is not paid for, 0..1.
    price_jpy_per_kwh : numpy.ndarray
        (T,) area price.
    """

    index: pd.DatetimeIndex
    plant_available_mw: np.ndarray
    plant_unavailable_mw: np.ndarray
    area_demand_mw: np.ndarray
    site_pv_per_kw: np.ndarray
    site_demand_per_kwh: np.ndarray
    area_cut_pv: np.ndarray
    area_cut_wind: np.ndarray
    area_physical: np.ndarray
    area_settled: np.ndarray
    price_jpy_per_kwh: np.ndarray

    def window(self, start: int, stop: int) -> Profiles:
        """Return the steps ``start .. stop - 1``; everything was calibrated on the whole year before."""
        return replace(self, **_windowed(self, start, stop))


@dataclass(frozen=True)
class Forecasts:
    """What was expected; axes as in `Profiles`.

    Attributes
    ----------
    plant_available_mw : numpy.ndarray
        (T, P) for t, made at t - lead.
    area_demand_mw : numpy.ndarray
        (T, A) for t, made at t - lead.
    export_day_ahead_mw : numpy.ndarray
        (T, 48) the operator's published expectation of the link's unmanaged export at t .. t + 47, from the
        issue in force at t; export positive.
    """

    plant_available_mw: np.ndarray
    area_demand_mw: np.ndarray
    export_day_ahead_mw: np.ndarray

    def window(self, start: int, stop: int) -> Forecasts:
        """Return the steps ``start .. stop - 1``."""
        return replace(self, **_windowed(self, start, stop))


def _windowed(series: Profiles | Forecasts, start: int, stop: int) -> dict[str, Any]:
    values = {field.name: getattr(series, field.name) for field in fields(series)}
    steps = len(next(iter(values.values())))
    if not 0 <= start < stop <= steps:
        raise InputError(
            [Problem("window outside the series", "window", f"{start}:{stop}", f"0 <= start < stop <= {steps}")]
        )
    return {name: value[start:stop] for name, value in values.items()}
