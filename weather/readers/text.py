"""Text and numbers out of files, with every unreadable cell named."""

from __future__ import annotations

import codecs
import warnings
from collections.abc import Iterable, Sequence
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from twin.core.errors import InputError, Problem

_ENCODING_NAMES = {"utf-8-sig": "UTF-8", "cp932": "CP932 (Shift_JIS)"}

BINARY = {
    b"PK\x03\x04": "a workbook or archive",
    b"\xd0\xcf\x11\xe0": "a workbook",
    b"%PDF": "a PDF",
    b"\x1f\x8b": "a gzip file",
}
"""First bytes of files that are no text."""

SHOWN = 5
"""So many places of one kind of problem are listed before the rest is only counted."""


def read_text(path: Path, encodings: tuple[str, ...]) -> str:
    """Return the text of a file in the first of `encodings` that fits without loss; lines end with one line feed.

    Raises
    ------
    InputError
        If the file does not exist or none fits.
    """
    if not path.is_file():
        raise InputError([Problem("file not found", str(path), repair="check the path in the study file")])
    raw = path.read_bytes()
    is_text = not raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, *BINARY)) and b"\0" not in raw
    for encoding in encodings if is_text else ():
        try:
            return raw.decode(encoding).replace("\r\n", "\n").replace("\r", "\n")
        except UnicodeDecodeError:
            continue
    accepted = " or ".join(_ENCODING_NAMES.get(encoding, encoding) for encoding in encodings)
    problem = Problem(
        "wrong text encoding", str(path), _guess(raw, encodings), accepted, f"save the file as {accepted}"
    )
    raise InputError([problem])


def read_cells(text: str, path: Path, **options: Any) -> pd.DataFrame:  # noqa: ANN401 - passed on to pandas
    """Return a comma-separated text as a table of text cells; `options` are those of `pandas.read_csv`.

    Raises
    ------
    InputError
        If the text is empty or no table.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)  # more cells in a row than in the header
            result: pd.DataFrame = pd.read_csv(StringIO(text), dtype=str, **options)
        return result
    except (pd.errors.EmptyDataError, pd.errors.ParserError, pd.errors.ParserWarning) as error:
        repair = "save the table as CSV with one row a line"
        problem = Problem("not a table", str(path), str(error).strip(), "comma-separated values", repair)
        raise InputError([problem]) from error


def _guess(raw: bytes, encodings: tuple[str, ...]) -> str:
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "UTF-16"
    kind = next((name for start, name in BINARY.items() if raw.startswith(start)), "")
    if kind:
        return kind
    if b"\0" in raw:
        return f"line {raw[: raw.index(0)].count(10) + 1}: a zero byte; damaged, or no text"
    if _fits(raw, "cp932") and "cp932" not in encodings:
        return f"looks like {_ENCODING_NAMES['cp932']}"
    return _first_foreign_byte(raw, encodings[0])


def _first_foreign_byte(raw: bytes, encoding: str) -> str:
    try:
        raw.decode(encoding)
    except UnicodeDecodeError as error:
        before = raw[: error.start]
        start = before.rfind(b"\n") + 1
        around = raw[start : error.start + 20].decode("ascii", "replace").splitlines()[0]
        return f"line {before.count(bytes([10])) + 1}: byte 0x{raw[error.start]:02x} in {around[-60:]!r}"
    return "unknown; is it a text file?"


def _fits(raw: bytes, encoding: str) -> bool:
    try:
        raw.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def numbers(cells: pd.Series, where: str, lines: Iterable[object]) -> tuple[pd.Series, list[Problem]]:
    """Return the cells as numbers; text that is no number becomes NaN and a problem.

    Parameters
    ----------
    cells : pandas.Series
        Text; blank cells become NaN without a problem of their own (the gap check names them).
    where : str
        File and column.
    lines : iterable
        Number of the line of each cell in the file.

    Returns
    -------
    values : pandas.Series
    problems : list of Problem
    """
    values = pd.to_numeric(cells, errors="coerce").replace([np.inf, -np.inf], np.nan)
    is_text = values.isna() & cells.notna() & (cells.astype(str).str.strip() != "")
    bad = [(line, cell) for line, cell, flag in zip(lines, cells, is_text, strict=True) if flag]
    if not bad:
        return values, []
    return values, [Problem("text where a number belongs", where, listed_cells(bad), "a number", "correct the cells")]


def first_line(error: Exception) -> str:
    """Return the first line of what a library says, of a missing key its name; the rest advises programmers."""
    said = next(iter(str(error).splitlines()), "")
    return f"nothing is called {said[:80]}" if isinstance(error, KeyError) else said[:200]


def listed_cells(cells: Sequence[tuple[object, str]]) -> str:
    """Return the first of some cells with their lines, and how many there are."""
    shown = ", ".join(f"line {line}: {str(cell)[:60]!r}" for line, cell in cells[:SHOWN])
    return shown + (f" and {len(cells) - SHOWN} more ({len(cells)} in all)" if len(cells) > SHOWN else "")
