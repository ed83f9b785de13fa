"""The run's own drawings of its network, made fit for a document: one font, real text, no style of their own."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from reports.document.style import shorter

FOLDER = "network"
OTHER_FONTS = re.compile(rb"'?DejaVu Sans'?,\s*'?IPAexGothic'?|'?DejaVu Sans'?")
DOCUMENT_FONT = b"'IPAexGothic'"


@cache
def network_picture(run: Path, name: str, language: str) -> bytes | None:
    """Return ``network/<name>_<language>.svg`` of a run in the font of documents; None where there is none.

    A guest network has no positions, so its run has no drawings.
    """
    file = run / FOLDER / f"{name}_{language}.svg"
    if not file.is_file():
        return None
    return shorter(OTHER_FONTS.sub(DOCUMENT_FONT, file.read_bytes()))
