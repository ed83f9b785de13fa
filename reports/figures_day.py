"""The worst day of the link, half-hour by half-hour."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from reports import style
from reports.detail import CONGESTION_COLUMNS, CURTAILMENT_CAUSES, Detail
from reports.figures_link import RATING_PERCENT
from reports.run_folder import Run
from reports.selection import Focus, member_label
from reports.style import Picture
from reports.texts import Words


def worst_day(run: Run, focus: Focus, detail: Detail, words: Words) -> Picture:
    """Draw the day with the largest congestion cut, or without any the day with the fullest survivor."""
    day, is_cut = _choose_day(detail)
    system = detail.system[pd.DatetimeIndex(detail.system.index).normalize() == day]
    link = detail.link[pd.DatetimeIndex(detail.link.index).normalize() == day]
    hour = np.arange(len(system)) * detail.hours
    with style.look():
        drawing, axes = style.figure(2.7, columns=2)
        left, right = axes[0]
        _supply_and_demand(left, hour, system, detail.hours, words)
        _loading(right, hour, link, words)
        for ax in (left, right):
            ax.set(xlim=(0, 24), xticks=range(0, 25, 3), xlabel=words("axis.hour"))
        caption = words(
            "figure.worst_day.cut" if is_cut else "figure.worst_day.fullest",
            day=words("format.date", year=day.year, month=day.month, day=day.day),
            member=member_label(run, run.member(focus.scenario, focus.point), words),
        )
        return Picture("link_worst_day", style.svg(drawing), caption)


def _choose_day(detail: Detail) -> tuple[pd.Timestamp, bool]:
    """Return the day and whether it is the one with the largest cut."""
    cut = detail.system[CONGESTION_COLUMNS].sum(axis=1).to_numpy()
    loading = detail.link["n1_before_loading_percent"].fillna(detail.fuller_circuit_percent).to_numpy()
    days = pd.DatetimeIndex(detail.system.index).normalize()
    is_cut = bool(cut.max() > 0)
    daily = pd.Series(cut).groupby(days).sum() if is_cut else pd.Series(loading).groupby(days).max()
    return days.unique().sort_values()[int(np.nanargmax(daily.to_numpy()))], is_cut


def _supply_and_demand(ax: Axes, hour: np.ndarray, system: pd.DataFrame, hours: float, words: Words) -> None:
    ax.plot(hour, system["available_mw"], color=style.SERIES[4], label=words("system.available"))
    ax.plot(hour, system["delivered_mw"], color=style.SERIES[2], label=words("system.delivered"))
    ax.plot(hour, system["demand_mw"], color=style.INK, label=words("system.demand"), dashes=(4, 1.5))
    lower = np.zeros(len(system))
    for cause in CURTAILMENT_CAUSES:
        cut = system[f"{cause}_mw"].to_numpy()
        if np.nanmax(cut) > 0:
            label = words(f"cause.{cause}")
            ax.bar(hour, cut, width=hours, bottom=lower, align="edge", color=style.CAUSE_COLOURS[cause], label=label)
            lower += np.nan_to_num(cut)
    ax.set_ylim(0, ax.get_ylim()[1] * 1.45)
    ax.set_ylabel(words("axis.power"))
    ax.set_title(words("system.title"))
    ax.legend(loc="upper left", ncols=2, handlelength=1.4, columnspacing=1.0)


def _loading(ax: Axes, hour: np.ndarray, link: pd.DataFrame, words: Words) -> None:
    before, after = link["n1_before_loading_percent"], link["n1_loading_percent"]
    ax.plot(hour, before, color=style.SERIES[1], label=words("link.n1_before"), dashes=(4, 1.5))
    ax.plot(hour, after, color=style.SERIES[0], label=words("link.n1_after"))
    ax.axhline(RATING_PERCENT, color=style.LIMIT, linewidth=0.8)
    ax.set_ylim(0, max(RATING_PERCENT, ax.get_ylim()[1]) * 1.35)
    ax.set_ylabel(words("axis.loading"))
    ax.set_title(words("link.survivor"))
    ax.legend(loc="upper left", handlelength=1.4)
