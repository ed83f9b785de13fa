"""Keyed random streams: one independent stream per (seed, purpose, weather year, element)."""

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
