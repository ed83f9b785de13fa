"""A document as PDF, by typst."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any

import typst

from reports.document.blocks import Document
from reports.document.style import font_folder

CREATED_AT_UNIX_SECONDS = 0
"""Pinned, so that the same results give the same bytes."""
TEMPLATE = "document.typ"


def render(document: Document) -> bytes:
    """Return the document as PDF; no fonts and no files of the machine are used."""
    with _placed(document) as (template, options):
        return _bytes(typst.compile(template, format="pdf", timestamp=CREATED_AT_UNIX_SECONDS, **options))


def page_pictures(document: Document, dots_per_inch: float) -> list[bytes]:
    """Return the document's pages as PNG."""
    with _placed(document) as (template, options):
        pages = typst.compile(template, format="png", ppi=dots_per_inch, **options)
    return [_bytes(page) for page in (pages if isinstance(pages, list) else [pages])]


@contextmanager
def _placed(document: Document) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Place what typst reads into a folder of its own; yield the template and how it is compiled."""
    with tempfile.TemporaryDirectory(prefix="goto-twin-document-") as place:
        folder = Path(place)
        template = folder / TEMPLATE
        template.write_bytes((files("reports") / "templates" / TEMPLATE).read_bytes())
        (folder / "content.json").write_text(json.dumps(document.content(), ensure_ascii=False), encoding="utf-8")
        for file, figure in document.figures.items():
            (folder / file).write_bytes(figure.svg)
        yield template, {"root": folder, "font_paths": [font_folder()], "ignore_system_fonts": True}


def _bytes(compiled: object) -> bytes:
    if not isinstance(compiled, bytes):
        raise TypeError(f"typst gave {type(compiled).__name__} instead of bytes")
    return compiled
