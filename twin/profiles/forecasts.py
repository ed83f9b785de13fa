"""Forecasts as truth plus keyed errors that grow with the lead."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from twin.clock import step_hours
from twin.profiles.noise import ar1, per_half_hour
from twin.profiles.tables import parameter, read_table
from twin.profiles.types import Forecasts, Profiles
from twin.randomness import stream

HORIZON = 48
"""Steps that the operator's expectation reaches ahead."""


def make_forecasts(
    profiles: Profiles,
    plants: pd.DataFrame,
    areas: pd.DataFrame,
    site_pv_mw: np.ndarray,
    *,
    seed: int,
    weather_year: int,
    lead_hours: float,
    demand_error: np.ndarray | None = None,
) -> Forecasts:
    """Return what was expected: truth plus an error that depends on nothing but its key and the lead.

    PV errors are a share of the output, wind errors of the contract, demand errors of the demand; outages are not
    foreseen, only the plants' mean availability. An error at a longer lead is the same error, larger.

    Parameters
    ----------
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

    Returns
    -------
    Forecasts
    """
    errors = _draw_errors(profiles, plants, areas, seed, weather_year)
    if demand_error is not None:
        a_day_ahead = demand_error[:, None] / _size("demand", 24.0)
        errors = replace(errors, demand=a_day_ahead * profiles.area_demand_mw)
    error_mw = _size("pv", lead_hours) * errors.pv + _size("wind", lead_hours) * errors.wind
    plant_mw = np.clip(profiles.plant_available_mw + error_mw, 0, plants["contract_mw"].to_numpy(float))
    demand_mw = np.clip(profiles.area_demand_mw + _size("demand", lead_hours) * errors.demand, 0, None)
    usable_mw = profiles.plant_available_mw @ plants["availability"].fillna(0).to_numpy(float)
    export_mw = usable_mw + site_pv_mw - profiles.area_demand_mw.sum(axis=1)
    day_ahead = _day_ahead(export_mw, errors, site_pv_mw, step_hours(profiles.index))
    return Forecasts(plant_mw, demand_mw, day_ahead)


@dataclass(frozen=True)
class _Errors:
    """Errors in MW for a standard deviation of 1: `pv`, `wind` (T, P), `demand` (T, A); `sun` (T,) has no unit."""

    pv: np.ndarray
    wind: np.ndarray
    demand: np.ndarray
    sun: np.ndarray


def _draw_errors(
    profiles: Profiles, plants: pd.DataFrame, areas: pd.DataFrame, seed: int, weather_year: int
) -> _Errors:
    def noise(quantity: str, name: str) -> np.ndarray:
        of_quantity = read_table("forecast_errors").set_index("quantity")["correlation"][quantity]
        correlation = per_half_hour(float(of_quantity), step_hours(profiles.index))
        return ar1(stream(seed, f"forecast {quantity}", weather_year, name), len(profiles.index), correlation)

    share = parameter("forecast_common_share")
    common = {kind: noise(kind, f"all {kind}") for kind in ("pv", "wind")}
    size = {"pv": profiles.plant_available_mw, "wind": np.broadcast_to(plants["contract_mw"], (1, len(plants)))}
    drawn = {kind: np.zeros(profiles.plant_available_mw.shape) for kind in common}
    for column, (plant, kind) in enumerate(plants["kind"].items()):
        if kind in drawn:
            error = np.sqrt(share) * common[kind] + np.sqrt(1 - share) * noise(kind, str(plant))
            drawn[kind][:, column] = error * size[kind][:, column]
    demand = np.column_stack([noise("demand", str(area)) for area in areas.index]) * profiles.area_demand_mw
    return _Errors(drawn["pv"], drawn["wind"], demand, common["pv"])


def _size(quantity: str, lead_hours: float | np.ndarray) -> np.ndarray:
    """Return the standard deviation: straight from the value at 1 h to that at 24 h, held outside."""
    row = read_table("forecast_errors").set_index("quantity").loc[quantity]
    return np.interp(lead_hours, [1, 24], [row["sd_1h"], row["sd_24h"]])


def _day_ahead(export_mw: np.ndarray, errors: _Errors, site_pv_mw: np.ndarray, hours: float) -> np.ndarray:
    """Return (T, HORIZON) expectations, the issue in force renewed every ``forecast_issue_hours``."""
    now = np.arange(len(export_mw))
    issue = now - now % max(1, round(parameter("forecast_issue_hours") / hours))
    target = now[:, None] + np.arange(HORIZON)
    lead_hours = (target - issue[:, None]) * hours
    known = _day_repeated_after_end(target, len(export_mw), round(24 / hours))
    pv = errors.pv.sum(axis=1) + errors.sun * site_pv_mw
    wind, demand = errors.wind.sum(axis=1), errors.demand.sum(axis=1)
    error_mw = _size("pv", lead_hours) * pv[known] + _size("wind", lead_hours) * wind[known]
    return export_mw[known] + error_mw - _size("demand", lead_hours) * demand[known]


def _day_repeated_after_end(target: np.ndarray, steps: int, day: int) -> np.ndarray:
    """Return `target` where it is a step of the year, else the same time of the last day that is."""
    days_after_end = np.maximum(-(-(target - steps + 1) // day), 0)
    return np.maximum(target - day * days_after_end, 0)
