"""The grid of an island as the engine wants it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, get_args

import pandas as pd

from network_models.build import GridTables, Parameters, build_net
from network_models.cables import cable_circuits, check_cable_tables
from network_models.checks import check_grid
from network_models.island import Island, Settings, find_island
from network_models.parameters import ParameterValue, resolve
from network_models.plants import plants_of_year
from network_models.reading import island_tables
from network_models.roles import controls as controls_of
from network_models.roles import roles
from network_models.tables.declarations import DECLARATIONS
from twin.core.errors import Problem, raise_if_any
from twin.core.tables import Tables
from twin.network.model import Compensator, GridModel, Limits

Compensation = Literal["controlled", "fixed"]
ControlMode = Literal["automatic", "fixed"]


def build_grid(
    island: Island,
    tables: Tables,
    year: int,
    compensation: Compensation = "controlled",
    parameters: Mapping[str, ParameterValue] | None = None,
    controls: ControlMode = "automatic",
) -> GridModel:
    """Build the grid of an island.

    The external grid is an ideal source behind an explicit impedance, so the source impedance acts in a power flow;
    import and export are counted in front of it (`roles.boundary_bus`). Loads stand at their yearly mean and plants at
    half of their contract, as a base case for the engine.

    Parameters
    ----------
    island : Island
    tables : Tables
        From `network_models.reading.island_tables`.
    year : int
        Fiscal year; plants are those in service on its 1 April.
    compensation : {"controlled", "fixed"}
        ``controlled``: the var compensator is a `gen` and described by `GridModel.compensator`. ``fixed``: a
        shunt of `svc_fixed_mvar` stands in its place.
    parameters : mapping, optional
        Values that replace those of grid_parameters.csv.
    controls : {"automatic", "fixed"}
        Whether taps and reactors move from half-hour to half-hour; with fixed compensation they never do.

    Returns
    -------
    GridModel

    Raises
    ------
    InputError
        Broken tables, unknown or impossible parameters, an unknown year, compensation or kind of control.
    """
    _check_arguments(island.settings, year, compensation, controls)
    grid = _grid_tables(tables)
    values = Parameters(resolve(grid["grid_parameters"], parameters))
    plants = plants_of_year(grid, values, year)
    check_cable_tables(grid)
    net, buses = build_net(island.settings, grid, plants, values, year, compensation)
    compensators = grid["compensators"]["bus"].map(buses)
    is_controlled = compensation == "controlled"
    model = GridModel(
        net=net,
        plants=plants.assign(bus=plants["bus"].map(buses)),
        areas=_areas(grid, buses),
        diesels=grid["diesels"].assign(bus=grid["diesels"]["bus"].map(buses)),
        roles=roles(island.settings.grid, grid, values, net, buses),
        compensator=_compensator(values, int(compensators.iloc[0])) if is_controlled and len(compensators) else None,
        limits=Limits(*(values.number(key) for key in ("vm_min_pu", "vm_max_pu", "short_time_factor"))),
        controls=controls_of(grid, values, buses, automatic=is_controlled and controls == "automatic"),
        currency=island.settings.currency,
        cables=cable_circuits(grid, values, island.settings.frequency_hz),
    )
    check_grid(model)
    return model


def _grid_tables(tables: Tables) -> dict[str, pd.DataFrame]:
    """Return the tables of the grid, indexed by their keys; empty ones for what the island leaves out."""
    found = {}
    for name, facts in DECLARATIONS.items():
        if facts.subject == "grid" and name != "sites":
            frame = tables[name] if name in tables else pd.DataFrame(columns=list(facts.columns()))
            found[name] = frame.set_index(facts.key[0])
    return found


def _check_arguments(island: Settings, year: int, compensation: str, controls: str) -> None:
    problems = []
    if not island.first_year <= year <= island.last_year:
        accepted = f"{island.first_year} to {island.last_year}"
        problems.append(Problem("no variant for this year", "grid year", str(year), accepted))
    for what, seen, kind in (("compensation", compensation, Compensation), ("controls", controls, ControlMode)):
        if seen not in get_args(kind):
            problems.append(Problem(f"unknown {what}", f"grid {what}", str(seen), ", ".join(get_args(kind))))
    raise_if_any(problems)


def _areas(tables: GridTables, buses: Mapping[str, int]) -> pd.DataFrame:
    areas = tables["areas"].drop(columns=["low", "high", "varies_with"])
    return areas.assign(bus=areas["bus"].map(buses))


def _compensator(values: Parameters, bus: int) -> Compensator:
    return Compensator(
        bus=bus,
        set_vm_pu=values.number("svc_set_vm_pu"),
        slope_percent=values.number("svc_slope_percent"),
        q_min_mvar=values.number("svc_q_min_mvar"),
        q_max_mvar=values.number("svc_q_max_mvar"),
    )


def grid_of(model: str, year: int, **settings: Any) -> GridModel:  # noqa: ANN401 - those of build_grid
    """Build the grid of an island given by name or path; for scripts.

    Parameters
    ----------
    model : str
        As in `network_models.island.find_island`.
    year : int
        Fiscal year.
    **settings
        Further ones of `build_grid`.
    """
    island = find_island(model)
    return build_grid(island, island_tables(island), year, **settings)
