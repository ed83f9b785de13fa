"""What a report needs of a run folder, checked before anything is drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from twin.core.errors import Problem, raise_if_any
from twin.core.quantities import KPIS, TABLES, CutCause
from twin.metrics.run_folder import KPI_FILE, RERUN, STUDY_FILE, Run, open_run

CUT_COLUMNS = tuple(cause.column for cause in CutCause)
STUDY_KEYS = (
    "name", "title_en", "title_ja", "fiscal_year", "reference", "uncontrolled", "scenarios", "sweep", "members",
    "assumptions", "units", "island", "currency", "sample_check", "repeat_command",
)  # fmt: skip
ONSET_KEYS = (
    "key", "value", "scenario", "member", "curtailed_congestion_mwh", "congested_hours", "criterion_broken_hours",
)  # fmt: skip
COLUMNS_READ: dict[str, tuple[str, ...]] = {
    "ledger": ("unit", "available_mw", *CUT_COLUMNS, "element", "outage", "time"),
    "system": (
        "time", "demand_mw", "available_mw", "delivered_mw", *CUT_COLUMNS, "main_tap_position", "reactors_in_service",
        "failure",
    ),
    "link": (
        "time", "export_mw", "circuit_1_loading_percent", "circuit_2_loading_percent", "n1_before_loading_percent",
        "n1_loading_percent", "n1_export_headroom_before_mw", "n1_export_headroom_after_mw",
        "n1_import_headroom_before_mw", "n1_import_headroom_after_mw",
    ),
    "sites": ("time", "kind", "charge_mw", "soc_percent"),
    "security_branches": tuple(TABLES["security_branches"]),
    "security_outages": tuple(TABLES["security_outages"]),
}  # fmt: skip
"""The columns of `twin.core.quantities.TABLES` that a report is made from; others may be missing."""


NO_CONTROL_NEEDED = ("reference", "uncontrolled")


def controlled_scenarios(run: Run) -> tuple[str, ...]:
    """Return the scenarios that are neither the reference nor the uncontrolled one."""
    others = {run.study[role] for role in NO_CONTROL_NEEDED}
    return tuple(scenario for scenario in run.scenarios if scenario not in others)


def benefit_kpi(run: Run) -> str:
    """Return the key figure that values control: against the uncontrolled scenario where there is one."""
    return "net_benefit_mwh" if run.study["uncontrolled"] is None else "net_benefit_of_control_mwh"


def read_run(path: Path) -> Run:
    """Read and check a run folder.

    Parameters
    ----------
    path : pathlib.Path
        The folder ``runs/<study>``.

    Returns
    -------
    Run

    Raises
    ------
    twin.core.errors.InputError
        With everything that is missing or broken in the folder.
    """
    run = open_run(path)
    problems = [*_missing_keys(path / STUDY_FILE, run.study, STUDY_KEYS)]
    raise_if_any(problems)
    for member in run.members:
        problems += _missing_keys(member.folder / KPI_FILE, member.kpis, tuple(KPIS))
        for table, columns in COLUMNS_READ.items():
            _check_table(member.folder / f"{table}.parquet", columns, problems)
    _check_grid(path, run.study, problems)
    _check_onset(path, run.study, problems)
    raise_if_any(problems)
    return run


def _missing_keys(file: Path, content: Mapping[str, Any], keys: Sequence[str]) -> list[Problem]:
    missing = [key for key in keys if key not in content]
    return [Problem("keys are missing", str(file), accepted=", ".join(missing), repair=RERUN)] if missing else []


def _check_table(file: Path, columns: tuple[str, ...], problems: list[Problem]) -> None:
    if not file.is_file():
        problems.append(Problem("the table is missing", str(file), repair=RERUN))
        return
    try:
        present = set(pq.read_schema(file).names)
    except (OSError, ValueError) as error:
        problems.append(Problem("the table is not a Parquet file", str(file), str(error), repair=RERUN))
        return
    missing = [column for column in columns if column not in present]
    if missing:
        problems.append(Problem("columns are missing", str(file), accepted=", ".join(missing), repair=RERUN))


def _check_grid(path: Path, study: dict[str, Any], problems: list[Problem]) -> None:
    """Every scenario has to exist at every sweep point, or ranges over the sweep would mislead."""
    present = {(entry.get("scenario"), entry.get("member")) for entry in study["members"]}
    points = dict.fromkeys(entry.get("member") for entry in study["members"])
    for scenario in study["scenarios"]:
        missing = [str(point) for point in points if (scenario, point) not in present]
        if missing:
            where = f"{path / 'study.json'}: members of {scenario}"
            problems.append(Problem("sweep points are missing", where, accepted=", ".join(missing), repair=RERUN))
    for key in ("reference", "uncontrolled"):
        if study[key] is not None and study[key] not in study["scenarios"]:
            accepted = ", ".join(study["scenarios"])
            problems.append(Problem("no such scenario", f"{path / 'study.json'}: {key}", study[key], accepted, RERUN))


def _check_onset(path: Path, study: dict[str, Any], problems: list[Problem]) -> None:
    """Where values were tried one at a time, the first row is the member that they start from."""
    rows = study.get("onset") or []
    where = f"{path / 'study.json'}: onset"
    lacking = [row for row in rows if not isinstance(row, dict) or any(key not in row for key in ONSET_KEYS)]
    problems += [Problem("a row lacks keys", where, str(row), ", ".join(ONSET_KEYS), RERUN) for row in lacking]
    if not rows or lacking:
        return
    if rows[0]["key"]:
        problems.append(Problem("the first row is not the start", where, rows[0]["key"], "an empty key", RERUN))
    members = {(entry.get("scenario"), entry.get("member")) for entry in study["members"]}
    start = (rows[0]["scenario"], rows[0]["member"])
    if start not in members:
        problems.append(Problem("the start is no member of the study", where, " ".join(start), repair=RERUN))
