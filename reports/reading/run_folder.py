"""Reading a run folder: the study, its members, their key figures and the columns that a report needs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq

from twin.core.errors import Problem, raise_if_any
from twin.core.quantities import CUT_CAUSES, KPIS, TABLES

CUT_COLUMNS = tuple(f"{cause}_mw" for cause in CUT_CAUSES)
RERUN = "run the study again: goto-twin run STUDY.toml"
STUDY_KEYS = (
    "name", "title_en", "title_ja", "fiscal_year", "reference", "uncontrolled", "scenarios", "sweep", "members",
    "assumptions", "units", "sample_check", "repeat_command",
)  # fmt: skip
ONSET_KEYS = (
    "key", "value", "scenario", "member", "curtailed_congestion_mwh", "congested_hours", "criterion_broken_hours",
)  # fmt: skip
MEMBER_KEYS = ("scenario", "member", "sweep", "path")
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


@dataclass(frozen=True)
class Member:
    """One member of a run: a scenario at a sweep point.

    Attributes
    ----------
    scenario : str
        Key of the scenario.
    point : str
        Name of the sweep point, e.g. ``"conductor_mm2=300,criterion=n-1"``; ``"base"`` without a sweep.
    sweep : dict
        The sweep point's values by key.
    folder : pathlib.Path
        Where its files lie.
    kpis : dict of str to float
        Key figures by the names of `twin.core.quantities.KPIS`; NaN where a figure is not defined.
    """

    scenario: str
    point: str
    sweep: dict[str, Any]
    folder: Path
    kpis: dict[str, float]

    def table(self, name: str, columns: Sequence[str] = ()) -> pd.DataFrame:
        """Return `columns` of a table, by default those of `COLUMNS_READ`; ``time`` in the time zone of the run."""
        columns = columns or COLUMNS_READ[name]
        return pq.read_table(self.folder / f"{name}.parquet", columns=list(columns)).to_pandas()


@dataclass(frozen=True)
class Run:
    """A checked run folder.

    Attributes
    ----------
    path : pathlib.Path
    study : dict
        Content of ``study.json``.
    manifest : dict
        Content of ``manifest.json``.
    members : tuple of Member
        In the study's order.
    """

    path: Path
    study: dict[str, Any]
    manifest: dict[str, Any]
    members: tuple[Member, ...]

    @property
    def scenarios(self) -> tuple[str, ...]:
        """Keys of the scenarios in the study's order."""
        return tuple(self.study["scenarios"])

    @property
    def points(self) -> tuple[str, ...]:
        """Names of the sweep points in the study's order."""
        return tuple(dict.fromkeys(member.point for member in self.members))

    def sweep_of(self, point: str) -> dict[str, Any]:
        """Return the sweep values of a point."""
        return next(member.sweep for member in self.members if member.point == point)

    def member(self, scenario: str, point: str) -> Member:
        """Return the member of a scenario at a sweep point."""
        return next(m for m in self.members if m.scenario == scenario and m.point == point)

    def of(self, scenario: str) -> tuple[Member, ...]:
        """Return the members of a scenario, one a sweep point."""
        return tuple(member for member in self.members if member.scenario == scenario)

    def kpi(self, scenario: str, name: str) -> list[float]:
        """Return a key figure of a scenario at all sweep points."""
        return [member.kpis[name] for member in self.of(scenario)]


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
    problems: list[Problem] = []
    if not path.is_dir():
        problems.append(Problem("there is no such run folder", str(path), repair=RERUN))
        raise_if_any(problems)
    study = _read_json(path / "study.json", problems, STUDY_KEYS)
    manifest = _read_json(path / "manifest.json", problems)
    raise_if_any(problems)
    members = [_read_member(path, entry, problems) for entry in study["members"]]
    if not members:
        problems.append(Problem("the study has no members", f"{path / 'study.json'}: members", repair=RERUN))
    _check_grid(path, study, problems)
    _check_onset(path, study, problems)
    raise_if_any(problems)
    return Run(path, study, manifest, tuple(member for member in members if member is not None))


def _read_json(file: Path, problems: list[Problem], keys: Sequence[str] = ()) -> dict[str, Any]:
    if not file.is_file():
        problems.append(Problem("the file is missing", str(file), repair=RERUN))
        return {}
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        problems.append(Problem("the file is not JSON", str(file), str(error), "a JSON object", RERUN))
        return {}
    if not isinstance(content, dict):
        problems.append(Problem("the file is not a JSON object", str(file), type(content).__name__, repair=RERUN))
        return {}
    missing = [key for key in keys if key not in content]
    if missing:
        problems.append(Problem("keys are missing", str(file), accepted=", ".join(missing), repair=RERUN))
    return content


def _read_member(path: Path, entry: dict[str, Any], problems: list[Problem]) -> Member | None:
    missing = [key for key in MEMBER_KEYS if key not in entry]
    if missing:
        where = f"{path / 'study.json'}: members"
        problems.append(Problem("a member lacks keys", where, str(entry), ", ".join(missing), RERUN))
        return None
    folder = path / entry["path"]
    kpis = _read_json(folder / "kpis.json", problems, tuple(KPIS))
    for table, columns in COLUMNS_READ.items():
        _check_table(folder / f"{table}.parquet", columns, problems)
    values = {name: float("nan") if value is None else float(value) for name, value in kpis.items()}
    return Member(entry["scenario"], entry["member"], entry["sweep"], folder, values)


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
