"""The wind-speed factor with which a farm's year meets its capacity factor."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.optimize import brentq

from twin.errors import InputError, Problem
from twin.profiles.wind import Farm, farm_curve, wind_parameter

SCALES = np.linspace(0.3, 3.0, 28)
"""Wind-speed factors within which the calibration looks for the target."""


def calibrated_scale(hub_speed: np.ndarray, farm: Farm, target: float, where: str) -> float:
    """Find the wind-speed factor with which a farm's mean output meets a capacity factor.

    Parameters
    ----------
    hub_speed : numpy.ndarray
        (T,) m/s over a normal year.
    farm : Farm
    target : float
        Mean output per unit of contract, outages not counted.
    where : str
        Row named in the error.

    Returns
    -------
    float
        The smallest factor within `SCALES` that meets it.

    Raises
    ------
    InputError
        Where no factor does.
    """
    curve = farm_curve(farm)

    def mean_output(scale: float) -> float:
        return float(curve.per_unit(scale * hub_speed).mean())

    reached = [mean_output(SCALES[0])]
    while reached[-1] < target and len(reached) < len(SCALES):
        reached.append(mean_output(SCALES[len(reached)]))
    if reached[-1] < target or len(reached) == 1:
        accepted = f"{reached[0]:.3f} to {max(reached):.3f}" if len(reached) > 1 else f"above {reached[0]:.3f}"
        raise InputError([Problem("capacity factor out of reach of the wind there", where, f"{target:.3f}", accepted)])
    below, above = SCALES[len(reached) - 2], SCALES[len(reached) - 1]
    return float(brentq(lambda scale: mean_output(scale) - target, below, above, xtol=1e-10))


def capacity_factor_before_outages(plant: pd.Series, farm: Farm) -> float:
    """Return the mean output per unit that a row of `GridModel.plants` is to have before outages.

    ``capacity_factor_target`` is the metered one: outages are part of it. ``capacity_factor_onshore`` or
    ``capacity_factor_offshore`` moves all farms of a kind together.
    """
    factor = wind_parameter("capacity_factor_offshore" if farm.at_sea else "capacity_factor_onshore")
    return float(factor * plant["capacity_factor_target"] / plant["availability"])


def farm_scale(plant: pd.Series, farm: Farm, hub_speed: np.ndarray) -> float:
    """Return the wind-speed factor of a row of `GridModel.plants`; 1 where it has no target."""
    if pd.isna(plant["capacity_factor_target"]):
        return 1.0
    target = capacity_factor_before_outages(plant, farm)
    return calibrated_scale(hub_speed, farm, target, f"plants.csv, {plant.name}")
