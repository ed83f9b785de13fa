"""A run folder opened for reading: its members, key figures and tables, as pandas or as one labelled dataset."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from twin.core.errors import InputError, Problem, raise_if_any
from twin.core.quantities import TABLES, Quantity
from twin.metrics.run_record import RERUN, Manifest, StudyRecord, read_kpis, read_record
from twin.metrics.series import read_table

if TYPE_CHECKING:
    import xarray

STUDY_FILE, MANIFEST_FILE, KPI_FILE = "study.json", "manifest.json", "kpis.json"
ROW_NAMES = {"ledger": "unit", "devices": "device", "sites": "kind", "payments": "item"}
"""Tables with several rows a time step, and the column that names the row."""


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
    manifest : dict
        Content of its ``manifest.json``.
    """

    scenario: str
    point: str
    sweep: dict[str, Any]
    folder: Path
    kpis: dict[str, float]
    manifest: dict[str, Any] = field(default_factory=dict, repr=False)

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
        raise_if_any(self.table_problems(name, columns))
        frame = read_table(self.folder, name, list(columns) or None)
        if "time" in frame and frame["time"].isna().any():
            where = str(self.folder / f"{name}.parquet")
            rows = f"{int(frame['time'].isna().sum())} rows"
            raise InputError([Problem("times are missing", where, rows, repair=RERUN)])
        return frame

    def table_problems(self, name: str, columns: Sequence[str] = (), may_be_empty: bool = False) -> list[Problem]:
        """Return what keeps a table, or some of its columns, from being read; a look at the file's head only."""
        file = self.folder / f"{name}.parquet"
        if not file.is_file():
            there = ", ".join(sorted(path.stem for path in self.folder.glob("*.parquet")))
            return [Problem("no such table", str(file), name, there or "a finished member", RERUN)]
        try:
            head = pq.read_metadata(file)
            schema, rows = head.schema.to_arrow_schema(), head.num_rows
        except (OSError, ValueError) as error:
            return [Problem("the table is not a Parquet file", str(file), str(error), repair=RERUN)]
        unknown = [column for column in columns if column not in schema.names]
        found = [Problem("no such column", str(file), column, ", ".join(schema.names), RERUN) for column in unknown]
        found += [] if rows or may_be_empty else [Problem("the table is empty", str(file), repair=RERUN)]
        quantities = TABLES.get(name, {})
        for column in schema.names:
            accepted = _accepted(column, schema.field(column).type, quantities.get(column))
            if accepted and (not columns or column in columns):
                seen = str(schema.field(column).type)
                found.append(Problem("a column of another kind", f"{file}: {column}", seen, accepted, RERUN))
        return found


def _accepted(column: str, kind: pa.DataType, quantity: Quantity | None) -> str:
    """Return what a column should hold, empty where it does."""
    if column == "time":
        return "" if pa.types.is_timestamp(kind) and kind.tz else "times with a time zone"
    is_number = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)
    return "numbers" if quantity is not None and quantity.unit and not is_number else ""


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
        With everything that is missing or broken in the folder's records; a table is checked when it is read.

    Examples
    --------
    >>> run = twin.open_run("runs/goto_2030")  # doctest: +SKIP
    >>> run.kpis["curtailed_congestion_mwh"]  # doctest: +SKIP
    >>> run.table("link", scenario="new_pv_none", point="conductor_mm2=300,criterion=n-1")  # doctest: +SKIP
    """
    folder = Path(path)
    problems: list[Problem] = []
    try:
        is_run = (folder / STUDY_FILE).is_file()
        answers = sorted({path.name for path in folder.glob("*.json")} - {STUDY_FILE, MANIFEST_FILE, "run_log.json"})
    except (OSError, ValueError):  # a name that no file can have
        is_run, answers = False, []
    if answers and not is_run:
        accepted = f"a folder with {STUDY_FILE}: the run of a study that asks no question"
        repair = "read its report in report/; run its command again to write that anew"
        problem = "this folder holds an answer and not the tables of members"
        raise InputError([Problem(problem, str(folder), ", ".join(answers), accepted, repair)])
    if not is_run:
        repair = "give a folder that `goto-twin run` has written; `goto-twin list` shows those in ./runs"
        raise InputError([Problem("there is no complete run in this folder", str(folder), repair=repair)])
    study, record = read_record(folder / STUDY_FILE, StudyRecord, problems)
    manifest, _ = read_record(folder / MANIFEST_FILE, Manifest, problems)
    members = []
    for entry in () if record is None else record.members:
        place = folder / entry.path
        own, _ = read_record(place / MANIFEST_FILE, Manifest, problems)
        kpis = read_kpis(place / KPI_FILE, problems)
        members.append(Member(entry.scenario, entry.member, entry.sweep, place, kpis, own))
    raise_if_any(problems)
    return Run(folder, study, manifest, tuple(members))


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
