"""The sun over an interval, and beam and diffuse irradiance from global irradiance."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd
import pvlib

from twin.core.weather_table import Place


def beam_and_diffuse(ghi: np.ndarray, sun: Sun, index: pd.DatetimeIndex) -> tuple[np.ndarray, np.ndarray]:
    """Split global horizontal irradiance into beam and diffuse.

    Driesse's continuous version of the Erbs correlation (pvlib), with the sun at the middle of the interval. The
    beam is zero where the sun stands lower than 3 degrees there, and never stronger than above the atmosphere; what
    it does not carry is diffuse, so that ``ghi = dni cos(zenith) + dhi`` holds exactly.

    Parameters
    ----------
    ghi : numpy.ndarray
        W/m2, mean over each interval.
    sun : Sun
    index : pandas.DatetimeIndex

    Returns
    -------
    dni, dhi : numpy.ndarray
        W/m2.
    """
    extra = pvlib.irradiance.get_extra_radiation(index).to_numpy()
    split = pvlib.irradiance.erbs_driesse(ghi, sun.zenith, dni_extra=extra)
    dni = np.minimum(split["dni"], extra)
    return dni, np.maximum(ghi - dni * sun.cos_zenith, 0.0)


SAMPLES_PER_INTERVAL = 3
"""Clear-sky irradiance is averaged over so many instants per interval (midpoint rule)."""


@dataclass(frozen=True)
class Sun:
    """The sun at a place, one value per interval.

    Attributes
    ----------
    zenith : numpy.ndarray
        True (unrefracted) zenith angle at the middle of the interval, in degrees.
    extraterrestrial : numpy.ndarray
        Mean irradiance on a horizontal plane above the atmosphere, W/m2.
    clear_sky : numpy.ndarray
        Mean global horizontal irradiance under a cloudless sky, W/m2.
    is_up : numpy.ndarray of bool
        Whether the sun is above the horizon at any sampled instant of the interval.
    daylight : numpy.ndarray
        Share of the sampled instants with the sun above the horizon.
    """

    zenith: np.ndarray
    extraterrestrial: np.ndarray
    clear_sky: np.ndarray
    is_up: np.ndarray
    daylight: np.ndarray

    @property
    def cos_zenith(self) -> np.ndarray:
        """Cosine of the zenith angle at the middle of the interval, not below zero."""
        result: np.ndarray = np.maximum(np.cos(np.radians(self.zenith)), 0.0)
        return result


def sun_over(index: pd.DatetimeIndex, place: Place) -> Sun:
    """Return the sun at `place` for each interval of `index`.

    The clear sky is Ineichen and Perez (2002) with the monthly Linke turbidity of SoDa, both as in pvlib;
    extraterrestrial irradiance is Spencer (1971).

    Parameters
    ----------
    index : pandas.DatetimeIndex
        Starts of intervals of equal length, time-zone aware.
    place : Place
        Where.

    Returns
    -------
    Sun
    """
    step = index[1] - index[0]
    return _sun_over(index[0], len(index), step, place)


@lru_cache(maxsize=32)
def _sun_over(start: pd.Timestamp, count: int, step: pd.Timedelta, place: Place) -> Sun:
    offset = step / (2 * SAMPLES_PER_INTERVAL)
    instants = pd.date_range(start + offset, periods=count * SAMPLES_PER_INTERVAL, freq=2 * offset)
    position = pvlib.solarposition.get_solarposition(instants, place.latitude, place.longitude, place.altitude_m)
    is_up = position["zenith"].to_numpy() < 90.0
    beam = pvlib.irradiance.get_extra_radiation(instants).to_numpy()
    extraterrestrial = np.where(is_up, beam * np.cos(np.radians(position["zenith"].to_numpy())), 0.0)
    clear_sky = np.where(is_up, _clear_sky(instants, position["apparent_zenith"], beam, place), 0.0)
    per_interval = (count, SAMPLES_PER_INTERVAL)
    return Sun(
        zenith=position["zenith"].to_numpy().reshape(per_interval)[:, SAMPLES_PER_INTERVAL // 2],
        extraterrestrial=extraterrestrial.reshape(per_interval).mean(axis=1),
        clear_sky=clear_sky.reshape(per_interval).mean(axis=1),
        is_up=is_up.reshape(per_interval).any(axis=1),
        daylight=is_up.reshape(per_interval).mean(axis=1),
    )


def _clear_sky(instants: pd.DatetimeIndex, apparent_zenith: pd.Series, beam: np.ndarray, place: Place) -> np.ndarray:
    turbidity = pvlib.clearsky.lookup_linke_turbidity(instants, place.latitude, place.longitude)
    airmass = pvlib.atmosphere.get_relative_airmass(apparent_zenith)
    absolute = pvlib.atmosphere.get_absolute_airmass(airmass, pvlib.atmosphere.alt2pres(place.altitude_m))
    sky = pvlib.clearsky.ineichen(apparent_zenith, absolute, turbidity, place.altitude_m, beam)
    result: np.ndarray = sky["ghi"].fillna(0.0).to_numpy()
    return result
