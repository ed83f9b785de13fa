"""The Goto grid as the engine wants it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

import pandas as pd

from network_models.checks import check_grid
from network_models.goto.build import Parameters, Tables, build_net
from network_models.goto.controls import controls as controls_of
from network_models.goto.parameters import ParameterValue, resolve
from network_models.goto.reading import goto_tables
from network_models.goto.roles import roles
from network_models.goto.variants import plants_of_year
from twin.core.errors import InputError, Problem
from twin.network.model import Compensator, GridModel, Limits

Compensation = Literal["controlled", "fixed"]
ControlMode = Literal["automatic", "fixed"]
FIRST_YEAR, LAST_YEAR = 2024, 2050


def goto(
    year: int = 2030,
    compensation: Compensation = "controlled",
    parameters: Mapping[str, ParameterValue] | None = None,
    controls: ControlMode = "automatic",
) -> GridModel:
    """Build the grid of the Goto islands.

    The external grid is an ideal source behind an explicit impedance at Matsushima 220 kV, so the source impedance acts
    in a power flow; import and export are counted at Matsushima 220 kV (`roles.boundary_bus`), in front of it.
    Loads stand at their yearly mean and plants at half of their contract, as a base case for the engine.

    Parameters
    ----------
    year : int, default 2030
        Fiscal year; plants are those in service on its 1 April. The variants of the plan are 2024, 2026 and 2030.
    compensation : {"controlled", "fixed"}
        ``controlled``: the var compensator at Narao is a `gen` and described by `GridModel.compensator`. ``fixed``: a
        shunt of `svc_fixed_mvar` stands in its place.
    parameters : mapping, optional
        Values that replace those of parameters.csv.
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
    _check_arguments(year, compensation, controls)
    tables = goto_tables()
    values = Parameters(resolve(tables["parameters"], parameters))
    plants = plants_of_year(tables, values, year)
    net, buses = build_net(tables, plants, values, year, compensation)
    compensator_bus = buses[tables["compensators"]["bus"].iloc[0]]
    model = GridModel(
        net=net,
        plants=plants.assign(bus=plants["bus"].map(buses)),
        areas=_areas(tables, buses),
        diesels=tables["diesels"].assign(bus=tables["diesels"]["bus"].map(buses)),
        roles=roles(tables, values, net, buses),
        compensator=_compensator(values, compensator_bus) if compensation == "controlled" else None,
        limits=Limits(*(values.number(key) for key in ("vm_min_pu", "vm_max_pu", "short_time_factor"))),
        controls=controls_of(tables, values, buses, automatic=compensation == "controlled" and controls == "automatic"),
        currency="JPY",
    )
    check_grid(model)
    return model


def _check_arguments(year: int, compensation: str, controls: str) -> None:
    problems = []
    if not FIRST_YEAR <= year <= LAST_YEAR:
        problems.append(Problem("no variant for this year", "grid year", str(year), f"{FIRST_YEAR} to {LAST_YEAR}"))
    for what, seen, kind in (("compensation", compensation, Compensation), ("controls", controls, ControlMode)):
        if seen not in get_args(kind):
            problems.append(Problem(f"unknown {what}", f"grid {what}", str(seen), ", ".join(get_args(kind))))
    if problems:
        raise InputError(problems)


def _areas(tables: Tables, buses: Mapping[str, int]) -> pd.DataFrame:
    areas = tables["areas"].drop(columns=["low", "high"])
    return areas.assign(bus=areas["bus"].map(buses))


def _compensator(values: Parameters, bus: int) -> Compensator:
    return Compensator(
        bus=bus,
        set_vm_pu=values.number("svc_set_vm_pu"),
        slope_percent=values.number("svc_slope_percent"),
        q_min_mvar=values.number("svc_q_min_mvar"),
        q_max_mvar=values.number("svc_q_max_mvar"),
    )
