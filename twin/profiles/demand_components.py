"""What demand is made of: components with their own hours, months and special days, and how Kyushu and Goto mix them.

The demand of the Kyushu area is taken apart by a guess of each component (`demand_class_hours.csv`,
`demand_class_months.csv`) and its share (`demand_kyushu_mix.csv`). What the guesses together do not explain is given
to all components in the same proportion, so that they add up to the area again in every hour: the guesses decide only
how the components differ. PV used behind the meter is a component with a negative share: the area's demand lacks it.
Goto then mixes the components its own way.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from twin.profiles.calendar import is_free_day, special_period
from twin.profiles.tables import HOURS, MONTHS, parameter, read_table

CLASSES = ("residential", "commercial", "public", "industry", "fisheries")
"""Classes of demand, in the order of the columns ``<class>_kwh`` of `GridModel.areas`."""

WATER_HEATING = "water_heating"
"""Component of residential demand: storage heaters on night tariffs."""

EVENING_HOURS, NIGHT_HOURS = (17, 23), (0, 6)
EVENING_CLASSES = ("residential", "commercial")
FREE_DAY_SHARE = 1 / 3


def kyushu_climatology(hours: pd.DatetimeIndex) -> np.ndarray:
    """Return the usual demand of the Kyushu area over its yearly mean, hourly; (H,) for the hours given.

    Special days (`special_days.csv`) count as free days: what is particular about them is not in it.
    """
    table = read_table("demand_kyushu_hours").set_index(["month", "day_type"])[HOURS]
    values = np.stack([table.xs(day_type, level="day_type").loc[1:12] for day_type in ("work", "free")])
    return np.asarray(values[is_free_day(hours).astype(int), hours.month - 1, hours.hour])


def kyushu_components(hours: pd.DatetimeIndex, measured: bool) -> dict[str, np.ndarray]:
    """Return each component over the demand of the Kyushu area; together, by `demand_kyushu_mix.csv`, they are 1.

    Parameters
    ----------
    hours : pandas.DatetimeIndex
        (H,) hourly.
    measured : bool
        Whether the area's demand is a measured one, which holds the closed works of the special days already; a
        climatology does not.

    Returns
    -------
    dict of str to numpy.ndarray
        (H,) per component, as a multiple of its yearly mean.
    """
    parts = _guesses(hours)
    if measured:
        parts = _times(parts, _special_days(hours, "works"))
    mix = read_table("demand_kyushu_mix")[["class", "share"]].itertuples(index=False)
    explained = sum(share * parts[name] for name, share in mix)
    return {name: part / explained for name, part in parts.items()}


def goto_factors(hours: pd.DatetimeIndex, measured: bool) -> dict[str, np.ndarray]:
    """Return each class's demand on Goto over that of the Kyushu area.

    Parameters
    ----------
    hours, measured
        See `kyushu_components`.

    Returns
    -------
    dict of str to numpy.ndarray
        Per class of `CLASSES` (H,), in proportion, and `WATER_HEATING`, which is not in ``residential``; without the
        response to temperature.
    """
    parts = kyushu_components(hours, measured)
    factors = {name: parts[name] * _by_time_of_day(name, hours) for name in (*CLASSES, WATER_HEATING)}
    visitors = read_table("demand_tourism_months").set_index("month")["visitors"].to_numpy()[hours.month - 1]
    tourism = parameter("demand_tourism_share")
    factors["commercial"] *= 1 - tourism + tourism * visitors
    if not measured:
        factors = _times(factors, _special_days(hours, "works"))
    return _times(factors, _special_days(hours, "homecoming"))


def _guesses(hours: pd.DatetimeIndex) -> dict[str, np.ndarray]:
    """Return each component over its own yearly mean, roughly 1 in the mean; (H,) each."""
    by_hour = read_table("demand_class_hours").set_index(["class", "day_type"])[HOURS]
    by_month = read_table("demand_class_months").set_index("class")[MONTHS]
    free = is_free_day(hours).astype(int)
    guesses = {}
    for name in by_month.index:
        day_types = np.stack([by_hour.loc[(name, "work")], by_hour.loc[(name, "free")]]).astype(float)
        mean = (1 - FREE_DAY_SHARE) * day_types[0].mean() + FREE_DAY_SHARE * day_types[1].mean()
        months = by_month.loc[name].to_numpy(float)
        guesses[str(name)] = day_types[free, hours.hour] / mean * months[hours.month - 1] / months.mean()
    return guesses


def _times(parts: dict[str, np.ndarray], factors: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name: part * factors.get(name, 1.0) for name, part in parts.items()}


def _by_time_of_day(name: str, hours: pd.DatetimeIndex) -> np.ndarray:
    """Return what Goto's evenings and nights have over those of its mix of classes; (H,)."""
    factor = np.ones(len(hours))
    factor[(hours.hour >= NIGHT_HOURS[0]) & (hours.hour < NIGHT_HOURS[1])] = parameter("demand_night_factor")
    if name in EVENING_CLASSES:
        is_evening = (hours.hour >= EVENING_HOURS[0]) & (hours.hour < EVENING_HOURS[1])
        factor[is_evening] = parameter("demand_evening_factor")
    return factor


def _special_days(hours: pd.DatetimeIndex, effect: str) -> dict[str, np.ndarray]:
    """Return the factors of one effect by component, 1 on other days; (H,) each, only components that have one."""
    period = special_period(hours)
    factors: dict[str, np.ndarray] = {}
    for row in read_table("demand_special_days").to_dict("records"):
        if row["effect"] == effect:
            factor = factors.setdefault(row["class"], np.ones(len(hours)))
            factor[period == row["period"]] *= row["demand_ratio"]
    return factors
