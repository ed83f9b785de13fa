"""Forecasts as truth plus keyed errors that grow with the lead."""

from __future__ import annotations

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
) -> Forecasts:
    """Return what was expected: truth times or plus an error that depends on nothing but its key and the lead.

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

    Returns
    -------
    Forecasts
    """
    errors = _Errors(profiles, plants, areas, seed, weather_year)
    contract = plants["contract_mw"].to_numpy(float)
    usable = profiles.plant_available_mw - profiles.plant_unavailable_mw
    plant_mw = np.clip(profiles.plant_available_mw + errors.plant_mw(lead_hours), 0, contract)
    demand_mw = np.clip(profiles.area_demand_mw + errors.demand_mw(lead_hours), 0, None)
    export = usable.sum(axis=1) + site_pv_mw - profiles.area_demand_mw.sum(axis=1)
    return Forecasts(plant_mw, demand_mw, _day_ahead(export, errors, site_pv_mw, step_hours(profiles.index)))


class _Errors:
    """Errors of one year; an error at a longer lead is the same error, larger."""

    def __init__(
        self, profiles: Profiles, plants: pd.DataFrame, areas: pd.DataFrame, seed: int, weather_year: int
    ) -> None:
        self.table = read_table("forecast_errors").set_index("quantity")[["sd_1h", "sd_24h", "correlation"]]
        self.key = (seed, weather_year)
        self.index = profiles.index
        kinds = plants["kind"].to_numpy()
        common = {kind: self._noise(kind, f"all {kind}") for kind in ("pv", "wind")}
        share = parameter("forecast_common_share")
        self.parts: dict[str, np.ndarray] = {name: np.zeros(profiles.plant_available_mw.shape) for name in common}
        for column, (plant, kind) in enumerate(zip(plants.index, kinds, strict=True)):
            if kind in common:
                noise = np.sqrt(share) * common[kind] + np.sqrt(1 - share) * self._noise(kind, str(plant))
                size = profiles.plant_available_mw[:, column] if kind == "pv" else plants["contract_mw"].iloc[column]
                self.parts[kind][:, column] = noise * size
        self.site_pv = common["pv"]
        area_noise = np.column_stack([self._noise("demand", str(area)) for area in areas.index])
        self.demand = area_noise * profiles.area_demand_mw

    def plant_mw(self, lead_hours: float) -> np.ndarray:
        return sum((self.size(kind, lead_hours) * part for kind, part in self.parts.items()), start=np.zeros(1))

    def demand_mw(self, lead_hours: float) -> np.ndarray:
        return self.size("demand", lead_hours) * self.demand

    def size(self, quantity: str, lead_hours: float) -> float:
        """Return the standard deviation: straight from the value at 1 h to that at 24 h, held outside."""
        row = self.table.loc[quantity]
        return float(np.interp(lead_hours, [1, 24], [row["sd_1h"], row["sd_24h"]]))

    def _noise(self, quantity: str, name: str) -> np.ndarray:
        correlation = per_half_hour(float(self.table["correlation"][quantity]), step_hours(self.index))
        return ar1(stream(self.key[0], f"forecast {quantity}", self.key[1], name), len(self.index), correlation)


def _day_ahead(export_mw: np.ndarray, errors: _Errors, site_pv_mw: np.ndarray, hours: float) -> np.ndarray:
    """Return (T, HORIZON) expectations, the issue in force renewed every ``forecast_issue_hours``."""
    steps = len(export_mw)
    every = max(1, round(parameter("forecast_issue_hours") / hours))
    now = np.arange(steps)
    target = now[:, None] + np.arange(HORIZON)
    lead = (target - (now - now % every)[:, None]) * hours
    day = round(24 / hours)
    known = np.where(
        target < steps, target, np.maximum(target - day * np.ceil((target - steps + 1) / day), 0).astype(int)
    )
    wind = errors.parts["wind"].sum(axis=1)
    pv = errors.parts["pv"].sum(axis=1) + errors.site_pv * site_pv_mw
    demand = errors.demand.sum(axis=1)

    def grown(quantity: str, error: np.ndarray) -> np.ndarray:
        row = errors.table.loc[quantity]
        return np.interp(lead, [1, 24], [row["sd_1h"], row["sd_24h"]]) * error[known]

    return export_mw[known] + grown("pv", pv) + grown("wind", wind) - grown("demand", demand)
