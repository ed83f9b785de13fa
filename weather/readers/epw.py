"""EnergyPlus weather (EPW)."""

from __future__ import annotations

from io import StringIO

import pandas as pd
import pvlib

from twin.errors import InputError, Problem
from weather.readers.text import read_text
from weather.reading import INSTANTS, IRRADIANCE, Reading, WeatherFile, in_tokyo

ANEMOMETER_HEIGHT_M = 10.0
"""EnergyPlus takes the wind of a weather file as measured at 10 m (Engineering Reference, local wind speed)."""

MISSING = {"ghi": 9999.0, "dni": 9999.0, "dhi": 9999.0, "temp_air": 99.9, "wind_speed": 999.0}
"""Codes of missing values (EnergyPlus Auxiliary Programs, EPW data dictionary)."""


def read_epw(file: WeatherFile) -> Reading:
    """Read an EPW file; irradiance is of the hour before, temperature and wind at the end of the hour.

    Parameters
    ----------
    file : WeatherFile

    Returns
    -------
    Reading
        A standard year: the months of an EPW may come from different years.

    Raises
    ------
    InputError
        If the file is no EPW.
    """
    text = read_text(file.path, ("utf-8-sig", "latin-1"))
    try:
        data, _ = pvlib.iotools.read_epw(StringIO(text))
    except (ValueError, KeyError, IndexError) as error:
        raise InputError([Problem("not an EPW file", str(file.path), str(error), "EPW with 8 header lines")]) from error
    interval = pd.Timedelta(hours=1)
    data.index = in_tokyo(pd.DatetimeIndex(data.index))
    for name, code in MISSING.items():
        data[name] = data[name].astype(float).mask(data[name] == code)
    instants = data[list(INSTANTS)].set_axis(data.index + interval)
    return Reading(data[list(IRRADIANCE)], interval, instants, True, file.wind_height_m or ANEMOMETER_HEIGHT_M)
