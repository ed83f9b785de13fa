"""The sky over the island: places, their climate, and irradiance of sunshine hours."""

from __future__ import annotations

from network_models.tables.columns import Month, Row, number


class WeatherPlace(Row):
    """A place with weather."""

    place_id: str
    name_en: str
    name_ja: str
    latitude: float = number("degree", ge=-66, le=66)
    longitude: float = number("degree", ge=-180, le=180)
    altitude_m: float = number("m", ge=-400, le=5000)
    wind_height_m: float = number("m", ge=2, le=300)
    roughness_length_m: float = number("m", ge=1e-5, le=3)
    wind_mean_m_per_s: float = number("m/s", ge=0.5, le=20)
    weibull_shape: float = number(ge=1, le=4)
    wind_daily_swing: float = number(ge=0, le=0.8)
    climate_station: str
    wind_station: str


class ClimateNormal(Month):
    """A monthly normal of a station."""

    station: str
    variable: str
    value: float = number()


class SunshineLine(Month):
    """Angstrom's line of a month: irradiation over that above the atmosphere is intercept + slope n/N of sunshine."""

    intercept: float = number(ge=0, le=1)
    slope: float = number(ge=0, le=1)
