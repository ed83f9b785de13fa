"""A run folder opened for reading: its members, key figures and tables, as pandas or as one labelled dataset."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict, ValidationError

from twin.core.errors import InputError, Problem, raise_if_any
from twin.core.quantities import TABLES
from twin.metrics.series import read_table

if TYPE_CHECKING:
    import xarray

RERUN = "run the study again: goto-twin run STUDY.toml"
STUDY_FILE, MANIFEST_FILE, KPI_FILE = "study.json", "manifest.json", "kpis.json"
ROW_NAMES = {"ledger": "unit", "devices": "device", "sites": "kind", "payments": "item"}
"""Tables with several rows a time step, and the column that names the row."""


class MemberRecord(BaseModel):
    """A member as ``study.json`` lists it."""

    model_config = ConfigDict(extra="allow")

    scenario: str
    member: str
    sweep: dict[str, Any]
    path: str


class StudyRecord(BaseModel):
    """What every reader of ``study.json`` needs; a report asks for more."""

    model_config = ConfigDict(extra="allow")

    name: str
    scenarios: dict[str, Any]
    members: list[MemberRecord]


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
        """Return a table of this member.

        Parameters
        ----------
        name : str
            ``"link"``, ``"ledger"``, ... (docs: data dictionary).
        columns : sequence of str, optional
            Only these; all without.

        Returns
        -------
        pandas.DataFrame
            ``time`` in the time zone of the island, label = start of the interval, values = mean power.

        Raises
        ------
        InputError
            Where the member has no such table or the table no such column.
        """
        file = self.folder / f"{name}.parquet"
        if not file.is_file():
            there = ", ".join(sorted(path.stem for path in self.folder.glob("*.parquet")))
            raise InputError([Problem("no such table", str(file), name, there or "a finished member")])
        unknown = [column for column in columns if column not in pq.read_schema(file).names]
        if unknown:
            accepted = ", ".join(pq.read_schema(file).names)
            raise InputError([Problem("no such column", str(file), column, accepted) for column in unknown])
        return read_table(self.folder, name, list(columns) or None)


@dataclass(frozen=True)
class Run:
    """A run folder, checked.

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
    def currency(self) -> str:
        """Code of the island's currency."""
        return str(self.study["currency"])

    @property
    def points(self) -> tuple[str, ...]:
        """Names of the sweep points in the study's order."""
        return tuple(dict.fromkeys(member.point for member in self.members))

    @property
    def kpis(self) -> pd.DataFrame:
        """Key figures: one row for each member (scenario, point), one column for each figure; NaN where not defined."""
        index = pd.MultiIndex.from_tuples([(m.scenario, m.point) for m in self.members], names=["scenario", "point"])
        return pd.DataFrame([member.kpis for member in self.members], index=index)

    def sweep_of(self, point: str) -> dict[str, Any]:
        """Return the sweep values of a point."""
        return next(member.sweep for member in self.members if member.point == point)

    def member(self, scenario: str, point: str | None = None) -> Member:
        """Return the member of a scenario at a sweep point; without a point, the scenario's only one.

        Raises
        ------
        InputError
            Where there is none, or several and no point was named.
        """
        chosen = self._chosen(scenario, point)
        if len(chosen) > 1:
            accepted = ", ".join(member.point for member in chosen)
            raise InputError([Problem("several sweep points", str(self.path), scenario, accepted, "name one point")])
        return chosen[0]

    def of(self, scenario: str) -> tuple[Member, ...]:
        """Return the members of a scenario, one a sweep point."""
        return tuple(member for member in self.members if member.scenario == scenario)

    def kpi(self, scenario: str, name: str) -> list[float]:
        """Return a key figure of a scenario at all sweep points."""
        return [member.kpis[name] for member in self.of(scenario)]

    def table(
        self, name: str, scenario: str | None = None, point: str | None = None, columns: Sequence[str] = ()
    ) -> pd.DataFrame:
        """Return a table of the members chosen, below each other.

        Parameters
        ----------
        name : str
            ``"link"``, ``"ledger"``, ...
        scenario, point : str, optional
            Only these members; all without.
        columns : sequence of str, optional
            Only these columns; all without.

        Returns
        -------
        pandas.DataFrame
            The member's table; with more than one member ``scenario`` and ``point`` come first.

        Raises
        ------
        InputError
            Where there is no such scenario, point, table or column.
        """
        chosen = self._chosen(scenario, point)
        if len(chosen) == 1:
            return chosen[0].table(name, columns)
        frames = []
        for member in chosen:
            frame = member.table(name, columns)
            frame.insert(0, "point", member.point)
            frame.insert(0, "scenario", member.scenario)
            frames.append(frame)
        return pd.concat(frames, ignore_index=True)

    def dataset(self, *names: str) -> xarray.Dataset:
        """Return tables of all members as one labelled dataset; needs ``xarray`` (the extra ``data``).

        Parameters
        ----------
        *names : str
            Tables with one row for each time step, or for each time step and unit, device, kind or item; by
            default ``system`` and ``link``.

        Returns
        -------
        xarray.Dataset
            Dimensions ``scenario``, ``point``, ``time`` and, for tables of several rows a time step, the column that
            names the row. A variable is named as its column; where several of the tables have the same column, the
            table's name stands in front. Units are in the names and in each variable's attribute ``units``.

        Raises
        ------
        InputError
            Where a table has no time axis, or xarray is not installed.
        """
        try:
            import xarray as xr
        except ImportError as error:
            repair = 'pip install "goto-twin[data]"'
            raise InputError([Problem("xarray is not installed", "Run.dataset", repair=repair)]) from error
        chosen = names or ("system", "link")
        parts = {name: _labelled(self.table(name), name, self.members[0]) for name in chosen}
        counts = Counter(column for part in parts.values() for column in part.data_vars)
        named = [
            part.rename({column: f"{name}_{column}" for column in part.data_vars if counts[column] > 1})
            for name, part in parts.items()
        ]
        return xr.merge(named, join="outer")

    def _chosen(self, scenario: str | None, point: str | None) -> list[Member]:
        problems = []
        if scenario is not None and scenario not in self.scenarios:
            problems.append(Problem("no such scenario", str(self.path), scenario, ", ".join(self.scenarios)))
        if point is not None and point not in self.points:
            problems.append(Problem("no such sweep point", str(self.path), point, " | ".join(self.points)))
        raise_if_any(problems)
        chosen = [m for m in self.members if scenario in (None, m.scenario) and point in (None, m.point)]
        if not chosen:
            raise InputError([Problem("the run has no such member", str(self.path), f"{scenario}, {point}")])
        return chosen


def open_run(path: str | Path) -> Run:
    """Open the results of a study.

    Parameters
    ----------
    path : str or pathlib.Path
        The folder ``runs/<study>``.

    Returns
    -------
    Run

    Raises
    ------
    InputError
        With everything that is missing or broken in the folder.

    Examples
    --------
    >>> run = twin.open_run("runs/goto_2030")  # doctest: +SKIP
    >>> run.kpis["curtailed_congestion_mwh"]  # doctest: +SKIP
    >>> run.table("link", scenario="new_pv_none", point="conductor_mm2=300,criterion=n-1")  # doctest: +SKIP
    """
    folder = Path(path)
    problems: list[Problem] = []
    if not (folder / STUDY_FILE).is_file():
        repair = "give a folder that `goto-twin run` has written; `goto-twin list` shows those in ./runs"
        raise InputError([Problem("there is no complete run in this folder", str(folder), repair=repair)])
    study = read_json(folder / STUDY_FILE, problems)
    manifest = read_json(folder / MANIFEST_FILE, problems)
    raise_if_any(problems)
    record = _record(folder / STUDY_FILE, study)
    members = [_member(folder, entry, problems) for entry in record.members]
    if not members:
        problems.append(Problem("the study has no members", f"{folder / STUDY_FILE}: members", repair=RERUN))
    raise_if_any(problems)
    return Run(folder, study, manifest, tuple(members))


def read_json(file: Path, problems: list[Problem]) -> dict[str, Any]:
    """Return the object in a JSON file of a run; what is wrong with it is added to `problems`."""
    if not file.is_file():
        problems.append(Problem("the file is missing", str(file), repair=RERUN))
        return {}
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        problems.append(Problem("the file is not JSON", str(file), str(error), "a JSON object", RERUN))
        return {}
    if not isinstance(content, dict):
        problems.append(Problem("the file is not a JSON object", str(file), type(content).__name__, repair=RERUN))
        return {}
    return content


def _record(file: Path, study: dict[str, Any]) -> StudyRecord:
    try:
        return StudyRecord.model_validate(study)
    except ValidationError as error:
        found = [
            Problem(
                "a key is missing" if line["type"] == "missing" else "a value of another kind is needed",
                f"{file}: {'.'.join(str(part) for part in line['loc'])}",
                "" if line["type"] == "missing" else repr(line["input"])[:80],
                line["msg"].lower(),
                RERUN,
            )
            for line in error.errors()
        ]
        raise InputError(found) from error


def _member(folder: Path, entry: MemberRecord, problems: list[Problem]) -> Member:
    file = folder / entry.path / KPI_FILE
    values: dict[str, float] = {}
    for name, value in read_json(file, problems).items():
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
            problems.append(Problem("not a number", f"{file}: {name}", repr(value)[:80], "a number or null", RERUN))
            continue
        values[name] = float("nan") if value is None else float(value)
    return Member(entry.scenario, entry.member, entry.sweep, folder / entry.path, values)


def _labelled(frame: pd.DataFrame, name: str, only: Member) -> xarray.Dataset:
    if next(column for column in frame.columns if column not in ("scenario", "point")) != "time":
        raise InputError([Problem("a table without a time axis", f"Run.dataset: {name}", repair="use Run.table")])
    if "scenario" not in frame:
        frame = frame.assign(scenario=only.scenario, point=only.point)
    keys = ["scenario", "point", "time", *([ROW_NAMES[name]] if name in ROW_NAMES else [])]
    numbers = frame.select_dtypes("number").columns
    frame = frame.assign(time=frame["time"].dt.tz_convert("UTC").dt.tz_localize(None))
    by_key = frame.groupby(keys, observed=True, sort=True)[list(numbers)].sum(min_count=1)
    dataset = by_key.to_xarray()
    dataset["time"].attrs["time_zone"] = "UTC; label = start of the interval"
    for column in numbers:
        quantity = TABLES.get(name, {}).get(column)
        if quantity is not None:
            dataset[column].attrs = {"units": quantity.unit, "long_name": quantity.meaning}
    return dataset
