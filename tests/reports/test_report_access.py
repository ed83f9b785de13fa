"""What a reader who does not see or point needs of the page: headings in order, names of rows, labels, contrast."""

from __future__ import annotations

import itertools
import re
from importlib.resources import files

import pytest

PAPER_AND_INK = [
    (ink, paper) for paper in ("paper", "pale", "shade-good", "shade-some", "shade-much") for ink in ("ink", "muted")
] + [("accent", "paper"), ("accent", "pale"), ("paper", "accent"), ("good", "shade-good"), ("bad", "shade-much")]
READABLE = 4.5
"""Least contrast of text, WCAG 2.2, 1.4.3."""


@pytest.fixture(scope="module")
def page(report) -> str:
    text = report["html"].read_text(encoding="utf-8")
    return re.sub(r"<svg.*?</svg>|<style>.*?</style>|<script.*?</script>", "", text, flags=re.DOTALL)


def test_headings_leave_no_level_out(page):
    for part in re.findall(r"<article.*?</article>", page, re.DOTALL):
        levels = [int(level) for level in re.findall(r"<h([1-6])", part)]
        assert all(after - before <= 1 for before, after in itertools.pairwise(levels)), levels


def test_every_table_names_its_columns_and_rows(page):
    filled = [table for table in re.findall(r"<table>.*?</table>", page, re.DOTALL) if "<tr>" in table]
    assert filled
    for table in filled:
        assert "<caption>" in table
        assert all("scope=" in head for head in re.findall(r"<th\b[^>]*>", table))
        body = table[table.index("<tbody>") :]
        assert body.count("<tr>") == body.count("scope=row")


def test_every_choice_and_picture_has_a_name(page, report):
    text = report["html"].read_text(encoding="utf-8")
    selects = re.findall(r"<select id=\"[^\"]+\">", text)
    assert len(selects) == len(re.findall(r"<label><span data-word=[^>]*></span><select", text)) == 7
    assert all("data-label" in canvas for canvas in re.findall(r"<canvas[^>]*>", text))
    assert all("aria-label=" in svg for svg in re.findall(r"<svg[^>]*>", text))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_paper(scheme):
    style = (files("reports") / "templates" / "document.html.j2").read_text(encoding="utf-8")
    light, dark = (dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{3,6});", part)) for part in style.split("@media", 2)[:2])
    colours = light | (dark if scheme == "dark" else {})
    low = {(ink, paper): contrast(colours[ink], colours[paper]) for ink, paper in PAPER_AND_INK}
    assert {pair: round(value, 1) for pair, value in low.items() if value < READABLE} == {}


def contrast(first: str, second: str) -> float:
    """Return the contrast ratio of two colours, 1 to 21."""
    brighter, darker = sorted((luminance(first), luminance(second)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
