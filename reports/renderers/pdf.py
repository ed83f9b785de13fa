"""A report as PDF, by typst."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import typst

from reports.document.blocks import Document
from reports.document.style import font_folder

CREATED_AT_UNIX_SECONDS = 0
"""Pinned, so that the same results give the same bytes."""


def render(document: Document) -> bytes:
    """Return the document as PDF."""
    return typeset("report", document.content(), {file: one.svg for file, one in document.pictures.items()})


def typeset(name: str, content: dict[str, Any], pictures: Mapping[str, bytes]) -> bytes:
    """Return a page or more as PDF; no fonts and no files of the machine are used.

    Parameters
    ----------
    name : str
        Template ``templates/<name>.typ``; it reads ``content.json`` beside itself.
    content : dict
    pictures : mapping of str to bytes
        SVG files by name, as the content names them.
    """
    with tempfile.TemporaryDirectory(prefix=f"goto-twin-{name}-") as place:
        folder = Path(place)
        template = folder / f"{name}.typ"
        template.write_bytes((files("reports") / "templates" / template.name).read_bytes())
        (folder / "content.json").write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
        for file, svg in pictures.items():
            (folder / file).write_bytes(svg)
        pdf = typst.compile(
            template,
            root=folder,
            font_paths=[font_folder()],
            ignore_system_fonts=True,
            format="pdf",
            timestamp=CREATED_AT_UNIX_SECONDS,
        )
    if not isinstance(pdf, bytes):
        raise TypeError(f"typst gave {type(pdf).__name__} instead of the bytes of a PDF")
    return pdf
