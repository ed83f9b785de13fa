"""A document as PDF, by typst."""

from __future__ import annotations

import json
import tempfile
from importlib.resources import files
from pathlib import Path

import typst

from reports.document.blocks import Document
from reports.document.style import font_folder

CREATED_AT_UNIX_SECONDS = 0
"""Pinned, so that the same results give the same bytes."""
TEMPLATE = "document.typ"


def render(document: Document) -> bytes:
    """Return the document as PDF; no fonts and no files of the machine are used."""
    with tempfile.TemporaryDirectory(prefix="goto-twin-document-") as place:
        folder = Path(place)
        template = folder / TEMPLATE
        template.write_bytes((files("reports") / "templates" / TEMPLATE).read_bytes())
        (folder / "content.json").write_text(json.dumps(document.content(), ensure_ascii=False), encoding="utf-8")
        for file, figure in document.figures.items():
            (folder / file).write_bytes(figure.svg)
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
