"""The parts of a document in one language; both renderers (typst, HTML) draw exactly these."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from reports.document.style import Picture
from reports.document.texts import Language, Words


@dataclass(frozen=True)
class Heading:
    """Title of a section; a small one stands inside a page, `message` is the one thing that the section says."""

    text: str
    is_small: bool = False
    message: str = ""
    starts_page: bool = False
    kind: Literal["heading"] = "heading"


@dataclass(frozen=True)
class Paragraph:
    """A paragraph; a note is set smaller and paler."""

    text: str
    is_note: bool = False
    kind: Literal["paragraph"] = "paragraph"


@dataclass(frozen=True)
class Answer:
    """The sentences that answer the document's question, below a title of their own."""

    title: str
    sentences: list[str]
    kind: Literal["answer"] = "answer"


@dataclass(frozen=True)
class Tile:
    """One large number."""

    value: str
    unit: str
    label: str


@dataclass(frozen=True)
class Tiles:
    """Large numbers side by side."""

    tiles: list[Tile]
    kind: Literal["tiles"] = "tiles"


@dataclass(frozen=True)
class Mark:
    """One criterion of a verdict."""

    name: str
    mark: str
    passed: bool
    detail: str


@dataclass(frozen=True)
class Verdict:
    """Whether something is passed, by which rule, and each criterion."""

    text: str
    rule: str
    passed: bool
    marks: list[Mark]
    kind: Literal["verdict"] = "verdict"


@dataclass(frozen=True)
class FigureBlock:
    """A figure by file name; `share` is its part of the page's width.

    Its picture, drawn when it is asked for or ready as SVG, is no part of the plain content.
    """

    file: str
    caption: str
    picture: Picture | bytes = b""
    share: float = 1.0
    kind: Literal["figure"] = "figure"

    @property
    def svg(self) -> bytes:
        """The picture's bytes."""
        return self.picture if isinstance(self.picture, bytes) else self.picture.svg


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
    shades : list of list of str, optional
        By row and column: ``""``, or ``good some much`` for the colour behind the cell.
    """

    caption: str
    header: list[str]
    align: list[str]
    rows: list[list[str]]
    widths: list[str] = field(default_factory=list)
    shades: list[list[str]] = field(default_factory=list)
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


@dataclass(frozen=True)
class Columns:
    """Blocks side by side, where the page is wide enough; `widths` are typst track sizes."""

    columns: list[list[Block]]
    widths: list[str]
    kind: Literal["columns"] = "columns"


Block = Heading | Paragraph | Answer | Tiles | Verdict | FigureBlock | Table | Bullets | Code | Columns


def figure_block(picture: Picture, words: Words) -> FigureBlock:
    """Return a drawn figure as a block; its file is named for the language too."""
    return FigureBlock(f"{picture.name}_{words.language}.svg", picture.caption, picture)


def numbered(blocks: Sequence[Block], words: Words) -> list[Block]:
    """Return the blocks with numbered captions, figures and tables each from 1."""
    counts = {"figure": 0, "table": 0}
    found: list[Block] = []
    for block in blocks:
        if isinstance(block, FigureBlock | Table):
            counts[block.kind] += 1
            caption = words(f"caption.{block.kind}", number=counts[block.kind], caption=block.caption)
            block = replace(block, caption=caption)
        found.append(block)
    return found


@dataclass(frozen=True)
class Document:
    """A document in one language.

    Attributes
    ----------
    language : str
    title, subtitle : str
    blocks : list of Block
    footer : str
        Below each page; ``<page>`` and ``<pages>`` stand for numbers.
    layout : str
        ``pages``: the part above the first large heading is page one, then as many as it takes; ``sheet``: one dense
        page.
    """

    language: Language
    title: str
    subtitle: str
    blocks: list[Block]
    footer: str = ""
    layout: Literal["pages", "sheet"] = "pages"

    @property
    def figures(self) -> dict[str, FigureBlock]:
        """The figures by file name; none is drawn before its bytes are asked for."""
        return {block.file: block for block in every_block(self.blocks) if isinstance(block, FigureBlock)}

    def content(self) -> dict[str, Any]:
        """Return everything but the pictures as plain dicts and lists."""
        plain: dict[str, Any] = _without_pictures(asdict(self))
        return plain


def every_block(blocks: Sequence[Block]) -> Iterator[Block]:
    """Yield the blocks in the order in which they are read, those in columns too."""
    for block in blocks:
        yield block
        if isinstance(block, Columns):
            for column in block.columns:
                yield from every_block(column)


def _without_pictures(value: Any) -> Any:  # noqa: ANN401 - nested plain values
    if isinstance(value, dict):
        return {key: _without_pictures(inner) for key, inner in value.items() if key != "picture"}
    return [_without_pictures(inner) for inner in value] if isinstance(value, list) else value
