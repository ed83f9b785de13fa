"""First-order autoregressive noise."""

from __future__ import annotations

import numpy as np
from scipy.signal import lfilter


def ar1(rng: np.random.Generator, steps: int, correlation: float) -> np.ndarray:
    """Return a stationary AR(1) series with mean 0 and standard deviation 1.

    Parameters
    ----------
    rng : numpy.random.Generator
        A keyed stream.
    steps : int
        Length.
    correlation : float
        Correlation of neighbours, at least 0 and below 1.

    Returns
    -------
    numpy.ndarray
        (steps,) ``z[t] = correlation * z[t-1] + sqrt(1 - correlation**2) * e[t]``.
    """
    innovations = rng.standard_normal(steps) * np.sqrt(1 - correlation**2)
    innovations[0] /= np.sqrt(1 - correlation**2)
    return lfilter([1.0], [1.0, -correlation], innovations)


def per_half_hour(correlation: float, hours: float) -> float:
    """Return the correlation of neighbours `hours` apart, given it for half an hour."""
    return correlation ** (2 * hours)
