"""The part of IPAexGothic that a page needs, so that Japanese is read where a system has no such font."""

from __future__ import annotations

import base64
import io

from fontTools import subset
from fontTools.ttLib import TTFont

from reports.document.style import font_folder

ALWAYS = "".join(map(chr, range(32, 127))) + "−–×～、。（）「」・：％²→"


def font_as_text(text: str) -> str:
    """Return a WOFF font with the letters of a text as base64; the same letters give the same bytes.

    The font's licence (IPA Font License 1.0) allows its letters in a document.
    """
    options = subset.Options()
    options.layout_features = []
    options.hinting = False
    options.notdef_outline = True
    options.name_IDs = [0, 1, 2, 13, 14]
    subsetter = subset.Subsetter(options)
    subsetter.populate(text="".join(sorted(set(text) | set(ALWAYS))))
    buffer = io.BytesIO()
    with TTFont(font_folder() / "ipaexg.ttf", recalcTimestamp=False, lazy=True) as font:
        subsetter.subset(font)
        font.flavor = "woff"
        font.save(buffer)
    return base64.b64encode(buffer.getvalue()).decode()
