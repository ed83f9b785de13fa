"""Output and unplanned outages of all plants of a grid."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import numpy as np
import pandas as pd

from twin.core.clock import step_hours
from twin.core.errors import Problem
from twin.core.random_streams import stream
from twin.core.tables import Tables
from twin.core.weather_table import Place, WeatherTable
from twin.resources.pv import Sky, clipped_output, fleet_per_kw
from twin.resources.tidal import tidal_per_unit
from twin.resources.wind import Farm, farm_per_unit, farm_scale, is_at_sea, known_turbines, speed_at_height


def is_down(rng: np.random.Generator, hours: np.ndarray, availability: float, repair_hours: float) -> np.ndarray:
    """Return in which steps one unit is out of order.

    Times between failures and of repair are exponential; the state at the first step is drawn from the long-run
    shares, so that the expected share of down time is ``1 - availability`` everywhere.

    Parameters
    ----------
    rng : numpy.random.Generator
        The unit's stream.
    hours : numpy.ndarray
        (T,) starts of the steps, from 0.
    availability : float
        Above 0 and at most 1.
    repair_hours : float
        Mean time to repair.

    Returns
    -------
    numpy.ndarray
        (T,) bool.
    """
    if availability >= 1:
        return np.zeros(len(hours), dtype=bool)
    up_hours = repair_hours * availability / (1 - availability)
    starts_down = bool(rng.random() >= availability)
    changes = []
    time, down = 0.0, starts_down
    while time <= hours[-1]:
        time += rng.exponential(repair_hours if down else up_hours)
        changes.append(time)
        down = not down
    changed = np.searchsorted(np.array(changes), hours, side="right") % 2 == 1
    result: np.ndarray = changed ^ starts_down
    return result


def down_share(
    tables: Tables, index: pd.DatetimeIndex, plant: pd.Series, *, seed: int, weather_year: int
) -> np.ndarray:
    """Return the share of a plant's units that is out of order.

    Parameters
    ----------
    tables : Tables
    index : pandas.DatetimeIndex
        (T,).
    plant : pandas.Series
        Row of `GridModel.plants`; wind and tidal fail by unit, PV by inverter block.
    seed, weather_year : int
        Key of the random stream, with plant and unit.

    Returns
    -------
    numpy.ndarray
        (T,) 0..1.
    """
    if plant["availability"] >= 1:
        return np.zeros(len(index))
    units = tuple(f"{plant.name}/{unit + 1}" for unit in range(_units(tables, plant)))
    repair = tables.value(f"repair_hours_{plant['kind']}")
    return _down_share(seed, weather_year, units, float(plant["availability"]), repair, len(index), step_hours(index))


@lru_cache(maxsize=128)
def _down_share(
    seed: int, weather_year: int, units: tuple[str, ...], availability: float, repair_hours: float, steps: int,
    hours: float,
) -> np.ndarray:  # fmt: skip
    """Return the share of some units that is out of order, (T,) not to be written to; grids share their plants."""
    down = np.zeros(steps)
    for unit in units:
        rng = stream(seed, "outage", weather_year, unit)
        down += is_down(rng, np.arange(steps) * hours, availability, repair_hours)
    share: np.ndarray = down / len(units)
    share.setflags(write=False)
    return share


def _units(tables: Tables, plant: pd.Series) -> int:
    if plant["kind"] == "pv":
        result: int = max(1, round(plant["contract_mw"] / tables.value("pv_block_mw")))
        return result
    return int(plant["units"])


FARM_COLUMNS = ("place", "turbine", "units", "hub_height_m", "capacity_factor_target", "availability")
"""What a farm's wind-speed factor depends on beside the weather."""


def plant_problems(tables: Tables, plants: pd.DataFrame, weather: WeatherTable) -> list[Problem]:
    """Return what keeps the plants' output from being computed."""
    found = []
    for plant, row in plants[plants["contract_mw"] > 0].iterrows():
        where = f"plants.csv, {plant}"
        if row["place"] not in weather.places:
            found.append(Problem("no weather for the place", where, row["place"], ", ".join(weather.places)))
        if not 0 < row["availability"] <= 1:
            found.append(Problem("availability out of range", where, str(row["availability"]), "above 0, at most 1"))
        if row["kind"] == "pv":
            fleets = list(tables["pv_fleets"]["fleet"])
            if row["pv_fleet"] not in fleets:
                found.append(Problem("unknown pv_fleet", where, str(row["pv_fleet"]), ", ".join(fleets)))
            if not row["dc_mw"] > 0:
                found.append(Problem("dc_mw missing", where, str(row["dc_mw"]), "above 0"))
        if row["kind"] in ("wind", "tidal") and not row["units"] >= 1:
            found.append(Problem("units missing", where, str(row["units"]), "a whole number from 1"))
        if row["kind"] == "wind":
            if row["turbine"] not in known_turbines(tables):
                found.append(Problem("unknown turbine", where, str(row["turbine"]), ", ".join(known_turbines(tables))))
            if not row["hub_height_m"] > 0:
                found.append(Problem("hub_height_m missing", where, str(row["hub_height_m"]), "above 0"))
    return found


def wind_scales(
    tables: Tables, plants: pd.DataFrame, weather: WeatherTable, known: dict[tuple[object, ...], float] | None = None
) -> dict[str, float]:
    """Return each farm's wind-speed factor that meets its capacity factor on `weather`, a normal year.

    Parameters
    ----------
    tables : Tables
    plants : pandas.DataFrame
        `GridModel.plants`.
    weather : WeatherTable
        A normal year.
    known : dict, optional
        Factors found before on the same weather, by the farm's data and the values of ``wind_parameters.csv``; new
        ones are added: several grids share them.
    """
    known = {} if known is None else known
    common = tuple(tables["wind_parameters"]["value"])
    scales = {}
    for farm, row in plants[(plants["kind"] == "wind") & (plants["contract_mw"] > 0)].iterrows():
        key = (*row[list(FARM_COLUMNS)], *common)
        if key not in known:
            known[key] = farm_scale(tables, row, farm_of(row, weather.places[row["place"]]), hub_speed(row, weather))
        scales[str(farm)] = known[key]
    return scales


def plant_available_mw(
    tables: Tables, plants: pd.DataFrame, weather: WeatherTable, skies: Mapping[str, Sky],
    scales: Mapping[str, float], known: dict[tuple[str, str], np.ndarray] | None = None,
) -> np.ndarray:  # fmt: skip
    """Return what each plant could produce.

    Parameters
    ----------
    tables : Tables
    plants : pandas.DataFrame
        `GridModel.plants`.
    weather : WeatherTable
        T steps.
    skies : mapping of str to Sky
        Per place.
    scales : mapping of str to float
        Per wind farm, from `wind_scales`.
    known : dict, optional
        Output of PV fleets per kW found before with the same tables under the same skies, by place and fleet; new ones
        are added: several grids share them.

    Returns
    -------
    numpy.ndarray
        (T, P) MW, 0..contract_mw, before outages.
    """
    output = np.zeros((len(weather.index), len(plants)))
    per_kw = {} if known is None else known
    for column, (plant, row) in enumerate(plants.iterrows()):
        if row["contract_mw"] == 0:
            continue
        if row["kind"] == "pv":
            key = (row["place"], row["pv_fleet"])
            if key not in per_kw:
                per_kw[key] = fleet_per_kw(tables, skies[row["place"]], row["pv_fleet"])
            output[:, column] = clipped_output(per_kw[key], row["dc_mw"], row["contract_mw"])
        elif row["kind"] == "wind":
            speed = scales[str(plant)] * hub_speed(row, weather)
            farm = farm_of(row, weather.places[row["place"]])
            output[:, column] = row["contract_mw"] * farm_per_unit(tables, speed, farm)
        elif row["kind"] == "steady":
            output[:, column] = row["contract_mw"]
        else:
            output[:, column] = row["contract_mw"] * tidal_per_unit(tables, weather.index)
    return output


def plant_down_share(
    tables: Tables, plants: pd.DataFrame, index: pd.DatetimeIndex, *, seed: int, weather_year: int
) -> np.ndarray:
    """Return the share of each plant that is out of order; (T, P) 0..1."""
    share = np.zeros((len(index), len(plants)))
    for column, (_, row) in enumerate(plants.iterrows()):
        if row["contract_mw"] > 0:
            share[:, column] = down_share(tables, index, row, seed=seed, weather_year=weather_year)
    return share


def farm_of(row: pd.Series, place: Place) -> Farm:
    """Return the farm that a row of `GridModel.plants` describes, at its place."""
    return Farm(row["turbine"], int(row["units"]), is_at_sea(place))


def hub_speed(row: pd.Series, weather: WeatherTable) -> np.ndarray:
    """Return the wind speed of a farm's place at its hub height, before the farm's factor; (T,) m/s."""
    wind_speed = weather.values[row["place"]]["wind_speed"].to_numpy()
    return speed_at_height(wind_speed, weather.places[row["place"]], row["hub_height_m"])
