"""Colours, words and symbols of the network drawings."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import matplotlib as mpl
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.patches import Arc, Circle, FancyArrowPatch, Polygon
from matplotlib_fontja import get_font_ttf_path
from pandapower import pandapowerNet

from twin.network.model import GridModel

Language = Literal["en", "ja"]

JAPANESE_FONT = "IPAexGothic"

INK = "#1f2933"
MUTED = "#5f6c7b"
PAPER = "#ffffff"
CABLE = "#1769aa"
OVERHEAD = "#3e4c59"
LEVEL_COLOURS = ("#8e24aa", "#1f2933", "#00796b", "#8d6e63")
"""Of the levels of voltage, the highest first; levels beyond have the last one."""
KIND_COLOURS = {"pv": "#f0a202", "wind": "#2a9d8f", "tidal": "#3d5a98", "load": "#9aa5b1"}

WORDS: dict[Language, dict[str, str]] = {
    "en": {
        "title": "Single-line diagram", "map": "Map", "cable": "submarine cable", "overhead": "overhead line",
        "load": "load", "pv": "PV", "wind": "wind", "tidal": "tidal", "diesel": "diesel", "standby": "stand-by",
        "svc": "SVC", "reactor": "shunt reactors", "transformer": "transformer",
        "plant": "plant", "mean": "load: yearly mean; plants: contract", "demand": "demand",
        "scheme": "Positions: published or estimated points; route lengths differ from straight lines. No coast line.",
        "estimate": "Ratings, conductors and routes are largely estimates: see the tables.",
    },
    "ja": {
        "title": "単線結線図", "map": "系統地図", "cable": "海底ケーブル", "overhead": "架空線",
        "load": "需要", "pv": "太陽光", "wind": "風力", "tidal": "潮流", "diesel": "内燃力", "standby": "予備",
        "svc": "SVC", "reactor": "分路リアクトル", "transformer": "変圧器",
        "plant": "発電所", "mean": "需要は年平均、発電所は契約出力", "demand": "需要",
        "scheme": "位置は公表値または推定値。亘長は直線距離と異なる。海岸線は省略。",
        "estimate": "容量・導体・経路の多くは推定値(表を参照)。",
    },
}  # fmt: skip


def bus_colours(net: pandapowerNet) -> dict[float, str]:
    """Return the colour of each level of voltage in kV, the highest first."""
    levels = sorted({float(kv) for kv in net.bus["vn_kv"]}, reverse=True)
    return {kv: LEVEL_COLOURS[min(number, len(LEVEL_COLOURS) - 1)] for number, kv in enumerate(levels)}


def main_kv(model: GridModel) -> float:
    """Return the voltage of the buses that the grid's voltage band is for."""
    return float(model.net.bus["vn_kv"].loc[model.roles.voltage_buses[0]])


def without_voltage(name: str, kv: float) -> str:
    """Return a substation's name without its main voltage, which nearly all have."""
    return name.replace(f" {kv:g} kV", "").replace(f" {kv:g}kV", "")


@contextmanager
def drawing_font(language: Language) -> Iterator[None]:
    """Use a font that has the language's characters for everything drawn inside."""
    font_manager.fontManager.addfont(get_font_ttf_path())
    family = [JAPANESE_FONT] if language == "ja" else ["DejaVu Sans", JAPANESE_FONT]
    with mpl.rc_context({"font.family": family, "axes.unicode_minus": False, "text.color": INK}):
        yield


def megawatts(value: float) -> str:
    """Return a short text such as ``16.8 MW``."""
    return f"{value:.1f} MW"


RADIUS = 0.30
_THIN = 1.1


BRANCH, BUS = "branch:", "bus:"
"""Before an element's name in the id of what is drawn for it, so that a page can colour it."""


def wire(
    axes: Axes, xs: list[float], ys: list[float], colour: str = INK, width: float = _THIN, branch: str | None = None
) -> None:
    """Draw a connection, of a branch by its name."""
    (line,) = axes.plot(xs, ys, color=colour, linewidth=width, solid_capstyle="butt", solid_joinstyle="miter", zorder=2)
    if branch is not None:
        line.set_gid(f"{BRANCH}{branch}")


def busbar(axes: Axes, xs: list[float], ys: list[float], colour: str, bus: str | None = None) -> None:
    """Draw a busbar, of a bus by its name."""
    (line,) = axes.plot(xs, ys, color=colour, linewidth=4.2, solid_capstyle="round", zorder=4)
    if bus is not None:
        line.set_gid(f"{BUS}{bus}")


def transformer(axes: Axes, x: float, y: float, vertical: bool, branch: str | None = None) -> None:
    """Draw two overlapping circles centred at x, y, of a transformer by its name."""
    shift = 0.62 * RADIUS
    for sign in (-1, 1):
        centre = (x, y + sign * shift) if vertical else (x + sign * shift, y)
        axes.add_patch(Circle(centre, RADIUS, facecolor=PAPER, edgecolor="none", zorder=3))
    for sign in (-1, 1):
        centre = (x, y + sign * shift) if vertical else (x + sign * shift, y)
        circle = Circle(centre, RADIUS, facecolor="none", edgecolor=INK, linewidth=_THIN, zorder=5)
        axes.add_patch(circle)
        if branch is not None and sign == 1:
            circle.set_gid(f"{BRANCH}{branch}")


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
