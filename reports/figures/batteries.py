"""Do the batteries have room when the link is congested? State of charge in those half-hours."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reports.document import style
from reports.document.style import Picture
from reports.document.texts import Words
from reports.reading.detail import Detail, Focus
from reports.reading.labels import point_label, scenario_title
from twin.metrics.run_folder import Run

DASHES = ((1, 0), (4, 1.5), (1.5, 1.5))
"""Scenarios may have nearly the same state of charge; dashes let both show."""
APART_PERCENT = 0.01
"""Scenarios whose states of charge differ by less in every half-hour are drawn as one."""


def state_of_charge(run: Run, focus: Focus, detail: Detail, words: Words) -> Picture | None:
    """Draw the mean day of the state of charge, and its distribution before congested half-hours if there are any.

    The half-hours are those that are congested without control, so that all scenarios are judged at the same times.
    None without batteries.
    """
    every = {scenario: frame.mean(axis=1) for scenario, frame in detail.charge_percent.items()}
    if not every:
        return None
    alike = style.alike({scenario: charge.to_numpy() for scenario, charge in every.items()}, APART_PERCENT)
    series = {scenarios[0]: every[scenarios[0]] for scenarios in alike}
    titles = {scenarios[0]: _title(run, scenarios, words) for scenarios in alike}
    is_congested = bool(detail.congested.any())
    colours = {scenario: style.SERIES[run.scenarios.index(scenario) % len(style.SERIES)] for scenario in series}

    def draw() -> Figure:
        drawing, axes = style.figure(0.8 + max(1.6, 0.36 * len(series)), columns=2 if is_congested else 1)
        day = axes[0, -1]
        _mean_day(day, series, titles, colours, words)
        if is_congested:
            _before_congestion(axes[0, 0], series, colours, detail.congested, words)
        drawing.legend(
            *day.get_legend_handles_labels(), loc="outside upper left", ncols=1 if len(alike) < len(every) else 2
        )
        return drawing

    caption = words(
        "figure.battery.congested" if is_congested else "figure.battery.mean_day",
        point=point_label(run, focus.busy_point, words),
        scenario=scenario_title(run, focus.scenario, words),
    )
    return Picture("battery_charge", caption, draw)


def _title(run: Run, scenarios: list[str], words: Words) -> str:
    titles = [scenario_title(run, scenario, words) for scenario in scenarios]
    if len(titles) == 1:
        return titles[0]
    return words("battery.same", titles=words("list.alternatives").join(titles))


def _mean_day(
    ax: Axes, series: dict[str, pd.Series], titles: dict[str, str], colours: dict[str, str], words: Words
) -> None:
    for number, (scenario, charge) in enumerate(series.items()):
        by_hour = charge.groupby(pd.DatetimeIndex(charge.index).hour).mean()
        dashes = DASHES[number % len(DASHES)]
        ax.plot(by_hour.index, by_hour, color=colours[scenario], label=titles[scenario], dashes=dashes)
    ax.set(xlim=(0, 23), ylim=(0, 100), xticks=range(0, 24, 3), xlabel=words("axis.hour"), ylabel=words("axis.soc"))
    ax.set_title(words("battery.mean_day"))


def _before_congestion(
    ax: Axes, series: dict[str, pd.Series], colours: dict[str, str], congested: np.ndarray, words: Words
) -> None:
    for row, (scenario, charge) in enumerate(series.items()):
        before = charge.shift(1)[congested].dropna().to_numpy()
        ax.boxplot(before, positions=[row], orientation="horizontal", **_box(colours[scenario]))
    ax.set_yticks([])
    ax.set(xlim=(0, 100), ylim=(len(series) - 0.5, -0.5), xlabel=words("axis.soc"))
    ax.set_title(words("battery.congested", count=int(np.count_nonzero(congested))))


def _box(colour: str) -> dict[str, Any]:
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
