"""Key figures of all members and the data dictionary as an XLSX workbook with pinned dates."""

from __future__ import annotations

import io
import math
import zipfile
from datetime import datetime
from typing import Any

import pandas as pd
from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from reports.reading.detail import Detail, Focus
from reports.reading.uncertainty import NUMBERS, UNKNOWN_KEYS, Analysis, Unusable
from twin.core.quantities import KPIS, TABLES, Quantity
from twin.metrics.run_folder import Member, Run

PINNED = datetime(1980, 1, 1)
"""The first date that a ZIP archive can hold."""


FORMULA, TEXT = "f", "s"
"""Kinds of a cell as openpyxl names them."""
SHARE_COLUMNS = ("share", "low", "high", "at_low", "at_high")


def workbook(run: Run, focus: Focus, detail: Detail, analysis: Analysis) -> bytes:
    """Return a workbook: ``kpis`` (a row per member), N-1 over all outages of the focus member, ``dictionary``."""
    book = Workbook()
    book.properties.created = book.properties.modified = PINNED
    _kpi_sheet(book.active, run)
    member = run.member(focus.scenario, focus.point)
    _frame_sheet(book.create_sheet("n1_branches"), member, detail.all_outages.branches, TABLES["security_branches"])
    _frame_sheet(book.create_sheet("n1_outages"), member, detail.all_outages.outages, TABLES["security_outages"])
    _uncertainty_sheets(book, analysis, run.currency)
    _dictionary_sheet(book.create_sheet("dictionary"), run)
    for sheet in book:
        _without_formulas(sheet)
    buffer = io.BytesIO()
    book.save(buffer)
    return _with_pinned_dates(buffer.getvalue())


def _without_formulas(sheet: Worksheet) -> None:
    """Make a name that looks like a formula a text: names are no commands."""
    for row in sheet.iter_rows():
        for cell in row:
            if cell.data_type == FORMULA:
                cell.data_type = TEXT


def _kpi_sheet(sheet: Worksheet, run: Run) -> None:
    sheet.title = "kpis"
    keys = list(run.study["sweep"])
    _write(sheet, [["scenario", *keys, *KPIS]])
    for member in run.members:
        values = (member.kpis[name] for name in KPIS)
        sheet.append(
            [
                member.scenario,
                *(member.sweep[key] for key in keys),
                *(value if math.isfinite(value) else None for value in values),
            ]
        )
    sheet.freeze_panes = sheet.cell(2, 2 + len(keys))


def _frame_sheet(sheet: Worksheet, member: Member, frame: pd.DataFrame, quantities: dict[str, Quantity]) -> None:
    """Write a member's table over its whole time; the second row holds the units."""
    _write(sheet, [["scenario", "member", *frame.columns]])
    sheet.append(["", "", *(quantities[column].unit for column in frame.columns)])
    for row in frame.itertuples(index=False, name=None):
        sheet.append([member.scenario, member.point, *(_cell(value) for value in row)])
    for number, column in enumerate(("scenario", "member", *frame.columns), start=1):
        sheet.column_dimensions[get_column_letter(number)].width = max(14, len(column) + 2)
    sheet.freeze_panes = "A3"


def _uncertainty_sheets(book: Workbook, found: Analysis, currency: str) -> None:
    """Write ranges of all headlines, what each unknown carries of them, and the unknowns; nothing without analysis."""
    if isinstance(found, Unusable):
        return
    sheet = book.create_sheet("uncertainty")
    _write(sheet, [["scenario", "kpi", "unit", *NUMBERS]])
    for one in found.headlines:
        unit = KPIS[one.kpi].unit_in(currency)
        sheet.append([one.scenario, one.kpi, unit, *(_cell(getattr(one, name)) for name in NUMBERS)])
    sheet = book.create_sheet("variance_shares")
    _write(sheet, [["scenario", "kpi", "unknown", *SHARE_COLUMNS]])
    for one in found.headlines:
        for name in dict.fromkeys((*one.shares, *one.tornado)):
            values = one.shares.get(name, {}) | one.tornado.get(name, {})
            sheet.append([one.scenario, one.kpi, name, *(_cell(values.get(column)) for column in SHARE_COLUMNS)])
    sheet = book.create_sheet("unknowns")
    _write(sheet, [list(UNKNOWN_KEYS)])
    for unknown in found.unknowns.values():
        sheet.append([_cell(unknown[key]) for key in UNKNOWN_KEYS])


def _cell(value: Any) -> object:  # noqa: ANN401 - whatever a table holds
    """Return what a sheet holds: no time zone (Asia/Tokyo), nothing where a number is not defined."""
    if isinstance(value, pd.Timestamp):
        return value.strftime("%Y-%m-%d %H:%M")
    return None if pd.isna(value) else value


def _dictionary_sheet(sheet: Worksheet, run: Run) -> None:
    _write(sheet, [["where", "name", "unit", "sign", "range", "meaning", "meaning (Japanese)", "formula"]])
    for where, quantities in {"kpis.json": KPIS, **TABLES}.items():
        for quantity in quantities.values():
            facts = (quantity.sign, quantity.range, quantity.meaning_en, quantity.meaning_ja, quantity.formula)
            sheet.append([where, quantity.name, quantity.unit_in(run.currency), *facts])
    for column, width in zip("ABCDEFGH", (10, 40, 10, 14, 10, 70, 50, 70), strict=True):
        sheet.column_dimensions[column].width = width
    sheet.freeze_panes = "A2"


def _write(sheet: Worksheet, header: list[list[str]]) -> None:
    for row in header:
        sheet.append(row)
    for cell in sheet[1]:
        cell.font = Font(bold=True)


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
