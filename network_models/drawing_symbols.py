"""Symbols of the single-line diagram."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.patches import Arc, Circle, FancyArrowPatch, Polygon

from network_models.drawing_style import INK, KIND_COLOURS, PAPER

RADIUS = 0.30
_THIN = 1.1


def wire(axes: Axes, xs: list[float], ys: list[float], colour: str = INK, width: float = _THIN) -> None:
    """Draw a connection."""
    axes.plot(xs, ys, color=colour, linewidth=width, solid_capstyle="butt", solid_joinstyle="miter", zorder=2)


def busbar(axes: Axes, xs: list[float], ys: list[float], colour: str) -> None:
    """Draw a busbar."""
    axes.plot(xs, ys, color=colour, linewidth=4.2, solid_capstyle="round", zorder=4)


def transformer(axes: Axes, x: float, y: float, vertical: bool) -> None:
    """Draw two overlapping circles centred at x, y."""
    shift = 0.62 * RADIUS
    for sign in (-1, 1):
        centre = (x, y + sign * shift) if vertical else (x + sign * shift, y)
        axes.add_patch(Circle(centre, RADIUS, facecolor=PAPER, edgecolor="none", zorder=3))
    for sign in (-1, 1):
        centre = (x, y + sign * shift) if vertical else (x + sign * shift, y)
        axes.add_patch(Circle(centre, RADIUS, facecolor="none", edgecolor=INK, linewidth=_THIN, zorder=5))


def load_arrow(axes: Axes, x: float, y: float) -> None:
    """Draw a load: an arrow pointing down from x, y."""
    axes.add_patch(
        FancyArrowPatch(
            (x, y), (x, y - 0.75), arrowstyle="-|>", mutation_scale=11, color=INK, linewidth=_THIN, zorder=3
        )
    )


def generator(axes: Axes, x: float, y: float, kind: str) -> None:
    """Draw a plant of a kind: a coloured circle centred at x, y with the kind's mark."""
    colour = KIND_COLOURS.get(kind, PAPER)
    axes.add_patch(Circle((x, y), 0.36, facecolor=colour, edgecolor=INK, linewidth=_THIN, zorder=5))
    if kind == "pv":
        axes.add_patch(
            Polygon([(x - 0.2, y + 0.2), (x + 0.2, y + 0.2), (x, y - 0.04)], closed=True, color=INK, zorder=6)
        )
        axes.plot([x, x], [y, y - 0.22], color=INK, linewidth=_THIN, zorder=6)
    elif kind == "wind":
        for dx, dy in ((0.0, 0.27), (-0.23, -0.13), (0.23, -0.13)):
            axes.plot([x, x + dx], [y, y + dy], color=PAPER, linewidth=2.0, solid_capstyle="round", zorder=6)
    else:
        mark = "D" if kind == "diesel" else "~"
        axes.text(x, y, mark, ha="center", va="center", fontsize=8.5, zorder=6)


def reactor(axes: Axes, x: float, y: float) -> None:
    """Draw a shunt reactor hanging down from x, y to earth."""
    for step in range(3):
        axes.add_patch(
            Arc((x, y - 0.15 - 0.3 * step), 0.42, 0.3, theta1=-90, theta2=90, color=INK, linewidth=1.4, zorder=3)
        )
    earth(axes, x, y - 0.9)


def compensator(axes: Axes, x: float, y: float) -> None:
    """Draw a static var compensator hanging down from x, y: a capacitor with an arrow through it, to earth."""
    for dy in (-0.38, -0.56):
        axes.plot([x - 0.28, x + 0.28], [y + dy, y + dy], color=INK, linewidth=1.8, zorder=3)
    wire(axes, [x, x], [y, y - 0.38])
    wire(axes, [x, x], [y - 0.56, y - 0.9])
    axes.add_patch(
        FancyArrowPatch(
            (x - 0.34, y - 0.82),
            (x + 0.36, y - 0.1),
            arrowstyle="-|>",
            mutation_scale=8,
            color=INK,
            linewidth=0.9,
            zorder=5,
        )
    )
    earth(axes, x, y - 0.9)


def earth(axes: Axes, x: float, y: float) -> None:
    """Draw an earth symbol below x, y."""
    for index, half in enumerate((0.26, 0.17, 0.08)):
        axes.plot([x - half, x + half], [y - 0.11 * index] * 2, color=INK, linewidth=_THIN, zorder=3)


def external_grid(axes: Axes, x: float, y: float) -> None:
    """Draw the external grid: a hatched square whose left side is at x."""
    axes.add_patch(
        Polygon(
            [(x, y - 0.7), (x + 1.4, y - 0.7), (x + 1.4, y + 0.7), (x, y + 0.7)],
            closed=True,
            facecolor=PAPER,
            edgecolor=INK,
            hatch="xxx",
            linewidth=_THIN,
            zorder=3,
        )
    )


def cable_end(axes: Axes, x: float, y: float, direction: float, colour: str) -> None:
    """Draw a cable sealing end at x, y; the cable leaves in `direction` (+1 right, -1 left)."""
    tip = x + 0.34 * direction
    axes.add_patch(Polygon([(x, y + 0.15), (x, y - 0.15), (tip, y)], closed=True, color=colour, zorder=3))
