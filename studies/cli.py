"""The command `goto-twin`; what takes long to import is imported inside the commands."""

from __future__ import annotations

import io
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NoReturn

import typer
from rich.console import Console

from studies import ONE_THREAD
from studies.execution import RUNS
from twin.core.errors import InputError, Problem, raise_if_any, system_problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from network_models.island import Island
    from reports.document.texts import Language
    from reports.write import Format
    from studies.experiments.runner import Experiment
    from studies.study.file.schema import Study

PROCESSORS = os.cpu_count() or 1

StudyFile = Annotated[str, typer.Argument(metavar="STUDY.toml", help="A study file, or the name of a shipped study.")]
StudyOrDefault = Annotated[
    str | None, typer.Option(help="A study file, or the name of a shipped study; default: the shipped island's.")
]
PolicyName = Annotated[
    str, typer.Argument(metavar="POLICY", help="my_policy.py:MyPolicy, or the name of a shipped policy.")
]
WeatherYears = Annotated[int | None, typer.Option(min=1, help="Number of synthetic weather years; default: 3.")]
FirstYear = Annotated[int, typer.Option(min=1, help="First of them; a certifier may keep the years to themselves.")]
Seed = Annotated[int | None, typer.Option(min=0, help="In place of the study's, which is public.")]
Days = Annotated[
    str | None, typer.Option(metavar="A:B", help="Only these days of the fiscal year, from 1, both included.")
]
Data = Annotated[Path | None, typer.Option(help="Folder with measured data or weather files.")]
OfIsland = Annotated[
    str | None,
    typer.Option("--island", help="Name of a shipped island or path of its folder; default: the shipped one."),
]
Scheduler = Annotated[
    str | None, typer.Option(metavar="ADDRESS", help="Run members on a Dask cluster, e.g. tcp://10.0.0.1:8786.")
]
Jobs = Annotated[int, typer.Option(min=1, help="Number of parallel workers; default: one per processor.")]

COMPARISON_WIDTH = 120


INPUT_ERROR_STATUS, TRIAL_STATUS = 2, 3
INTERRUPTED_STATUS = 130
"""As shells count it: 128 and the number of the signal."""
WIDTH_IN_FILES = 200

app = typer.Typer(
    name="goto-twin",
    help="Power-flow studies of island grids behind a submarine link.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main() -> None:
    """Run the command; an unusable input ends with status 2 and all its problems on stderr."""
    for name, value in ONE_THREAD.items():
        os.environ.setdefault(name, value)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        app()
    except InputError as error:
        _refuse(error)
    except OSError as error:
        _refuse(InputError([system_problem(error, "a file")]))


def _refuse(error: InputError) -> NoReturn:
    count = len(error.problems)
    sys.stderr.write(f"{count} problem{'s' if count > 1 else ''} found; earlier results are untouched.\n\n{error}\n")
    sys.exit(INPUT_ERROR_STATUS)


def _print_version(wanted: bool) -> None:
    if wanted:
        import importlib.metadata

        typer.echo(f"goto-twin {importlib.metadata.version('goto-twin')}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and exit.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Power-flow studies of island grids behind a submarine link."""


def parse_days(text: str | None) -> tuple[int, int] | None:
    """Return the days that ``--days A:B`` means.

    Raises
    ------
    typer.BadParameter
        If the text has another form.
    """
    if text is None:
        return None
    match = re.fullmatch(r"(\d+):(\d+)", text.strip())
    if match is None:
        raise typer.BadParameter(f"--days {text}: write A:B, e.g. 1:7 for the first week of April")
    return int(match[1]), int(match[2])


def _checked(
    study: str, data: Path | None, days: str | None, year: int | None = None
) -> tuple[Study, tuple[int, int] | None]:
    """Return the study of a command and its days, before anything that takes long to import."""
    from studies.study.file.reading import read_study, study_path

    span = parse_days(days)
    return read_study(study_path(study), data, span, year), span


def _carry_out(experiment: Experiment, out: Path | None, jobs: int, scheduler: str | None = None) -> Path:
    """Carry out an experiment with its progress on the screen; return its results folder."""
    from studies.execution.cluster import workers
    from studies.execution.workers import WorkerLostError, progress_bars
    from studies.experiments.runner import run_experiment
    from studies.study.islands import tables_of

    tables_of(experiment.study)  # refuses a broken table before anything else is made
    typer.echo(experiment.expected(jobs), err=True)
    try:
        with workers(jobs, scheduler) as crew, progress_bars(Console(stderr=True)) as progress:
            folder = run_experiment(experiment, out or RUNS / experiment.folder_name, crew, progress)
    except KeyboardInterrupt:
        typer.echo("Interrupted. What is finished is kept; the same command goes on with it.", err=True)
        raise typer.Exit(INTERRUPTED_STATUS) from None
    except WorkerLostError as error:
        typer.echo(f"Stopped: {error}. What is finished is kept; the same command goes on with it.", err=True)
        raise typer.Exit(1) from None
    _tell_substitutes(experiment)
    return folder


def _tell_substitutes(experiment: Experiment) -> None:
    """Print what stands in the inputs in place of what was not measured."""
    found = experiment.substitutes()
    if found.persisted_forecast_hours:
        hours = found.persisted_forecast_hours
        typer.echo(f"Demand forecast: missing in {hours} h of the year, persistence in its place.")
    if found.sunshine_places:
        typer.echo(f"Irradiance of {', '.join(found.sunshine_places)}: computed from sunshine hours.")


@app.command()
def run(
    study: StudyFile,
    out: Annotated[Path | None, typer.Option(help="Results folder; default: runs/<name of the study>.")] = None,
    data: Data = None,
    days: Days = None,
    year: Annotated[
        int | None, typer.Option(help="Fiscal year in place of the study's; the results folder is named after it.")
    ] = None,
    weather_years: Annotated[
        int | None, typer.Option(min=0, help="Synthetic weather years in place of the question's; 0: the normal year.")
    ] = None,
    jobs: Jobs = PROCESSORS,
    scheduler: Scheduler = None,
) -> None:
    """Run a study and write its results and its report."""
    checked, span = _checked(study, data, days, year)
    if weather_years is not None:
        if checked.question is None or checked.question.kind in ("run", "audit"):
            raise typer.BadParameter("--weather-years: this study runs in one weather year, [weather] weather_year")
        checked = checked.in_weather_years(weather_years)
    if checked.question is not None and checked.question.kind != "run":
        from studies.experiments.questions.catalogue import experiment_of

        _tell_where(_carry_out(experiment_of(checked, data, span), out, jobs, scheduler))
        return
    from studies.console import headline_tables
    from studies.experiments.run import StudyRun

    asked = StudyRun(checked, data, span)
    folder = _carry_out(asked, out, jobs, scheduler)
    console = table_console()
    console.print(*headline_tables(folder, console.width), sep="\n")
    _tell_where(folder)


@app.command()
def experiment(
    kind: Annotated[str, typer.Argument(metavar="EXPERIMENT", help="my_experiment.py:MyExperiment.")],
    study: StudyFile,
    out: Annotated[Path | None, typer.Option(help="Results folder; default: runs/<study>_<record>.")] = None,
    data: Data = None,
    days: Days = None,
    jobs: Jobs = PROCESSORS,
    scheduler: Scheduler = None,
) -> None:
    """Carry out an experiment of your own: its members are run, reduced and reported like those of any other."""
    checked, span = _checked(study, data, days)
    from studies.experiments.runner import load_experiment

    _tell_where(_carry_out(load_experiment(kind, Path.cwd())(checked, data, span), out, jobs, scheduler))


@app.command()
def certify(
    policy: PolicyName,
    study: StudyOrDefault = None,
    years: WeatherYears = None,
    first_year: FirstYear = 1,
    seed: Seed = None,
    limits: Annotated[
        Path | None, typer.Option(help="Table of what customers, owners and batteries may lose; default: the shipped.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Results folder; default: runs/certificates/<policy>.")] = None,
    days: Days = None,
    data: Data = None,
    jobs: Jobs = PROCESSORS,
    scheduler: Scheduler = None,
) -> None:
    """Certify a dispatch policy: safe, how good, and worth what, against none and against the bound.

    Status 0: passed; 1: not passed; 3: a trial of some days (--days), which certifies nothing.
    """
    checked, span = _checked(study or _island(None).settings.default_study, data, days)
    from studies.console import summary_lines
    from studies.experiments.certificate.certify import Certificate, HeldOut
    from studies.experiments.certificate.limits import SHIPPED

    held_out = HeldOut(seed, first_year)
    certificate = Certificate(checked, policy, Path.cwd(), years, data, span, held_out, limits or SHIPPED)
    folder = _carry_out(certificate, out, jobs, scheduler)
    for line in summary_lines(folder):
        typer.echo(line)
    for file in sorted(folder.glob("certificate*")):
        typer.echo(f"{'Trial' if certificate.is_trial else 'Certificate'}: {file}")
    if certificate.is_trial:
        raise typer.Exit(TRIAL_STATUS)
    if not certificate.passed:
        raise typer.Exit(1)


@app.command("try")
def try_policy(
    policy: PolicyName,
    study: StudyOrDefault = None,
    day: Annotated[int, typer.Option(min=1, max=366, help="Day of the fiscal year; default: a windy one.")] = 350,
    data: Data = None,
) -> None:
    """Try a dispatch policy over one day: what it is told and orders, its mistakes, what devices would clip."""
    checked, _ = _checked(study or _island(None).settings.default_study, data, f"{day}:{day}")
    from studies.experiments.certificate.first_try import first_try

    for line in first_try(checked, policy, Path.cwd(), day, data):
        typer.echo(line)


@app.command("compare-policies")
def compare_policies(
    policies: Annotated[
        list[str], typer.Argument(metavar="POLICY ...", help="my_policy.py:MyPolicy or shipped names; the first leads.")
    ],
    study: StudyOrDefault = None,
    years: WeatherYears = None,
    first_year: FirstYear = 1,
    seed: Seed = None,
    out: Annotated[Path | None, typer.Option(help="Results folder; default: runs/<study>_policies.")] = None,
    days: Days = None,
    data: Data = None,
    jobs: Jobs = PROCESSORS,
) -> None:
    """Compare dispatch policies over the same weather years: paired differences with their intervals."""
    checked, span = _checked(study or _island(None).settings.default_study, data, days)
    from studies.console import policies_table
    from studies.experiments.certificate.certify import HeldOut
    from studies.experiments.certificate.compare_policies import PolicyComparison

    asked = PolicyComparison(checked, policies, Path.cwd(), years, data, span, HeldOut(seed, first_year))
    folder = _carry_out(asked, out, jobs)
    table_console().print(policies_table(folder))
    typer.echo(f"Results: {folder}")


@app.command()
def uncertainty(
    study: StudyFile,
    out: Annotated[Path | None, typer.Option(help="Results folder; default: runs/<study>_uncertainty.")] = None,
    samples: Annotated[
        int | None, typer.Option(min=2, help="Samples in which every unknown varies; default: the study's.")
    ] = None,
    days: Days = None,
    data: Data = None,
    jobs: Jobs = PROCESSORS,
    scheduler: Scheduler = None,
) -> None:
    """Vary every uncertain input of a study: ranges of the key figures, and which inputs matter most."""
    checked, span = _checked(study, data, days)
    from studies.console import uncertainty_tables
    from studies.experiments.uncertainty.analysis import UncertaintyAnalysis

    folder = _carry_out(UncertaintyAnalysis(checked, samples, data, span), out, jobs, scheduler)
    table_console().print(*uncertainty_tables(folder), sep="\n")
    typer.echo(f"Results: {folder}")


@app.command()
def inside(
    study: StudyFile,
    scenario: Annotated[str | None, typer.Option(help="Scenario of the study; default: the first.")] = None,
    worst: Annotated[int, typer.Option(min=1, max=366, help="Days with the largest congestion cut.")] = 10,
    minutes: Annotated[int, typer.Option(min=5, max=30, help="Length of the shorter steps, a divisor of 30.")] = 5,
    out: Annotated[Path | None, typer.Option(help="Results folder; default: runs/<study>_inside.")] = None,
    days: Days = None,
    data: Data = None,
) -> None:
    """Look inside the half-hour: the worst days again on steps of minutes, with drawn ramps that keep its means."""
    checked, span = _checked(study, data, days)
    from studies.console import inside_table
    from studies.experiments.inside import inside_the_half_hour, write_inside

    found = inside_the_half_hour(checked, scenario, data, span, worst, minutes)
    folder = out or RUNS / f"{checked.name}_inside"
    write_inside(folder, {"study": checked.name, "scenario": scenario or "", "minutes": minutes}, found)
    table_console().print(inside_table(folder))
    typer.echo(f"Results: {folder}")


@app.command()
def security(
    study: StudyFile,
    out: Annotated[Path | None, typer.Option(help="Results folder; default: runs/<study>_security.")] = None,
    headroom: Annotated[
        str, typer.Option(metavar="BUS,...|all", help="Buses whose headroom for more infeed is searched.")
    ] = "",
    intertrip: Annotated[bool, typer.Option("--intertrip", help="Find what inter-trip (N-1電制) must shed.")] = False,
    days: Days = None,
    data: Data = None,
    jobs: Jobs = PROCESSORS,
) -> None:
    """Assess every outage of a study's grid before any management; headroom of buses and inter-trip on demand."""
    checked, span = _checked(study, data, days)
    from studies.experiments.security import GridSecurity, Question

    buses = tuple(name.strip() for name in headroom.split(",") if name.strip())
    folder = _carry_out(GridSecurity(checked, Question(buses, intertrip), data, span), out, jobs)
    _tell_where(folder)


@app.command()
def connect(
    bus: Annotated[str, typer.Option(metavar="BUS", help="Bus of the island's buses.csv, e.g. fukue.")],
    mw: Annotated[float, typer.Option(help="Contract power in MW.")],
    kind: Annotated[str, typer.Option(help="pv or wind, or another kind that the island has.")],
    firm: Annotated[
        bool, typer.Option("--firm", help="Cut only after all non-firm plants; default: non-firm.")
    ] = False,
    battery: Annotated[float, typer.Option(metavar="MWH", help="Battery beside the plant, in MWh.")] = 0.0,
    study: Annotated[
        str | None, typer.Option(help="A study file, or the name of a shipped study; default: the shipped island's.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Results folder; default: runs/connect_<bus>_<mw>_<kind>.")] = None,
    days: Days = None,
    data: Data = None,
    jobs: Jobs = PROCESSORS,
) -> None:
    """Check what a new plant would meet at a bus, and what it would do to the others: a sheet of two pages."""
    checked, span = _checked(study or _island(None).settings.default_study, data, days)
    from studies.experiments.questions.connect import Connect, NewPlant

    _tell_where(_carry_out(Connect(checked, NewPlant(bus, mw, kind, firm, battery), data, span), out, jobs))


@app.command()
def audit(
    study: Annotated[
        str | None,
        typer.Argument(metavar="STUDY.toml", help="A study file; default: the shipped island's of its plan."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Results folder; default: runs/<name of the study>.")] = None,
    days: Days = None,
    data: Data = None,
    jobs: Jobs = PROCESSORS,
) -> None:
    """Audit the plan of an island: every claim reproduced, different by how much and why, or not testable and why."""
    checked, span = _checked(study or _island(None).settings.plan_study, data, days)
    from studies.console import audit_lines
    from studies.experiments.audit.plan_audit import PlanAudit

    folder = _carry_out(PlanAudit(checked, data, span), out, jobs)
    for line in audit_lines(folder):
        typer.echo(line)
    _tell_where(folder)


@app.command()
def ppa(
    study: StudyFile,
    out: Annotated[Path | None, typer.Option(help="Results folder; default: runs/<study>_ppa.")] = None,
    days: Days = None,
    data: Data = None,
    jobs: Jobs = PROCESSORS,
) -> None:
    """Tell whether PV under PPA and leased batteries earn their capital back, with and without subsidy."""
    checked, span = _checked(study, data, days)
    from studies.experiments.ppa import Ppa

    _tell_where(_carry_out(Ppa(checked, data, span), out, jobs))


@app.command()
def value(
    study: StudyFile,
    out: Annotated[Path | None, typer.Option(help="Results folder; default: runs/<study>_value.")] = None,
    days: Days = None,
    data: Data = None,
    jobs: Jobs = PROCESSORS,
) -> None:
    """Match local supply with local demand, partners and the market, with certificates and money, step by step."""
    checked, span = _checked(study, data, days)
    from studies.experiments.value import Value

    _tell_where(_carry_out(Value(checked, data, span), out, jobs))


Languages = Annotated[
    list[str] | None, typer.Option("--lang", help="Edition to write: ja or en; may be given twice. Default: both.")
]
Formats = Annotated[
    list[str] | None,
    typer.Option(
        "--format",
        help="html, pdf, xlsx, figures (SVG) or slides (SVG and PNG at 16:9); may be given several times. "
        "Default: all but slides.",
    ),
]


@app.command()
def report(
    folder: Annotated[Path, typer.Argument(metavar="RUN", help="A results folder, e.g. runs/goto_2030.")],
    lang: Languages = None,
    formats: Formats = None,
) -> None:
    """Write the report of a run again, from its results files only."""
    from twin.metrics.run_folder import open_run

    open_run(folder)
    from reports import write_report

    written = write_report(folder, *_editions(lang, formats))
    _tell_where(folder, written)


@app.command()
def compare(
    first: Annotated[Path, typer.Argument(metavar="RUN", help="A results folder.")],
    others: Annotated[list[Path], typer.Argument(metavar="RUN...", help="The results folders to compare with it.")],
    every: Annotated[
        bool, typer.Option("--all", help="On the terminal all key figures, not only the headline.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the report; default: runs/compared/<name of each run>.")
    ] = None,
    lang: Languages = None,
    formats: Formats = None,
) -> None:
    """Show by how much the key figures of runs differ, member by member, and write a report of the differences."""
    from reports.reading.comparison import read_comparison
    from studies.console import HEADLINE, difference_table
    from twin.core.quantities import KPIS

    editions = _editions(lang, formats)
    runs = [first, *others]
    names = read_comparison(runs).names
    for other in others:
        table_console().print(difference_table(first, other, tuple(KPIS) if every else HEADLINE))
    from reports import write_comparison

    folder = out or RUNS / "compared" / "_".join(Path(name).name for name in names)
    _tell_where(folder, write_comparison(runs, folder, *editions))


def _editions(lang: list[str] | None, formats: list[str] | None) -> tuple[list[Language], list[Format]]:
    """Return the languages and formats that are asked for, in the order of the report."""
    from reports.document.texts import LANGUAGES
    from reports.write import DEFAULT_FORMATS, FORMATS

    raise_if_any(
        Problem(f"there is no such {what}", f"--{what}", value, ", ".join(accepted), "name one of these")
        for what, values, accepted in (("lang", lang, LANGUAGES), ("format", formats, FORMATS))
        for value in values or ()
        if value not in accepted
    )
    return (
        [one for one in LANGUAGES if one in (lang or LANGUAGES)],
        [one for one in FORMATS if one in (formats or DEFAULT_FORMATS)],
    )


@app.command()
def validate(
    kind: Annotated[Literal["wind", "pv", "demand", "curtailment"], typer.Argument(help="What was measured.")],
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE|STUDY",
            help="CSV: time, power_mw or power_kw, and wind_speed | ghi [temp_air dni dhi] | temp_air; "
            "curtailment: a study whose island has constraint zones.",
        ),
    ],
    timezone: Annotated[str, typer.Option(help="Zone of times without offset, e.g. Asia/Tokyo.")] = "",
    label: Annotated[
        str, typer.Option(metavar="start|end", help="What a time marks of its interval; default: as the days show.")
    ] = "",
    allow_gaps: Annotated[bool, typer.Option("--allow-gaps", help="Absent rows count as missing values.")] = False,
    plant: Annotated[str | None, typer.Option(help="Plant of the island that was measured (wind, pv).")] = None,
    capacity_mw: Annotated[float | None, typer.Option(min=0, help="Largest AC output (wind, pv).")] = None,
    turbine: Annotated[str | None, typer.Option(help="Turbine of turbines.csv (wind).")] = None,
    units: Annotated[int | None, typer.Option(min=1, help="Number of turbines (wind).")] = None,
    power_curve: Annotated[
        Path | None, typer.Option(help="CSV of one turbine in place of --turbine: wind_speed, power_kw (wind).")
    ] = None,
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
    data: Annotated[Path | None, typer.Option(help="Folder of the feed (curtailment).")] = None,
    fitted: Annotated[
        Path | None, typer.Option(help="fitted.json of another winter: nothing is fitted (curtailment).")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder of the results; default: beside the file, or runs.")] = None,
    island: OfIsland = None,
) -> None:
    """Compare a model with what was measured: it runs on the measured wind, sun or temperature, or on a feed."""
    from rich.console import Console

    if kind == "curtailment":
        _validate_curtailment(str(file), data, out, fitted)
        return

    from studies.experiments.validation.measured_pairs import Reading
    from studies.experiments.validation.validate import Subject, validate_file

    subject = Subject(
        plant, capacity_mw, turbine, units, power_curve, at_sea, dc_mw, fleet, tilt, azimuth, in_service_year, place,
        latitude, longitude, demand_class,
    )  # fmt: skip
    if label not in ("", "start", "end"):
        raise typer.BadParameter(f"--label {label}: write start or end")
    outcome = validate_file(_island(island), kind, file, subject, Reading(timezone, label, allow_gaps), out)
    Console(width=None if sys.stdout.isatty() else COMPARISON_WIDTH).print(*outcome.tables, sep="\n")
    typer.echo(f"Figure:  {outcome.figure}")


def _validate_curtailment(name: str, data: Path | None, out: Path | None, fitted: Path | None) -> None:
    """Score every reading of a study's constraint zones against a feed."""
    from rich.console import Console

    from studies.experiments.validation.curtailment.compare import compare_curtailment
    from studies.experiments.validation.curtailment.page import tables

    study = _checked(name, data, None)[0]
    folder = out or RUNS / f"{study.name}_curtailment"
    found = compare_curtailment(study, data, folder, fitted)
    Console(width=None if sys.stdout.isatty() else COMPARISON_WIDTH).print(*tables(found), sep="\n")
    typer.echo(f"Results: {folder / 'curtailment.json'}")


@app.command("list")
def list_studies() -> None:
    """List the shipped studies by the question that they answer, and the runs in ./runs."""
    from studies.console import listed_studies

    for line in listed_studies():
        typer.echo(line)
    for index in sorted(RUNS.glob("*/study.json")):
        typer.echo(f"run    {index.parent}")


@app.command()
def sources(
    status: Annotated[
        str | None, typer.Option(metavar="STATUS", help="Only published, derived or estimate; default: all.")
    ] = None,
    csv: Annotated[Path | None, typer.Option(help="Write a CSV file instead of printing.")] = None,
    island: OfIsland = None,
) -> None:
    """Show where every number comes from: value, range and source by status, and how many there are of each."""
    from studies.sources import sources_tables, status_counts, write_sources
    from twin.core.tables import STATUSES

    if status is not None and status not in STATUSES:
        raise typer.BadParameter(f"--status {status}: write one of {', '.join(STATUSES)}")
    found = _island(island)
    if csv is None:
        table_console().print(*sources_tables(found, status), sep="\n")
    else:
        write_sources(found, csv, status)
        typer.echo(f"Written: {csv}")
    for name, count in status_counts(found).items():
        typer.echo(f"{name:12}{count:6}")


@app.command()
def new(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Gets study.toml and the island's folder.")],
    island: Annotated[str, typer.Option("--island", help="Name of the new island: small letters, digits, _.")],
) -> None:
    """Write the commented tables of an invented island and a study of it, to put an own island in its place."""
    from network_models.new_island import write_island

    study = write_island(folder, island)
    typer.echo(f"Island:  {folder / island}")
    typer.echo(f"Study:   {study}")
    typer.echo(f"Run it:  goto-twin run {study}")


@app.command()
def schema() -> None:
    """Print the JSON Schema of a study file."""
    import json

    from studies.study.file.schema import Study

    typer.echo(json.dumps(Study.model_json_schema(), ensure_ascii=False, indent=2))


@app.command()
def doctor() -> None:
    """Show versions and what is missing; status 1 when something is."""
    from studies.doctor import examine

    findings = examine()
    for finding in findings:
        typer.echo(f"{'MISSING' if finding.repair else 'ok':8}{finding.what:28}{finding.value}")
        if finding.repair:
            typer.echo(f"{'':8}repair: {finding.repair}")
    if any(finding.repair for finding in findings):
        raise typer.Exit(1)


@app.command()
def weather(
    files: Annotated[list[Path], typer.Argument(metavar="FILE ...", help="Weather files.")],
    kind: Annotated[str, typer.Option("--format", help="Format; default: told from the first lines, else csv.")] = "",
    place: Annotated[
        str | None, typer.Option(help="Place whose sun and normals the file is compared with; default: the island's.")
    ] = None,
    island: OfIsland = None,
    at: Annotated[str | None, typer.Option(metavar="LAT,LON", help="Position of a file from elsewhere.")] = None,
    year: Annotated[
        int | None, typer.Option(help="Fiscal year to bring it to; default: where most of it lies.")
    ] = None,
    timezone: Annotated[str, typer.Option(help="Time zone of times without offset (csv).")] = "",
    station: Annotated[str, typer.Option(help="Which station, if the file has several (jma).")] = "",
    wind_height: Annotated[float | None, typer.Option(help="Height of the anemometer in m.")] = None,
    any_year: Annotated[bool, typer.Option("--any-year", help="Date a real year onto another one.")] = False,
    fill_hours: Annotated[float, typer.Option(min=0, help="Fill gaps up to this long.")] = 0.0,
    label: Annotated[
        str, typer.Option(help="What a time marks: start, centre or end of its interval; default: as the format says.")
    ] = "",
    air_label: Annotated[str, typer.Option(help="The same for temperature and wind alone (csv).")] = "",
    unit: Annotated[str, typer.Option(help="Unit of the wind speed: m/s, km/h, knots or mph.")] = "",
    column: Annotated[
        list[str] | None, typer.Option(metavar="NAME=COLUMN", help="Column of time, ghi, ... in a csv (repeatable).")
    ] = None,
    sunshine: Annotated[
        tuple[float, float] | None,
        typer.Option(metavar="A B", help="Angstrom's a and b: irradiance of sunshine hours."),
    ] = None,
    join: Annotated[bool, typer.Option("--join", help="The files are parts of one series in time.")] = False,
) -> None:
    """Print the quality report of weather files; status 1 when one of them has a problem."""
    from studies.weather_quality import quality_reports
    from weather.readers.reading import WeatherFile

    columns = tuple((name, own) for name, _, own in (pair.partition("=") for pair in column or ()))
    parts = tuple(files[1:]) if join else ()
    about = ((), timezone, station, wind_height, any_year, fill_hours, label, air_label, unit, columns, parts, sunshine)
    stated = [WeatherFile(path, kind, *about) for path in (files[:1] if join else files)]
    text, is_sound = quality_reports(_island(island), stated, place, at, year)
    typer.echo(text, nl=False)
    if not is_sound:
        raise typer.Exit(1)


def _island(name: str | None) -> Island:
    from network_models.island import SHIPPED, find_island

    return find_island(name or SHIPPED)


def table_console() -> Console:
    """Return a console as wide as the terminal, or wide enough for a table where the output is a file."""
    return Console(width=None if sys.stdout.isatty() else WIDTH_IN_FILES)


def _tell_where(folder: Path, written: Mapping[str, Path] | None = None) -> None:
    """Say where the results and the files of a report lie, or those of it that were written just now."""
    there = (folder / "report").glob("*") if written is None else written.values()
    files = sorted(path for path in there if written is not None or path.is_file())
    typer.echo(f"Results: {folder}")
    for path in files:
        typer.echo(f"Report:  {path}")
