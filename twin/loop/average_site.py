"""One average site for each group of sites: what a model of the fleet's average would run."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from twin.loop.member import DeviceArrays
from twin.profiles.sites import SiteFleet


class AverageSites(NamedTuple):
    """Means over the sites of each group; axes C classes of members, G groups.

    Attributes
    ----------
    sites, pv_ac_kw : numpy.ndarray, (G,)
        Number of sites, mean PV rating.
    battery_kwh, battery_kw, standby_w : numpy.ndarray, (C, G)
        Mean of all sites of the group.
    efficiency, soc_min_share, soc_max_share : numpy.ndarray, (C, G)
        Mean over the capacity; 1, 0 and 1 without batteries.
    """

    sites: np.ndarray
    pv_ac_kw: np.ndarray
    battery_kwh: np.ndarray
    battery_kw: np.ndarray
    standby_w: np.ndarray
    efficiency: np.ndarray
    soc_min_share: np.ndarray
    soc_max_share: np.ndarray


def average_sites(devices: DeviceArrays, fleet: SiteFleet) -> AverageSites:
    """Return the average site of each group.

    PV and demand are not here: the mean over the sites of a half-hour is the average site's PV and demand.

    Parameters
    ----------
    devices : DeviceArrays
    fleet : SiteFleet
    """
    groups = len(fleet.groups)
    sites = np.bincount(fleet.group, minlength=groups).astype(float)

    def mean(per_site: np.ndarray) -> np.ndarray:
        return np.array([np.bincount(fleet.group, row, groups) for row in per_site]) / sites

    battery_kwh = mean(devices.battery_kwh)

    def over_capacity(per_kwh: np.ndarray, without: float) -> np.ndarray:
        total = mean(per_kwh * devices.battery_kwh)
        return np.divide(total, battery_kwh, out=np.full_like(total, without), where=battery_kwh > 0.0)

    return AverageSites(
        sites=sites,
        pv_ac_kw=mean(fleet.pv_ac_kw[None])[0],
        battery_kwh=battery_kwh,
        battery_kw=mean(devices.battery_kw),
        standby_w=mean(devices.standby_w),
        efficiency=over_capacity(devices.efficiency, 1.0),
        soc_min_share=over_capacity(devices.soc_min_share, 0.0),
        soc_max_share=over_capacity(devices.soc_max_share, 1.0),
    )
