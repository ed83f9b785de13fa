"""Figures of the questions' pages: dots by scenario, courses, heat maps, bars by month."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke

from reports.document import digits, style
from reports.document.style import Picture

Record = Mapping[str, Any]

LINE_STYLES: tuple[Literal["solid", "dashed", "dotted", "dashdot"], ...] = ("solid", "dashed", "dotted", "dashdot")
"""Of the lines of some levels on a heat map, in their order."""

NEAR_DEGREES = 0.15
"""Of two places nearer than this the eastern one is named above its dot, so that names do not lie on each other."""


def dots(
    name: str,
    caption: str,
    rows: Sequence[str],
    cases: Sequence[str],
    panels: Sequence[tuple[str, Sequence[Sequence[Sequence[float]]]]],
) -> Picture:
    """Draw a row a scenario, a colour a case and a panel a quantity: a dot a weather year, a bar at their mean.

    Parameters
    ----------
    name, caption : str
    rows, cases : sequence of str
        Titles of the scenarios and of the cases (sweep points).
    panels : sequence of (str, sequence of sequence of sequence of float)
        Label of the axis and the values of each row and case, one a weather year.
    """

    def draw() -> Figure:
        drawing, axes = style.figure(0.7 + (0.27 if len(cases) < 3 else 0.4) * len(rows), 1, len(panels), sharey=True)
        for panel, (label, values) in zip(axes[0], panels, strict=True):
            for number, of_row in enumerate(values):
                for case, of_case in enumerate(of_row):
                    known, colour = [value for value in of_case if np.isfinite(value)], style.SERIES[case % 8]
                    at = number + 0.3 * (case - (len(cases) - 1) / 2)
                    panel.scatter(known, [at] * len(known), s=16, color=colour, alpha=0.55 if len(known) > 1 else 1.0,
                                  linewidths=0)  # fmt: skip
                    if len(known) > 1:
                        panel.plot([np.mean(known)] * 2, [at - 0.15, at + 0.15], color=colour, linewidth=2.2)
            _set_range(panel, [value for of_row in values for of_case in of_row for value in of_case])
            panel.set_xlabel(label)
            panel.locator_params(axis="x", nbins=5)
        axes[0, 0].set_yticks(range(len(rows)), [style.wrapped(row) for row in rows])
        axes[0, 0].set_ylim(len(rows) - 0.5, -0.5)
        if len(cases) > 1:
            marks = [Line2D([], [], color=style.SERIES[k % 8], marker="o", markersize=4, linestyle="") for k, _ in
                     enumerate(cases)]  # fmt: skip
            drawing.legend(marks, list(cases), loc="outside upper left", ncols=len(cases))
        return drawing

    return Picture(name, caption, draw)


def _set_range(panel: Axes, values: Sequence[float]) -> None:
    """Show zero unless all values lie far from it; values that are all zero do not stand amid a range of nothing."""
    known = [value for value in values if np.isfinite(value)]
    least, most = (min(known), max(known)) if known else (0.0, 0.0)
    if least == most == 0.0:
        panel.set_xlim(-0.05, 1.0)
    if least < 0.5 * most or least == most or most <= 0.0:
        style.zero_line(panel, "vertical")


def heat_maps(
    name: str,
    caption: str,
    panels: Sequence[tuple[str, str, str, Sequence[float], Sequence[float], np.ndarray]],
    levels: Sequence[float],
    ticks: tuple[Sequence[str], Sequence[str]] | None = None,
) -> Picture:
    """Draw a quantity over two others, a panel each, with the lines of some levels.

    Parameters
    ----------
    name, caption : str
    panels : sequence of (title, x label, y label, x values, y values, (Y, X) values)
    levels : sequence of float
    ticks : (sequence of str, sequence of str), optional
        What stands at the x and at the y values in place of the numbers.
    """

    def draw() -> Figure:
        drawing, axes = style.figure(max(2.4, 0.9 + 0.22 * len(panels[0][4])), 1, len(panels), sharey=True)
        most = max(float(np.nanmax(values)) for *_, values in panels)
        told: dict[float, Line2D] = {}
        for panel, (title, x_label, y_label, x, y, values) in zip(axes[0], panels, strict=True):
            panel.grid(visible=False)
            drawn = panel.pcolormesh(x, y, values, cmap="YlOrRd", vmin=0.0, vmax=most or 1.0, shading="nearest")
            for level, dashes in zip(levels, LINE_STYLES, strict=False):
                if min(values.shape) > 1 and np.nanmin(values) < level < np.nanmax(values):
                    drawn_line = panel.contour(x, y, values, levels=[level], colors=style.INK, linewidths=1.2,
                                               linestyles=[dashes])  # fmt: skip
                    drawn_line.set(path_effects=[withStroke(linewidth=2.2, foreground="white")])
                    told.setdefault(level, Line2D([], [], color=style.INK, linewidth=1.2, linestyle=dashes))
            for row, at_y in zip(values, y, strict=True):
                for value, at_x in zip(row, x, strict=True):
                    dark = value > 0.55 * most
                    beside = (4.0, -6.0) if levels else (0.0, 0.0)  # the lines run through the middle
                    panel.annotate(digits.share(float(value)), (at_x, at_y), beside, textcoords="offset points",
                                   ha="center", va="center", fontsize=6, color="white" if dark else style.INK,
                                   path_effects=[withStroke(linewidth=2.0, foreground=drawn.to_rgba(value))],
                                   zorder=4.0)  # fmt: skip
            panel.set_title(title)
            panel.set_xlabel(x_label)
            panel.set_ylabel(y_label)
            panel.set_xticks(list(x))
            panel.set_yticks(list(y))
            if ticks is not None:
                panel.set_xticks(list(x), list(ticks[0]))
                panel.set_yticks(list(y), list(ticks[1]))
        drawing.colorbar(drawn, ax=list(axes[0]), shrink=0.9, aspect=30, pad=0.01)
        if told:
            names = [f"{level:g} %" for level in told]
            drawing.legend(list(told.values()), names, loc="outside lower center", ncols=len(names), fontsize=7)
        return drawing

    return Picture(name, caption, draw)


def places(
    name: str, caption: str, panels: Sequence[tuple[str, Sequence[tuple[str, float, float, float, str]]]]
) -> Picture:
    """Draw a map a panel: dots whose area is a quantity, named and with what it says.

    Parameters
    ----------
    name, caption : str
    panels : sequence of (title, sequence of (place, longitude, latitude, value, its text))
    """

    def draw() -> Figure:
        drawing, axes = style.figure(4.6, 1, len(panels), sharex=True, sharey=True)
        most = max(value for _, dots_of in panels for *_, value, _ in dots_of)
        for number, (panel, (title, dots_of)) in enumerate(zip(axes[0], panels, strict=True)):
            colour = (style.SERIES[1], style.SERIES[0])[number % 2]
            for place, x, y, value, text in dots_of:
                panel.scatter(x, y, s=4 + 260 * value / max(most, 1e-9), color=colour, alpha=0.35, linewidths=0)
                is_beside = any(0.0 < x - other_x < NEAR_DEGREES and abs(y - other_y) < NEAR_DEGREES / 2
                                for _, other_x, other_y, *_ in dots_of)  # fmt: skip
                panel.annotate(f"{place}\n{text}", (x, y), (0.0, 2.0 if is_beside else -2.0), ha="center",
                               va="bottom" if is_beside else "top", textcoords="offset points", fontsize=5.5,
                               linespacing=1.1)  # fmt: skip
            panel.set_title(title)
            panel.set_aspect(1 / np.cos(np.radians(np.mean([y for _, _, y, _, _ in dots_of]))))
            panel.margins(x=0.12, y=0.06)
            for side in panel.spines.values():
                side.set_visible(False)
            panel.set_xticks([])
            panel.set_yticks([])
        return drawing

    return Picture(name, caption, draw)


def bars(
    name: str, caption: str, ticks: Sequence[str], label: str, series: Sequence[tuple[str, Sequence[float], str]]
) -> Picture:
    """Draw stacked bars, one a tick (a month), a colour a series; (label, values, colour) each."""

    def draw() -> Figure:
        drawing, axes = style.figure(2.2)
        panel, below = axes[0, 0], np.zeros(len(ticks))
        for text, values, colour in series:
            panel.bar(range(len(ticks)), values, 0.7, bottom=below, color=colour, label=text)
            below += np.asarray(values, dtype=float)
        panel.set_xticks(range(len(ticks)), ticks)
        panel.set_ylabel(label)
        panel.grid(visible=False, axis="x")
        drawing.legend(loc="outside upper left", ncols=len(series))
        return drawing

    return Picture(name, caption, draw)


def courses(
    name: str,
    caption: str,
    x: Sequence[float],
    x_label: str,
    panels: Sequence[tuple[str, Sequence[tuple[str, Sequence[float]]]]],
) -> Picture:
    """Draw lines over a number (a year, a size), a panel a quantity; (label, ((name, values), ...)) each."""

    def draw() -> Figure:
        drawing, axes = style.figure(2.6, 1, len(panels))
        for panel, (label, lines) in zip(axes[0], panels, strict=True):
            for number, (text, values) in enumerate(lines):
                panel.plot(x, values, color=style.SERIES[number % len(style.SERIES)], label=text, markersize=3.5,
                           marker=style.MARKERS[number % len(style.MARKERS)])  # fmt: skip
            panel.set_ylabel(label)
            panel.set_xlabel(x_label)
            panel.set_ylim(bottom=min(0.0, *(value for _, values in lines for value in values if np.isfinite(value))))
            if not any(value for _, values in lines for value in values if np.isfinite(value)):
                panel.set_ylim(0.0, 1.0)
        handles, labels = axes[0, 0].get_legend_handles_labels()
        drawing.legend(handles, labels, loc="outside upper left", ncols=min(3, len(labels)))
        return drawing

    return Picture(name, caption, draw)
