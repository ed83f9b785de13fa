"""What the closed loop reads of weather, demand and market: `Profiles` and `Forecasts`."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

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
        _check_window(start, stop, len(self.index))
        return replace(self, **{field.name: getattr(self, field.name)[start:stop] for field in fields(self)})


@dataclass(frozen=True)
class Published:
    """What the operator's expectation of the coming days is made of: truth, errors of size 1, and sizes by lead.

    An expectation made `lead` steps before step t is ``truth[t] + sum(sizes[lead] * error[t])``.

    Attributes
    ----------
    export_mw : numpy.ndarray
        (T,) the link's export without management as it comes, without network losses; export positive.
    export_error_mw : numpy.ndarray
        (T, 4) its errors of size 1: PV, wind, demand, and outages that nobody foresees.
    pv_error, load_error : numpy.ndarray
        (T,) relative errors of size 1 of the sites' PV and of their demand.
    sizes : numpy.ndarray
        (L, 4) size of the errors at leads of 0 .. L - 1 steps, held beyond; PV, wind, demand, 1.
    issue_steps : int
        Steps between two issues; the first of a day at midnight.
    price_known_hour : float
        Hour of the day from which the area prices of the next day are known.
    """

    export_mw: np.ndarray
    export_error_mw: np.ndarray
    pv_error: np.ndarray
    load_error: np.ndarray
    sizes: np.ndarray
    issue_steps: int
    price_known_hour: float

    def window(self, start: int, stop: int) -> Published:
        """Return the steps ``start .. stop - 1``."""
        return replace(
            self,
            export_mw=self.export_mw[start:stop],
            export_error_mw=self.export_error_mw[start:stop],
            pv_error=self.pv_error[start:stop],
            load_error=self.load_error[start:stop],
        )


@dataclass(frozen=True)
class Forecasts:
    """What was expected; axes as in `Profiles`.

    Attributes
    ----------
    plant_available_mw : numpy.ndarray
        (T, P) for t, made at t - lead.
    area_demand_mw : numpy.ndarray
        (T, A) for t, made at t - lead.
    published : Published
        What `twin.profiles.outlook` tells policies of.
    """

    plant_available_mw: np.ndarray
    area_demand_mw: np.ndarray
    published: Published

    def window(self, start: int, stop: int) -> Forecasts:
        """Return the steps ``start .. stop - 1``."""
        _check_window(start, stop, len(self.plant_available_mw))
        return Forecasts(
            self.plant_available_mw[start:stop], self.area_demand_mw[start:stop], self.published.window(start, stop)
        )


def _check_window(start: int, stop: int, steps: int) -> None:
    if not 0 <= start < stop <= steps:
        raise InputError(
            [Problem("window outside the series", "window", f"{start}:{stop}", f"0 <= start < stop <= {steps}")]
        )
