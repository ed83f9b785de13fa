"""Where each key stands in a TOML text, so that a problem can name its line."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

_PART = r"""(?:[A-Za-z0-9_\-]+|"[^"]*"|'[^']*')"""
_KEY = rf"{_PART}(?:\s*\.\s*{_PART})*"
_HEADER = re.compile(rf"^\s*(\[\[?)\s*({_KEY})\s*\]\]?\s*(?:#.*)?$")
_ASSIGNMENT = re.compile(rf"^\s*({_KEY})\s*=")
_MULTILINE = ('"""', "'''")


def key_lines(text: str) -> dict[str, int]:
    """Return the 1-based line of each table header and key, by dotted key.

    Entries of an array of tables are numbered from 0, as pydantic does. Keys inside inline tables have no line of
    their own; `line_of` falls back to the line of the table.
    """
    lines: dict[str, int] = {}
    entries: Counter[str] = Counter()
    table = ""
    closing = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if closing:
            closing = "" if closing in line else closing
            continue
        if header := _HEADER.match(line):
            table = _plain(header.group(2))
            lines.setdefault(table, number)
            if header.group(1) == "[[":
                entries[table] += 1
                table = f"{table}.{entries[table] - 1}"
                lines[table] = number
        elif assignment := _ASSIGNMENT.match(line):
            key = _plain(assignment.group(1))
            lines.setdefault(f"{table}.{key}" if table else key, number)
            closing = next((mark for mark in _MULTILINE if line.count(mark) % 2), "")
    return lines


def line_of(lines: dict[str, int], parts: Sequence[str]) -> int | None:
    """Return the line of a key given by its parts, or of the nearest table around it, or None."""
    for length in range(len(parts), 0, -1):
        dotted = ".".join(parts[:length])
        if dotted in lines:
            return lines[dotted]
        inside = [line for key, line in lines.items() if key.startswith(f"{dotted}.")]
        if inside:
            return min(inside)
    return None


def _plain(key: str) -> str:
    return ".".join(part.strip("\"'") for part in re.findall(_PART, key))
