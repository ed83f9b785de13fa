"""Seeded half-hourly shapes: every half-hour differs, so that no program gains from equal rows."""

from __future__ import annotations

import numpy as np
from scipy.signal import lfilter

YEAR = 17_520
_EVENING, _MORNING = 19.0, 9.0


def demand(rng: np.random.Generator, steps: int, elements: int) -> np.ndarray:
    """Return (steps, elements) factors around 0.85: two peaks a day, more in winter, noise per element."""
    hour, season = _clock(steps)
    day = 0.75 + 0.2 * np.exp(-(((hour - _EVENING) / 3) ** 2)) + 0.12 * np.exp(-(((hour - _MORNING) / 3) ** 2))
    return (day * (1 + 0.12 * np.cos(2 * season)))[:, None] * rng.normal(1.0, 0.05, (steps, elements)).clip(0.8, 1.2)


def sun(rng: np.random.Generator, steps: int, elements: int) -> np.ndarray:
    """Return (steps, elements) shares of the rating: a day's bell times the day's clouds and an element's own."""
    hour, season = _clock(steps)
    bell = np.maximum(0.0, np.sin((hour - 6) / 12 * np.pi)) * (0.75 - 0.15 * np.cos(season))
    clouds = np.repeat(rng.beta(2.0, 1.2, -(-steps // 48)), 48)[:steps]
    return (bell * clouds)[:, None] * rng.uniform(0.7, 1.0, (steps, elements))


def wind(rng: np.random.Generator, steps: int, elements: int) -> np.ndarray:
    """Return (steps, elements) shares of the rating: an autoregressive process with a day's memory."""
    common, own = rng.normal(size=(steps, 1)), rng.normal(size=(steps, elements))
    memory = 0.98
    gust = lfilter([np.sqrt(1 - memory**2)], [1.0, -memory], 0.9 * common + 0.44 * own, axis=0)
    return 1 / (1 + np.exp(-(1.6 * gust - 1.2)))


def _clock(steps: int) -> tuple[np.ndarray, np.ndarray]:
    step = np.arange(steps)
    return step % 48 / 2, 2 * np.pi * step / YEAR
