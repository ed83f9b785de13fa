"""Forecasts as truth plus keyed errors that grow with the lead."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from twin.core.clock import step_hours
from twin.core.random_streams import ar1, per_half_hour, stream
from twin.core.tables import Tables
from twin.resources.profiles import Forecasts, Profiles, Published

Courses = dict[tuple[str, str], np.ndarray]
"""Courses of errors of standard deviation 1, by quantity and name of plant or area."""
SIZES_AT_HOURS = {"sd_1h": 1.0, "sd_6h": 6.0, "sd_24h": 24.0}
"""Columns of ``forecast_errors.csv`` and the lead that they are for."""


def error_size(tables: Tables, quantity: str, lead_hours: float | np.ndarray) -> np.ndarray:
    """Return the standard deviation of an error at some leads, a share.

    Parameters
    ----------
    tables : Tables
    quantity : str
        ``pv``, ``wind`` or ``demand``.
    lead_hours : float or numpy.ndarray
        Straight lines between 1, 6 and 24 h, held outside.

    Returns
    -------
    numpy.ndarray
        Of the shape of `lead_hours`.
    """
    row = _row(tables, quantity)
    sizes = [row[name] for name in SIZES_AT_HOURS]
    return np.asarray(np.interp(lead_hours, list(SIZES_AT_HOURS.values()), sizes))


def unit_error(
    tables: Tables, quantity: str, name: str, index: pd.DatetimeIndex, seed: int, weather_year: int
) -> np.ndarray:
    """Return the course of an error of standard deviation 1, to be multiplied by `error_size`; (T,).

    The sum of two AR(1) series, the slow one with ``slow_share`` of the variance. Add `unit_bias` for its mean.

    Parameters
    ----------
    tables : Tables
    quantity : str
        As in `error_size`.
    name : str
        Plant or area; part of the key, with `seed` and `weather_year`.
    index : pandas.DatetimeIndex
        (T,).
    """
    row, hours = _row(tables, quantity), step_hours(index)

    def course(purpose: str, correlation: float) -> np.ndarray:
        return ar1(stream(seed, purpose, weather_year, name), len(index), per_half_hour(correlation, hours))

    fast = course(f"forecast {quantity}", row["correlation"])
    share = row["slow_share"]
    if share == 0.0:
        return fast
    slow = course(f"slow forecast {quantity}", row["slow_correlation"])
    result: np.ndarray = np.sqrt(1.0 - share) * fast + np.sqrt(share) * slow
    return result


def unit_bias(tables: Tables, quantity: str) -> float:
    """Return the mean of an error of size 1: the bias grows with the lead as the size does."""
    row = _row(tables, quantity)
    return row["bias_24h"] / row["sd_24h"] if row["sd_24h"] > 0.0 else 0.0


def _row(tables: Tables, quantity: str) -> dict[str, float]:
    row = tables.rows("forecast_errors", "quantity")[quantity]
    columns = [*SIZES_AT_HOURS, "bias_24h", "correlation", "slow_share", "slow_correlation"]
    return {column: float(row[column]) for column in columns}


def make_forecasts(
    tables: Tables,
    profiles: Profiles,
    plants: pd.DataFrame,
    areas: pd.DataFrame,
    site_pv_mw: np.ndarray,
    *,
    seed: int,
    weather_year: int,
    lead_hours: float,
    demand_error: np.ndarray | None = None,
    courses: Courses | None = None,
    day_ahead: bool = False,
) -> Forecasts:
    """Return what was expected: truth plus an error that depends on nothing but its key and the lead.

    PV errors are a share of the output, wind errors of the contract, demand errors of the demand; outages are not
    foreseen, only the plants' mean availability. An error at a longer lead is the same error, larger. Plants of a
    kind, and areas, have ``forecast_common_share`` of the variance in common; sites have the common error.

    Parameters
    ----------
    tables : Tables
    profiles : Profiles
        Truth.
    plants, areas : pandas.DataFrame
        Tables of the grid model.
    site_pv_mw : numpy.ndarray
        (T,) AC output of the sites' PV in all, part of the operator's expectation.
    seed, weather_year : int
        Key of the errors, with plant or area.
    lead_hours : float
        Time between making a forecast and the step it is for.
    demand_error : numpy.ndarray, optional
        (T,) measured relative error of a forecast a day ahead; stands in all areas in place of the drawn one.
    courses : dict, optional
        `unit_error` by quantity and name, as far as drawn before with the same tables, index and key; added to.
    day_ahead : bool, optional
        Whether the forecasts of the day before are made too.

    Returns
    -------
    Forecasts
    """
    known: Courses = {} if courses is None else courses
    errors = _draw_errors(tables, profiles, plants, areas, seed, weather_year, demand_error, known)
    plant_mw, demand_mw = _expected_mw(tables, profiles, plants, errors, lead_hours)
    made = Forecasts(plant_mw, demand_mw, _publish(tables, profiles, plants, site_pv_mw, errors))
    if not day_ahead:
        return made
    plant_mw, demand_mw = _expected_mw(tables, profiles, plants, errors, max(SIZES_AT_HOURS.values()))
    return replace(made, plant_day_ahead_mw=plant_mw, area_day_ahead_mw=demand_mw)


def _expected_mw(
    tables: Tables, profiles: Profiles, plants: pd.DataFrame, errors: _Errors, lead_hours: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return what is expected of the plants (T, P) and of the areas' demand (T, A) at a lead, MW."""
    error_mw = error_size(tables, "pv", lead_hours) * errors.pv + error_size(tables, "wind", lead_hours) * errors.wind
    plant_mw = np.clip(profiles.plant_available_mw + error_mw, 0, plants["contract_mw"].to_numpy(float))
    demand_mw = np.clip(profiles.area_demand_mw + error_size(tables, "demand", lead_hours) * errors.demand, 0, None)
    return plant_mw, demand_mw


@dataclass(frozen=True)
class _Errors:
    """Errors in MW for a size of 1: `pv`, `wind` (T, P), `demand` (T, A); the common ones (T,) have no unit."""

    pv: np.ndarray
    wind: np.ndarray
    demand: np.ndarray
    common_pv: np.ndarray
    common_demand: np.ndarray


def _draw_errors(
    tables: Tables,
    profiles: Profiles,
    plants: pd.DataFrame,
    areas: pd.DataFrame,
    seed: int,
    weather_year: int,
    demand_error: np.ndarray | None,
    courses: Courses,
) -> _Errors:
    share = tables.value("forecast_common_share")
    bias = {quantity: unit_bias(tables, quantity) for quantity in ("pv", "wind", "demand")}

    def own(quantity: str, name: str) -> np.ndarray:
        if (quantity, name) not in courses:
            courses[quantity, name] = unit_error(tables, quantity, name, profiles.index, seed, weather_year)
        return courses[quantity, name]

    common = {quantity: own(quantity, f"all {quantity}") for quantity in ("pv", "wind", "demand")}

    def error(quantity: str, name: str) -> np.ndarray:
        unbiased = np.sqrt(share) * common[quantity] + np.sqrt(1 - share) * own(quantity, name)
        result: np.ndarray = unbiased + bias[quantity]
        return result

    amount = {"pv": profiles.plant_available_mw, "wind": np.broadcast_to(plants["contract_mw"], (1, len(plants)))}
    drawn = {kind: np.zeros(profiles.plant_available_mw.shape) for kind in amount}
    for column, (plant, kind) in enumerate(plants["kind"].items()):
        if kind in drawn:
            drawn[kind][:, column] = error(kind, str(plant)) * amount[kind][:, column]
    if demand_error is None:
        of_areas = np.column_stack([error("demand", str(area)) for area in areas.index])
        of_sites = common["demand"] + bias["demand"]
    else:
        size = float(error_size(tables, "demand", 24.0))
        of_sites = demand_error / size if size > 0.0 else np.zeros(len(demand_error))
        of_areas = of_sites[:, None]
    demand_mw = of_areas * profiles.area_demand_mw
    return _Errors(drawn["pv"], drawn["wind"], demand_mw, common["pv"] + bias["pv"], of_sites)


def _publish(
    tables: Tables, profiles: Profiles, plants: pd.DataFrame, site_pv_mw: np.ndarray, errors: _Errors
) -> Published:
    hours = step_hours(profiles.index)
    lead_hours = hours * np.arange(round(max(SIZES_AT_HOURS.values()) / hours) + 1)
    in_order = profiles.plant_available_mw - profiles.plant_unavailable_mw
    expected_in_order = profiles.plant_available_mw @ plants["availability"].fillna(0).to_numpy(float)
    outages = expected_in_order - in_order.sum(axis=1)
    pv, wind, demand = (error_size(tables, quantity, lead_hours) for quantity in ("pv", "wind", "demand"))
    return Published(
        export_mw=in_order.sum(axis=1) + site_pv_mw - profiles.area_demand_mw.sum(axis=1),
        export_error_mw=np.column_stack([
            errors.pv.sum(axis=1) + errors.common_pv * site_pv_mw,
            errors.wind.sum(axis=1),
            -errors.demand.sum(axis=1),
            outages,
        ]),
        pv_error=errors.common_pv,
        load_error=errors.common_demand,
        sizes=np.column_stack([pv, wind, demand, np.ones(len(lead_hours))]),
        issue_steps=max(1, round(tables.value("forecast_issue_hours") / hours)),
        price_known_hour=tables.value("price_known_hour"),
    )  # fmt: skip
