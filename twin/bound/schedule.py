"""What the bound's optimum does, half-hour by half-hour."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Schedule:
    """Powers of the groups; axes T half-hours, N groups, G site groups.

    Attributes
    ----------
    index : pandas.DatetimeIndex
        (T,).
    groups : tuple of str
        Kinds of sites, then devices as in `View.devices`.
    charge_mw, discharge_mw : numpy.ndarray, (T, N)
        Without the part of the charge that comes out of area-balance cuts.
    ordered_off_mw : numpy.ndarray, (T, N)
        That part.
    stored_percent : numpy.ndarray, (T, N)
        Charge at the end of the half-hour, of the capacity.
    signal_pu : numpy.ndarray, (T, N)
        What is ordered of it: of what is left between the usual power and the most, either way, positive to charge.
    group_of_sites : numpy.ndarray, (G,) int
        Group of each site group; -1 where it has none.
    """

    index: pd.DatetimeIndex
    groups: tuple[str, ...]
    charge_mw: np.ndarray
    discharge_mw: np.ndarray
    ordered_off_mw: np.ndarray
    stored_percent: np.ndarray
    signal_pu: np.ndarray
    group_of_sites: np.ndarray
