"""The parts of a report in one language; both renderers (typst, HTML) draw exactly these."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from reports.document.style import Picture
from reports.document.texts import Language
from reports.sections.answer import Tile


@dataclass(frozen=True)
class Heading:
    """Title of a section."""

    text: str
    kind: Literal["heading"] = "heading"


@dataclass(frozen=True)
class Paragraph:
    """A paragraph; a note is set smaller and paler."""

    text: str
    is_note: bool = False
    kind: Literal["paragraph"] = "paragraph"


@dataclass(frozen=True)
class FigureBlock:
    """A figure by file name."""

    file: str
    caption: str
    kind: Literal["figure"] = "figure"


@dataclass(frozen=True)
class Table:
    """A table; a cell's second line (after a line break) is set smaller and paler.

    Attributes
    ----------
    caption : str
    header : list of str
    align : list of str
        ``"left"`` or ``"right"`` by column.
    rows : list of list of str
    widths : list of str, optional
        typst track sizes by column; default: the first column takes what the others leave.
    """

    caption: str
    header: list[str]
    align: list[str]
    rows: list[list[str]]
    widths: list[str] = field(default_factory=list)
    kind: Literal["table"] = "table"


@dataclass(frozen=True)
class Bullets:
    """A list."""

    items: list[str]
    kind: Literal["bullets"] = "bullets"


@dataclass(frozen=True)
class Code:
    """A command to be typed."""

    text: str
    kind: Literal["code"] = "code"


Block = Heading | Paragraph | FigureBlock | Table | Bullets | Code


@dataclass(frozen=True)
class Document:
    """A report in one language.

    Attributes
    ----------
    language : str
    labels : dict of str to str
        Words of the frame: titles of page one, page number.
    title, subtitle, question : str
    answer : list of str
        The sentences.
    tiles : list of Tile
        The headline numbers.
    blocks : list of Block
        Page one's figure and notes, then the sections.
    pictures : dict of str to Picture
        By file name.
    """

    language: Language
    labels: dict[str, str]
    title: str
    subtitle: str
    question: str
    answer: list[str]
    tiles: list[Tile]
    blocks: list[Block]
    pictures: dict[str, Picture]

    def content(self) -> dict[str, Any]:
        """Return everything but the pictures as plain dicts and lists."""
        plain = {
            name: getattr(self, name) for name in ("language", "labels", "title", "subtitle", "question", "answer")
        }
        return plain | {"tiles": [asdict(tile) for tile in self.tiles], "blocks": [asdict(b) for b in self.blocks]}
