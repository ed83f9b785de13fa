"""Demand by class and area: shapes over the year that meet each class total exactly."""

from __future__ import annotations

import numpy as np
import pandas as pd

from twin.clock import step_hours
from twin.errors import InputError, Problem
from twin.profiles.demand_components import CLASSES, WATER_HEATING, goto_factors, kyushu_climatology
from twin.profiles.noise import ar1, per_half_hour
from twin.profiles.resampling import hourly_to_steps, hours_of
from twin.profiles.tables import by_month, parameter, read_table
from twin.randomness import stream

APPLIANCES = "appliances"
"""Residential demand without water heating, among the results of `class_shapes`."""

COMMON = "all areas"
"""Key of the noise that all areas share."""


def class_shapes(
    index: pd.DatetimeIndex, temp_air: np.ndarray | None, area_shape: np.ndarray | None = None
) -> dict[str, np.ndarray]:
    """Return the shape of each class over the year.

    A class is the demand of the Kyushu area times what the class has over it (`twin.profiles.demand_components`), and
    follows the temperature where that is not yet in the area's demand.

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
        Per class of `CLASSES`, and for the two parts of ``residential``, `APPLIANCES` and `WATER_HEATING`: (T,),
        mean 1, not negative.
    """
    hours = hours_of(index)
    area = kyushu_climatology(hours) if area_shape is None else area_shape
    shapes = {}
    for name, factor in goto_factors(hours, measured=area_shape is not None).items():
        shape = _at_steps(area * factor, index)
        if temp_air is not None and name != WATER_HEATING:
            shape = shape * temperature_response(name, index, temp_air)
        shapes[name] = shape / shape.mean()
    night = parameter("demand_night_water_heating_share")
    appliances = shapes["residential"]
    residential = (1 - night) * appliances + night * shapes[WATER_HEATING]
    return shapes | {"residential": residential, APPLIANCES: appliances}


def temperature_response(name: str, index: pd.DatetimeIndex, temp_air: np.ndarray) -> np.ndarray:
    """Return a class's demand over that at the month's normal temperature; (T,).

    Heating and cooling grow in proportion to the degrees below and above the class's thresholds; the temperature
    is the mean of the hours before (``heating_smoothing_hours``), because buildings are slow.
    """
    row = read_table("demand_classes").set_index("class").loc[name]
    smooth = felt_temperature(index, temp_air)
    normal = by_month("temperature_normals", "temperature_c").loc[index.month].to_numpy()

    def degrees(temperature: np.ndarray) -> np.ndarray:
        heating = np.clip(row["heating_below_c"] - temperature, 0, None) * row["heating_per_kelvin"]
        return heating + np.clip(temperature - row["cooling_above_c"], 0, None) * row["cooling_per_kelvin"]

    return (1 + degrees(smooth)) / (1 + degrees(normal))


def felt_temperature(index: pd.DatetimeIndex, temp_air: np.ndarray) -> np.ndarray:
    """Return the mean of the last ``heating_smoothing_hours``, which buildings follow; (T,) degree C."""
    window = max(1, round(parameter("heating_smoothing_hours") / step_hours(index)))
    return pd.Series(temp_air).rolling(window, min_periods=1).mean().to_numpy()


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
        Key of the areas' noise, a part of which all areas share.

    Returns
    -------
    numpy.ndarray
        (T, A) MW; each class of each area has exactly its kWh over the year.
    """
    demand_mw = np.zeros((len(index), len(areas)))
    own_noise = parameter("demand_noise"), parameter("demand_noise_correlation")
    common_noise = parameter("demand_common_noise"), parameter("demand_common_noise_correlation")
    common = _noise(index, COMMON, *common_noise, seed, weather_year)
    for column, (area, row) in enumerate(areas.iterrows()):
        noise = np.exp(common + _noise(index, str(area), *own_noise, seed, weather_year))
        for name in CLASSES:
            shape = shapes[row["place"]][name] * noise
            demand_mw[:, column] += row[f"{name}_kwh"] * shape / (shape.sum() * step_hours(index)) / 1000
    return demand_mw


def class_demand_kw(demand_class: str, index: pd.DatetimeIndex, temp_air: np.ndarray, energy_kwh: float) -> np.ndarray:
    """Return the demand of one class for a measured temperature, for comparison with its measured demand.

    This is what ``goto-twin validate demand`` compares a user's file with: hours, days and months of the class, the
    Japanese calendar and the response to temperature, without noise.

    Parameters
    ----------
    demand_class : str
        One of `CLASSES`.
    index : pandas.DatetimeIndex
        (T,) gapless, Asia/Tokyo, 60 minutes or a part of it; any period of at least two steps. The first
        ``heating_smoothing_hours`` know only part of the temperatures that buildings remember.
    temp_air : numpy.ndarray
        (T,) degree C.
    energy_kwh : float
        Energy over the period, e.g. that of the measured demand; met exactly.

    Returns
    -------
    numpy.ndarray
        (T,) kW, consumption positive.

    Raises
    ------
    InputError
        Where there is no such class.
    """
    if demand_class not in CLASSES:
        raise InputError([Problem("no such class of demand", "demand_class", demand_class, ", ".join(CLASSES))])
    shape = class_shapes(index, temp_air)[demand_class]
    return energy_kwh * shape / (shape.sum() * step_hours(index))


def _at_steps(hourly: np.ndarray, index: pd.DatetimeIndex) -> np.ndarray:
    """Spread values of the hours of `index` over its steps; (T,)."""
    steps = round(1 / step_hours(index))
    first = round((index[0] - index[0].floor("h")) / pd.Timedelta("1h") * steps)
    return hourly_to_steps(hourly, steps)[first : first + len(index)]


def _noise(
    index: pd.DatetimeIndex, area: str, spread: float, correlation: float, seed: int, weather_year: int
) -> np.ndarray:
    """Return noise with mean 0, given the correlation of neighbouring half-hours; (T,)."""
    rng = stream(seed, "area demand", weather_year, area)
    return spread * ar1(rng, len(index), per_half_hour(correlation, step_hours(index)))
