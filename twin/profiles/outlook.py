"""What policies are told about the coming day: self-contained, the truth cannot be reached through it."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
import pandas as pd

from twin.policies.interface import HALF_HOURS_OF_DAY, Outlook
from twin.profiles.sites import SiteFleet
from twin.profiles.types import Forecasts, Profiles

KW_PER_MW = 1000.0


@dataclass(frozen=True)
class Outlooks:
    """Forecasts of a weather year for policies; axes T time, G site groups.

    None of its arrays is shared with `Profiles`.

    Attributes
    ----------
    index : pandas.DatetimeIndex
        (T,).
    export_mw : numpy.ndarray, (T, 48)
        See `twin.profiles.types.Forecasts.export_day_ahead_mw`.
    price_jpy_per_kwh : numpy.ndarray, (T,)
        Results of the auctions.
    pv_mw, load_mw : numpy.ndarray, (T, G)
        Expected available PV and own demand of the site groups.
    """

    index: pd.DatetimeIndex
    export_mw: np.ndarray
    price_jpy_per_kwh: np.ndarray
    pv_mw: np.ndarray
    load_mw: np.ndarray

    def at(self, t: int, lead: int, export_limit_mw: float) -> Outlook:
        """Return what is known at step `t` about the 48 half-hours from ``t + lead`` on."""
        ahead = np.minimum(t + lead + np.arange(HALF_HOURS_OF_DAY), len(self.index) - 1)
        export = self.export_mw[t][np.minimum(lead + np.arange(HALF_HOURS_OF_DAY), self.export_mw.shape[1] - 1)]
        return Outlook(
            start=self.index[min(t + lead, len(self.index) - 1)],
            made_at=self.index[t],
            export_mw=export.copy(),
            congestion_mw=np.maximum(export - export_limit_mw, 0.0),
            price_jpy_per_kwh=self.price_jpy_per_kwh[ahead],
            pv_mw=self.pv_mw[ahead],
            load_mw=self.load_mw[ahead],
        )

    def window(self, start: int, stop: int) -> Outlooks:
        """Return the steps ``start .. stop - 1``."""
        return replace(self, **{field.name: getattr(self, field.name)[start:stop] for field in fields(self)})


def make_outlooks(
    profiles: Profiles, forecasts: Forecasts, sites: SiteFleet, has_pv: np.ndarray, demand_kwh: np.ndarray
) -> Outlooks:
    """Return what policies are told in a weather year.

    Parameters
    ----------
    profiles : Profiles
        Truth.
    forecasts : Forecasts
        The operator's.
    sites : SiteFleet
    has_pv, demand_kwh : numpy.ndarray, (S,)
        PV and yearly demand of the sites as the member has them.
    """
    pv_mw = _by_group(sites, sites.pv_shape, sites.pv_dc_kw * has_pv, len(sites.pv_shapes))
    load_mw = _by_group(sites, sites.demand_shape, demand_kwh, len(sites.demand_shapes))
    return Outlooks(
        index=profiles.index,
        export_mw=forecasts.export_day_ahead_mw,
        price_jpy_per_kwh=profiles.price_jpy_per_kwh.copy(),
        pv_mw=profiles.site_pv_per_kw @ pv_mw,
        load_mw=profiles.site_demand_per_kwh @ load_mw,
    )


def _by_group(sites: SiteFleet, shape: np.ndarray, amount: np.ndarray, shapes: int) -> np.ndarray:
    """Return (K, G) MW of each group per unit of each shape."""
    weights = np.zeros((shapes, len(sites.groups)))
    np.add.at(weights, (shape, sites.group), amount / KW_PER_MW)
    return weights
