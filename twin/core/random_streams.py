"""Keyed random streams, one per (seed, purpose, weather year, element), and autoregressive noise drawn from them."""

from __future__ import annotations

import hashlib

import numpy as np


def stream(seed: int, purpose: str, weather_year: int, element_id: str = "") -> np.random.Generator:
    """Return the random stream that belongs to one element and one purpose.

    Streams are keyed, never drawn in sequence, so that adding an element leaves the numbers of all
    others the same to the bit; paired scenarios depend on it.

    Parameters
    ----------
    seed : int
        The study's seed.
    purpose : str
        What the numbers are for, e.g. ``"wind speed"``.
    weather_year : int
        Number of the weather year.
    element_id : str, optional
        The plant, site or place that the numbers belong to.

    Returns
    -------
    numpy.random.Generator
        A Philox generator keyed by a SHA-256 digest of the four.
    """
    text = "\x1f".join((str(int(seed)), purpose, str(int(weather_year)), element_id))
    key = int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], "little")
    return np.random.Generator(np.random.Philox(key=key))


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
    from scipy.signal import lfilter  # takes a second, which a report of a finished run need not wait

    result: np.ndarray = lfilter([1.0], [1.0, -correlation], innovations)
    return result


def per_half_hour(correlation: float, hours: float) -> float:
    """Return the correlation of neighbours `hours` apart, given it for half an hour."""
    result: float = correlation ** (2 * hours)
    return result
