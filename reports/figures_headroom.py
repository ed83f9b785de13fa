"""N-1 headroom of the link by month and by hour; below zero the criterion is broken."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from reports import style
from reports.detail import Detail
from reports.run_folder import Run
from reports.selection import Focus, member_label
from reports.style import Picture
from reports.texts import Words

LOW, HIGH, QUARTILES = 5, 95, (25, 75)
HEADROOM_COLUMNS = [f"n1_{side}_headroom_{when}_mw" for side in ("export", "import") for when in ("before", "after")]


def distribution(run: Run, focus: Focus, detail: Detail, words: Words) -> Picture | None:
    """Draw bands of the headroom after management and its lowest value before; None where it is nowhere defined."""
    if not detail.link[HEADROOM_COLUMNS].notna().to_numpy().any():
        return None
    index = pd.DatetimeIndex(detail.link.index)
    months = np.array(index.month)
    by_month = [month for month in (*range(4, 13), 1, 2, 3) if month in months]
    hours = np.array(index.hour)
    with style.look():
        drawing, axes = style.figure(4.0, rows=2, columns=2, sharey="row", width_ratios=[1, 1.3])
        for row, side in enumerate(("export", "import")):
            after = detail.link[f"n1_{side}_headroom_after_mw"].to_numpy()
            before = detail.link[f"n1_{side}_headroom_before_mw"].to_numpy()
            _bands(axes[row, 0], after, before, months, by_month, words)
            axes[row, 0].set_xticks(range(len(by_month)), by_month)
            _bands(axes[row, 1], after, before, hours, range(24), words)
            axes[row, 1].set_xticks(range(0, 24, 3))
            axes[row, 0].set_ylabel(words("axis.headroom"))
            axes[row, 0].set_title(words(f"headroom.{side}.by_month"))
            axes[row, 1].set_title(words(f"headroom.{side}.by_hour"))
        axes[1, 0].set_xlabel(words("axis.month"))
        axes[1, 1].set_xlabel(words("axis.hour"))
        handles, labels = axes[0, 0].get_legend_handles_labels()
        drawing.legend(handles, labels, loc="outside upper left", ncols=5)
        member = run.member(focus.scenario, focus.point)
        caption = words("figure.headroom", member=member_label(run, member, words))
        return Picture("n1_headroom", style.svg(drawing), caption)


def _bands(
    ax: Axes, after: np.ndarray, before: np.ndarray, classes: np.ndarray, order: Sequence[int], words: Words
) -> None:
    place = np.arange(len(order))
    percents = (0, LOW, QUARTILES[0], 50, QUARTILES[1], HIGH)
    lowest, low, first, median, third, high = np.transpose(
        [_percentiles(after[classes == value], percents) for value in order]
    )
    ax.bar(place, high - low, bottom=low, width=0.8, color="#cfe3f1", label=words("headroom.band"))
    ax.bar(place, third - first, bottom=first, width=0.8, color="#8dbfe0", label=words("headroom.quartiles"))
    ax.hlines(median, place - 0.4, place + 0.4, color=style.ACCENT, linewidth=1.4, label=words("headroom.median"))
    ax.scatter(place, lowest, s=9, marker="v", color=style.LIMIT, label=words("headroom.min"), zorder=3)
    lowest_before = [_percentiles(before[classes == value], (0,)) for value in order]
    ax.scatter(
        place,
        lowest_before,
        s=11,
        marker="x",
        linewidths=0.9,
        color=style.INK,
        label=words("headroom.min_before"),
        zorder=3,
    )
    ax.grid(visible=False, axis="x")
    style.zero_line(ax)


def _percentiles(values: np.ndarray, percents: Sequence[int]) -> np.ndarray:
    """Return percentiles of the defined values, NaN where there are none."""
    defined = values[np.isfinite(values)]
    return np.percentile(defined, percents) if len(defined) else np.full(len(percents), np.nan)
