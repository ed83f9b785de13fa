"""What is seldom asked: import, diesels, and the voltage after a trip."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.figure import Figure

from reports.document import digits, style
from reports.document.style import Picture
from reports.document.texts import Words
from reports.reading.detail import Detail, Focus
from reports.reading.labels import element_label, member_label
from twin.metrics.run_folder import Run

MOST_BUSES = 14
SHORTEST_INCH = 1.6
"""So high that the name of the colour bar fits."""
LOW_PU, HIGH_PU = 0.88, 1.0
"""Ends of the colours: what is at or above the upper end needs no look."""
DARK_BELOW_PU = 0.93


def import_by_month(run: Run, focus: Focus, detail: Detail, words: Words) -> Picture:
    """Draw the largest import and what is left of it after a trip, and the energy of diesels, by month."""
    months = _months(detail.link)
    imported = (-detail.link["export_mw"]).clip(lower=0.0).groupby(months).max()
    left = detail.link["n1_import_headroom_before_mw"].groupby(months).min()
    diesel = detail.system["diesel_mw"].groupby(months).sum() * detail.hours
    names = [str(month.month) for month in imported.index]

    def draw() -> Figure:
        drawing, axes = style.figure(2.6, columns=2, width_ratios=[1.5, 1])
        ax, right = axes[0]
        place = np.arange(len(names))
        for shift, values, name, label in (
            (-0.2, imported, "import", "import.largest"),
            (0.2, left, "headroom", "import.left"),
        ):
            colour = style.QUANTITY_COLOURS[name]  # without a second circuit nothing bounds the import
            style.bars(ax, place + shift, values.to_numpy(float), width=0.4, color=colour, label=words(label))
        style.zero_line(ax)
        ax.set_ylim(top=ax.get_ylim()[1] * 1.25)
        ax.set(xlabel=words("axis.month"), ylabel=words("axis.power"))
        ax.legend(loc="upper left", ncols=2)
        right.bar(place, diesel, width=0.6, color=style.QUANTITY_COLOURS["diesel"])
        right.set(xlabel=words("axis.month"), ylabel=words("axis.energy"))
        right.set_ylim(0, max(1.0, float(diesel.max()) * 1.1))
        right.set_title(words("import.diesels", energy=digits.quantity(float(diesel.sum()), "MWh")))
        for one in (ax, right):
            one.set_xticks(place, names)
            one.grid(visible=False, axis="x")
        return drawing

    member = run.member(focus.scenario, focus.point)
    return Picture("import_by_month", words("figure.import", member=member_label(run, member, words)), draw)


def voltage_after_a_trip(run: Run, focus: Focus, security: pd.DataFrame, words: Words) -> Picture:
    """Draw the lowest voltage after any single outage by month, at the bus that is lowest in the half-hour."""
    months = _months(security.set_index("time"))
    table = security.assign(month=months.to_numpy(), low_bus=security["low_bus"].astype(str)).pivot_table(
        index="low_bus", columns="month", values="low_vm_pu", aggfunc="min"
    )
    table = table.loc[table.min(axis=1).sort_values(kind="stable").index[:MOST_BUSES]]

    def draw() -> Figure:
        drawing, axes = style.figure(max(SHORTEST_INCH, 0.8 + 0.24 * len(table)))
        ax = axes[0, 0]
        colours = colormaps["YlOrRd_r"].with_extremes(bad="white", over="#f7f7f2")
        image = ax.imshow(table.to_numpy(), cmap=colours, vmin=LOW_PU, vmax=HIGH_PU, aspect="auto")
        for (row, column), value in np.ndenumerate(table.to_numpy()):
            if np.isfinite(value):
                ink = "white" if value < DARK_BELOW_PU else style.INK
                ax.text(column, row, f"{value:.3f}", ha="center", va="center", size=6.5, color=ink)
        ax.set_yticks(range(len(table)), [element_label(run, str(bus), words) for bus in table.index])
        ax.set_xticks(range(len(table.columns)), [str(month.month) for month in pd.PeriodIndex(table.columns)])
        ax.grid(visible=False)
        ax.set_xlabel(words("axis.month"))
        drawing.colorbar(image, ax=ax, label=words("axis.voltage"), aspect=14, pad=0.01, extend="both")
        return drawing

    member = run.member(focus.scenario, focus.point)
    return Picture("voltage_after_a_trip", words("figure.voltage", member=member_label(run, member, words)), draw)


def _months(frame: pd.DataFrame) -> pd.PeriodIndex:
    return pd.DatetimeIndex(frame.index).tz_localize(None).to_period("M")
