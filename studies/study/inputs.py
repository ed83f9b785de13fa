"""Weather, profiles and forecasts of a study, each distinct one made once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from network_models.tables.declarations import DECLARATIONS
from studies.measured.feed import Feed, read_feed, required
from studies.measured.feed_profiles import with_feed
from studies.measured.series import read_measured
from studies.study.file.checks import locate, needed_places
from studies.study.file.members import Member
from studies.study.file.schema import Study
from studies.study.file.schema import WeatherFile as NamedFile
from studies.study.islands import Grids, clock_of, island_of, tables_of
from twin.core.clock import DEFAULT_CLOCK, MINUTES_OF_HALF_HOUR, MINUTES_OF_HOUR, Clock
from twin.core.equal_rows import held_once
from twin.core.errors import InputError, Problem, raise_if_any
from twin.core.tables import Tables
from twin.core.weather_table import WeatherTable
from twin.network.model import GridModel
from twin.resources.area_market.balance import AREA_MARKET
from twin.resources.forecasts import Courses, make_forecasts
from twin.resources.measured import Measured, measured_demand_error, profiles_from_measured
from twin.resources.plants import wind_scales
from twin.resources.profiles import (
    Forecasts,
    Profiles,
    Substitutes,
    WeatherShapes,
    area_calibration,
    build_profiles,
    model_problems,
    weather_shapes,
)
from twin.resources.sites import SiteFleet, build_fleet
from weather.climate import read_climates
from weather.readers.reading import WeatherFile
from weather.sources import PlaceSource, from_files
from weather.synthetic.year import NORMAL_YEAR, synthetic_year

_PROFILE_COLUMNS = ["contract_mw", "dc_mw", "place", "pv_fleet", "turbine", "units", "hub_height_m",
                    "capacity_factor_target", "availability", "area_rule", "area_control", "scheme"]  # fmt: skip


@dataclass(frozen=True)
class Sources:
    """What members read from outside.

    `normal` is the weather in which wind farms meet their capacity factors; a year from files stands for itself.
    `feed` takes the place of weather and demand where it has rows.
    """

    weather: WeatherTable
    normal: WeatherTable
    measured: Measured | None
    feed: Feed | None = None

    @property
    def substitutes(self) -> Substitutes:
        """What stands in place of what was not measured."""
        hours = 0 if self.measured is None else self.measured.persisted_hours
        return Substitutes(hours, self.weather.of_sunshine)


@dataclass(frozen=True)
class Inputs:
    """Series of a study on its clock, and which of them each member uses."""

    fleet: SiteFleet
    series: tuple[tuple[Profiles, Forecasts], ...]
    of_member: tuple[int, ...]
    clock: Clock = DEFAULT_CLOCK


def read_sources(study: Study, data: Path | None) -> Sources:
    """Return weather and measured series of a study, with its own values of the input tables.

    Raises
    ------
    InputError
        With the problems of all files at once.
    """
    tables, is_measured = tables_of(study), study.weather.source == "measured"
    measured = (
        read_measured(tables, _required(data), study.period.fiscal_year, clock_of(study)) if is_measured else None
    )
    feed = read_feed(tables, required(data)) if study.weather.source == "feed" else None
    weather = weather_table(study, data)
    return Sources(weather, _normal(study, weather), measured, feed)


def sources_of(members: list[Member], data: Path | None) -> list[Sources]:
    """Return each member's sources where weather years and weather inputs differ; equal ones are read once."""
    known: dict[str, Sources] = {}
    found = []
    for member in members:
        study = member.study
        values = {name: rows for name, rows in study.inputs.items() if DECLARATIONS[name].subject == "weather"}
        key = json.dumps([study.weather.model_dump(mode="json"), study.seed, values, str(island_of(study).folder)])
        if key not in known:
            known[key] = read_sources(study, data)
        found.append(known[key])
    return found


def study_inputs(study: Study, members: list[Member], grids: Grids, sources: Sources) -> Inputs:
    """Make the sites and all distinct profiles and forecasts of a study whose members share the weather.

    Parameters
    ----------
    study : Study
        For what all members share: the small sites.
    members : list of Member
    grids : Grids
    sources : Sources
    """
    return member_inputs(study, members, grids, [sources] * len(members))


def member_inputs(study: Study, members: list[Member], grids: Grids, sources: Sequence[Sources]) -> Inputs:
    """Make the sites, and the distinct profiles and forecasts of members with a weather of their own.

    Parameters
    ----------
    study : Study
        For what all members share: the small sites.
    members : list of Member
        Profiles take weather year, seed and ``[inputs]`` from the member's own study.
    grids : Grids
    sources : sequence of Sources
        One per member, e.g. from `sources_of`; members of the same weather share the same object.
    """
    tables = tables_of(study)
    fleet = build_fleet(tables, _site_table(study, tables), grids.models[0].areas, seed=study.seed)
    raise_if_any(problem for model in grids.models for problem in model_problems(tables, model, sources[0].weather))
    shared: dict[str, _Shared] = {}
    profiles: dict[str, Profiles] = {}
    known: dict[str, list[np.ndarray]] = {}
    position: dict[tuple[str, str, tuple[int, bool]], int] = {}
    series: list[tuple[Profiles, Forecasts]] = []
    of_member = []
    for member, grid, source in zip(members, grids.of_member, sources, strict=True):
        model, operation = grids.models[grid], member.study.operation
        sky = f"{id(source)} {json.dumps(member.study.inputs, sort_keys=True)}"
        key = sky + _profile_key(model, member.study)
        told = (operation.forecast_lead_half_hours, orders_day_ahead(member.study))
        whole_key = (key, json.dumps(member.study.fleet.which_pv), told)
        tables = tables_of(member.study)
        if sky not in shared:
            shared[sky] = _Shared(weather_shapes(tables, model.areas, source.weather), {}, {})
        if key not in profiles:
            made = _profiles(member.study, tables, model, source, shared[sky], fleet)
            profiles[key] = _with_shared_arrays(made, known)
        if whole_key not in position:
            position[whole_key] = len(series)
            made_for = (member.study, tables, model, profiles[key], fleet, source, shared[sky].courses)
            series.append((profiles[key], _forecasts(*made_for)))
        of_member.append(position[whole_key])
    return Inputs(fleet, tuple(series), tuple(of_member), clock_of(study))


def orders_day_ahead(study: Study) -> bool:
    """Tell whether a forecasting operator stops plants for whole windows, told the day before."""
    return study.operation.offline_plants in ("as_listed", "windows")


def weather_table(study: Study, data: Path | None) -> WeatherTable:
    """Return the study's weather; a measured year takes the plants' own distributions from the normal synthetic one."""
    period, weather, tables = study.period, study.weather, tables_of(study)
    if weather.source != "files":
        return synthetic_year(tables, period.fiscal_year, weather.weather_year, study.seed, clock_of(study))
    sources = {
        place: PlaceSource(files=tuple(_weather_file(file, study.folder, data) for file in files))
        for place, files in weather.files.items()
    }
    climates = read_climates(tables)
    places = {name: climates[name].place for name in needed_places(study.grid, island_of(study))}
    own = {name: sources[name] for name in places}
    return from_files(places, own, period.fiscal_year, clock_of(study), climates)


def _normal(study: Study, weather: WeatherTable) -> WeatherTable:
    period = study.period
    if study.weather.source == "files" or study.weather.weather_year == NORMAL_YEAR:
        return weather
    return synthetic_year(tables_of(study), period.fiscal_year, NORMAL_YEAR, study.seed, clock_of(study))


def _site_table(study: Study, tables: Tables) -> pd.DataFrame:
    """Return the island's sites, if it has a table of them; a guest network has them at its site buses only."""
    if "sites" not in tables:
        return pd.DataFrame(columns=list(DECLARATIONS["sites"].columns()))
    table, roles = tables["sites"], study.grid.roles
    return table if roles is None or roles.site_buses else table.iloc[:0]


def _weather_file(file: NamedFile, folder: Path, data: Path | None) -> WeatherFile:
    path = locate(file.path, folder, data)
    if path is None:
        raise InputError([Problem("no such weather file", "[[weather.files]] path", file.path, "a file below --data")])
    values = file.model_dump(exclude={"path"}, exclude_none=True)
    listed: dict[str, Any] = {"variables": tuple(file.variables), "columns": tuple(file.columns.items())}
    listed |= {"sunshine": tuple(file.sunshine)} if file.sunshine else {}
    return WeatherFile(path=path, **values | listed)


def _required(data: Path | None) -> Path:
    if data is None:
        repair = "name the folder by --data"
        raise InputError([Problem("measured data needed", "[weather] source", "measured", "a data folder", repair)])
    return data


def _profile_key(model: GridModel, study: Study) -> str:
    columns = [name for name in _PROFILE_COLUMNS if name in model.plants]
    text = model.plants[columns].to_csv() + model.areas.to_csv() + str(study.operation.area_level_percent)
    return hashlib.sha256(text.encode()).hexdigest()


def _with_shared_arrays(made: Profiles, known: dict[str, list[np.ndarray]]) -> Profiles:
    """Take series that are equal to known ones from there, so that memory and workers hold them once."""
    values = {field.name: getattr(made, field.name) for field in fields(made)}
    arrays = {name: value for name, value in values.items() if isinstance(value, np.ndarray)}
    return Profiles(**values | {name: held_once(value, known.setdefault(name, [])) for name, value in arrays.items()})


@dataclass(frozen=True)
class _Shared:
    """What the profiles of several grids under one sky have in common: shapes, factors of wind farms, error courses."""

    shapes: WeatherShapes
    farm_scales: dict[tuple[object, ...], float]
    courses: Courses


def _profiles(
    study: Study, tables: Tables, model: GridModel, sources: Sources, shared: _Shared, fleet: SiteFleet
) -> Profiles:
    key = {"seed": study.seed, "weather_year": study.weather.weather_year}
    scales = wind_scales(tables, model.plants, sources.normal, shared.farm_scales)
    if sources.measured is not None:
        return profiles_from_measured(
            tables,
            model,
            sources.weather,
            fleet,
            sources.measured,
            farm_scales=scales,
            weather_shapes=shared.shapes,
            **key,
        )
    level = study.operation.area_level_percent
    of_normal = None
    if sources.normal is not sources.weather and AREA_MARKET in tables:
        of_normal = area_calibration(
            tables, model.plants, sources.normal, seed=study.seed, normal_year=NORMAL_YEAR, area_level_percent=level,
            farm_scales=scales,
        )  # fmt: skip
    made = build_profiles(
        tables, model, sources.weather, fleet, area_level_percent=level, farm_scales=scales, area=of_normal,
        shapes=shared.shapes, **key,
    )  # fmt: skip
    return made if sources.feed is None else with_feed(island_of(study), tables, model, made, sources.feed)


def _forecasts(
    study: Study,
    tables: Tables,
    model: GridModel,
    profiles: Profiles,
    fleet: SiteFleet,
    sources: Sources,
    courses: Courses,
) -> Forecasts:
    measured = sources.measured
    dc_kw = np.bincount(
        fleet.pv_shape, fleet.pv_dc_kw * fleet.with_pv(**study.fleet.which_pv), profiles.site_pv_per_kw.shape[1]
    )
    made = make_forecasts(
        tables,
        profiles,
        model.plants,
        model.areas,
        profiles.site_pv_per_kw @ dc_kw / 1000.0,
        seed=study.seed,
        weather_year=study.weather.weather_year,
        lead_hours=study.operation.forecast_lead_half_hours * MINUTES_OF_HALF_HOUR / MINUTES_OF_HOUR,
        demand_error=None if measured is None else measured_demand_error(measured, clock_of(study).step_minutes),
        courses=courses,
        day_ahead=orders_day_ahead(study),
    )
    return replace(made, substitutes=sources.substitutes)
