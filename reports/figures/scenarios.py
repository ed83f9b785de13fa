"""The headline over all sweep points: congestion by scenario, and what control is worth."""

from __future__ import annotations

import math

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reports.document import digits, style
from reports.document.style import Picture
from reports.document.texts import Words
from reports.reading.labels import point_label, scenario_title
from reports.reading.run_folder import benefit_kpi, controlled_scenarios
from twin.metrics.run_folder import Run

LETTERS = 1.2
"""Page one is read from further away than the others."""
ROW_INCH = 0.46
MOST_TICKS = 4
LEGEND_COLUMNS = 3


def headline(run: Run, words: Words) -> Picture:
    """Draw, one dot a sweep point, the congestion cut of each scenario and the net energy that control saves."""
    controlled = controlled_scenarios(run)
    rows = len(run.scenarios)
    legend_rows = math.ceil(len(run.points) / LEGEND_COLUMNS) if len(run.points) > 1 else 0

    def draw() -> Figure:
        drawing, axes = style.figure(
            0.95 + ROW_INCH * rows + 0.2 * legend_rows, columns=2 if controlled else 1, sharey=True
        )
        cut = axes[0, 0]
        _dots(cut, run, run.scenarios, "curtailed_congestion_percent_of_available", words)
        cut.set_xlim(left=0, right=max(cut.get_xlim()[1], 0.1))
        cut.set_xlabel(words("axis.congestion_percent"))
        cut.set_yticks(range(rows), [style.wrapped(scenario_title(run, scenario, words)) for scenario in run.scenarios])
        cut.set_ylim(rows - 0.5, -0.5)
        if controlled:
            benefit = axes[0, 1]
            _dots(benefit, run, controlled, benefit_kpi(run), words)
            style.zero_line(benefit, "vertical")
            benefit.locator_params(axis="x", nbins=MOST_TICKS)
            benefit.set_xlabel(words(f"axis.{benefit_kpi(run)}"))
            benefit.xaxis.set_major_formatter(
                lambda value, _: digits.fixed(value, 0) if value == round(value) else digits.plain(float(value))
            )
        if legend_rows:
            handles, labels = cut.get_legend_handles_labels()
            drawing.legend(handles, labels, loc="outside upper left", ncols=LEGEND_COLUMNS, handletextpad=0.1)
        return drawing

    caption = words("figure.headline.one")
    if controlled:
        caption = words("figure.headline", against=words(f"against.{benefit_kpi(run)}"))
    return Picture("headline", caption, draw, LETTERS)


def _dots(ax: Axes, run: Run, scenarios: tuple[str, ...], kpi: str, words: Words) -> None:
    points = run.points
    for number, point in enumerate(points):
        offset = 0.0 if len(points) == 1 else 0.5 * (number / (len(points) - 1) - 0.5)
        values = [run.member(scenario, point).kpis[kpi] for scenario in scenarios]
        ax.scatter(
            values,
            [run.scenarios.index(scenario) + offset for scenario in scenarios],
            s=30,
            color=style.SERIES[number % len(style.SERIES)],
            marker=style.MARKERS[number % len(style.MARKERS)],
            linewidths=0,
            label=point_label(run, point, words),
        )
    ax.grid(visible=False, axis="y")
    for boundary in range(1, len(run.scenarios)):
        ax.axhline(boundary - 0.5, color=style.GRID, linewidth=0.5)
