"""The command ``goto-twin uncertainty``; what takes long to import is imported inside."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from studies.options import PROCESSORS, Data, Days, Jobs


def uncertainty(
    study: Annotated[str, typer.Argument(metavar="STUDY.toml", help="A study file, or the name of a shipped study.")],
    out: Annotated[Path | None, typer.Option(help="Results folder; default: runs/<study>_uncertainty.")] = None,
    samples: Annotated[
        int | None, typer.Option(min=2, help="Samples in which every unknown varies; default: the study's.")
    ] = None,
    days: Days = None,
    data: Data = None,
    jobs: Jobs = PROCESSORS,
) -> None:
    """Vary everything that nobody knows: ranges of the headlines, and what carries them."""
    from rich.console import Console

    from studies.cli import RUNS, parse_days, study_path, table_console
    from studies.read import read_study

    span = parse_days(days)
    checked = read_study(study_path(study), data, span)
    from studies.progress import progress_bars
    from studies.sources import check_sources
    from studies.uncertainty import run_uncertainty
    from studies.uncertainty_table import uncertainty_tables

    check_sources()
    with progress_bars(Console(stderr=True)) as progress:
        where = out or RUNS / f"{checked.name}_uncertainty"
        folder = run_uncertainty(checked, where, data, span, samples, jobs, progress)
    table_console().print(*uncertainty_tables(folder), sep="\n")
    typer.echo(f"Results: {folder}")
