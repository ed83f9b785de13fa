"""Drawings as part of a page: known elements only, ids of their own, colours that follow the page's."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator

SVG, XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
KNOWN_ELEMENTS = frozenset(
    ("svg", "g", "path", "rect", "use", "defs", "clipPath", "text", "tspan", "circle", "ellipse", "line", "polyline",
     "polygon", "image", "pattern")
)  # fmt: skip
"""Everything else (scripts, styles, links, foreign content) is left out."""
KNOWN_ATTRIBUTES = frozenset(
    ("d", "x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r", "rx", "ry", "width", "height", "points", "transform",
     "style", "clip-path", "viewBox", "id", "dx", "dy", "preserveAspectRatio", "patternUnits", "fill", "stroke")
)  # fmt: skip
NAMED = re.compile(r"(?P<kind>branch|bus):(?P<name>.+)")
REFERENCE = re.compile(r"url\(#([^)]*)\)")
OTHER_URL = re.compile(r"url\((?!#)|expression|javascript:|@import", re.IGNORECASE)
BACKGROUND = "patch_1"
"""What matplotlib draws behind a whole figure; the page has a background of its own."""
EMBEDDED_PICTURE = "data:image/png;base64,"
PAGE_COLOURS = {
    "#1d2733": "var(--ink)", "#1f2933": "var(--ink)", "#000000": "var(--ink)", "#6b7785": "var(--muted)",
    "#5f6c7b": "var(--muted)", "#dfe4ea": "var(--grid)", "#ffffff": "var(--paper)", "#0b4f7d": "var(--accent)",
    "#f1f6fa": "var(--pale)", "#eaf2f8": "var(--pale)", "#3e4c59": "var(--wire)", "#1769aa": "var(--cable)",
    "#b3261e": "var(--limit)",
}  # fmt: skip


def inlined(svg: bytes, prefix: str, label: str) -> str:
    """Return a drawing as an element of a page.

    Parameters
    ----------
    svg : bytes
        Of any origin: what is not known to be harmless is left out.
    prefix : str
        Put before its ids, so that drawings of one page do not meet.
    label : str
        Read to those who do not see it.

    Raises
    ------
    xml.etree.ElementTree.ParseError
        If it is no XML.
    """
    root = ET.fromstring(svg)  # noqa: S314 - expat limits the growth of entities; nothing is fetched
    clean = _cleaned(root, prefix)
    for name in ("width", "height"):
        clean.attrib.pop(name, None)
    clean.set("role", "img")
    clean.set("aria-label", label)
    if "fill" not in clean.get("style", ""):
        clean.set("fill", "var(--ink)")
    ET.register_namespace("", SVG)
    ET.register_namespace("xlink", XLINK)
    return ET.tostring(clean, encoding="unicode")


def _cleaned(element: ET.Element, prefix: str) -> ET.Element:
    kept = ET.Element(element.tag)
    for name, value in _attributes(element, prefix):
        kept.set(name, value)
    kept.text = element.text
    kept.tail = element.tail
    for child in element:
        if child.get("id") == BACKGROUND:
            continue
        if isinstance(child.tag, str) and _local(child.tag) in KNOWN_ELEMENTS and child.tag.startswith(f"{{{SVG}}}"):
            kept.append(_cleaned(child, prefix))
    return kept


def _attributes(element: ET.Element, prefix: str) -> Iterator[tuple[str, str]]:
    for name, value in element.attrib.items():
        local = _local(name)
        if local == "href":
            if value.startswith("#"):
                yield f"{{{XLINK}}}href", f"#{prefix}{value[1:]}"
            elif value.startswith(EMBEDDED_PICTURE) and _local(element.tag) == "image":
                yield f"{{{XLINK}}}href", value
            continue
        if name not in KNOWN_ATTRIBUTES or OTHER_URL.search(value):
            continue
        if name == "id":
            named = NAMED.fullmatch(value)
            if named:
                yield f"data-{named['kind']}", named["name"]
            else:
                yield "id", prefix + value
            continue
        text = REFERENCE.sub(lambda found: f"url(#{prefix}{found[1]})", value)
        yield name, _page_colours(text) if name in ("style", "fill", "stroke") else text


def _page_colours(style: str) -> str:
    for colour, variable in PAGE_COLOURS.items():
        style = style.replace(colour, variable)
    return style


def _local(name: str) -> str:
    return name.rpartition("}")[2]
