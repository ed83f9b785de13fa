"""Random processes correlated over places and in time; what a place gets does not depend on which others exist."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy.signal import lfilter

from twin.core.random_streams import stream
from twin.core.weather_table import Place

KM_PER_DEGREE = 111.195
REACH = 3.0
"""The kernel is cut at so many of its standard deviations."""


@dataclass(frozen=True)
class Field:
    """How a process is correlated over distance.

    Attributes
    ----------
    purpose : str
        Key of its random streams.
    length_km : float
        The correlation at distance d is ``(1 - local_share) exp(-d^2 / (2 length_km^2))``.
    local_share : float
        Share of the variance that belongs to the place alone.
    grid_length_km : float
        Length for which the grid of noise cells is made, about `length_km`: a length that is varied keeps the grid, so
        that the same noise is only spread otherwise.
    """

    purpose: str
    length_km: float
    local_share: float
    grid_length_km: float


def white_noise(
    field: Field, places: Iterable[Place], count: int, seed: int, weather_year: int
) -> dict[str, np.ndarray]:
    """Return standard normal noise per place, white in time and correlated over places.

    Process convolution (Higdon 2002): independent noise lives in the cells of a fixed grid on the globe, each
    cell keyed by its own name; a place takes the Gaussian-weighted sum of the cells around it. What a place
    gets depends on its coordinates and on nothing else, so further places change no bit.

    Parameters
    ----------
    field : Field
    places : iterable of Place
    count : int
        Values per place.
    seed, weather_year : int
        Keys of the random streams.

    Returns
    -------
    dict of str to numpy.ndarray, shape (count,)
    """
    cells: dict[str, np.ndarray] = {}
    noise = {}
    for place in places:
        total = np.zeros(count)
        for cell, weight in _cells_around(place, field):
            if cell not in cells:
                cells[cell] = stream(seed, field.purpose, weather_year, cell).standard_normal(count)
            total += weight * cells[cell]
        own = stream(seed, field.purpose, weather_year, place.place_id).standard_normal(count)
        noise[place.place_id] = np.sqrt(1.0 - field.local_share) * total + np.sqrt(field.local_share) * own
    return noise


def _cells_around(place: Place, field: Field) -> list[tuple[str, float]]:
    """Return names and weights (root of their sum of squares 1) of the grid cells around `place`.

    Two Gaussian kernels of deviation s overlap as exp(-d^2 / (4 s^2)), so s = length_km / sqrt(2).
    """
    kernel_km = field.length_km / np.sqrt(2.0)
    spacing = field.grid_length_km / np.sqrt(2.0) / KM_PER_DEGREE
    km_per_longitude = KM_PER_DEGREE * np.cos(np.radians(place.latitude))
    rows = _neighbours(place.latitude, spacing, REACH * kernel_km / KM_PER_DEGREE)
    columns = _neighbours(place.longitude, spacing, REACH * kernel_km / km_per_longitude)
    north = (rows * spacing - place.latitude)[:, None] * KM_PER_DEGREE
    east = (columns * spacing - place.longitude)[None, :] * km_per_longitude
    squared = (north**2 + east**2) / kernel_km**2
    weights = np.where(squared <= REACH**2, np.exp(-squared / 2.0), 0.0)
    weights /= np.sqrt((weights**2).sum())
    return [
        (f"cell {row} {column}", float(weights[i, j]))
        for i, row in enumerate(rows)
        for j, column in enumerate(columns)
        if weights[i, j] > 0.0
    ]


def _neighbours(centre: float, spacing: float, reach: float) -> np.ndarray:
    return np.arange(np.ceil((centre - reach) / spacing), np.floor((centre + reach) / spacing) + 1).astype(int)


def autoregressive(noise: np.ndarray, lag_one: float) -> np.ndarray:
    """Return a stationary standard normal AR(1) process driven by white `noise`.

    Parameters
    ----------
    noise : numpy.ndarray
        Standard normal.
    lag_one : float
        Correlation of neighbouring values, 0 to 1.

    Returns
    -------
    numpy.ndarray
        x[0] = noise[0], x[t] = lag_one x[t-1] + sqrt(1 - lag_one^2) noise[t].
    """
    drive = np.sqrt(1.0 - lag_one**2) * noise
    drive[0] = noise[0]
    result: np.ndarray = lfilter([1.0], [1.0, -lag_one], drive)
    return result


def smooth_autoregressive(noise: np.ndarray, decay: float) -> np.ndarray:
    """Return a stationary standard normal AR(2) process with a double pole, driven by white `noise`.

    It moves on without kinks, as weather systems do: for small `decay` its correlation after k steps is
    ``(1 + k decay) exp(-k decay)``, exactly ``(1 + k (1 - p^2) / (1 + p^2)) p^k`` with ``p = exp(-decay)``.

    Parameters
    ----------
    noise : numpy.ndarray
        Standard normal, two values or more.
    decay : float
        Step length over the time constant.

    Returns
    -------
    numpy.ndarray
        x[t] = 2 p x[t-1] - p^2 x[t-2] + s noise[t], where s^2 = (1 - p^2)^3 / (1 + p^2) makes the variance one.
    """
    pole = np.exp(-decay)
    lag_one = 2.0 * pole / (1.0 + pole**2)
    drive = np.sqrt((1.0 - pole**2) ** 3 / (1.0 + pole**2)) * noise
    drive[0] = noise[0]
    drive[1] = (lag_one - 2.0 * pole) * noise[0] + np.sqrt(1.0 - lag_one**2) * noise[1]
    result: np.ndarray = lfilter([1.0], [1.0, -2.0 * pole, pole**2], drive)
    return result
