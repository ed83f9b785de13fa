"""A document as one HTML file in both languages that needs no network."""

from __future__ import annotations

import base64
from collections.abc import Sequence

import jinja2

from reports.document.blocks import Document


def render(documents: Sequence[Document]) -> str:
    """Return the documents, one a language, as one page with a switch."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("reports"), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    pictures = {
        file: "data:image/svg+xml;base64," + base64.b64encode(svg).decode()
        for document in documents
        for file, svg in document.pictures.items()
    }
    template = environment.get_template("document.html.j2")
    return template.render(documents=[document.content() for document in documents], pictures=pictures)
