"""Runs beside each other: one bar a run and member."""

from __future__ import annotations

import math

from matplotlib.figure import Figure

from reports.document import digits, style
from reports.document.style import Picture
from reports.document.texts import Words
from reports.reading.comparison import Comparison
from reports.reading.labels import point_label, scenario_title

MOST_MEMBERS = 12


def bars(found: Comparison, kpi: str, words: Words) -> Picture:
    """Draw an energy of the members in common, those that differ most, by run."""
    run, rows = found.runs[0], found.members
    if len(rows) > MOST_MEMBERS:
        rows = sorted(rows, key=lambda members: -_spread([m.kpis[kpi] for m in members]))[:MOST_MEMBERS]
        rows = [members for members in found.members if members in rows]

    def draw() -> Figure:
        drawing, axes = style.figure(0.9 + 0.2 * len(rows) * max(2, len(found.runs)))
        ax = axes[0, 0]
        series = {
            name: ([members[number].kpis[kpi] for members in rows], style.SERIES[number % len(style.SERIES)])
            for number, name in enumerate(found.names)
        }
        style.grouped_bars(ax, series, lambda value: digits.quantity(value, "MWh"))
        labels = [
            style.wrapped(scenario_title(run, one.scenario, words)) + "\n" + point_label(run, one.point, words)
            for one, *_ in rows
        ]
        ax.set_yticks(range(len(rows)), labels)
        ax.set_xlabel(words("axis.energy"))
        drawing.legend(*ax.get_legend_handles_labels(), loc="outside upper left", ncols=len(series))
        return drawing

    key = "figure.comparison" if len(rows) == len(found.members) else "figure.comparison.most"
    return Picture("congestion_by_run", words(key, count=len(rows), all=len(found.members)), draw)


def _spread(values: list[float]) -> float:
    known = [value for value in values if math.isfinite(value)]
    return max(known) - min(known) if known else 0.0
