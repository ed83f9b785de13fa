"""Do the batteries have room when the link is congested? State of charge in those half-hours."""

from __future__ import annotations

import numpy as np
import pandas as pd

from reports import style
from reports.detail import Detail
from reports.run_folder import Run
from reports.selection import Focus, point_label, scenario_title
from reports.style import Picture
from reports.texts import Words


def state_of_charge(run: Run, focus: Focus, detail: Detail, words: Words) -> Picture | None:
    """Draw the state of charge before each congested half-hour and over the mean day; None without batteries.

    The half-hours are those that are congested without control, so that all scenarios are judged at the same times.
    """
    series = {scenario: frame.mean(axis=1) for scenario, frame in detail.charge_percent.items()}
    if not series:
        return None
    with style.look():
        drawing, axes = style.figure(0.8 + max(1.6, 0.36 * len(series)), columns=2)
        left, right = axes[0]
        for row, (scenario, charge) in enumerate(series.items()):
            colour = style.SERIES[run.scenarios.index(scenario) % len(style.SERIES)]
            before = charge.shift(1)[detail.congested].dropna().to_numpy()
            if len(before):
                left.boxplot(before, positions=[row], orientation="horizontal", **_box(colour))
            by_hour = charge.groupby(pd.DatetimeIndex(charge.index).hour).mean()
            right.plot(by_hour.index, by_hour, color=colour, label=scenario_title(run, scenario, words))
        left.set_yticks([])
        left.set(xlim=(0, 100), ylim=(len(series) - 0.5, -0.5), xlabel=words("axis.soc"))
        left.set_title(words("battery.congested", count=int(np.count_nonzero(detail.congested))))
        right.set(
            xlim=(0, 23), ylim=(0, 100), xticks=range(0, 24, 3), xlabel=words("axis.hour"), ylabel=words("axis.soc")
        )
        right.set_title(words("battery.mean_day"))
        drawing.legend(*right.get_legend_handles_labels(), loc="outside upper left", ncols=2)
        caption = words(
            "figure.battery",
            point=point_label(run, focus.busy_point, words),
            scenario=scenario_title(run, focus.scenario, words),
        )
        return Picture("battery_charge", style.svg(drawing), caption)


def _box(colour: str) -> dict[str, object]:
    line = {"color": colour, "linewidth": 1.0}
    return {
        "widths": 0.55,
        "whis": (5, 95),
        "showfliers": False,
        "patch_artist": True,
        "boxprops": {"facecolor": colour, "alpha": 0.35},
        "medianprops": {"color": style.INK, "linewidth": 1.4},
        "whiskerprops": line,
        "capprops": line,
    }
