"""The plots of a certificate: the differences of the years, and the day on which the policy loses most."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from reports.document import style
from reports.document.digits import quantity
from reports.document.style import Picture
from reports.document.texts import Words
from twin.core.units import MONEY_PER_MILLION

PER = {"energy": 1.0, "value": MONEY_PER_MILLION}
"""What a score is drawn in: MWh, million of the money."""
PANELS = {"n1_loading_percent": "n1", "export_mw": "export", "soc_percent": "soc"}
FULL_PERCENT = 100.0
HOURS_OF_DAY = 24
HEIGHT_INCH = 1.45
HALF_WIDTH_INCH, LOW_INCH = 3.6, 1.4


def worst_day(record: Mapping[str, Any], words: Words) -> Picture:
    """Draw N-1 loading of the link, its export and the charge of the sites' batteries, with and without the policy."""
    found = record["worst_day"]

    def draw() -> Figure:
        drawing, axes = style.figure(HEIGHT_INCH, columns=len(PANELS))
        for panel, (name, key) in zip(axes[0], PANELS.items(), strict=True):
            for who, colour, dashes in (("none", style.MUTED, (3, 1.5)), ("policy", style.SERIES[0], (1, 0))):
                values = np.array(found[who][name], dtype=float)
                hours = np.arange(len(values)) * HOURS_OF_DAY / max(len(values), 1)
                panel.plot(hours, values, color=colour, dashes=dashes, label=words(f"certificate.legend.{who}"))
            panel.set_title(words(f"certificate.axis.{key}"))
            panel.set_xlim(0, HOURS_OF_DAY)
            panel.set_xticks(range(0, HOURS_OF_DAY + 1, 6))
        axes[0, 0].axhline(FULL_PERCENT, color=style.LIMIT, linewidth=0.8)
        axes[0, 0].set_ylim(bottom=0)
        axes[0, 1].set_xlabel(words("certificate.axis.hour"))
        axes[0, 2].set_ylim(0, FULL_PERCENT)
        style.zero_line(axes[0, 1])
        axes[0, 2].legend(loc="upper left")
        return drawing

    day = date.fromisoformat(found["date"])
    caption = words(
        "certificate.figure.given" if found["year"] is None else "certificate.figure",
        date=words("format.date", year=day.year, month=day.month, day=day.day),
        year=found["year"],
        factor=f"{found['error_factor']:g}",
        loss=quantity(found["loss_mwh"], "MWh"),
    )
    return Picture("worst_day", caption, draw)


def differences(record: Mapping[str, Any], words: Words) -> Picture:
    """Draw the difference against none of each year, with the confidence interval of each error level."""

    def draw() -> Figure:
        scores = [name for name in PER if all(name in level["scores"] for level in record["levels"])]
        drawing, axes = style.figure(LOW_INCH, columns=len(scores))
        drawing.set_size_inches(HALF_WIDTH_INCH, LOW_INCH)
        for panel, name in zip(axes[0], scores, strict=True):
            per = PER[name]
            for place, level in enumerate(record["levels"]):
                found = level["scores"][name]["difference"]
                if found["low"] is not None:
                    panel.plot([place] * 2, [found["low"] / per, found["high"] / per], color=style.GRID, linewidth=7)
                by_year = [value / per for value in found["by_year"]]
                panel.plot([place] * len(by_year), by_year, "o", color=style.SERIES[0], markersize=3)
            panel.set_xticks(
                range(len(record["levels"])), [f"×{level['error_factor']:g}" for level in record["levels"]]
            )
            panel.set_xlim(-0.6, len(record["levels"]) - 0.4)
            panel.set_title(words(f"certificate.axis.{name}"))
            style.zero_line(panel)
        return drawing

    return Picture("differences", words("certificate.figure.differences"), draw)
