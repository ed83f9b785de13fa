"""The look of all figures: one font for both languages, a palette that the colour-blind can tell apart."""

from __future__ import annotations

import io
import re
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal, get_args

import matplotlib as mpl
import numpy as np
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

INK = "#1d2733"
MUTED = "#6b7785"
GRID = "#dfe4ea"
ACCENT = "#0b4f7d"
LIMIT = "#b3261e"

CAUSE_COLOURS = {
    "unavailable": "#a8b0b8",
    "behind_the_meter": "#cc79a7",
    "area_balance": "#56b4e9",
    "congestion_n0": "#f0c000",
    "congestion_n1": "#d55e00",
    "congestion_firm": "#6e1f0e",
    "voltage": "#009e73",
}
SERIES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#4d4d4d", "#8c6d31")
"""Okabe and Ito's palette, ordered for lines; repeats with other markers after the last."""
QUANTITY_COLOURS = {
    "available": "#e69f00",
    "delivered": "#009e73",
    "demand": INK,
    "export": "#0072b2",
    "import": "#8d5a97",
    "headroom": "#b9c4ce",
    "diesel": "#8c6d31",
}
"""One colour a quantity through the whole report."""
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<")

WIDTH_INCH = 6.9
SLIDE_RATIO, SLIDE_DOTS = 16 / 9, 1920
SlideSuffix = Literal["svg", "png"]
SLIDE_SUFFIXES: tuple[SlideSuffix, ...] = get_args(SlideSuffix)
NARROW_LABEL_LETTERS = 28
BEHIND_MARKS = re.compile(r"(?<=[・、）])|(?=（)")

RC: Any = {
    "font.size": 8,
    "axes.titlesize": 8.5,
    "axes.titlelocation": "left",
    "axes.labelsize": 8,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "axes.edgecolor": MUTED,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.unicode_minus": True,
    "grid.color": GRID,
    "grid.linewidth": 0.5,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "text.color": INK,
    "legend.frameon": True,
    "legend.facecolor": "white",
    "legend.edgecolor": "none",
    "legend.framealpha": 0.85,
    "legend.borderpad": 0.1,
    "legend.fontsize": 7.5,
    "lines.linewidth": 1.4,
    "patch.linewidth": 0,
    "svg.fonttype": "none",
    "text.parse_math": False,
    "svg.hashsalt": "goto-twin",
    "path.simplify": True,
}

LETTER_SIZES = ("font.size", "axes.titlesize", "axes.labelsize", "legend.fontsize")


SHAPE = re.compile(rb"<(?:path|use)\b[^>]*>")
PLACE = re.compile(rb'\b(?:d|x|y)="[^"]*"')
LONG_NUMBER = re.compile(rb"(?<![\w#.])-?\d+\.\d{3,}(?![\w.])")


@dataclass(frozen=True)
class Picture:
    """A figure: it is drawn when somebody asks for its bytes, and kept.

    Attributes
    ----------
    name : str
        File name without language and suffix.
    caption : str
    draw : callable
        Gives the figure, in the look of all figures.
    letters : float
        Size of its letters against the others.
    """

    name: str
    caption: str
    draw: Callable[[], Figure]
    letters: float = 1.0

    @cached_property
    def svg(self) -> bytes:
        """The figure at the page's width."""
        with look(self.letters):
            return svg(self.draw())

    def slide(self, suffix: SlideSuffix) -> bytes:
        """Return the figure at 16:9: as SVG, or as PNG of 1,920 dots across."""
        with look(self.letters):
            drawing = self.draw()
            width, height = drawing.get_size_inches()
            width = max(width, height * SLIDE_RATIO)
            drawing.set_size_inches(width, width / SLIDE_RATIO)
            return svg(drawing) if suffix == "svg" else _png(drawing, SLIDE_DOTS / width)


@cache
def font_folder() -> Path:
    """Return the folder of IPAexGothic, which matplotlib-fontja brings along; the package itself is not imported."""
    spec = find_spec("matplotlib_fontja")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("matplotlib-fontja is not installed; repair: make setup")
    return Path(spec.origin).parent / "fonts"


@cache
def font_family() -> str:
    """Register the font with matplotlib and return its name."""
    file = font_folder() / "ipaexg.ttf"
    font_manager.fontManager.addfont(file)
    return font_manager.FontProperties(fname=file).get_name()


def figure(height_inch: float, rows: int = 1, columns: int = 1, **options: Any) -> tuple[Figure, Any]:  # noqa: ANN401
    """Return a figure of the page's width and its axes (always a two-dimensional array)."""
    drawing = Figure(figsize=(WIDTH_INCH, height_inch))
    drawing.set_layout_engine("constrained", w_pad=0.06)
    return drawing, drawing.subplots(rows, columns, squeeze=False, **options)


def look(letters: float = 1.0) -> Any:  # noqa: ANN401
    """Return the context in which figures are made and drawn; `letters` enlarges all letters."""
    sizes = {name: RC[name] * letters for name in LETTER_SIZES}
    settings: Any = {**RC, **sizes, "font.family": font_family()}
    return mpl.rc_context(settings)


def svg(drawing: Figure) -> bytes:
    """Return the figure as SVG: the same bytes for the same content.

    The canvas is asked itself: ``savefig`` would draw every figure twice, once only for its layout.
    """
    drawing.set_facecolor("white")
    buffer = io.BytesIO()
    FigureCanvasSVG(drawing).print_svg(buffer, metadata={"Date": None, "Creator": None})
    return shorter(buffer.getvalue())


def shorter(svg_bytes: bytes) -> bytes:
    """Return a drawing whose shapes have coordinates of two digits after the point; no text is touched.

    A hundredth of a point is nothing on paper or a screen, and a third of the bytes.
    """

    def rounded(number: re.Match[bytes]) -> bytes:
        return f"{float(number[0]):.2f}".rstrip("0").rstrip(".").encode()

    def in_shape(shape: re.Match[bytes]) -> bytes:
        return PLACE.sub(lambda place: LONG_NUMBER.sub(rounded, place[0]), shape[0])

    return SHAPE.sub(in_shape, svg_bytes)


def _png(drawing: Figure, dots_per_inch: float) -> bytes:
    """Return the figure as PNG, without the name and version of what drew it."""
    buffer = io.BytesIO()
    drawing.savefig(buffer, format="png", dpi=dots_per_inch, metadata={"Software": None}, facecolor="white")
    return buffer.getvalue()


def bars(ax: Axes, places: np.ndarray, values: np.ndarray, **options: Any) -> None:  # noqa: ANN401
    """Draw upright bars; what is not defined is left out, and all of it without any defined value."""
    known = np.isfinite(values)
    if known.any():
        ax.bar(places[known], values[known], **options)


def grouped_bars(
    ax: Axes, series: Mapping[str, tuple[Sequence[float], str]], write: Callable[[float], str], height: float = 0.8
) -> None:
    """Draw bars along a row, one a series and its colour, each with its number; what is not defined is left out.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    series : mapping of str to (values, colour)
        By label; a value a row.
    write : callable
        Gives the number as text.
    height : float
        Part of a row that its bars take.
    """
    each = height / len(series)
    for number, (label, (values, colour)) in enumerate(series.items()):
        known = [(row - height / 2 + (number + 0.5) * each, v) for row, v in enumerate(values) if np.isfinite(v)]
        ax.barh([place for place, _ in known], [v for _, v in known], height=each * 0.9, color=colour, label=label)
        for place, value in known:
            side = 1 if value >= 0 else -1
            ax.annotate(write(value), (value, place), (3 * side, 0), textcoords="offset points", va="center",
                        ha="left" if side > 0 else "right", size=6.5)  # fmt: skip
    rows = max(len(values) for values, _ in series.values())
    low, high = ax.get_xlim()
    below = 0.14 * (high - low) if low < 0 else 0.0
    ax.set_xlim(low - below, high + 0.14 * (high - low))
    ax.set_ylim(rows - 0.5, -0.5)
    ax.grid(visible=False, axis="y")
    zero_line(ax, "vertical")


def zero_line(axes: Axes, orientation: str = "horizontal") -> None:
    """Draw the zero of an axis that has both signs."""
    draw = axes.axhline if orientation == "horizontal" else axes.axvline
    draw(0, color=INK, linewidth=0.8, zorder=1.5)


def wrapped(label: str) -> str:
    """Return a long label in lines of about the same width; Japanese, whose letters count as two, behind its marks."""
    if label.isascii():
        return textwrap.fill(label, NARROW_LABEL_LETTERS)
    lines = [""]
    for part in BEHIND_MARKS.split(label):
        if lines[-1] and sum(1 if letter.isascii() else 2 for letter in lines[-1] + part) > NARROW_LABEL_LETTERS:
            lines.append("")
        lines[-1] += part
    return "\n".join(lines)


def alike(curves: Mapping[str, np.ndarray], apart: float) -> list[list[str]]:
    """Return the names of the curves, those that nowhere differ by more than `apart` together, in the given order."""
    groups: list[list[str]] = []
    for name, curve in curves.items():
        same = (g for g in groups if np.allclose(curves[g[0]], curve, rtol=0, atol=apart, equal_nan=True))
        group = next(same, None)
        if group is None:
            groups.append([name])
        else:
            group.append(name)
    return groups
