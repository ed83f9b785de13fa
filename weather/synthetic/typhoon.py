"""Typhoons: when they come, where their centre passes, how hard they blow and how dull they make the days."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.special import ndtri
from scipy.stats import poisson

from twin.core.random_streams import stream
from twin.core.tables import Tables
from twin.core.weather_table import Place
from weather.climate import days_of
from weather.synthetic.field import KM_PER_DEGREE
from weather.synthetic.parameters import parameters_of

MONTHS_FROM = "typhoon_approaches"
"""Variable of ``normals.csv`` that gives the shares of the months."""

STANDARD_HEIGHT_M = 10.0
DAYLIGHT_HOURS = (6, 18)


@dataclass(frozen=True)
class TyphoonClimate:
    """Parameters of the typhoons; meaning, range and source of each stand in ``typhoons.csv``."""

    approaches_per_year: float
    approach_km: float
    reference_latitude: float
    reference_longitude: float
    peak_m_per_s: float
    peak_spread: float
    peak_radius_km: float
    decay: float
    speed_km_per_h: float
    speed_spread: float
    heading_degrees: float
    heading_spread_degrees: float
    blending_height_m: float
    sea_roughness_m: float
    cloud_km: float
    clear_quantile: float


@dataclass(frozen=True)
class Typhoon:
    """A straight track.

    Attributes
    ----------
    nearest : pandas.Timestamp
        When the centre is nearest to the reference point.
    offset_km : float
        How far to the right of it, seen along the track; negative to the left.
    heading_degrees : float
        From north to east.
    speed_km_per_h, peak_m_per_s : float
        Of the centre; strongest 10-minute wind at 10 m over the sea.
    """

    nearest: pd.Timestamp
    offset_km: float
    heading_degrees: float
    speed_km_per_h: float
    peak_m_per_s: float


def read_typhoon_climate(tables: Tables) -> TyphoonClimate | None:
    """Return the parameters of ``typhoons.csv``; None where no typhoon comes.

    Raises
    ------
    InputError
        If a parameter is missing, unknown or impossible.
    """
    if "typhoons" not in tables:
        return None
    return parameters_of(tables["typhoons"], "typhoons", TyphoonClimate)


def typhoons_of_year(
    tables: Tables, index: pd.DatetimeIndex, climate: TyphoonClimate, seed: int, weather_year: int, is_normal: bool
) -> list[Typhoon]:
    """Return the typhoons of a weather year.

    Their number is Poisson distributed, in a normal year the mean rounded; each has its own random stream.
    """
    draw = stream(seed, "number of typhoons", weather_year).random()
    rate = climate.approaches_per_year
    count = int(rate + 0.5) if is_normal else int(poisson.ppf(draw, rate))
    months, shares = index.month.to_numpy(), _shares_of_months(tables["normals"])
    streams = [stream(seed, "typhoon", weather_year, str(number)) for number in range(count)]
    return [_typhoon(index, months, shares, climate, random) for random in streams]


def _shares_of_months(normals: pd.DataFrame) -> np.ndarray:
    """Return the share of the year's typhoons that has come by the end of each month, January first."""
    rows = normals[normals["variable"] == MONTHS_FROM].sort_values("month")
    shares = rows["value"].to_numpy(dtype=float).cumsum()
    result: np.ndarray = shares / shares[-1]
    return result


def _typhoon(
    index: pd.DatetimeIndex,
    months: np.ndarray,
    shares: np.ndarray,
    climate: TyphoonClimate,
    random: np.random.Generator,
) -> Typhoon:
    month = int(np.searchsorted(shares, random.random(), side="right")) + 1
    first, last = index[np.flatnonzero(months == month)[[0, -1]]]
    across, within = random.uniform(-1.0, 1.0), random.random()
    speed, peak, heading = random.standard_normal(3)
    return Typhoon(
        nearest=first + within * (last - first),
        offset_km=across * climate.approach_km,
        heading_degrees=climate.heading_degrees + climate.heading_spread_degrees * heading,
        speed_km_per_h=climate.speed_km_per_h * np.exp(climate.speed_spread * speed),
        peak_m_per_s=climate.peak_m_per_s * np.exp(climate.peak_spread * peak),
    )


def distance_km(typhoon: Typhoon, place: Place, index: pd.DatetimeIndex, climate: TyphoonClimate) -> np.ndarray:
    """Return how far the centre is from a place in the middle of each interval, (steps,)."""
    hours = ((index - typhoon.nearest) / pd.Timedelta(hours=1)).to_numpy() + (index[1] - index[0]).seconds / 7200.0
    north = (place.latitude - climate.reference_latitude) * KM_PER_DEGREE
    east = (place.longitude - climate.reference_longitude) * KM_PER_DEGREE * np.cos(np.radians(place.latitude))
    sin, cos = np.sin(np.radians(typhoon.heading_degrees)), np.cos(np.radians(typhoon.heading_degrees))
    along = typhoon.speed_km_per_h * hours
    result: np.ndarray = np.hypot(
        typhoon.offset_km * cos + along * sin - east,
        -typhoon.offset_km * sin + along * cos - north,
    )
    return result


def sea_wind(distance: np.ndarray, peak_m_per_s: float, climate: TyphoonClimate) -> np.ndarray:
    """Return the 10 m wind over sea at a distance from the centre (modified Rankine vortex), m/s.

    It fades out between one and two times the distance of an approach, where other weather rules.
    """
    ratio = distance / climate.peak_radius_km
    profile = np.where(ratio < 1.0, ratio, np.maximum(ratio, 1.0) ** -climate.decay)
    return peak_m_per_s * profile * np.clip(2.0 - distance / climate.approach_km, 0.0, 1.0)


def exposure(place: Place, climate: TyphoonClimate) -> float:
    """Return the wind at the place's wind height over the 10 m wind over sea: logarithmic law, one blending height."""
    top = climate.blending_height_m
    at_sea = np.log(STANDARD_HEIGHT_M / climate.sea_roughness_m) / np.log(top / climate.sea_roughness_m)
    at_place = np.log(place.wind_height_m / place.roughness_length_m) / np.log(top / place.roughness_length_m)
    return float(at_place / at_sea)


def storm_wind(typhoons: list[Typhoon], place: Place, index: pd.DatetimeIndex, climate: TyphoonClimate) -> np.ndarray:
    """Return the strongest wind of the typhoons at the place's wind height, (steps,), m/s; 0 far from any."""
    wind = np.zeros(len(index))
    for typhoon in typhoons:
        distance = distance_km(typhoon, place, index, climate)
        wind = np.maximum(wind, sea_wind(distance, typhoon.peak_m_per_s, climate))
    return exposure(place, climate) * wind


def with_storms(wind: np.ndarray, storm: np.ndarray, index: pd.DatetimeIndex) -> np.ndarray:
    """Return the stronger of both winds, with the months' means of `wind` held: normals contain the typhoons.

    Parameters
    ----------
    wind, storm : numpy.ndarray, shape (steps,)
        m/s.
    index : pandas.DatetimeIndex

    Returns
    -------
    numpy.ndarray
        In a month with a storm the other hours are a little calmer.
    """
    result = wind.copy()
    months = index.month.to_numpy()
    for month in np.unique(months[storm > wind]):
        own, gale = wind[months == month], storm[months == month]
        mean = own.mean()
        calmer = brentq(lambda f, o=own, g=gale, m=mean: np.maximum(f * o, g).mean() - m, 0.0, 1.0)
        result[months == month] = np.maximum(calmer * own, gale)
    return result


def dull_days(
    clearness: np.ndarray, typhoons: list[Typhoon], place: Place, index: pd.DatetimeIndex, climate: TyphoonClimate
) -> np.ndarray:
    """Return the days' clearness with the days dull that have a typhoon near by daylight.

    Parameters
    ----------
    clearness : numpy.ndarray, shape (days,)
        Standard normal; high means clear.
    typhoons, place, index, climate
        As for `storm_wind`.

    Returns
    -------
    numpy.ndarray, shape (days,)
        The other days of such a month are clearer by as much, so that its mean holds.
    """
    result, months = clearness.copy(), days_of(index).month.to_numpy()
    is_light = (index.hour >= DAYLIGHT_HOURS[0]) & (index.hour < DAYLIGHT_HOURS[1])
    for typhoon in typhoons:
        near = (distance_km(typhoon, place, index, climate) < climate.cloud_km) & is_light
        is_dull = near.reshape(len(months), -1).any(axis=1)
        dull = np.minimum(result, ndtri(climate.clear_quantile))
        for month in np.unique(months[is_dull]):
            others = (months == month) & ~is_dull
            lost = (result - dull)[is_dull & (months == month)].sum()
            result[others] += lost / others.sum()
        result = np.where(is_dull, dull, result)
    return result
