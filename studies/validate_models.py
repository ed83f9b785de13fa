"""The model's power for a measured driver: wind farm, PV plant, class of demand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np
import pandas as pd

from studies.validate_read import Pair
from twin.errors import InputError, Problem, raise_if_any
from twin.profiles.demand import class_demand_kw
from twin.profiles.plants import farm_of
from twin.profiles.pv_plant import PvPlant, pv_plant_kw
from twin.profiles.wind import Farm, farm_per_unit, known_turbines
from twin.weather_table import VARIABLES, Place
from weather.checks import frame_problems
from weather.climate import Climate, read_climates
from weather.decomposition import beam_and_diffuse
from weather.sun import sun_over

WARMEST_HOUR = 13.5
"""Of the normal day that stands in for a temperature that was not measured."""


@dataclass(frozen=True)
class Subject:
    """What was measured; None where it is not needed or taken from `plant`.

    Attributes
    ----------
    plant : str
        Row of Goto's ``plants.csv``.
    capacity_mw : float
        Largest AC output.
    turbine, units, at_sea
        See `twin.profiles.wind.Farm`.
    dc_mw, fleet, tilt, azimuth, in_service_year
        See `twin.profiles.pv_plant.PvPlant`.
    place : str
        Place of ``weather/places.csv`` where the sun is computed.
    latitude, longitude : float
        WGS84 degrees, in place of those of `place`.
    demand_class : str
        See `twin.profiles.demand.class_demand_kw`.
    """

    plant: str | None = None
    capacity_mw: float | None = None
    turbine: str | None = None
    units: int | None = None
    at_sea: bool = False
    dc_mw: float | None = None
    fleet: str | None = None
    tilt: float | None = None
    azimuth: float | None = None
    in_service_year: int | None = None
    place: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    demand_class: str | None = None


@dataclass(frozen=True)
class Model:
    """A model of what was measured.

    Attributes
    ----------
    label : str
    capacity_mw : float or None
        What errors are divided by; None for demand.
    power_mw : callable
        The model's power for a `Pair`, MW.
    problems : callable
        What is physically wrong with the drivers of a `Pair`.
    """

    label: str
    capacity_mw: float | None
    power_mw: Callable[[Pair], np.ndarray]
    problems: Callable[[Pair], list[Problem]] = lambda _: []


OPTIONS = {
    "wind": {"plant", "capacity_mw", "turbine", "units", "at_sea"},
    "pv": {
        "plant", "capacity_mw", "dc_mw", "fleet", "tilt", "azimuth", "in_service_year", "place", "latitude",
        "longitude",
    },
    "demand": {"demand_class"},
}  # fmt: skip
"""Attributes of `Subject` that each kind takes."""


def build_model(kind: str, subject: Subject) -> Model:
    """Return the model of what was measured.

    Raises
    ------
    InputError
        With all that is missing, unknown, contradictory or without effect in `subject`.
    """
    given = [field.name for field in fields(subject) if getattr(subject, field.name) != field.default]
    raise_if_any(
        Problem(
            f"has no effect for {kind}",
            f"--{name.replace('_', '-')}",
            str(getattr(subject, name)),
            repair="leave it out",
        )
        for name in given
        if name not in OPTIONS[kind]
    )
    return {"wind": _wind, "pv": _pv, "demand": _demand}[kind](subject)


def _wind(subject: Subject) -> Model:
    if subject.plant:
        row = _plant(subject.plant, "wind")
        farm, capacity = farm_of(row, _place(subject, str(row["place"])).place), float(row["contract_mw"])
        capacity = subject.capacity_mw or capacity
    else:
        _need({"--turbine": subject.turbine, "--units": subject.units, "--capacity-mw": subject.capacity_mw})
        farm = Farm(str(subject.turbine), int(subject.units or 1), subject.at_sea)
        capacity = float(subject.capacity_mw or 0)
    if farm.turbine not in known_turbines():
        raise InputError([Problem("unknown turbine", "--turbine", farm.turbine, ", ".join(known_turbines()))])

    def power_mw(pair: Pair) -> np.ndarray:
        speed = pair.drivers["wind_speed"].ffill().bfill().to_numpy()
        return capacity * farm_per_unit(speed, farm)

    return Model(f"{farm.units} x {farm.turbine}, {capacity:g} MW", capacity, power_mw)


def _pv(subject: Subject) -> Model:
    row = _plant(subject.plant, "pv") if subject.plant else None
    dc_mw, ac_mw, fleet = subject.dc_mw, subject.capacity_mw, subject.fleet
    if row is not None:
        dc_mw, ac_mw, fleet = dc_mw or row["dc_mw"], ac_mw or row["contract_mw"], fleet or row["pv_fleet"]
    _need({"--dc-mw": dc_mw, "--capacity-mw": ac_mw})
    plant = PvPlant(
        1000 * float(dc_mw or 0), 1000 * float(ac_mw or 0), fleet or "ground", subject.tilt, subject.azimuth,
        subject.in_service_year,
    )  # fmt: skip
    climate = _place(subject, str(row["place"]) if row is not None else None)

    def power_mw(pair: Pair) -> np.ndarray:
        pair.notes.append("the wind at the modules is the place's monthly mean")
        if "temp_air" not in pair.drivers:
            pair.notes.append("temperature was not given: the month's normal day cools the modules")
        return pv_plant_kw(_whole_weather(pair, climate), climate.place, plant) / 1000

    def problems(pair: Pair) -> list[Problem]:
        found = frame_problems(_whole_weather(pair, climate), climate.place, pair.index, pair.where)
        derived = [f"{pair.where}, {name}" for name in VARIABLES if name not in pair.drivers]
        return [problem for problem in found if problem.where not in derived]

    label = f"PV {plant.fleet}, {plant.dc_kw:g} kW dc, {plant.ac_kw:g} kW ac"
    return Model(label, plant.ac_kw / 1000, power_mw, problems)


def _demand(subject: Subject) -> Model:
    _need({"--class": subject.demand_class})
    name = str(subject.demand_class)

    def power_mw(pair: Pair) -> np.ndarray:
        temperature = pair.drivers["temp_air"].interpolate(limit_direction="both").to_numpy()
        shape = class_demand_kw(name, pair.index, temperature, 1.0)
        used = pair.complete
        return shape * pair.measured_mw[used].sum() / shape[used].sum()

    return Model(f"demand, {name}; its energy is set to the measured one", None, power_mw)


def _whole_weather(pair: Pair, climate: Climate) -> pd.DataFrame:
    """Return all variables without gaps: nights where irradiance is missing, the place's normals for the rest."""
    weather = pd.DataFrame(index=pair.index)
    weather["ghi"] = pair.drivers["ghi"].clip(lower=0).fillna(0.0)
    sun = sun_over(pair.index, climate.place)
    if {"dni", "dhi"} <= set(pair.drivers):
        weather["dni"], weather["dhi"] = pair.drivers["dni"].fillna(0.0), pair.drivers["dhi"].fillna(0.0)
    else:
        weather["dni"], weather["dhi"] = beam_and_diffuse(weather["ghi"].to_numpy(), sun, pair.index)
    normal = _normal_temperature(pair.index, climate)
    weather["temp_air"] = pair.drivers["temp_air"].fillna(normal) if "temp_air" in pair.drivers else normal
    weather["wind_speed"] = climate.wind_mean_m_per_s[pair.index.month - 1]
    return weather[list(VARIABLES)]


def _normal_temperature(index: pd.DatetimeIndex, climate: Climate) -> pd.Series:
    """Return the month's mean temperature with a cosine between its mean extremes, warmest at `WARMEST_HOUR`."""
    month = index.month - 1
    swing = (climate.temp_air_max_c - climate.temp_air_min_c)[month] / 2
    hours = index.hour + index.minute / 60 - WARMEST_HOUR
    return pd.Series(climate.temp_air_mean_c[month] + swing * np.cos(2 * np.pi * hours / 24), index)


def _plant(name: str, kind: str) -> pd.Series:
    from network_models.goto.reading import goto_tables  # imports pandapower, which takes long

    plants = goto_tables()["plants"]
    rows = {str(plant): row for plant, row in plants[plants["kind"] == kind].iterrows()}
    if name not in rows:
        raise InputError([Problem(f"no such {kind} plant", "--plant", name, ", ".join(rows))])
    return rows[name]


def _place(subject: Subject, of_plant: str | None) -> Climate:
    climates, name = read_climates(), subject.place or of_plant or "fukue"
    if name not in climates:
        raise InputError([Problem("no such place", "--place", name, ", ".join(climates))])
    climate = climates[name]
    if (subject.latitude is None) != (subject.longitude is None):
        raise InputError([Problem("half a position", "--latitude, --longitude", accepted="both or none")])
    if subject.latitude is None or subject.longitude is None:
        return climate
    at = climate.place
    moved = Place(name, subject.latitude, subject.longitude, at.altitude_m, at.wind_height_m, at.roughness_length_m)
    return Climate(**{**vars(climate), "place": moved})


def _need(options: dict[str, object]) -> None:
    missing = [name for name, value in options.items() if not value]
    raise_if_any([Problem("option missing", name, repair="give it, or --plant where there is one") for name in missing])
