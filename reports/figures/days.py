"""The hours and days that make the congestion: the fullest 200 hours, and ten days side by side."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from reports.document import digits, style
from reports.document.style import Picture
from reports.document.texts import Words
from reports.reading.detail import Detail, Focus
from reports.reading.labels import member_label, points_label, scenario_title
from twin.metrics.kpis import congestion_mw
from twin.metrics.run_folder import Run

FIRST_HOURS = 200.0
RATING_PERCENT = 100.0
APART_PERCENT = 0.05
DAYS, ROWS = 10, 2
CONGESTION_COLOUR = style.CAUSE_COLOURS["congestion_n1"]


def fullest_hours(run: Run, focus: Focus, detail: Detail, words: Words) -> Picture:
    """Draw the survivor's loading before management in the fullest hours, at every sweep point."""
    curves = detail.survivor_before_percent

    def draw() -> Figure:
        drawing, axes = style.figure(2.4)
        ax = axes[0, 0]
        steps = min(len(detail.link), round(FIRST_HOURS / detail.hours))
        hours = (np.arange(steps) + 0.5) * detail.hours
        for number, points in enumerate(style.alike(curves, APART_PERCENT)):
            ranked = np.sort(curves[points[0]][np.isfinite(curves[points[0]])])[::-1][:steps]
            if len(ranked):
                colour = style.SERIES[number % len(style.SERIES)]
                ax.plot(hours[: len(ranked)], ranked, color=colour, label=points_label(run, points, words))
        ax.axhline(RATING_PERCENT, color=style.LIMIT, linewidth=0.8)
        ax.set(xlim=(0, steps * detail.hours), xlabel=words("axis.fullest_hours"), ylabel=words("axis.loading"))
        ax.set_ylim(bottom=0)
        if ax.lines[:-1]:
            drawing.legend(*ax.get_legend_handles_labels(), loc="outside upper left", ncols=2)
        return drawing

    caption = words("figure.fullest_hours", scenario=scenario_title(run, focus.scenario, words))
    return Picture("link_fullest_hours", caption, draw)


def ten_days(run: Run, focus: Focus, detail: Detail, words: Words) -> Picture:
    """Draw the days with the largest congestion cut at the busy point; without any, those with the fullest link."""
    system, chosen, is_cut = detail.busy_system, *_days(detail)
    index = pd.DatetimeIndex(system.index)

    def draw() -> Figure:
        columns = DAYS // ROWS
        rows_drawn = -(-len(chosen) // columns)
        drawing, axes = style.figure(0.5 + 1.6 * rows_drawn, rows=rows_drawn, columns=columns, sharex=True, sharey=True)
        for ax, day in zip(axes.ravel(), chosen, strict=False):
            rows = system[index.normalize() == day]
            hour = np.arange(len(rows)) * detail.hours
            cut = congestion_mw(rows).to_numpy()
            for name in ("available_mw", "delivered_mw", "demand_mw"):
                key = name.removesuffix("_mw")
                dashes = (4, 1.5) if key == "demand" else (1, 0)
                ax.plot(hour, rows[name], color=style.QUANTITY_COLOURS[key], label=words(f"system.{key}"),
                        linewidth=1.0, dashes=dashes)  # fmt: skip
            ax.fill_between(hour, rows["delivered_mw"], rows["delivered_mw"] + cut, color=CONGESTION_COLOUR, step=None,
                            label=words("days.congestion"))  # fmt: skip
            energy = digits.quantity(float(np.nansum(cut)) * detail.hours, "MWh")
            ax.set_title(words("days.title", day=day.strftime(words("format.day")), energy=energy), size=7.5)
            ax.set(xlim=(0, 24), xticks=(0, 6, 12, 18, 24))
        axes[0, 0].set_ylim(0, 1.05 * float(np.nanmax(system["available_mw"].to_numpy(float), initial=1.0)))
        for ax in axes.ravel()[len(chosen) :]:
            ax.axis("off")
        for ax in axes[-1]:
            ax.set_xlabel(words("axis.hour"))
        for ax in axes[:, 0]:
            ax.set_ylabel(words("axis.power"))
        drawing.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper left", ncols=4)
        return drawing

    member = member_label(run, run.member(focus.scenario, focus.busy_point), words)
    caption = words("figure.ten_days.cut" if is_cut else "figure.ten_days.fullest", member=member)
    return Picture("ten_days", caption, draw)


def _days(detail: Detail) -> tuple[list[pd.Timestamp], bool]:
    """Return the days in the order of the calendar, and whether they are those with a cut."""
    system = detail.busy_system
    days = pd.DatetimeIndex(system.index).normalize()
    daily = congestion_mw(system).fillna(0.0).groupby(days).sum()
    is_cut = bool(daily.max() > 0)
    if not is_cut:
        loading = pd.Series(detail.link["n1_before_loading_percent"].fillna(detail.fuller_circuit_percent).to_numpy())
        daily = loading.groupby(days).max()
    ranked = daily[daily > 0].sort_values(ascending=False, kind="stable") if is_cut else daily.sort_values(
        ascending=False, kind="stable"
    )  # fmt: skip
    return sorted(ranked.index[:DAYS]), is_cut
