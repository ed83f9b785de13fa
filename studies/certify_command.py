"""The command ``goto-twin certify``; what takes long to import is imported inside."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from studies.options import PROCESSORS, Data, Days, Jobs


def certify(
    policy: Annotated[
        str, typer.Argument(metavar="POLICY", help="my_policy.py:MyPolicy, or the name of a shipped policy.")
    ],
    study: Annotated[str, typer.Option(help="A study file, or the name of a shipped study.")] = "goto_2030",
    years: Annotated[int | None, typer.Option(min=1, help="Synthetic weather years 1 to N; default: 3.")] = None,
    out: Annotated[Path | None, typer.Option(help="Results folder; default: runs/certificates/<policy>.")] = None,
    days: Days = None,
    data: Data = None,
    jobs: Jobs = PROCESSORS,
) -> None:
    """Certify a dispatch policy: safe, how good, and worth what, against none and against the bound."""
    from rich.console import Console

    from studies.cli import RUNS, parse_days, study_path
    from studies.read import read_study

    span = parse_days(days)
    checked = read_study(study_path(study), data, span)
    from studies.certify import policy_name, run_certificate
    from studies.certify_plan import make_plan
    from studies.certify_summary import summary_lines
    from studies.progress import progress_bars
    from studies.sources import check_sources

    check_sources()
    plan = make_plan(checked, policy, Path.cwd(), years)
    with progress_bars(Console(stderr=True)) as progress:
        where = out or RUNS / "certificates" / policy_name(policy)
        folder = run_certificate(plan, where, data, span, jobs, progress)
    for line in summary_lines(folder):
        typer.echo(line)
    for file in sorted(folder.glob("certificate*")):
        typer.echo(f"Certificate: {file}")
