"""Demand by class and area: shapes over the year that meet each class total exactly."""

from __future__ import annotations

import numpy as np
import pandas as pd

from twin.clock import step_hours
from twin.profiles.calendar import is_free_day
from twin.profiles.noise import ar1, per_half_hour
from twin.profiles.resampling import hourly_to_steps, hours_of
from twin.profiles.tables import HOURS, by_month, parameter, read_table
from twin.randomness import stream

CLASSES = ("residential", "commercial", "public", "industry", "fisheries")
"""Classes of demand, in the order of the columns ``<class>_kwh`` of `GridModel.areas`."""


def kyushu_climatology(hours: pd.DatetimeIndex) -> np.ndarray:
    """Return the usual demand of the Kyushu area over its yearly mean, hourly; (H,) for the hours given."""
    table = read_table("demand_kyushu_hours").set_index(["month", "day_type"])[HOURS]
    return _by_day_type(table, hours.month.to_numpy(), is_free_day(hours), hours.hour.to_numpy())


def class_shapes(
    index: pd.DatetimeIndex, temp_air: np.ndarray | None, area_shape: np.ndarray | None = None
) -> dict[str, np.ndarray]:
    """Return the shape of each class over the year.

    A class is the demand of the Kyushu area times the class's factors by hour, day type and month, and follows the
    temperature where that is not yet in the area's demand.

    Parameters
    ----------
    index : pandas.DatetimeIndex
        (T,).
    temp_air : numpy.ndarray or None
        (T,) degree C; None where `area_shape` is a measured one, which holds the weather already.
    area_shape : numpy.ndarray or None
        (H,) hourly demand of the area in any unit; default `kyushu_climatology`.

    Returns
    -------
    dict of str to numpy.ndarray
        Per class (T,), mean 1, not negative.
    """
    hours = hours_of(index)
    steps_per_hour = round(1 / step_hours(index))
    area = kyushu_climatology(hours) if area_shape is None else area_shape
    shapes = {}
    for name in CLASSES:
        shape = hourly_to_steps(area * _class_factor(name, hours), steps_per_hour)[: len(index)]
        if temp_air is not None:
            shape = shape * temperature_response(name, index, temp_air)
        shapes[name] = shape / shape.mean()
    return shapes


def temperature_response(name: str, index: pd.DatetimeIndex, temp_air: np.ndarray) -> np.ndarray:
    """Return a class's demand over that at the month's normal temperature; (T,).

    Heating and cooling grow in proportion to the degrees below and above the class's thresholds; the temperature
    is the mean of the hours before (``heating_smoothing_hours``), because buildings are slow.
    """
    row = read_table("demand_classes").set_index("class").loc[name]
    window = max(1, round(parameter("heating_smoothing_hours") / step_hours(index)))
    smooth = pd.Series(temp_air).rolling(window, min_periods=1).mean().to_numpy()
    normal = by_month("temperature_normals", "temperature_c").loc[index.month].to_numpy()

    def degrees(temperature: np.ndarray) -> np.ndarray:
        heating = np.clip(row["heating_below_c"] - temperature, 0, None) * row["heating_per_kelvin"]
        return heating + np.clip(temperature - row["cooling_above_c"], 0, None) * row["cooling_per_kelvin"]

    return (1 + degrees(smooth)) / (1 + degrees(normal))


def area_demand(
    areas: pd.DataFrame,
    shapes: dict[str, dict[str, np.ndarray]],
    index: pd.DatetimeIndex,
    *,
    seed: int,
    weather_year: int,
) -> np.ndarray:
    """Return the gross demand of the areas.

    Parameters
    ----------
    areas : pandas.DataFrame
        `GridModel.areas`; columns ``<class>_kwh`` per year and ``place``.
    shapes : dict
        Per place the result of `class_shapes`.
    index : pandas.DatetimeIndex
        (T,), one year.
    seed, weather_year : int
        Key of the areas' noise.

    Returns
    -------
    numpy.ndarray
        (T, A) MW; each class of each area has exactly its kWh over the year.
    """
    demand_mw = np.zeros((len(index), len(areas)))
    for column, (area, row) in enumerate(areas.iterrows()):
        noise = _noise(index, str(area), seed, weather_year)
        for name in CLASSES:
            shape = shapes[row["place"]][name] * noise
            demand_mw[:, column] += row[f"{name}_kwh"] * shape / (shape.sum() * step_hours(index)) / 1000
    return demand_mw


def _noise(index: pd.DatetimeIndex, area: str, seed: int, weather_year: int) -> np.ndarray:
    correlation = per_half_hour(parameter("demand_noise_correlation"), step_hours(index))
    rng = stream(seed, "area demand", weather_year, area)
    return np.exp(parameter("demand_noise") * ar1(rng, len(index), correlation))


def _class_factor(name: str, hours: pd.DatetimeIndex) -> np.ndarray:
    table = read_table("demand_class_hours").set_index(["class", "day_type"])[HOURS]
    months = read_table("demand_class_months").set_index("class").loc[name]
    free, hour = is_free_day(hours), hours.hour.to_numpy()
    count = len(hours)
    of_class = _by_day_type(table, np.repeat(name, count), free, hour)
    of_all = _by_day_type(table, np.repeat("all", count), free, hour)
    return of_class * of_all * months[[str(month) for month in range(1, 13)]].to_numpy(float)[hours.month - 1]


def _by_day_type(table: pd.DataFrame, first_key: np.ndarray, free: np.ndarray, hour: np.ndarray) -> np.ndarray:
    rows = pd.MultiIndex.from_arrays([first_key, np.where(free, "free", "work")])
    return table.to_numpy()[table.index.get_indexer(rows), hour]
