"""The numbers of results: what a golden holds of files of results, arrays and printed text."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from openpyxl import load_workbook

NUMBER = re.compile(r"(?<![\w.])-?\d[\d,]*(?:\.\d+)?(?:e[+-]?\d+)?(?![\w.]*\w)", re.ASCII)
UNSTABLE_ROW = re.compile(r"\s*(code|packages?|inputs_sha256)\b")
"""Rows of a report's record that name versions, hashes and commits."""

Numbers = dict[str, Any]


def of_run(folder: Path) -> Numbers:
    """Return key figures and tables of every member of a run, by path."""
    found: Numbers = {}
    for path in sorted(folder.rglob("kpis.json")):
        found[path.relative_to(folder).as_posix()] = json.loads(path.read_text(encoding="utf-8"))
    for path in sorted(folder.rglob("*.parquet")):
        found[path.relative_to(folder).as_posix()] = of_table(pd.read_parquet(path))
    assert found, f"no results in {folder}"
    return found


def of_table(table: pd.DataFrame) -> Numbers:
    """Return the number of rows and the sums of each numeric column."""
    columns = table.select_dtypes(["number", "bool"])
    return {"rows": len(table)} | {str(name): sums(columns[name].to_numpy()) for name in columns}


def sums(values: np.ndarray) -> list[float]:
    """Return sum, sum of absolute values, and sum weighted by position (0 .. 1), which sees a changed order.

    What is missing or infinite counts as nothing; how many of them there are stands fourth, if any.
    """
    flat = np.asarray(values, dtype=np.float64).ravel()
    known = np.isfinite(flat)
    flat = np.where(known, flat, 0.0)
    place = np.linspace(0.0, 1.0, len(flat))
    found = [float(flat.sum()), float(np.abs(flat).sum()), float((flat * place).sum())]
    unknown = int((~known).sum())
    return [*found, unknown] if unknown else found


def of_json(value: object) -> Any:
    """Return a file of results without the places where versions, hashes and texts stand; only its numbers."""
    if isinstance(value, dict):
        inner = {key: of_json(one) for key, one in value.items() if not re.search("code|packages|sha256|seconds", key)}
        return {key: one for key, one in inner.items() if one not in ({}, [], None)}
    if isinstance(value, list):
        return [of_json(one) for one in value]
    return value if isinstance(value, int | float) else None


def of_text(text: str) -> list[float]:
    """Return the numbers in a text in their order."""
    return [float(found.replace(",", "")) for found in NUMBER.findall(text)]


def of_html(path: Path) -> Numbers:
    """Return the numbers in the visible text of a page, row by row of its tables and in its other text."""
    page = _Visible()
    page.feed(path.read_text(encoding="utf-8"))
    found = {f"table {number:02}": of_text("\n".join(rows)) for number, rows in enumerate(page.tables)}
    return found | {"text": of_text("\n".join(page.text))}


def of_workbook(path: Path) -> Numbers:
    """Return of every sheet its rows and the sums of its numbers, row by row."""
    book = load_workbook(path, read_only=True, data_only=True)
    found: Numbers = {}
    for sheet in book.worksheets:
        rows = [row for row in sheet.iter_rows(values_only=True) if not UNSTABLE_ROW.match(str(row[0] if row else ""))]
        cells = [cell for row in rows for cell in row if isinstance(cell, int | float)]
        found[sheet.title] = {"rows": len(rows), "numbers": len(cells), "cells": sums(np.array(cells, dtype=float))}
    book.close()
    return found


class _Visible(HTMLParser):
    """Collects the text of tables, one line for each row, and all other visible text."""

    HIDDEN = ("script", "style", "svg")

    def __init__(self) -> None:
        super().__init__()
        self.tables: list[list[str]] = []
        self.text: list[str] = []
        self._row: list[str] | None = None
        self._hidden = 0

    def handle_starttag(self, tag, attrs):
        if tag in self.HIDDEN:
            self._hidden += 1
        elif tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self._row = []

    def handle_endtag(self, tag):
        if tag in self.HIDDEN:
            self._hidden -= 1
        elif tag == "tr" and self._row is not None:
            line = " | ".join(self._row)
            if not UNSTABLE_ROW.match(line):
                self.tables[-1].append(line)
            self._row = None

    def handle_data(self, data):
        if self._hidden or not data.strip():
            return
        if self._row is not None:
            self._row.append(data.strip())
        elif not re.search("git_commit|sources_sha256", data):
            self.text.append(data.strip())
