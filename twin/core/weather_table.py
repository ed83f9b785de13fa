"""The weather table: what every weather source is turned into."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from twin.core.clock import DEFAULT_CLOCK, Clock

VARIABLES = ("ghi", "dni", "dhi", "temp_air", "wind_speed")
"""pvlib's names; W/m2, W/m2, W/m2, degree C, m/s."""


@dataclass(frozen=True)
class Place:
    """A place with weather: WGS84 degrees, metres above sea, height above ground of the wind speed."""

    place_id: str
    latitude: float
    longitude: float
    altitude_m: float
    wind_height_m: float
    roughness_length_m: float


@dataclass(frozen=True)
class WeatherTable:
    """Weather at several places on one time index.

    Attributes
    ----------
    index : pandas.DatetimeIndex
        Of a fiscal year of `clock`; label = start, values = mean over the interval.
    places : mapping of str to Place
    values : mapping of str to pandas.DataFrame
        Per place a frame on `index` with the columns `VARIABLES`.
    clock : Clock
        How the island counts time.
    of_sunshine : tuple of str
        Places whose irradiance was made of sunshine hours by the island's own lines.
    """

    index: pd.DatetimeIndex
    places: Mapping[str, Place]
    values: Mapping[str, pd.DataFrame]
    clock: Clock = DEFAULT_CLOCK
    of_sunshine: tuple[str, ...] = ()
