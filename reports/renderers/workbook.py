"""Rows for the planner as an XLSX workbook: names, units and number formats in two rows, filters, pinned dates."""

from __future__ import annotations

import io
import math
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from reports.reading.detail import Detail, Focus
from reports.reading.onset import read_onset
from reports.reading.uncertainty import NUMBERS, UNKNOWN_KEYS, Analysis, Unusable
from twin.core.clock import step_hours
from twin.core.quantities import CONGESTION_CAUSES, KPIS, MONEY, TABLES, Quantity
from twin.metrics.comparisons import common_members
from twin.metrics.kpis import congestion_mw, is_congested
from twin.metrics.run_folder import Member, Run

PINNED = datetime(1980, 1, 1)
"""The first date that a ZIP archive can hold."""
FORMULA, TEXT = "f", "s"
"""Kinds of a cell as openpyxl names them."""
FORMATS = {
    "MWh": "#,##0.0", "MW": "#,##0.00", "Mvar": "#,##0.00", "kWh": "#,##0", "%": "0.00", "h": "#,##0.0", "pu": "0.0000",
    "count": "#,##0", MONEY: "#,##0", "A": "#,##0",
}  # fmt: skip
"""Number format by unit; others are shown as they are."""
HEAD_ROWS = 2
NARROWEST, WIDEST = 10, 60
SHARE_COLUMNS = ("share", "low", "high", "at_low", "at_high")
WORST_HALF_HOURS = 50
SYSTEM_COLUMNS = ("available_mw", "delivered_mw", "diesel_mw", "area_balance_mw")
CAUSES = [cause.column for cause in CONGESTION_CAUSES]


@dataclass(frozen=True)
class Column:
    """A column: its name and the unit of its values (empty for text)."""

    name: str
    unit: str = ""
    width: int = 0


def workbook(run: Run, focus: Focus, detail: Detail, analysis: Analysis) -> bytes:
    """Return a workbook of a run.

    Sheets: ``kpis`` and ``months`` (all members), ``worst_half_hours`` and N-1 over all outages (of the member shown),
    ``onset`` and the analysis of uncertainty where the run has them, ``assumptions``, ``dictionary``.
    """
    book = _Book(run.currency)
    _kpis(book, run)
    _months(book, run)
    _worst_half_hours(book, run.member(focus.scenario, focus.busy_point))
    member = run.member(focus.scenario, focus.point)
    _frame(book, "n1_branches", member, detail.all_outages.branches, TABLES["security_branches"])
    _frame(book, "n1_outages", member, detail.all_outages.outages, TABLES["security_outages"])
    _onset(book, run)
    _uncertainty(book, analysis)
    _assumptions(book, run)
    _dictionary(book)
    return book.content()


def comparison_workbook(runs: Sequence[Run], names: Sequence[str], inputs: Mapping[str, Sequence[object]]) -> bytes:
    """Return a workbook of runs that are compared: every key figure of the members in common, and what was asked.

    Parameters
    ----------
    runs, names : sequence
        The first is what the others are compared with.
    inputs : mapping of str to sequence
        Values of each run by the key of the study, where they are not the same.
    """
    book = _Book(runs[0].currency)
    keys = sorted({key for run in runs for key in run.study["sweep"]})
    changes = [f"{name} - {names[0]}" for name in names[1:]]
    columns = [Column(name) for name in ("scenario", *keys, "kpi", "unit", *names, *changes)]
    rows = []
    for members in common_members(runs):
        sweep = [next((m.sweep[key] for m in members if key in m.sweep), "") for key in keys]
        for name, quantity in KPIS.items():
            values = [member.kpis.get(name, math.nan) for member in members]
            told = [members[0].scenario, *sweep, name, quantity.unit_in(book.currency)]
            rows.append([*told, *values, *(value - values[0] for value in values[1:])])
    book.sheet("differences", columns, rows, frozen_columns=3 + len(keys))
    book.sheet("inputs", [Column("key", width=40), *(Column(name, width=30) for name in names)],
               [[key, *map(str, values)] for key, values in inputs.items()])  # fmt: skip
    _dictionary(book)
    return book.content()


class _Book:
    """A workbook that is being filled; no name in it becomes a command."""

    def __init__(self, currency: str) -> None:
        self.currency = currency
        self._book = Workbook()
        self._book.remove(self._book.active)
        self._book.properties.created = self._book.properties.modified = PINNED

    def sheet(
        self, title: str, columns: Sequence[Column], rows: Iterable[Sequence[object]], frozen_columns: int = 1
    ) -> None:
        """Add a sheet: names, units, then the rows, with filters, formats and widths."""
        sheet: Worksheet = self._book.create_sheet(title)
        sheet.append([column.name for column in columns])
        sheet.append([column.unit.replace(MONEY, self.currency) for column in columns])
        for row in rows:
            sheet.append([_cell(value) for value in row])
        for number, column in enumerate(columns, start=1):
            letter = get_column_letter(number)
            width = column.width or max(NARROWEST, len(column.name) + 3)
            sheet.column_dimensions[letter].width = min(WIDEST, width)
            shown = FORMATS.get(column.unit)
            for cell in sheet[letter][HEAD_ROWS:]:
                if shown is not None and cell.data_type == "n":
                    cell.number_format = shown
        for name, unit in zip(sheet[1], sheet[2], strict=True):
            name.font, unit.font = Font(bold=True), Font(italic=True, color="FF6B7785")
            name.alignment = Alignment(vertical="top", wrap_text=True)
        sheet.freeze_panes = sheet.cell(HEAD_ROWS + 1, frozen_columns + 1)
        sheet.auto_filter.ref = f"A{HEAD_ROWS}:{get_column_letter(len(columns))}{max(sheet.max_row, HEAD_ROWS)}"
        _without_formulas(sheet)

    def content(self) -> bytes:
        """Return the file; the same content gives the same bytes."""
        buffer = io.BytesIO()
        self._book.save(buffer)
        return _with_pinned_dates(buffer.getvalue())


def _without_formulas(sheet: Worksheet) -> None:
    """Make a name that looks like a formula a text: names are no commands."""
    for row in sheet.iter_rows():
        for cell in row:
            if cell.data_type == FORMULA:
                cell.data_type = TEXT


def _kpis(book: _Book, run: Run) -> None:
    keys = list(run.study["sweep"])
    columns = [Column("scenario", width=28), *map(Column, keys), *(Column(name, KPIS[name].unit) for name in KPIS)]
    rows = [
        [member.scenario, *(member.sweep[key] for key in keys), *(member.kpis[name] for name in KPIS)]
        for member in run.members
    ]
    book.sheet("kpis", columns, rows, 1 + len(keys))


MONTH_COLUMNS = (
    Column("scenario", width=28), Column("member", width=30), Column("month"), Column("export_mwh", "MWh"),
    Column("import_mwh", "MWh"), Column("available_mwh", "MWh"), Column("delivered_mwh", "MWh"),
    Column("curtailed_congestion_mwh", "MWh"), Column("congested_hours", "h"),
    Column("curtailed_area_balance_mwh", "MWh"), Column("diesel_mwh", "MWh"),
    Column("n1_before_loading_max_percent", "%"), Column("n1_loading_max_percent", "%"),
)  # fmt: skip


def _months(book: _Book, run: Run) -> None:
    """Add energy, congestion and the fullest half-hour of every member by month; what did not solve is left out."""
    rows = []
    for member in run.members:
        link = member.table("link", ["time", "export_mw", "n1_before_loading_percent", "n1_loading_percent"])
        system = member.table("system", [*SYSTEM_COLUMNS, *CAUSES, "failure"])
        hours = step_hours(pd.DatetimeIndex(link["time"]))
        system = system.drop(columns="failure").mask(system["failure"] != "")
        flow = link["export_mw"]
        energy = pd.DataFrame({
            "export": flow.clip(lower=0), "import": -flow.clip(upper=0), "available": system["available_mw"],
            "delivered": system["delivered_mw"], "congestion": congestion_mw(system),
            "congested": is_congested(system).astype(float),
            "area": system["area_balance_mw"], "diesel": system["diesel_mw"],
        })  # fmt: skip
        months = pd.DatetimeIndex(link["time"]).tz_localize(None).to_period("M")
        sums = energy.groupby(months).sum() * hours
        fullest = link[["n1_before_loading_percent", "n1_loading_percent"]].groupby(months).max()
        rows += [
            [member.scenario, member.point, str(month), *sums.loc[month], *fullest.loc[month]] for month in sums.index
        ]
    book.sheet("months", MONTH_COLUMNS, rows, 3)


def _worst_half_hours(book: _Book, member: Member) -> None:
    """Add the half-hours in which one circuit alone would be fullest before management, the fullest first."""
    link = member.table("link")
    system = member.table("system", ["demand_mw", *SYSTEM_COLUMNS, *CAUSES])
    link = link.join(system).sort_values("n1_before_loading_percent", ascending=False, kind="stable")
    link = link[np.isfinite(link["n1_before_loading_percent"])].head(WORST_HALF_HOURS)
    _frame(book, "worst_half_hours", member, link, TABLES["system"] | TABLES["link"])


def _frame(book: _Book, title: str, member: Member, frame: pd.DataFrame, quantities: Mapping[str, Quantity]) -> None:
    """Add a table of a member."""
    columns = [
        Column("scenario", width=28), Column("member", width=30),
        *(Column(str(name), quantities[name].unit if name in quantities else "") for name in frame.columns),
    ]  # fmt: skip
    rows = ([member.scenario, member.point, *row] for row in frame.itertuples(index=False, name=None))
    book.sheet(title, columns, rows, 3)


def _onset(book: _Book, run: Run) -> None:
    """Add what the study tried one value at a time; nothing where it tried nothing."""
    found = read_onset(run)
    if found is None:
        return
    figures = (("curtailed_congestion_mwh", "MWh"), ("congested_hours", "h"), ("criterion_broken_hours", "h"))
    texts = (Column("key", width=40), Column("value"), Column("value at the start"))
    columns = [*texts, *(Column(*one) for one in (*figures, ("difference", "MWh")))]
    rows = [
        [one.key or f"(start: {found.scenario}, {found.point})", one.value, one.start, one.cut_mwh, one.congested_hours,
         one.criterion_broken_hours, one.difference_mwh]
        for one in (found.start, *found.changes)
    ]  # fmt: skip
    book.sheet("onset", columns, rows)


def _uncertainty(book: _Book, found: Analysis) -> None:
    """Add ranges of all headlines, what each unknown carries of them, and the unknowns; nothing without analysis."""
    if isinstance(found, Unusable):
        return
    named = [Column("scenario", width=28), Column("kpi", width=40)]
    rows = [
        [one.scenario, one.kpi, KPIS[one.kpi].unit_in(book.currency), *(getattr(one, name) for name in NUMBERS)]
        for one in found.headlines
    ]
    book.sheet("uncertainty", [*named, Column("unit"), *map(Column, NUMBERS)], rows, 3)
    shares = []
    for one in found.headlines:
        for name in dict.fromkeys((*one.shares, *one.tornado)):
            values = one.shares.get(name, {}) | one.tornado.get(name, {})
            shares.append([one.scenario, one.kpi, name, *(values.get(column) for column in SHARE_COLUMNS)])
    book.sheet("variance_shares", [*named, Column("unknown", width=40), *map(Column, SHARE_COLUMNS)], shares, 3)
    unknowns = [[unknown[key] for key in UNKNOWN_KEYS] for unknown in found.unknowns.values()]
    book.sheet("unknowns", [Column(key, width=24) for key in UNKNOWN_KEYS], unknowns)


def _assumptions(book: _Book, run: Run) -> None:
    names = ("key", "value", "unit", "low", "high", "status", "meaning_en", "meaning_ja", "source")
    widths = (34, 12, 10, 12, 12, 12, 60, 60, 60)
    rows = [[_number(entry.get(name)) for name in names] for entry in run.study["assumptions"]]
    book.sheet("assumptions", [Column(name, width=width) for name, width in zip(names, widths, strict=True)], rows)


def _number(value: object) -> object:
    """Return a number that a record holds as text as a number, anything else as it is."""
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value


def _dictionary(book: _Book) -> None:
    names = ("where", "name", "unit", "sign", "range", "meaning", "meaning (Japanese)", "formula")
    widths = (18, 40, 10, 14, 12, 60, 50, 60)
    rows = [
        [where, one.name, one.unit_in(book.currency), one.sign, one.range, one.meaning_en, one.meaning_ja, one.formula]
        for where, quantities in {"kpis.json": KPIS, **TABLES}.items()
        for one in quantities.values()
    ]
    book.sheet("dictionary", [Column(n, width=w) for n, w in zip(names, widths, strict=True)], rows, 2)


def _cell(value: object) -> object:
    """Return what a sheet holds: no time zone, nothing where a number is not defined."""
    if isinstance(value, pd.Timestamp):
        return value.tz_localize(None).to_pydatetime()
    if isinstance(value, list | dict | tuple):
        return str(value)
    if isinstance(value, np.generic):
        value = value.item()
    is_undefined = value is pd.NaT or (isinstance(value, float) and not math.isfinite(value))
    return None if is_undefined else value


def _with_pinned_dates(content: bytes) -> bytes:
    """Copy the archive with the same date on every entry; openpyxl stamps entries and properties with now."""
    buffer = io.BytesIO()
    modified = PINNED.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            data = source.read(name)
            if name == "docProps/core.xml":
                start = data.index(b"<dcterms:modified")
                start = data.index(b">", start) + 1
                data = data[:start] + modified + data[data.index(b"<", start) :]
            target.writestr(zipfile.ZipInfo(name, PINNED.timetuple()[:6]), data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
