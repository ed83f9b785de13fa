"""What a scenario changes for others: cuts avoided, less what is lost at the sites and in their batteries."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from twin.results.kpis import read_table
from twin.units import KWH_PER_MWH

_COLUMNS = [
    "plants_congestion_mw", "sites_lost_mw", "battery_losses_mw", "flexible_losses_mw", "price_jpy_per_kwh", "failure",
]  # fmt: skip


@dataclass(frozen=True)
class Benefit:
    """Net energy in MWh and its value at the half-hour's area price in JPY; negative where others lose."""

    mwh: float
    jpy: float


def net_benefit(folder: Path, base: Path, hours: float) -> Benefit:
    """Return the net benefit of a member against another of the same sweep point.

    ``cuts avoided at plants (congestion and voltage) - extra loss at the sites - extra losses of batteries and
    shifted demand``, half-hour by half-hour; half-hours that did not solve in either are left out. Area-balance cuts
    are another value and never part of it.

    Parameters
    ----------
    folder, base : pathlib.Path
        Members' results.
    hours : float
        Length of a half-hour.
    """
    mine, theirs = (read_table(path, "system", _COLUMNS) for path in (folder, base))
    net_mw = (
        (theirs["plants_congestion_mw"] - mine["plants_congestion_mw"])
        - (mine["sites_lost_mw"] - theirs["sites_lost_mw"])
        - (mine["battery_losses_mw"] - theirs["battery_losses_mw"])
        - (mine["flexible_losses_mw"] - theirs["flexible_losses_mw"])
    ).to_numpy()
    solved = ((mine["failure"] == "") & (theirs["failure"] == "")).to_numpy()
    mwh = hours * np.where(solved, net_mw, 0.0)
    return Benefit(float(mwh.sum()), float((mwh * mine["price_jpy_per_kwh"].to_numpy()).sum() * KWH_PER_MWH))
