"""A document as one HTML file in both languages that needs no network."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

import jinja2
from markupsafe import Markup

from reports.document.blocks import Document
from reports.document.texts import LANGUAGES, Words
from reports.reading.explorer import Explorer
from reports.renderers.inline_svg import inlined
from reports.renderers.page_font import font_as_text

WORDS_OF_EXPLORER = (
    "title", "choose.scenario", "choose.point", "choose.view", "choose.colour", "choose.heat-choice", "choose.outage",
    "play", "worst.before", "worst.next", "csv", "slider", "full", "partial", "fullest", "curves", "heat", "rank",
    "export", "before", "after", "cut", "area", "conductor", "single_line", "map", "branches", "bus", "outage.any",
    "outage.told", "outage.none", "outage.picked", "outage.unsolved", "outage.not_kept", "outage.after", "money",
)  # fmt: skip


def render(
    documents: Sequence[Document], explorer: Explorer | None = None, drawings: Mapping[str, bytes] | None = None
) -> str:
    """Return the documents, one a language, as one page with a switch.

    Parameters
    ----------
    documents : sequence of Document
    explorer : Explorer, optional
        Series for the diagram, slider and curves above the documents.
    drawings : mapping of str to bytes, optional
        SVG of the network by view and language, e.g. ``"map_ja"``.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("reports"), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    pictures = {
        figure.file: _picture(figure.svg, f"f{number}-", figure.caption)
        for number, figure in enumerate(figure for document in documents for figure in document.figures.values())
    }
    shown = {
        name: _picture(svg, f"d{number}-", name) for number, (name, svg) in enumerate((drawings or {}).items())
    }  # fmt: skip
    parts = None if explorer is None else _parts(explorer)
    template = environment.get_template("document.html.j2")

    def made(font: str) -> str:
        return template.render(
            documents=[_content(document) for document in documents], pictures=pictures, drawings=shown, font=font,
            explorer=parts,
        )  # fmt: skip

    return made(font_as_text(made("")))


def _content(document: Document) -> dict[str, Any]:
    """Return the document as plain values, its first page (what stands above the first section) apart."""
    content = document.content()
    blocks = content["blocks"]
    first = next((n for n, b in enumerate(blocks) if b["kind"] == "heading" and not b["is_small"]), len(blocks))
    return content | {"first_blocks": blocks[:first], "other_blocks": blocks[first:]}


def _picture(svg: bytes, prefix: str, label: str) -> Markup:
    return Markup(inlined(svg, prefix, label))  # noqa: S704 - built anew from elements that are known


def _parts(explorer: Explorer) -> dict[str, Markup]:
    words = {
        language: {name: Words(language)(f"explorer.{name}") for name in WORDS_OF_EXPLORER} for language in LANGUAGES
    }
    script = (files("reports") / "templates" / "explorer.js").read_text(encoding="utf-8")
    return {
        "facts": _json(explorer.facts),
        "words": _json(words),
        "data": Markup(base64.b64encode(explorer.packed).decode()),  # noqa: S704 - letters of base64
        "script": Markup(script),  # noqa: S704 - the program's own file
    }


def _json(value: Any) -> Markup:  # noqa: ANN401 - nested plain values
    """Return JSON that cannot end the element that it stands in, whatever the names in it are."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return Markup(re.sub(r"[<>&]", lambda found: f"\\u{ord(found[0]):04x}", text))  # noqa: S704 - no letter ends a script
