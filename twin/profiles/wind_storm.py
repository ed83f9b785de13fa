"""Storm shutdown of wind turbines: stopped at cut-out, running again only well below it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm


@dataclass(frozen=True)
class StormControl:
    """When the turbines of a farm stop and restart.

    Attributes
    ----------
    stop_speed, restart_speed : float
        m/s, interval means at hub height.
    turbine_factors : numpy.ndarray
        (N,) wind speed at each turbine over that of the farm.
    """

    stop_speed: float
    restart_speed: float
    turbine_factors: np.ndarray

    def running_share(self, hub_speed: np.ndarray) -> np.ndarray:
        """Return the share of the turbines that a storm leaves running; (T,) 0..1."""
        if hub_speed.max() * self.turbine_factors.max() < self.stop_speed:
            return np.ones(len(hub_speed))
        shares = [running(factor * hub_speed, self.stop_speed, self.restart_speed) for factor in self.turbine_factors]
        return np.mean(shares, axis=0)


def speed_factors(units: int, spread: float) -> np.ndarray:
    """Return the wind speed at each of `units` turbines over their mean.

    The quantiles in the middle of `units` equal parts of a normal distribution with standard deviation `spread`, so
    that the turbines stop and restart one after the other; (N,), mean 1.
    """
    return 1 + spread * norm.ppf((np.arange(units) + 0.5) / units)


def running(wind_speed: np.ndarray, stop_speed: float, restart_speed: float) -> np.ndarray:
    """Return how much of each interval a turbine runs.

    It stops in the interval in which `stop_speed` is reached and runs again in the first one at or below
    `restart_speed`; in between it keeps its state. The intervals of stopping and of restarting count half.

    Parameters
    ----------
    wind_speed : numpy.ndarray
        (T,) m/s; the turbine is taken as running before.
    stop_speed, restart_speed : float
        m/s, the latter lower.

    Returns
    -------
    numpy.ndarray
        (T,) 0, 0.5 or 1.
    """
    decides = (wind_speed >= stop_speed) | (wind_speed <= restart_speed)
    last = np.maximum.accumulate(np.where(decides, np.arange(len(wind_speed)), -1))
    stopped = (last >= 0) & (wind_speed[last] >= stop_speed)
    changed = stopped != np.concatenate([[False], stopped[:-1]])
    return np.where(changed, 0.5, np.where(stopped, 0.0, 1.0))
