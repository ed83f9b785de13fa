"""Demand, PV and wind of the area around the island from the same weather as the plants', and what else supplies it."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import norm

from twin.core.clock import step_hours
from twin.core.random_streams import ar1, stream
from twin.core.tables import HOURS, Tables
from twin.core.weather_table import WeatherTable
from twin.resources.area_market.balance import AreaDrivers, area_parameter
from twin.resources.calendar import day_number
from twin.resources.demand import area_climatology, felt_temperature
from twin.resources.resampling import hourly_to_steps, hours_of

LOWEST_SUN = 0.15
"""A day's PV energy of the area over its monthly mean is not lower; FY2021 and FY2022 had 0.16 and 0.18."""


def area_drivers(tables: Tables, weather: WeatherTable, *, seed: int, weather_year: int) -> AreaDrivers:
    """Return what drives the area's balance in one weather year.

    Demand is the area's usual one times its response to the temperature. PV has the area's usual course of the month
    and follows the local days: a day's energy over the month's mean is the local one, standardised, mixed with a keyed
    noise for the rest of the 300 km, with the area's spread. Wind follows the local days likewise.

    Parameters
    ----------
    tables : Tables
    weather : WeatherTable
        The weather of the plants; the mean over its places is the local weather.
    seed, weather_year : int
        Key of the days' noise.

    Returns
    -------
    AreaDrivers
    """
    index = weather.index
    course = area_climatology(tables, hours_of(index), weather.clock)
    usual_demand = area_parameter(tables, "demand_mean_mw") * _to_steps(course, index)
    usual_sun = area_parameter(tables, "pv_installed_mw") * _to_steps(_usual_sun(tables, hours_of(index)), index)
    usual_wind = _of_months(tables, "area_months", "wind_mw", index)
    must_run = _of_months(tables, "area_months", "must_run_mw", index) + _of_months(
        tables, "area_nuclear", "nuclear_mw", index
    )
    day = day_number(index)
    noise = {name: _day_noise(tables, name, day[-1] + 1, seed, weather_year) for name in ("sun", "wind", "demand")}
    demand_noise = 1 + area_parameter(tables, "demand_day_noise") * noise["demand"][day]
    return AreaDrivers(
        demand_mw=usual_demand * _temperature_factor(tables, weather) * demand_noise,
        pv_mw=usual_sun * _sun_of_days(tables, weather, noise["sun"])[day],
        wind_mw=usual_wind * _wind_of_days(tables, weather, noise["wind"])[day],
        must_run_mw=must_run,
        export_mw=_of_months(tables, "area_export_limits", "export_mw", index),
        usual_net_mw=_monthly_mean(index, usual_demand - must_run - usual_sun - usual_wind),
    )


def _to_steps(hourly: np.ndarray, index: pd.DatetimeIndex) -> np.ndarray:
    return hourly_to_steps(hourly, round(1 / step_hours(index)))[: len(index)]


def _of_months(tables: Tables, table: str, column: str, index: pd.DatetimeIndex) -> np.ndarray:
    return tables.by_month(table, column).to_numpy(float)[index.month - 1]


def _monthly_mean(index: pd.DatetimeIndex, values: np.ndarray) -> np.ndarray:
    month = index.month.to_numpy()
    count = np.bincount(month)
    result: np.ndarray = np.divide(np.bincount(month, values), count, out=np.zeros(len(count)), where=count > 0)[month]
    return result


def _usual_sun(tables: Tables, hours: pd.DatetimeIndex) -> np.ndarray:
    return tables["area_sun_hours"].set_index("month")[HOURS].to_numpy()[hours.month - 1, hours.hour]


def _day_noise(tables: Tables, name: str, days: int, seed: int, weather_year: int) -> np.ndarray:
    return ar1(stream(seed, f"area {name}", weather_year), days, area_parameter(tables, "day_memory"))


def _mixed(tables: Tables, local: np.ndarray, noise: np.ndarray) -> np.ndarray:
    weight = tables.value("area_balance_local_weight")
    result: np.ndarray = weight * local + np.sqrt(1 - weight**2) * noise
    return result


def _sun_of_days(tables: Tables, weather: WeatherTable, noise: np.ndarray) -> np.ndarray:
    """Return each day's PV energy of the area over the usual one of its month."""
    first = _first_of_days(weather.index)
    per_day_kwh = _daily_mean(weather, "ghi") * 24 / 1000
    relative = per_day_kwh / _of_months(tables, "area_months", "local_ghi_kwh_m2_day", first) - 1
    spread, highest = (_of_months(tables, "area_months", name, first) for name in ("sun_spread", "sun_highest"))
    result: np.ndarray = np.clip(1 + spread * _mixed(tables, relative / relative.std(), noise), LOWEST_SUN, highest)
    return result


def _wind_of_days(tables: Tables, weather: WeatherTable, noise: np.ndarray) -> np.ndarray:
    speed = _daily_mean(weather, "wind_speed")
    return np.clip(
        1 + area_parameter(tables, "wind_response") * _mixed(tables, (speed - speed.mean()) / speed.std(), noise),
        0,
        None,
    )


def _temperature_factor(tables: Tables, weather: WeatherTable) -> np.ndarray:
    """Return the demand over the usual one of the month; buildings follow the mean of the last day."""
    index = weather.index
    smooth = felt_temperature(tables, index, _local(weather, "temp_air"))
    normal = tables.by_month("temperature_normals", "temperature_c").to_numpy()[index.month - 1]
    result: np.ndarray = _response(tables, smooth, 0.0) / _response(
        tables, normal, area_parameter(tables, "temperature_spread_c")
    )
    return result


def _response(tables: Tables, temperature: np.ndarray, spread: float) -> np.ndarray:
    """Return heating and cooling above a demand of 1; the mean over normally distributed days where they spread."""
    heating = _mean_excess(area_parameter(tables, "heating_below_c") - temperature, spread)
    cooling = _mean_excess(temperature - area_parameter(tables, "cooling_above_c"), spread)
    return (
        1
        + area_parameter(tables, "heating_per_kelvin") * heating
        + area_parameter(tables, "cooling_per_kelvin") * cooling
    )


def _mean_excess(mean: np.ndarray, spread: float) -> np.ndarray:
    """Return the mean of what is above 0 of a normal distribution (Bachelier's formula)."""
    if spread == 0:
        result: np.ndarray = np.clip(mean, 0, None)
        return result
    result = mean * norm.cdf(mean / spread) + spread * norm.pdf(mean / spread)
    return result


def _local(weather: WeatherTable, variable: str) -> np.ndarray:
    result: np.ndarray = np.mean([frame[variable].to_numpy() for frame in weather.values.values()], axis=0)
    return result


def _daily_mean(weather: WeatherTable, variable: str) -> np.ndarray:
    day = day_number(weather.index)
    return np.bincount(day, _local(weather, variable)) / np.bincount(day)


def _first_of_days(index: pd.DatetimeIndex) -> pd.DatetimeIndex:
    return index[np.unique(day_number(index), return_index=True)[1]]
