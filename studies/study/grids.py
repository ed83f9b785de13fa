"""Grid models of a study's members, each distinct one built once."""

from __future__ import annotations

import json
from dataclasses import replace

import pandas as pd

from network_models.guest import guest
from network_models.model import build_grid
from network_models.tables.declarations import DECLARATIONS
from studies.study.added_plants import above_rating, with_added_plants
from studies.study.file.checks import locate
from studies.study.file.members import Member
from studies.study.file.schema import Study
from studies.study.islands import Grids, demand_factor, island_of, tables_of
from studies.study.outage_calendar import planned_outages
from twin.core.errors import InputError, Problem, raise_if_any
from twin.core.tables import Tables
from twin.network.model import GridModel


def left_the_fit(study: Study, plants: pd.DataFrame) -> pd.Series:
    """Return which PV plants have left the FIT by the first of April of the network's year, (P,) bool."""
    years = study.fleet.pv_fit_years
    if years is None or study.grid.year is None:
        return pd.Series(data=False, index=plants.index)
    ended = plants["in_service_from"] + pd.DateOffset(years=years) <= pd.Timestamp(study.grid.year, 4, 1)
    found: pd.Series = (plants["kind"] == "pv") & (plants["scheme"] != "FIP") & ended
    return found


def with_schemes(study: Study, tables: Tables, plants: pd.DataFrame) -> pd.DataFrame:
    """Return the plants with the scheme that they move to, after the FIT or with their battery."""
    ended = left_the_fit(study, plants) & (plants["scheme"] == "FIT")
    if ended.any():
        plants = plants.assign(scheme=plants["scheme"].mask(ended, AFTER_FIT))
        if study.fleet.pv_after_fit == RETIRE:
            plants = plants.assign(**{name: plants[name].mask(ended, 0.0) for name in ("contract_mw", "dc_mw")})
    if study.fleet.plant_batteries == "none":
        return plants
    table = tables["plant_batteries"].set_index("plant")
    scheme = plants["scheme"].copy()
    scheme.update(table["scheme"])
    return plants.assign(scheme=scheme)


LEAST_CIRCUITS = 2
AFTER_FIT, RETIRE = "non-FIT", "retire"
DEMAND_COLUMNS = ("residential_kwh", "commercial_kwh", "public_kwh", "industry_kwh", "fisheries_kwh")


def member_grids(members: list[Member]) -> Grids:
    """Build the distinct grid models of the members.

    Raises
    ------
    InputError
        From the builders; where a plant of ``fleet.contract_mw`` does not exist; where added plants are larger than
        their bus can carry away; where models cannot be compared because their elements differ.
    """
    position: dict[str, int] = {}
    networks: dict[str, GridModel] = {}
    models: list[GridModel] = []
    of_member = []
    for member in members:
        key = _key(member.study)
        if key not in position:
            position[key] = len(models)
            network = _network_key(member.study)
            if network not in networks:
                networks[network] = _network(member.study)
                raise_if_any(above_rating(networks[network], member.study.fleet.added_plants))
            models.append(_with_settings(networks[network], member.study))
        of_member.append(position[key])
    planned = planned_outages(members, models, of_member)
    raise_if_any([*_differences(models), *_criterion_problems(members, [models[k] for k in of_member])])
    return Grids(tuple(models), tuple(of_member), planned)


def _network(study: Study) -> GridModel:
    return _of_island(study) if study.grid.is_island else _guest(study)


def _with_settings(model: GridModel, study: Study) -> GridModel:
    """Return the model with what a study sets beside the network itself."""
    if study.operation.short_time_factor is not None:
        model = replace(model, limits=replace(model.limits, short_time_factor=study.operation.short_time_factor))
    columns = [column for column in DEMAND_COLUMNS if column in model.areas]
    plants, factor = _with_contracts(model, study.fleet.contract_mw), demand_factor(study)
    areas = model.areas.assign(**{column: model.areas[column] * factor for column in columns})
    return replace(model, areas=areas, plants=with_schemes(study, tables_of(study), plants))


def _of_island(study: Study) -> GridModel:
    parameters = dict(study.grid.parameters)
    if study.grid.conductor_mm2 is not None:
        parameters["conductor_mm2"] = study.grid.conductor_mm2
    year = int(study.grid.year or 0)
    island, tables = island_of(study), with_added_plants(study, tables_of(study))
    return build_grid(island, tables, year, study.grid.compensation, parameters, study.grid.controls)


def _guest(study: Study) -> GridModel:
    source = locate(study.grid.model, study.folder, None) if study.grid.is_file else study.grid.model
    if source is None:
        raise InputError([Problem("no such file", "[grid] model", study.grid.model, "a pandapower JSON file")])
    usual = island_of(study).settings
    given = {"place": usual.default_place, "pv_fleet": usual.default_pv_fleet, "turbine": usual.default_turbine}
    if study.grid.roles is not None:
        given |= study.grid.roles.model_dump(exclude_none=True)
    return guest(source, given, usual.currency)


def _with_contracts(model: GridModel, contract_mw: dict[str, float]) -> pd.DataFrame:
    unknown = [name for name in contract_mw if name not in model.plants.index]
    raise_if_any(
        Problem("no such plant", f"[fleet.contract_mw] {name}", name, ", ".join(map(str, model.plants.index)))
        for name in unknown
    )
    plants = model.plants
    before = plants["contract_mw"].astype(float)
    after = before.copy()
    after.update(pd.Series(contract_mw, dtype=float))
    grown = (after / before).where(before > 0.0, 1.0)
    dc_mw = plants["dc_mw"].where(plants["kind"] != "pv", plants["dc_mw"] * grown)
    return plants.assign(contract_mw=after, dc_mw=dc_mw)


def _network_key(study: Study) -> str:
    values = {name: rows for name, rows in study.inputs.items() if DECLARATIONS[name].subject == "grid"}
    added = {name: plant.model_dump(mode="json") for name, plant in study.fleet.added_plants.items()}
    return json.dumps([study.grid.model_dump(mode="json"), values, added], sort_keys=True)


def _key(study: Study) -> str:
    fleet = {"contract_mw": study.fleet.contract_mw, "demand_factor": demand_factor(study)}
    for name in ("plant_batteries", "pv_fit_years", "pv_after_fit"):
        fleet[name] = getattr(study.fleet, name)
    return json.dumps([_network_key(study), study.operation.short_time_factor, fleet], sort_keys=True)


def _differences(models: list[GridModel]) -> list[Problem]:
    """Members run in lock-step on one set of buses, plants and outages; only parameters may differ."""
    first = models[0]
    return [
        Problem(
            f"the members' grids differ in their {what}",
            "[scenario] and [sweep] of [grid]",
            accepted="grids with the same elements",
            repair="put grids with other elements in studies of their own and use goto-twin compare",
        )
        for what, same in (
            ("buses", all(list(m.net.bus.name) == list(first.net.bus.name) for m in models)),
            ("plants", all(list(m.plants.index) == list(first.plants.index) for m in models)),
            ("buses of plants", all(list(m.plants.bus) == list(first.plants.bus) for m in models)),
            ("link, outages or watched elements", all(m.roles == first.roles for m in models)),
        )
        if not same
    ]


def _criterion_problems(members: list[Member], models: list[GridModel]) -> list[Problem]:
    """Return what the criterion or the relief time asks of a member's grid in vain, each once."""
    found = []
    for member, model in zip(members, models, strict=True):
        operation, controls = member.study.operation, model.controls
        if operation.criterion == "n-1-thermal" and len(model.cables) < LEAST_CIRCUITS:
            found.append(Problem(
                "this criterion needs a link of cables whose temperature is known", "[operation] criterion",
                f"n-1-thermal; {len(model.cables)} circuits with cable tables", f"at least {LEAST_CIRCUITS}",
                "add the cable tables, or use n-1",
            ))  # fmt: skip
        moving = (controls.tap, controls.reactors) if controls.automatic else ()
        slowest = max((control.step_minutes for control in moving if control is not None), default=0.0)
        if operation.relief_minutes < slowest:
            found.append(Problem(
                "redispatch would act before the tap changer or the reactors do", "[operation] relief_minutes",
                f"{operation.relief_minutes:g}", f"at least {slowest:g}, the slowest of their steps",
                "raise it, or lower main_tap_step_minutes and reactor_step_minutes in [grid.parameters]",
            ))  # fmt: skip
    return list(dict.fromkeys(found))
