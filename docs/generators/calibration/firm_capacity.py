"""How much more the link would take by a planner's question, for each rating (docs/validation/firm_capacity.md)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import link_cable
import numpy as np
from model_year import ModelYear, model_year

from network_models.model import grid_of
from twin.network.model import GridModel
from twin.security.headroom.buses import link_headroom, model_profiles

RATINGS_MVA = tuple(float(mva) for mva in range(30, 121, 10))
"""Where the AC model is solved; in between the capacity is a straight line (it bends by less than 0.05 MW)."""

TOLERANCE_MW = 0.02
"""What a headroom is known to (0.01 MW), with the rungs of the ladder between."""

NEAR_MVA = (45.0, 65.0, 85.0)
"""Ratings between which single answers lie."""

WEATHER_YEARS = (0, 1, 2, 3, 4)
"""Weather years whose highest half-hours are compared; 0 is the normal one."""

HIGHEST_OF_A_YEAR = 10

CONDUCTOR_MM2 = 300
FLEETS = {"2024": 2024, "2024 and the floating farm": 2026}
"""Plants in service in June 2024, and those with the farm that had its contract by then (the fleet of 2026)."""

HIGHEST_HALF_HOURS = 600
"""Half-hours of the year with the most infeed less demand that are solved: 3.4 % of all."""

DEMANDS_MW = (20.0, 25.0, 30.0)
COINCIDENCES = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0)

Parameters = Mapping[str, float]


@dataclass(frozen=True)
class Ladder:
    """Largest extra infeed at Narao by rating, for the states S of one set of plants.

    Attributes
    ----------
    headroom_mw : numpy.ndarray, (len(RATINGS_MVA), S)
        Until the survivor of a link trip, or a circuit of the intact link, reaches the rating; negative where it is
        beyond it already.
    """

    headroom_mw: np.ndarray

    def firm_mw(self, rating_mva: float, state: int = 0) -> float:
        """Return what fits without inter-trip (N-1)."""
        return float(np.interp(rating_mva, RATINGS_MVA, self.headroom_mw[:, state]))

    def rating_mva(self, firm_mw: float, state: int = 0) -> float:
        """Return the rating at which `firm_mw` fits."""
        return float(np.interp(firm_mw, self.headroom_mw[:, state], RATINGS_MVA))

    def intertrip_mw(self, rating_mva: float, short_time_factor: float, state: int = 0) -> float:
        """Return the capacity of a new plant that trips after an outage.

        At once the survivor carries the plant too, within the short-time rating; once it is gone the rest must be
        within the continuous one: where that fails, no plant that trips only itself can be connected (0 MW).
        """
        if self.firm_mw(rating_mva, state) < -TOLERANCE_MW:
            return 0.0
        return self.firm_mw(short_time_factor * rating_mva, state)

    def short_time_factor(self, rating_mva: float, intertrip_mw: float, state: int = 0) -> float:
        """Return the short-time factor at which a new plant of `intertrip_mw` fits by inter-trip."""
        return self.rating_mva(intertrip_mw, state) / rating_mva


@dataclass(frozen=True)
class Plan:
    """The ladders of a fleet.

    Attributes
    ----------
    assumed : Ladder
        A state for each pair of `DEMANDS_MW` and `COINCIDENCES`, all plants and sites at that share of their contracts,
        the demand spread over the islands as its mean is.
    highest : Ladder
        The half-hours of the normal year with the most infeed less demand, sorted at each rating.
    steps : int
        Half-hours of the year.
    """

    assumed: Ladder
    highest: Ladder
    steps: int

    @staticmethod
    def state(demand_mw: float, coincidence: float) -> int:
        """Return the position of an assumed state."""
        return DEMANDS_MW.index(demand_mw) * len(COINCIDENCES) + COINCIDENCES.index(coincidence)

    def exceeded(self, share: float) -> int:
        """Return the state of `highest` that all but `share` of the year's half-hours reach."""
        return round(share * self.steps)


@cache
def plan(fleet: str) -> Plan:
    """Return the ladders of a fleet, a key of `FLEETS`."""
    year = model_year(FLEETS[fleet])
    mean = year.profiles.area_demand_mw.mean(axis=0)
    sites_mw = _site_mw(year)
    assumed = [(demand, share) for demand in DEMANDS_MW for share in COINCIDENCES]
    contract_mw = year.model.plants["contract_mw"].to_numpy()
    real_plant_mw, real_demand_mw = _highest(year, year.plant_mw, HIGHEST_HALF_HOURS)
    plant_mw = np.vstack([*(share * contract_mw for _, share in assumed), real_plant_mw])
    demand_mw = np.vstack(
        [*(demand * mean / mean.sum() - share * sites_mw for demand, share in assumed), real_demand_mw]
    )
    found = _headroom_mw(FLEETS[fleet], RATINGS_MVA, plant_mw, demand_mw, {})
    return Plan(
        Ladder(found[:, : len(assumed)]), Ladder(np.sort(found[:, len(assumed) :], axis=1)), len(year.profiles.index)
    )


def zero_rating_mva(fleet: str, demand_mw: float, coincidence: float, parameters: Parameters) -> float:
    """Return the rating at which nothing is spare in one assumed state, with `parameters` in place of the tables'."""
    year = model_year(FLEETS[fleet])
    mean = year.profiles.area_demand_mw.mean(axis=0)
    plant_mw = coincidence * year.model.plants["contract_mw"].to_numpy()
    area_mw = demand_mw * mean / mean.sum() - coincidence * _site_mw(year)
    found = _headroom_mw(FLEETS[fleet], NEAR_MVA, plant_mw[None], area_mw[None], parameters)
    return float(np.interp(0.0, found[:, 0], NEAR_MVA))


@cache
def highest_ratings_mva() -> dict[str, list[float]]:
    """Return for each fleet the rating at which nothing is spare in the highest half-hour of each of `WEATHER_YEARS`.

    The plants' series do not depend on each other: all fleets are cut out of the largest one's year.
    """
    largest = max(FLEETS.values())
    plants, demands = [], []
    for fiscal_year in FLEETS.values():
        in_service = model_year(fiscal_year).model.plants["contract_mw"].to_numpy() > 0.0
        for weather_year in WEATHER_YEARS:
            year = model_year(largest, weather_year)
            plant_mw, demand_mw = _highest(year, year.plant_mw * in_service, HIGHEST_OF_A_YEAR)
            plants.append(plant_mw)
            demands.append(demand_mw)
    found = _headroom_mw(largest, NEAR_MVA, np.vstack(plants), np.vstack(demands), {})
    lowest = found.reshape(len(NEAR_MVA), len(FLEETS), len(WEATHER_YEARS), HIGHEST_OF_A_YEAR).min(axis=3)
    return {
        fleet: [float(np.interp(0.0, lowest[:, row, year], NEAR_MVA)) for year in range(len(WEATHER_YEARS))]
        for row, fleet in enumerate(FLEETS)
    }


def contracts_mw(fleet: str) -> float:
    """Return the sum of all contracts, small sites included."""
    year = model_year(FLEETS[fleet])
    return float(year.model.plants["contract_mw"].sum() + _site_mw(year).sum())


def noon_minimum_mw(fleet: str) -> float:
    """Return the lowest demand of the normal year between 10 and 14 h."""
    profiles = model_year(FLEETS[fleet]).profiles
    noon = (profiles.index.hour >= 10) & (profiles.index.hour < 14)
    return float(profiles.area_demand_mw[noon].sum(axis=1).min())


def largest_coincidence(fleet: str) -> float:
    """Return the highest output of all plants together over their contracts in the normal year."""
    year = model_year(FLEETS[fleet])
    return float(year.plant_mw.sum(axis=1).max() / year.model.plants["contract_mw"].sum())


def rated_model(fiscal_year: int, rating_mva: float, parameters: Parameters) -> GridModel:
    """Return the grid with another rating of the link's circuits, its cable otherwise that of its conductor."""
    given = {"conductor_mm2": CONDUCTOR_MM2} | dict(parameters)
    factor = rating_mva / link_cable.rating_mva(given["conductor_mm2"])
    return grid_of("goto", fiscal_year, parameters=given | {"link_rating_factor": factor})


def _headroom_mw(
    fiscal_year: int, ratings_mva: Sequence[float], plant_mw: np.ndarray, demand_mw: np.ndarray, parameters: Parameters
) -> np.ndarray:
    found = []
    for rating in ratings_mva:
        model = rated_model(fiscal_year, rating, parameters)
        found.append(link_headroom(model, model_profiles(model, plant_mw, demand_mw)).headroom_mw[:, 0])
    return np.stack(found)


def _highest(year: ModelYear, plant_mw: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return plants and demand less the sites' PV, (count, P) and (count, A), where infeed exceeds demand most."""
    sites_mw = _site_mw(year)
    existing = year.site_pv_mw("existing_plain", "existing_battery")
    demand_mw = year.profiles.area_demand_mw - existing[:, None] * sites_mw / sites_mw.sum()
    first = np.argsort(demand_mw.sum(axis=1) - plant_mw.sum(axis=1), kind="stable")[:count]
    return plant_mw[first], demand_mw[first]


def _site_mw(year: ModelYear) -> np.ndarray:
    """Return the inverters of the existing small sites by area, (A,)."""
    existing = np.char.startswith(year.sites.groups["kind"].to_numpy(str)[year.sites.group], "existing")
    kw = np.bincount(year.sites.area[existing], year.sites.pv_ac_kw[existing], len(year.model.areas))
    return kw / 1000.0
