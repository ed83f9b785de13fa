"""How full the link is: duration curves, hour x day, the worst day, and N-1 headroom by month and hour."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.dates as mdates
import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import Colormap
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from reports.document import style
from reports.document.style import Picture
from reports.document.texts import Words
from reports.reading.detail import CURTAILMENT_CAUSES, Detail, Focus
from reports.reading.labels import member_label, points_label, scenario_title
from twin.metrics.kpis import congestion_mw
from twin.metrics.run_folder import Run


def worst_day(run: Run, focus: Focus, detail: Detail, words: Words) -> Picture:
    """Draw the day with the largest congestion cut, or without any the day with the fullest survivor."""
    day, is_cut = _choose_day(detail)
    system = detail.system[pd.DatetimeIndex(detail.system.index).normalize() == day]
    link = detail.link[pd.DatetimeIndex(detail.link.index).normalize() == day]
    hour = np.arange(len(system)) * detail.hours

    def draw() -> Figure:
        drawing, axes = style.figure(2.7, columns=2)
        left, right = axes[0]
        _supply_and_demand(left, hour, system, detail.hours, words)
        _loading(right, hour, link, words)
        for ax in (left, right):
            ax.set(xlim=(0, 24), xticks=range(0, 25, 3), xlabel=words("axis.hour"))
        return drawing

    caption = words(
        "figure.worst_day.cut" if is_cut else "figure.worst_day.fullest",
        day=words("format.date", year=day.year, month=day.month, day=day.day),
        member=member_label(run, run.member(focus.scenario, focus.point), words),
    )
    return Picture("link_worst_day", caption, draw)


def _choose_day(detail: Detail) -> tuple[pd.Timestamp, bool]:
    """Return the day and whether it is the one with the largest cut."""
    cut = congestion_mw(detail.system).fillna(0.0).to_numpy()
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
        cut = system[cause.column].to_numpy()
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


LOW, HIGH, QUARTILES = 5, 95, (25, 75)
HEADROOM_COLUMNS = [f"n1_{side}_headroom_{when}_mw" for side in ("export", "import") for when in ("before", "after")]


def distribution(run: Run, focus: Focus, detail: Detail, words: Words) -> Picture | None:
    """Draw bands of the headroom after management and its lowest value before; None where it is nowhere defined."""
    if not detail.link[HEADROOM_COLUMNS].notna().to_numpy().any():
        return None
    index = pd.DatetimeIndex(detail.link.index)
    months = np.array(index.month)
    by_month = list(dict.fromkeys(months.tolist()))
    hours = np.array(index.hour)

    def draw() -> Figure:
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
        return drawing

    member = run.member(focus.scenario, focus.point)
    caption = words("figure.headroom", member=member_label(run, member, words))
    return Picture("n1_headroom", caption, draw)


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


CURVE_POINTS = 400
MOST_LEGEND_ROWS = 9
MOST_DATES = 13
ROOM_FOR_LEGEND = 1.5
RATING_PERCENT = 100.0
APART_PERCENT = 0.05
"""Loadings that differ by less in every half-hour are one curve."""


def duration(run: Run, focus: Focus, detail: Detail, words: Words) -> Picture:
    """Draw how long the link is how full: the central member, and the survivor at every sweep point."""

    def draw() -> Figure:
        drawing, axes = style.figure(2.55, columns=2, sharey=True)
        left, right = axes[0]
        _curve(left, detail.link["n1_loading_percent"], style.SERIES[0], words("link.n1_after"))
        _curve(
            left, detail.link["n1_before_loading_percent"], style.SERIES[1], words("link.n1_before"), dashes=(4, 1.5)
        )
        _curve(left, detail.fuller_circuit_percent, style.SERIES[6], words("link.n0"))
        left.set_title(words("link.one_member"))
        curves = detail.survivor_before_percent
        for number, points in enumerate(style.alike(curves, APART_PERCENT)):
            colour = style.SERIES[number % len(style.SERIES)]
            dashes = (1, 0) if number < len(style.SERIES) else (2, 1)
            _curve(right, curves[points[0]], colour, points_label(run, points, words), dashes=dashes)
        right.set_title(words("link.all_points"))
        for ax in (left, right):
            ax.axhline(RATING_PERCENT, color=style.LIMIT, linewidth=0.8)
            ax.set(xlabel=words("axis.share_of_time"), xlim=(0, 100))
            ax.set_ylim(0, max(ax.get_ylim()[1], RATING_PERCENT * ROOM_FOR_LEGEND))
            if ax.lines[:-1]:
                ax.legend(loc="upper right", ncols=1 + len(ax.lines) // MOST_LEGEND_ROWS)
        left.set_ylabel(words("axis.loading"))
        return drawing

    caption = words(
        "figure.duration",
        member=member_label(run, run.member(focus.scenario, focus.point), words),
        scenario=scenario_title(run, focus.scenario, words),
    )
    return Picture("link_duration", caption, draw)


def _curve(
    ax: Axes, loading: pd.Series | np.ndarray, colour: str, label: str, dashes: tuple[float, float] = (1, 0)
) -> None:
    defined = np.asarray(loading)[np.isfinite(loading)]
    if len(defined):
        share = np.linspace(0, 100, CURVE_POINTS)
        ax.plot(share, np.percentile(defined, 100 - share), color=colour, label=label, dashes=dashes)


def heat_map(run: Run, focus: Focus, detail: Detail, words: Words) -> Picture:
    """Draw the link's flow and the survivor's loading over hour x day."""

    def draw() -> Figure:
        drawing, axes = style.figure(3.5, rows=2, sharex=True)
        upper, lower = axes[:, 0]
        reach = float(np.nanmax(np.abs(detail.link["export_mw"]))) or 1.0
        colours = colormaps["cividis_r"].with_extremes(over=style.LIMIT)
        flow = _raster(upper, detail.link["export_mw"], colormaps["PuOr_r"], (-reach, reach))
        drawing.colorbar(flow, ax=upper, label=words("axis.export"), aspect=12, pad=0.01)
        loading = _raster(lower, detail.link["n1_before_loading_percent"], colours, (0, RATING_PERCENT))
        drawing.colorbar(loading, ax=lower, label=words("axis.loading"), aspect=12, pad=0.01, extend="max")
        for ax, title in ((upper, "link.flow"), (lower, "link.n1_before")):
            ax.set_title(words(title))
            ax.set_ylabel(words("axis.hour"))
        is_short = detail.days <= MOST_DATES
        locator = mdates.DayLocator() if is_short else mdates.AutoDateLocator(minticks=4, maxticks=MOST_DATES)
        lower.xaxis.set_major_locator(locator)
        lower.xaxis.set_major_formatter(mdates.DateFormatter(words("format.day")))
        lower.set_xlabel(words("axis.day"))
        return drawing

    caption = words("figure.heat_map", member=member_label(run, run.member(focus.scenario, focus.point), words))
    return Picture("link_heat_map", caption, draw)


def _raster(ax: Axes, values: pd.Series, colours: Colormap, limits: tuple[float, float]) -> AxesImage:
    local = pd.DatetimeIndex(values.index).tz_localize(None)
    day, time_of_day = local.normalize(), local - local.normalize()
    table = pd.DataFrame({"day": day, "time_of_day": time_of_day, "value": values.to_numpy()})
    grid = table.pivot_table(index="time_of_day", columns="day", values="value", dropna=False)
    extent = (float(mdates.date2num(day[0])), float(mdates.date2num(day[-1])) + 1, 0.0, 24.0)
    ax.grid(visible=False)
    ax.set_yticks([0, 6, 12, 18, 24])
    low, high = limits
    return ax.imshow(
        grid.to_numpy(), cmap=colours, vmin=low, vmax=high, aspect="auto", origin="lower", extent=extent,
        interpolation="nearest",
    )  # fmt: skip
