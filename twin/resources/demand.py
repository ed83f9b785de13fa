"""Demand by class and area: components with hours, months and special days, scaled to each class's energy."""

from __future__ import annotations

import numpy as np
import pandas as pd

from twin.core.clock import DEFAULT_CLOCK, Clock, step_hours
from twin.core.errors import InputError, Problem
from twin.core.random_streams import ar1, per_half_hour, stream
from twin.core.tables import HOURS, MONTHS, Tables
from twin.resources.calendar import is_free_day, special_period
from twin.resources.resampling import hourly_to_steps, hours_of

CLASSES = ("residential", "commercial", "public", "industry", "fisheries")
"""Classes of demand, in the order of the columns ``<class>_kwh`` of `GridModel.areas`."""

WATER_HEATING = "water_heating"
"""Component of residential demand: storage heaters on night tariffs."""

EVENING_HOURS, NIGHT_HOURS = (17, 23), (0, 6)
EVENING_CLASSES = ("residential", "commercial")
FREE_DAY_SHARE = 1 / 3


def area_climatology(tables: Tables, hours: pd.DatetimeIndex, clock: Clock = DEFAULT_CLOCK) -> np.ndarray:
    """Return the usual demand of the area around the island over its yearly mean, hourly; (H,) for the hours given.

    Special days (`special_days.csv`) count as free days: what is particular about them is not in it. Demand follows the
    clock on the wall.
    """
    hours = clock.wall(hours)
    table = tables["area_demand_hours"].set_index(["month", "day_type"])[HOURS]
    values = np.stack([table.xs(day_type, level="day_type").loc[1:12] for day_type in ("work", "free")])
    return np.asarray(values[is_free_day(tables, hours).astype(int), hours.month - 1, hours.hour])


def area_components(
    tables: Tables, hours: pd.DatetimeIndex, measured: bool, clock: Clock = DEFAULT_CLOCK
) -> dict[str, np.ndarray]:
    """Return each component over the demand of the area around the island; by `area_demand_mix.csv` their sum is 1.

    Parameters
    ----------
    tables : Tables
    hours : pandas.DatetimeIndex
        (H,) hourly.
    measured : bool
        Whether the area's demand is a measured one, which holds the closed works of the special days already; a
        climatology does not.
    clock : Clock
        For the hours on the wall and the free days.

    Returns
    -------
    dict of str to numpy.ndarray
        (H,) per component, as a multiple of its yearly mean.
    """
    hours = clock.wall(hours)
    parts = _guesses(tables, hours)
    if measured:
        parts = _times(parts, _special_days(tables, hours, "works"))
    mix = tables["area_demand_mix"][["class", "share"]].itertuples(index=False)
    explained = sum(share * parts[name] for name, share in mix)
    return {name: part / explained for name, part in parts.items()}


def island_factors(
    tables: Tables, hours: pd.DatetimeIndex, measured: bool, clock: Clock = DEFAULT_CLOCK
) -> dict[str, np.ndarray]:
    """Return each class's demand on the island over that of the area around the island.

    Parameters
    ----------
    tables : Tables
    hours, measured
        See `area_components`.

    Returns
    -------
    dict of str to numpy.ndarray
        Per class of `CLASSES` (H,), in proportion, and `WATER_HEATING`, which is not in ``residential``; without the
        response to temperature.
    """
    hours = clock.wall(hours)
    parts = area_components(tables, hours, measured, clock)
    factors = {name: parts[name] * _by_time_of_day(tables, name, hours) for name in (*CLASSES, WATER_HEATING)}
    if "demand_tourism_months" in tables:
        visitors = tables["demand_tourism_months"].set_index("month")["visitors"].to_numpy()[hours.month - 1]
        tourism = tables.value("demand_tourism_share")
        factors["commercial"] *= 1 - tourism + tourism * visitors
    if not measured:
        factors = _times(factors, _special_days(tables, hours, "works"))
    return _times(factors, _special_days(tables, hours, "homecoming"))


def _guesses(tables: Tables, hours: pd.DatetimeIndex) -> dict[str, np.ndarray]:
    """Return each component over its own yearly mean, roughly 1 in the mean; (H,) each."""
    by_hour = tables["demand_class_hours"].set_index(["class", "day_type"])[HOURS]
    by_month = tables["demand_class_months"].set_index("class")[MONTHS]
    free = is_free_day(tables, hours).astype(int)
    guesses = {}
    for name in by_month.index:
        day_types = np.stack([by_hour.loc[(name, "work")], by_hour.loc[(name, "free")]]).astype(float)
        mean = (1 - FREE_DAY_SHARE) * day_types[0].mean() + FREE_DAY_SHARE * day_types[1].mean()
        months = by_month.loc[name].to_numpy(float)
        guesses[str(name)] = day_types[free, hours.hour] / mean * months[hours.month - 1] / months.mean()
    return guesses


def _times(parts: dict[str, np.ndarray], factors: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name: part * factors.get(name, 1.0) for name, part in parts.items()}


def _by_time_of_day(tables: Tables, name: str, hours: pd.DatetimeIndex) -> np.ndarray:
    """Return what the island's evenings and nights have over those of its mix of classes; (H,)."""
    factor = np.ones(len(hours))
    factor[(hours.hour >= NIGHT_HOURS[0]) & (hours.hour < NIGHT_HOURS[1])] = tables.value("demand_night_factor")
    if name in EVENING_CLASSES:
        is_evening = (hours.hour >= EVENING_HOURS[0]) & (hours.hour < EVENING_HOURS[1])
        factor[is_evening] = tables.value("demand_evening_factor")
    return factor


def _special_days(tables: Tables, hours: pd.DatetimeIndex, effect: str) -> dict[str, np.ndarray]:
    """Return the factors of one effect by component, 1 on other days; (H,) each, only components that have one."""
    period = special_period(tables, hours)
    factors: dict[str, np.ndarray] = {}
    rows = tables["demand_special_days"].to_dict("records") if "demand_special_days" in tables else []
    for row in rows:
        if row["effect"] == effect:
            factor = factors.setdefault(row["class"], np.ones(len(hours)))
            factor[period == row["period"]] *= row["demand_ratio"]
    return factors


APPLIANCES = "appliances"
"""Residential demand without water heating, among the results of `class_shapes`."""

COMMON = "all areas"
"""Key of the noise that all areas share."""


def class_shapes(
    tables: Tables,
    index: pd.DatetimeIndex,
    temp_air: np.ndarray | None,
    area_shape: np.ndarray | None = None,
    clock: Clock = DEFAULT_CLOCK,
) -> dict[str, np.ndarray]:
    """Return the shape of each class over the year.

    A class is the demand of the area around the island times what the class has over it (`twin.resources.demand`), and
    follows the temperature where that is not yet in the area's demand.

    Parameters
    ----------
    tables : Tables
    index : pandas.DatetimeIndex
        (T,).
    temp_air : numpy.ndarray or None
        (T,) degree C; None where `area_shape` is a measured one, which holds the weather already.
    area_shape : numpy.ndarray or None
        (H,) hourly demand of the area in any unit; default `area_climatology`.
    clock : Clock
        For the hours on the wall.

    Returns
    -------
    dict of str to numpy.ndarray
        Per class of `CLASSES`, and for the two parts of ``residential``, `APPLIANCES` and `WATER_HEATING`: (T,),
        mean 1, not negative.
    """
    hours = hours_of(index)
    area = area_climatology(tables, hours, clock) if area_shape is None else area_shape
    shapes = {}
    for name, factor in island_factors(tables, hours, area_shape is not None, clock).items():
        shape = _at_steps(area * factor, index)
        if temp_air is not None and name != WATER_HEATING:
            shape = shape * temperature_response(tables, name, index, temp_air)
        shapes[name] = shape / shape.mean()
    night = tables.value("demand_night_water_heating_share")
    appliances = shapes["residential"]
    residential = (1 - night) * appliances + night * shapes[WATER_HEATING]
    return shapes | {"residential": residential, APPLIANCES: appliances}


def temperature_response(tables: Tables, name: str, index: pd.DatetimeIndex, temp_air: np.ndarray) -> np.ndarray:
    """Return a class's demand over that at the month's normal temperature; (T,).

    Heating and cooling grow in proportion to the degrees below and above the class's thresholds; the temperature
    is the mean of the hours before (``heating_smoothing_hours``), because buildings are slow.
    """
    row = tables["demand_classes"].set_index("class").loc[name]
    smooth = felt_temperature(tables, index, temp_air)
    normal = tables.by_month("temperature_normals", "temperature_c").loc[index.month].to_numpy()

    def degrees(temperature: np.ndarray) -> np.ndarray:
        heating = np.clip(row["heating_below_c"] - temperature, 0, None) * row["heating_per_kelvin"]
        result: np.ndarray = (
            heating + np.clip(temperature - row["cooling_above_c"], 0, None) * row["cooling_per_kelvin"]
        )
        return result

    result: np.ndarray = (1 + degrees(smooth)) / (1 + degrees(normal))
    return result


def felt_temperature(tables: Tables, index: pd.DatetimeIndex, temp_air: np.ndarray) -> np.ndarray:
    """Return the mean of the last ``heating_smoothing_hours``, which buildings follow; (T,) degree C."""
    window = max(1, round(tables.value("heating_smoothing_hours") / step_hours(index)))
    return pd.Series(temp_air).rolling(window, min_periods=1).mean().to_numpy()


def area_demand(
    tables: Tables,
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
    tables : Tables
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
    own_noise = tables.value("demand_noise"), tables.value("demand_noise_correlation")
    common_noise = tables.value("demand_common_noise"), tables.value("demand_common_noise_correlation")
    common = _noise(index, COMMON, *common_noise, seed, weather_year)
    for column, (area, row) in enumerate(areas.iterrows()):
        noise = np.exp(common + _noise(index, str(area), *own_noise, seed, weather_year))
        for name in CLASSES:
            shape = shapes[row["place"]][name] * noise
            demand_mw[:, column] += row[f"{name}_kwh"] * shape / (shape.sum() * step_hours(index)) / 1000
    return demand_mw


def class_demand_kw(
    tables: Tables,
    demand_class: str,
    index: pd.DatetimeIndex,
    temp_air: np.ndarray,
    energy_kwh: float,
    clock: Clock = DEFAULT_CLOCK,
) -> np.ndarray:
    """Return the demand of one class for a measured temperature, for comparison with its measured demand.

    This is what ``goto-twin validate demand`` compares a user's file with: hours, days and months of the class, the
    calendar and the response to temperature, without noise.

    Parameters
    ----------
    tables : Tables
    demand_class : str
        One of `CLASSES`.
    index : pandas.DatetimeIndex
        (T,) gapless, in the island's time, 60 minutes or a part of it; any period of at least two steps. The first
        ``heating_smoothing_hours`` know only part of the temperatures that buildings remember.
    temp_air : numpy.ndarray
        (T,) degree C.
    energy_kwh : float
        Energy over the period, e.g. that of the measured demand; met exactly.
    clock : Clock
        For the hours on the wall and the free days.

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
    shape = class_shapes(tables, index, temp_air, clock=clock)[demand_class]
    result: np.ndarray = energy_kwh * shape / (shape.sum() * step_hours(index))
    return result


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
