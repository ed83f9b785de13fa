"""How full the link is: duration curves, hour x day, the worst day."""

from __future__ import annotations

import matplotlib.dates as mdates
import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import Colormap
from matplotlib.image import AxesImage

from reports import style
from reports.detail import Detail
from reports.run_folder import Run
from reports.selection import Focus, member_label, points_label, scenario_title
from reports.style import Picture
from reports.texts import Words

CURVE_POINTS = 400
MOST_LEGEND_ROWS = 9
MOST_DATES = 13
ROOM_FOR_LEGEND = 1.5
RATING_PERCENT = 100.0
APART_PERCENT = 0.05
"""Loadings that differ by less in every half-hour are one curve."""


def duration(run: Run, focus: Focus, detail: Detail, words: Words) -> Picture:
    """Draw how long the link is how full: the central member, and the survivor at every sweep point."""
    with style.look():
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
        caption = words(
            "figure.duration",
            member=member_label(run, run.member(focus.scenario, focus.point), words),
            scenario=scenario_title(run, focus.scenario, words),
        )
        return Picture("link_duration", style.svg(drawing), caption)


def _curve(
    ax: Axes, loading: pd.Series | np.ndarray, colour: str, label: str, dashes: tuple[float, float] = (1, 0)
) -> None:
    defined = np.asarray(loading)[np.isfinite(loading)]
    if len(defined):
        share = np.linspace(0, 100, CURVE_POINTS)
        ax.plot(share, np.percentile(defined, 100 - share), color=colour, label=label, dashes=dashes)


def heat_map(run: Run, focus: Focus, detail: Detail, words: Words) -> Picture:
    """Draw the link's flow and the survivor's loading over hour x day."""
    with style.look():
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
        caption = words("figure.heat_map", member=member_label(run, run.member(focus.scenario, focus.point), words))
        return Picture("link_heat_map", style.svg(drawing), caption)


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
