"""Figures of money and matching: where the energy of each scenario goes, payback over own use."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from reports.document import digits, style
from reports.document.style import Picture
from reports.document.texts import Words

Record = Mapping[str, Any]
PLACES = ("local", "partner", "market")
GWH = 1000.0
MOST_YEARS = 40.0


def where_energy_goes(record: Record, words: Words) -> Picture:
    """Draw, a bar a scenario, what of the generation is used in the city, by partners, and goes to the market."""
    scenarios = record["scenarios"]

    def draw() -> Figure:
        drawing, axes = style.figure(0.9 + 0.42 * len(scenarios))
        panel, left = axes[0, 0], np.zeros(len(scenarios))
        for place, colour in zip(PLACES, style.SERIES, strict=False):
            gwh = np.array([one["figures"][f"{place}_mwh"] for one in scenarios]) / GWH
            panel.barh(range(len(scenarios)), gwh, 0.6, left=left, color=colour, label=words(f"value.column.{place}"))
            left += gwh
        panel.set_yticks(range(len(scenarios)), [style.wrapped(words.of(one, "title")) for one in scenarios])
        panel.invert_yaxis()
        panel.grid(visible=False, axis="y")
        panel.set_xlabel("GWh")
        drawing.legend(loc="outside upper left", ncols=len(PLACES))
        return drawing

    return Picture("where_energy_goes", words("value.figure"), draw)


def payback(record: Record, words: Words) -> Picture:
    """Draw the payback over own use by price of a battery, with and without subsidy, and the lives as lines."""
    grid, values = record["sensitivity"], record["values"]

    def draw() -> Figure:
        drawing, axes = style.figure(2.9, 1, 2, sharey=True)
        for panel, name in zip(axes[0], ("with", "without"), strict=True):
            for number, (cost, row) in enumerate(zip(grid["battery_cost_jpy"], grid[f"{name}_subsidy"], strict=True)):
                years = [math.nan if value is None else value for value in row]
                panel.plot(
                    np.array(grid["own_mwh"]) / GWH, years, color=style.SERIES[number], marker=style.MARKERS[number],
                    markersize=4, label=words("ppa.figure.cost", cost=digits.fixed(cost / 1000.0, 0)),
                )  # fmt: skip
            for life in ("pv_life", "battery_life", "battery_tax_life"):
                panel.axhline(values[life], color=style.MUTED, linewidth=0.8, linestyle="--")
            panel.set_title(words(f"ppa.figure.{name}"))
            panel.set_xlabel(words("ppa.figure.own"))
            panel.set_ylim(0.0, MOST_YEARS)
        axes[0, 0].set_ylabel(words("ppa.figure.years"))
        handles, labels = axes[0, 0].get_legend_handles_labels()
        drawing.legend(handles, labels, loc="outside upper left", ncols=len(labels))
        return drawing

    lives = (digits.plain(values[name]) for name in ("pv_life", "battery_life", "battery_tax_life"))
    return Picture("payback", words("ppa.figure.caption", lives=" / ".join(lives)), draw)
