"""What a reader is told of a source: the bibliography's author and title in place of its key."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from network_models.reading import read_tables
from network_models.tables.declarations import BIBLIOGRAPHY

JUDGEMENT = "engineering"
"""Key of what has no published source."""
_CITED = re.compile(r"\[([\w-]+)\] ?")

References = Mapping[str, Mapping[str, str]]


def read_references(folder: Path) -> dict[str, dict[str, str]]:
    """Return the bibliography of an island's folder by key; nothing where it has none."""
    if not (folder / BIBLIOGRAPHY.file).is_file():
        return {}
    rows = read_tables(folder, [BIBLIOGRAPHY])[BIBLIOGRAPHY.name].to_dict("records")
    return {row["key"]: {str(name): str(cell) for name, cell in row.items()} for row in rows}


def readable(source: str, references: References, language: str) -> str:
    """Return a source as a reader of a language reads it.

    Parameters
    ----------
    source : str
        With keys of the bibliography in brackets; a key that it does not have stays as it is.
    references : mapping
        Rows of `read_references`.
    language : str
        ``en`` or ``ja``.

    Returns
    -------
    str
        E.g. ``NREL, "ORBIT, cable library": ...``.
    """

    def told(found: re.Match[str]) -> str:
        row = references.get(found[1])
        if row is None:
            return found[0]
        author, title = ((language == "ja" and row.get(f"{name}_ja")) or row[name] for name in ("author", "title"))
        if language == "ja":
            return f"{title}：" if found[1] == JUDGEMENT else f"{author}「{title}」 "
        return f"{title[:1].upper()}{title[1:]}: " if found[1] == JUDGEMENT else f'{author}, "{title}" '

    return _CITED.sub(told, source).strip()
