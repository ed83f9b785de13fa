"""The link in one small picture: what stands on the islands, and what one circuit would carry in either direction."""

from __future__ import annotations

import math

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from reports.document import digits, style
from reports.document.style import Picture
from reports.document.texts import Words
from reports.reading.detail import Focus
from reports.reading.headline import Way
from reports.reading.labels import contract_by_kind, point_label, scenario_title
from twin.metrics.run_folder import Run

RATING_PERCENT = 100.0
MAINLAND, ISLANDS = (0.0, 2.2), (7.6, 10.0)
"""Left and right end of both boxes."""
ARROWS = {"export": (0.74, "<|-"), "import": (0.26, "-|>")}


def link(run: Run, focus: Focus, ways: dict[str, Way], words: Words) -> Picture:
    """Draw mainland, both circuits and islands with the worst half-hour of either direction at the busy point."""

    def draw() -> Figure:
        drawing, axes = style.figure(1.25)
        ax = axes[0, 0]
        ax.set(xlim=(-0.05, 10.05), ylim=(-0.05, 1.05))
        ax.axis("off")
        _box(ax, MAINLAND, words("schematic.mainland"), "")
        by_kind = contract_by_kind(run, words)
        _box(ax, ISLANDS, words("schematic.islands"), "\n".join(f"{name} {mw} MW" for name, mw in by_kind))
        for height in (0.46, 0.54):
            ax.plot([MAINLAND[1], ISLANDS[0]], [height, height], color=style.ACCENT, linewidth=1.6)
        for name, way in ways.items():
            _way(ax, name, way, focus.busy_point, words)
        return drawing

    caption = words(
        "figure.schematic", scenario=scenario_title(run, focus.scenario, words),
        point=point_label(run, focus.busy_point, words),
    )  # fmt: skip
    return Picture("link_schematic", caption, draw)


def _box(ax: Axes, ends: tuple[float, float], title: str, text: str) -> None:
    left, right = ends
    ax.add_patch(
        FancyBboxPatch((left, 0.0), right - left, 1.0, boxstyle="round,pad=0,rounding_size=0.08", facecolor="#f1f6fa",
                       edgecolor=style.ACCENT, linewidth=0.8, mutation_aspect=0.4)
    )  # fmt: skip
    middle = (left + right) / 2
    ax.text(middle, 0.93 if text else 0.5, title, ha="center", va="top" if text else "center", size=8.5)
    if text:
        ax.text(middle, 0.68, text, ha="center", va="top", size=7, linespacing=1.25, color=style.INK)


def _way(ax: Axes, name: str, way: Way, point: str, words: Words) -> None:
    height, arrow = ARROWS[name]
    worst = way.worst_percent[point]
    colour = style.LIMIT if worst > RATING_PERCENT else style.QUANTITY_COLOURS[name]
    ax.add_patch(
        FancyArrowPatch((MAINLAND[1] + 0.25, height), (ISLANDS[0] - 0.25, height), arrowstyle=arrow, mutation_scale=10,
                        color=colour, linewidth=1.2)
    )  # fmt: skip
    key = "schematic.way" if math.isfinite(worst) else "schematic.way.none"
    text = words(
        key, way=words(f"way.{name}"), mw=digits.quantity(way.largest_mw[point], "MW"),
        percent=digits.quantity(worst, "%"),
    )  # fmt: skip
    ax.text(
        (MAINLAND[1] + ISLANDS[0]) / 2, height + (0.07 if height > 0.5 else -0.08), text, ha="center",
        va="bottom" if height > 0.5 else "top", size=8, color=colour,
    )  # fmt: skip
