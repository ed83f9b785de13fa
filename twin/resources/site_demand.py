"""Demand shapes of single sites: each a variant of its class's shape, in time, season and unsteadiness."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from twin.core.clock import HALF_HOURS_OF_DAY, MINUTES_OF_HALF_HOUR, step_hours, step_of_day
from twin.core.random_streams import ar1, per_half_hour, stream
from twin.core.tables import Tables
from twin.resources.calendar import day_number
from twin.resources.demand import APPLIANCES, WATER_HEATING

LARGEST_BRIEF_SHARE = 0.95
HABIT_CORRELATION = 0.8
HEATER_SPREAD = 0.5
GOLDEN_RATIO = (5**0.5 - 1) / 2


@dataclass(frozen=True)
class DemandShape:
    """One of the demand shapes that the sites of a class share."""

    demand_class: str
    variant: int


@dataclass(frozen=True)
class Habits:
    """What sets one variant apart from its class; the same in all weather years.

    Attributes
    ----------
    shift_hours : float
        How much later its day runs.
    season : float
        Power on the class's course over the year: 0 flat, 1 as the class.
    of_day : numpy.ndarray
        (48,) its own half-hours of the day over the class's.
    noise_sd : float
        Standard deviation of the logarithm of its unsteadiness.
    brief_share : float
        Part of the variance of that which lasts no longer than one step (kettle, microwave).
    water_heating : float
        Share of its energy that heats water at night.
    """

    shift_hours: float
    season: float
    of_day: np.ndarray
    noise_sd: float
    brief_share: float
    water_heating: float


def demand_shapes(tables: Tables) -> tuple[DemandShape, ...]:
    """Return the shapes of ``site_demand.csv``: the variants of each class."""
    table = tables["site_demand"]
    return tuple(
        DemandShape(name, variant)
        for name, count in table[["class", "variants"]].itertuples(index=False)
        for variant in range(count)
    )


def draw_variant(shapes: tuple[DemandShape, ...], demand_class: str, draw: float) -> int:
    """Return the position of a variant of a class, from a draw in 0..1."""
    own = [position for position, shape in enumerate(shapes) if shape.demand_class == demand_class]
    return own[int(draw * len(own))]


def site_demand(
    tables: Tables,
    index: pd.DatetimeIndex,
    class_shapes: dict[str, np.ndarray],
    shapes: tuple[DemandShape, ...],
    *,
    seed: int,
    weather_year: int,
) -> np.ndarray:
    """Return the demand of a site per kWh of its year.

    A variant is the class's course over the year, to a power of its own, times the class's course over the day,
    shifted in time, times habits of its own, times its days (away, at home) and its unsteadiness: a lognormal AR(1)
    mixed with white noise, which the breaker ends at the top. Storage water heaters are in some homes only, and then
    a large part of their demand.

    Parameters
    ----------
    tables : Tables
    index : pandas.DatetimeIndex
        (T,), one year.
    class_shapes : dict of str to numpy.ndarray
        From `twin.resources.demand.class_shapes`.
    shapes : tuple of DemandShape
        D shapes.
    seed, weather_year : int
        Key of habits (without the year) and unsteadiness, with class and variant.

    Returns
    -------
    numpy.ndarray
        (T, D) kW per kWh/year; each column sums to 1 kWh.
    """
    rows: dict[str, dict[str, float]] = tables["site_demand"].set_index("class").to_dict("index")  # type: ignore[assignment]
    clock = _Clock(index)
    courses = {name: _courses(_without_heater(class_shapes, name), clock.day) for name in rows}
    heater_homes = tables.value("demand_night_water_heating_homes")
    heater_share = tables.value("demand_night_water_heating_share") / heater_homes
    demand = np.empty((len(index), len(shapes)))
    for column, shape in enumerate(shapes):
        row, name = rows[shape.demand_class], f"{shape.demand_class}/{shape.variant}"
        share = heater_share if _has_heater(shape, heater_homes) else 0.0
        habits = _habits(row, share, stream(seed, "site demand habits", 0, name))
        rng = stream(seed, "site demand noise", weather_year, name)
        use = _steady(*courses[shape.demand_class], habits, clock)
        use *= _days(row["day_cv"], clock, rng) * _unsteadiness(row, habits, clock, rng)
        use *= (1 - habits.water_heating) / use.mean()
        demand[:, column] = use + habits.water_heating * class_shapes[WATER_HEATING]
    result: np.ndarray = demand / (demand.sum(axis=0) * clock.hours)
    return result


class _Clock:
    """Number of the day, half-hour of the day and step length of an index."""

    def __init__(self, index: pd.DatetimeIndex) -> None:
        self.day = day_number(index)
        self.half_hour = step_of_day(index, MINUTES_OF_HALF_HOUR)
        self.hours = step_hours(index)


def _without_heater(class_shapes: dict[str, np.ndarray], name: str) -> np.ndarray:
    return class_shapes[APPLIANCES if name == "residential" else name]


def _habits(row: dict[str, float], heater_share: float, rng: np.random.Generator) -> Habits:
    shift, season, noise = rng.standard_normal(3)
    cv = row["noise_cv"] * np.exp(row["noise_cv_spread"] * noise)
    brief = min(2 * row["brief_share"] * rng.random(), LARGEST_BRIEF_SHARE)
    size = rng.uniform(1 - HEATER_SPREAD, 1 + HEATER_SPREAD)
    return Habits(
        shift_hours=shift * row["shift_sd_hours"],
        season=max(1 + season * row["season_spread"], 0.0),
        of_day=np.exp(row["habit_cv"] * ar1(rng, HALF_HOURS_OF_DAY, HABIT_CORRELATION)),
        noise_sd=float(np.sqrt(np.log(1 + cv**2))),
        brief_share=brief,
        water_heating=size * heater_share,
    )


def _has_heater(shape: DemandShape, homes: float) -> bool:
    """Return whether a variant has a heater; by the golden ratio, so that any number of them holds `homes` closely."""
    return shape.demand_class == "residential" and (shape.variant * GOLDEN_RATIO) % 1 < homes


def _courses(shape: np.ndarray, day: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Split a class's shape into its course over the year (logarithm of the daily means) and over the day."""
    daily = (np.bincount(day, shape) / np.bincount(day))[day]
    return np.log(daily), shape / daily


def _steady(log_season: np.ndarray, of_day: np.ndarray, habits: Habits, clock: _Clock) -> np.ndarray:
    shifted = np.roll(of_day, round(habits.shift_hours / clock.hours))
    result: np.ndarray = np.exp(habits.season * log_season) * shifted * habits.of_day[clock.half_hour]
    return result


def _days(cv: float, clock: _Clock, rng: np.random.Generator) -> np.ndarray:
    result: np.ndarray = np.exp(cv * rng.standard_normal(clock.day[-1] + 1))[clock.day]
    return result


def _unsteadiness(row: dict[str, float], habits: Habits, clock: _Clock, rng: np.random.Generator) -> np.ndarray:
    steps = len(clock.day)
    lasting = ar1(rng, steps, per_half_hour(row["noise_correlation"], clock.hours))
    brief = rng.standard_normal(steps)
    mixed = np.sqrt(1 - habits.brief_share) * lasting + np.sqrt(habits.brief_share) * brief
    result: np.ndarray = np.exp(habits.noise_sd * np.minimum(mixed, row["breaker_at_sd"]))
    return result
