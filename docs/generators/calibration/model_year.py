"""A weather year of a fleet, built once and shared by all rows that need it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from network_models.island import find_island
from network_models.model import grid_of
from network_models.reading import island_tables
from twin.core.clock import step_hours
from twin.core.weather_table import WeatherTable
from twin.network.model import GridModel
from twin.resources.plants import wind_scales
from twin.resources.profiles import Profiles, WeatherShapes, build_profiles, weather_shapes
from twin.resources.sites import SiteFleet, build_fleet
from weather.synthetic.year import NORMAL_YEAR, synthetic_year

GOTO = island_tables(find_island())

SEED = 20240614
"""The default study's."""

CALENDAR_YEAR = 2026
"""Fiscal year whose calendar all fleets share, so that they differ in their plants only."""


@dataclass(frozen=True)
class ModelYear:
    """The plants of a fiscal year in a weather year."""

    model: GridModel
    sites: SiteFleet
    profiles: Profiles

    @property
    def hours(self) -> float:
        """Hours of a step."""
        return step_hours(self.profiles.index)

    @property
    def plant_mw(self) -> np.ndarray:
        """(T, P) output of the plants after outages, before any cut."""
        return self.profiles.plant_available_mw - self.profiles.plant_unavailable_mw

    @property
    def plant_gwh(self) -> np.ndarray:
        """(P,) energy of each plant in the year."""
        return self.plant_mw.sum(axis=0) * self.hours / 1000.0

    def site_pv_mw(self, *kinds: str) -> np.ndarray:
        """Return (T,) AC output of the sites of some kinds, `existing_plain existing_battery new`."""
        wanted = np.isin(self.sites.groups.kind.to_numpy(str)[self.sites.group], kinds)
        # Every site clips at its own inverter; per unit of panels that is the same for all sites of one ratio.
        s = self.sites
        total = np.zeros(len(self.profiles.index))
        pairs = np.stack([s.pv_shape[wanted], s.pv_ac_kw[wanted] / s.pv_dc_kw[wanted]])
        for shape, ratio in np.unique(pairs, axis=1).T:
            here = wanted & (s.pv_shape == shape) & np.isclose(s.pv_ac_kw / s.pv_dc_kw, ratio)
            total += np.minimum(self.profiles.site_pv_per_kw[:, int(shape)], ratio) * s.pv_dc_kw[here].sum() / 1000.0
        return total

    def goto_city_re_gwh(self, *site_kinds: str) -> float:
        """Return the energy of all plants of Goto City and of its sites of some kinds, before any cut."""
        plants = self.plant_gwh[self.model.plants["municipality"].to_numpy(bool)].sum()
        return float(plants + self.site_pv_mw(*site_kinds).sum() * self.hours / 1000.0)


@cache
def model_year(fiscal_year: int, weather_year: int = NORMAL_YEAR) -> ModelYear:
    """Return the fleet of a fiscal year in a weather year; the farms meet their capacity factors in the normal one."""
    model, weather = grid_of("goto", fiscal_year), _weather(weather_year)
    sites = build_fleet(GOTO, GOTO["sites"], model.areas, seed=SEED)
    profiles = build_profiles(GOTO,
        model, weather, sites, seed=SEED, weather_year=weather_year,
        farm_scales=wind_scales(GOTO, model.plants, _weather(NORMAL_YEAR)), shapes=_shapes(weather_year),
    )  # fmt: skip
    return ModelYear(model, sites, profiles)


@cache
def _weather(weather_year: int) -> WeatherTable:
    return synthetic_year(GOTO, CALENDAR_YEAR, weather_year, SEED)


@cache
def _shapes(weather_year: int) -> WeatherShapes:
    return weather_shapes(GOTO, grid_of("goto", CALENDAR_YEAR).areas, _weather(weather_year))
