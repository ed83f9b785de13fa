"""The command ``goto-twin validate``; what takes long to import is imported inside."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

WIDTH_IN_FILES = 120


def validate(
    kind: Annotated[Literal["wind", "pv", "demand"], typer.Argument(help="What was measured.")],
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="CSV: time, power_mw or power_kw, and wind_speed | ghi [temp_air dni dhi] | temp_air."
        ),
    ],
    timezone: Annotated[str, typer.Option(help="Zone of times without offset, e.g. Asia/Tokyo.")] = "",
    label: Annotated[Literal["start", "end"], typer.Option(help="What a time marks of its interval.")] = "start",
    allow_gaps: Annotated[bool, typer.Option("--allow-gaps", help="Absent rows count as missing values.")] = False,
    plant: Annotated[str | None, typer.Option(help="Plant of Goto that was measured (wind, pv).")] = None,
    capacity_mw: Annotated[float | None, typer.Option(min=0, help="Largest AC output (wind, pv).")] = None,
    turbine: Annotated[str | None, typer.Option(help="Turbine of turbines.csv (wind).")] = None,
    units: Annotated[int | None, typer.Option(min=1, help="Number of turbines (wind).")] = None,
    at_sea: Annotated[bool, typer.Option("--at-sea", help="The farm stands in open water (wind).")] = False,
    dc_mw: Annotated[float | None, typer.Option(min=0, help="Modules at standard conditions (pv).")] = None,
    fleet: Annotated[str | None, typer.Option(help="Fleet of pv_fleets.csv (pv).")] = None,
    tilt: Annotated[float | None, typer.Option(help="Degrees, with --azimuth (pv).")] = None,
    azimuth: Annotated[float | None, typer.Option(help="Degrees clockwise from north (pv).")] = None,
    in_service_year: Annotated[int | None, typer.Option(help="Fiscal year when the modules were new (pv).")] = None,
    place: Annotated[str | None, typer.Option(help="Place of places.csv for the sun (pv).")] = None,
    latitude: Annotated[float | None, typer.Option(help="Degrees, with --longitude, in place of --place's.")] = None,
    longitude: Annotated[float | None, typer.Option(help="Degrees.")] = None,
    demand_class: Annotated[str | None, typer.Option("--class", help="Class of demand, e.g. residential.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder of the figure; default: beside the file.")] = None,
) -> None:
    """Compare a model with what was measured: it runs on the measured wind, sun or temperature."""
    from rich.console import Console

    from studies.validate import validate_file
    from studies.validate_models import Subject
    from studies.validate_read import Reading

    subject = Subject(
        plant, capacity_mw, turbine, units, at_sea, dc_mw, fleet, tilt, azimuth, in_service_year, place, latitude,
        longitude, demand_class,
    )  # fmt: skip
    outcome = validate_file(kind, file, subject, Reading(timezone, label, allow_gaps), out)
    Console(width=None if sys.stdout.isatty() else WIDTH_IN_FILES).print(*outcome.tables, sep="\n")
    typer.echo(f"Figure:  {outcome.figure}")
