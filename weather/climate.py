"""The places of a study and their monthly normals, read from tables."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.special import ndtri

from twin.core.clock import MONTHS_OF_YEAR
from twin.core.errors import InputError, Problem, raise_if_any
from twin.core.tables import Tables
from twin.core.weather_table import Place


def daily_from_monthly(monthly: np.ndarray, days: pd.DatetimeIndex, weights: np.ndarray | None = None) -> np.ndarray:
    """Return a smooth daily curve whose weighted monthly means are `monthly`.

    The curve is piecewise linear and periodic with its nodes in mid-month; the twelve node values solve the
    linear system "mean of the curve over each month = normal" (mean-preserving interpolation, Rymes and Myers 2001).

    Parameters
    ----------
    monthly : numpy.ndarray, shape (12,)
        Normals, January first.
    days : pandas.DatetimeIndex
        Days that hold each calendar month at least once.
    weights : numpy.ndarray, shape (days,), optional
        Weight of each day in its month's mean.

    Returns
    -------
    numpy.ndarray, shape (days,)
    """
    months = days.month.to_numpy() - 1
    position = months + (days.day.to_numpy() - 0.5) / days.days_in_month.to_numpy() - 0.5
    before = np.floor(position).astype(int)
    share = position - before
    hats = np.zeros((len(days), 12))
    hats[np.arange(len(days)), before % 12] = 1.0 - share
    hats[np.arange(len(days)), (before + 1) % 12] += share
    weight = np.ones(len(days)) if weights is None else weights
    member = (months[None, :] == np.arange(12)[:, None]) * weight
    means = (member / member.sum(axis=1, keepdims=True)) @ hats
    return hats @ np.linalg.solve(means, monthly)


def typical_months(latent: np.ndarray, months: np.ndarray) -> np.ndarray:
    """Give each month's values the plotting positions of a standard normal variable, keeping their order in time.

    Parameters
    ----------
    latent : numpy.ndarray, shape (n,)
        Standard normal in the long run; a single month may be off.
    months : numpy.ndarray, shape (n,)
        Month of each value.

    Returns
    -------
    numpy.ndarray, shape (n,)
        Rank r of n values in a month becomes the normal quantile of (r - 0.5) / n.
    """
    typical = np.empty_like(latent)
    for month in np.unique(months):
        members = np.flatnonzero(months == month)
        ranks = np.empty(len(members))
        ranks[np.argsort(latent[members], kind="stable")] = np.arange(len(members))
        typical[members] = ndtri((ranks + 0.5) / len(members))
    return typical


def days_of(index: pd.DatetimeIndex) -> pd.DatetimeIndex:
    """Return the days of `index`, which holds whole days."""
    return pd.DatetimeIndex(index[index == index.normalize()])


def steps_per_day(index: pd.DatetimeIndex) -> int:
    """Return how many intervals of `index` make a day."""
    return int(pd.Timedelta(days=1) / (index[1] - index[0]))


def hour_of_day(index: pd.DatetimeIndex) -> np.ndarray:
    """Return the hour of day of the middle of each interval."""
    middle = index + (index[1] - index[0]) / 2
    return (middle.hour + middle.minute / 60 + middle.second / 3600).to_numpy()


CLIMATE_VARIABLES = ("ghi_kwh_per_m2_day", "temp_air_mean_c", "temp_air_max_c", "temp_air_min_c")
WIND_VARIABLE = "wind_speed_m_per_s"
POSITIVE = ("ghi_kwh_per_m2_day", WIND_VARIABLE)
LARGEST_NORMAL = 60.0
"""No normal in the table's units (degree C, m/s, kWh/m2 a day) is as large."""


SunshineLines = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Climate:
    """A place and its monthly normals; arrays have twelve values, January first.

    Attributes
    ----------
    place : Place
    ghi_kwh_per_m2_day : numpy.ndarray
        Mean daily global horizontal irradiation.
    temp_air_mean_c, temp_air_max_c, temp_air_min_c : numpy.ndarray
        Mean temperature, mean of the daily maxima, mean of the daily minima.
    wind_mean_m_per_s : numpy.ndarray
        Mean wind speed at ``place.wind_height_m``: the place's yearly mean times the seasonal factor
        of its wind station.
    weibull_shape : float
        Shape of the wind speed's distribution within a month.
    wind_daily_swing : float
        Half the relative range of the mean daily cycle of the wind.
    sunshine : tuple of (float, float)
        Angstrom's a and b by month, January first; empty where the island has none.
    """

    place: Place
    ghi_kwh_per_m2_day: np.ndarray
    temp_air_mean_c: np.ndarray
    temp_air_max_c: np.ndarray
    temp_air_min_c: np.ndarray
    wind_mean_m_per_s: np.ndarray
    weibull_shape: float
    wind_daily_swing: float
    sunshine: SunshineLines = ()


def read_climates(tables: Tables) -> dict[str, Climate]:
    """Return the places of ``places.csv`` with the normals of ``normals.csv``, by place id in the table's order.

    Angstrom's lines are those of ``sunshine.csv``, the same at all places; an island may have none.

    Raises
    ------
    InputError
        As `climates_of`; where ``sunshine.csv`` lacks a month.
    """
    climates = climates_of(tables["places"], tables["normals"])
    if "sunshine" not in tables:
        return climates
    lines = tables["sunshine"].sort_values("month")
    if len(lines) != MONTHS_OF_YEAR:
        raise InputError(
            [Problem("not every month occurs once", "sunshine.csv", f"{len(lines)} rows", "months 1 to 12")]
        )
    by_month = tuple(zip(lines["intercept"].astype(float), lines["slope"].astype(float), strict=True))
    return {name: replace(climate, sunshine=by_month) for name, climate in climates.items()}


def climates_of(places: pd.DataFrame, normals: pd.DataFrame) -> dict[str, Climate]:
    """Return the climates that two tables state.

    Parameters
    ----------
    places : pandas.DataFrame
        One row per place; columns of ``places.csv``.
    normals : pandas.DataFrame
        One row per station, variable and month; columns of ``normals.csv``.

    Returns
    -------
    dict of str to Climate
        In the order of the table, by place id.

    Raises
    ------
    InputError
        If a table has impossible values or a station lacks a month.
    """
    raise_if_any([*_place_problems(places), *_normal_problems(places, normals)])
    table = normals.pivot_table(index=["station", "variable"], columns="month", values="value")
    return {str(row["place_id"]): _climate(row, table) for _, row in places.iterrows()}


def _climate(row: pd.Series, table: pd.DataFrame) -> Climate:
    season = table.loc[(row["wind_station"], WIND_VARIABLE)].to_numpy(dtype=float)
    return Climate(
        place=Place(
            place_id=str(row["place_id"]),
            latitude=float(row["latitude"]),
            longitude=float(row["longitude"]),
            altitude_m=float(row["altitude_m"]),
            wind_height_m=float(row["wind_height_m"]),
            roughness_length_m=float(row["roughness_length_m"]),
        ),
        **{name: table.loc[(row["climate_station"], name)].to_numpy(dtype=float) for name in CLIMATE_VARIABLES},
        wind_mean_m_per_s=float(row["wind_mean_m_per_s"]) * season / season.mean(),
        weibull_shape=float(row["weibull_shape"]),
        wind_daily_swing=float(row["wind_daily_swing"]),
    )


_ACCEPTED_RANGES = {
    "latitude": (-66.0, 66.0),
    "longitude": (-180.0, 180.0),
    "altitude_m": (-400.0, 5000.0),
    "wind_height_m": (2.0, 300.0),
    "roughness_length_m": (1e-5, 3.0),
    "wind_mean_m_per_s": (0.5, 20.0),
    "weibull_shape": (1.0, 4.0),
    "wind_daily_swing": (0.0, 0.8),
}


def _place_problems(places: pd.DataFrame) -> list[Problem]:
    problems = []
    for _, row in places.iterrows():
        for column, (low, high) in _ACCEPTED_RANGES.items():
            if not low <= row[column] <= high:
                where = f"places.csv, {row['place_id']}, column {column}"
                problems.append(Problem("value out of range", where, f"{row[column]}", f"{low} to {high}"))
    for place_id in places["place_id"][places["place_id"].duplicated()]:
        problems.append(Problem("place occurs twice", f"places.csv, {place_id}", repair="remove one of the rows"))
    return problems


def _normal_problems(places: pd.DataFrame, normals: pd.DataFrame) -> list[Problem]:
    problems = []
    months = normals.groupby(["station", "variable"])["month"].agg(lambda month: sorted(month) == list(range(1, 13)))
    needed = {(station, WIND_VARIABLE) for station in places["wind_station"]}
    needed |= {(station, name) for station in places["climate_station"] for name in CLIMATE_VARIABLES}
    repair = "add the rows or name another station in places.csv"
    for station, variable in sorted(needed):
        if not months.get((station, variable), False):
            where = f"normals.csv, station {station}, variable {variable}"
            problems.append(Problem("not every month occurs once", where, accepted="months 1 to 12", repair=repair))
    for _, row in normals[~(normals["value"].abs() < LARGEST_NORMAL)].iterrows():
        where = f"normals.csv, {row['station']}/{row['variable']}/{row['month']}"
        problems.append(Problem("value out of range", where, f"{row['value']}", f"within {LARGEST_NORMAL}"))
    for _, row in normals[normals["variable"].isin(POSITIVE) & ~(normals["value"] > 0.0)].iterrows():
        where = f"normals.csv, {row['station']}/{row['variable']}/{row['month']}"
        problems.append(Problem("value out of range", where, f"{row['value']}", "above 0"))
    return problems
