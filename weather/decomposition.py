"""Beam and diffuse irradiance from global irradiance."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pvlib

from weather.sun import Sun


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
