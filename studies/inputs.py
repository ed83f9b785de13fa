"""Weather, profiles and forecasts of a study, each distinct one made once."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from network_models.goto import site_table
from studies.checks import locate, needed_places
from studies.grids import Grids
from studies.members import Member
from studies.sections import WeatherFile as NamedFile
from studies.study import Study
from twin.clock import step_hours
from twin.errors import InputError, Problem, raise_if_any
from twin.grid.model import GridModel
from twin.profiles.build import WeatherShapes, build_profiles, model_problems, weather_shapes
from twin.profiles.forecasts import make_forecasts
from twin.profiles.measured import measured_demand_error, profiles_from_measured
from twin.profiles.measured_read import Measured, read_measured
from twin.profiles.plants import wind_scales
from twin.profiles.sites import SiteFleet, build_fleet
from twin.profiles.types import Forecasts, Profiles
from twin.weather_table import WeatherTable
from weather.climate import read_climates
from weather.reading import WeatherFile
from weather.sources import PlaceSource, from_files
from weather.synthetic import NORMAL_YEAR, synthetic_year

_PROFILE_COLUMNS = ["contract_mw", "dc_mw", "place", "pv_fleet", "turbine", "units", "hub_height_m",
                    "capacity_factor_target", "availability"]  # fmt: skip


@dataclass(frozen=True)
class Sources:
    """What a study reads from outside: the sky, and measured series where it asks for them."""

    weather: WeatherTable
    measured: Measured | None


@dataclass(frozen=True)
class Inputs:
    """Series of a study, and which of them each member uses."""

    fleet: SiteFleet
    series: tuple[tuple[Profiles, Forecasts], ...]
    of_member: tuple[int, ...]


def read_sources(study: Study, data: Path | None) -> Sources:
    """Return weather and measured series of a study.

    Raises
    ------
    InputError
        With the problems of all files at once.
    """
    is_measured = study.weather.source == "measured"
    measured = read_measured(_required(data), study.period.fiscal_year) if is_measured else None
    return Sources(weather_table(study, data), measured)


def study_inputs(study: Study, members: list[Member], grids: Grids, sources: Sources) -> Inputs:
    """Make the sites and all distinct profiles and forecasts of a study.

    Parameters
    ----------
    study : Study
        For what all members share: period, weather, seed.
    members : list of Member
    grids : Grids
    sources : Sources
    """
    fleet = build_fleet(_site_table(study), grids.models[0].areas, seed=study.seed)
    raise_if_any(problem for model in grids.models for problem in model_problems(model, sources.weather))
    shared = _shared(study, sources, grids.models[0].areas)
    profiles: dict[str, Profiles] = {}
    known: dict[tuple[str, str], Any] = {}
    position: dict[tuple[str, bool, int], int] = {}
    series: list[tuple[Profiles, Forecasts]] = []
    of_member = []
    for member, grid in zip(members, grids.of_member, strict=True):
        model, operation = grids.models[grid], member.study.operation
        key = _profile_key(model, member.study)
        if key not in profiles:
            profiles[key] = _with_shared_arrays(_profiles(member.study, model, sources, shared, fleet), known)
        whole_key = (key, member.study.fleet.new_pv, operation.forecast_lead_half_hours)
        if whole_key not in position:
            position[whole_key] = len(series)
            series.append((profiles[key], _forecasts(member.study, model, profiles[key], fleet, sources.measured)))
        of_member.append(position[whole_key])
    return Inputs(fleet, tuple(series), tuple(of_member))


def weather_table(study: Study, data: Path | None) -> WeatherTable:
    """Return the study's weather; a measured year takes the plants' own distributions from the normal synthetic one."""
    period, weather = study.period, study.weather
    if weather.source != "files":
        return synthetic_year(period.fiscal_year, weather.weather_year, study.seed, period.step_minutes)
    sources = {
        place: PlaceSource(files=tuple(_weather_file(file, study.folder, data) for file in files))
        for place, files in weather.files.items()
    }
    climates = read_climates()
    places = {name: climates[name].place for name in needed_places(study.grid)}
    return from_files({name: sources[name] for name in places}, period.fiscal_year, period.step_minutes, places)


def has_pv(fleet: SiteFleet, *, new_pv: bool) -> np.ndarray:
    """Return which sites have PV, (S,) bool."""
    return (fleet.groups.kind.to_numpy(str)[fleet.group] != "new") | new_pv


def _site_table(study: Study) -> pd.DataFrame:
    """Return the sites of the shipped table; a guest network has them at its site buses only."""
    table, roles = site_table(), study.grid.roles
    return table if roles is None or roles.site_buses else table.iloc[:0]


def _weather_file(file: NamedFile, folder: Path, data: Path | None) -> WeatherFile:
    path = locate(file.path, folder, data)
    if path is None:
        raise InputError([Problem("no such weather file", "[[weather.files]] path", file.path, "a file below --data")])
    values = file.model_dump(exclude={"path"}, exclude_none=True)
    return WeatherFile(path=path, **values | {"variables": tuple(file.variables)})


def _required(data: Path | None) -> Path:
    if data is None:
        repair = "name the folder by --data"
        raise InputError([Problem("measured data needed", "[weather] source", "measured", "a data folder", repair)])
    return data


def _profile_key(model: GridModel, study: Study) -> str:
    columns = [name for name in _PROFILE_COLUMNS if name in model.plants]
    text = model.plants[columns].to_csv() + model.areas.to_csv() + str(study.operation.area_level_percent)
    return hashlib.sha256(text.encode()).hexdigest()


def _with_shared_arrays(made: Profiles, known: dict[tuple[str, str], Any]) -> Profiles:
    """Take series that are equal to known ones from there, so that memory and workers hold them once."""
    values = {}
    for field in fields(made):
        value = getattr(made, field.name)
        digest = hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest()
        values[field.name] = known.setdefault((field.name, digest), value)
    return Profiles(**values)


@dataclass(frozen=True)
class _Shared:
    """What the profiles of several grids have in common: shapes from the weather, and the factors of wind farms.

    `normal` is the weather in which farms meet their capacity factors; a year from files stands for itself.
    """

    shapes: WeatherShapes
    normal: WeatherTable
    farm_scales: dict[tuple[object, ...], float]


def _shared(study: Study, sources: Sources, areas: pd.DataFrame) -> _Shared:
    period, weather = study.period, sources.weather
    if study.weather.source != "files" and study.weather.weather_year != NORMAL_YEAR:
        normal = synthetic_year(period.fiscal_year, NORMAL_YEAR, study.seed, period.step_minutes)
        return _Shared(weather_shapes(areas, weather), normal, {})
    return _Shared(weather_shapes(areas, weather), weather, {})


def _profiles(study: Study, model: GridModel, sources: Sources, shared: _Shared, fleet: SiteFleet) -> Profiles:
    key = {"seed": study.seed, "weather_year": study.weather.weather_year}
    scales = wind_scales(model.plants, shared.normal, shared.farm_scales)
    if sources.measured is not None:
        return profiles_from_measured(
            model, sources.weather, fleet, sources.measured, farm_scales=scales, weather_shapes=shared.shapes, **key
        )
    return build_profiles(
        model, sources.weather, fleet, area_level_percent=study.operation.area_level_percent, farm_scales=scales,
        shapes=shared.shapes, **key,
    )  # fmt: skip


def _forecasts(
    study: Study, model: GridModel, profiles: Profiles, fleet: SiteFleet, measured: Measured | None
) -> Forecasts:
    dc_kw = np.bincount(
        fleet.pv_shape, fleet.pv_dc_kw * has_pv(fleet, new_pv=study.fleet.new_pv), profiles.site_pv_per_kw.shape[1]
    )
    return make_forecasts(
        profiles,
        model.plants,
        model.areas,
        profiles.site_pv_per_kw @ dc_kw / 1000.0,
        seed=study.seed,
        weather_year=study.weather.weather_year,
        lead_hours=study.operation.forecast_lead_half_hours * step_hours(profiles.index),
        demand_error=None if measured is None else measured_demand_error(measured),
    )
